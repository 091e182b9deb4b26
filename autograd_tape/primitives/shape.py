"""Functions that move elements about and change none: all linear, each the other's transpose."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..arrays import asarray
from ..dispatch import define, implements
from ..record import record
from ..variable import Variable, as_value
from .samples import both, calls

# -- axes and shapes -------------------------------------------------------------------------------


def axis_index(axis: Any, ndim: int) -> int:
    """``axis`` counted from 0; raises NumPy's AxisError where there is no such axis."""
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return int(axis % ndim)


def axis_indices(axes: Any, ndim: int) -> tuple[int, ...]:
    """One axis or a sequence of them, each counted from 0; none may come twice."""
    found = tuple(axis_index(i, ndim) for i in (axes if np.iterable(axes) else (axes,)))
    if len(set(found)) != len(found):
        raise ValueError(f"repeated axis in {axes}")
    return found


def one_axis(a: Any, axis: Any) -> tuple[Any, int]:
    """(array, axis) for functions that flatten without an axis, and take 0-d for one element."""
    if axis is None:
        return ravel(a), 0
    return (a, axis_index(axis, len(dims(a)))) if dims(a) else (ravel(a), axis_index(axis, 1))


def dims(x: Any) -> tuple[int, ...]:
    """The shape of an operand: a Variable or anything that NumPy takes for an array."""
    return x.shape if x.__class__ is Variable else np.shape(x)


@implements(np.shape)
def shape(a: Any) -> tuple[int, ...]:
    return tuple(a.shape)


@implements(np.ndim)
def ndim(a: Any) -> int:
    return len(a.shape)


@implements(np.size)
def size(a: Any, axis: Any = None) -> int:
    return int(np.size(np.broadcast_to(False, a.shape), axis))


# -- reshaping -------------------------------------------------------------------------------------


def _reshape_vjp(ct: Any, output: Any, x: Any, *, shape: Any) -> Any:
    return np.reshape(ct, getattr(x, "shape", ()))  # a Python float has no shape


_reshape_vjp.reads = set()  # type: ignore[attr-defined]  # nothing but the shape of x

_reshape = define(
    lambda x, *, shape: np.reshape(x, shape),
    name="reshape",
    vjp=_reshape_vjp,
    linear=(0,),
    sample=calls(both((3, 4), shape=(2, 6)), both((), shape=(1, 1))),
)


@implements(np.reshape)
def reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    """``np.reshape``; order "A" is "F" where the value lies in memory in Fortran order."""
    shape = tuple(shape) if np.iterable(shape) else (shape,)
    shape = tuple(operator.index(n) for n in shape)
    if order == "A":
        flags = np.asarray(as_value(a)).flags
        order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    if order == "C":
        return _reshape(a, shape=shape)
    if order != "F":
        raise ValueError(f"np.reshape: order is 'C', 'F' or 'A', not {order!r}")
    return transpose(_reshape(transpose(a), shape=shape[::-1]))


