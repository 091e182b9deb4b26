"""Medians and quantiles: sort, then interpolate between the neighbours of a place."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..dispatch import implements
from ..variable import Variable, as_value
from .reductions import _NO_VALUE, add_reduce, given, kept_shape, merged, ready

Places = Callable[[int], Any]  # number of elements -> places between 0 and n - 1


def _at_places(
    a: Any, axis: Any, keepdims: bool, places: Places, dtype: Any, skip_nan: bool,
    halves: bool = False,
) -> Any:  # fmt: skip
    """The values at fractional ``places`` of each sorted row, each its neighbours' blend.

    places(n)  an array of the shape that the result has in front
    dtype      of the result
    skip_nan   leave nan out of the rows; otherwise a row with a nan gives nan
    halves     places are whole or halfway: take the mean, which is finite for huge neighbours
    """
    rows = merged(a, axis)
    rest, n = rows.shape[:-1], rows.shape[-1]
    ascending = np.sort(np.reshape(rows, (rows.size // n, n)), axis=-1)
    missing = np.isnan(as_value(ascending))  # nan is sorted to the end
    counts = n - add_reduce(missing, axis=-1, dtype=np.intp)
    sizes, which = np.unique(counts if skip_nan else np.full_like(counts, n), return_inverse=True)
    if skip_nan and np.any(counts == 0):
        warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=4)
    table = np.stack([np.asarray(places(int(size) or n)) for size in sizes])
    front = table.shape[1:]
    place = table.reshape(len(table), -1)[which]  # (rows, places)
    if not skip_nan:
        place = np.where(missing.any(axis=-1, keepdims=True), n - 1, place)
    low = np.floor(place).astype(np.intp)
    high = np.ceil(place).astype(np.intp)
    row = np.arange(len(place))[:, None]
    result = ascending[row, low]
    if np.any(high != low):
        if halves:
            result = (result + ascending[row, high]) / 2
        else:
            part = (place - low).astype(dtype)
            result = result + (ascending[row, high] - result) * part
    if result.dtype != dtype:
        result = result.astype(dtype)
    kept = kept_shape(a.shape, axis) if keepdims else rest
    return np.reshape(np.transpose(result), (*front, *kept))


def _of_nothing(function: Callable[..., Any], a: Any, axis: Any, keepdims: bool, *q: Any) -> Any:
    """What NumPy says of an array without elements; connected to ``a``, with nothing to pass on."""
    plain = function(as_value(a), *q, axis=axis, keepdims=keepdims)
    return plain + np.sum(a, axis=axis, keepdims=keepdims)


def _median(function: Any, a: Any, axis: Any, out: Any, keepdims: Any, skip_nan: bool) -> Any:
    a, keepdims = ready(function.__name__, a, None, out), bool(given(keepdims, False))
    axis = tuple(axis) if isinstance(axis, list) else axis
    if a.size == 0:
        return _of_nothing(function, a, axis, keepdims)
    return _at_places(a, axis, keepdims, lambda n: (n - 1) / 2, a.dtype, skip_nan, halves=True)


@implements(np.median)
def median(
    a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
) -> Any:
    return _median(np.median, a, axis, out, keepdims, skip_nan=False)


@implements(np.nanmedian)
def nanmedian(
    a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    keepdims: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    return _median(np.nanmedian, a, axis, out, keepdims, skip_nan=True)


def _define_quantile(function: Any, places_by: Any) -> Callable[..., Any]:
    """np.quantile or one of its kin; ``places_by`` is np.quantile or np.percentile."""
    name, skip_nan = function.__name__, function.__name__.startswith("nan")

    def quantile(
        a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
        method: str = "linear", keepdims: Any = _NO_VALUE, *, weights: Any = None,
    ) -> Any:  # fmt: skip
        if weights is not None:
            raise TypeError(
                f"np.{name}: weights= is not supported on Variables; leave it out, or repeat the "
                "elements with np.repeat"
            )
        if q.__class__ is Variable:
            raise TypeError(
                f"np.{name}: q is a Variable, but no gradient flows to it; pass q.value"
            )
        a, keepdims = ready(name, a, None, out), bool(given(keepdims, False))
        axis = tuple(axis) if isinstance(axis, list) else axis
        if a.dtype.kind == "c":
            raise TypeError(f"np.{name}: a must be an array of real numbers")
        if a.size == 0:
            return _of_nothing(function, a, axis, keepdims, q)

        def places(n: int) -> Any:
            """The quantile of 0, 1, ..., n - 1 *is* its place, by whatever method."""
            exact = n < 2 ** np.finfo(a.dtype).nmant
            return places_by(np.arange(n, dtype=a.dtype if exact else float), q, method=method)

        dtype = places_by(np.zeros(1, a.dtype), q, method=method).dtype
        return _at_places(a, axis, keepdims, places, dtype, skip_nan)

    return implements(function)(quantile)


quantile = _define_quantile(np.quantile, np.quantile)
percentile = _define_quantile(np.percentile, np.percentile)
nanquantile = _define_quantile(np.nanquantile, np.quantile)
nanpercentile = _define_quantile(np.nanpercentile, np.percentile)
