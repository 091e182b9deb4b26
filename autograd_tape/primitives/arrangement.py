"""Flips, rolls, diagonals and triangles: elements in other places, all linear."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..arrays import zeros
from ..dispatch import define, implements, no_out
from .samples import both, calls
from .shape import axis_index, axis_indices, dims, ravel, reshape, swapaxes

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
    axes = (axis1 % len(shape), axis2 % len(shape))
    others = [n for i, n in enumerate(shape) if i not in axes]
    whole = zeros((*others, shape[axis1], shape[axis2]), x.dtype, x)
    first = max(-offset, 0)
    rows = np.arange(first, first + x.shape[-1])
    whole[..., rows, rows + offset] = x
    return np.moveaxis(whole, (-2, -1), axes)


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
