"""Products of vectors, matrices and tensors: all linear in each operand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dispatch import define, functions, implements, no_out
from ..record import binary
from .einsum import array
from .indexing import put
from .samples import both, calls


def swap(x: Any) -> Any:
    """(..., m, n) -> (..., n, m), never a copy."""
    return x.T if x.ndim == 2 else x.swapaxes(-1, -2)


def conj(x: Any) -> Any:
    """The conjugate, at no cost where there is none to take."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def column(x: Any) -> Any:
    """(..., n) -> (..., n, 1)"""
    return x.reshape((*x.shape, 1))


def row(x: Any) -> Any:
    """(..., n) -> (..., 1, n)"""
    return x.reshape((*x.shape[:-1], 1, x.shape[-1]))


def uncolumn(x: Any) -> Any:
    """(..., n, 1) -> (..., n)"""
    return x.reshape(x.shape[:-1])


def _rows(x: Any) -> Any:
    """(..., n) -> (rows, n); the count is written out because -1 is ambiguous when n is 0."""
    return x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


# -- matmul ----------------------------------------------------------------------------------------

_FLATTEN_FROM = 4096  # elements; below, two reshapes cost more than one big product saves


def _matmul_forward(x: Any, y: Any) -> Any:
    """``x @ y``; a stack of matrices times one matrix is one big product of flattened rows."""
    try:
        if x.ndim > 2 and y.ndim == 2 and x.size > _FLATTEN_FROM and x.shape[-1] == y.shape[0]:
            return (_rows(x) @ y).reshape((*x.shape[:-1], y.shape[1]))
    except AttributeError:  # a Python number: NumPy's error says it best
        pass
    return np.matmul(x, y)


def _matmul_x(ct: Any, output: Any, x: Any, y: Any) -> Any:
    if y.ndim == 2:
        if x.ndim == 2:
            return ct @ y.T
        if x.ndim == 1:
            return y @ ct
        return (_rows(ct) @ y.T).reshape((*ct.shape[:-1], y.shape[0]))
    if y.ndim == 1:
        return ct * y if x.ndim == 1 else column(ct) * y
    if x.ndim == 1:
        return uncolumn(y @ column(ct))
    return ct @ swap(y)


def _matmul_y(ct: Any, output: Any, x: Any, y: Any) -> Any:
    if x.ndim == 2 and y.ndim <= 2:
        return x.T @ ct
    if x.ndim == 1:
        return ct * x if y.ndim == 1 else column(x) * row(ct)
    if y.ndim == 2:  # one product over all rows, not a batch of them that is then summed
        return _rows(x).T @ _rows(ct)
    if y.ndim == 1:
        return _rows(x).T @ ct.reshape((ct.size,))
    return swap(x) @ ct


_matmul = define(
    _matmul_forward,
    name="matmul",
    vjp=(_matmul_x, _matmul_y),
    linear=(0, 1),
    batched=True,
    sample=calls(
        both((3, 4), (4, 2)), both((4,), (4,)), both((3, 4), (4,)), both((4,), (4, 2)),
        both((2, 1, 3, 4), (5, 4, 2)), both((2, 3, 4), (4,)), both((4,), (2, 4, 3)),
        both((2, 3, 4), (4, 2)), both((3, 4), (2, 4, 2)), both((2, 3, 0), (0, 2)),
    ),
)  # fmt: skip
matmul = functions[np.matmul] = binary(_matmul)


def _matvec(x1: Any, x2: Any, /) -> Any:
    """(..., m, n), (..., n) -> (..., m)"""
    return uncolumn(np.matmul(array(x1), column(array(x2))))


def _vecmat(x1: Any, x2: Any, /) -> Any:
    """(..., n), (..., n, m) -> (..., m); the vector is conjugated."""
    product = np.matmul(row(conj(array(x1))), array(x2))
    return product.reshape((*product.shape[:-2], product.shape[-1]))


def _vecdot_x(ct: Any, output: Any, x: Any, y: Any) -> Any:
    return conj(column(ct) * y)


def _vecdot_y(ct: Any, output: Any, x: Any, y: Any) -> Any:
    return column(ct) * conj(x)


