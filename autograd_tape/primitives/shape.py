"""Functions that move elements about and change none: all linear, each the other's transpose."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..dispatch import define, implements, no_out
from ..primitive import record
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


# -- the order of elements -------------------------------------------------------------------------

_flip = define(
    lambda x, *, axes: np.flip(x, axes),
    name="flip",
    vjp=lambda ct, output, x, *, axes: np.flip(ct, axes),
    linear=(0,),
    sample=calls(both((3, 4), axes=(0,)), both((2, 3), axes=(0, 1))),
)


@implements(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    n = len(m.shape)
    return _flip(m, axes=tuple(range(n)) if axis is None else axis_indices(axis, n))


@implements(np.fliplr)
def fliplr(m: Any) -> Any:
    if len(m.shape) < 2:
        raise ValueError("Input must be >= 2-d.")
    return flip(m, 1)


@implements(np.flipud)
def flipud(m: Any) -> Any:
    if not m.shape:
        raise ValueError("Input must be >= 1-d.")
    return flip(m, 0)


@implements(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    i, j = axes
    n = len(m.shape)
    if axis_index(i, n) == axis_index(j, n):
        raise ValueError("np.rot90: the two axes must differ")
    if k % 4 == 2:
        return flip(m, (i, j))
    if k % 4 == 1:
        return swapaxes(flip(m, j), i, j)
    return flip(swapaxes(m, i, j), j) if k % 4 else m[...]


_roll = define(
    lambda x, *, shift, axes: np.roll(x, shift, axes),
    name="roll",
    vjp=lambda ct, output, x, *, shift, axes: np.roll(ct, tuple(-n for n in shift), axes),
    linear=(0,),
    sample=calls(both((5,), shift=(2,), axes=(0,)), both((3, 4), shift=(-1, 6), axes=(0, 1))),
)


@implements(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), a.shape)
    pairs = [(int(s), axis_index(i, len(a.shape))) for s, i in np.broadcast(shift, axis)]
    return _roll(a, shift=tuple(s for s, _ in pairs), axes=tuple(i for _, i in pairs))


# -- diagonals and triangles -----------------------------------------------------------------------


def _embedded(x: Any, *, shape: Any, offset: int, axis1: int, axis2: int) -> Any:
    whole = np.zeros(shape, x.dtype)
    first = max(-offset, 0)
    rows = np.arange(first, first + x.shape[-1])
    np.moveaxis(whole, (axis1, axis2), (-2, -1))[..., rows, rows + offset] = x
    return whole


# Zeros with x on a diagonal of two axes, and its transpose: reading that diagonal.
_embed = define(
    _embedded,
    name="embed_diagonal",
    vjp=lambda ct, output, x, *, shape, offset, axis1, axis2: np.diagonal(ct, offset, axis1, axis2),
    linear=(0,),
    sample=calls(
        both((3,), shape=(4, 4), offset=-1, axis1=0, axis2=1),
        both((4, 2), shape=(2, 4, 5), offset=0, axis1=2, axis2=0),
    ),
)

_diagonal = define(
    lambda x, *, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    name="diagonal",
    vjp=lambda ct, output, x, *, offset, axis1, axis2: _embed(
        ct, shape=x.shape, offset=offset, axis1=axis1, axis2=axis2
    ),
    linear=(0,),
    sample=calls(
        both((3, 4), offset=1, axis1=0, axis2=1),
        both((2, 3, 4), offset=-1, axis1=2, axis2=0),
        both((2, 3), offset=-5, axis1=0, axis2=1),
    ),
)


@implements(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """``np.diagonal``: the shape without the two axes, and the length of the diagonal last."""
    n = len(dims(a))
    if n < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    axis1, axis2 = axis_index(axis1, n), axis_index(axis2, n)
    if axis1 == axis2:
        raise ValueError("axis1 and axis2 cannot be the same")
    return _diagonal(a, offset=operator.index(offset), axis1=axis1, axis2=axis2)


@implements(np.trace)
def trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None
) -> Any:
    if out is not None:
        no_out("trace")
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@implements(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    """``np.diag``: the matrix with this diagonal for 1-D, the diagonal of a matrix for 2-D."""
    if len(v.shape) == 2:
        return diagonal(v, k)
    if len(v.shape) != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = v.shape[0] + abs(operator.index(k))
    return _embed(v, shape=(n, n), offset=operator.index(k), axis1=0, axis2=1)


@implements(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    return diag(ravel(v), k)


def _lower(m: Any, k: int) -> Any:
    """True on and below diagonal ``k`` of the last two axes."""
    rows, columns = (m.shape * 2)[-2:]  # a vector counts as n rows of itself
    return np.tri(rows, columns, k, bool)


@implements(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    return np.where(_lower(m, k), m, np.zeros((), m.dtype))


@implements(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    return np.where(_lower(m, k - 1), np.zeros((), m.dtype), m)


# -- the type of elements --------------------------------------------------------------------------

_astype = define(
    lambda x, *, dtype: np.asarray(x).astype(dtype)[()],
    name="astype",
    vjp=lambda ct, output, x, *, dtype: ct,  # the sweep casts back
    linear=(0,),
    sample=calls(both((3, 4), dtype=np.complex128)),
)


def astype(x: Variable, dtype: Any) -> Any:
    """A recorded cast; to integers or booleans it gives a plain array and cuts the graph."""
    if np.dtype(dtype).kind not in "fc":
        from ..explain import note_cut

        note_cut([x._entry], f"astype({np.dtype(dtype)}), which has no derivative")
        return np.asarray(x._value).astype(dtype)
    if x.dtype.kind == "c" and np.dtype(dtype).kind == "f":
        return record(_astype, (np.real(x),), {"dtype": np.dtype(dtype)})
    return record(_astype, (x,), {"dtype": np.dtype(dtype)})


@implements(*(getattr(np, name) for name in ("astype",) if hasattr(np, name)))  # NumPy 2.1
def np_astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return astype(x, dtype)
