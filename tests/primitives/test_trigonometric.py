"""Circular functions, their inverses, angles, sinc."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, elementwise_grad, grad, hvp, jvp, vjp
from autograd_tape.testing import check_grads

from ..helpers import check

rng = np.random.default_rng(2)
X = rng.uniform(-1.2, 1.2, (3, 4))
INSIDE = rng.uniform(-0.8, 0.8, (3, 4))
FAR = rng.uniform(0.5, 2.0, (3, 4))

COMPLEX: list[Any] = [
    (np.sin, X), (np.cos, X), (np.tan, X), (np.arcsin, INSIDE), (np.arccos, INSIDE),
    (np.arctan, X), (np.asin, INSIDE), (np.acos, INSIDE), (np.atan, X), (np.sinc, X),
]  # fmt: skip
REAL: list[Any] = [(np.deg2rad, X), (np.rad2deg, X), (np.degrees, X), (np.radians, X)]


def name(x: Any) -> str | None:
    return getattr(x, "__name__", "" if isinstance(x, np.ndarray) else None)


@pytest.mark.parametrize(("f", "x"), COMPLEX + REAL, ids=name)
def test_real(f: Any, x: Any) -> None:
    check(f, x)
    check(f, np.asfortranarray(x)[::-1, ::2])
    check(f, np.array(x[0, 0]))
    check(f, np.float64(x[0, 1]))
    check(f, float(x[1, 1]))
    check(f, np.zeros((0, 3)))


@pytest.mark.parametrize(("f", "x"), COMPLEX, ids=name)
def test_complex(f: Any, x: Any) -> None:
    check(f, x + 1j * INSIDE)
    check(f, (x + 0.3j).T[::2])
    z = (x + 1j * INSIDE).astype(np.complex64)
    y, pullback = vjp(f, z)
    assert y.dtype == pullback(np.ones_like(y))[0].dtype == np.complex64


@pytest.mark.parametrize(("f", "x"), COMPLEX, ids=name)
def test_against_a_complex_step(f: Any, x: Any) -> None:
    """f'(x) = Im f(x + ih)/h without cancellation."""
    expected = np.imag(f(x + 1e-30j)) * 1e30
    np.testing.assert_allclose(elementwise_grad(f)(x), expected, rtol=1e-12)
    _, tangent = jvp(f, (x,), (np.ones_like(x),))
    np.testing.assert_allclose(tangent, expected, rtol=1e-12)


@pytest.mark.parametrize(("f", "x"), COMPLEX + REAL, ids=name)
def test_python_floats_stay_python_floats(f: Any, x: Any) -> None:
    v = Variable(float(x[0, 0]))
    y = f(v)
    assert y.value.__class__ is float
    y.backward()
    assert v.adjoint.__class__ is float
    assert v.adjoint == pytest.approx(elementwise_grad(f)(x)[0, 0], rel=1e-14)


@pytest.mark.parametrize("f", [np.arcsin, np.arccos], ids=name)
def test_arcsin_at_and_near_the_ends(f: Any) -> None:
    sign = 1 if f is np.arcsin else -1
    with np.errstate(divide="ignore"):
        for x in (1.0, np.array(1.0)):
            assert grad(f)(x) == sign * np.inf
    x = 1 - 2.0**-50
    assert grad(f)(x) == pytest.approx(sign / math.sqrt(2.0**-50 * (2 - 2.0**-50)), rel=1e-14)
    check(f, np.array([2 + 0.5j, -2 - 0.5j, 0.1 + 3j]))


# -- of two arguments -----------------------------------------------------------------------------


