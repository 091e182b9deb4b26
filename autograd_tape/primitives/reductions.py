"""Sums, products, extremes, and the methods that NumPy gives each ufunc (reduce, accumulate, ...)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import define, implements, no_out
from .samples import both, calls

_NO_VALUE: Any = getattr(np, "_NoValue", None)  # NumPy's own "argument not given"


def expanded(ct: Any, ndim: int, axis: Any, keepdims: bool) -> Any:
    """``ct`` with the reduced axes put back, each of length 1."""
    if keepdims or ndim == 0:
        return ct
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return np.expand_dims(ct, tuple(axes))


def _sum_vjp(ct: Any, output: Any, x: Any, *, axis: Any, keepdims: bool, where: Any) -> Any:
    ct = np.broadcast_to(expanded(ct, x.ndim, axis, keepdims), x.shape)
    return ct if where is True else np.where(where, ct, np.zeros((), ct.dtype))


_sum = define(
    lambda x, *, axis, keepdims, where: np.sum(x, axis=axis, keepdims=keepdims, where=where),
    name="sum",
    vjp=_sum_vjp,
    linear=(0,),
    sample=calls(
        both((3, 4), axis=None, keepdims=False, where=True),
        both((2, 3, 4), axis=(0, -1), keepdims=True, where=True),
        both((3, 4), axis=1, keepdims=False, where=np.array([True, False, True, True])),
    ),
)


@implements(np.sum)
def sum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = _NO_VALUE,
    initial: Any = _NO_VALUE, where: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    if out is not None:
        no_out("sum")
    a = a if dtype is None else a.astype(dtype)
    keepdims = False if keepdims is _NO_VALUE else bool(keepdims)
    total = _sum(a, axis=axis, keepdims=keepdims, where=True if where is _NO_VALUE else where)
    return total if initial is _NO_VALUE else total + initial


def ufunc_methods(ufunc: Any, method: str, inputs: Any, kwargs: Any) -> Any:
    raise NotImplementedError
