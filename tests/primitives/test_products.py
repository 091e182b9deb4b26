"""Products: values, derivatives to second order, and every way that NumPy lets one write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape, Variable, grad

from ..helpers import check

rng = np.random.default_rng(0)


def a(*shape: int) -> Any:
    return np.asarray(rng.standard_normal(shape))[()]


def c(*shape: int) -> Any:
    return np.asarray(a(*shape) + 1j * a(*shape))[()]


MATMUL = [
    ((3, 4), (4, 2)), ((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 2)), ((2, 3, 4), (4, 2)),
    ((2, 3, 4), (4,)), ((4,), (2, 4, 3)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2)),
    ((3, 4), (2, 4, 2)), ((1, 3, 4), (2, 4, 2)), ((0, 4), (4, 2)), ((2, 0), (0, 3)),
    ((2, 3, 0), (0, 2)), ((0, 2, 3), (3, 2)), ((2, 3, 0), (0,)), ((1, 1), (1, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), MATMUL)
def test_matmul(left: Any, right: Any) -> None:
    check(np.matmul, a(*left), a(*right))
    check(lambda x, y: x @ y, c(*left), c(*right))
    check(np.matmul, a(*left), c(*right))


def test_matmul_of_a_big_batch_is_one_product() -> None:
    x, w = a(8, 32, 40), a(40, 3)
    check(np.matmul, x, w, order=1)
    np.testing.assert_allclose((Variable(x) @ w).value, x @ w, rtol=1e-13)
    with Tape() as tape:
        v = Variable(w)
        y = np.sum(x @ v)
    (g,) = tape.gradient(y, [v])
    np.testing.assert_allclose(g, np.broadcast_to(x.sum((0, 1))[:, None], w.shape), rtol=1e-12)


def test_matmul_of_strided_operands() -> None:
    x, w = np.asfortranarray(a(3, 4)), a(2, 4).T[::-1]
    check(np.matmul, x, w)
    check(np.matmul, a(2, 4, 3).swapaxes(1, 2), w)


def test_matmul_dtype() -> None:
    x, w = Variable(np.ones((2, 3), np.float32)), np.ones((3, 2), np.float32)
    assert (x @ w).dtype == np.float32
    assert grad(lambda v: np.sum(v @ w.astype(np.float64)))(x.value).dtype == np.float32


def test_matmul_errors_are_numpys() -> None:
    with pytest.raises(ValueError, match="matmul"):
        Variable(np.ones((2, 3))) @ np.ones((2, 3))
    with pytest.raises(ValueError, match="matmul"):
        Variable(np.ones((200, 30, 2))) @ np.ones((3, 2))
    with pytest.raises(ValueError, match="matmul"):
        Variable(np.ones(3)) @ 2.0


DOT = [
    ((), (3, 2)), ((3, 2), ()), ((), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)),
    ((2, 3), (3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((2, 3), (2, 3, 2)),
    ((2, 2, 3), (2, 3, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), DOT)
def test_dot(left: Any, right: Any) -> None:
    check(np.dot, a(*left), a(*right))
    check(np.dot, c(*left), a(*right))
    if left:
        check(lambda x, y: x.dot(y), a(*left), a(*right))


INNER = [((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((2, 3), (4, 3)), ((2, 2, 3), (2, 3))]


@pytest.mark.parametrize(("left", "right"), INNER)
def test_inner(left: Any, right: Any) -> None:
    check(np.inner, a(*left), a(*right))
    check(np.inner, c(*left), c(*right))


BINARY = [
    ("outer", np.outer, (3,), (2,)),
    ("outer of matrices", np.outer, (2, 2), (3,)),
    ("outer of scalars", np.outer, (), (3,)),
    ("vdot", np.vdot, (3,), (3,)),
    ("vdot of matrices", np.vdot, (2, 3), (3, 2)),
    ("vecdot", np.vecdot, (3,), (3,)),
    ("vecdot broadcast", np.vecdot, (2, 1, 3), (4, 3)),
    ("vecdot axis", lambda x, y: np.linalg.vecdot(x, y, axis=0), (3, 2), (3, 1)),
    ("kron", np.kron, (2, 3), (3, 2)),
    ("kron of a vector", np.kron, (3,), (2, 2)),
    ("kron of 3-d", np.kron, (2, 2), (2, 1, 3)),
    ("kron with a scalar", np.kron, (), (2, 2)),
    ("tensordot 0", lambda x, y: np.tensordot(x, y, 0), (2,), (3, 2)),
    ("tensordot 1", lambda x, y: np.tensordot(x, y, axes=1), (2, 3), (3, 4)),
    ("tensordot 2", np.tensordot, (2, 3, 4), (3, 4, 2)),
    ("tensordot all", np.tensordot, (3, 4), (3, 4)),
    ("tensordot pair", lambda x, y: np.tensordot(x, y, (0, 1)), (3, 2), (2, 3)),
    ("tensordot pairs", lambda x, y: np.tensordot(x, y, ([2, 0], [0, -1])), (2, 3, 4), (4, 5, 2)),
    ("tensordot size 0", lambda x, y: np.tensordot(x, y, 1), (2, 0), (0, 3)),
    ("cross", np.cross, (3,), (3,)),
    ("cross broadcast", np.cross, (2, 1, 3), (4, 3)),
    ("cross axis", lambda x, y: np.cross(x, y, axis=0), (3, 2), (3, 2)),
    ("cross axes", lambda x, y: np.cross(x, y, axisa=0, axisb=1, axisc=0), (3, 2), (2, 3)),
]


@pytest.mark.parametrize(
    ("f", "left", "right"), [b[1:] for b in BINARY], ids=[b[0] for b in BINARY]
)
def test_binary(f: Any, left: Any, right: Any) -> None:
    check(f, a(*left), a(*right))
    check(f, c(*left), c(*right))
    x = a(*left)
    check(lambda y: f(x, y), a(*right))
    y = a(*right)
    check(lambda x: f(x, y), c(*left))


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")
def test_cross_of_vectors_in_the_plane() -> None:
    check(np.cross, a(2), a(2))
    check(np.cross, a(4, 2), a(4, 2))
    check(np.cross, a(4, 2), a(3))
    check(np.cross, a(3), a(2, 2))
    check(lambda x, y: np.cross(x, y, axisa=0), a(2, 4), a(4, 2))
    with pytest.raises(ValueError, match="2 or 3"):
        np.cross(Variable(a(4)), a(4))


@pytest.mark.skipif(not hasattr(np, "matvec"), reason="NumPy 2.2")
def test_matvec_vecmat() -> None:
    pairs = [((3, 4), (4,)), ((2, 3, 4), (4,)), ((3, 4), (2, 4)), ((2, 1, 3, 4), (5, 4))]
    for left, right in pairs:
        check(np.matvec, a(*left), a(*right))
        check(np.matvec, c(*left), c(*right))
    for left, right in (((3,), (3, 4)), ((2, 3), (3, 4)), ((3,), (2, 3, 4))):
        check(np.vecmat, a(*left), a(*right))
        check(np.vecmat, c(*left), c(*right))


def test_operands_may_be_lists() -> None:
    v = Variable(np.ones(2))
    assert np.dot([1.0, 2.0], v).value == 3
    assert np.tensordot([[1.0, 2.0]], v, 1).value == [3]
    with pytest.raises(TypeError, match=r"np\.stack"):
        np.dot([v, v], v)
    with pytest.raises(TypeError, match=r"dot: out="):
        np.dot(v, v, out=np.zeros(()))
    with pytest.raises(TypeError, match=r"outer: out="):
        np.outer(v, v, out=np.zeros((2, 2)))


def test_python_floats() -> None:
    x = Variable(3.0)
    y = np.dot(x, 2.0)
    y.backward()
    assert (y.value, x.adjoint) == (6.0, 2.0)
    assert grad(lambda x: np.sum(np.outer(x, np.ones(3))))(2.0) == 3


def test_one_entry_each() -> None:
    x = Variable(a(3, 3))
    for f in (lambda: x @ x, lambda: np.dot(x, x), lambda: np.tensordot(x, x, 1),
              lambda: np.einsum("ij,jk", x, x), lambda: np.cross(x, x)):  # fmt: skip
        with Tape() as tape:
            f()
        assert len(tape) == 2
