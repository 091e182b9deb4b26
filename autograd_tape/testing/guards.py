"""Which operands an operation of a random program suits, by their shapes and dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["at_least", "broadcasting", "chained", "dims", "goes_into", "last_alike", "off",
           "real", "same_shape", "square"]  # fmt: skip


def broadcasting(x: Any, y: Any) -> bool:
    """The operands broadcast."""
    pairs = zip(np.shape(x)[::-1], np.shape(y)[::-1], strict=False)
    return all(m == n or m == 1 or n == 1 for m, n in pairs)


def goes_into(x: Any, y: Any) -> bool:
    """The second operand broadcasts to the shape of the first, and no dtype would be lost."""
    narrow = np.iscomplexobj(y) and not np.iscomplexobj(x)
    return not narrow and 0 < np.ndim(x) >= np.ndim(y) and broadcasting(x, y)


def same_shape(x: Any, y: Any) -> bool:
    """Two arrays of one shape, which is not that of a scalar."""
    return bool(np.shape(x) == np.shape(y) != ())


def dims(n: int) -> Callable[..., bool]:
    """A guard: every operand has ``n`` dimensions."""
    return lambda *operands: all(np.ndim(x) == n for x in operands)


def at_least(n: int) -> Callable[..., bool]:
    """A guard: every operand has at least ``n`` dimensions."""
    return lambda *operands: all(np.ndim(x) >= n for x in operands)


def square(x: Any) -> bool:
    """A square matrix, or a stack of them."""
    return np.ndim(x) > 1 and bool(np.shape(x)[-1] == np.shape(x)[-2])


def chained(x: Any, y: Any) -> bool:
    """The operands suit ``x @ y``, but for batch axes."""
    a, b = np.shape(x), np.shape(y)
    return len(a) > 0 < len(b) and bool(a[-1] == b[-2 if len(b) > 1 else 0])


def last_alike(x: Any, y: Any) -> bool:
    """The last axes are equally long."""
    return np.ndim(x) > 0 < np.ndim(y) and bool(np.shape(x)[-1] == np.shape(y)[-1])


def real(*operands: Any) -> bool:
    """No operand is complex."""
    return not any(map(np.iscomplexobj, operands))


def off(threshold: float) -> Callable[..., Any]:
    """Distance from the place where ``{0} > threshold`` changes."""
    return lambda x, *rest: np.abs(np.real(x) - threshold)
