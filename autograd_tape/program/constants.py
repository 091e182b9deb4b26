"""Constants and functions as they are written in Python."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

__all__ = ["literal", "name_of_function", "shortest", "uniform"]

_SMALL = 8  # elements of an array that is written out
_MODULES = (
    ("np", "numpy"), ("np.linalg", "numpy.linalg"), ("np.fft", "numpy.fft"),
    ("special", "scipy.special"), ("special._ufuncs", "scipy.special._ufuncs"), ("math", "math"),
)  # fmt: skip


def name_of_function(f: Any) -> str | None:
    """``np.add.reduce``: how a function is said where only NumPy is imported; None if it cannot."""
    owner = getattr(f, "__self__", None)
    if owner.__class__ is np.ufunc:
        return f"{name_of_function(owner)}.{f.__name__}"
    name = getattr(f, "__name__", "")
    for short, module in _MODULES:
        if getattr(sys.modules.get(module), name, None) is f:
            return f"{short}.{name}"
    return None


def literal(x: Any, small: bool = True) -> str | None:
    """``x`` written out; None for what is better passed as a named constant.

    small  write out small arrays, too
    """
    kind = x.__class__
    if x is None or kind is bool or kind is int or kind is str:
        return repr(x)
    if x is Ellipsis:
        return "..."
    if kind is float:
        return _number(x)
    if kind is complex:
        return repr(x) if math.isfinite(x.real) and math.isfinite(x.imag) else None
    if isinstance(x, np.dtype):
        return f"np.{x.name}" if getattr(np, x.name, None) is x.type else f"np.dtype({x.str!r})"
    if kind is type:
        return f"np.{x.__name__}" if issubclass(x, np.generic) else str(x.__name__)
    if isinstance(x, np.generic) and x.dtype.kind in "biufc":
        if x.dtype.kind == "b":
            return f"np.bool({bool(x)})"
        value = x.item()
        inside = _number(value) if isinstance(value, float) else repr(value)
        return f"np.{x.dtype.name}({inside})"
    if kind is np.ndarray and small and x.dtype.kind in "biuf":
        return _array(x)
    return None


def shortest(x: Any) -> float:
    """The float of fewest digits that becomes the NumPy float ``x`` in its dtype."""
    return float(np.format_float_scientific(x, unique=True))


def _number(x: float) -> str:
    if math.isfinite(x):
        return repr(x)
    return "np.nan" if math.isnan(x) else "np.inf" if x > 0 else "-np.inf"


def _array(x: Any) -> str | None:
    dtype = literal(x.dtype)
    if x.size > 1 and _is_repeated(x):  # np.vecdot adds up otherwise where it is laid out
        return f"np.broadcast_to({literal(x.flat[0])}, {x.shape})"
    if x.size > _SMALL:
        if x.ndim == 1 and x.dtype == np.intp and (x == np.arange(x.size)).all():
            return f"np.arange({x.size})"
        value = uniform(x)
        if value is None:
            return None
        return f"np.full({x.shape}, {_plain(value)}, {dtype})"
    if x.ndim == 0:
        return f"np.array({_plain(x[()])}, {dtype})"
    if x.ndim == 1 and x.dtype == np.intp and x.size and (x == np.arange(x.size)).all():
        return f"np.arange({x.size})"
    if x.ndim == 1 and x.size:
        return f"np.array([{', '.join(map(_plain, x))}], {dtype})"
    return None


def _plain(x: Any) -> str:
    value = x.item()
    return _number(value) if isinstance(value, float) else repr(value)


def _is_repeated(x: Any) -> bool:
    """Is it one number in memory, seen many times?"""
    return all(s == 0 for s, n in zip(x.strides, x.shape, strict=True) if n > 1)


def uniform(x: Any) -> Any:
    """The NumPy scalar that all elements of an array are equal to, in bits; else None."""
    if x.size == 0 or x.dtype.kind not in "fiub":
        return None
    if _is_repeated(x):
        return x.flat[0]
    first = x.flat[0]
    same = (x == first).all() and (first != 0 or not np.signbit(x.astype(float)).any())
    return first if same else None
