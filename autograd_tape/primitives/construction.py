"""Making arrays from numbers and Variables.

NumPy cannot be told of Variables in ``np.array([v, w])``, which raises a TypeError; but
``np.array([v, w], like=v)`` arrives here, and so do the other makers that take ``like=``.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..dispatch import functions, implements
from ..variable import Variable, as_value
from . import structure
from .shape import broadcast_to, dims, moveaxis, reshape


def nested(x: Any) -> Any:
    """One array from nested lists and tuples of numbers, arrays and Variables; else ``x``."""
    if x.__class__ not in (list, tuple):
        return x
    if not any(v.__class__ is Variable for v in _leaves(x)):
        return np.asarray(x)
    return np.stack([nested(v) for v in x])


def _leaves(x: Any) -> Iterator[Any]:
    if x.__class__ in (list, tuple):
        for v in x:
            yield from _leaves(v)
    else:
        yield x


def _cast(x: Any, dtype: Any) -> Any:
    return x if dtype is None or x.dtype == dtype else x.astype(dtype)


# -- copies ----------------------------------------------------------------------------------------


@implements(np.array)
def array(
    object: Any, dtype: Any = None, *, copy: Any = True, order: str = "K", subok: bool = False,
    ndmin: int = 0, ndmax: int = 0,
) -> Any:  # fmt: skip
    """``np.array(object, like=v)``: nested lists may hold Variables; they are stacked."""
    made = nested(object)
    if made.__class__ is not Variable:
        options = {"ndmax": ndmax} if ndmax else {}
        return np.array(made, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin, **options)  # type: ignore[call-overload]
    made = _cast(structure.copy(made) if made is object and copy else made, dtype)
    return reshape(made, (1,) * (ndmin - made.ndim) + made.shape) if made.ndim < ndmin else made


def _as_array(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None
) -> Any:
    return array(a, dtype, copy=copy)


functions[np.asarray] = functions[np.asanyarray] = _as_array


@implements(np.ascontiguousarray, np.asfortranarray)
def _contiguous(a: Any, dtype: Any = None) -> Any:
    return array(a, dtype, copy=None, ndmin=1)


@implements(np.require)
def require(a: Any, dtype: Any = None, requirements: Any = None) -> Any:
    return array(a, dtype, copy=None)


@implements(np.copy)
def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """``np.copy``: recorded, so the gradient flows through it."""
    return structure.copy(a)


# -- filled arrays ---------------------------------------------------------------------------------

for _maker in (
    np.zeros, np.ones, np.empty, np.arange, np.eye, np.identity, np.tri, np.fromfunction,
    np.fromiter, np.frombuffer, np.fromstring, np.fromfile, np.loadtxt, np.genfromtxt,
):  # fmt: skip
    functions[_maker] = partial(_maker)  # with like=v: plain arrays that look at no Variable


@implements(np.full)
def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None
) -> Any:
    """``np.full(shape, v, like=v)``: the gradients of all places add up in ``v``."""
    shape = tuple(shape) if np.iterable(shape) else (shape,)
    return _filled(shape, fill_value, dtype)


def _filled(shape: Any, value: Any, dtype: Any) -> Any:
    """``value`` everywhere, in ``dtype``; never a recorded value in an integer array."""
    from .indexing import writable

    value = nested(value)
    if dtype is not None:
        writable(dtype, value, "np.full")
        value = _cast(value, dtype) if value.__class__ is Variable else np.asarray(value, dtype)
    return broadcast_to(value, shape) if value.__class__ is Variable else np.full(shape, value)


@implements(np.full_like)
def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True,
    shape: Any = None, *, device: Any = None,
) -> Any:  # fmt: skip
    """``np.full_like``; only the fill value carries a gradient, ``a`` gives shape and dtype."""
    shape = dims(a) if shape is None else tuple(shape) if np.iterable(shape) else (shape,)
    dtype = np.result_type(as_value(a)) if dtype is None else dtype
    return _filled(shape, fill_value, dtype)


# -- ranges ----------------------------------------------------------------------------------------


def _steps(num: Any, endpoint: bool, ndim: int) -> Any:
    """0 to 1 in ``num`` steps (to less than 1 without the endpoint) along a new first axis."""
    num = operator.index(num)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    parts = num - 1 if endpoint else num
    return np.reshape(np.arange(num) / max(parts, 1), (num,) + (1,) * ndim)


def _between(kind: Any, num: Any, endpoint: bool, start: Any, stop: Any) -> Any:
    """Steps from 0 to 1 in the real precision of ``kind``, ready to scale two arrays."""
    ndim = len(np.broadcast_shapes(dims(start), dims(stop)))
    return _steps(num, endpoint, ndim).astype(np.zeros((), kind).real.dtype)


@implements(np.linspace)
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    """``np.linspace``: (1 - t)·start + t·stop, which is exact at both ends."""
    start, stop = nested(start), nested(stop)
    kind = np.result_type(as_value(start), as_value(stop))
    if kind.kind not in "fc":
        kind = np.dtype(float)
    t = _between(kind, num, endpoint, start, stop)
    result = _cast((1 - t) * start + t * stop, kind)
    result = moveaxis(result, 0, axis) if axis else result
    if dtype is not None and np.dtype(dtype).kind in "iu":
        result = np.floor(result)
    result = _cast(result, dtype)
    if not retstep:
        return result
    parts = num - 1 if endpoint else num
    return result, (stop - start) / parts if parts > 0 else np.nan


@implements(np.logspace)
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """``np.logspace``: base ** linspace(start, stop)."""
    base = nested(base)
    n = max(len(dims(x)) for x in (start, stop, base))
    if dims(base):
        start, stop, base = (reshape(x, (1,) * (n - len(dims(x))) + dims(x))
                             for x in (start, stop, base))  # fmt: skip
        base = np.expand_dims(base, axis)
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    return _cast(np.power(base, exponents), dtype)


@implements(np.geomspace)
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """``np.geomspace``: start·(stop / start)ᵗ, for real ends of equal sign or complex ones."""
    start, stop = nested(start), nested(stop)
    if np.any(np.asarray(as_value(start)) == 0) or np.any(np.asarray(as_value(stop)) == 0):
        raise ValueError("Geometric sequence cannot include zero")
    kind = np.result_type(as_value(start), as_value(stop), np.zeros((), dtype))
    t = _between(kind, num, endpoint, start, stop)
    result = _cast(start * np.power(stop / start, t), kind)
    return _cast(moveaxis(result, 0, axis) if axis else result, dtype)


@implements(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """``np.vander``: x: (M,) to (M, N) with the powers N - 1 to 0 (0 to N - 1 if increasing)."""
    if len(x.shape) != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    n = x.shape[0] if N is None else operator.index(N)
    powers = np.arange(n) if increasing else np.arange(n)[::-1]
    return np.power(np.expand_dims(x, 1), powers)
