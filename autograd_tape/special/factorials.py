"""What SciPy writes in Python around gamma functions, composed here from its ufuncs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .common import require_plain, scipy_special, sp, value_of


def zeta(x: Any, q: Any = None) -> Any:
    """ζ(x, q) = Σ (k + q)^-x, differentiable in q; without q Riemann's ζ(x), plain."""
    return sp._riemann_zeta(x) if q is None else sp._zeta(x, q)


def polygamma(n: Any, x: Any) -> Any:
    """The n-th derivative of digamma, n >= 0 plain integers: (-1)^(n+1) n! ζ(n+1, x)."""
    require_plain("polygamma", n=n)
    n = np.asarray(n)
    order = n.item() if n.ndim == 0 else n
    if n.ndim == 0 and order == 0:
        return sp.psi(x)
    factor = (-1.0) ** (n + 1) * sp.gamma(n + 1.0)
    if n.ndim == 0:
        return float(factor) * sp._zeta(order + 1, x)
    zero = n == 0
    higher = np.where(zero, 0.0, factor) * sp._zeta(np.where(zero, 2, n + 1), x)
    return np.where(zero, sp.psi(x), higher)


def multigammaln(a: Any, d: Any) -> Any:
    """log Γ_d(a) = d(d-1)/4 log π + Σ_{j<d} log Γ(a - j/2), for a > (d-1)/2 and an integer d."""
    require_plain("multigammaln", d=d)
    if np.ndim(d) or int(d) != d:
        raise ValueError("multigammaln: d should be a positive integer (dimension)")
    d = int(d)
    if np.any(value_of(a) <= 0.5 * (d - 1)):
        raise ValueError(f"multigammaln: a must be greater than (d - 1)/2 = {0.5 * (d - 1)}")
    a = a if hasattr(a, "dtype") else np.asarray(a, float)
    shifts = np.reshape(np.arange(d) / 2, (d,) + (1,) * np.ndim(a)).astype(np.result_type(a))
    return d * (d - 1) / 4 * math.log(math.pi) + np.sum(sp.gammaln(a - shifts), axis=0)


def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """The number of ways to choose k of N, and 0 outside 0 <= k <= N; smooth in between."""
    if exact:
        require_plain("comb(exact=True)", N=N, k=k)
        return scipy_special.comb(N, k, exact=True, repetition=repetition)
    N, k = (x if hasattr(x, "dtype") else np.asarray(x) for x in (N, k))
    if repetition:
        one = (value_of(k) == 0) & (value_of(N) >= 0)
        N = N + k - 1
        return np.where(one, 1.0, sp.binom(np.where(one, 1.0, N), np.where(one, 0.0, k)))
    valid = (value_of(k) <= value_of(N)) & (value_of(N) >= 0) & (value_of(k) >= 0)
    return np.where(valid, sp.binom(np.where(valid, N, 1.0), np.where(valid, k, 0.0)), 0.0)


def perm(N: Any, k: Any, exact: bool = False) -> Any:
    """The number of ways to choose k of N in order, and 0 outside 0 <= k <= N."""
    if exact:
        require_plain("perm(exact=True)", N=N, k=k)
        return scipy_special.perm(N, k, exact=True)
    N, k = (x if hasattr(x, "dtype") else np.asarray(x) for x in (N, k))
    valid = (value_of(k) <= value_of(N)) & (value_of(N) >= 0) & (value_of(k) >= 0)
    N, k = np.where(valid, N, 1.0), np.where(valid, k, 0.0)
    return np.where(valid, sp.poch(N - k + 1, k), 0.0)


def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """Γ(n + 1), and 0 for n < 0 unless ``extend="complex"``."""
    if exact:
        require_plain("factorial(exact=True)", n=n)
        return scipy_special.factorial(n, exact=True)
    if extend not in ("zero", "complex"):
        raise ValueError(f"factorial: extend must be 'zero' or 'complex', not {extend!r}")
    n = n if hasattr(n, "dtype") else np.asarray(n)
    if extend == "complex":
        return sp.gamma(n + 1)
    if n.dtype.kind == "c":
        raise ValueError("factorial: complex numbers need extend='complex'")
    negative = value_of(n) < 0
    return np.where(negative, 0.0, sp.gamma(np.where(negative, 0.0, n) + 1))


def bernoulli(n: Any) -> Any:
    """The Bernoulli numbers B0 to Bn: plain, for an integer n."""
    require_plain("bernoulli", n=n)
    return scipy_special.bernoulli(n)
