"""Means, variances, standard deviations.

Quantiles are in :mod:`.quantiles`, weighted means and covariances in :mod:`.covariance`.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..dispatch import define, implements
from ..record import unary
from ..variable import as_value
from .covariance import average, corrcoef, cov
from .quantiles import median, quantile
from .reductions import _NO_VALUE, add_reduce, axes_of, call, expanded, given, ready, spread
from .samples import both, calls, real
from .smoothness import toward_constant

__all__ = ["average", "corrcoef", "cov", "mean", "median", "ptp", "quantile", "std", "var"]

# -- mean ------------------------------------------------------------------------------------------


def _mean_forward(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    # NumPy sums float16 as float32 and warns of 0/0
    if x.__class__ is float or x.__class__ is complex:
        return np.mean(x, axis=axis, keepdims=keepdims).item()
    if x.dtype.char not in "fd" or not x.size:
        return np.mean(x, axis=axis, keepdims=keepdims)
    total = add_reduce(x, axis=axis, keepdims=keepdims)
    return total / (x.size // total.size)


def _mean_vjp(ct: Any, output: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    if ct.__class__ is float or ct.__class__ is complex:
        return ct
    if not x.size:
        return np.zeros(x.shape, ct.dtype)
    return spread(ct / (x.size // ct.size), x.shape, axis, keepdims)


_mean = define(
    _mean_forward,
    name="mean",
    scalar=operator.pos,
    vjp=_mean_vjp,
    linear=(0,),
    sample=calls(
        both((3, 4)),
        both((2, 3, 4), axis=(0, -1), keepdims=True),
        both((3, 4), axis=1, keepdims=False),
    ),
)
_mean_of_all = unary(_mean)


def _mask(where: Any, shape: tuple[int, ...]) -> Any:
    """``where=`` as a static parameter: True, or a boolean array of ``shape``."""
    where = given(where, True)
    return True if where is True else np.array(np.broadcast_to(np.asarray(where, bool), shape))


@implements(np.mean)
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = _NO_VALUE, *,
    where: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    if keepdims is where is _NO_VALUE and axis is dtype is out is None:
        return _mean_of_all(a)
    a = ready("mean", a, dtype, out)
    keepdims = bool(given(keepdims, False))
    mask = _mask(where, a.shape)
    if mask is True:
        return call(_mean, a, axis=axis, keepdims=keepdims)
    total = np.sum(np.where(mask, a, 0), axis=axis, keepdims=keepdims)
    return _over_count(total, add_reduce(mask, axis=axis, keepdims=keepdims, dtype=np.intp))


def _over_count(total: Any, count: Any) -> Any:
    """total/count, and nan (with NumPy's warning) where there was nothing to count."""
    nothing = count == 0
    if np.any(nothing):
        warnings.warn("Mean of empty slice", RuntimeWarning, stacklevel=4)
    mean = total / np.maximum(count, 1).astype(total.dtype)
    return np.where(nothing, np.nan, mean) if np.any(nothing) else mean


@implements(np.nanmean)
def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = _NO_VALUE, *,
    where: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    a = ready("nanmean", a, dtype, out)
    mask = ~np.isnan(as_value(a)) & _mask(where, a.shape)
    return mean(a, axis, keepdims=keepdims, where=mask)


# -- variance and standard deviation ---------------------------------------------------------------


def _freedom(x: Any, axis: Any, ddof: float, where: Any) -> Any:
    """(how many elements each mean is over, the divisor of the variance), with kept axes."""
    if where is True:
        count: Any = 1
        for i in axes_of(axis, x.ndim):
            count *= x.shape[i]
    else:
        count = add_reduce(where, axis=axis, keepdims=True, dtype=np.intp)
    return count, np.maximum(count - ddof, 0)


def _deviations(x: Any, axis: Any, count: Any, where: Any) -> tuple[Any, Any]:
    """(x - mean, mean), 0 where masked."""
    if where is True:
        center = np.mean(x, axis=axis, keepdims=True)
        return x - center, center
    total = np.sum(np.where(where, x, 0), axis=axis, keepdims=True)
    center = total / np.maximum(count, 1).astype(total.dtype)
    return np.where(where, x - center, 0), center


def _spread_vjp(slope: Callable[..., Any]) -> Callable[..., Any]:
    """∂var/∂x = 2·(x - mean)/n, where ``slope`` gives 2/n; the conjugate of it for complex x."""

    def vjp(
        ct: Any, output: Any, x: Any, *, axis: Any, ddof: float, keepdims: bool, where: Any
    ) -> Any:
        if not x.size:
            return np.zeros(x.shape, ct.dtype)
        count, n = _freedom(x, axis, ddof, where)
        d, center = _deviations(x, axis, count, where)
        factor = slope(expanded(output, x.ndim, axis, keepdims), n, x, center, axis, where)
        if x.dtype.kind == "c":
            d = np.conj(d)
        d *= expanded(ct, x.ndim, axis, keepdims) * factor
        return d

    return vjp


def _spread_jvp(slope: Callable[..., Any]) -> Callable[..., Any]:
    def jvp(
        x_dot: Any, output: Any, x: Any, *, axis: Any, ddof: float, keepdims: bool, where: Any
    ) -> Any:
        if not x.size:
            return np.zeros(output.shape, output.dtype)
        count, n = _freedom(x, axis, ddof, where)
        d, center = _deviations(x, axis, count, where)
        factor = slope(expanded(output, x.ndim, axis, keepdims), n, x, center, axis, where)
        products = np.real(np.conj(d) * x_dot) if x.dtype.kind == "c" else d * x_dot
        total = np.sum(products, axis=axis, keepdims=True) * factor
        return total if keepdims else np.reshape(total, output.shape)

    return jvp


def _var_slope(output: Any, n: Any, x: Any, center: Any, axis: Any, where: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.divide(2, n, dtype=output.dtype)


def _std_slope(output: Any, n: Any, x: Any, center: Any, axis: Any, where: Any) -> Any:
    """1/(n·std), and 0 for constant rows."""
    constant = _constant(as_value(output), as_value(x), as_value(center), axis, where)
    if not constant.any():
        return 1 / (output * np.asarray(n, output.dtype))
    safe = np.where(constant, 1, output) * np.asarray(np.maximum(n, 1), output.dtype)
    return np.where(constant, 0, 1 / safe)


def _constant(output: Any, x: Any, center: Any, axis: Any, where: Any) -> Any:
    """Which rows hold one value only; rounding of the mean may leave them a tiny deviation."""
    zero = output == 0
    tiny = output <= 8 * np.finfo(output.dtype).eps * np.abs(center)
    if not tiny.any():
        return zero
    options: dict[str, Any] = {"axis": axis, "keepdims": True, "where": where}
    return zero | (
        tiny & (np.max(x, initial=-np.inf, **options) == np.min(x, initial=np.inf, **options))
    )


_OPTIONS: dict[str, Any] = {"axis": None, "ddof": 0, "keepdims": False, "where": True}
_samples = calls(
    both((3, 4), **_OPTIONS),
    both((2, 3, 4), **(_OPTIONS | {"axis": (0, -1), "ddof": 1, "keepdims": True})),
    real((3, 4), **(_OPTIONS | {"axis": 1, "where": np.eye(3, 4) == 0})),
)

_var, _std = (
    define(
        lambda x, *, f=f, axis, ddof, keepdims, where: f(
            x, axis=axis, ddof=ddof, keepdims=keepdims, where=where
        ),
        name=f.__name__,
        vjp=_spread_vjp(slope),
        jvp=_spread_jvp(slope),
        sample=_samples,
        kinks=kinks,
    )
    for f, slope, kinks in ((np.var, _var_slope, None), (np.std, _std_slope, toward_constant))
)


def _degrees(ddof: Any, correction: Any) -> Any:
    if correction is _NO_VALUE:
        return ddof
    if ddof != 0:
        raise ValueError("ddof and correction can't be provided simultaneously.")
    return correction


def _about(a: Any, center: Any, axis: Any, ddof: Any, keepdims: bool, where: Any) -> Any:
    """The variance about a mean that the caller gives: it, too, may be a Variable."""
    d = np.where(where, a - center, 0)
    squares = np.real(d * np.conj(d)) if a.dtype.kind == "c" else d * d
    _, n = _freedom(a, axis, ddof, where)
    total = np.sum(squares, axis=axis, keepdims=True) / np.asarray(n, squares.dtype)
    return total if keepdims else np.squeeze(total, axes_of(axis, a.ndim))


@implements(np.var)
def var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = _NO_VALUE, *, where: Any = _NO_VALUE, mean: Any = _NO_VALUE,
    correction: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    a = ready("var", a, dtype, out)
    where, keepdims = _mask(where, a.shape), bool(given(keepdims, False))
    ddof = _degrees(ddof, correction)
    if mean is not _NO_VALUE:
        return _about(a, mean, axis, ddof, keepdims, where)
    return call(_var, a, axis=axis, ddof=ddof, keepdims=keepdims, where=where)


@implements(np.std)
def std(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = _NO_VALUE, *, where: Any = _NO_VALUE, mean: Any = _NO_VALUE,
    correction: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    """``np.std``; the derivative at a constant is 0."""
    a = ready("std", a, dtype, out)
    where, keepdims = _mask(where, a.shape), bool(given(keepdims, False))
    ddof = _degrees(ddof, correction)
    if mean is not _NO_VALUE:
        variance = _about(a, mean, axis, ddof, keepdims, where)
        zero = as_value(variance) == 0
        return np.where(zero, 0, np.sqrt(np.where(zero, 1, variance)))
    return call(_std, a, axis=axis, ddof=ddof, keepdims=keepdims, where=where)


def _nan_spread(
    f: Callable[..., Any], a: Any, axis: Any, ddof: Any, keepdims: Any, where: Any, mean: Any,
    correction: Any,
) -> Any:  # fmt: skip
    ddof, keepdims = _degrees(ddof, correction), bool(given(keepdims, False))
    mask = ~np.isnan(as_value(a)) & _mask(where, a.shape)
    lacking = add_reduce(mask, axis=axis, keepdims=True, dtype=np.intp) <= ddof
    a = np.where(mask, a, 0)
    if not lacking.any():
        return f(a, axis, ddof=ddof, keepdims=keepdims, where=mask, mean=mean)
    warnings.warn("Degrees of freedom <= 0 for slice.", RuntimeWarning, stacklevel=3)
    # What is not defined is computed of zeros, then set to nan.
    if _freedom(a, axis, ddof, True)[1] == 0:
        result = np.sum(a, axis=axis, keepdims=keepdims)
    else:
        result = f(a, axis, ddof=ddof, keepdims=keepdims, where=mask | lacking, mean=mean)
    return np.where(lacking.reshape(result.shape), np.nan, result)


@implements(np.nanvar)
def nanvar(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = _NO_VALUE, *, where: Any = _NO_VALUE, mean: Any = _NO_VALUE,
    correction: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    a = ready("nanvar", a, dtype, out)
    return _nan_spread(var, a, axis, ddof, keepdims, where, mean, correction)


@implements(np.nanstd)
def nanstd(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = _NO_VALUE, *, where: Any = _NO_VALUE, mean: Any = _NO_VALUE,
    correction: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    a = ready("nanstd", a, dtype, out)
    return _nan_spread(std, a, axis, ddof, keepdims, where, mean, correction)


# -- range -----------------------------------------------------------------------------------------


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = _NO_VALUE) -> Any:
    a = ready("ptp", a, None, out)
    keepdims = bool(given(keepdims, False))
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
