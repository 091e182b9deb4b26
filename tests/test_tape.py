import gc
import re
import threading
from pathlib import Path

import numpy as np
import pytest

from autograd_tape import NonFiniteError, Tape, TapeError, Variable, grad, no_grad, stop_gradient
from autograd_tape.tape import active_tape


def test_the_loop_that_the_notes_print():
    """000: ``with tf.GradientTape() as g: loss = ...; gradient = g.gradient(loss, weights)``."""
    rng = np.random.default_rng(0)
    x, true = rng.standard_normal((50, 3)), np.array([1.0, -2.0, 0.5])
    weights, lr = Variable(rng.standard_normal(3)), 0.1
    for _ in range(200):
        with Tape() as g:
            loss = np.sum((x @ weights - x @ true) ** 2) / 50
        gradient = g.gradient(loss, weights)
        weights = weights - lr * gradient
    np.testing.assert_allclose(weights.value, true, atol=1e-6)


def test_gradient_has_the_structure_of_the_sources():
    a, b = Variable(2.0), Variable(np.ones(2))
    with Tape(persistent=True) as tape:
        y = np.sum(a * b)
    assert tape.gradient(y, a) == 2.0
    assert type(tape.gradient(y, {"a": a, "b": [b]})["b"][0]) is np.ndarray
    assert tape.gradient(y, ()) == ()


def test_a_tape_is_a_sequence_of_entries():
    a = Variable(2.0, name="a")
    with Tape() as tape:
        assert active_tape() is tape
        y = np.tanh(a * 3.0)
    assert active_tape() is None
    assert len(tape) == 3
    assert [e.primitive.name for e in tape if e.primitive] == ["multiply", "tanh"]
    assert tape[0] is a._entry
    assert tape[-1] is y._entry
    assert tape[1].inputs == (a._entry, 3.0)
    assert (tape[1].shape, tape[1].dtype, tape[1].ndim, tape[1].size) == ((), float, 0, 1)
    assert bool(Tape())
    assert len(Tape()) == 0


def test_backward_keeps_every_adjoint():
    a = Variable(np.array([1.0, 2.0]))
    with Tape() as tape:
        y = np.sum(a * a)
    tape.backward(y)
    tape.backward(y)  # adjoints are replaced, never added up
    np.testing.assert_array_equal(a.adjoint, [2.0, 4.0])
    assert tape.adjoints[-1] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        a.adjoint[0] = 3.0


def test_gradient_frees_and_says_so_when_asked_again():
    a = Variable(2.0)
    with Tape() as tape:
        y = a * a
    assert tape.gradient(y, a) == 4.0
    with pytest.raises(TapeError, match=r"freed by tape.gradient.*persistent=True"):
        tape.gradient(y, a)
    with pytest.raises(TapeError, match="finished tape"):
        y.backward()
    z = y * 2.0  # values can still be used ...
    assert z.value == 8.0
    with pytest.raises(TapeError, match=r"finished tape.*stop_gradient"):
        z.backward()  # ... but not differentiated
    assert (stop_gradient(y) * a).value == 8.0


def test_a_persistent_tape_can_be_asked_again():
    a = Variable(2.0)
    with Tape(persistent=True) as tape:
        y = a * a
        z = y * a
    assert tape.gradient(y, a) == 4.0
    assert tape.gradient(z, a) == 12.0
    tape.free()
    with pytest.raises(TapeError, match=r"freed by tape.free"):
        tape.gradient(z, a)


def test_asked_inside_its_own_with():
    a = Variable(2.0)
    with Tape() as tape:
        for _ in range(3):
            assert tape.gradient(a * a, a) == 4.0
        assert type(tape.gradient(a * a, a)) is float
        with pytest.raises(TapeError, match="recording already"), tape:
            pass


