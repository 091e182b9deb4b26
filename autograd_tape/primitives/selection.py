"""Choosing between elements, and the functions that have no gradient at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import asarray, copied
from ..dispatch import define, implements, no_out, plain
from ..variable import Variable, as_value
from .construction import nested
from .indexing import setitem, take, take_along_axis, wrapped
from .samples import both, calls
from .shape import dims

plain(
    np.floor, np.ceil, np.rint, np.round, np.around, np.trunc, np.fix, np.floor_divide,
    np.spacing, np.nextafter, np.signbit,
)  # fmt: skip
plain(
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.isfinite,
    np.isinf, np.isnan, np.isposinf, np.isneginf, np.isclose, np.allclose, np.array_equal,
    np.array_equiv, np.isreal, np.iscomplex, np.logical_and, np.logical_or, np.logical_not,
    np.logical_xor, np.any, np.all, np.isin, np.isrealobj, np.iscomplexobj, np.shares_memory,
    np.may_share_memory,
    why="gives booleans",
)  # fmt: skip
plain(
    np.argmax, np.argmin, np.argsort, np.argpartition, np.argwhere, np.nonzero, np.flatnonzero,
    np.searchsorted, np.count_nonzero, np.digitize, np.lexsort, np.nanargmax, np.nanargmin,
    np.unravel_index, np.ravel_multi_index, np.bincount, np.histogram, np.histogram2d,
    np.histogramdd, np.histogram_bin_edges, np.tril_indices_from, np.triu_indices_from,
    np.diag_indices_from,
    why="gives indices or counts",
)  # fmt: skip
plain(np.zeros_like, np.ones_like, np.empty_like, why="does not look at the values")
plain(np.result_type, np.can_cast, np.min_scalar_type, np.common_type, why="gives a dtype")
plain(np.array2string, np.array_repr, np.array_str, why="gives text")
plain(np.save, np.savez, np.savez_compressed, np.savetxt, why="writes a file")

# -- where -----------------------------------------------------------------------------------------

_where = define(
    lambda x, y, *, condition: np.where(condition, x, y),
    name="where",
    vjp=(
        lambda ct, output, x, y, *, condition: np.where(condition, ct, np.zeros((), ct.dtype)),
        lambda ct, output, x, y, *, condition: np.where(condition, np.zeros((), ct.dtype), ct),
    ),
    jvp=(
        lambda x_dot, output, x, y, *, condition: np.where(
            condition, x_dot, np.zeros((), output.dtype)
        ),
        lambda y_dot, output, x, y, *, condition: np.where(
            condition, np.zeros((), output.dtype), y_dot
        ),
    ),
    batched=True,
    sample=calls(
        both((3, 4), (3, 4), condition=np.eye(3, 4, dtype=bool)),
        both((4,), (3, 1), condition=np.eye(3, 4, dtype=bool)),
        both((), (2,), condition=np.array(True)),
    ),
)


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """``np.where``; the branch not taken gets adjoint 0 (its own rules may still make that NaN)."""
    condition = as_value(condition)
    if x is None and y is None:
        return np.where(condition)
    if x is None or y is None:
        raise ValueError("either both or neither of x and y should be given")
    return _where(x, y, condition=copied(condition, bool))  # a copy, so that yours stays yours


# -- selecting by conditions and indices -----------------------------------------------------------


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """``np.select``: the first choice whose condition holds, else ``default``."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if len(condlist) == 0:
        raise ValueError("select with an empty condition list is not possible")
    result = default
    for condition, choice in zip(reversed(list(condlist)), reversed(list(choicelist)), strict=True):
        condition = asarray(as_value(condition))
        if condition.dtype != bool:
            raise TypeError("np.select: conditions must be arrays of booleans")
        result = np.where(condition, choice, result)
    return result


@implements(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """``np.piecewise``: each function is called with the elements that it is responsible for.

    So no NaN comes from a branch that was not taken.
    """
    conditions = np.asarray(as_value(condlist), bool)
    if conditions.shape == x.shape and not isinstance(condlist, (list, tuple)):
        conditions = conditions[None]
    elif isinstance(condlist, (list, tuple)) and not isinstance(condlist[0], (list, np.ndarray)):
        conditions = conditions[None] if x.ndim else conditions
    n = len(conditions)
    if len(funclist) == n + 1:  # the last one is for what no condition took
        conditions = np.concatenate([conditions, ~np.any(conditions, axis=0, keepdims=True)])
    elif len(funclist) != n:
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    result: Any = np.zeros(x.shape, x.dtype)
    for condition, f in zip(conditions, funclist, strict=True):
        if not callable(f):
            result = setitem(result, condition, f)
        elif np.any(condition):
            result = setitem(result, condition, f(x[condition], *args, **kw))
    return result


@implements(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """``np.choose``: at each place the element of ``choices[a[place]]``, all broadcast together."""
    if out is not None:
        no_out("choose")
    choices = [nested(c) for c in choices]
    index = wrapped(a, len(choices), mode, "choose")
    if np.any((index < 0) | (index >= len(choices))):
        raise ValueError("invalid entry in choice array")
    shape = np.broadcast_shapes(index.shape, *(dims(c) for c in choices))
    dtype = np.result_type(*(as_value(c) for c in choices))  # numbers do not widen it
    parts = (c if c.__class__ is Variable else np.asarray(c, dtype) for c in choices)
    stacked = np.stack([np.broadcast_to(c, shape) for c in parts])
    return take_along_axis(stacked, np.broadcast_to(index, shape)[None], 0)[0]


@implements(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    condition = asarray(as_value(condition))
    if condition.ndim != 1:
        raise ValueError("condition must be a 1-d array")
    return take(a, np.flatnonzero(condition), axis, out)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    return take(arr, np.flatnonzero(as_value(condition)))
