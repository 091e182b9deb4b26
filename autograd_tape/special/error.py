"""The error function, the normal distribution and Fresnel integrals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dispatch import define
from ..primitives.samples import both, calls, real
from ..primitives.smoothness import domain, guarded
from .common import pair, sp, unary, with_two

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
_ROOT_TWO_PI = math.sqrt(2 * math.pi)
_both = both((3, 4), low=-1.5, high=1.5)

erf = unary(
    sp.erf, lambda ct, output, x: ct * (_TWO_OVER_ROOT_PI * np.exp(-x * x)), scalar=math.erf,
    sample=_both,
)  # fmt: skip
erfc = unary(
    sp.erfc, lambda ct, output, x: ct * (-_TWO_OVER_ROOT_PI * np.exp(-x * x)), scalar=math.erfc,
    sample=_both,
)  # fmt: skip
erfcx = unary(
    sp.erfcx, lambda ct, output, x: ct * (2 * x * output - _TWO_OVER_ROOT_PI), sample=_both
)
erfi = unary(sp.erfi, lambda ct, output, x: ct * (_TWO_OVER_ROOT_PI * np.exp(x * x)), sample=_both)
erfinv = unary(
    sp.erfinv,
    lambda ct, output, x: ct * (np.exp(output * output) / _TWO_OVER_ROOT_PI),
    sample=real((3, 4), low=-0.9, high=0.9),
    kinks=domain(-1.0, 1.0),
)
erfcinv = unary(
    sp.erfcinv,
    lambda ct, output, x: ct * (np.exp(output * output) / -_TWO_OVER_ROOT_PI),
    sample=real((3, 4), low=0.1, high=1.9),
    kinks=domain(0.0, 2.0),
)
dawsn = unary(sp.dawsn, lambda ct, output, x: ct * (1 - 2 * x * output), sample=_both)
wofz = unary(  # complex, also for a real x
    sp.wofz,
    lambda ct, output, x: ct * (1j * _TWO_OVER_ROOT_PI - 2 * x * output),
    sample=_both,
)

# -- the normal distribution function -------------------------------------------------------------

ndtr = unary(
    sp.ndtr, lambda ct, output, x: ct * (np.exp(-0.5 * x * x) / _ROOT_TWO_PI), sample=_both
)
ndtri = unary(
    sp.ndtri,
    lambda ct, output, y: ct * (_ROOT_TWO_PI * np.exp(0.5 * output * output)),
    sample=real((3, 4), low=0.1, high=0.9),
    kinks=domain(0.0, 1.0),
)


def _hazard_at(x: Any) -> Any:
    return math.sqrt(2 / math.pi) / sp.erfcx(x * -math.sqrt(0.5))


@guarded
def _zeros_of_ndtr(x: Any) -> Any:
    """For complex x, about how far to a zero of Φ, where its logarithm moves without bound."""
    return np.where(x.dtype.kind == "c", 0.5 / abs(_hazard_at(x)), np.inf)


@guarded
def _log_ndtr_kinks(x: Any) -> Any:
    """The same, or to where the imaginary part of the logarithm jumps from π to -π."""
    to_jump = (math.pi - abs(sp.log_ndtr(x).imag)) / abs(_hazard_at(x))
    return np.minimum(_zeros_of_ndtr(x), np.where(x.dtype.kind == "c", 0.5 * to_jump, np.inf))


# φ(x)/Φ(x), the slope of log Φ: neither factor alone survives far to the left
_hazard = define(
    _hazard_at,
    name="normal_hazard",
    vjp=lambda ct, output, x: -ct * (output * (x + output)),
    jvp=lambda x_dot, output, x: -x_dot * (output * (x + output)),
    sample=_both,
    kinks=_zeros_of_ndtr,
)
log_ndtr = unary(
    sp.log_ndtr, lambda ct, output, x: ct * _hazard(x), sample=_both, kinks=_log_ndtr_kinks
)


def _owens_h(ct: Any, output: Any, h: Any, a: Any) -> Any:
    return ct * (-0.5 / _ROOT_TWO_PI * np.exp(-0.5 * h * h) * sp.erf(a * h * math.sqrt(0.5)))


def _owens_a(ct: Any, output: Any, h: Any, a: Any) -> Any:
    square = a * a + 1
    return ct * (np.exp(-0.5 * h * h * square) / (2 * math.pi * square))


owens_t = with_two(
    sp.owens_t, _owens_h, _owens_a, sample=calls(real((3, 4), (3, 4)), real((3, 1), (4,)))
)

fresnel = pair(
    sp.fresnel,
    lambda z: np.sin(math.pi / 2 * z * z),
    lambda z: np.cos(math.pi / 2 * z * z),
    sample=_both,
)
