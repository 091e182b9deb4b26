"""np.add.reduce and its kin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad
from autograd_tape.variable import as_value
from tests.helpers import check

rng = np.random.default_rng(11)
A = rng.standard_normal((3, 4))
V = rng.uniform(0.5, 2.0, 3)
W = rng.uniform(0.5, 2.0, 4)
MASK = np.array([True, False, True, True])
UFUNCS = [np.add, np.multiply, np.maximum, np.minimum, np.logaddexp]
by_name: Any = {"ids": lambda f: f.__name__}

REDUCE: list[tuple[str, Any, Any]] = [
    ("default axis", lambda u, x: u.reduce(x), A),
    ("axis", lambda u, x: u.reduce(x, 1), A),
    ("all", lambda u, x: u.reduce(x, axis=None), A),
    ("keepdims", lambda u, x: u.reduce(x, axis=-1, keepdims=True), A),
    ("initial", lambda u, x: u.reduce(x, initial=0.3), A),
    ("where", lambda u, x: u.reduce(x, axis=1, initial=0.3, where=MASK), A),
    ("dtype", lambda u, x: u.reduce(x, dtype=np.float64), A),
    ("scalar", lambda u, x: u.reduce(x), np.float64(1.5)),
    ("1-d", lambda u, x: u.reduce(x), V),
]


@pytest.mark.parametrize(("f", "x"), [c[1:] for c in REDUCE], ids=[c[0] for c in REDUCE])
@pytest.mark.parametrize("ufunc", UFUNCS, **by_name)
def test_reduce(ufunc: Any, f: Any, x: Any) -> None:
    check(lambda a: f(ufunc, a), x, float32=f is not REDUCE[6][1])


def test_logaddexp_reduce_where_leaves_out() -> None:
    check(lambda x: np.logaddexp.reduce(x, where=np.eye(3, 4) == 0), A)


@pytest.mark.parametrize("ufunc", UFUNCS, **by_name)
def test_accumulate(ufunc: Any) -> None:
    check(lambda x: ufunc.accumulate(x), A)
    check(lambda x: ufunc.accumulate(x, axis=1), A)
    check(lambda x: ufunc.accumulate(x, -1, dtype=np.float64), A, float32=False)
    check(lambda x: ufunc.accumulate(x, axis=0), np.zeros((0, 2)))
    with pytest.raises(TypeError, match="scalar"):
        ufunc.accumulate(Variable(np.float64(1.0)))


def test_accumulated_extremes_share_ties_with_what_came_before() -> None:
    x = np.array([1.0, 3.0, 3.0, 2.0, 3.0, 4.0])
    g = grad(lambda a: np.sum(np.maximum.accumulate(a)))(x)
    # 1 | 3: whole, half, half of two, a third of three
    first = 1 + 1 / 2 + 1 / 2 + 1 / 3
    np.testing.assert_allclose(g, [1, first, 1 / 2 + 1 / 2 + 1 / 3, 0, 1 / 3, 1], rtol=1e-14)
    np.testing.assert_allclose(
        grad(lambda a: np.minimum.accumulate(a)[-1])(-x), [0, 0, 0, 0, 0, 1], rtol=1e-14
    )


def test_accumulated_logaddexp_from_minus_infinity() -> None:
    x = np.array([-np.inf, -np.inf, 0.5, -np.inf, -1000.0, 1000.0])
    v = Variable(x)
    y = np.logaddexp.accumulate(v)
    np.testing.assert_allclose(y.value, np.logaddexp.accumulate(x))
    y.backward(np.ones(6))
    np.testing.assert_allclose(v.adjoint, [0, 0, 3, 0, 0, 1], atol=1e-14)


OUTER = [
    np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.logaddexp,
    np.arctan2, np.hypot,
]  # fmt: skip


@pytest.mark.parametrize("ufunc", OUTER, **by_name)
def test_outer(ufunc: Any) -> None:
    check(lambda v, w: ufunc.outer(v, w), V, W)
    check(lambda v: ufunc.outer(v, W.reshape(2, 2)), V)
    check(lambda w: ufunc.outer(V, w), W.reshape(2, 1, 2))
    check(lambda w: ufunc.outer(2.0, w), W)
    check(lambda v, w: ufunc.outer(v, w), V, np.array(1.25))


def test_outer_of_a_comparison_is_plain() -> None:
    assert np.greater.outer(Variable(V), W).dtype == bool


def at(ufunc: Any, index: Any) -> Any:
    """``ufunc.at`` as a function that returns the updated array."""

    def f(v: Any, *w: Any) -> Any:
        target = v + 0.0  # recorded, and an array of its own
        assert ufunc.at(target, index, *w) is None
        return target

    return f


INDICES: list[tuple[str, Any, Any]] = [
    ("repeated", np.array([0, 2, 0, 0]), rng.uniform(0.5, 2, 4)),
    ("list", [0, 1, 1], rng.uniform(0.5, 2, 3)),
    ("broadcast", np.array([0, 2, 0]), np.array(1.7)),
    ("single", 1, np.array(1.7)),
    ("slice", slice(0, 2), rng.uniform(0.5, 2, 2)),
    ("mask", np.array([True, False, True]), rng.uniform(0.5, 2, 2)),
    ("nothing", np.array([], int), np.zeros(0)),
    ("matrix", np.array([[0, -1], [2, 0]]), rng.uniform(0.5, 2, (2, 2))),
]


@pytest.mark.parametrize(("index", "w"), [c[1:] for c in INDICES], ids=[c[0] for c in INDICES])
@pytest.mark.parametrize("ufunc", [*UFUNCS, np.subtract], **by_name)
def test_at(ufunc: Any, index: Any, w: Any) -> None:
    check(at(ufunc, index), V, w)


@pytest.mark.parametrize("ufunc", [*UFUNCS, np.subtract], **by_name)
def test_at_in_matrices(ufunc: Any) -> None:
    check(at(ufunc, np.array([0, 2, 0])), A, rng.standard_normal((3, 4)))
    check(at(ufunc, (slice(None), np.array([1, 1]))), A, rng.standard_normal((3, 2)))
    check(at(ufunc, (np.array([0, 0]), np.array([1, 1]))), A, np.array([0.2, 0.7]))
    check(at(ufunc, np.array([0, 0])), A, rng.standard_normal((2, 1)))


def test_multiply_at_with_zeros() -> None:
    f = at(np.multiply, np.array([0, 0, 1, 1]))
    check(f, np.array([2.0, 0.0, 3.0]), np.array([0.0, 0.0, 0.0, 5.0]))


def test_ties_of_maximum_at_share_evenly() -> None:
    v, w = Variable([1.0, 2.0, 5.0]), Variable([2.0, 2.0, 0.5, 4.0])
    out = v + 0.0
    np.maximum.at(out, [1, 1, 0, 2], w)
    out.backward(np.ones(3))
    np.testing.assert_allclose(v.adjoint, [1, 1 / 3, 1])
    np.testing.assert_allclose(w.adjoint, [1 / 3, 1 / 3, 0, 0])


def test_logaddexp_at_of_masked_entries() -> None:
    v, w = Variable([-np.inf, 1.0]), Variable([-np.inf, -np.inf])
    out = v + 0.0
    np.logaddexp.at(out, [0, 0], w)
    np.testing.assert_array_equal(out.value, [-np.inf, 1.0])
    out.backward(np.ones(2))
    np.testing.assert_array_equal(v.adjoint, [0, 1])
    np.testing.assert_array_equal(w.adjoint, [0, 0])


def test_at_updates_the_variable_as_setitem_does() -> None:
    v = Variable(V, name="v")
    before = v * 1.0
    leaf = v[:]
    np.add.at(v, [0, 0], 1.0)
    np.testing.assert_array_equal(as_value(v), [V[0] + 2.0, *V[1:]])
    np.testing.assert_array_equal(as_value(before), V)
    np.testing.assert_array_equal(as_value(leaf), V)
    assert not v.is_leaf


def test_at_keeps_the_dtype_of_the_target() -> None:
    v, w = Variable(V.astype(np.float32)), Variable(np.ones(2))
    out = v + np.float32(0)
    np.add.at(out, [0, 0], w)
    assert out.dtype == np.float32
    np.sum(out).backward()
    assert w.adjoint.dtype == np.float64
    with pytest.raises(TypeError, match="complex"):
        np.add.at(out, [0, 0], 1j)


def test_at_of_other_ufuncs_where_no_index_repeats() -> None:
    check(at(np.divide, [0, 2]), V, np.array([1.5, 0.7]))
    check(at(np.negative, [0, 2]), V)
    with pytest.raises(TypeError, match="more than once"):
        np.divide.at(Variable(V), [0, 0], 2.0)


def test_clear_errors() -> None:
    v = Variable(V)
    with pytest.raises(TypeError, match=r"np\.add\.at.*plain array"):
        np.add.at(np.zeros(3), [0, 0], Variable([1.0, 2.0]))
    with pytest.raises(TypeError, match="dimension"):
        np.add.at(Variable(2.0), 0, 1.0)
    with pytest.raises(TypeError, match=r"np\.add\.reduceat"):
        np.add.reduceat(v, [0, 1])
    with pytest.raises(TypeError, match=r"np\.subtract\.reduce"):
        np.subtract.reduce(v)
    with pytest.raises(TypeError, match=r"np\.divide\.accumulate"):
        np.divide.accumulate(v)
    with pytest.raises(TypeError, match=r"add\.reduce: out="):
        np.add.reduce(v, out=np.zeros(()))