def test_gradients_are_the_callers_own():
    a, b, c = (Variable(np.ones(3)) for _ in range(3))
    const = np.full(3, 5.0)
    seed = np.ones(3)
    with Tape() as tape:
        y = a + b + c * const
    da, db, dc = tape.gradient(y, [a, b, c], seed=seed)
    for g in (da, db, dc):
        g += 100.0
    np.testing.assert_array_equal(da, np.full(3, 101.0))
    np.testing.assert_array_equal(db, np.full(3, 101.0))
    np.testing.assert_array_equal(seed, np.ones(3))
    np.testing.assert_array_equal(const, np.full(3, 5.0))


def test_gradients_that_arrive_as_one_array_are_handed_out_apart():
    a, b = Variable(np.ones(3)), Variable(np.ones(3))
    with Tape() as tape:
        y = np.sum((a + b) * np.array([1.0, 2.0, 3.0]))
    da, db = tape.gradient(y, [a, b])
    da += 100.0
    np.testing.assert_array_equal(db, [1.0, 2.0, 3.0])


def test_what_was_recorded_elsewhere_while_the_tape_was_open():
    """Its entries are not on the tape's list, but the target depends on them."""
    w = Variable(2.0)
    elsewhere = []

    def ambient():
        elsewhere.append(w * w)

    with Tape() as tape:
        first = w * 1.0
        thread = threading.Thread(target=ambient)
        thread.start()
        thread.join()
        y = elsewhere[0] * first
        for _ in range(5):
            w + 1.0
    assert tape.gradient(y, w) == 12.0  # w³


def test_a_source_that_the_target_does_not_reach():
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    with Tape() as tape:
        y = a * 2.0
    with pytest.raises(TapeError, match=r"does not reach source 1, b: b is not on the path"):
        tape.gradient(y, [a, b])
    with pytest.raises(TypeError, match="source 0 must be a Variable, not float"):
        Tape().gradient(a * 1.0, [2.0])
    with pytest.raises(TypeError, match=r"target must be a Variable, not float.*comparison"):
        Tape().gradient(2.0, [a])


def test_seeds():
    x = Variable(np.ones((2, 3)))
    y = x * 2.0
    with pytest.raises(TapeError, match=r"shape \(2, 3\).*sum it, or pass seed="):
        y.backward()
    with pytest.raises(ValueError, match=r"seed has shape \(3,\).*target has shape \(2, 3\)"):
        y.backward(np.ones(3))
    with pytest.raises(TypeError, match="seed has dtype"):
        y.backward(np.full((2, 3), "a"))
    with pytest.raises(TypeError, match="seed is complex"):
        y.backward(np.full((2, 3), 1j))
    y.backward(np.full((2, 3), 3))
    np.testing.assert_array_equal(x.adjoint, np.full((2, 3), 6.0))
    z = Variable(1 + 2j)
    with pytest.raises(TapeError, match="complex"):
        (z * z).backward()
    (z * z).backward(seed=1.0)
    assert z.adjoint == 2 + 4j


def test_no_grad():
    x = Variable(2.0)
    with no_grad():
        y = x * 3.0
        with no_grad():
            pass
        with Tape() as tape:
            z = x * x
    assert y.is_leaf
    assert tape.gradient(z, x) == 4.0
    assert (y * x).value == 12.0


def test_stop_gradient():
    x = Variable(3.0)
    (x * stop_gradient(x)).backward()
    assert x.adjoint == 3.0
    assert stop_gradient(4) == 4
    assert stop_gradient(x).is_leaf
    assert type(grad(lambda x: x * stop_gradient(x))(3.0)) is float
    cut = stop_gradient(x * 2.0)
    assert Tape().gradient(cut * x, cut) == 3.0  # asked for by name, it is a leaf like any other
    assert [e.note("name") for e in (cut * x).tape] == ["stop_gradient", None, None]


