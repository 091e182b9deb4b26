"""Real and imaginary parts, conjugates, angles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, vjp

from ..helpers import check

rng = np.random.default_rng(3)
X = rng.uniform(0.3, 2.0, (3, 4))
Z = X + 1j * rng.uniform(0.3, 2.0, (3, 4))

PARTS: list[Any] = [np.real, np.imag, np.conj, np.conjugate, np.angle, np.real_if_close]


@pytest.mark.parametrize("f", PARTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "x",
    [X, -X, Z, -Z, np.asfortranarray(Z)[::-1, ::2], np.array(0.3 - 2j), np.float64(0.3), 0.3, -0.3,
     np.zeros((0, 3)), np.zeros((2, 0), complex)],
    ids=["real", "negative", "complex", "other-half", "strides", "0-d", "np-float", "float",
         "negative-float", "empty", "empty-complex"],
)  # fmt: skip
def test_parts(f: Any, x: Any) -> None:
    check(f, x)


@pytest.mark.parametrize("f", PARTS, ids=lambda f: f.__name__)
def test_precision(f: Any) -> None:
    for x in (X.astype(np.float32), Z.astype(np.complex64)):
        y, pullback = vjp(f, x)
        assert y.dtype == f(x).dtype
        assert pullback(np.ones_like(y))[0].dtype == x.dtype


def test_convention() -> None:
    """The adjoint of z = x + iy is ∂f/∂x - i·∂f/∂y."""
    z = np.array([1 + 2j])
    one = np.ones(1)
    assert vjp(np.real, z)[1](one)[0] == 1
    assert vjp(np.imag, z)[1](one)[0] == -1j
    assert vjp(np.conj, z)[1](np.array([2 + 3j]))[0] == 2 - 3j
    assert vjp(np.angle, z)[1](one)[0] == pytest.approx(-0.4 - 0.2j)
    assert vjp(np.abs, z)[1](one)[0] == pytest.approx((1 - 2j) / np.sqrt(5))


def test_attributes_and_keywords() -> None:
    z = Variable(Z)
    np.testing.assert_array_equal(z.real.value, Z.real)
    np.testing.assert_array_equal(z.imag.value, Z.imag)
    np.testing.assert_array_equal(z.conj().value, Z.conj())
    np.testing.assert_array_equal(z.conjugate().value, Z.conj())
    np.testing.assert_array_equal(np.real(val=z).value, Z.real)
    np.testing.assert_array_equal(np.imag(val=z).value, Z.imag)


def test_angle_in_degrees() -> None:
    for x in (Z, -X, X, 0.3):
        check(lambda z: np.angle(z, deg=True), x)
        check(lambda z: np.angle(z, True), x)
        check(lambda z: np.angle(z=z), x)


def test_angle_of_real_numbers_has_adjoint_zero() -> None:
    x = np.array([-2.0, 0.0, 3.0])
    y, pullback = vjp(np.angle, x)
    np.testing.assert_array_equal(y, [np.pi, 0, 0])
    np.testing.assert_array_equal(pullback(np.ones(3))[0], 0)


def test_real_if_close() -> None:
    near = X + 1e-15j
    assert np.real_if_close(Variable(near)).dtype == np.float64
    assert np.real_if_close(Variable(Z)).dtype == np.complex128
    assert np.real_if_close(Variable(near), tol=2).dtype == np.complex128
    assert np.real_if_close(Variable(Z), tol=1e20).dtype == np.float64
    (adjoint,) = vjp(np.real_if_close, near)[1](np.ones_like(X))
    assert adjoint.dtype == np.complex128
