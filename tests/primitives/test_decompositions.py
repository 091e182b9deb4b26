"""Decompositions; where vectors are a choice, through functions that do not depend on it."""

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


def h(x: Any) -> Any:
    return np.conj(np.swapaxes(x, -1, -2))


def spd(x: Any) -> Any:
    return x @ h(x) + np.eye(x.shape[-1])


SHAPES = [(1, 1), (3, 3), (2, 3, 3), (2, 2, 2, 2)]
DRAWS = [a, c]


# -- cholesky --------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("shape", SHAPES)
def test_cholesky(shape: Any, draw: Any) -> None:
    x = spd(draw(*shape))
    check(np.linalg.cholesky, x)
    check(lambda x: np.linalg.cholesky(x, upper=True), x)
    check(lambda x: np.linalg.cholesky(spd(x)), draw(*shape))
    check(np.linalg.cholesky, np.asfortranarray(x))


def test_cholesky_reads_one_triangle() -> None:
    x = spd(a(3, 3))
    for upper in (False, True):
        g = grad(lambda x, u=upper: np.sum(np.linalg.cholesky(x, upper=u) ** 3))(x)
        assert np.array_equal(g, np.triu(g) if upper else np.tril(g))
    assert np.linalg.cholesky(Variable(np.zeros((0, 0)))).shape == (0, 0)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.cholesky(Variable(-np.eye(2)))


# -- qr --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (1, 3), (3, 1), (2, 4, 3), (2, 2, 4)])
def test_qr(shape: Any, draw: Any) -> None:
    check(np.linalg.qr, draw(*shape))
    check(lambda x: np.linalg.qr(x, mode="r"), draw(*shape))
    if shape[-2] <= shape[-1]:
        check(lambda x: np.linalg.qr(x, "complete"), draw(*shape))


def test_qr_modes() -> None:
    q, r = np.linalg.qr(Variable(a(3, 2)))
    assert np.linalg.qr(Variable(a(3, 2))).Q.shape == q.shape == (3, 2)
    assert r.shape == (2, 2)
    for mode in ("complete", "raw", "other"):
        with pytest.raises(TypeError, match=r"np\.linalg\.qr: mode=.*reduced"):
            np.linalg.qr(Variable(a(3, 2)), mode)


# -- eigh ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("uplo", ["L", "U"])
def test_eigh(shape: Any, uplo: str) -> None:
    x = a(*shape)
    check(lambda x: np.linalg.eigh(x, uplo), x)
    check(lambda x: np.linalg.eigh(x + h(x)).eigenvectors, x)
    for draw in DRAWS:
        x = draw(*shape)
        check(lambda x: np.linalg.eigvalsh(x, uplo), x)
        check(lambda x: np.linalg.eigvalsh(x + h(x)), x)

        def of_matrix(x: Any) -> Any:
            """exp of the Hermitian matrix: no choice of phases is left in it."""
            w, v = np.linalg.eigh(x, UPLO=uplo)
            return (v * np.exp(w)[..., None, :]) @ h(v)

        check(of_matrix, x / 2, rtol=1e-5)


def test_eigh_of_coinciding_eigenvalues() -> None:
    q = np.linalg.qr(a(4, 4))[0]
    for x in (np.eye(3), np.zeros((3, 3)), np.diag([1.0, 1.0, 2.0]),
              (q * [1.0, 1.0, 3.0, 3.0]) @ q.T, np.ones((3, 3))):  # fmt: skip
        n = len(x)
        g = grad(lambda x: np.sum(np.linalg.eigvalsh(x)))(x)
        np.testing.assert_allclose(g, np.eye(n), atol=1e-12)
        # Σ w³ = tr A³, through one triangle
        g = grad(lambda x: np.sum(np.linalg.eigvalsh(x) ** 3))(x)
        whole = 3 * x @ x
        np.testing.assert_allclose(g, np.tril(2 * whole, -1) + np.diag(np.diag(whole)), atol=1e-10)

        def projector(x: Any) -> Any:
            _, v = np.linalg.eigh(x)
            return np.sum(v @ h(v) * np.arange(len(v))[:, None])

        np.testing.assert_allclose(grad(projector)(x), 0, atol=1e-10)  # v·vᵀ is always I
    g = grad(lambda x: np.sum(np.linalg.eigvalsh(x)))(np.eye(3, dtype=np.float32))
    np.testing.assert_array_equal(g, np.eye(3))
    assert g.dtype == np.float32


def test_eigh_results() -> None:
    result = np.linalg.eigh(Variable(np.diag([1.0, 2.0])))
    np.testing.assert_array_equal(result.eigenvalues.value, [1, 2])
    assert np.linalg.eigh(Variable(np.eye(2)), "u").eigenvectors.shape == (2, 2)
    assert np.linalg.eigvalsh(Variable(np.zeros((0, 0)))).shape == (0,)
    with pytest.raises(ValueError, match="UPLO"):
        np.linalg.eigh(Variable(np.eye(2)), "X")


def test_smallest_eigenvalue_has_the_projector_as_gradient() -> None:
    x = a(4, 4) + 5 * np.diag(np.arange(4.0))
    x = (x + x.T) / 2
    v = np.linalg.eigh(x)[1][:, 0]
    whole = np.outer(v, v)
    g = grad(lambda x: np.linalg.eigvalsh(x)[0])(x)
    np.testing.assert_allclose(g, np.tril(whole) + np.tril(whole, -1), atol=1e-12)


