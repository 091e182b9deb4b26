"""Inverses, solutions, and numpy.linalg's other names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad

from ..helpers import check

rng = np.random.default_rng(0)


def a(*shape: int) -> Any:
    return rng.standard_normal(shape)


def c(*shape: int) -> Any:
    return a(*shape) + 1j * a(*shape)


def regular(draw: Any, *shape: int) -> Any:
    return draw(*shape) + 3 * np.eye(shape[-1])


SQUARE = [(1, 1), (3, 3), (2, 3, 3), (2, 1, 2, 2)]
DRAWS = [a, c]


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("shape", SQUARE)
def test_inv(shape: Any, draw: Any) -> None:
    check(np.linalg.inv, regular(draw, *shape))
    check(np.linalg.inv, np.asfortranarray(regular(draw, *shape))[..., ::-1, :])


SOLVE = [
    ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 3, 3), (3, 2)),
    ((2, 3, 3), (2, 3, 1)), ((3, 3), (2, 3, 4)), ((2, 1, 3, 3), (4, 3, 2)), ((3, 3), (3, 0)),
    ((0, 3, 3), (3,)), ((1, 1), (1,)),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), SOLVE)
def test_solve(left: Any, right: Any) -> None:
    for draw in DRAWS:
        check(np.linalg.solve, regular(draw, *left), draw(*right))
    x, b = regular(a, *left), a(*right)
    check(np.linalg.solve, x, c(*right))
    check(np.linalg.solve, regular(c, *left), b)
    check(lambda x: np.linalg.solve(x, b), x)
    check(lambda b: np.linalg.solve(x, b), b)


def test_solve_complex_step() -> None:
    x, b, t = regular(a, 4, 4), a(4), a(4, 4)
    g = grad(lambda x: np.sum(np.linalg.solve(x, b) ** 3))(x)
    step = np.sum(np.linalg.solve(x + 1e-30j * t, b) ** 3).imag / 1e-30
    np.testing.assert_allclose(np.sum(g * t), step, rtol=1e-12)


def test_singular_matrices_raise_as_in_numpy() -> None:
    for f in (np.linalg.inv, lambda x: np.linalg.solve(x, np.ones(2))):
        with pytest.raises(np.linalg.LinAlgError, match="Singular"):
            f(Variable(np.zeros((2, 2))))


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2), (2, 2, 3), (1, 3)])
def test_pinv(shape: Any, draw: Any) -> None:
    x = draw(*shape)
    check(np.linalg.pinv, x)
    check(lambda x: np.linalg.pinv(x, 1e-8), x, order=1)
    check(lambda x: np.linalg.pinv(x, rtol=1e-8), x, order=1)
    check(lambda x: np.linalg.pinv(x, rtol=None), x, order=1)
    if shape[-1] == shape[-2]:
        check(lambda x: np.linalg.pinv(x, hermitian=True), x)


def test_pinv_of_constant_rank() -> None:
    """pinv(u·vᵀ) = v·uᵀ/(|u|²·|v|²), moved along matrices of rank one."""
    check(lambda u, v: np.linalg.pinv(np.outer(u, v)), a(3), a(2))
    g = grad(lambda x: np.sum(np.linalg.pinv(x)))(np.zeros((3, 2)))
    np.testing.assert_array_equal(g, 0)
    with pytest.raises(ValueError, match="can't be both set"):
        np.linalg.pinv(Variable(a(2, 2)), 1e-3, rtol=1e-3)


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(("left", "right"), [
    ((4, 2), (4,)), ((4, 2), (4, 3)), ((2, 4), (2,)), ((2, 4), (2, 3)), ((3, 3), (3,)),
])  # fmt: skip
def test_lstsq(left: Any, right: Any, draw: Any) -> None:
    x, b = draw(*left), draw(*right)
    check(lambda x, b: np.linalg.lstsq(x, b)[0], x, b)
    check(lambda x: np.linalg.lstsq(x, b, rcond=1e-8)[0], x)
    check(lambda b: np.linalg.lstsq(x, b, -1)[0], b)


def test_lstsq_results() -> None:
    x, b = a(4, 2), a(4)
    solution, residuals, rank, s = np.linalg.lstsq(Variable(x), b)
    assert isinstance(solution, Variable)
    for got, expected in zip((residuals, rank, s), np.linalg.lstsq(x, b)[1:], strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 10, -1, -3])
def test_matrix_power(n: int) -> None:
    for draw in DRAWS:
        check(lambda x: np.linalg.matrix_power(x, n), regular(draw, 3, 3) / 3)
        check(lambda x: np.linalg.matrix_power(x, n), regular(draw, 2, 2, 2) / 3)


MULTI = [
    [(2, 3), (3, 4)], [(2, 3), (3, 4), (4, 2)], [(3,), (3, 4), (4,)], [(5, 1), (1, 5), (5, 2)],
    [(3,), (3,)], [(2, 3), (3, 1), (1, 4), (4, 2), (2,)],
]  # fmt: skip


@pytest.mark.parametrize("shapes", MULTI)
def test_multi_dot(shapes: Any) -> None:
    check(lambda *xs: np.linalg.multi_dot(xs), *(a(*s) for s in shapes))
    check(lambda *xs: np.linalg.multi_dot(list(xs)), *(c(*s) for s in shapes))


def test_multi_dot_errors() -> None:
    x = Variable(a(2, 2))
    with pytest.raises(ValueError, match="at least two"):
        np.linalg.multi_dot([x])
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.multi_dot([x, a(2, 2, 2), x])
    with pytest.raises(TypeError, match="out="):
        np.linalg.multi_dot([x, x], out=np.zeros((2, 2)))


def test_tensor_equations() -> None:
    x = a(2, 3, 3, 2) + np.eye(6).reshape(2, 3, 3, 2) * 3
    check(np.linalg.tensorinv, x)
    check(lambda x: np.linalg.tensorinv(x, ind=1), a(6, 2, 3))
    check(np.linalg.tensorsolve, x, a(2, 3))
    check(np.linalg.tensorsolve, a(6, 2, 3), c(6))
    moved = np.moveaxis(x, 0, 2)
    check(lambda x, b: np.linalg.tensorsolve(x, b, axes=(1, 3)), moved, a(3, 2), rtol=1e-5)
    with pytest.raises(ValueError, match="ind"):
        np.linalg.tensorinv(Variable(x), 0)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.tensorsolve(Variable(a(3, 2)), a(3))


NAMES = [
    ("matmul", np.linalg.matmul, [(2, 3), (3, 2)]),
    ("matrix_transpose", np.linalg.matrix_transpose, [(2, 3, 4)]),
    ("diagonal", np.linalg.diagonal, [(2, 3, 3)]),
    ("diagonal offset", lambda x: np.linalg.diagonal(x, offset=1), [(3, 4)]),
    ("trace", np.linalg.trace, [(2, 3, 3)]),
    ("trace offset", lambda x: np.linalg.trace(x, offset=-1), [(3, 4)]),
    ("cross", np.linalg.cross, [(3,), (2, 3)]),
    ("cross axis", lambda x, y: np.linalg.cross(x, y, axis=0), [(3, 2), (3, 2)]),
    ("outer", np.linalg.outer, [(3,), (2,)]),
    ("tensordot", np.linalg.tensordot, [(2, 3, 4), (3, 4, 2)]),
    ("tensordot axes", lambda x, y: np.linalg.tensordot(x, y, axes=1), [(2, 3), (3, 2)]),
    ("vecdot", np.linalg.vecdot, [(2, 3), (3,)]),
    ("vecdot axis", lambda x, y: np.linalg.vecdot(x, y, axis=0), [(3, 2), (3, 2)]),
]


@pytest.mark.parametrize(("f", "shapes"), [n[1:] for n in NAMES], ids=[n[0] for n in NAMES])
def test_names(f: Any, shapes: Any) -> None:
    for draw in DRAWS:
        check(f, *(draw(*s) for s in shapes))


def test_names_errors() -> None:
    v = Variable(a(2, 2))
    with pytest.raises(ValueError, match="one-dimensional"):
        np.linalg.outer(v, v)
    with pytest.raises(ValueError, match="3-dimensional"):
        np.linalg.cross(v, v)
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        np.linalg.matrix_transpose(v[0])


def test_rank_is_plain() -> None:
    assert np.linalg.matrix_rank(Variable(np.eye(3))) == 3
    assert not isinstance(np.linalg.matrix_rank(Variable(np.eye(3)), tol=1e-3), Variable)
