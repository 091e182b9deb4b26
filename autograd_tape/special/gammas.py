"""The gamma function and its relatives: digamma, Hurwitz' zeta, beta and binomials.

ψ is the digamma function.  1/Γ is entire, and (1/Γ)' = -ψ/Γ is finite at the poles of Γ and ψ:
derivatives of quotients of gamma functions are written with it where they meet such a pole.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arrays import asarray
from ..dispatch import define, implements, plain
from ..primitive import Primitive
from ..primitives.samples import both, calls, real
from ..primitives.smoothness import domain, guarded, moving, nearest, nonpositive_integers, of
from .common import in_last, negative_cut, refused, sp, unary, value_of, with_two

_positive = both((3, 4), low=0.5, high=4.0)

# -- digamma and the Hurwitz zeta function --------------------------------------------------------

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def _hurwitz_sum(q: Any, *, s: int) -> Any:
    """ζ(s, q) for complex q and integer s >= 2, by Euler-Maclaurin (DLMF 25.11.5)."""
    q = asarray(q)
    total = np.zeros_like(q)
    lowest = np.maximum(np.min(q.real, where=np.isfinite(q), initial=0.0), -1e4)
    for _ in range(int(np.ceil(12 + s - lowest))):  # up to where the series is accurate
        total += q**-s
        q = q + 1
    total += q ** (1 - s) / (s - 1) + q**-s / 2
    rising = s / q ** (s + 1)
    for j, b in enumerate(_BERNOULLI, 1):
        total += b / math.factorial(2 * j) * rising
        rising = rising * ((s + 2 * j - 1) * (s + 2 * j)) / (q * q)
    return total[()]


_hurwitz: Primitive = define(
    _hurwitz_sum,
    name="hurwitz_zeta",
    vjp=lambda ct, output, q, *, s: -s * ct * _hurwitz(q, s=s + 1),
    jvp=lambda q_dot, output, q, *, s: -s * q_dot * _hurwitz(q, s=s + 1),
    sample=calls(both((3, 4), s=2, low=0.5), real((2, 2), s=3, low=-0.9, high=-0.1)),
    kinks=nonpositive_integers,
)


def _trigamma(x: Any) -> Any:
    """ψ'(x) = ζ(2, x); SciPy has it for real x only."""
    return _hurwitz(x, s=2) if value_of(x).dtype.kind == "c" else sp._zeta(2, x)


psi = unary(
    sp.psi, lambda ct, output, x: ct * _trigamma(x), sample=_positive, kinks=nonpositive_integers
)


@guarded
def _zeta_kinks(q: Any, *, parameters: Any) -> Any:
    """Powers of negative numbers need whole exponents."""
    (x,) = map(np.asarray, parameters)
    return np.where(x == np.rint(x), nonpositive_integers(q), domain(0.0)(q))


_zeta = in_last(  # SciPy's zeta is a Python function around this ufunc and the next
    sp._zeta,
    lambda ct, output, q, *, parameters: -parameters[0] * ct * sp._zeta(parameters[0] + 1, q),
    name="zeta",
    names=("x",),
    sample=calls(
        real((3, 4), low=0.5, parameters=(2.0,)),
        real((4,), low=0.5, parameters=(np.array([1.5, 2.0, 3.5, 4.0]),)),
    ),
    kinks=_zeta_kinks,
)


@implements(sp._riemann_zeta, sp.zetac)
def _no_derivative_in_x(*args: Any) -> Any:
    raise refused("zeta", "x")


# -- gamma functions -----------------------------------------------------------------------------

gamma = unary(
    sp.gamma, lambda ct, output, x: ct * (output * sp.psi(x)), scalar=math.gamma, sample=_positive,
    kinks=nonpositive_integers,
)  # fmt: skip
gammaln = unary(
    sp.gammaln,
    lambda ct, output, x: ct * sp.psi(x),
    scalar=math.lgamma,
    sample=calls(real((3, 4), low=0.5), real((3,), low=-1.8, high=-1.2)),
    kinks=nonpositive_integers,
)
loggamma = unary(
    sp.loggamma, lambda ct, output, x: ct * sp.psi(x), sample=_positive, kinks=negative_cut
)
plain(sp.gammasgn)


def _psi_over_gamma(x: Any) -> Any:
    """ψ(x)/Γ(x) = -(1/Γ)'(x), finite everywhere: by reflection on the left of 1/2."""
    left = value_of(x).real < 0.5
    y, z = np.where(left, 1.0 - x, 1.0), np.where(left, 1.0, x)
    reflected = sp.gamma(y) * (
        np.sin(math.pi * x) * sp.psi(y) * (1 / math.pi) - np.cos(math.pi * x)
    )
    return np.where(left, reflected, sp.psi(z) * sp.rgamma(z))


rgamma = unary(
    sp.rgamma,
    lambda ct, output, x: -ct * _psi_over_gamma(x),
    sample=calls(both((3, 4), low=-2.5, high=3.5), lambda rng: [((np.array([0.0, -1.0]),), {})]),
)


