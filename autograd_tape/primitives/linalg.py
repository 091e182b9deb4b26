"""Inverses, solutions of linear systems, and what is composed of them.

Inverses and solutions are holomorphic, so for complex matrices their rules are plain transposes.
Decompositions, determinants and norms are in the files of their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..dispatch import define, functions, implements, no_out, plain
from ..needs import in_one_dtype
from ..variable import as_value
from .decompositions import H, hermitian
from .determinants import square
from .einsum import array
from .products import column, conj, cross, outer, row, swap, tensordot, uncolumn, vecdot
from .samples import Call, both, calls
from .smoothness import beyond_rounding, guarded, smallest_singular_value

plain(np.linalg.matrix_rank, why="is an integer")


# -- inverse and solution --------------------------------------------------------------------------


inv = define(
    lambda a: np.linalg.inv(a),
    np.linalg.inv,
    name="inv",
    vjp=lambda ct, output, a: -(swap(output) @ ct @ swap(output)),
    jvp=lambda a_dot, output, a: -(output @ a_dot @ output),
    sample=square(),
    kinks=smallest_singular_value,
)


def _solve_b(ct: Any, output: Any, a: Any, b: Any) -> Any:
    """b̄ = A⁻ᵀ·ct"""
    if b.ndim == 1:
        return uncolumn(np.linalg.solve(swap(a), column(ct)))
    return np.linalg.solve(swap(a), ct)


def _solve_a(ct: Any, output: Any, a: Any, b: Any) -> Any:
    """Ā = -b̄·xᵀ, where A·x = b"""
    g = _solve_b(ct, output, a, b)
    return -column(g) * row(output) if b.ndim == 1 else -(g @ swap(output))


def _solve_a_dot(a_dot: Any, output: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return -uncolumn(np.linalg.solve(a, a_dot @ column(output)))
    return -np.linalg.solve(a, a_dot @ output)


def _solve_b_dot(b_dot: Any, output: Any, a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b_dot)


_solve = define(
    lambda a, b: np.linalg.solve(a, b),
    name="solve",
    vjp=(_solve_a, _solve_b),
    jvp=(_solve_a_dot, _solve_b_dot),
    batched=True,
    sample=calls(square(()), square((2,))),
    kinks=smallest_singular_value,
)


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """a: (..., n, n); b: (n,), a vector, or (..., n, k), matrices."""
    return _solve(array(a), array(b))


def _pinv_parts(a: Any, p: Any) -> tuple[Any, Any, Any, Any]:
    """P·Pᴴ, I - A·P, Pᴴ·P, I - P·A of A: (..., m, n), with P its pseudoinverse."""
    ap, pa = a @ p, p @ a
    m, n = a.shape[-2:]
    eye_m, eye_n = np.eye(m, dtype=p.dtype), np.eye(n, dtype=p.dtype)
    return p @ H(p), eye_m - ap, H(p) @ p, eye_n - pa


def _pinv_jvp(a_dot: Any, output: Any, a: Any, *, rcond: Any) -> Any:
    """-P·dA·P + P·Pᴴ·dAᴴ·(I - A·P) + (I - P·A)·dAᴴ·Pᴴ·P, for constant rank (Golub, Pereyra 1973)"""
    pph, left, php, right = _pinv_parts(a, output)
    ah_dot = H(a_dot)
    return -(output @ a_dot @ output) + pph @ ah_dot @ left + right @ ah_dot @ php


def _pinv_vjp(ct: Any, output: Any, a: Any, *, rcond: Any) -> Any:
    pph, left, php, right = _pinv_parts(a, output)
    g, pt = swap(ct), swap(output)
    return -(pt @ ct @ pt) + conj(left @ g @ pph + php @ g @ right)


@guarded
def _rank_kinks(a: Any, *others: Any, rcond: Any) -> Any:
    """To a change of rank: a singular value that is 0, or that passes the cut at rcond·s_max."""
    s = np.linalg.svd(a, compute_uv=False)
    cut = np.asarray(rcond)[..., None]
    m, n = a.shape[-2:]
    d = np.minimum(s, abs(s - cut * s[..., :1]) / (1 + cut))
    return beyond_rounding(d, a) / np.sqrt(m * n)


def _rectangular(rng: np.random.Generator) -> Iterator[Call]:
    for shape in ((3, 3), (2, 4, 2), (2, 3)):
        x, y = rng.uniform(-0.6, 0.6, (2, *shape))
        x += 2 * np.eye(*shape[-2:])
        yield (x,), {"rcond": 1e-10}
        yield (x + 1j * y,), {"rcond": 1e-10}


_pinv = define(
    lambda a, *, rcond: np.linalg.pinv(a, rcond),
    name="pinv",
    vjp=_pinv_vjp,
    jvp=_pinv_jvp,
    sample=_rectangular,
    kinks=_rank_kinks,
)
_UNSET: Any = np._NoValue
_whole = hermitian  # a parameter of pinv has the same name


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _UNSET) -> Any:
    """The pseudoinverse; its derivative is that at constant rank."""
    n = max(a.shape[-2:])
    if rcond is None:
        rcond = 1e-15 if rtol is _UNSET else n * np.finfo(a.dtype).eps if rtol is None else rtol
    elif rtol is not _UNSET:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    return _pinv(_whole(a) if hermitian else a, rcond=as_value(rcond))


def _lstsq_jvp_a(a_dot: Any, output: Any, a: Any, b: Any, *, rcond: Any) -> Any:
    return _pinv_jvp(a_dot, np.linalg.pinv(a, rcond), a, rcond=rcond) @ b


def _lstsq_vjp_a(ct: Any, output: Any, a: Any, b: Any, *, rcond: Any) -> Any:
    """x = P·b, so P̄ = ct·bᵀ"""
    p_bar = column(ct) * b if b.ndim == 1 else ct @ swap(b)
    return _pinv_vjp(p_bar, np.linalg.pinv(a, rcond), a, rcond=rcond)


_CUT = {"rcond": 1e-10}
_lstsq = define(
    lambda a, b, *, rcond: np.linalg.lstsq(a, b, rcond)[0],
    name="lstsq",
    vjp=(
        in_one_dtype(_lstsq_vjp_a),
        in_one_dtype(lambda ct, output, a, b, *, rcond: swap(np.linalg.pinv(a, rcond)) @ ct),
    ),
    jvp=(
        in_one_dtype(_lstsq_jvp_a),
        in_one_dtype(lambda b_dot, output, a, b, *, rcond: np.linalg.pinv(a, rcond) @ b_dot),
    ),
    sample=calls(
        both((4, 2), (4,), rcond=1e-10), both((4, 2), (4, 3), rcond=1e-10),
        both((2, 4), (2, 3), rcond=1e-10),
        lambda rng: [((rng.uniform(-0.5, 0.5, (3, 3)) + 2 * np.eye(3), np.ones(3)), _CUT)],
    ),
    kinks=_rank_kinks,
)  # fmt: skip


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """(x, residuals, rank, singular values); only x is differentiated, at constant rank."""
    a, b = array(a), array(b)
    _, residuals, rank, s = np.linalg.lstsq(as_value(a), as_value(b), rcond)
    eps = float(np.finfo(s.dtype).eps)
    rcond = eps * max(a.shape) if rcond is None else eps if rcond < 0 else rcond
    return _lstsq(a, b, rcond=rcond), residuals, rank, s


# -- composites ------------------------------------------------------------------------------------


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """a: (..., m, m) times itself n times, by squaring; its inverse for negative n."""
    n = int(n)
    if n < 0:
        return matrix_power(np.linalg.inv(a), -n)
    if n == 0:
        return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape) + 0 * a
    result = None
    while True:
        n, odd = divmod(n, 2)
        if odd:
            result = a if result is None else result @ a
        if not n:
            return +result if result is a else result
        a = a @ a


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """The product of all, in the order that takes the fewest multiplications."""
    if out is not None:
        no_out("linalg.multi_dot")
    xs = [array(x) for x in arrays]
    if len(xs) < 2:
        raise ValueError("Expecting at least two arrays.")
    if any(x.ndim not in (1, 2) for x in (xs[0], xs[-1])) or any(x.ndim != 2 for x in xs[1:-1]):
        raise np.linalg.LinAlgError("multi_dot: arrays must be 2-dimensional; the ends may be 1-d")
    sizes = [1 if xs[0].ndim == 1 else xs[0].shape[0], *(x.shape[0] for x in xs[1:])]
    sizes = [sizes[0], xs[0].shape[-1], *sizes[2:], 1 if xs[-1].ndim == 1 else xs[-1].shape[1]]
    best: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(len(xs))}
    for width in range(1, len(xs)):
        for i in range(len(xs) - width):
            j = i + width
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )

    def product(i: int, j: int) -> Any:
        k = best[i, j][1]
        return xs[i] if i == j else np.matmul(product(i, k), product(k + 1, j))

    return product(0, len(xs) - 1)


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of a as a map from its last axes to its first ``ind``."""
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    shape = a.shape[ind:] + a.shape[:ind]
    n = int(np.prod(a.shape[ind:], dtype=int))
    return np.linalg.inv(a.reshape((-1, n))).reshape(shape)


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """x of tensordot(a, x, x.ndim) = b; ``axes`` of a go to its end first."""
    a, b = array(a), array(b)
    if axes is not None:
        last = [int(i) % a.ndim for i in axes]
        a = np.transpose(a, [i for i in range(a.ndim) if i not in last] + last)
    shape = a.shape[b.ndim :]
    n = int(np.prod(shape, dtype=int))
    if a.size != n**2:
        raise np.linalg.LinAlgError(
            "Input arrays must satisfy the requirement "
            "prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    return np.linalg.solve(a.reshape((n, n)), b.reshape((-1,))).reshape(shape)


# -- the array API's names in numpy.linalg ---------------------------------------------------------


@implements(np.linalg.matmul)
def _matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)


@implements(np.linalg.matrix_transpose)
def _matrix_transpose(x: Any, /) -> Any:
    if x.ndim < 2:
        raise ValueError("matrix_transpose: the array must have at least 2 dimensions")
    return swap(x)


@implements(np.linalg.diagonal)
def _diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return np.diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def _trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return np.trace(x, offset, -2, -1, dtype=dtype)


@implements(np.linalg.cross)
def _cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    x1, x2 = array(x1), array(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError("Both input arrays must be (arrays of) 3-dimensional vectors")
    return cross(x1, x2, axis=axis)


@implements(np.linalg.outer)
def _outer(x1: Any, x2: Any, /) -> Any:
    x1, x2 = array(x1), array(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError("Input arrays must be one-dimensional")
    return outer(x1, x2)


@implements(np.linalg.tensordot)
def _tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return tensordot(x1, x2, axes)


functions[np.linalg.vecdot] = vecdot