def test_check_finite_names_the_first_culprit():
    x = Variable(np.array([1.0, 0.0]), name="x")

    def f():
        y = x * 2.0
        z = y**-1.0  # the culprit
        return np.tanh(z)

    checked = Tape(check_finite=True)
    with checked, np.errstate(all="ignore"), pytest.raises(NonFiniteError) as caught:
        f()
    message = str(caught.value)
    assert "power made the first non-finite value (inf, 1 of 2 elements)" in message
    line = int(re.search(r"test_tape\.py:(\d+)", message).group(1))
    assert "# the culprit" in Path(__file__).read_text().splitlines()[line - 1]


def test_a_constant_changed_after_recording_is_caught():
    x, c = Variable(np.ones(3)), np.ones(3)
    with Tape(check_constants=True) as tape:
        y = np.sum(x * c)
    c[0] = 100.0
    with pytest.raises(TapeError, match=r"operand 1 of .*multiply.*test_tape\.py:\d+.*changed"):
        tape.gradient(y, x)
    with Tape(check_constants=True) as tape:
        y = np.sum(x * c)
    np.testing.assert_array_equal(tape.gradient(y, x), c)


def test_a_million_operations():
    """No recursion anywhere: recording, sweeping, and deleting the graph."""
    n = 1_000_000
    x = Variable(1.0)
    y = x
    for _ in range(n):
        y = y * 1.0000001
    y.backward()
    assert x.adjoint == pytest.approx(1.0000001**n, rel=1e-9)
    assert len(y.tape) == n + 1
    del y
    gc.collect()
    assert grad(_long_chain)(1.0) == pytest.approx(1.0000001**n, rel=1e-9)


def _long_chain(x):
    for _ in range(1_000_000):
        x = x * 1.0000001
    return x


def test_a_shared_node_used_many_times():
    x = Variable(np.ones(4))
    y = x * 2.0
    total = y
    for _ in range(999):
        total = total + y
    np.sum(total).backward()
    np.testing.assert_array_equal(x.adjoint, np.full(4, 2000.0))
    two = Variable(3.0)
    for _ in range(40):  # 2^40 paths
        two = two + two
    leaf = two.tape[0]
    two.backward()
    assert leaf.adjoint == 2.0**40


def test_history_that_is_held_is_not_forgotten():
    w = first = Variable(np.ones(2))
    for _ in range(3):
        np.sum(w * w).backward()
        w = w - 0.1 * w.adjoint
    middle = w
    np.sum(w * w).backward()
    w = w - 0.1 * w.adjoint
    np.sum(w).backward()
    np.testing.assert_array_equal(first.adjoint, np.ones(2))
    np.testing.assert_array_equal(middle.adjoint, np.ones(2))


def test_a_graph_whose_leaves_went_out_of_scope_stays_whole():
    def make():
        a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
        return (a + b) * b

    f = make()
    f.backward()
    f.backward()
    assert f.tape.adjoints == [3.0, 8.0, 3.0, 1.0]


def test_gradients_through_transposes_are_the_callers_own():
    """They are views, handed out without a copy where nobody else can see their memory."""
    a, b = Variable(np.ones((2, 3))), Variable(np.ones((2, 3)))
    with Tape() as tape:
        z = np.sum((a.T + b.T) ** 2)
    for_a, for_b = tape.gradient(z, [a, b])
    for_a[...] = 7.0
    np.testing.assert_array_equal(for_b, np.full((2, 3), 4.0))

    seed = np.ones(3)
    v = Variable(np.ones(3))
    with Tape() as tape:
        z = v.reshape(3, 1).T[0]
    tape.gradient(z, v, seed)[...] = 5.0
    np.testing.assert_array_equal(seed, np.ones(3))

    w = Variable(np.arange(6.0).reshape(2, 3))
    with Tape() as tape:
        z = np.sum(np.ones((4, 3)) @ w.T)
    tape.gradient(z, w)[...] = 5.0
    np.testing.assert_array_equal(w.value, np.arange(6.0).reshape(2, 3))
