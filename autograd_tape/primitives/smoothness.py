"""How far operands are from where a function is not smooth: the vocabulary of ``kinks=``.

A distance d promises that a step h < d along any direction, in which no operand's element moves
faster than 1, stays within one smooth branch.  So the difference of two moving elements closes
twice as fast as one of them moves, and a matrix of n×n elements, moved by h each, moves by n·h in
its 2-norm.  Integers are constants: they cannot be Variables.

Values are plain floats, complex numbers and arrays of them.  Every definition here is made by
``guarded``, which sees to operands that are empty (inf) or not finite (0) and to warnings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Kinks", "away_from", "beyond_rounding", "difference", "domain", "gaps", "guarded",
           "moving", "nearest", "never", "nonpositive_integers", "of", "ordered", "outside_cut",
           "poles", "runner_up", "smallest_singular_value", "toward_constant",
           "toward_zero"]  # fmt: skip

Kinks = Callable[..., Any]


def guarded(f: Kinks, *, finite: int | None = None) -> Kinks:
    """``f(*args, **params)`` as a distance: 0 for nan, and where an operand is not finite.

    finite  look only at so many operands, counted from the first (None: at all of them)
    """

    def kinks(*args: Any, **params: Any) -> Any:
        values = [x if x is None else np.asarray(x) for x in args]
        if any(x is not None and not x.size for x in values):
            return np.inf
        if not all(x is None or np.isfinite(x).all() for x in values[:finite]):
            return 0.0
        with np.errstate(all="ignore"):
            d = np.asarray(f(*values, **params), float)
            return np.where(d > 0, d, 0.0)

    return kinks


def moving(x: Any) -> float:
    """1 for what may be a Variable's value, 0 for integers, which are constants."""
    return 0.0 if x is None or x.dtype.kind in "iub" else 1.0


def ordered(x: Any) -> Any:
    """What NumPy compares first: the real part (where that ties, complex numbers jump)."""
    return x.real if x.dtype.kind == "c" else x


# -- one operand, element by element --------------------------------------------------------------


def away_from(*points: float) -> Kinks:
    """|x - c| to the nearest of the points."""

    def kinks(x: Any, *others: Any, **params: Any) -> Any:
        d: Any = np.inf
        for c in points:
            d = np.minimum(d, abs(x - c))
        return d if moving(x) else np.where(d == 0, 0.0, np.inf)

    return guarded(kinks, finite=1)


def domain(low: float = -np.inf, high: float = np.inf) -> Kinks:
    """To the edges of the open interval (low, high) of real numbers; 0 outside."""
    return guarded(lambda x, *others, **params: np.minimum(x - low, high - x), finite=1)


def outside_cut(*rays: tuple[complex, complex]) -> Kinks:
    """To the nearest branch cut: rays given by where they start and the unit number they follow.

    For real x, which moves on the real axis, a cut on it is the edge of the domain, and one that
    starts elsewhere is never met.
    """

    def kinks(x: Any, *others: Any, **params: Any) -> Any:
        d: Any = np.full(x.shape, np.inf)
        for start, along in rays:
            if x.dtype.kind == "c" or complex(start).imag == 0:
                z = (x - start) / along
                d = np.minimum(d, np.where(z.real < 0, abs(z), abs(z.imag)))
        return d

    return guarded(kinks, finite=1)


def poles(period: float, offset: float = 0.0, along: complex = 1) -> Kinks:
    """To the nearest of ``offset + k·period``, for integers k, on the real or imaginary axis."""

    def kinks(x: Any, *others: Any, **params: Any) -> Any:
        if along != 1 and x.dtype.kind != "c":
            return np.inf
        z = x / along - offset
        return abs(z - np.rint(z.real / period) * period)

    return guarded(kinks, finite=1)


nonpositive_integers = guarded(  # the poles of the gamma function
    lambda x, *others, **params: abs(x - np.minimum(np.rint(x.real), 0)), finite=1
)


# -- combinations ---------------------------------------------------------------------------------