def _near_pole(x: Any) -> Any:
    """Is x so near a pole of Γ that ψ·(1/Γ) would be inf·0, up to rounding?"""
    x = value_of(x)
    return (x < 0.5) & (np.abs(x - np.round(x)) < 1e-4)


def _is_pole(x: Any) -> Any:
    x = value_of(x)
    return (x <= 0) & (x == np.floor(x))


def _digamma_difference(x: Any, y: Any) -> Any:
    """ψ(x) - ψ(y), also where two poles cancel: x, y nonpositive integers, then by reflection."""
    poles = _is_pole(x) & _is_pole(y)
    return sp.psi(np.where(poles, 1.0 - x, x)) - sp.psi(np.where(poles, 1.0 - y, y))


def _poch_z(ct: Any, output: Any, z: Any, m: Any) -> Any:
    """(z)_m = Γ(z + m)/Γ(z): the 1/Γ(z) may vanish while its derivative does not."""
    lone = _is_pole(z) & ~_is_pole(value_of(z) + value_of(m))
    smooth = np.where(lone, 1.0, z)
    slope = output * _digamma_difference(smooth + m, smooth)
    if not lone.any():
        return ct * slope
    z = np.where(lone, z, 1.0)
    top = np.where(lone, z + m, 1.0)
    at_pole = sp.gamma(top) * (sp.psi(top) * sp.rgamma(z) - _psi_over_gamma(z))
    return ct * np.where(lone, at_pole, slope)


@guarded
def _pole_of_sum(a: Any, b: Any) -> Any:
    return nonpositive_integers(a + b) / (moving(a) + moving(b))


_pole_of_each = nearest(nonpositive_integers, of(1, nonpositive_integers))

poch = with_two(
    sp.poch,
    _poch_z,
    lambda ct, output, z, m: ct * (output * sp.psi(z + m)),
    sample=calls(real((3, 4), (3, 4), low=0.5), real((3, 1), (4,), low=0.5)),
    kinks=_pole_of_sum,
)

# -- beta functions and binomials -----------------------------------------------------------------


def _beta_slope(ct: Any, output: Any, a: Any, b: Any) -> Any:
    """∂B/∂a with B = Γ(a)Γ(b)/Γ(a + b), whose last factor may vanish."""
    pole = _near_pole(value_of(a) + value_of(b))
    if not pole.any():
        return ct * (output * (sp.psi(a) - sp.psi(a + b)))
    away, at_a, at_b = np.where(pole, 1.0, a + b), np.where(pole, a, 0.5), np.where(pole, b, -0.5)
    at_sum = at_a + at_b
    at_pole = sp.psi(at_a) * sp.rgamma(at_sum) - _psi_over_gamma(at_sum)
    at_pole = sp.gamma(at_a) * sp.gamma(at_b) * at_pole
    return ct * np.where(pole, at_pole, output * (sp.psi(a) - sp.psi(away)))


_pairs = calls(real((3, 4), (3, 4), low=0.5, high=3.0), real((2, 3, 1), (3, 4), low=0.5, high=3.0))
beta = with_two(
    sp.beta,
    _beta_slope,
    lambda ct, output, a, b: _beta_slope(ct, output, b, a),
    sample=_pairs,
    kinks=_pole_of_each,
)
betaln = with_two(
    sp.betaln,
    lambda ct, output, a, b: ct * (sp.psi(a) - sp.psi(a + b)),
    lambda ct, output, a, b: ct * (sp.psi(b) - sp.psi(a + b)),
    sample=_pairs,
    kinks=nearest(_pole_of_each, _pole_of_sum),
)


def _binom_slopes(output: Any, n: Any, k: Any) -> tuple[Any, Any]:
    """∂C/∂n and ∂C/∂k of C = Γ(n+1) / (Γ(k+1) Γ(m)), m = n - k + 1, also where C vanishes."""
    low, high = _near_pole(value_of(k) + 1), _near_pole(value_of(n) - value_of(k) + 1)
    pole = low | high
    psi_n = sp.psi(n + 1)
    psi_k, psi_m = sp.psi(np.where(low, 1.0, k + 1)), sp.psi(np.where(high, 1.0, n - k + 1))
    in_n, in_k = output * (psi_n - psi_m), output * (psi_m - psi_k)
    if not pole.any():
        return in_n, in_k
    n, k = np.where(pole, n, 1.0), np.where(pole, k, 0.0)
    m, k = n - k + 1, k + 1
    top, rk, rm = sp.gamma(n + 1), sp.rgamma(k), sp.rgamma(m)
    drk, drm = -_psi_over_gamma(k), -_psi_over_gamma(m)
    at_n = top * rk * (sp.psi(n + 1) * rm + drm)
    return np.where(pole, at_n, in_n), np.where(pole, top * (drk * rm - rk * drm), in_k)


binom = with_two(
    sp.binom,
    lambda ct, output, n, k: ct * _binom_slopes(output, n, k)[0],
    lambda ct, output, n, k: ct * _binom_slopes(output, n, k)[1],
    sample=calls(real((3, 4), (3, 4), low=0.5, high=3.0), real((3, 1), (4,), low=0.5, high=3.0)),
    kinks=guarded(lambda n, k: nonpositive_integers(n + 1)),
)
