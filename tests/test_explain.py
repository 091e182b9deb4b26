import numpy as np

from autograd_tape import Variable, no_grad, stop_gradient


def named(*values):
    return [Variable(v, name=n) for v, n in zip(values, "abc", strict=False)]


def test_on_the_path():
    a, b = named(2.0, 3.0)
    f = (a + b) * b
    f.backward()
    assert a.explain().startswith("a reaches")
    assert "a -> add" in a.explain()
    assert "multiply" in a.explain()
    assert f.explain(f)


def test_no_sweep_yet():
    (a,) = named(2.0)

    def elsewhere():
        f = a * 2.0
        f.backward()

    elsewhere()
    assert "its target is gone" in a.explain()


def test_not_on_the_path():
    a, b = named(2.0, 3.0)
    f = a * 2.0
    f.backward()
    assert "b is not on the path" in b.explain()
    assert "depends only on a" in b.explain()
    late = Variable(1.0, name="late")
    assert "made after" in late.explain(f)


def test_cut_where():
    def cut_by(how):
        (a,) = named(np.array([1.0, -2.0]))
        b = Variable(1.0, name="b")
        middle = a * 3.0
        f = np.sum(how(middle) * b)
        f.backward()
        assert a.adjoint is None
        return a.explain(f)

    assert "cut by stop_gradient() at" in cut_by(stop_gradient)
    assert "test_explain.py:" in cut_by(stop_gradient)
    assert "cut by the comparison > at" in cut_by(lambda m: m > 0)
    assert "cut by sign" in cut_by(np.sign)
    assert "cut by astype(int64)" in cut_by(lambda m: m.astype(int))
    assert "cut by greater" in cut_by(lambda m: np.greater(m, 0.0))
    assert "cut by float()" in cut_by(lambda m: float(m[0]))

    def paused(m):
        with no_grad():
            return m * 2.0

    assert "cut by no_grad()" in cut_by(paused)


def test_truly_zero():
    a, b = named(np.array([1.0, 2.0]), 0.0)
    f = np.sum(np.tanh(a) * b)
    f.backward()
    text = a.explain(f)
    assert "the adjoint of a is zero" in text
    assert "multiply" in text
    assert "passes nothing on to tanh" in text
    c = Variable(2.0, name="c")
    zero = c - c
    zero.backward()
    assert "cancels" in c.explain()
    assert "is zero" in f.explain(f * 0.0)


def test_not_finite():
    (a,) = named(0.0)
    f = a**0.5
    with np.errstate(all="ignore"):
        f.backward()
        assert "not finite" in a.explain(f)
