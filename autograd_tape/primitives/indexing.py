"""Reading and writing parts of an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import asarray, at, copied, zeros
from ..dispatch import define, implements, no_out
from ..primitive import Primitive
from ..record import record
from ..scatter import Scattered, add_at, is_basic
from ..variable import Variable, as_value
from .construction import nested
from .samples import both, calls, real
from .shape import axis_index, dims, moveaxis, one_axis, ravel, reshape

_INDICES: list[Any] = [
    1, (slice(None), 2), (slice(2, 0, -1), ...), (None, np.array([0, 2, 2])),
    np.array([[True, False, True, False]] * 3), (np.array([0, 1, 0]), np.array([1, 1, 1])),
    np.array([[2, -1], [0, 2]]), (np.array([0, 2]), slice(None, None, 2)),
]  # fmt: skip


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that takes ``part`` of one axis and all of the others."""
    return (*(slice(None),) * axis, part)


# -- reading ---------------------------------------------------------------------------------------


def _put(ct: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
    total = zeros(shape, ct.dtype if hasattr(ct, "dtype") else ct.__class__, ct, index)
    add_at(total, index, ct)
    return total


# Zeros of ``shape`` with ct added at ``index``: the transpose of reading.
put = define(
    _put,
    name="put",
    vjp=lambda ct, output, x, *, index, shape: at(ct, index),
    linear=(0,),
    sample=calls(
        both((4,), index=1, shape=(3, 4)),
        real((2,), index=np.array([0, 0]), shape=(3,)),
        real((3, 2), index=np.array([0, -1, 0]), shape=(4, 2)),
    ),
)

_getitem = define(
    lambda x, *, index: at(x, index),
    name="getitem",
    vjp=lambda ct, output, x, *, index: Scattered(index, ct, put),
    linear=(0,),
    sample=calls(*(both((3, 4), index=i) for i in _INDICES)),
)


def freeze(index: Any) -> Any:
    """An index as a static parameter: lists become arrays, arrays are copied."""
    if isinstance(index, tuple):
        return tuple(freeze(i) for i in index)
    if isinstance(index, list):
        return np.array(index) if index else np.array(index, int)
    if isinstance(index, np.ndarray):
        return copied(index)
    if index.__class__ is Variable:
        raise TypeError(
            "a Variable cannot be an index: it holds floats, and an index has no derivative; "
            "use v.value.astype(int)"
        )
    return index


def getitem(x: Variable, index: Any) -> Variable:
    """``x[index]`` for any NumPy index; repeated indices add up in the adjoint."""
    if x._value.__class__ in (float, complex):
        x = reshape(x, ())  # a Python number takes no index
    return record(_getitem, (x,), {"index": freeze(index)})


# -- writing ---------------------------------------------------------------------------------------


def _updated(x: Any, new: Any, *, index: Any) -> Any:
    result = copied(x, None, new, index)
    result[index] = new
    return result


def _update_vjp(ct: Any, output: Any, x: Any, new: Any, *, index: Any) -> Any:
    """Only what was written last at a place arrived there."""
    part = at(ct, index)
    if not is_basic(index):
        order = np.arange(part.size).reshape(part.shape)
        writer = zeros(output.shape, int, part, index)
        writer[index] = order
        part = np.where(writer[index] == order, part, np.zeros((), ct.dtype))
    return part


_setitem: Primitive = define(
    _updated,
    name="setitem",
    vjp=(
        lambda ct, output, x, new, *, index: _setitem(ct, np.zeros((), ct.dtype), index=index),
        _update_vjp,
    ),
    jvp=(
        lambda x_dot, output, x, new, *, index: _setitem(
            x_dot, np.zeros((), x_dot.dtype), index=index
        ),
        lambda new_dot, output, x, new, *, index: _setitem(
            np.zeros(output.shape, output.dtype), new_dot, index=index
        ),
    ),
    batched=True,
    sample=calls(*(both((3, 4), (), index=i) for i in _INDICES), both((3, 4), (4,), index=1)),
)


def setitem(x: Any, index: Any, new: Any) -> Any:
    """The array ``x`` with ``new`` written at ``index``, as a new value.

    Where an integer index comes twice, the last one written stays, as in NumPy.
    Raises TypeError for complex values in a real array, and for Variables in an integer array.
    """
    if new.__class__ in (list, tuple):
        new = nested(new)
    writable(x.dtype, new, "v[...] = new")
    if new.__class__ is Variable and new.shape[:1] == (1,):
        lead = next((i for i, n in enumerate(new.shape) if n != 1), new.ndim)
        new = reshape(new, new.shape[lead:])  # NumPy allows more leading axes than the place has
    return _setitem(x, new, index=freeze(index))


def writable(dtype: Any, new: Any, what: str) -> None:
    """Raise where writing ``new`` into an array of ``dtype`` would drop a part or a gradient."""
    kind = np.result_type(as_value(new)).kind
    if np.dtype(dtype).kind not in "fc" and new.__class__ is Variable:
        raise TypeError(
            f"{what}: a Variable written into an array of dtype {dtype} would lose its gradient; "
            "make the array a float one first"
        )
    if kind == "c" and np.dtype(dtype).kind != "c":
        raise TypeError(
            f"{what}: a complex value does not fit into an array of dtype {dtype}; use "
            "astype(complex) on the array, or np.real of the value"
        )


def rebind(x: Any, updated: Any, name: str) -> None:
    """Make the Variable ``x`` the updated value; a plain array cannot take recorded values."""
    if x.__class__ is not Variable:
        raise TypeError(
            f"np.{name}: the array written to is a plain {type(x).__name__}, which cannot carry "
            "the gradient of the Variable written into it; make it a Variable first"
        )
    x._value, x._entry = updated._value, updated._entry


def _target(x: Any, name: str) -> Any:
    if x.__class__ is not Variable:
        rebind(x, None, name)
    return x


# -- functions that read ---------------------------------------------------------------------------


def wrapped(indices: Any, n: int, mode: str, name: str) -> Any:
    """Integer ``indices`` into an axis of length ``n`` by NumPy's ``mode`` raise, wrap or clip."""
    indices = asarray(as_value(indices)).astype(np.intp, casting="same_kind")
    if mode == "raise":
        return indices  # NumPy complains where it reads
    if n == 0 and indices.size:
        raise IndexError("cannot do a non-empty take from an empty axes.")
    if mode == "wrap":
        return indices % max(n, 1)
    if mode != "clip":
        raise ValueError(f"np.{name}: mode is 'raise', 'wrap' or 'clip', not {mode!r}")
    return np.clip(indices, 0, n - 1)


@implements(np.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    if out is not None:
        no_out("take")
    a, axis = one_axis(a, axis)
    shape = (*a.shape[:axis], *np.shape(indices), *a.shape[axis + 1 :])
    if 0 in shape and 0 in (a.shape[:axis] if mode == "raise" else a.shape):
        # Any index will do where there is nothing to take.
        return reshape(a, shape)
    index = wrapped(indices, a.shape[axis], mode, "take")
    return a[along(axis, index)] if axis else a[index]


def _lines(shape: tuple[int, ...], indices: Any, axis: int) -> tuple[Any, ...]:
    """The index that reads ``indices`` along ``axis`` of each line of an array of ``shape``."""
    indices = asarray(as_value(indices))
    if indices.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if indices.ndim != len(shape):
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    grid = np.ogrid[tuple(slice(n) for n in shape)]
    return tuple(indices if i == axis else g for i, g in enumerate(grid))


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    if axis is None:
        arr, axis = ravel(arr), 0
    return arr[_lines(arr.shape, indices, axis_index(axis, len(arr.shape)))]


@implements(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: Any, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """``np.apply_along_axis``: ``func1d`` is called, and recorded, for each line along ``axis``."""
    axis = axis_index(axis, len(dims(arr)))
    lines = moveaxis(arr, axis, -1)
    outer = dims(lines)[:-1]
    if 0 in outer:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    results = np.stack([func1d(lines[i], *args, **kwargs) for i in np.ndindex(outer)])
    inner = results.shape[1:]
    results = reshape(results, outer + inner)
    k = len(outer)
    order = (*range(axis), *range(k, k + len(inner)), *range(axis, k))
    return np.transpose(results, order)


@implements(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    """``np.apply_over_axes``: ``func(a, axis)`` for each axis, the reduced axes kept."""
    n = len(a.shape)
    for axis in np.atleast_1d(axes):
        i = axis_index(axis, n)
        result = func(a, i)
        a = result if result.ndim == n else np.expand_dims(result, i)
        if a.ndim != n:
            raise ValueError("function is not returning an array of the correct shape")
    return a


# -- functions that write in place -----------------------------------------------------------------


@implements(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """``np.put_along_axis`` on a Variable: recorded like ``arr[...] = values``."""
    shape = _target(arr, "put_along_axis").shape
    if axis is None:
        index: Any = np.unravel_index(asarray(indices) % arr.size, shape)
    else:
        index = _lines(shape, indices, axis_index(axis, len(shape)))
    arr[index] = values


@implements(np.put)
def put_flat(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """``np.put`` on a Variable: ``v`` is repeated as needed over the flat indices ``ind``."""
    n = _target(a, "put").size
    index = wrapped(ind, n, mode, "put").ravel()
    if np.any((index < -n) | (index >= n)):
        raise IndexError(f"np.put: an index is out of bounds for size {n}")
    if index.size:
        a[np.unravel_index(index % n, a.shape)] = _repeated(v, index.size)


@implements(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """``np.place`` on a Variable: values, repeated as needed, go where ``mask`` is true."""
    mask = asarray(as_value(mask), bool).reshape(_target(arr, "place").shape)
    n = int(np.count_nonzero(mask))
    if n:
        arr[mask] = _repeated(vals, n)


@implements(np.putmask)
def putmask(a: Any, /, mask: Any, values: Any) -> None:
    """``np.putmask`` on a Variable: element i becomes ``values[i % len(values)]`` where masked."""
    mask = asarray(as_value(mask), bool).reshape(_target(a, "putmask").shape)
    a[mask] = reshape(_repeated(values, a.size), a.shape)[mask]


def _repeated(values: Any, n: int) -> Any:
    """The flattened values, repeated or cut to ``n`` of them."""
    values = nested(values)
    if 0 in dims(values):
        raise ValueError("Cannot insert from an empty array!")
    return np.resize(values, (n,))


@implements(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """``np.copyto`` on a Variable: recorded like ``dst[where] = src``."""
    dtype = np.result_type(as_value(src))
    if not np.can_cast(dtype, _target(dst, "copyto").dtype, casting):  # type: ignore[arg-type]
        raise TypeError(f"Cannot cast from {dtype!r} to {dst.dtype!r} according to {casting!r}")
    if where is True:
        dst[...] = src
    else:
        updated = np.where(as_value(where), np.broadcast_to(src, dst.shape), dst)
        dst[...] = updated


@implements(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """``np.fill_diagonal`` on a Variable; ``val`` is a number, or values repeated along it."""
    shape = _target(a, "fill_diagonal").shape
    if len(shape) < 2:
        raise ValueError("array must be at least 2-d")
    end = None if wrap or len(shape) > 2 else shape[1] ** 2
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    step = 1 + int(np.sum(np.cumprod(shape[1:]))) if len(shape) > 2 else shape[1] + 1
    places = np.arange(a.size)[:end:step]
    if places.size:
        a[np.unravel_index(places, shape)] = _repeated(val, places.size)