def of(i: int, kinks: Kinks) -> Kinks:
    """The ``kinks`` of operand ``i``."""
    return guarded(lambda *args, **params: kinks(args[i], **params))


def nearest(*several: Kinks) -> Kinks:
    """The least of several."""

    def kinks(*args: Any, **params: Any) -> Any:
        return min(np.min(k(*args, **params), initial=np.inf) for k in several)

    return kinks


never = guarded(lambda *args, **params: np.inf)  # smooth wherever operands are finite


# -- ties -----------------------------------------------------------------------------------------


@guarded
def difference(x: Any, y: Any, **params: Any) -> Any:
    """To a tie of x and y."""
    return abs(ordered(x) - ordered(y)) / (moving(x) + moving(y))


@guarded
def gaps(x: Any, *, axis: int = -1, **params: Any) -> Any:
    """To a tie of any two elements along ``axis``."""
    return np.diff(np.sort(ordered(x), axis=axis), axis=axis) / 2


def runner_up(sign: int, *, skip_nan: bool = False) -> Kinks:
    """From the winner of a reduction to its runner-up; sign 1 for the largest, -1 for the smallest.

    Elements that ``where`` leaves out do not run, ``initial`` runs without moving.
    """

    def kinks(
        x: Any, *, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True
    ) -> Any:
        x = sign * ordered(np.asarray(x))
        runs = np.isfinite(x) if skip_nan else np.ones(x.shape, bool)
        if np.isinf(x).any():
            return 0.0
        x = np.where(runs & where, x, -np.inf)
        axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        last = np.moveaxis(x, tuple(axes), tuple(range(-len(axes), 0)))
        rows = np.sort(last.reshape(*last.shape[: x.ndim - len(axes)], -1), axis=-1)
        top = rows[..., -1]
        second = rows[..., -2] if rows.shape[-1] > 1 else np.full(top.shape, -np.inf)
        d = np.where(top == -np.inf, np.inf, (top - second) / 2)
        if isinstance(initial, (int, float, complex, np.number)):
            fixed = sign * ordered(np.asarray(initial))
            d = np.where(fixed < top, np.minimum(d, top - fixed), fixed - top)
        return d

    return guarded(kinks, finite=0 if skip_nan else None)


# -- vectors and matrices -------------------------------------------------------------------------


@guarded
def toward_zero(x: Any, *, axis: Any = None, **params: Any) -> Any:
    """From each slice to 0, which is as far as its largest element."""
    return np.max(abs(x), axis=axis)


@guarded
def toward_constant(x: Any, *, axis: Any = None, where: Any = True, **params: Any) -> Any:
    """From each slice of more than one element to the nearest whose elements are all the same."""
    d: Any = 0.0
    options: dict[str, Any] = {"axis": axis, "where": where}
    for part in (x.real, x.imag) if x.dtype.kind == "c" else (x,):
        span = np.max(part, initial=-np.inf, **options) - np.min(part, initial=np.inf, **options)
        d = np.maximum(d, span / 2)
    return np.where(np.sum(np.broadcast_to(where, x.shape), axis=axis) > 1, d, np.inf)


def beyond_rounding(d: Any, a: Any) -> Any:
    """Distances (...) or (..., k) of matrices (..., m, n): 0 if they are nothing but rounding."""
    m, n = a.shape[-2:]
    eps = np.finfo(a.dtype if a.dtype.kind in "fc" else float).eps
    size = np.max(abs(a), axis=(-2, -1))
    if d.ndim > size.ndim:
        size = size[..., None]
    return np.where(d <= 8 * max(m, n) * eps * size, 0.0, d)


@guarded
def smallest_singular_value(a: Any, *others: Any, **params: Any) -> Any:
    """From each matrix (..., m, n) to one of lower rank."""
    m, n = a.shape[-2:]
    s = np.linalg.svd(a, compute_uv=False)[..., -1]
    return beyond_rounding(s, a) / math.sqrt(m * n)
