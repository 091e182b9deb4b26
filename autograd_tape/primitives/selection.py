"""Choosing between elements, and the functions that have no gradient at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import define, implements, plain
from .samples import both, calls

plain(
    np.floor, np.ceil, np.rint, np.round, np.around, np.trunc, np.fix, np.floor_divide, np.sign,
    np.spacing, np.nextafter, np.signbit,
)  # fmt: skip
plain(
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.isfinite,
    np.isinf, np.isnan, np.isclose, np.allclose, np.array_equal, np.array_equiv, np.isreal,
    np.iscomplex, np.logical_and, np.logical_or, np.logical_not, np.logical_xor, np.any, np.all,
    np.isin, np.isrealobj, np.iscomplexobj,
    why="gives booleans",
)  # fmt: skip
plain(
    np.argmax, np.argmin, np.argsort, np.argpartition, np.argwhere, np.nonzero, np.flatnonzero,
    np.searchsorted, np.count_nonzero, np.digitize, np.lexsort, np.nanargmax, np.nanargmin,
    np.unravel_index, np.bincount,
    why="gives indices or counts",
)  # fmt: skip
plain(np.zeros_like, np.ones_like, np.empty_like, why="does not look at the values")
plain(np.result_type, np.can_cast, np.min_scalar_type, np.common_type, why="gives a dtype")
plain(np.array2string, np.array_repr, np.array_str, why="gives text")
plain(np.shares_memory, np.may_share_memory, why="gives booleans")

_where = define(
    lambda x, y, *, condition: np.where(condition, x, y),
    name="where",
    vjp=(
        lambda ct, output, x, y, *, condition: np.where(condition, ct, np.zeros((), ct.dtype)),
        lambda ct, output, x, y, *, condition: np.where(condition, np.zeros((), ct.dtype), ct),
    ),
    jvp=(
        lambda x_dot, output, x, y, *, condition: np.where(
            condition, x_dot, np.zeros((), x_dot.dtype)
        ),
        lambda y_dot, output, x, y, *, condition: np.where(
            condition, np.zeros((), y_dot.dtype), y_dot
        ),
    ),
    batched=True,
    sample=calls(
        both((3, 4), (3, 4), condition=np.eye(3, 4, dtype=bool)),
        both((4,), (3, 1), condition=np.eye(3, 4, dtype=bool)),
    ),
)


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """``np.where``; the branch not taken gets adjoint 0 (its own rules may still make that NaN)."""
    condition = np.asarray(getattr(condition, "value", condition), bool)
    if x is None and y is None:
        return np.where(condition)
    return _where(x, y, condition=condition)
