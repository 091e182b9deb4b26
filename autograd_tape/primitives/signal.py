"""Differences, quadrature, interpolation and convolution.

``diff`` and the full convolution are primitives; the rest is composed from them and from indexing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import asarray
from ..dispatch import define, implements
from ..variable import as_value
from .samples import both, calls

_NO_VALUE: Any = getattr(np, "_NoValue", None)  # NumPy's own "argument not given"


def _along(axis: int, *index: Any) -> tuple[Any, ...]:
    """An index that is ``index`` on ``axis`` (counted from the end if negative)."""
    return (*(slice(None),) * axis, *index) if axis >= 0 else (..., *index, *(slice(None),) * ~axis)


def _normal_axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim


# -- differences -----------------------------------------------------------------------------------


def _diff_vjp(ct: Any, output: Any, x: Any, *, n: int, axis: int) -> Any:
    """The transpose of a difference is minus the difference of ct with a zero at each end."""
    shape = list(x.shape)
    if shape[axis] <= n:
        return np.zeros(x.shape, ct.dtype)
    shape[axis] = n
    zeros = np.zeros(shape, ct.dtype)
    transposed = np.diff(np.concatenate([zeros, ct, zeros], axis), n, axis)
    return -transposed if n % 2 else transposed


_diff = define(
    lambda x, *, n, axis: np.diff(x, n, axis),
    name="diff",
    vjp=_diff_vjp,
    linear=(0,),
    sample=calls(
        both((3, 4), n=1, axis=1), both((5, 2), n=3, axis=0), both((3,), n=2, axis=0),
        both((2, 3), n=4, axis=1),
    ),
)  # fmt: skip


@implements(np.diff)
def diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = _NO_VALUE, append: Any = _NO_VALUE
) -> Any:
    """``np.diff``; prepend and append may be Variables too."""
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    if n == 0:
        return a
    ndim = np.ndim(a)
    if ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    axis = _normal_axis(axis, ndim)
    parts = [_edge(prepend, a, axis), a, _edge(append, a, axis)]
    parts = [part for part in parts if part is not _NO_VALUE]
    if len(parts) > 1:
        a = np.concatenate(parts, axis)
    return _diff(a, n=int(n), axis=axis)


def _edge(x: Any, a: Any, axis: int) -> Any:
    """What is joined to one end of ``a``; a scalar stands for a slab of length 1."""
    if x is _NO_VALUE or np.ndim(x) > 0:
        return x
    shape = list(np.shape(a))
    shape[axis] = 1
    return np.broadcast_to(x, tuple(shape))


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """``np.ediff1d``; what is put at the ends takes the dtype of ``ary``, as in NumPy."""
    difference = np.diff(np.ravel(ary))
    parts = [difference]
    for name, end in (("to_begin", to_begin), ("to_end", to_end)):
        if end is None:
            continue
        end = end if hasattr(end, "dtype") else np.asarray(end)
        if not np.can_cast(end.dtype, difference.dtype, "same_kind"):
            raise TypeError(
                f"np.ediff1d: {name} of dtype {end.dtype} cannot be joined to differences of dtype "
                f"{difference.dtype}; convert ary with astype"
            )
        end = np.ravel(end).astype(difference.dtype)
        parts = [end, *parts] if name == "to_begin" else [*parts, end]
    return np.concatenate(parts) if len(parts) > 1 else difference


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """``np.gradient``: second-order central differences inside, one-sided ones at both ends.

    f, and the spacings or coordinates in ``varargs``, may be Variables.
    """
    f = f if hasattr(f, "dtype") else np.asarray(f)
    ndim = np.ndim(f)
    if edge_order not in (1, 2):
        raise ValueError("'edge_order' greater than 2 not supported")
    wanted: Any = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = [_normal_axis(i, ndim) for i in wanted]
    if not varargs:
        varargs = (1.0,)
    if len(varargs) == 1 and np.ndim(varargs[0]) == 0:
        varargs = varargs * len(axes)
    if len(varargs) != len(axes):
        raise TypeError(
            f"np.gradient: {len(varargs)} spacings for {len(axes)} axes; give none, one scalar, "
            "or one scalar or coordinate array per axis"
        )
    dtype = np.result_type(f) if np.result_type(f).kind in "fc" else np.dtype(float)
    results = []
    for i, spacing in zip(axes, varargs, strict=True):
        n = f.shape[i]
        if n < edge_order + 1:
            raise ValueError(
                "Shape of array too small to calculate a numerical gradient, at least "
                f"(edge_order + 1) elements are required; axis {i} has {n}"
            )
        slope = _slopes(f, _spacing(spacing, n, ndim, i), i, edge_order)
        results.append(slope if np.result_type(slope) == dtype else slope.astype(dtype))
    if len(axes) == 1:
        return results[0]
    return tuple(results)


def _spacing(spacing: Any, n: int, ndim: int, axis: int) -> Any:
    """A scalar step, or the n-1 steps between coordinates, shaped to broadcast along ``axis``."""
    if np.ndim(spacing) == 0:
        return spacing
    if np.ndim(spacing) != 1:
        raise ValueError("distances must be either scalars or 1d")
    if np.shape(spacing) != (n,):
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    spacing = spacing if hasattr(spacing, "dtype") else np.asarray(spacing)
    shape = [1] * ndim
    shape[axis] = n - 1
    return np.reshape(np.diff(spacing), tuple(shape))


def _slopes(f: Any, step: Any, axis: int, edge_order: int) -> Any:
    """Slopes along ``axis``: the parabola's through three neighbours, exact for uneven steps."""

    def at(x: Any, start: int | None, stop: int | None) -> Any:
        return x[_along(axis, slice(start, stop))] if np.ndim(x) else x

    parts = []
    steep = (at(f, 1, None) - at(f, None, -1)) / step  # one slope per interval
    left, right = at(steep, None, -1), at(steep, 1, None)
    before, after = at(step, None, -1), at(step, 1, None)
    if np.ndim(step):
        inside = (left * after + right * before) / (before + after)
    else:
        inside = (left + right) * 0.5
    if edge_order == 1:
        parts = [at(steep, None, 1), inside, at(steep, -1, None)]
    else:
        first, last = at(before, None, 1), at(after, -1, None)  # the outermost steps
        second, second_last = at(after, None, 1), at(before, -1, None)
        start, stop = at(left, None, 1), at(right, -1, None)
        parts = [
            start - (at(right, None, 1) - start) * (first / (first + second)),
            inside,
            stop + (stop - at(left, -1, None)) * (last / (last + second_last)),
        ]
    return np.concatenate(parts, axis)


