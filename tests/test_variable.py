import copy
import pickle
import traceback

import numpy as np
import pytest

from autograd_tape import Tape, TapeError, Variable, grad


def test_a_leaf_owns_its_array():
    mine = np.ones(3)
    v = Variable(mine, name="v")
    mine[0] = 100.0
    np.testing.assert_array_equal(v.value, np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        v.value[0] = 2.0
    y = v * 2.0
    with pytest.raises(ValueError, match="read-only"):
        y.value[0] = 2.0
    assert mine.flags.writeable


def test_a_new_value_for_a_leaf():
    w = Variable(np.ones(2), name="w")
    y = np.sum(w * w)
    w.value = np.full(2, 3.0)
    y.backward()  # recorded with the old value
    assert w.adjoint is None
    np.sum(w * w).backward()
    np.testing.assert_array_equal(w.adjoint, [6.0, 6.0])
    assert w.name == "w"
    s = Variable(2.0)
    s.value -= 0.5
    assert s.value == 1.5
    with pytest.raises(AttributeError, match="only a leaf can be given a value"):
        y.value = 1.0


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (3, r"3 is not differentiated: integers and booleans .*write 3\.0"),
        (True, r"True is not differentiated.*write 1\.0"),
        (np.arange(3), r"array of dtype int64 is not differentiated.*x\.astype\(float\)"),
        (np.array([True]), "array of dtype bool is not differentiated"),
        ("abc", "dtype <U3 cannot be differentiated"),
        (np.array([object()]), "dtype object cannot be differentiated"),
        (None, "dtype object cannot be differentiated"),
        ([1, "a"], "cannot be differentiated"),
    ],
)
def test_what_cannot_be_differentiated_says_so(bad, message):
    with pytest.raises(TypeError, match=message):
        Variable(bad)


def test_other_bad_input():
    with pytest.raises(ValueError, match="inhomogeneous"):
        Variable([[1.0], [1.0, 2.0]])
    with pytest.raises(TypeError, match=r"np\.stack"):
        Variable([Variable(1.0), 2.0])
    with pytest.raises(TypeError, match=r"Variable\(v\) of a Variable"):
        Variable(Variable(1.0))
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Sub", (Variable,), {})
    assert Variable(3, dtype=float).value == 3.0
    assert Variable([1, 2], dtype=np.float32).dtype == np.float32


def test_object_operands_are_refused():
    v = Variable(np.ones(2))
    with pytest.raises(TypeError, match="object"):
        v * np.array([object(), object()])
    with pytest.raises((TypeError, np._core._exceptions._UFuncNoLoopError)):
        v * np.array(["a", "b"])
    with pytest.raises(TypeError, match="a list of Variables"):
        v * [v, v]
    np.testing.assert_array_equal((v * [1, 2]).value, [1.0, 2.0])


def test_shapes_that_do_not_broadcast():
    with pytest.raises(ValueError, match="broadcast"):
        Variable(np.ones(2)) + np.ones(3)


def test_it_behaves_like_an_array():
    x = np.arange(6.0).reshape(2, 3)
    v = Variable(x, name="v")
    assert (v.shape, v.ndim, v.size, len(v), v.dtype) == ((2, 3), 2, 6, 2, x.dtype)
    assert (v.nbytes, v.itemsize) == (48, 8)
    assert [row.shape for row in v] == [(3,), (3,)]
    np.testing.assert_array_equal(v > 2.0, x > 2.0)
    np.testing.assert_array_equal(v == x, x == x)
    np.testing.assert_array_equal(v != v, x != x)
    np.testing.assert_array_equal(v >= 2.0, x >= 2.0)
    np.testing.assert_array_equal(v <= 2.0, x <= 2.0)
    np.testing.assert_array_equal(v < v, x < x)
    assert 5.0 in v
    assert 7.0 not in v
    s = Variable(2.5)
    assert (float(s), int(s), complex(s), bool(s), round(s)) == (2.5, 2, 2.5 + 0j, True, 2)
    assert f"{s:.2f}" == "2.50"
    assert f"{s}" == "2.5"
    with pytest.raises(TypeError, match="0-d"):
        len(s)
    with pytest.raises(TypeError, match="0-d"):
        iter(s)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(v)
    assert len({v, v, s}) == 2
    assert v.item(4) == 4.0
    assert v.tolist() == x.tolist()
    assert s.item() == 2.5


def test_python_scalars_stay_python_scalars_and_never_promote():
    s, narrow = Variable(2.0), Variable(np.ones(3, np.float32))
    assert type((s * 3.0 + 1).value) is float
    y = s * narrow
    assert y.dtype == np.float32
    np.sum(y).backward()
    assert type(s.adjoint) is float
    assert s.adjoint == 3.0
    assert narrow.adjoint.dtype == np.float32
    assert (narrow * 2.0).dtype == np.float32
    assert (narrow * np.float64(2.0)).dtype == np.float64