# -- eig -------------------------------------------------------------------------------------------


ROTATING = np.array([[1.0, 3.0, 0.5], [-3.0, 2.0, 1.0], [0.3, 0.2, 4.0]])  # 1 real, 2 complex
GROWING = np.array([[1.0, 0.3, 0.5], [0.2, 2.5, 1.0], [0.3, 0.2, 4.0]])  # 3 real


@pytest.mark.parametrize(
    "x", [ROTATING, GROWING, np.stack([GROWING, GROWING.T + 1]), np.stack([ROTATING, GROWING]),
          c(3, 3), c(2, 2, 2), a(1, 1)], ids=str,
)  # fmt: skip
def test_eig(x: Any) -> None:
    check(np.linalg.eig, x)  # the vectors have length 1 and a real largest component, as LAPACK's
    check(np.linalg.eigvals, x)
    check(lambda x: np.sum(np.linalg.eigvals(x) ** 3), x)


def test_eig_results() -> None:
    result = np.linalg.eig(Variable(GROWING))
    assert result.eigenvalues.dtype == np.float64
    np.testing.assert_allclose(
        grad(lambda x: np.sum(np.real(np.linalg.eigvals(x))))(ROTATING), np.eye(3), atol=1e-12
    )
    np.testing.assert_allclose(
        grad(lambda x: np.sum(np.linalg.eigvals(x)))(np.eye(3)), np.eye(3), atol=1e-12
    )


# -- svd -------------------------------------------------------------------------------------------


RECTANGLES = [(3, 3), (4, 2), (2, 4), (1, 3), (2, 3, 2), (2, 2, 3)]


@pytest.mark.parametrize("shape", RECTANGLES)
def test_svd_real(shape: Any) -> None:
    check(lambda x: np.linalg.svd(x, full_matrices=False), a(*shape))
    check(lambda x: np.linalg.svd(x, False, False), a(*shape))
    check(np.linalg.svdvals, a(*shape))
    if abs(shape[-1] - shape[-2]) <= 1:
        check(np.linalg.svd, a(*shape))


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("shape", RECTANGLES)
def test_svd_without_a_choice(shape: Any, draw: Any) -> None:
    weights = np.arange(1.0, 1 + min(shape[-2:]))

    def polar(x: Any) -> Any:
        u, _, vh = np.linalg.svd(x, full_matrices=False)
        return u @ vh

    def projectors(x: Any) -> Any:
        u, _, vh = np.linalg.svd(x, full_matrices=False)
        return (u * weights) @ h(u), h(vh) @ (weights[:, None] * vh)

    def complements(x: Any) -> Any:
        k = min(shape[-2:])
        u, _, vh = np.linalg.svd(x)
        u2, v2 = u[..., k:], h(vh)[..., k:]
        return u2 @ h(u2), v2 @ h(v2)

    def rebuilt(x: Any) -> Any:
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        return (u * s[..., None, :] ** 2) @ vh

    for f in (np.linalg.svdvals, polar, projectors, complements, rebuilt):
        check(f, draw(*shape), rtol=1e-5)


def test_svd_hermitian() -> None:
    for shape in SHAPES:
        x = a(*shape)
        check(lambda x: np.linalg.svd(x, hermitian=True), x)
        check(lambda x: np.linalg.svd(x, compute_uv=False, hermitian=True), c(*shape))


def test_svd_of_coinciding_singular_values() -> None:
    q = np.linalg.qr(a(3, 3))[0]
    for x in (np.eye(3), 2 * q):

        def polar(x: Any) -> Any:
            u, _, vh = np.linalg.svd(x)
            return u @ vh

        check(polar, x, order=1)  # smooth at every regular matrix
        g = grad(lambda x: np.sum(np.linalg.svdvals(x)))(x)
        np.testing.assert_allclose(g, polar(x), atol=1e-12)
    for x in (np.zeros((3, 2)), np.ones((3, 2)), np.ones((2, 2))):
        value, dot = jvp(lambda x: np.linalg.svd(x, full_matrices=False), (x,), (x + 1,))
        assert all(np.isfinite(d).all() for d in (*value, *dot))
        g = grad(lambda x: sum(np.sum(y) for y in np.linalg.svd(x, full_matrices=False)))(x)
        assert np.isfinite(g).all()


def test_svd_results() -> None:
    result = np.linalg.svd(Variable(a(3, 2)))
    assert (result.U.shape, result.S.shape, result.Vh.shape) == ((3, 3), (2,), (2, 2))
    assert np.linalg.svdvals(Variable(np.zeros((0, 3)))).shape == (0,)


def test_second_derivative_of_a_singular_value() -> None:
    """The largest singular value of diag(s) + t·E₀₁: s0 + t²·s0/(2·(s0² - s1²))."""
    s0, s1 = 3.0, 1.0
    out = hessian(lambda x: np.linalg.svdvals(x)[0])(np.diag([s0, s1]))
    np.testing.assert_allclose(out[0, 1, 0, 1], s0 / (s0**2 - s1**2), rtol=1e-12)
    np.testing.assert_allclose(out[0, 0, 0, 0], 0, atol=1e-12)
