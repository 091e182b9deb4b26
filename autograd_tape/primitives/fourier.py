"""Discrete Fourier transforms: four linear primitives along one axis, and all others from them.

In n dimensions NumPy transforms one axis after the other, and so does the tape.  With
w = exp(-2πi/n), of x cut or zero-padded to length n:

    fft   y[k] = Σ_j w^(jk) x[j],  k < n            ifft  x[j] = 1/n Σ_k w^(-jk) y[k]
    rfft  the same for real x and k <= n/2 only     irfft of such a half: each bin but the first
                                                    (and for even n the last) counts for two
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import define, functions, implements, no_out
from ..primitive import Primitive
from .einsum import array
from .indexing import put
from .samples import both, calls, real

_SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _swapped(norm: str | None) -> str:
    """The normalisation under which the inverse transform is scaled like this one."""
    try:
        return _SWAPPED[norm]
    except KeyError:
        raise ValueError(
            f"Invalid norm value {norm}; should be 'backward', 'ortho' or 'forward'."
        ) from None


def _resized(x: Any, n: int, axis: int) -> Any:
    """Cut or zero-pad ``axis`` (not negative) to length n: its own transpose."""
    have = x.shape[axis]
    if have == n:
        return x
    index = (slice(None),) * axis + (slice(0, min(n, have)),)
    if have > n:
        return x[index]
    return put(x, index=index, shape=(*x.shape[:axis], n, *x.shape[axis + 1 :]))


def _doubling(bins: int, n: int, x: Any, axis: int) -> Any:
    """How many of the n frequencies each of the bins of a half spectrum stands for: 1 or 2.

    In the precision of ``x``, along its ``axis``.
    """
    m = np.full(bins, 2, np.finfo(x.dtype).dtype)
    m[0] = 1
    if n % 2 == 0:
        m[-1] = 1
    return m.reshape((bins,) + (1,) * (x.ndim - 1 - axis))


def _complex_sample(rng: np.random.Generator) -> Any:
    for n, norm in ((5, None), (4, "ortho"), (7, "forward")):
        yield from both((2, 5), n=n, axis=1, norm=norm)(rng)
    yield from both((4, 2, 3), n=4, axis=0, norm=None)(rng)


def _fft_vjp(ct: Any, output: Any, x: Any, *, n: int, axis: int, norm: Any) -> Any:
    return _resized(_fft(ct, n=n, axis=axis, norm=norm), x.shape[axis], axis)  # w^(jk) = w^(kj)


_fft = define(
    lambda x, *, n, axis, norm: np.fft.fft(x, n, axis, norm),
    name="fft",
    vjp=_fft_vjp,
    linear=(0,),
    sample=_complex_sample,
)


def _ifft_vjp(ct: Any, output: Any, x: Any, *, n: int, axis: int, norm: Any) -> Any:
    return _resized(_ifft(ct, n=n, axis=axis, norm=norm), x.shape[axis], axis)


_ifft = define(
    lambda x, *, n, axis, norm: np.fft.ifft(x, n, axis, norm),
    name="ifft",
    vjp=_ifft_vjp,
    linear=(0,),
    sample=_complex_sample,
)


def _rfft_vjp(ct: Any, output: Any, x: Any, *, n: int, axis: int, norm: Any) -> Any:
    """x̄[j] = Re Σ_k w^(jk) ct[k]: an irfft of the conjugate, its doubled bins halved before."""
    half = np.conjugate(ct) / _doubling(ct.shape[axis], n, ct, axis)
    g = _irfft(half, n=n, axis=axis, norm=_swapped(norm))
    return _resized(g, x.shape[axis], axis)


_rfft = define(
    lambda x, *, n, axis, norm: np.fft.rfft(x, n, axis, norm),
    name="rfft",
    vjp=_rfft_vjp,
    linear=(0,),
    sample=calls(
        real((2, 5), n=5, axis=1, norm=None), real((2, 5), n=4, axis=1, norm="ortho"),
        real((2, 5), n=8, axis=1, norm="forward"), real((6, 2), n=6, axis=0, norm=None),
        real((3,), n=1, axis=0, norm=None), real((3,), n=2, axis=0, norm=None),
    ),
)  # fmt: skip


def _irfft_vjp(ct: Any, output: Any, x: Any, *, n: int, axis: int, norm: Any) -> Any:
    """ȳ[k] = m[k] Σ_j w^(-jk) ct[j], where bin k stands for m[k] frequencies."""
    g = np.conjugate(_rfft(ct, n=n, axis=axis, norm=_swapped(norm)))
    g = g * _doubling(n // 2 + 1, n, ct, axis)
    return _resized(g, x.shape[axis], axis)


_irfft = define(
    lambda x, *, n, axis, norm: np.fft.irfft(x, n, axis, norm),
    name="irfft",
    vjp=_irfft_vjp,
    linear=(0,),
    sample=calls(
        both((2, 4), n=6, axis=1, norm=None), both((2, 4), n=7, axis=1, norm="ortho"),
        both((2, 4), n=5, axis=1, norm="forward"), both((3, 2), n=8, axis=0, norm=None),
        both((1,), n=1, axis=0, norm=None), both((3,), n=2, axis=0, norm=None),
    ),
)  # fmt: skip


def _along(p: Primitive, a: Any, n: Any, axis: int, norm: Any, out: Any, name: str) -> Any:
    """One transform along one axis; n defaults to the length, or to that of the whole of a half."""
    if out is not None:
        no_out(f"fft.{name}")
    _swapped(norm)
    a = array(a)
    if not -a.ndim <= axis < a.ndim:
        raise np.exceptions.AxisError(axis, a.ndim)
    axis %= a.ndim
    if n is None:
        n = 2 * (a.shape[axis] - 1) if p is _irfft else a.shape[axis]
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    return p(a, n=int(n), axis=axis, norm=norm)


@implements(np.fft.fft)
def fft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    return _along(_fft, a, n, axis, norm, out, "fft")


@implements(np.fft.ifft)
def ifft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    return _along(_ifft, a, n, axis, norm, out, "ifft")


@implements(np.fft.rfft)
def rfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    return _along(_rfft, a, n, axis, norm, out, "rfft")


@implements(np.fft.irfft)
def irfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    return _along(_irfft, a, n, axis, norm, out, "irfft")


@implements(np.fft.hfft)
def hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """The real spectrum of a Hermitian signal, given its non-negative half."""
    return _along(_irfft, np.conjugate(array(a)), n, axis, _swapped(norm), out, "hfft")


@implements(np.fft.ihfft)
def ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    return np.conjugate(_along(_rfft, a, n, axis, _swapped(norm), out, "ihfft"))


# -- several axes ----------------------------------------------------------------------------------


def _lengths(a: Any, s: Any, axes: Any, half: bool) -> list[tuple[int, int]]:
    """(axis, length) pairs in the order given; the last length is of the whole of a half."""
    if axes is None:
        axes = range(-(a.ndim if s is None else len(s)), 0)
    axes = [int(i) for i in axes]
    if s is None:
        s = [a.shape[i] for i in axes]
        if half:
            s[-1] = 2 * (s[-1] - 1)
    if len(s) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return [(i, a.shape[i] if n is None or n == -1 else n) for i, n in zip(axes, s, strict=True)]


def _chain(p: Primitive, last: Primitive, name: str, default: Any) -> Any:
    """The n-dimensional transform: ``last`` along the last axis and ``p`` along the others.

    Like NumPy's it starts at the last axis, except the inverse real one, which ends there.
    """

    def transform(
        a: Any, s: Any = None, axes: Any = default, norm: Any = None, out: Any = None
    ) -> Any:
        a = array(a)
        pairs = _lengths(a, s, axes, last is _irfft)
        if not pairs and last is not p:
            raise IndexError(f"np.fft.{name} needs at least one axis")
        steps = [(p, *pair) for pair in pairs[:-1]] + [(last, *pair) for pair in pairs[-1:]]
        for q, axis, n in steps if last is _irfft else reversed(steps):
            a = _along(q, a, n, axis, norm, out, name)
        return a

    transform.__name__ = name
    return transform


_ALL, _TWO = None, (-2, -1)
for _function, _rest, _last, _default in (
    (np.fft.fftn, _fft, _fft, _ALL),
    (np.fft.ifftn, _ifft, _ifft, _ALL),
    (np.fft.rfftn, _fft, _rfft, _ALL),
    (np.fft.irfftn, _ifft, _irfft, _ALL),
    (np.fft.fft2, _fft, _fft, _TWO),
    (np.fft.ifft2, _ifft, _ifft, _TWO),
    (np.fft.rfft2, _fft, _rfft, _TWO),
    (np.fft.irfft2, _ifft, _irfft, _TWO),
):
    functions[_function] = _chain(_rest, _last, _function.__name__, _default)


def _shift(x: Any, axes: Any, sign: int) -> Any:
    axes = range(x.ndim) if axes is None else (axes,) if np.ndim(axes) == 0 else axes
    axes = tuple(int(i) for i in axes)
    return np.roll(x, tuple(sign * (x.shape[i] // 2) for i in axes), axes)


@implements(np.fft.fftshift)
def fftshift(x: Any, axes: Any = None) -> Any:
    """The zero frequency goes to the middle."""
    return _shift(array(x), axes, 1)


@implements(np.fft.ifftshift)
def ifftshift(x: Any, axes: Any = None) -> Any:
    return _shift(array(x), axes, -1)
