"""Fourier transforms: lengths odd and even, cut and padded, all normalisations, all axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape, Variable, grad, jacobian

from ..helpers import check

rng = np.random.default_rng(0)
NORMS = [None, "backward", "ortho", "forward"]


def a(*shape: int) -> Any:
    return rng.standard_normal(shape)


def c(*shape: int) -> Any:
    return a(*shape) + 1j * a(*shape)


def to_real(f: Any) -> bool:
    return "irfft" in f.__name__ or f.__name__ == "hfft"


def from_real(f: Any) -> bool:
    return f.__name__.startswith("rfft") or f.__name__ == "ihfft"


ONE = [np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft]


@pytest.mark.parametrize("n", [None, 1, 2, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("f", ONE, ids=lambda f: f.__name__)
def test_length(f: Any, n: int | None) -> None:
    for m in (4, 5):
        check(lambda x: f(x, n), a(m))
        if not from_real(f):
            check(lambda x: f(x, n=n), c(2, m))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("f", ONE, ids=lambda f: f.__name__)
def test_norm(f: Any, norm: Any) -> None:
    for n in (None, 3, 6):
        x = a(3, 4) if from_real(f) else c(3, 4)
        check(lambda x, n=n: f(x, n, norm=norm), x)
        check(lambda x, n=n: f(x, n, 0, norm), x)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
@pytest.mark.parametrize("f", ONE, ids=lambda f: f.__name__)
def test_axis(f: Any, axis: int) -> None:
    x = a(2, 3, 4) if from_real(f) else c(2, 3, 4)
    check(lambda x: f(x, axis=axis), x)
    check(lambda x: f(x, 3, axis), np.asfortranarray(x)[::-1])


def test_short_signals() -> None:
    for f in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.ihfft):
        check(f, a(1))
    for f in (np.fft.irfft, np.fft.hfft):
        check(f, c(2))
        with pytest.raises(ValueError, match="Invalid number of FFT data points"):
            f(Variable(c(1)))
        check(lambda x, f=f: f(x, 1), c(1))
    check(np.fft.fft, a(0, 3))


MANY = [
    np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn,
    np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2,
]  # fmt: skip


@pytest.mark.parametrize("f", MANY, ids=lambda f: f.__name__)
def test_several_axes(f: Any) -> None:
    x = a(2, 3, 4) if from_real(f) else c(2, 3, 4)
    check(f, x, order=1)
    check(lambda x: f(x, axes=(0, 1)), x)
    check(lambda x: f(x, axes=(2, 0)), x)
    check(lambda x: f(x, axes=(1,)), x)
    check(lambda x: f(x, (5, 3), (0, 2)), x)
    check(lambda x: f(x, (2, -1), (1, 2)), x)
    check(lambda x: f(x, s=(2, 2), axes=(1, 1)), x)
    for norm in NORMS:
        check(lambda x, norm=norm: f(x, norm=norm), x, order=1)
    with pytest.raises(ValueError, match="different lengths"):
        f(Variable(x), (2,), (0, 1))


@pytest.mark.filterwarnings("ignore:.axes. should not be .None:DeprecationWarning")
def test_lengths_without_axes() -> None:
    check(lambda x: np.fft.fftn(x, (2, 5)), c(2, 3, 4))
    check(lambda x: np.fft.irfftn(x, (2, 5)), c(2, 3, 4))


@pytest.mark.parametrize("f", [np.fft.fftshift, np.fft.ifftshift], ids=lambda f: f.__name__)
def test_shift(f: Any) -> None:
    check(f, a(5))
    check(f, c(3, 4))
    check(lambda x: f(x, 0), a(3, 4))
    check(lambda x: f(x, axes=(0, -1)), a(3, 2, 5))


def test_errors() -> None:
    v = Variable(a(4))
    with pytest.raises(TypeError, match="out="):
        np.fft.fft(v, out=np.zeros(4, complex))
    with pytest.raises(ValueError, match="Invalid norm value"):
        np.fft.fft(v, norm="other")
    with pytest.raises(np.exceptions.AxisError):
        np.fft.fft(v, axis=1)
    with pytest.raises(TypeError):
        np.fft.rfft(Variable(c(4)))


def test_precision_is_kept() -> None:
    x = Variable(np.ones(4, np.float32))
    y = np.fft.rfft(x)
    assert y.dtype == np.complex64
    assert np.fft.irfft(y).dtype == np.float32
    g = grad(lambda x: np.sum(np.abs(np.fft.irfft(np.fft.rfft(x, 6), 5)) ** 2))(x.value)
    assert g.dtype == np.float32


def test_the_jacobian_is_the_matrix() -> None:
    n = 5
    k = np.arange(n)
    w = np.exp(-2j * np.pi * np.outer(k, k) / n)
    j = jacobian(np.fft.fft)(np.zeros(n, complex))
    np.testing.assert_allclose(j, w, atol=1e-12)
    half = np.stack([jacobian(lambda x, p=part: p(np.fft.rfft(x)))(np.zeros(n))
                     for part in (np.real, np.imag)])  # fmt: skip
    np.testing.assert_allclose(half[0] + 1j * half[1], w[:3], atol=1e-12)


def test_energy() -> None:
    """Parseval: Σ|fft(x)|² = n·Σ|x|², so the gradient is 2·n·x; through the half spectrum too."""
    for n in (6, 7):
        x = a(n)
        g = grad(lambda x: np.sum(np.real(np.fft.fft(x) * np.conj(np.fft.fft(x)))))(x)
        np.testing.assert_allclose(g, 2 * n * x, rtol=1e-12)
        g = grad(lambda x, n=n: np.sum(np.fft.irfft(np.fft.rfft(x), n) ** 2))(x)
        np.testing.assert_allclose(g, 2 * x, rtol=1e-12)


def test_convolution_theorem() -> None:
    x, h = a(8), a(8)
    g = grad(lambda x: np.sum(np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(h)) * h))(x)
    shifts = np.stack([np.roll(h, i) for i in range(8)])
    np.testing.assert_allclose(g, shifts @ h, rtol=1e-10)


def test_one_entry_per_axis() -> None:
    x = Variable(a(2, 4))
    with Tape() as tape:
        np.fft.rfft2(x)
    assert len(tape) == 3


def test_frequencies_are_untouched() -> None:
    np.testing.assert_array_equal(np.fft.fftfreq(4), [0, 0.25, -0.5, -0.25])
