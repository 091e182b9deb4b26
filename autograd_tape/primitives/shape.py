"""Functions that move elements about and change none: all linear, each the other's transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import define, implements
from ..primitive import record
from ..variable import Variable
from .samples import both, calls

_reshape = define(
    lambda x, *, shape: np.reshape(x, shape),
    name="reshape",
    vjp=lambda ct, output, x, *, shape: np.reshape(ct, x.shape),
    linear=(0,),
    sample=calls(both((3, 4), shape=(2, 6)), both((), shape=(1, 1))),
)


@implements(np.reshape)
def reshape(a: Any, shape: Any = None, order: str = "C", *, copy: bool | None = None) -> Any:
    """``np.reshape``; ``order`` "C" or "F" ("A" depends on the memory layout, which is not recorded)."""
    shape = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if order == "C":
        return _reshape(a, shape=shape)
    if order != "F":
        raise TypeError(f"np.reshape: order={order!r} is not supported on Variables; use 'C' or 'F'")
    return np.transpose(_reshape(np.transpose(a), shape=shape[::-1]))


_transpose = define(
    lambda x, *, axes: np.transpose(x, axes),
    name="transpose",
    vjp=lambda ct, output, x, *, axes: np.transpose(ct, tuple(int(i) for i in np.argsort(axes))),
    linear=(0,),
    sample=calls(both((2, 3, 4), axes=(2, 0, 1)), both((), axes=())),
)


@implements(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Any:
    n = np.ndim(a)
    axes = tuple(range(n))[::-1] if axes is None else tuple(int(i) % n if n else i for i in axes)
    return _transpose(a, axes=axes)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    n = np.ndim(a)
    i, j = _axis(axis1, n), _axis(axis2, n)
    axes = list(range(n))
    axes[i], axes[j] = axes[j], axes[i]
    return _transpose(a, axes=tuple(axes))


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim


_broadcast_to = define(
    lambda x, *, shape: np.broadcast_to(x, shape),
    name="broadcast_to",
    vjp=lambda ct, output, x, *, shape: ct,  # the sweep undoes broadcasting
    linear=(0,),
    sample=calls(both((3, 1), shape=(2, 3, 4)), both((), shape=(2,))),
)


@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    shape = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(shape)
    return _broadcast_to(array, shape=shape)


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    return _reshape(a, shape=np.expand_dims(_hollow(a), axis).shape)


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    return _reshape(a, shape=np.squeeze(_hollow(a), axis).shape)


def _hollow(a: Any) -> Any:
    """An array of the shape of ``a`` that costs nothing, to ask NumPy for resulting shapes."""
    return np.broadcast_to(np.zeros((), bool), np.shape(a))


@implements(np.shape)
def shape(a: Any) -> tuple[int, ...]:
    return tuple(a.shape)


@implements(np.ndim)
def ndim(a: Any) -> int:
    return len(a.shape)


@implements(np.size)
def size(a: Any, axis: Any = None) -> int:
    return int(np.size(_hollow(a), axis))


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


@implements(np.astype)
def np_astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return astype(x, dtype)
