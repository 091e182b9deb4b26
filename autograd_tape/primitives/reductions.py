"""Sums and extremes, and what all reductions share about axes.

Products and cumulative functions are in :mod:`.cumulative`, ``softmax`` and its kin in
:mod:`.softmax`, ``ufunc.reduce`` and the other ufunc methods in :mod:`.ufunc_methods`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import asarray
from ..dispatch import define, implements, no_out
from ..primitive import Primitive
from ..record import record, unary
from ..variable import Variable, as_value
from .arithmetic import masked
from .samples import both, calls, real
from .smoothness import Kinks, runner_up

_NO_VALUE: Any = getattr(np, "_NoValue", None)  # NumPy's own "argument not given"
add_reduce: Any = np.add.reduce  # np.sum without its Python layer

# -- shapes ----------------------------------------------------------------------------------------


def operand(a: Any, dtype: Any = None) -> Any:
    """``a`` as something with a shape: a Python float, recorded or not, becomes a NumPy one."""
    if a.__class__ is not Variable:
        return np.asarray(a, dtype)
    if dtype is None:
        kind = a._entry.dtype
        dtype = np.dtype(kind) if kind is float or kind is complex else kind
        if kind is dtype:
            return a
    return a.astype(dtype)


def call(p: Primitive, x: Any, **params: Any) -> Any:
    """``p(x, **params)`` without a look at the signature: the functions here know their own."""
    return record(p, (x,), params) if x.__class__ is Variable else p.forward(x, **params)


def given(argument: Any, default: Any) -> Any:
    """``argument``, or ``default`` where the caller left it out."""
    return default if argument is _NO_VALUE or argument is None else argument


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes meant by ``axis`` (None: all), counted from 0."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(np.lib.array_utils.normalize_axis_tuple(axis, ndim))


def kept_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """``shape`` after a reduction with ``keepdims=True``."""
    reduced = axes_of(axis, len(shape))
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


def expanded(ct: Any, ndim: int, axis: Any, keepdims: bool) -> Any:
    """``ct`` with the reduced axes put back, each of length 1."""
    if keepdims or ndim == 0:
        return ct
    if axis is None:
        return ct.reshape((1,) * ndim)
    reduced = {i % ndim for i in (axis if isinstance(axis, tuple) else (axis,))}
    lengths = iter(ct.shape)
    return ct.reshape(tuple(1 if i in reduced else next(lengths) for i in range(ndim)))


def merged(a: Any, axis: Any) -> Any:
    """``a`` with the axes to reduce moved to the end and made one: shape (..., n)."""
    shape = a.shape
    reduced = axes_of(axis, len(shape))
    rest = tuple(i for i in range(len(shape)) if i not in reduced)
    order = (*rest, *reduced)
    if order != tuple(range(len(shape))):
        a = np.transpose(a, order)
    n = 1
    for i in reduced:
        n *= shape[i]
    return a if len(reduced) == 1 else np.reshape(a, (*(shape[i] for i in rest), n))


def along_last(f: Callable[[Any], Any], a: Any, axis: int) -> Any:
    """``f``, which works along the last axis, along ``axis``."""
    if axis in (-1, len(a.shape) - 1):
        return f(a)
    return np.swapaxes(f(np.swapaxes(a, axis, -1)), axis, -1)


def ready(name: str, a: Any, dtype: Any, out: Any) -> Any:
    if out is not None:
        no_out(name)
    return operand(a, dtype)


# -- sums ------------------------------------------------------------------------------------------


_FILL = 4096


_PLAIN = {np.ndarray, *np.sctypeDict.values()}


def spread(ct: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """The adjoint ``ct`` of a sum, given to each element that was summed: a read-only view."""
    if not shape:
        return ct
    if ct.size == 1 and type(ct) in _PLAIN:
        # what np.broadcast_to gives, at a quarter of its price (a scalar's view is read-only as is)
        view: Any = np.ndarray(shape, ct.dtype, ct, 0, (0,) * len(shape))
        if ct.__class__ is np.ndarray:
            view.flags.writeable = False
        return view
    kept = expanded(ct, len(shape), axis, keepdims)
    if ct.__class__ is np.ndarray and ct.size * shape[-1] < _FILL:
        # small: writing it out costs less than making a view
        full = np.empty(shape, ct.dtype, like=ct)
        full[...] = kept
        return full
    return np.broadcast_to(kept, shape)


def _sum_vjp(ct: Any, output: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    if ct.__class__ is float or ct.__class__ is complex:
        return ct
    return spread(ct, x.shape, axis, keepdims)


_sum = define(
    lambda x, *, axis=None, keepdims=False: add_reduce(x, axis=axis, keepdims=keepdims),
    name="sum",
    scalar=operator.pos,
    vjp=_sum_vjp,
    linear=(0,),
    sample=calls(
        both((3, 4)),
        both((3, 4), axis=None, keepdims=True),
        both((2, 3, 4), axis=(0, -1), keepdims=True),
        both((3, 4), axis=1, keepdims=False),
    ),
)
_total = unary(_sum)


@implements(np.sum)
def sum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = _NO_VALUE,
    initial: Any = _NO_VALUE, where: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    if keepdims is where is initial is _NO_VALUE and axis is dtype is out is None:
        return _total(a)
    a = ready("sum", a, dtype, out)
    if given(where, True) is not True:
        a = np.where(where, a, 0)
    total = call(_sum, a, axis=axis, keepdims=bool(given(keepdims, False)))
    return total if given(initial, None) is None else total + initial


# -- extremes --------------------------------------------------------------------------------------


def _hits(
    output: Any, x: Any, axis: Any, keepdims: bool, initial: Any, where: Any
) -> tuple[Any, Any]:
    """(which elements attain the extreme, how many do: of the shape that keepdims gives)."""
    top = expanded(asarray(as_value(output)), x.ndim, axis, keepdims)
    hit = as_value(x) == top
    if where is not True:
        hit = hit & where
    count = add_reduce(hit, axis=axis, keepdims=True, dtype=np.intp)
    if initial is not _NO_VALUE:
        count = count + (top == initial)  # a tie with the constant: it takes its share
    return hit, np.maximum(count, 1)  # none where the extreme is nan or the constant


def _extreme_vjp(
    ct: Any, output: Any, x: Any, *, axis: Any, keepdims: bool, initial: Any, where: Any
) -> Any:
    hit, count = _hits(output, x, axis, keepdims, initial, where)
    share = expanded(ct, x.ndim, axis, keepdims) / count.astype(ct.dtype)
    return masked(share, hit)


def _extreme_jvp(
    x_dot: Any, output: Any, x: Any, *, axis: Any, keepdims: bool, initial: Any, where: Any
) -> Any:
    hit, count = _hits(output, x, axis, keepdims, initial, where)
    total = np.sum(np.where(hit, x_dot, np.zeros((), x_dot.dtype)), axis=axis, keepdims=keepdims)
    return total / count.reshape(output.shape).astype(x_dot.dtype)


def _extreme(reduce: Any, kinks: Kinks, name: str, *numpy_functions: Any) -> Callable[..., Any]:
    """The primitive and the function for max, min and their nan forms; ties share evenly."""
    defaults = {"axis": None, "keepdims": False, "initial": _NO_VALUE, "where": True}
    p = define(
        lambda x, *, axis, keepdims, initial, where: reduce(
            x, axis=axis, keepdims=keepdims, initial=initial, where=where
        ),
        name=name,
        vjp=_extreme_vjp,
        jvp=_extreme_jvp,
        sample=calls(
            both((3, 4), apart=True, **defaults),
            real((2, 3, 4), apart=True, **(defaults | {"axis": (0, -1), "keepdims": True})),
            real(
                (3, 4),
                apart=True,
                away=(0.1,),
                **(defaults | {"axis": 1, "initial": 0.1, "where": np.eye(3, 4) == 0}),
            ),
        ),
        kinks=kinks,
    )

    def extreme(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = _NO_VALUE,
        initial: Any = _NO_VALUE, where: Any = _NO_VALUE,
    ) -> Any:  # fmt: skip
        a = ready(name, a, None, out)
        where = given(where, True)
        if where is not True:
            where = np.array(where, bool)
        keepdims = bool(given(keepdims, False))
        if initial.__class__ is Variable:
            raise TypeError(f"np.{name}: initial= is a constant here; pass initial.value")
        return call(p, a, axis=axis, keepdims=keepdims, initial=initial, where=where)

    return implements(*numpy_functions)(extreme)


max = _extreme(np.maximum.reduce, runner_up(1), "max", np.max, np.amax)
min = _extreme(np.minimum.reduce, runner_up(-1), "min", np.min, np.amin)
nanmax = _extreme(np.nanmax, runner_up(1, skip_nan=True), "nanmax", np.nanmax)
nanmin = _extreme(np.nanmin, runner_up(-1, skip_nan=True), "nanmin", np.nanmin)


# -- without nan -----------------------------------------------------------------------------------


def without_nan(a: Any, fill: float) -> Any:
    """``a`` with ``fill`` in the place of nan; the adjoint there is 0."""
    a = operand(a)
    return np.where(np.isnan(as_value(a)), fill, a)


@implements(np.nansum)
def nansum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = _NO_VALUE,
    initial: Any = _NO_VALUE, where: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    a = without_nan(ready("nansum", a, None, out), 0)
    return sum(a, axis, dtype, None, keepdims, initial, where)


# What builds on the above: products, softmax, and the methods of ufuncs.
from .cumulative import cumprod, cumsum, prod  # noqa: E402
from .softmax import log_softmax, logsumexp, softmax  # noqa: E402
from .ufunc_methods import ufunc_methods  # noqa: E402

__all__ = [
    "add_reduce", "along_last", "axes_of", "call", "cumprod", "cumsum", "expanded", "given",
    "kept_shape", "log_softmax", "logsumexp", "max", "merged", "min", "nanmax", "nanmin", "nansum",
    "operand", "prod", "ready", "softmax", "spread", "sum", "ufunc_methods", "without_nan",
]  # fmt: skip