# -- quadrature and interpolation ------------------------------------------------------------------


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """``np.trapezoid``: differentiable in y, in the coordinates x and in the step dx."""
    y = y if hasattr(y, "dtype") else np.asarray(y)
    axis = _normal_axis(axis, np.ndim(y))
    if x is not None:
        x = x if hasattr(x, "dtype") else np.asarray(x)
        if np.ndim(x) == 1:
            shape = [1] * np.ndim(y)
            shape[axis] = np.shape(x)[0] - 1
            dx = np.reshape(np.diff(x), tuple(shape))
        else:
            dx = np.diff(x, axis=axis)
    pairs = y[_along(axis, slice(1, None))] + y[_along(axis, slice(None, -1))]
    return np.sum(dx * pairs / 2.0, axis=axis)


@implements(np.interp)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """``np.interp``: piecewise linear, differentiable in x, xp, fp, left and right.

    At a knot the slope is that of the interval to its right (at the last knot, to its left);
    outside, the value is constant.  As in NumPy the result has double precision.
    """
    x, xp, fp = (a if hasattr(a, "dtype") else np.asarray(a) for a in (x, xp, fp))
    if np.ndim(xp) != 1 or np.ndim(fp) != 1 or np.shape(xp) != np.shape(fp):
        raise ValueError("fp and xp are not of the same length, or not 1-D sequences")
    if np.shape(xp)[0] == 0:
        raise ValueError("array of sample points is empty")
    fp = fp.astype(np.complex128 if fp.dtype.kind == "c" else np.float64)
    if period is not None:
        period = abs(period)
        if as_value(period) == 0:
            raise ValueError("period must be a non-zero value")
        left = right = None
        x, xp = np.remainder(x, period), np.remainder(xp, period)
        order = np.argsort(as_value(xp))
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    knots, at = asarray(as_value(xp)), asarray(as_value(x))
    last = len(knots) - 1
    j = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, max(last - 1, 0))
    k = np.minimum(j + 1, last)
    below, above = at < knots[0], at > knots[-1]
    x0, f0 = xp[j], fp[j]
    empty = knots[k] == knots[j]  # a repeated last knot, or a single one
    width = np.where(empty, 1.0, xp[k] - x0)
    y = f0 + (fp[k] - f0) / width * np.where(below | above, 0.0, x - x0)
    y = np.where(empty | (at == knots[-1]) & (k == last), fp[k], y) if np.any(empty) else y
    y = np.where(below, fp[0] if left is None else left, y)
    return np.where(above, fp[-1] if right is None else right, y)


# -- convolution -----------------------------------------------------------------------------------

# Full convolution: a (m,), v (n,) -> (m + n - 1,), output[k] = sum_i a[i] v[k - i].
_convolve = define(
    lambda a, v: np.convolve(a, v),
    name="convolve",
    vjp=(
        lambda ct, output, a, v: np.convolve(ct, v[::-1], "valid"),
        lambda ct, output, a, v: np.convolve(ct, a[::-1], "valid"),
    ),
    linear=(0, 1),
    sample=calls(both((5,), (3,)), both((2,), (4,)), both((1,), (1,))),
)


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """``np.convolve``: a (m,), v (n,); modes "full", "same" (longer input's length) and "valid"."""
    a, v = _sequence(a, "convolve", "a"), _sequence(v, "convolve", "v")
    m, n = np.shape(a)[0], np.shape(v)[0]
    full = _convolve(a, v)
    return _part(full, max(m, n), min(m, n), (min(m, n) - 1) // 2, mode, "convolve")


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """``np.correlate``: output[k] = sum_n a[n + k] conj(v[n]); a (m,), v (n,)."""
    a, v = _sequence(a, "correlate", "a"), _sequence(v, "correlate", "v")
    m, n = np.shape(a)[0], np.shape(v)[0]
    full = _convolve(a, np.conjugate(v)[::-1])
    start = (n - 1) // 2 if m >= n else m // 2  # NumPy reverses the result where v is longer
    return _part(full, max(m, n), min(m, n), start, mode, "correlate")


def _sequence(x: Any, function: str, argument: str) -> Any:
    x = x if hasattr(x, "dtype") else np.asarray(x)
    if np.ndim(x) > 1:
        raise ValueError(f"np.{function}: {argument} has {np.ndim(x)} dimensions; it must be 1-D")
    if x.size == 0:
        raise ValueError(f"{argument} cannot be empty")
    return np.reshape(x, (-1,))


def _part(full: Any, long: int, short: int, start: int, mode: str, function: str) -> Any:
    """What ``mode`` keeps of a full convolution of lengths ``long`` and ``short``."""
    if mode == "full":
        return full
    if mode == "same":
        return full[start : start + long]
    if mode == "valid":
        return full[short - 1 : long]
    raise ValueError(f"np.{function}: mode is 'full', 'same' or 'valid', not {mode!r}")
