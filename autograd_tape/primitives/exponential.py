"""Exponentials, logarithms, roots and hyperbolic functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dispatch import define, elementwise, implements
from ..primitive import Primitive
from ..variable import as_value
from .arithmetic import of_float, on_numbers
from .samples import both, calls, real
from .smoothness import away_from, outside_cut, poles

_LN2, _LN10 = math.log(2.0), math.log(10.0)
_cut = outside_cut((0, -1))

# -- exponentials ---------------------------------------------------------------------------------

exp = elementwise(np.exp, lambda ct, output, x: ct * output, scalar=math.exp, sample=both((3, 4)))


def _exp2(ct: Any, output: Any, x: Any) -> Any:
    t = ct * output
    t *= _LN2
    return t


exp2 = elementwise(np.exp2, _exp2, scalar=math.exp2, sample=both((3, 4)))


def _expm1(ct: Any, output: Any, x: Any) -> Any:
    t = output + 1
    t *= ct
    return t


expm1 = elementwise(np.expm1, _expm1, scalar=math.expm1, sample=both((3, 4)))


def _sigmoid_forward(x: Any) -> Any:
    """1/(1 + e^-x); where e^-x overflows to inf, the result is 0 as it should be."""
    t = np.negative(x)
    own = t if t.__class__ is np.ndarray and t.dtype.kind in "fc" else None
    with np.errstate(over="ignore"):
        t = np.exp(t, out=own)
    t += 1
    return np.divide(1, t, out=own)


_exp = of_float(np.exp, math.exp)
_log1p = of_float(np.log1p, math.log1p)


def _sigmoid_scalar(x: float) -> Any:
    return 1.0 / (1.0 + _exp(-x)) if x > -709.0 else _exp(x)


def _sigmoid(ct: Any, output: Any, x: Any) -> Any:
    t = 1 - output
    t *= output
    t *= ct
    return t


sigmoid = elementwise(
    _sigmoid_forward, _sigmoid, name="sigmoid", scalar=_sigmoid_scalar, sample=both((3, 4)),
    kinks=poles(2 * math.pi, math.pi, along=1j),
)  # fmt: skip


# -- logarithms -----------------------------------------------------------------------------------

log = elementwise(
    np.log, lambda ct, output, x: ct / x, scalar=math.log, sample=both((3, 4), low=0.5), kinks=_cut
)


def _log2(ct: Any, output: Any, x: Any) -> Any:
    t = ct / x
    t *= 1.0 / _LN2
    return t


log2 = elementwise(np.log2, _log2, scalar=math.log2, sample=both((3, 4), low=0.5), kinks=_cut)


def _log10(ct: Any, output: Any, x: Any) -> Any:
    t = ct / x
    t *= 1.0 / _LN10
    return t


log10 = elementwise(np.log10, _log10, scalar=math.log10, sample=both((3, 4), low=0.5), kinks=_cut)

log1p = elementwise(
    np.log1p, lambda ct, output, x: ct / (x + 1), scalar=math.log1p, sample=both((3, 4), low=-0.5),
    kinks=outside_cut((-1, -1)),
)  # fmt: skip


def _portion(ct: Any, x: Any, y: Any, log_base: float) -> Any:
    """How much of b^x + b^y is b^x: the sigmoid of (x - y)·log b, and half at any tie."""
    a = as_value(x)
    if abs(a) == math.inf if a.__class__ is float else np.count_nonzero(np.isinf(a)):
        tie = np.isinf(a) & (a == as_value(y))  # there inf - inf would be nan
        x, y = np.where(tie, 0, x), np.where(tie, 0, y)
    t = x - y
    if log_base != 1.0:
        t *= log_base
    return ct * (_sigmoid_scalar(t) if t.__class__ is float else sigmoid(t))


def _logaddexp_scalar(x: float, y: float) -> Any:
    if x == y:
        return x + _LN2  # infinite ones, too
    return max(x, y) + _log1p(_exp(-abs(x - y)))


_real_pair = calls(real((3, 4), (3, 4)), real((2, 3, 1), (3, 4)), real((3,), ()))

logaddexp = elementwise(
    np.logaddexp,
    lambda ct, output, x, y: _portion(ct, x, y, 1.0),
    lambda ct, output, x, y: _portion(ct, y, x, 1.0),
    scalar=on_numbers(np.logaddexp, _logaddexp_scalar),
    sample=_real_pair,
)

logaddexp2 = elementwise(
    np.logaddexp2,
    lambda ct, output, x, y: _portion(ct, x, y, _LN2),
    lambda ct, output, x, y: _portion(ct, y, x, _LN2),
    scalar=on_numbers(np.logaddexp2),
    sample=_real_pair,
)


# -- roots ----------------------------------------------------------------------------------------


def _sqrt(ct: Any, output: Any, x: Any) -> Any:
    t = ct / output
    t *= 0.5
    return t


sqrt = elementwise(np.sqrt, _sqrt, scalar=math.sqrt, sample=both((3, 4), low=0.5), kinks=_cut)


def _cbrt(ct: Any, output: Any, x: Any) -> Any:
    t = output * output
    t *= 3
    return ct / t


cbrt = elementwise(
    np.cbrt, _cbrt, scalar=math.cbrt, sample=real((3, 4), away=(0.0,)), kinks=away_from(0.0)
)


# -- hyperbolic functions -------------------------------------------------------------------------


def _sinh(ct: Any, output: Any, x: Any) -> Any:
    t = cosh(x)
    t *= ct
    return t


def _cosh(ct: Any, output: Any, x: Any) -> Any:
    t = sinh(x)
    t *= ct
    return t


# NumPy takes up an array without axes twice as fast as a Python number.
_ONE = {np.dtype(kind): np.ones((), kind) for kind in "efd"}


def _tanh(ct: Any, output: Any, x: Any) -> Any:
    """ct·(1 - y²): three passes over memory, of which only the last reads two arrays."""
    t = output * output
    if t.__class__ is not np.ndarray:
        return ct * (1 - t)
    np.subtract(_ONE.get(t.dtype, 1), t, t)
    t *= ct
    return t


sinh = elementwise(np.sinh, _sinh, scalar=math.sinh, sample=both((3, 4)))
cosh = elementwise(np.cosh, _cosh, scalar=math.cosh, sample=both((3, 4)))
tanh = elementwise(
    np.tanh, _tanh, scalar=math.tanh, sample=both((3, 4), low=-1.4, high=1.4),
    kinks=poles(math.pi, math.pi / 2, along=1j),
)  # fmt: skip


def _arcsinh(ct: Any, output: Any, x: Any) -> Any:
    t = x * x
    t += 1
    return ct / sqrt(t)


def _arccosh(ct: Any, output: Any, x: Any) -> Any:
    """ct/(√(x-1)·√(x+1)): two roots, since that of the product has another sign for Re x < 0."""
    t = sqrt(x - 1)
    t *= sqrt(x + 1)
    return ct / t


def _arctanh(ct: Any, output: Any, x: Any) -> Any:
    t = 1 - x
    t *= x + 1
    return ct / t


arcsinh = elementwise(
    np.arcsinh, _arcsinh, scalar=math.asinh, also=(np.asinh,),
    sample=calls(real((3, 4)), both((3, 4), low=-0.9, high=0.9)),
    kinks=outside_cut((1j, 1j), (-1j, -1j)),
)  # fmt: skip
arccosh = elementwise(
    np.arccosh, _arccosh, scalar=math.acosh, sample=both((3, 4), low=1.2), also=(np.acosh,),
    kinks=outside_cut((1, -1)),
)  # fmt: skip
arctanh = elementwise(
    np.arctanh, _arctanh, scalar=math.atanh, sample=both((3, 4), low=-0.8, high=0.8),
    also=(np.atanh,), kinks=outside_cut((-1, -1), (1, 1)),
)  # fmt: skip


# -- Bessel function ------------------------------------------------------------------------------


def _i0_forward(x: Any, *, order: int) -> Any:
    """The derivative of that order of I₀(x) = (2/π)·∫ cosh(x·cos θ) dθ over (0, π/2).

    Each derivative brings a factor cos θ and swaps cosh with sinh.  The integrand is periodic, so
    that the midpoint rule converges geometrically: √|x| points to full precision.
    """
    if order == 0:
        return np.i0(x).item() if x.__class__ is float else np.i0(x)
    size = np.abs(x)
    largest = np.minimum(np.max(size, initial=0.0, where=np.isfinite(size)), 1000.0)
    points = 16 + int(3.0 * np.sqrt(largest))
    factor = np.cosh if order % 2 == 0 else np.sinh
    total: Any = 0.0
    for k in range(points):
        c = math.cos((k + 0.5) * math.pi / (2 * points))
        total = total + c**order * factor(x * c)
    return total / points if x.__class__ is not float else (total / points).item()


_i0: Primitive = define(
    _i0_forward,
    name="i0",
    vjp=lambda ct, output, x, *, order: ct * _i0(x, order=order + 1),
    jvp=lambda x_dot, output, x, *, order: x_dot * _i0(x, order=order + 1),
    sample=calls(
        real((3, 4), order=0), real((3, 4), order=1), real((4,), low=7.0, high=9.0, order=0)
    ),
)


@implements(np.i0)
def i0(x: Any) -> Any:
    """The modified Bessel function of the first kind and order 0, of real x."""
    return _i0(x, order=0)
