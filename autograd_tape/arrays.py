"""Arrays made from others, in a way that a value being compiled can follow.

``np.asarray(x)`` and its like ask ``x`` for its elements.  With ``like=x`` they ask ``x`` to make
the array itself, which :class:`autograd_tape.program.symbol.Symbol` writes down.  Rules and
primitives use these forms wherever ``x`` may be a traced value.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

__all__ = ["asarray", "at", "copied", "mixed", "opaque", "zeros"]


def _maker(xs: tuple[Any, ...]) -> Any:
    """The first that makes arrays in a way of its own, where there is one; also within tuples."""
    for x in xs:
        kind = type(x)
        if kind is tuple:
            x = _maker(x)
            if x is not None:
                return x
        elif kind is not np.ndarray and hasattr(kind, "__array_function__"):
            return x
    return None


def asarray(x: Any, dtype: Any = None) -> Any:
    """``np.asarray(x, dtype)``"""
    return np.asarray(x, dtype, like=_maker((x,)))


def copied(x: Any, dtype: Any = None, *written: Any) -> Any:
    """``np.array(x, dtype)``: a new array, into which ``written`` may be written."""
    return np.array(x, dtype, like=_maker((x, *written)))


def mixed(x: Any, *written: Any) -> bool:
    """Is ``x`` a plain array, into which a traced value is to be written?"""
    return type(x) is np.ndarray and _maker(written) is not None


def opaque(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f``, a function of another library that takes plain arrays only, as one traced call."""

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        for x in args:
            if hasattr(type(x), "recording"):
                return x.recording.call(f, args, kwargs)
        return f(*args, **kwargs)

    return call


def at(x: Any, index: Any) -> Any:
    """``x[index]``, of a plain array by a traced index, too."""
    if x.__class__ is np.ndarray and (maker := _maker((index,))) is not None:
        x = np.asarray(x, like=maker)
    return x[index]


def zeros(shape: Any, dtype: Any, *written: Any) -> Any:
    """``np.zeros(shape, dtype)``, into which ``written`` (some of them traced) will be written."""
    return np.zeros(shape, dtype, like=_maker(written))
