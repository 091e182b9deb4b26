"""det and slogdet, with singular matrices of every rank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad, hessian, jvp

from ..helpers import check

rng = np.random.default_rng(0)


def a(*shape: int) -> Any:
    return rng.standard_normal(shape)


def c(*shape: int) -> Any:
    return a(*shape) + 1j * a(*shape)


SHAPES = [(1, 1), (3, 3), (2, 3, 3), (2, 1, 2, 2)]


@pytest.mark.parametrize("draw", [a, c])
@pytest.mark.parametrize("shape", SHAPES)
def test_det(shape: Any, draw: Any) -> None:
    check(np.linalg.det, draw(*shape))
    check(np.linalg.slogdet, draw(*shape))
    check(lambda x: np.linalg.slogdet(x).logabsdet, np.asfortranarray(draw(*shape)))


@pytest.mark.parametrize("draw", [a, c])
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_det_of_singular_matrices(rank: int, draw: Any) -> None:
    x = draw(4, rank) @ draw(rank, 4)
    check(np.linalg.det, x)
    check(np.linalg.det, np.stack([x, draw(4, 4)]))


def test_cofactors_exactly() -> None:
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])  # rank 2
    expected = [[-3, 6, -3], [6, -12, 6], [-3, 6, -3]]
    np.testing.assert_allclose(grad(np.linalg.det)(x), expected, atol=1e-12)
    np.testing.assert_array_equal(grad(np.linalg.det)(np.zeros((3, 3))), 0)
    np.testing.assert_array_equal(grad(np.linalg.det)(np.zeros((1, 1))), 1)
    # det is a·d - b·c: its Hessian is constant, even at 0
    h = hessian(np.linalg.det)(np.zeros((2, 2)))
    np.testing.assert_allclose(h.reshape(4, 4), np.fliplr(np.diag([1, -1, -1, 1])), atol=1e-15)
    np.testing.assert_allclose(hessian(np.linalg.det)(a(2, 2)), h, atol=1e-12)


def test_det_in_float32() -> None:
    x = np.ones((3, 3), np.float32)
    g = grad(np.linalg.det)(x)
    assert g.dtype == np.float32
    np.testing.assert_allclose(g, 0, atol=1e-5)


def test_third_derivative_of_det() -> None:
    x, t = a(3, 3), a(3, 3)

    def along(f: Any) -> Any:
        return lambda x: jvp(f, (x,), (t,))[1]

    third = along(along(along(np.linalg.det)))(x)
    np.testing.assert_allclose(third, 6 * np.linalg.det(t), rtol=1e-9)


def test_empty() -> None:
    assert np.linalg.det(Variable(np.zeros((0, 0)))).value == 1
    assert grad(np.linalg.det)(np.zeros((0, 0))).shape == (0, 0)


def test_slogdet_of_real_matrices() -> None:
    x = a(3, 3)
    result = np.linalg.slogdet(Variable(x))
    assert result.sign.value == np.sign(np.linalg.det(x))
    np.testing.assert_array_equal(grad(lambda x: np.linalg.slogdet(x)[0])(x), 0)
    g = grad(lambda x: np.linalg.slogdet(x)[1])(x)
    np.testing.assert_allclose(g, np.linalg.inv(x).T, rtol=1e-10)


def test_complex_step() -> None:
    """det is holomorphic: its derivative is Im det(x + i·ε·t)/ε, to full precision."""
    x, t = a(4, 4), a(4, 4)
    g = grad(np.linalg.det)(x)
    step = np.linalg.det(x + 1e-30j * t).imag / 1e-30
    np.testing.assert_allclose(np.sum(g * t), step, rtol=1e-12)
    dot = jvp(np.linalg.det, (x,), (t,))[1]
    np.testing.assert_allclose(dot, step, rtol=1e-12)