@pytest.mark.parametrize("f", [np.hypot, np.arctan2, np.atan2], ids=name)
def test_of_two_arguments(f: Any) -> None:
    check(f, FAR, X)
    check(f, X[:, :1], FAR[0])
    check(f, FAR[::-1, ::2], np.asfortranarray(X)[:, 1::2])
    check(f, 0.3, FAR)
    check(f, np.float64(-0.3), FAR)
    check(f, 0.3, -0.7)
    check(lambda x: f(x, 2), FAR)
    check(lambda x: f(x, np.array([1, 2, 3, 4])), FAR)
    check(lambda x: f(2, x), 0.7)
    assert f(Variable(0.3), 2.0).value.__class__ is float
    assert f(Variable(FAR.astype(np.float32)), 2.0).dtype == np.float32


def test_origin() -> None:
    zeros = np.zeros(2)
    for f in (np.hypot, np.arctan2):
        for adjoint in vjp(f, zeros, zeros)[1](np.ones(2)):
            np.testing.assert_array_equal(adjoint, 0)
        assert vjp(f, 0.0, 0.0)[1](1.0) == (0.0, 0.0)
        second = hvp(lambda v: np.sum(f(v, zeros)), np.array([0.0, 1.0]), np.ones(2))  # noqa: B023
        assert np.all(np.isfinite(second))


def test_hypot_and_arctan2_of_extreme_numbers() -> None:
    """x² + y² would overflow or vanish."""
    for scale in (1e-200, 1e200):
        x, y = vjp(np.hypot, 3 * scale, 4 * scale)[1](1.0)
        assert (x, y) == pytest.approx((0.6, 0.8), rel=1e-14)
        y, x = vjp(np.arctan2, 3 * scale, 4 * scale)[1](1.0)
        assert (y * scale, x * scale) == pytest.approx((0.16, -0.12), rel=1e-14)


# -- unwrap ---------------------------------------------------------------------------------------

PHASES = np.array([0.1, 2.5, 5.9, 0.4, 3.9, 0.9])


@pytest.mark.parametrize(
    ("label", "f", "x"),
    [
        ("plain", np.unwrap, PHASES),
        ("axis", lambda p: np.unwrap(p, axis=0), PHASES.reshape(3, 2)),
        ("positional", lambda p: np.unwrap(p, None, 0), PHASES.reshape(3, 2)),
        ("discont", lambda p: np.unwrap(p, discont=4.0), PHASES),
        ("period", lambda p: np.unwrap(p, period=3.0), PHASES),
    ],
)
def test_unwrap(label: str, f: Any, x: Any) -> None:
    check(f, x)
    np.testing.assert_array_equal(elementwise_grad(f)(x), np.ones_like(x))


# -- sinc -----------------------------------------------------------------------------------------


def sinc_derivatives(x: float) -> tuple[float, float]:
    """First and second derivative by the series in exact order, good for |x| < 1."""
    first = second = 0.0
    for k in range(30, 0, -1):
        c = (-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k + 1)
        first += c * 2 * k * x ** (2 * k - 1)
        second += c * 2 * k * (2 * k - 1) * x ** (2 * k - 2)
    return first, second


@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-10, 1e-6, 1e-3, 0.05, 0.3, 0.62, 0.65, 0.9, -0.4])
def test_sinc_near_zero(x: float) -> None:
    first, second = sinc_derivatives(x)
    for kind in (float, np.array):
        assert grad(np.sinc)(kind(x)) == pytest.approx(first, rel=1e-12, abs=1e-300)
        assert grad(grad(np.sinc))(kind(x)) == pytest.approx(second, rel=2e-12)


def test_sinc_at_zero() -> None:
    assert grad(np.sinc)(0.0) == 0.0
    assert grad(grad(np.sinc))(0.0) == pytest.approx(-(math.pi**2) / 3, rel=1e-15)
    np.testing.assert_array_equal(elementwise_grad(np.sinc)(np.zeros(3)), 0)


def test_sinc_far_from_zero_and_to_third_order() -> None:
    check(np.sinc, np.array([-7.3, 2.2, 11.9]))
    check_grads(np.sinc, (np.array([-2.3, -0.4, 0.0, 0.01, 1.1]),), order=3)
