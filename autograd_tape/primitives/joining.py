"""Joining, splitting and repeating arrays."""

from __future__ import annotations

import operator
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..arrays import asarray
from ..dispatch import define, functions, implements, no_out
from ..variable import Variable, as_value
from .construction import nested
from .indexing import along, put, take, writable
from .samples import calls, real
from .shape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    axis_index,
    broadcast_to,
    dims,
    moveaxis,
    one_axis,
    ravel,
    reshape,
)

# -- joining ---------------------------------------------------------------------------------------


def _concatenate_vjp(
    i: int, ct: Any, output: Any, *arrays: Any, axis: int, bounds: tuple[int, ...]
) -> Any:
    return ct[along(axis, slice(bounds[i], bounds[i + 1]))]


def _concatenate_jvp(
    i: int, x_dot: Any, output: Any, *arrays: Any, axis: int, bounds: tuple[int, ...]
) -> Any:
    return put(x_dot, index=along(axis, slice(bounds[i], bounds[i + 1])), shape=output.shape)


# Where each operand lies in the result is a parameter, so that the rules need no operand.
_concatenate_vjp.reads = _concatenate_jvp.reads = set()  # type: ignore[attr-defined]

_concatenate = define(
    lambda *arrays, axis, bounds: np.concatenate(arrays, axis),
    name="concatenate",
    vjp=_concatenate_vjp,
    jvp=_concatenate_jvp,
    variadic=True,
    sample=calls(
        real((2,), (3,), axis=0, bounds=(0, 2, 5)),
        real((2, 3), (2, 0), (2, 1), axis=1, bounds=(0, 3, 3, 4)),
    ),
)


