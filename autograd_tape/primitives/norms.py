"""Norms of vectors and matrices, and condition numbers.

A norm has a corner at 0; its derivative there is 0, the smallest of the subgradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import define, implements
from ..variable import as_value
from .einsum import array
from .products import conj
from .reductions import expanded
from .samples import both, calls
from .smoothness import toward_zero


def _unit(output: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """x/‖x‖, and 0 where x is 0."""
    length = expanded(output, x.ndim, axis, keepdims)
    zero = as_value(length) == 0
    return x / np.where(zero, 1.0, length)


def _length_vjp(ct: Any, output: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    return expanded(ct, x.ndim, axis, keepdims) * conj(_unit(output, x, axis, keepdims))


def _length_jvp(x_dot: Any, output: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    along = np.real(x_dot * conj(_unit(output, x, axis, keepdims)))
    return np.sum(along, axis=axis, keepdims=keepdims)


_length = define(
    lambda x, *, axis, keepdims: np.linalg.vector_norm(x, axis=axis, keepdims=keepdims),
    name="norm",
    vjp=_length_vjp,
    jvp=_length_jvp,
    sample=calls(
        both((3,), axis=None, keepdims=False), both((3, 4), axis=None, keepdims=True),
        both((2, 3, 4), axis=(0, 2), keepdims=False), both((3, 4), axis=(1,), keepdims=True),
    ),
    kinks=toward_zero,
)  # fmt: skip


def _vector(x: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    """The norm over ``axis``: a tuple of them, or None for all."""
    if ord is None or ord == 2:
        return _length(x, axis=axis, keepdims=keepdims)
    size = np.abs(x)
    if ord == np.inf:
        return np.max(size, axis=axis, keepdims=keepdims, initial=0 if x.size == 0 else _UNSET)
    if ord == -np.inf:
        return np.min(size, axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors")
    if ord == 0:  # a count, constant almost everywhere
        return np.sum(0 * size + (as_value(x) != 0), axis=axis, keepdims=keepdims)
    if ord < 0:
        return np.sum(size**ord, axis=axis, keepdims=keepdims) ** (1 / ord)
    return _power(np.sum(_power(size, ord), axis=axis, keepdims=keepdims), 1 / ord)


_UNSET: Any = np._NoValue


def _power(x: Any, p: float) -> Any:
    """x**p for x >= 0, with slope 0 at 0."""
    zero = as_value(x) == 0
    return np.where(zero, 0 * x, np.where(zero, 1.0, x) ** p)


def _matrix(x: Any, ord: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    """The norm of the matrices that lie in two axes, rows first."""
    i, j = axes
    if ord is None or ord in ("fro", "f"):
        return _length(x, axis=(i, j), keepdims=keepdims)
    if ord in (1, -1, np.inf, -np.inf):  # the largest or smallest sum of a column or a row
        along, over = (i, j) if abs(ord) == 1 else (j, i)
        sums = np.sum(np.abs(x), axis=along, keepdims=True)
        y = (np.max if ord > 0 else np.min)(sums, axis=over, keepdims=True)
    elif ord in (2, -2, "nuc"):
        order = [k for k in range(x.ndim) if k not in axes]
        last = x if (i, j) == (x.ndim - 2, x.ndim - 1) else np.transpose(x, [*order, i, j])
        s = np.abs(np.linalg.svdvals(last))  # abs: the slope of a singular value that is 0 is 0
        y = np.sum(s, axis=-1) if ord == "nuc" else s[..., 0 if ord == 2 else -1]
        return np.expand_dims(y, (i, j)) if keepdims else y
    else:
        raise ValueError("Invalid norm order for matrices.")
    return y if keepdims else np.squeeze(y, (i, j))


def _positive(axes: Any, ndim: int) -> tuple[int, ...]:
    for axis in axes:
        if not -ndim <= axis < ndim:
            raise np.exceptions.AxisError(axis, ndim)
    return tuple(int(axis) % ndim for axis in axes)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of all of x (ord None), of vectors (one axis) or of matrices (two axes)."""
    x = array(x)
    if axis is None:
        if ord is None:
            return _vector(x, None, None, keepdims)
        if x.ndim == 1 or x.ndim == 2:
            axis = tuple(range(x.ndim))
        else:
            raise ValueError("Improper number of dimensions to norm.")
    axes = _positive(axis if isinstance(axis, tuple) else (axis,), x.ndim)
    if len(axes) == 1:
        return _vector(x, ord, axes, keepdims)
    if len(axes) == 2:
        if axes[0] == axes[1]:
            raise ValueError("Duplicate axes given.")
        return _matrix(x, ord, axes, keepdims)
    raise ValueError("Improper number of dimensions to norm.")


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm over any number of axes, taken together as one vector."""
    x = array(x)
    if axis is not None:
        axis = _positive(axis if isinstance(axis, tuple) else (axis,), x.ndim)
    return _vector(x, ord, axis, keepdims)


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    x = array(x)
    return _matrix(x, ord, (x.ndim - 2, x.ndim - 1), keepdims)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """‖x‖·‖x⁻¹‖ in the norm p; None is the ratio of the largest to the smallest singular value."""
    if p in (None, 2, -2):
        s = np.linalg.svdvals(x)
        with np.errstate(divide="ignore"):
            return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    try:
        inverse = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        if x.ndim > 2:
            raise
        return matrix_norm(x, ord=p) * np.inf
    return matrix_norm(x, ord=p) * matrix_norm(inverse, ord=p)
