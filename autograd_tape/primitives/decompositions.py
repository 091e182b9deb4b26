"""Matrix decompositions: cholesky, qr, eigh, eig, svd.

Each rule writes the tangents of the factors in the basis that the factors give (Ω = Uᴴ·dU and so
on) and reads off what the equation of the decomposition asks of them.  Inside the rules
``conj(ct)`` is the gradient with respect to <A, B> = Re tr(AᴴB), and a last ``conj`` leads back to
the convention of docs/conventions.md.  See M. Giles, "Collected matrix derivative results for
forward and reverse mode algorithmic differentiation" (2008).

Functions of a Hermitian matrix read one triangle of it, as LAPACK does, and so only that triangle
has an adjoint: it counts for both.  Where eigenvalues or singular values coincide (up to rounding)
their vectors have no derivative; it is left out, which is right for functions of the eigenvalues
alone, such as their sum, and not for functions of values and vectors, such as V·diag(w²)·Vᵀ, even
where these do not depend on the choice of the vectors (docs/limits.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.linalg import _linalg as results

from ..dispatch import define, implements
from ..variable import as_value
from .products import column, conj, row, swap
from .samples import Call
from .smoothness import beyond_rounding, guarded
from .structure import outputs


def H(x: Any) -> Any:
    """The conjugate transpose of the last two axes."""
    return conj(swap(x))


def triangle(x: Any, uplo: str = "L") -> Any:
    """The lower (upper) triangle of x with half its diagonal."""
    n = x.shape[-1]
    half = np.tri(n, k=-1) + np.eye(n) / 2
    return x * (half if uplo == "L" else half.T).astype(np.finfo(x.dtype).dtype)


def hermitian(x: Any, uplo: str = "L") -> Any:
    """The Hermitian matrix that LAPACK reads from one triangle of x."""
    part = triangle(x, uplo)
    return part + H(part)


def onto_triangle(g: Any, uplo: str = "L") -> Any:
    """The transpose of ``hermitian``: what g, the adjoint of the whole, is for one triangle."""
    return triangle(g + H(g), uplo)


def diagonal(x: Any) -> Any:
    return np.einsum("...ii->...i", x)


def embed(d: Any) -> Any:
    """(..., n) -> diagonal matrices (..., n, n)"""
    return row(d) * np.eye(d.shape[-1], dtype=d.dtype)


def _guarded(gap: Any, scale: Any) -> Any:
    """1/gap, and 0 where gap is nothing but rounding of numbers of the size ``scale``: (...)."""
    n = gap.shape[-1]
    size = np.max(np.abs(as_value(scale)), axis=-1, initial=0)[..., None]
    size = size[..., None] if gap.ndim > scale.ndim else size
    tied = np.abs(as_value(gap)) <= 8 * n * np.finfo(gap.dtype).eps * size
    return np.where(tied, 0.0, 1.0 / np.where(tied, 1.0, gap))


def _gaps(w: Any) -> Any:
    """1/(w[j] - w[i]) at (i, j), 0 for ties."""
    return _guarded(row(w) - column(w), w)


def _matrices(make: Callable[[Any], Any], kinds: str = "fc", **params: Any) -> Any:
    """Samples: ``make`` turns a stack and a single square matrix into valid ones."""

    def sample(rng: np.random.Generator) -> Iterator[Call]:
        for shape in ((3, 3), (2, 2, 2), (1, 1)):
            for kind in kinds:
                x = rng.standard_normal(shape)
                yield (make(x + 1j * rng.standard_normal(shape) if kind == "c" else x),), params

    return sample


# -- cholesky --------------------------------------------------------------------------------------


def _cholesky_vjp(ct: Any, output: Any, x: Any) -> Any:
    """Ā = L⁻ᴴ·Φ(LᴴL̄)·L⁻¹, made Hermitian; Φ takes the triangle."""
    lh = H(output)
    s = np.linalg.solve(lh, H(np.linalg.solve(lh, triangle(lh @ conj(ct)))))
    return triangle(conj(s) + swap(s))


def _cholesky_jvp(x_dot: Any, output: Any, x: Any) -> Any:
    """L·Φ(L⁻¹·dA·L⁻ᴴ)"""
    half = np.linalg.solve(output, hermitian(x_dot))
    return output @ triangle(np.linalg.solve(output, H(half)))


@guarded
def _definite(x: Any) -> Any:
    """From each matrix to one with an eigenvalue 0."""
    return np.linalg.eigvalsh(x)[..., 0] / x.shape[-1]


_cholesky = define(
    lambda x: np.linalg.cholesky(x),
    name="cholesky",
    vjp=_cholesky_vjp,
    jvp=_cholesky_jvp,
    sample=_matrices(lambda x: x @ x.swapaxes(-1, -2).conj() + np.eye(x.shape[-1])),
    kinks=_definite,
)


@implements(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """L of A = L·Lᴴ, read from the lower triangle; or Lᴴ, read from the upper."""
    return H(_cholesky(H(a))) if upper else _cholesky(a)


# -- qr --------------------------------------------------------------------------------------------


def _qr_vjp(ct: Any, output: Any, x: Any) -> Any:
    (q, r), (gq, gr) = output, map(conj, ct)
    w = gq + q @ hermitian(gr @ H(r) - H(q) @ gq, "U")
    return conj(H(np.linalg.solve(r, H(w))))


def _qr_jvp(x_dot: Any, output: Any, x: Any) -> Any:
    """dA·R⁻¹ splits into dQ and Q·Y, where Y = dR·R⁻¹ is upper triangular, its diagonal real."""
    q, r = output
    w = swap(np.linalg.solve(swap(r), swap(x_dot)))  # (..., m, n)
    c = H(q) @ w
    y = triangle(c, "U") + H(triangle(c))
    return w - q @ y, y @ r


@guarded
def _qr_kinks(x: Any) -> Any:
    """To a column that depends on those before it, or whose head passes 0, for from the head it is
    that LAPACK takes the sign of R[i, i].

    Reflected by the steps before, column i has the head R[i, i]·(1 - tau[i]).  What moves x by h
    turns these reflections by h/σ, where σ is the smallest singular value, and the head with them.
    A column with nothing below its head is not reflected at all, and its neighbours are.
    """
    m, n = x.shape[-2:]
    h, tau = np.linalg.qr(x, "raw")
    r, scale = abs(diagonal(swap(h)[..., :n, :])), np.sqrt(m * n)
    s = np.linalg.svd(x, compute_uv=False)
    turned = (np.arange(n) > 0) * (s[..., :1] / s[..., -1:])
    head = r * abs(1 - tau.real) / (1 + turned)
    unturned = (tau == 0) & ((np.arange(n) < m - 1) | (x.dtype.kind == "c"))
    return np.minimum(np.where(unturned, 0.0, head), beyond_rounding(s[..., -1:], x) / scale)


def _tall(rng: np.random.Generator) -> Iterator[Call]:
    for shape in ((3, 3), (2, 4, 2), (3, 1)):
        x, y = rng.uniform(-0.5, 0.5, (2, *shape))
        x += np.eye(*shape[-2:]) * [2, -2, 2][: shape[-1]]
        yield (x,), {}
        yield (x + 1j * y,), {}


_qr = define(
    lambda x: tuple(np.linalg.qr(x)),  # m >= n
    name="qr",
    vjp=_qr_vjp,
    jvp=_qr_jvp,
    sample=_tall,
    kinks=_qr_kinks,
)


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """Modes "reduced" and "r"; "complete" where it is the same (no more rows than columns)."""
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r", "complete") or (mode == "complete" and m > n):
        raise TypeError(
            f"np.linalg.qr: mode={mode!r} is not supported on Variables of shape {a.shape}: what "
            "it gives beyond the reduced factors is not determined by a; use mode='reduced'"
        )
    if m >= n:
        q, r = outputs(_qr(a))
    else:  # the first columns determine Q
        q, r = outputs(_qr(a[..., :m]))
        r = np.concatenate((r, H(q) @ a[..., m:]), axis=-1)
    return r if mode == "r" else results.QRResult(q, r)


# -- eigh ------------------------------------------------------------------------------------------


def _eigh_vjp(ct: Any, output: Any, x: Any, *, UPLO: str) -> Any:
    (w, v), (gw, gv) = output, ct
    g = v @ (embed(gw) + _gaps(w) * (H(v) @ conj(gv))) @ H(v)
    return onto_triangle(conj(g), UPLO)


def _eigh_jvp(x_dot: Any, output: Any, x: Any, *, UPLO: str) -> Any:
    w, v = output
    p = H(v) @ hermitian(x_dot, UPLO) @ v
    return np.real(diagonal(p)), v @ (_gaps(w) * p)


@guarded
def _eigh_kinks(x: Any, *, UPLO: Any) -> Any:
    """To a tie of eigenvalues.  (The sign of a vector is LAPACK's: it may change anywhere.)"""
    gaps = np.diff(np.linalg.eigvalsh(x, UPLO), axis=-1)
    return beyond_rounding(gaps, x) / (2 * x.shape[-1])


_eigh = define(
    lambda x, *, UPLO: tuple(np.linalg.eigh(x, UPLO)),
    name="eigh",
    vjp=_eigh_vjp,
    jvp=_eigh_jvp,
    kinks=_eigh_kinks,
    # Real only: the phase of a complex eigenvector is LAPACK's choice.
    sample=_matrices(lambda x: x + x.swapaxes(-1, -2), "f", UPLO="L"),
)


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    return results.EighResult(*outputs(_eigh(a, UPLO=UPLO.upper())))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return eigh(a, UPLO)[0]


# -- eig -------------------------------------------------------------------------------------------


def _largest(v: Any) -> Any:
    """(mask of the largest component of each column, that component): LAPACK makes it real."""
    size = np.abs(as_value(v))
    mask = np.argmax(size, -2)[..., None, :] == np.arange(v.shape[-1])[:, None]
    return mask, np.sum(np.where(mask, v, 0.0), -2, keepdims=True)


def _eig_vjp(ct: Any, output: Any, x: Any) -> Any:
    """Z = V·(F∘M), M = V⁻¹·dA·V, moves the eigenvectors; their length and phase stay LAPACK's."""
    (w, v), (gw, gv) = output, ct
    along = np.sum(gv * v, -2, keepdims=True)
    gz = gv - conj(v) * np.real(along)
    if v.dtype.kind == "c":
        mask, top = _largest(v)
        gz = gz - np.where(mask, 1j * np.imag(along) / top, 0.0)
    m = embed(gw) + _gaps(w) * (swap(v) @ gz)
    return np.linalg.solve(swap(v), m @ swap(v))


def _eig_jvp(x_dot: Any, output: Any, x: Any) -> Any:
    w, v = output
    m = np.linalg.solve(v, x_dot @ v)
    z = v @ (_gaps(w) * m)
    along = np.real(np.sum(conj(v) * z, -2, keepdims=True))
    if v.dtype.kind == "c":
        mask, top = _largest(v)
        turn = np.imag(np.sum(np.where(mask, z, 0.0), -2, keepdims=True) / top)
        along = along + 1j * turn
    return diagonal(m), z - v * along


@guarded
def _eig_kinks(x: Any) -> Any:
    """About how far to a tie of eigenvalues, or of the largest components of a complex vector.

    Eigenvalues move by up to κ(V) times what the matrix does (Bauer and Fike 1960), vectors by
    that over the gap.  (Their order, and the sign of real vectors, may change anywhere.)
    """
    n = x.shape[-1]
    w, v = np.linalg.eig(x)
    apart = abs(row(w) - column(w)) + np.where(np.eye(n) == 1, np.inf, 0.0)
    gap = beyond_rounding(np.min(apart, axis=(-2, -1)), x) / 2
    if v.dtype.kind == "c" and n > 1:
        size = np.sort(abs(v), axis=-2)
        gap = gap * np.minimum(np.min(size[..., -1, :] - size[..., -2, :], axis=-1), 1)
    return gap / (n * np.linalg.cond(v))


_APART = np.array([[1.0, -2.0, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 4.0]])  # eigenvalues 1±i and 4

_eig = define(
    lambda x: tuple(np.linalg.eig(x)),
    name="eig",
    vjp=_eig_vjp,
    jvp=_eig_jvp,
    kinks=_eig_kinks,
    sample=_matrices(lambda x: x / 8 + _APART[: x.shape[-1], : x.shape[-1]]),
)


@implements(np.linalg.eig)
def eig(a: Any) -> Any:
    return results.EigResult(*outputs(_eig(a)))


@implements(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    return eig(a)[0]


# -- svd -------------------------------------------------------------------------------------------


def _svd_gaps(s: Any) -> tuple[Any, Any, Any]:
    """1/(s[j] - s[i]), 1/(s[j] + s[i]) and 1/s, all 0 where there is nothing to divide by."""
    return _gaps(s), _guarded(row(s) + column(s), s), row(_guarded(s, s))


def _skew(x: Any) -> Any:
    return (x - H(x)) / 2


def _svd_vjp(ct: Any, output: Any, x: Any, *, full: bool) -> Any:
    """The transpose of the forward rule, term by term."""
    u, s, vh = output
    gu, gs, gv = conj(ct[0]), ct[1], swap(ct[2])
    v, k = H(vh), s.shape[-1]
    u1, v1, gu1, gv1 = u[..., :k], v[..., :k], gu[..., :k], gv[..., :k]
    difference, total, inverse = _svd_gaps(s)
    xu, xv = _skew(H(u1) @ gu1), _skew(H(v1) @ gv1)
    p = difference * (xu + xv) + total * (xu - xv) + embed(gs)
    if u.shape[-2] > k:
        w = gu1 * inverse
        left = w - u1 @ (H(u1) @ w)
        if full:
            left = left - u[..., k:] @ (H(gu[..., k:]) @ u1) * inverse
    else:
        left = None
    g = (u1 @ p if left is None else u1 @ p + left) @ H(v1)
    if v.shape[-2] > k:
        w = gv1 * inverse
        right = w - v1 @ (H(v1) @ w)
        if full:
            right = right - v[..., k:] @ (H(gv[..., k:]) @ v1) * inverse
        g = g + u1 @ H(right)
    return conj(g)


def _svd_jvp(x_dot: Any, output: Any, x: Any, *, full: bool) -> Any:
    """With P = Uᴴ·dA·V = Ω_U·S + dS - S·Ω_V: the Hermitian part of P turns U and V alike, by
    1/(s[j] - s[i]), the skew part against each other, by 1/(s[j] + s[i])."""
    u, s, vh = output
    v, k = H(vh), s.shape[-1]
    u1, v1 = u[..., :k], v[..., :k]
    difference, total, inverse = _svd_gaps(s)
    p = H(u1) @ x_dot @ v1
    alike, against = difference * (p + H(p)) / 2, total * _skew(p)
    u_dot = _move(u, k, alike + against, x_dot @ v1 * inverse, full)
    v_dot = _move(v, k, alike - against, H(x_dot) @ u1 * inverse, full)
    return u_dot, np.real(diagonal(p)), H(v_dot)


def _move(u: Any, k: int, omega: Any, pushed: Any, full: bool) -> Any:
    """The tangent of the k columns that belong to singular values, and of the rest if ``full``.

    The rest is determined only as a whole: it moves as little as it must to stay orthogonal.
    """
    u1 = u[..., :k]
    u_dot = u1 @ omega
    if u.shape[-2] > k:
        u_dot = u_dot + pushed - u1 @ (H(u1) @ pushed)
        if full:
            u_dot = np.concatenate((u_dot, -u1 @ (H(pushed) @ u[..., k:])), axis=-1)
    return u_dot


@guarded
def _svd_kinks(x: Any, *, full: bool) -> Any:
    """To a singular value that is 0 or ties.  (The sign of vectors is LAPACK's, as for eigh.)"""
    s = np.linalg.svd(x, compute_uv=False)
    m, n = x.shape[-2:]
    d = np.minimum(s, -np.diff(s, append=-np.inf) / 2)
    return beyond_rounding(d, x) / np.sqrt(m * n)


def _any_shape(rng: np.random.Generator) -> Iterator[Call]:
    for shape in ((3, 3), (2, 4, 2), (2, 3), (1, 2)):
        x = rng.uniform(-0.5, 0.5, shape) + np.eye(*shape[-2:]) * np.arange(1, shape[-1] + 1)
        yield (x,), {"full": False}  # real only, as for eigh
        if abs(shape[-1] - shape[-2]) == 1:
            yield (x,), {"full": True}


_svd = define(
    lambda x, *, full: tuple(np.linalg.svd(x, full_matrices=full)),
    name="svd",
    vjp=_svd_vjp,
    jvp=_svd_jvp,
    kinks=_svd_kinks,
    sample=_any_shape,
)


@implements(np.linalg.svd)
def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """Singular values in descending order; ``full_matrices`` completes U and V to square ones."""
    if hermitian:
        w, u = eigh(a)
        s = np.abs(w)
        order = np.argsort(as_value(s))[..., ::-1]
        s = np.take_along_axis(s, order, -1)
        if not compute_uv:
            return s
        sign = np.take_along_axis(np.sign(as_value(w)), order, -1)
        u = np.take_along_axis(u, order[..., None, :], -1)
        return results.SVDResult(u, s, H(u * row(sign)))
    full = bool(full_matrices and compute_uv and a.shape[-2] != a.shape[-1])
    u, s, vh = outputs(_svd(a, full=full))
    return results.SVDResult(u, s, vh) if compute_uv else s


@implements(np.linalg.svdvals)
def svdvals(x: Any, /) -> Any:
    return svd(x, compute_uv=False)