_vecdot = define(
    lambda x, y: np.vecdot(x, y),
    name="vecdot",
    vjp=(_vecdot_x, _vecdot_y),
    linear=(0, 1),  # over the reals, which is all that a tangent asks
    batched=True,
    sample=calls(both((3,), (3,)), both((2, 1, 3), (4, 3))),
)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The sum of conj(x1)·x2 along ``axis``."""
    return _vecdot(_to_end(array(x1), axis), _to_end(array(x2), axis))


functions[np.vecdot] = vecdot
if hasattr(np, "matvec"):  # NumPy 2.2
    functions[np.matvec] = _matvec
    functions[np.vecmat] = _vecmat


# -- dot, inner, outer, tensordot ------------------------------------------------------------------


def _free(ndim: int, axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(i for i in range(ndim) if i not in axes)


def _arrange(x: Any, order: list[int]) -> Any:
    """Put axes that stand in ``order`` back into ascending order."""
    return np.transpose(x, tuple(int(i) for i in np.argsort(order)))


def _tensordot_a(ct: Any, output: Any, a: Any, b: Any, *, axes: Any) -> Any:
    in_a, in_b = axes
    free_a, free_b = _free(a.ndim, in_a), _free(b.ndim, in_b)
    # (free of a..., contracted of b ascending...)
    g = _tensordot(ct, b, axes=(tuple(range(len(free_a), ct.ndim)), free_b))
    return _arrange(g, [*free_a, *(in_a[j] for j in np.argsort(in_b))])


def _tensordot_b(ct: Any, output: Any, a: Any, b: Any, *, axes: Any) -> Any:
    in_a, in_b = axes
    free_a, free_b = _free(a.ndim, in_a), _free(b.ndim, in_b)
    # (contracted of a ascending..., free of b...)
    g = _tensordot(a, ct, axes=(free_a, tuple(range(len(free_a)))))
    return _arrange(g, [*(in_b[j] for j in np.argsort(in_a)), *free_b])


_tensordot = define(
    lambda a, b, *, axes: np.tensordot(a, b, axes)[()],
    name="tensordot",
    vjp=(_tensordot_a, _tensordot_b),
    linear=(0, 1),
    sample=calls(
        both((2, 3, 4), (4, 3, 5), axes=((2, 1), (0, 1))),
        both((2, 3), (4,), axes=((), ())),
        both((2, 3), (3, 2), axes=((0, 1), (1, 0))),
    ),
)


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = array(a), array(b)
    try:
        in_a, in_b = axes
    except TypeError:
        in_a, in_b = range(-axes, 0), range(axes)
    pair = []
    for x, given in ((a, in_a), (b, in_b)):
        given = [given] if np.ndim(given) == 0 else list(given)
        if any(not -x.ndim <= i < x.ndim for i in given):
            raise ValueError(f"np.tensordot: axes {given} are out of range for shape {x.shape}")
        pair.append(tuple(int(i) % x.ndim for i in given))
    return _tensordot(a, b, axes=tuple(pair))


@implements(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    """A sum over the last axis of a and the last but one of b (the last, where b is a vector)."""
    if out is not None:
        no_out("dot")
    a, b = array(a), array(b)
    if a.ndim == 0 or b.ndim == 0:
        return np.multiply(a, b)
    return np.matmul(a, b) if b.ndim <= 2 else tensordot(a, b, axes=((-1,), (-2,)))


@implements(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    a, b = array(a), array(b)
    if a.ndim == 0 or b.ndim == 0:
        return np.multiply(a, b)
    return tensordot(a, b, axes=((-1,), (-1,)))


@implements(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    if out is not None:
        no_out("outer")
    return np.multiply(array(a).reshape((-1, 1)), array(b).reshape((1, -1)))


@implements(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    return _vecdot(array(a).reshape((-1,)), array(b).reshape((-1,)))


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    """Every element of a times all of b, in blocks."""
    a, b = array(a), array(b)
    n = max(a.ndim, b.ndim)
    sa, sb = ((1,) * (n - x.ndim) + x.shape for x in (a, b))
    # (a0, 1, a1, 1, ...) times (1, b0, 1, b1, ...)
    blocks = np.multiply(
        a.reshape(tuple(k for i in sa for k in (i, 1))),
        b.reshape(tuple(k for i in sb for k in (1, i))),
    )
    return blocks.reshape(tuple(i * j for i, j in zip(sa, sb, strict=True)))


_cross = define(
    lambda a, b: np.cross(a, b),
    name="cross",
    vjp=(lambda ct, output, a, b: np.cross(b, ct), lambda ct, output, a, b: np.cross(ct, a)),
    linear=(0, 1),
    batched=True,
    sample=calls(both((3,), (3,)), both((2, 1, 3), (4, 3))),
)  # fmt: skip


@implements(np.cross)
def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """The cross product of 3-vectors; a 2-vector stands for (x, y, 0), and two give z alone."""
    if axis is not None:
        axisa, axisb, axisc = (axis,) * 3
    a, b = _to_end(array(a), axisa), _to_end(array(b), axisb)
    lengths = {a.shape[-1], b.shape[-1]}
    if not lengths <= {2, 3}:
        raise ValueError(
            "np.cross: incompatible dimensions for cross product (dimension must be 2 or 3)"
        )
    c = _cross(_in_space(a), _in_space(b))
    if lengths == {2}:
        return c[..., 2]
    return c if axisc == -1 or c.ndim == 1 else np.moveaxis(c, -1, axisc)


def _to_end(x: Any, axis: int) -> Any:
    return x if axis == -1 else np.moveaxis(x, axis, -1)


def _in_space(x: Any) -> Any:
    if x.shape[-1] == 3:
        return x
    return put(x, index=(Ellipsis, slice(2)), shape=(*x.shape[:-1], 3))
