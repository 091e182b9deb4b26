"""Exponentials, logarithms, roots, hyperbolic functions, and the Bessel function I₀."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, elementwise_grad, grad, jvp, vjp
from autograd_tape.primitives.exponential import sigmoid
from autograd_tape.testing import check_grads

from ..helpers import check

rng = np.random.default_rng(1)
X = rng.uniform(-1.5, 1.5, (3, 4))
ABOVE = rng.uniform(1.2, 2.5, (3, 4))
INSIDE = rng.uniform(-0.8, 0.8, (3, 4))

COMPLEX: list[Any] = [
    (np.exp, X), (np.exp2, X), (np.expm1, X), (np.log, ABOVE), (np.log2, ABOVE), (np.log10, ABOVE),
    (np.log1p, INSIDE), (np.sqrt, ABOVE), (np.sinh, X), (np.cosh, X), (np.tanh, X), (np.arcsinh, X),
    (np.arccosh, ABOVE), (np.arctanh, INSIDE), (np.asinh, X), (np.acosh, ABOVE), (np.atanh, INSIDE),
]  # fmt: skip
REAL: list[Any] = [(np.cbrt, ABOVE), (np.cbrt, -ABOVE), (np.i0, X), (np.i0, 6 * ABOVE)]


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


@pytest.mark.parametrize(("f", "x"), COMPLEX + REAL[:2], ids=name)
def test_python_floats_stay_python_floats(f: Any, x: Any) -> None:
    v = Variable(float(x[0, 0]))
    y = f(v)
    assert y.value.__class__ is float
    y.backward()
    assert v.adjoint.__class__ is float
    expected = elementwise_grad(f)(x)[0, 0]
    assert v.adjoint == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("f", "at", "value", "derivative"),
    [
        (np.log, 0.0, -np.inf, np.inf), (np.log2, 0.0, -np.inf, np.inf),
        (np.log10, 0.0, -np.inf, np.inf), (np.log1p, -1.0, -np.inf, np.inf),
        (np.sqrt, 0.0, 0.0, np.inf), (np.cbrt, 0.0, 0.0, np.inf), (np.arctanh, 1.0, np.inf, np.inf),
        (np.arccosh, 1.0, 0.0, np.inf), (np.exp, 1000.0, np.inf, np.inf),
        (np.exp, -1000.0, 0.0, 0.0), (np.tanh, 1000.0, 1.0, 0.0), (np.cosh, 1000.0, np.inf, np.inf),
    ],
)  # fmt: skip
def test_ends_of_the_domain(f: Any, at: float, value: float, derivative: float) -> None:
    with np.errstate(all="ignore"):
        for x in (at, np.float64(at), np.array(at), np.float32(at)):
            y = f(Variable(x))
            assert y.value == value
            y.backward()
            assert grad(f)(x) == derivative


def test_branches_of_arccosh() -> None:
    """√(z²-1) has the wrong sign left of the imaginary axis."""
    z = np.array([-2 + 0.5j, -0.3 - 1j, 2 + 1j, 0.1 + 3j])
    for f in (np.arccosh, np.arcsinh, np.arctanh):
        check(f, z)


# -- sums in the log domain -----------------------------------------------------------------------


@pytest.mark.parametrize("f", [np.logaddexp, np.logaddexp2], ids=name)
def test_logaddexp(f: Any) -> None:
    check(f, X, ABOVE)
    check(f, X[:, :1], ABOVE)
    check(f, ABOVE[0], X)
    check(f, 0.3, X)
    check(f, 0.3, -0.7)
    check(lambda x: f(x, 0.0), X)
    check(lambda x: f(x, 0), 0.3)
    check(lambda x: f(np.array([1, 2, 3, 4]), x), X, float32=False)
    assert f(Variable(np.float32(0.3)), 0.0).dtype == np.float32
    assert f(Variable(0.3), 0.0).value.__class__ is float


@pytest.mark.parametrize("f", [np.logaddexp, np.logaddexp2], ids=name)
def test_logaddexp_of_infinities(f: Any) -> None:
    inf = np.inf
    x = np.array([-inf, -inf, 0.0, inf, inf, 0.0, inf, 1.0])
    y = np.array([-inf, 0.0, -inf, inf, 0.0, inf, -inf, 1.0])
    expected = [0.5, 0, 1, 0.5, 1, 0, 1, 0.5]
    to_x, to_y = vjp(f, x, y)[1](np.ones(8))
    np.testing.assert_array_equal(to_x, expected)
    np.testing.assert_array_equal(to_y, 1 - np.array(expected))
    second = elementwise_grad(elementwise_grad(lambda v: f(v, y)))(x)
    assert np.all(np.isfinite(second))
    for a, b, e in zip(x.tolist(), y.tolist(), expected, strict=True):
        assert f(Variable(a), b).value == f(a, b)
        assert vjp(f, a, b)[1](1.0) == (e, 1 - e)
    narrow = vjp(f, x.astype(np.float32), y.astype(np.float32))[1](np.ones(8, np.float32))
    assert narrow[0].dtype == np.float32
    with np.errstate(invalid="ignore"):
        assert np.isnan(vjp(f, np.nan, 1.0)[1](1.0)[0])


def test_softplus_is_stable() -> None:
    x = np.array([-800.0, -40.0, 0.0, 40.0, 800.0])
    value = elementwise_grad(lambda v: np.logaddexp(v, 0.0))(x)
    np.testing.assert_allclose(value, [0, math.exp(-40), 0.5, 1, 1], rtol=1e-15)


def test_sigmoid() -> None:
    check(sigmoid, X)
    check(sigmoid, X + 1j * INSIDE)
    check(sigmoid, 0.3)
    check(sigmoid, np.array(0.3))
    check(sigmoid, np.zeros((0, 3)))
    x = np.array([-1000.0, -700.0, -40.0, 0.0, 40.0, 1000.0, np.inf, -np.inf])
    expected = [0, math.exp(-700), math.exp(-40), 0.5, 1, 1, 1, 0]
    np.testing.assert_allclose(sigmoid(x), expected, rtol=1e-15)
    for a, e in zip(x.tolist(), expected, strict=True):
        assert sigmoid(Variable(a)).value == pytest.approx(e, rel=1e-14)
    np.testing.assert_array_equal(elementwise_grad(sigmoid)(x)[[0, 3, 5, 6, 7]], [0, 0.25, 0, 0, 0])
    assert sigmoid(np.array([1, 2])).dtype == np.float64
    x.setflags(write=False)
    sigmoid(Variable(x.astype(np.float32)))


# -- Bessel function ------------------------------------------------------------------------------


def test_i0_against_the_power_series() -> None:
    """I₀(x) = Σ (x/2)^2k / k!², differentiated term by term."""
    x = np.array([-9.0, -2.0, -1e-8, 0.0, 1e-8, 0.5, 1.0, 3.75, 8.0, 9.0, 20.0])
    k = np.arange(1.0, 80.0)
    log_factorials = np.cumsum(np.log(k))
    terms = np.exp(-2 * log_factorials[:, None] - 2 * k[:, None] * math.log(2))
    k = k[:, None]
    first = np.sum(terms * 2 * k * x ** (2 * k - 1), axis=0)
    second = np.sum(terms * 2 * k * (2 * k - 1) * x ** (2 * k - 2), axis=0)
    np.testing.assert_allclose(elementwise_grad(np.i0)(x), first, rtol=1e-12)
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(np.i0))(x), second, rtol=1e-12)


def test_i0_of_large_arguments() -> None:
    """I₁/I₀ → 1 - 1/(2x) - 1/(8x²) - 1/(8x³)."""
    x = np.array([300.0, 500.0, 700.0])
    ratio = elementwise_grad(np.i0)(x) / np.i0(x)
    np.testing.assert_allclose(ratio, 1 - 1 / (2 * x) - 1 / (8 * x**2) - 1 / (8 * x**3), rtol=1e-9)


def test_i0_is_differentiable_to_third_order() -> None:
    check_grads(np.i0, (X,), order=3)
    assert grad(np.i0)(0.0) == 0.0
    assert grad(grad(np.i0))(0.0) == pytest.approx(0.5, rel=1e-14)
