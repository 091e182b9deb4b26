"""``np.pad`` in its eleven modes: all but maximum, minimum and median are linear."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import implements
from ..variable import Variable, as_value
from .construction import nested
from .indexing import put, take, writable
from .joining import concatenate
from .shape import axis_index, broadcast_to, dims, moveaxis

_STATISTICS: dict[str, Any] = {
    "mean": np.mean, "maximum": np.max, "minimum": np.min, "median": np.median,
}  # fmt: skip
_KEYWORDS = {
    "constant": ("constant_values",), "empty": (), "edge": (), "wrap": (),
    "reflect": ("reflect_type",), "symmetric": ("reflect_type",), "linear_ramp": ("end_values",),
    **dict.fromkeys(_STATISTICS, ("stat_length",)),
}  # fmt: skip


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """``np.pad`` in every mode but a function of the user's; ``empty`` pads with zeros."""
    if callable(mode):
        raise TypeError(
            "np.pad: mode= a function is not supported on Variables, because it would write into a "
            "plain array; join the parts with np.concatenate"
        )
    if mode not in _KEYWORDS:
        raise ValueError(f"mode {mode!r} is not supported")
    for key in kwargs:
        if key not in _KEYWORDS[mode]:
            raise ValueError(f"unsupported keyword arguments for mode {mode!r}: {key!r}")
    array = nested(array)
    shape = dims(array)
    if not shape:
        return np.copy(array)
    widths = _pairs(pad_width, len(shape))
    if any(n < 0 for pair in widths for n in pair):
        raise ValueError("index can't contain negative values")
    if mode in ("constant", "empty"):
        return _pad_constant(array, widths, kwargs.get("constant_values", 0))
    for axis, (n, pair) in enumerate(zip(shape, widths, strict=True)):
        if n == 0 and pair != (0, 0):
            raise ValueError(f"np.pad: mode {mode!r} cannot extend the empty axis {axis}")
    if kwargs.get("reflect_type", "even") == "even" and "stat_length" not in kwargs and (
        mode in ("edge", "wrap", "reflect", "symmetric")
    ):  # fmt: skip
        places = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
        return take(array, np.pad(places, widths, mode))
    for axis, width in enumerate(widths):
        if width != (0, 0):
            array = moveaxis(array, axis, 0)
            array = moveaxis(_pad_first(array, width, axis, mode, kwargs, len(shape)), 0, axis)
    return array


def _pairs(value: Any, ndim: int) -> list[tuple[Any, Any]]:
    """(before, after) of each axis from what NumPy takes: a number, a pair, pairs, or a dict."""
    if isinstance(value, dict):
        given = {axis_index(i, ndim): v for i, v in value.items()}
        return [_pairs(given.get(i, 0), 1)[0] for i in range(ndim)]
    if value is None:
        return [(None, None)] * ndim
    value = nested(value)
    pairs = broadcast_to(value, (ndim, 2))
    if pairs.__class__ is Variable:
        return [(pairs[i, 0], pairs[i, 1]) for i in range(ndim)]
    return [(before, after) for before, after in pairs.tolist()]


def _pad_constant(x: Any, widths: Any, constant: Any) -> Any:
    writable(np.result_type(as_value(x)), nested(constant), "np.pad")
    constants = _pairs(constant, len(dims(x)))
    places = tuple(slice(b, b + n) for (b, _), n in zip(widths, dims(x), strict=True))
    shape = tuple(b + n + a for (b, a), n in zip(widths, dims(x), strict=True))
    if not any(c.__class__ is Variable or c != 0 for pair in constants for c in pair):
        return put(x, index=places, shape=shape)
    for axis, (width, pair) in enumerate(zip(widths, constants, strict=True)):
        if width == (0, 0):
            continue
        shape = dims(x)
        parts = [
            _cast(broadcast_to(c, (*shape[:axis], n, *shape[axis + 1 :])), x.dtype)
            for n, c in zip(width, pair, strict=True)
        ]
        x = concatenate([parts[0], x, parts[1]], axis)
    return x


def _cast(x: Any, dtype: Any) -> Any:
    return x if x.dtype == dtype else x.astype(dtype)


def _pad_first(x: Any, width: Any, axis: int, mode: str, options: Any, ndim: int) -> Any:
    """``x`` padded by ``width`` along its first axis, by the options that belong to ``axis``."""
    before, after = width
    n, row = dims(x)[0], dims(x)[1:]
    if mode == "linear_ramp":
        low, high = _pairs(options.get("end_values", 0), ndim)[axis]
        left = _ramp(low, x[:1], before)
        right = np.flip(_ramp(high, x[-1:], after), 0)
        return concatenate([left, x, right])
    if mode in _STATISTICS:
        lengths = _pairs(options.get("stat_length"), ndim)[axis]
        f = _STATISTICS[mode]
        low, high = (n if m is None else min(int(m), n) for m in lengths)
        left = broadcast_to(f(x[:low], axis=0, keepdims=True), (before, *row))
        right = broadcast_to(f(x[n - high :], axis=0, keepdims=True), (after, *row))
        return concatenate([_cast(left, x.dtype), x, _cast(right, x.dtype)])
    # Odd reflection: each new row is ± one inner row plus multiples of the first and the last.
    # NumPy itself says which, when it pads the unit vectors of the ends and the rows' numbers.
    ends = np.zeros((2, n))
    ends[0, 0] = ends[1, -1] = 1
    first, last = (np.pad(e, width, mode, **options) for e in ends)  # type: ignore[call-overload]
    if n == 1:
        last = np.zeros_like(first)
    inner = np.arange(1.0, n + 1)
    inner[[0, -1]] = 0
    inner = np.pad(inner, width, mode, **options)  # type: ignore[call-overload]
    column = (slice(None), *(None,) * len(row))
    dtype = np.result_type(as_value(x))
    first, last, sign = (c.astype(dtype)[column] for c in (first, last, np.sign(inner)))
    rows = np.maximum(np.abs(inner).astype(int) - 1, 0)
    return sign * x[rows] + first * x[:1] + last * x[-1:]


def _ramp(end: Any, edge: Any, n: int) -> Any:
    """``n`` rows from ``end`` towards ``edge``: (1, ...), which is not reached."""
    t = np.linspace(0, 1, n, endpoint=False).reshape((n,) + (1,) * (len(dims(edge)) - 1))
    return _cast((1 - t) * end + t * edge, edge.dtype)