@implements(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """``np.ravel``; order "K" reads the elements as the value lies in memory."""
    if order == "K":
        strides = np.asarray(as_value(a)).strides
        a = transpose(a, sorted(range(len(strides)), key=lambda i: -abs(strides[i])))
        order = "C"
    return reshape(a, -1, order)


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    axes = tuple(axis) if np.iterable(axis) else (axis,)
    n = len(a.shape) + len(axes)
    new, old = axis_indices(axes, n), iter(a.shape)
    return _reshape(a, shape=tuple(1 if i in new else next(old) for i in range(n)))


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    if axis is None:
        return _reshape(a, shape=tuple(n for n in a.shape if n != 1))
    gone = axis_indices(axis, max(len(a.shape), 1))  # NumPy lets 0-d pass for one axis here
    if a.shape and any(a.shape[i] != 1 for i in gone):
        raise ValueError(f"np.squeeze: axis {axis} of shape {a.shape} is not of length 1")
    return _reshape(a, shape=tuple(n for i, n in enumerate(a.shape) if i not in gone))


def _at_least(n: int, x: Any) -> Any:
    """``x`` with axes added as ``np.atleast_nd`` does: (M, N) becomes (M, N, 1) in three."""
    if x.__class__ is not Variable:
        return (np.atleast_1d, np.atleast_2d, np.atleast_3d)[n - 1](x)
    have = x.shape
    if len(have) >= n:
        return x
    if n == 3 and have:
        return reshape(x, (1, *have, 1) if len(have) == 1 else (*have, 1))
    return reshape(x, (1,) * (n - len(have)) + have)


@implements(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    results = tuple(_at_least(1, x) for x in arys)
    return results[0] if len(results) == 1 else results


@implements(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    results = tuple(_at_least(2, x) for x in arys)
    return results[0] if len(results) == 1 else results


@implements(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    results = tuple(_at_least(3, x) for x in arys)
    return results[0] if len(results) == 1 else results


_broadcast_to = define(
    lambda x, *, shape: np.broadcast_to(x, shape),
    name="broadcast_to",
    vjp=lambda ct, output, x, *, shape: ct,  # the sweep undoes broadcasting
    linear=(0,),
    sample=calls(both((3, 1), shape=(2, 3, 4)), both((), shape=(2,))),
)


@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    shape = tuple(shape) if np.iterable(shape) else (shape,)
    return _broadcast_to(array, shape=tuple(operator.index(n) for n in shape))


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*(dims(x) for x in args))
    return tuple(x if dims(x) == shape else broadcast_to(x, shape) for x in args)


# -- the order of axes -----------------------------------------------------------------------------

_transpose = define(
    lambda x, *, axes: np.transpose(x, axes),
    name="transpose",
    vjp=lambda ct, output, x, *, axes: np.transpose(ct, tuple(int(i) for i in np.argsort(axes))),
    linear=(0,),
    sample=calls(both((2, 3, 4), axes=(2, 0, 1)), both((), axes=())),
)


@implements(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Any:
    n = len(dims(a))
    return _transpose(a, axes=tuple(range(n))[::-1] if axes is None else axis_indices(axes, n))


@implements(np.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    if len(x.shape) < 2:
        raise ValueError(f"np.matrix_transpose: needs at least 2 axes, not shape {x.shape}")
    return swapaxes(x, -1, -2)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    n = len(dims(a))
    i, j = axis_index(axis1, n), axis_index(axis2, n)
    axes = list(range(n))
    axes[i], axes[j] = axes[j], axes[i]
    return _transpose(a, axes=tuple(axes))


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    n = len(dims(a))
    source, destination = axis_indices(source, n), axis_indices(destination, n)
    if len(source) != len(destination):
        raise ValueError("np.moveaxis: source and destination must have the same number of axes")
    order = [i for i in range(n) if i not in source]
    for place, axis in sorted(zip(destination, source, strict=True)):
        order.insert(place, axis)
    return _transpose(a, axes=tuple(order))


@implements(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """``np.rollaxis``: the axis is put before what ``start`` counts as place 0 to ndim."""
    n = len(dims(a))
    axis, start = axis_index(axis, n), n if start == n else axis_index(start, n)
    return moveaxis(a, axis, start - (axis < start))


# -- the type of elements --------------------------------------------------------------------------

_astype = define(
    lambda x, *, dtype: asarray(x).astype(dtype)[()],
    name="astype",
    vjp=lambda ct, output, x, *, dtype: ct,  # the sweep casts back
    linear=(0,),
    sample=calls(both((3, 4), dtype=np.complex128)),
)


def astype(x: Variable, dtype: Any) -> Any:
    """A recorded cast; to integers or booleans it gives a plain array and cuts the graph."""
    if np.dtype(dtype).kind not in "fc":
        from ..notes import note_cut

        note_cut([x._entry], f"astype({np.dtype(dtype)}), which has no derivative")
        return asarray(x._value).astype(dtype)
    if x.dtype.kind == "c" and np.dtype(dtype).kind == "f":
        return record(_astype, (np.real(x),), {"dtype": np.dtype(dtype)})
    return record(_astype, (x,), {"dtype": np.dtype(dtype)})


@implements(*(getattr(np, name) for name in ("astype",) if hasattr(np, name)))  # NumPy 2.1
def np_astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return astype(x, dtype)
