"""Exponential, sine and cosine integrals, the dilogarithm and elliptic integrals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitives.samples import both, calls, real
from ..primitives.smoothness import domain, guarded
from .common import in_last, like, negative_cut, pair, sp, unary, value_of

_positive = both((3, 4), low=0.4, high=3.0)

exp1 = unary(
    sp.exp1, lambda ct, output, x: -ct * (np.exp(-x) / x), sample=_positive, kinks=negative_cut
)


@guarded
def _log_of_size(x: Any) -> Any:
    """As log|x| for real x, as log x for complex x."""
    return negative_cut(x) if x.dtype.kind == "c" else abs(x)


expi = unary(
    sp.expi, lambda ct, output, x: ct * (np.exp(x) / x), sample=_positive, kinks=_log_of_size
)


def _expn(ct: Any, output: Any, x: Any, *, parameters: Any) -> Any:
    """E_n' = -E_(n-1), where E_(-1) = (e^-x + E_0)/x."""
    (n,) = parameters
    first = np.asarray(n) == 0
    if not first.any():
        return -ct * sp.expn(n - 1, x)
    y = np.where(first, x, 1.0)
    slope = (np.exp(-y) + output) / y
    if not first.all():
        slope = np.where(first, slope, sp.expn(np.maximum(n - 1, 0), x))
    return -ct * slope


expn = in_last(
    sp.expn,
    _expn,
    names=("n",),
    sample=calls(
        real((3, 4), low=0.4, high=3.0, parameters=(2,)),
        real((3,), low=0.4, high=3.0, parameters=(np.array([0, 1, 4]),)),
    ),
    kinks=domain(0.0),
)


def _over(x: Any, z: Any) -> Any:
    """x/z, and inf at 0."""
    zero = value_of(z) == 0
    return np.where(zero, np.inf, x / np.where(zero, 1.0, z)) if zero.any() else x / z


sici = pair(
    sp.sici, lambda z: np.sinc(z / math.pi), lambda z: _over(np.cos(z), z), sample=_positive,
    kinks=_log_of_size,
)  # fmt: skip
shichi = pair(
    sp.shichi,
    lambda z: sp.hyp0f1(1.5, 0.25 * z * z),  # sinh(z)/z, also at 0
    lambda z: _over(np.cosh(z), z),
    sample=_positive,
    kinks=_log_of_size,
)


def _log_over_distance(z: Any) -> Any:
    """log(z)/(1 - z); near its removable singularity at 1 by the series of 2F1(1, 1; 2; 1 - z)."""
    near = np.abs(value_of(z) - 1) < 0.5
    away, close = np.where(near, 2.0, z), np.where(near, z, 1.0)
    at_one = like(sp.hyp2f1(1, 1, 2, 1 - close), z)
    return np.where(near, -at_one, np.log(away) / (1 - away))


spence = unary(
    sp.spence,
    lambda ct, output, z: ct * _log_over_distance(z),
    sample=calls(both((3, 4), low=0.2, high=3.0), lambda rng: [((np.array([1.0, 0.99]),), {})]),
    kinks=negative_cut,
)

# -- complete elliptic integrals of the parameter m -----------------------------------------------
# E' = (E - K)/2m and K' = (E/(1-m) - K)/2m are 0/0 at m = 0; their series are not (DLMF 19.5).

ellipe = unary(
    sp.ellipe,
    lambda ct, output, m: ct * (-math.pi / 8 * like(sp.hyp2f1(0.5, 1.5, 2, m), m)),
    sample=real((3, 4), low=0.1, high=0.9),
    kinks=domain(high=1.0),
)
ellipk = unary(
    sp.ellipk,
    lambda ct, output, m: ct * (math.pi / 8 * like(sp.hyp2f1(0.5, 0.5, 2, m), m) / (1 - m)),
    sample=real((3, 4), low=0.1, high=0.9),
    kinks=domain(high=1.0),
)
