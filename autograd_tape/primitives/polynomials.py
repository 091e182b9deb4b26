"""Polynomials as arrays of coefficients, highest power first: all composed from other functions.

``np.roots`` and ``np.poly`` have no rule: the order of roots is not a differentiable thing.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..dispatch import implements
from ..variable import as_value


def _coefficients(p: Any) -> Any:
    """``p`` as an array of coefficients; a scalar is a constant polynomial."""
    p = p if hasattr(p, "dtype") else np.asarray(p)
    return p if np.ndim(p) else np.reshape(p, (1,))


def _trimmed(p: Any) -> Any:
    """``p`` without leading coefficients that are zero in value (one is kept of all zeros)."""
    p = _coefficients(p)
    nonzero = np.flatnonzero(np.asarray(as_value(p)))
    return p[nonzero[0] :] if len(nonzero) else p[-1:]


@implements(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """p[0]·x^(n-1) + ... + p[n-1] by Horner's scheme; p (n,), x of any shape."""
    p, x = _coefficients(p), x if hasattr(x, "dtype") else np.asarray(x)
    y = np.zeros(np.shape(x), x.dtype)
    for i in range(np.shape(p)[0]):
        y = p[i] + (y * x if i else y)
    return y


def _added(a1: Any, a2: Any, sign: int) -> Any:
    a1, a2 = _coefficients(a1), _coefficients(a2)
    short, long = sorted((np.shape(a1)[0], np.shape(a2)[0]))
    if short != long:
        longer = as_value(a1 if np.shape(a1)[0] == long else a2)
        zeros = np.zeros(long - short, np.asarray(longer).dtype)
        if np.shape(a1)[0] == short:
            a1 = np.concatenate([zeros, a1])
        else:
            a2 = np.concatenate([zeros, a2])
    return a1 + a2 if sign > 0 else a1 - a2


@implements(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    return _added(a1, a2, 1)


@implements(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    return _added(a1, a2, -1)


@implements(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    """``np.polymul``; as in NumPy leading zeros are dropped, and their gradient with them."""
    return np.convolve(_trimmed(a1), _trimmed(a2))


@implements(np.polyder)
def polyder(p: Any, m: int = 1) -> Any:
    m = _order("polyder", "derivative", m)
    p = _coefficients(p)
    for _ in range(m):
        n = np.shape(p)[0]
        p = p[:-1] * np.arange(n - 1, 0, -1)
    return p


@implements(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """``np.polyint``: ``m`` antiderivatives; ``k`` gives the constants, first integration first."""
    m = _order("polyint", "integral", m)
    p = _coefficients(p)
    if k is None:
        k = np.zeros(m)
    elif not hasattr(k, "dtype"):
        k = np.asarray(k)
    if np.ndim(k) == 0:
        k = np.reshape(k, (1,))
    if np.shape(k)[0] == 1 and m > 1:
        k = np.broadcast_to(k, (m,))
    if np.shape(k)[0] < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    for i in range(m):
        p = np.concatenate([p / np.arange(np.shape(p)[0], 0, -1), k[i : i + 1]])
    return p


def _order(function: str, what: str, m: Any) -> int:
    if m < 0:
        raise ValueError(f"np.{function}: the order of the {what} must be positive, not {m}")
    return int(m)


@implements(np.polyfit)
def polyfit(
    x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    """Least squares: the c (deg + 1,) or (deg + 1, k) that minimises |w·(V(x) c - y)|².

    x (m,), y (m,) or (m, k) and w (m,) may be Variables.  The points must determine the polynomial
    (as many distinct x as coefficients), or there is no gradient.
    """
    for name, given in (("full", full), ("cov", cov)):
        if given:
            raise TypeError(
                f"np.polyfit: {name}={given!r} is not supported on Variables; call it on plain "
                f"values for its diagnostics, and without {name}= for coefficients with a gradient"
            )
    if np.ndim(deg) != 0 or deg < 0:
        raise ValueError("np.polyfit: deg must be one integer >= 0 on Variables")
    x, y = (a if hasattr(a, "dtype") else np.asarray(a) for a in (x, y))
    if np.ndim(x) != 1 or x.size == 0:
        raise TypeError("np.polyfit: expected 1D non-empty vector for x")
    if np.ndim(y) not in (1, 2) or np.shape(y)[0] != np.shape(x)[0]:
        raise TypeError("np.polyfit: expected y of shape (m,) or (m, k) for x of shape (m,)")
    if rcond is None:
        rcond = x.size * np.finfo(x.dtype if x.dtype.kind in "fc" else float).eps
    lhs, rhs = np.vander(x, int(deg) + 1), y
    if w is not None:
        w = w if hasattr(w, "dtype") else np.asarray(w)
        if np.shape(w) != np.shape(x):
            raise TypeError("np.polyfit: expected w of the shape of x")
        column = np.reshape(w, (-1, 1))
        lhs = lhs * column
        rhs = rhs * (w if np.ndim(rhs) == 1 else column)
    columns = np.asarray(as_value(lhs))
    scale = np.sqrt((columns * columns).sum(axis=0))  # for conditioning only: any scale would do
    solution, _, rank, _ = np.linalg.lstsq(lhs / scale, rhs, rcond)
    if rank != int(deg) + 1:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=2)
    return np.transpose(np.transpose(solution) / scale)