def test_scalar_edge_cases_follow_numpy():
    x = Variable(0.0)
    with pytest.warns(RuntimeWarning):
        assert (1.0 / x).value == np.inf
    with pytest.warns(RuntimeWarning):
        assert (x**-1.0).value == np.inf
    with pytest.warns(RuntimeWarning):
        assert np.isnan((Variable(-8.0) ** (1 / 3)).value)
    with pytest.warns(RuntimeWarning):
        assert (Variable(1e300) ** 2.0).value == np.inf


def test_mixed_precision_adjoints_have_the_argument_s_dtype():
    a, b = Variable(np.ones(3, np.float32)), Variable(np.ones(3))
    np.sum(a * b).backward()
    assert (a.adjoint.dtype, b.adjoint.dtype) == (np.float32, np.float64)


def test_complex_scalars():
    z = Variable(1 + 2j)
    y = z * z
    assert type(y.value) is complex
    with Tape() as tape:
        y = z * z * 2.0
    assert tape.gradient(y, z, seed=1.0 + 0j) == 4 + 8j


def test_copies():
    v = Variable(np.ones(2), name="v")
    y = v * 2.0
    same = copy.copy(y)
    np.sum(same).backward()
    np.testing.assert_array_equal(v.adjoint, [2.0, 2.0])
    for other in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert other.is_leaf
        np.testing.assert_array_equal(other.value, y.value)
    for other in (copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        assert other.name == "v"
        assert other is not v
        assert other._entry is not v._entry
    assert len(pickle.dumps(Variable(1.0) * np.ones(1))) < 500
    chain = v
    for _ in range(10_000):
        chain = chain * 1.0
    assert len(pickle.dumps(chain)) < 500


def test_in_place_operators_rebind():
    x = Variable(np.ones(2))
    y = x
    y += 3.0
    y *= x
    np.sum(y).backward()
    np.testing.assert_array_equal(x.adjoint, [5.0, 5.0])
    np.testing.assert_array_equal(x.value, np.ones(2))


def test_a_loop_that_fills_an_array_row_by_row():
    def fill(x):
        out = x * 0.0
        for i in range(3):
            out[i] = x[i] ** 2 + (out[i - 1] if i else 0.0)
        return np.sum(out * np.array([1.0, 10.0, 100.0]))

    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(grad(fill)(x), 2 * x * np.array([111.0, 110.0, 100.0]))


def test_an_alias_taken_before_keeps_its_value():
    x = Variable(np.arange(3.0))
    y = x * 1.0
    before, same = y[0:2], y
    y[0] = 100.0
    np.testing.assert_array_equal(before.value, [0.0, 1.0])
    np.testing.assert_array_equal(same.value, [100.0, 1.0, 2.0])
    np.sum(before * 2.0 + y[0:2]).backward()
    np.testing.assert_array_equal(x.adjoint, [2.0, 3.0, 0.0])


def test_arrays_of_variables_are_never_built():
    v, w = Variable(1.0), Variable(np.ones(2))
    for attempt in (
        lambda: np.array([v, v]),
        lambda: np.array([w, w]),
        lambda: np.asarray(w),
        lambda: np.array([[v], [v]]),
        lambda: np.array((w, 1.0), dtype=object),
    ):
        with pytest.raises(TypeError, match=r"np\.stack"):
            attempt()


def test_a_variable_is_not_written_into_a_plain_array():
    v = Variable(np.ones(2))
    plain = np.zeros((2, 2))
    for value in (v, v[0], Variable(2.0)):
        for index in (0, (0, 1), slice(0, 1)):
            with pytest.raises((TapeError, TypeError, ValueError)) as caught:
                plain[index] = value
            shown = "".join(traceback.format_exception(caught.value))  # NumPy chains its own
            assert "the gradient would be lost" in shown
    plain[0, 0] = float(v[0])
    box = [None]
    box[0] = v
    assert box[0] is v


def test_functions_without_a_rule_say_what_to_do():
    with pytest.raises(TypeError, match=r"numpy\.packbits has no derivative rule.*primitive"):
        np.packbits(Variable(np.ones(3)))
    with pytest.raises(TypeError, match=r"out= is not supported"):
        np.add(Variable(np.ones(3)), 1.0, out=np.zeros(3))
    with pytest.raises(TypeError, match=r"where= without out="):
        np.add(Variable(np.ones(3)), 1.0, where=np.array([True, False, True]))
    assert np.add(Variable(np.ones(3)), 1.0, dtype=np.float32).dtype == np.float32
