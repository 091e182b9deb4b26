"""What a recording fits: how its arguments are nested, and of what kind each of them is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..containers import flatten, is_container, items_of
from ..variable import Variable

__all__ = ["kind_of", "leaves_of"]


def leaves_of(args: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    """(all leaves of the arguments, the beginning of their signature: how they are nested)."""
    for x in args:
        if x.__class__ is not np.ndarray and x.__class__ is not float:
            return flatten(args)[0], [_structure(args)]
    return list(args), [len(args)]


def _structure(tree: Any) -> Any:
    if not is_container(tree):
        return None if tree is None else 0
    return (type(tree), *((key, _structure(x)) for key, x in items_of(tree)))


def kind_of(x: Any) -> Any:
    """What a program is recorded for: class of a number; shape, dtype, layout of an array."""
    kind = x.__class__
    if kind is np.ndarray:
        return x.shape, x.dtype, 1 if x.flags.c_contiguous else x.strides
    if kind is float or kind is complex or isinstance(x, np.generic):
        return kind
    if kind is Variable:
        raise TypeError(
            "a program takes plain arrays and numbers, and its results cannot be differentiated "
            "further: pass v.value (or compile the outer function)"
        )
    if isinstance(x, np.ndarray):
        raise TypeError(f"a program takes plain arrays, not {kind.__name__}: pass np.asarray(x)")
    try:
        hash(x)
    except TypeError:
        raise TypeError(
            f"a {kind.__name__} as an argument would be a constant of the program, and may change "
            "unseen: pass arrays, numbers, strings, or lists, tuples and dicts of them"
        ) from None
    return kind, x  # a constant of the program
