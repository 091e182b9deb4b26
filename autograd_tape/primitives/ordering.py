"""Sorting and partitioning: linear given the order; elements that tie share evenly."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import zeros
from ..dispatch import define, implements
from ..primitive import Primitive
from ..variable import as_value
from .reductions import operand
from .samples import both, calls, real
from .smoothness import gaps

# The derivative of sorting is A·P: P moves each element to its place, and A, which is symmetric,
# gives every element of a run of equal ones the mean of the run.  So the adjoint is Pᵀ·A·ct.

permute: Primitive = define(
    lambda x, *, order, axis: np.take_along_axis(x, order, axis),
    name="permute",
    vjp=lambda ct, output, x, *, order, axis: permute(ct, order=_inverse(order, axis), axis=axis),
    linear=(0,),
    sample=calls(
        both((2, 3), order=np.array([[2, 0, 1], [0, 2, 1]]), axis=1),
        real((3,), order=np.array([1, 2, 0]), axis=0),
    ),
)


def _inverse(order: Any, axis: int) -> Any:
    """The permutation that undoes ``order`` along ``axis``."""
    inverse = np.empty_like(order)
    places = np.arange(order.shape[axis])
    places = np.expand_dims(places, tuple(i for i in range(order.ndim) if i != axis % order.ndim))
    np.put_along_axis(inverse, order, np.broadcast_to(places, order.shape), axis)
    return inverse


def _average_forward(x: Any, *, starts: Any, axis: int) -> Any:
    rows = np.swapaxes(x, axis, -1)
    flat = np.ravel(rows)
    lengths = np.diff(starts, append=flat.size)
    means = np.add.reduceat(flat, starts) / lengths.astype(flat.dtype)
    return np.swapaxes(np.repeat(means, lengths).reshape(rows.shape), axis, -1)


# starts: where each run of equal elements begins, in the array with ``axis`` moved last, flattened.
_average: Primitive = define(
    _average_forward,
    name="average_ties",
    vjp=lambda ct, output, x, *, starts, axis: _average(ct, starts=starts, axis=axis),
    linear=(0,),
    sample=calls(
        both((2, 3), starts=np.array([0, 2, 3]), axis=1),
        real((3, 2), starts=np.array([0, 1, 3, 5]), axis=0),
    ),
)


def _shared(x: Any, ascending: Any, axis: int) -> Any:
    """A·x, for the sorted array ``ascending`` that tells the ties."""
    rows = np.swapaxes(ascending, axis, -1)
    new = ~zeros(rows.shape, bool, rows)
    new[..., 1:] = rows[..., 1:] != rows[..., :-1]
    return x if new.all() else _average(x, starts=np.flatnonzero(new), axis=axis)


def _order(x: Any, axis: int) -> Any:
    return np.argsort(as_value(x), axis=axis, kind="stable")


def _sort_vjp(ct: Any, output: Any, x: Any, *, axis: int) -> Any:
    ct = _shared(ct, as_value(output), axis)
    return permute(ct, order=_inverse(_order(x, axis), axis), axis=axis)


def _sort_jvp(x_dot: Any, output: Any, x: Any, *, axis: int) -> Any:
    return _shared(permute(x_dot, order=_order(x, axis), axis=axis), as_value(output), axis)


_sort = define(
    lambda x, *, axis: np.sort(x, axis=axis),
    name="sort",
    vjp=_sort_vjp,
    jvp=_sort_jvp,
    sample=calls(
        both((3, 4), axis=-1, apart=True), both((3, 4), axis=0, apart=True), real((0, 3), axis=0)
    ),
    kinks=gaps,
)


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """``np.sort``; ``kind`` and ``stable`` change nothing, for equal elements share evenly."""
    _no_fields("sort", order)
    a = operand(a)
    return _sort(np.reshape(a, (-1,)), axis=0) if axis is None else _sort(a, axis=int(axis))


def _no_fields(name: str, order: Any) -> None:
    if order is not None:
        raise TypeError(f"np.{name}: order= names fields, and a Variable has none; leave it out")


# A partition is sorted in thought: its k-th place holds the element of rank argsort(output)^-1[k].


def _partition_vjp(ct: Any, output: Any, x: Any, *, kth: Any, axis: int) -> Any:
    order = _order(output, axis)
    ascending = np.take_along_axis(as_value(output), order, axis)
    ct = _shared(permute(ct, order=order, axis=axis), ascending, axis)
    return permute(ct, order=_inverse(_order(x, axis), axis), axis=axis)


def _partition_jvp(x_dot: Any, output: Any, x: Any, *, kth: Any, axis: int) -> Any:
    order = _order(output, axis)
    ascending = np.take_along_axis(as_value(output), order, axis)
    x_dot = _shared(permute(x_dot, order=_order(x, axis), axis=axis), ascending, axis)
    return permute(x_dot, order=_inverse(order, axis), axis=axis)


_partition = define(
    lambda x, *, kth, axis: np.partition(x, kth, axis=axis),
    name="partition",
    vjp=_partition_vjp,
    jvp=_partition_jvp,
    sample=calls(
        both((3, 5), kth=2, axis=-1, apart=True), real((6, 2), kth=(1, 4), axis=0, apart=True)
    ),
    kinks=gaps,  # whatever a partition compares: the first to pass each other are neighbours
)


@implements(np.partition)
def partition(
    a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    _no_fields("partition", order)
    a = operand(a)
    kth = tuple(int(k) for k in kth) if np.ndim(kth) else int(kth)
    if axis is None:
        return _partition(np.reshape(a, (-1,)), kth=kth, axis=0)
    return _partition(a, kth=kth, axis=int(axis))