@implements(np.concatenate, np.concat)
def concatenate(
    arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    """``np.concatenate``; with ``axis=None`` the operands are flattened first."""
    if out is not None:
        no_out("concatenate")
    arrays = [nested(x) for x in arrays]
    if axis is None:
        arrays, axis = [ravel(x) for x in arrays], 0
    axis = axis_index(axis, len(dims(arrays[0])))
    shapes = [dims(x) for x in arrays]
    lengths = (s[axis] if axis < len(s) else 0 for s in shapes)  # NumPy complains of the latter
    bounds = tuple(accumulate(lengths, initial=0))
    return _joined(_concatenate(*arrays, axis=axis, bounds=bounds), dtype, casting)


def _joined(result: Any, dtype: Any, casting: Any) -> Any:
    """The joined array in the ``dtype`` asked for, if ``casting`` allows it."""
    if dtype is None or result.dtype == dtype:
        return result
    if not np.can_cast(result.dtype, dtype, casting):
        raise TypeError(
            f"Cannot cast array data from {result.dtype!r} to {np.dtype(dtype)!r} according to the "
            f"rule {casting!r}"
        )
    return result.astype(dtype)


def _stack_vjp(i: int, ct: Any, output: Any, *arrays: Any, axis: int) -> Any:
    return ct[along(axis, i)]


def _stack_jvp(i: int, x_dot: Any, output: Any, *arrays: Any, axis: int) -> Any:
    return put(x_dot, index=along(axis, i), shape=output.shape)


_stack_vjp.reads = _stack_jvp.reads = set()  # type: ignore[attr-defined]

_stack = define(
    lambda *arrays, axis: np.stack(arrays, axis),
    name="stack",
    vjp=_stack_vjp,
    jvp=_stack_jvp,
    variadic=True,
    sample=calls(real((2, 3), (2, 3), axis=1), real((), (), (), axis=0), real((2,), axis=0)),
)


@implements(np.stack)
def stack(
    arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    if out is not None:
        no_out("stack")
    arrays = [nested(x) for x in arrays]
    axis = axis_index(axis, len(dims(arrays[0])) + 1)
    return _joined(_stack(*arrays, axis=axis), dtype, casting)


@implements(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    return concatenate([atleast_2d(nested(x)) for x in tup], 0, dtype=dtype, casting=casting)


@implements(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    arrays = [atleast_1d(nested(x)) for x in tup]
    return concatenate(arrays, int(len(arrays[0].shape) > 1), dtype=dtype, casting=casting)


@implements(np.dstack)
def dstack(tup: Any) -> Any:
    return concatenate([atleast_3d(nested(x)) for x in tup], 2)


@implements(np.column_stack)
def column_stack(tup: Any) -> Any:
    """``np.column_stack``: vectors become columns, matrices stay."""
    arrays = (nested(x) for x in tup)
    columns = [x if len(dims(x)) > 1 else reshape(x, (-1, 1)) for x in arrays]
    return concatenate(columns, 1)


@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    return concatenate([arr, values], axis)


@implements(np.block)
def block(arrays: Any) -> Any:
    """``np.block``: innermost lists are joined along the last axis, outer ones before it."""
    depths = set(_depths(arrays))
    if len(depths) > 1:
        raise ValueError("np.block: the lists are nested to different depths")
    depth = depths.pop()
    ndim = max(depth, *(len(dims(x)) for x in _blocks(arrays)), 0)

    def join(x: Any, level: int) -> Any:
        if not isinstance(x, list):
            shape = dims(x)
            return reshape(x, (1,) * (ndim - len(shape)) + shape)
        return concatenate([join(part, level + 1) for part in x], ndim - depth + level)

    return join(arrays, 0)


def _depths(x: Any) -> list[int]:
    if isinstance(x, tuple):
        raise TypeError("np.block: only lists can be nested, not tuples")
    if not isinstance(x, list):
        return [0]
    if not x:
        raise ValueError("np.block: lists cannot be empty")
    return [d + 1 for part in x for d in _depths(part)]


def _blocks(x: Any) -> list[Any]:
    return [b for part in x for b in _blocks(part)] if isinstance(x, list) else [x]


@implements(np.meshgrid)
def meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Any, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    n = len(xi)
    place = list(range(n))
    if indexing == "xy" and n > 1:
        place[:2] = 1, 0
    grids = [
        reshape(x, tuple(-1 if axis == place[i] else 1 for axis in range(n)))
        for i, x in enumerate(xi)
    ]
    return tuple(grids) if sparse else tuple(np.broadcast_arrays(*grids))


# -- repeating -------------------------------------------------------------------------------------


@implements(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """``np.tile``: each axis is preceded by one that repeats it."""
    shape = dims(A)
    reps = tuple(operator.index(r) for r in (reps if np.iterable(reps) else (reps,)))
    n = max(len(shape), len(reps))
    shape, reps = (1,) * (n - len(shape)) + shape, (1,) * (n - len(reps)) + reps
    if all(r == 1 for r in reps):
        return np.copy(reshape(A, shape))
    apart = [m for size in shape for m in (1, size)]
    stretched = [m for pair in zip(reps, shape, strict=True) for m in pair]
    whole = broadcast_to(reshape(A, apart), stretched)
    return reshape(whole, tuple(r * size for r, size in zip(reps, shape, strict=True)))


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    a, axis = one_axis(a, axis)
    n = a.shape[axis]
    repeats = asarray(as_value(repeats))
    if repeats.size != 1 or repeats.dtype.kind not in "iu" or repeats < 0:
        return take(a, np.repeat(np.arange(n), repeats), axis)
    times = int(repeats.reshape(()))
    before, after = a.shape[:axis], a.shape[axis + 1 :]
    apart = broadcast_to(np.expand_dims(a, axis + 1), (*before, n, times, *after))
    return reshape(apart, (*before, n * times, *after))


@implements(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """``np.resize``: the flattened elements, repeated to fill the new shape."""
    a = nested(a)
    if dims(a) == () and a.__class__ is not Variable:
        return np.resize(a, new_shape)
    n = int(np.prod(dims(a), dtype=int))
    places = np.resize(np.arange(n), new_shape)
    return take(a, places) if n else np.zeros(places.shape, a.dtype)


# -- splitting -------------------------------------------------------------------------------------


@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    axis = axis_index(axis, len(ary.shape))
    n = ary.shape[axis]
    if np.iterable(indices_or_sections):
        cuts: list[Any] = [0, *(int(i) for i in indices_or_sections), n]
    else:
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.")
        short, longer = divmod(n, sections)
        cuts = list(accumulate([short + 1] * longer + [short] * (sections - longer), initial=0))
    return [ary[along(axis, slice(*pair))] for pair in pairwise(cuts)]


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    if not np.iterable(indices_or_sections):
        n = ary.shape[axis_index(axis, len(ary.shape))]
        if n % indices_or_sections:
            raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


@implements(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if not ary.shape:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, int(len(ary.shape) > 1))


@implements(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if len(ary.shape) < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


@implements(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if len(ary.shape) < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    if not x.shape:
        raise ValueError("Input array must be at least 1-d.")
    axis = axis_index(axis, len(x.shape))
    return tuple(x[along(axis, i)] for i in range(x.shape[axis]))


if hasattr(np, "unstack"):  # NumPy 2.1
    functions[np.unstack] = unstack


# -- leaving out and putting between ---------------------------------------------------------------


@implements(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = axis_index(axis, len(arr.shape))
    return take(arr, np.delete(np.arange(arr.shape[axis]), obj), axis)


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """``np.insert``: both arrays are joined and then read in the order that NumPy gives."""
    arr, values = nested(arr), nested(values)
    if axis is None:
        arr, axis = ravel(arr), 0
    shape = dims(arr)
    axis = axis_index(axis, len(shape))
    n = shape[axis]
    dtype = np.result_type(as_value(arr))
    writable(dtype, values, "np.insert")
    places = np.arange(n)[obj] if isinstance(obj, slice) else np.asarray(obj)
    if places.dtype == bool:
        places = np.flatnonzero(places)
    own = dims(values)
    if places.size == 1:
        # One place takes any number of values; a plain integer place wants them first.
        values = reshape(values, (1,) * (len(shape) - len(own)) + own)
        if places.ndim == 0:
            values = moveaxis(values, 0, axis)
        new = dims(values)[axis]
    else:
        new = places.size
    if len(own) > len(shape):  # NumPy allows leading axes of length 1
        values = reshape(values, dims(values)[-len(shape) :])
    values = broadcast_to(values, (*shape[:axis], new, *shape[axis + 1 :]))
    if values.dtype != dtype:
        values = values.astype(dtype)
    order = np.insert(np.arange(n), obj, np.arange(n, n + new))
    return take(concatenate([arr, values], axis), order, axis)
