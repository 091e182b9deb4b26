"""det and slogdet, of singular matrices too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.linalg import _linalg as results

from ..dispatch import define, implements
from ..variable import as_value
from .decompositions import H, diagonal, embed
from .products import column, conj, row, swap, uncolumn
from .samples import Call, calls
from .smoothness import smallest_singular_value
from .structure import outputs


def square(*extra: Any, **params: Any) -> Any:
    """Samples: well-conditioned square matrices, real and complex, with more operands behind."""

    def sample(rng: np.random.Generator) -> Iterator[Call]:
        for shape in ((3, 3), (2, 2, 2), (1, 1)):
            x, y = rng.uniform(-0.6, 0.6, (2, *shape))
            x += 2 * np.eye(shape[-1])
            for a in (x, x + 1j * y):
                yield (a, *(rng.standard_normal((shape[-1], *e)) for e in extra)), params

    return sample


def _cofactor_forward(a: Any) -> Any:
    """∂det(A)/∂A, right for singular A too: det(U)·det(Vᴴ)·Ū·diag(Π_{j≠i} s[j])·V̄ᴴ."""
    u, s, vh = np.linalg.svd(a)
    phase = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    return phase * (conj(u) * row(_others(s)) @ conj(vh))


def _others(s: Any) -> Any:
    """Π_{j≠i} s[j] for every i, without dividing."""
    n = s.shape[-1]
    return np.prod(np.where(np.eye(n, dtype=bool), 1.0, row(s)), axis=-1)


def _pairs(s: Any) -> Any:
    """Π_{k≠i,j} s[k] for every pair i ≠ j, and 0 at i = j."""
    n = s.shape[-1]
    eye = np.eye(n, dtype=bool)
    left_out = eye[:, None, :] | eye[None, :, :]
    products = np.prod(np.where(left_out, 1.0, s[..., None, None, :]), axis=-1)
    return np.where(eye, 0.0, products)


def _cofactor_dot(direction: Any, output: Any, a: Any) -> Any:
    """With A = U·S·Vᴴ and M = Uᴴ·dA·V, of cof(S + M) what is linear in M:

    the diagonal at (i, i) is Σ_j M[j, j]·Π_{k≠i,j} s[k], the rest at (i, j) is
    -M[j, i]·Π_{k≠i,j} s[k].  As the second derivative of det it is its own transpose.
    """
    u, s, vh = np.linalg.svd(a)
    phase = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    m = H(u) @ direction @ H(vh)
    pairs = _pairs(s)
    c = embed(uncolumn(pairs @ column(diagonal(m)))) - pairs * swap(m)
    return phase * (conj(u) @ c @ conj(vh))


def _singular(rng: np.random.Generator) -> Iterator[Call]:
    for n, rank in ((3, 3), (3, 2), (3, 1), (2, 0), (1, 1)):
        x, y = rng.standard_normal((2, n, n))
        for z in (x, x + 1j * y):
            u, s, vh = np.linalg.svd(z)
            yield ((u * np.where(np.arange(n) < rank, s, 0)) @ vh,), {}


_cofactor = define(
    _cofactor_forward,
    name="cofactor",
    vjp=_cofactor_dot,
    jvp=_cofactor_dot,
    sample=square(),
)


def _det_slope(output: Any, a: Any) -> Any:
    """∂det(A)/∂A = det(A)·A⁻ᵀ, or the cofactors where A is singular or nearly so.

    The first is right for derivatives of any order, the second for those that det needs up to its
    second.
    """
    with np.errstate(all="ignore"):
        try:
            inverse = np.linalg.inv(a)
            size = np.linalg.norm(as_value(a), axis=(-2, -1))
            condition = size * np.linalg.norm(as_value(inverse), axis=(-2, -1))
            if np.all(condition**2 * np.finfo(a.dtype).eps < 1):
                return output[..., None, None] * swap(inverse)
        except np.linalg.LinAlgError:
            pass
    return _cofactor(a)


det = define(
    lambda a: np.linalg.det(a),
    np.linalg.det,
    name="det",
    vjp=lambda ct, output, a: ct[..., None, None] * _det_slope(output, a),
    jvp=lambda a_dot, output, a: np.sum(a_dot * _det_slope(output, a), axis=(-2, -1)),
    sample=calls(square(), _singular),
)


def _slogdet_vjp(ct: Any, output: Any, a: Any) -> Any:
    """With z = log det A: log|det| = Re z, sign = exp(i·Im z), z̄ = ct_log + i·Im(ct_sign·sign)."""
    (sign, _), (ct_sign, ct_log) = output, ct
    g = ct_log + 1j * np.imag(ct_sign * sign) if sign.dtype.kind == "c" else ct_log
    return g[..., None, None] * swap(np.linalg.inv(a))


def _slogdet_jvp(a_dot: Any, output: Any, a: Any) -> Any:
    sign, _ = output
    moved = np.sum(diagonal(np.linalg.solve(a, a_dot)), axis=-1)
    if sign.dtype.kind != "c":
        return 0 * moved, moved
    return sign * (1j * np.imag(moved)), np.real(moved)


_slogdet = define(
    lambda a: tuple(np.linalg.slogdet(a)),
    name="slogdet",
    vjp=_slogdet_vjp,
    jvp=_slogdet_jvp,
    sample=square(),
    kinks=smallest_singular_value,
)


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """(sign, log|det|); the sign of a real matrix has gradient zero."""
    return results.SlogdetResult(*outputs(_slogdet(a)))
