"""Norms of every order, over every choice of axes, and what they do at 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad, hessian

from ..helpers import check

rng = np.random.default_rng(0)


def a(*shape: int) -> Any:
    """Elements away from 0, where most of the norms have a kink."""
    return rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def c(*shape: int) -> Any:
    return a(*shape) + 1j * a(*shape)


DRAWS = [a, c]
VECTOR = [None, 0, 1, 2, 3, 0.5, 1.5, -1, -2, np.inf, -np.inf]
MATRIX = [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("ord", VECTOR)
def test_vector_norm(ord: Any, draw: Any) -> None:
    norm = np.linalg.norm
    check(lambda x: norm(x, ord), draw(4))
    check(lambda x: norm(x, ord, keepdims=True), draw(4))
    check(lambda x: norm(x, ord, 0), draw(3, 2))
    check(lambda x: norm(x, ord=ord, axis=(-1,), keepdims=True), draw(2, 3, 2))
    if ord is not None:
        check(lambda x: np.linalg.vector_norm(x, ord=ord), draw(3, 2))
        check(lambda x: np.linalg.vector_norm(x, axis=1, ord=ord, keepdims=True), draw(3, 2))
        check(lambda x: np.linalg.vector_norm(x, axis=(0, 2), ord=ord), draw(2, 2, 3))


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("ord", MATRIX)
def test_matrix_norm(ord: Any, draw: Any) -> None:
    norm = np.linalg.norm
    check(lambda x: norm(x, ord), draw(3, 3))
    check(lambda x: norm(x, ord, keepdims=True), draw(2, 3))
    check(lambda x: norm(x, ord, axis=(0, 1)), draw(3, 2))
    check(lambda x: norm(x, ord, (1, 0)), draw(2, 3))
    check(lambda x: norm(x, ord, axis=(0, 2)), draw(2, 3, 2))
    check(lambda x: norm(x, ord, (-1, 0), True), draw(2, 3, 3))
    if ord is not None:
        check(lambda x: np.linalg.matrix_norm(x, ord=ord), draw(2, 3, 2))
        check(lambda x: np.linalg.matrix_norm(x, ord=ord, keepdims=True), draw(3, 2))


def test_defaults() -> None:
    check(np.linalg.norm, a(2, 3, 2))
    check(lambda x: np.linalg.norm(x, keepdims=True), a(2, 3, 2))
    check(np.linalg.vector_norm, a(2, 3))
    check(np.linalg.matrix_norm, a(2, 3, 3))
    check(np.linalg.norm, np.asfortranarray(a(3, 4))[::-1])
    assert np.linalg.norm(Variable(-2.0)).value == 2
    assert grad(np.linalg.norm)(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 1.5, 0.5, np.inf])
def test_a_vector_norm_at_zero_has_slope_zero(ord: Any) -> None:
    x = np.zeros(3)
    np.testing.assert_array_equal(grad(lambda x: np.linalg.norm(x, ord))(x), 0)
    np.testing.assert_array_equal(grad(lambda x: np.linalg.norm(x, ord) ** 2)(x), 0)
    assert np.isfinite(hessian(lambda x: np.linalg.norm(x, ord) ** 2)(x)).all()
    # one zero row among others
    y = np.array([[0.0, 0.0], [3.0, 4.0]])
    g = grad(lambda y: np.sum(np.linalg.norm(y, ord, axis=1)))(y)
    assert np.isfinite(g).all()
    np.testing.assert_array_equal(g[0], 0)
    g = grad(lambda z: np.linalg.norm(z, ord))(np.zeros(3, complex))
    np.testing.assert_array_equal(g, 0)


@pytest.mark.parametrize("ord", MATRIX)
def test_a_matrix_norm_at_zero_has_slope_zero(ord: Any) -> None:
    np.testing.assert_array_equal(grad(lambda x: np.linalg.norm(x, ord))(np.zeros((3, 2))), 0)


@pytest.mark.parametrize("ord", [1.5, 2, 3])
def test_one_zero_element(ord: Any) -> None:
    x = np.array([0.0, 3.0, -4.0])
    g = grad(lambda x: np.linalg.norm(x, ord))(x)
    n = np.linalg.norm(x, ord)
    np.testing.assert_allclose(g, np.sign(x) * (np.abs(x) / n) ** (ord - 1), rtol=1e-12)
    assert np.isfinite(hessian(lambda x: np.linalg.norm(x, ord))(x)).all()


def test_known_gradients() -> None:
    np.testing.assert_allclose(grad(np.linalg.norm)(np.array([3.0, 4.0])), [0.6, 0.8])
    z = np.array([3 + 4j])
    np.testing.assert_allclose(grad(np.linalg.norm)(z), [0.6 - 0.8j])  # conj(z)/|z|
    ties = np.array([2.0, -2.0, 1.0])
    g = grad(lambda x: np.linalg.norm(x, np.inf))(ties)
    np.testing.assert_allclose(g, [0.5, -0.5, 0])
    np.testing.assert_array_equal(grad(lambda x: np.linalg.norm(x, 0))(ties), 0)
    x = np.linalg.qr(a(3, 3))[0]
    np.testing.assert_allclose(grad(lambda x: np.linalg.norm(x, "nuc"))(x), x, atol=1e-12)


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("p", [None, 2, -2, 1, -1, "fro", "nuc", np.inf, -np.inf])
def test_cond(p: Any, draw: Any) -> None:
    check(lambda x: np.linalg.cond(x, p), draw(3, 3) / 4 + np.diag([3.0, 6.0, 12.0]), rtol=1e-5)
    check(lambda x: np.linalg.cond(x, p=p), draw(2, 2, 2) / 4 + np.diag([3.0, 8.0]), rtol=1e-5)
    if p in (None, 2, -2):
        check(lambda x: np.linalg.cond(x, p), draw(3, 2), rtol=1e-5)


def test_cond_of_singular_matrices() -> None:
    for p in (None, 2, 1, "fro"):
        for x in (np.diag([1.0, 0.0]), np.diag([1.0, 0.0, 2.0])):
            assert np.linalg.cond(Variable(x), p).value == np.linalg.cond(x, p) == np.inf


def test_errors() -> None:
    v = Variable(a(2, 2))
    with pytest.raises(ValueError, match="Invalid norm order"):
        np.linalg.norm(v, "other")
    with pytest.raises(ValueError, match="Invalid norm order"):
        np.linalg.norm(v, 3)
    with pytest.raises(ValueError, match="Invalid norm order"):
        np.linalg.norm(v, "fro", axis=0)
    with pytest.raises(ValueError, match="Improper number"):
        np.linalg.norm(Variable(a(2, 2, 2)), 1)
    with pytest.raises(ValueError, match="Improper number"):
        np.linalg.norm(Variable(a(2, 2, 2)), 2, axis=(0, 1, 2))
    with pytest.raises(ValueError, match="Duplicate"):
        np.linalg.norm(v, "fro", axis=(0, 0))
    with pytest.raises(np.exceptions.AxisError):
        np.linalg.norm(v, axis=2)
