"""Circular functions and their inverses, and angles."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays import asarray
from ..dispatch import define, elementwise, implements
from ..primitive import Primitive
from ..variable import as_value
from .arithmetic import on_numbers, quotient
from .exponential import sqrt
from .samples import Call, Shape, both, calls, real
from .smoothness import away_from, guarded, moving, outside_cut, poles


def _sin(ct: Any, output: Any, x: Any) -> Any:
    t = cos(x)
    t *= ct
    return t


def _cos(ct: Any, output: Any, x: Any) -> Any:
    t = sin(x)
    t *= ct
    t *= -1
    return t


def _tan(ct: Any, output: Any, x: Any) -> Any:
    t = output * output
    t += 1
    t *= ct
    return t


sin = elementwise(np.sin, _sin, scalar=math.sin, sample=both((3, 4)))
cos = elementwise(np.cos, _cos, scalar=math.cos, sample=both((3, 4)))
tan = elementwise(
    np.tan, _tan, scalar=math.tan, sample=both((3, 4), low=-1.0, high=1.0),
    kinks=poles(math.pi, math.pi / 2),
)  # fmt: skip


def _arcsin(ct: Any, output: Any, x: Any) -> Any:
    """ct/√((1-x)·(1+x)): the factors keep the digits that 1 - x² loses near 1."""
    t = 1 - x
    t *= x + 1
    return ct / sqrt(t)


def _arctan(ct: Any, output: Any, x: Any) -> Any:
    t = x * x
    t += 1
    return ct / t


_inside = both((3, 4), low=-0.8, high=0.8)
_cuts = outside_cut((-1, -1), (1, 1))
arcsin = elementwise(
    np.arcsin, _arcsin, scalar=math.asin, sample=_inside, also=(np.asin,), kinks=_cuts
)
arccos = elementwise(
    np.arccos,
    lambda ct, output, x: -_arcsin(ct, output, x),
    scalar=math.acos,
    sample=_inside,
    kinks=_cuts,
    also=(np.acos,),
)
arctan = elementwise(
    np.arctan, _arctan, scalar=math.atan, sample=_inside, also=(np.atan,),
    kinks=outside_cut((1j, 1j), (-1j, -1j)),
)  # fmt: skip


# -- of two arguments -----------------------------------------------------------------------------

_zero = away_from(0.0)
_plane = calls(
    real((3, 4), (3, 4), away=(0.0,)), real((2, 3, 1), (3, 4), away=(0.0,)), real((3,), (), low=0.5)
)


def _hypot_x(ct: Any, output: Any, x: Any, y: Any) -> Any:
    """ct·x/√(x²+y²), 0 at the origin."""
    t = quotient(x, output)
    t *= ct
    return t


hypot = elementwise(
    np.hypot,
    _hypot_x,
    lambda ct, output, x, y: _hypot_x(ct, output, y, x),
    scalar=on_numbers(np.hypot, math.hypot),
    sample=_plane,
    kinks=guarded(lambda x, y: np.maximum(_zero(x), _zero(y))),
)


def _turn(ct: Any, x: Any, y: Any) -> Any:
    """ct·x/(x²+y²), 0 at the origin; the squares themselves might overflow or vanish."""
    r = hypot(x, y)
    t = quotient(quotient(x, r), r)
    t *= ct
    return t


@guarded
def _arctan2_kinks(y: Any, x: Any) -> Any:
    """To the cut, where y = 0 and x <= 0; an integer y = 0 stays on it."""
    to_cut = _zero(y) if moving(y) else np.where(y == 0, abs(x), np.inf)
    return np.where(x > 0, np.maximum(_zero(x), _zero(y)), to_cut)


arctan2 = elementwise(
    np.arctan2,
    lambda ct, output, y, x: _turn(ct, x, y),
    lambda ct, output, y, x: -_turn(ct, y, x),
    conforming=False,
    scalar=on_numbers(np.arctan2, math.atan2),
    sample=_plane,
    kinks=_arctan2_kinks,
    also=(np.atan2,),
)


# -- degrees and radians --------------------------------------------------------------------------

deg2rad = elementwise(
    np.deg2rad, lambda ct, output, x: ct * (math.pi / 180), scalar=math.radians, sample=real((3, 4))
)
radians = elementwise(
    np.radians, lambda ct, output, x: ct * (math.pi / 180), scalar=math.radians, sample=real((3, 4))
)
rad2deg = elementwise(
    np.rad2deg, lambda ct, output, x: ct * (180 / math.pi), scalar=math.degrees, sample=real((3, 4))
)
degrees = elementwise(
    np.degrees, lambda ct, output, x: ct * (180 / math.pi), scalar=math.degrees, sample=real((3, 4))
)


@guarded
def _unwrap_kinks(p: Any, *, discont: Any, axis: int, period: float) -> Any:
    """A step between neighbours jumps by a period at odd halves of it that reach ``discont``,
    and at ``discont`` itself where that is more than half a period."""
    step, half = abs(np.diff(p, axis=axis)), period / 2
    discont = half if discont is None else discont
    d = abs(step - discont) if discont > half else np.full(step.shape, np.inf)
    for shift in (0, 1):
        jump = (np.floor(step / period - 0.5) + 0.5 + shift) * period
        d = np.minimum(d, np.where(jump >= max(discont, half), abs(step - jump), np.inf))
    return d / 2


def _wrapped(shape: Shape, **params: Any) -> Any:
    """Samples: neighbours are about 0, 1 or 2 periods apart."""

    def sample(rng: np.random.Generator) -> Iterator[Call]:
        steps = rng.integers(-2, 3, shape) + rng.uniform(-0.3, 0.3, shape)
        yield (np.cumsum(steps * params["period"], axis=params["axis"]),), params

    return sample


_unwrap = define(
    lambda p, *, discont, axis, period: np.unwrap(p, discont, axis, period=period),
    name="unwrap",
    vjp=lambda ct, output, p, *, discont, axis, period: ct,
    jvp=lambda p_dot, output, p, *, discont, axis, period: p_dot,
    sample=calls(
        _wrapped((6,), discont=None, axis=-1, period=2 * math.pi),
        _wrapped((4, 3), discont=None, axis=0, period=4.0),
        _wrapped((5,), discont=5.0, axis=0, period=2.0),
    ),
    kinks=_unwrap_kinks,
)


@implements(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Any:
    """``p`` plus whole periods: its derivative is the identity (nothing flows to ``period``)."""
    return _unwrap(p, discont=as_value(discont), axis=axis, period=period)


# -- sinc -----------------------------------------------------------------------------------------


def _sinc_forward(x: Any, *, order: int) -> Any:
    """The derivative of that order n of sin(πx)/(πx): πⁿ·f⁽ⁿ⁾(u) for f(u) = sin(u)/u, u = πx.

    Near 0, where the recurrence u·f⁽ⁿ⁾ = sin⁽ⁿ⁾ - n·f⁽ⁿ⁻¹⁾ cancels, the series
    f⁽ⁿ⁾(u) = Σ (-1)^k · u^(2k-n) / ((2k+1)·(2k-n)!) is summed instead.
    """
    if order == 0:
        return np.sinc(x).item() if x.__class__ is float else np.sinc(x)
    u = asarray(x) * math.pi
    near = np.abs(u) < order + 1
    v = np.where(near, u, 0)
    start = (order + 1) // 2
    term, series = v ** (2 * start - order), np.zeros_like(v)  # u^(2k-n)/(2k-n)! and the sum
    for k in range(start, start + 14 + 2 * order):
        series = series + term * ((-1) ** k / (2 * k + 1))
        m = 2 * k - order
        term = term * (v / (m + 1)) * (v / (m + 2))
    far = np.where(near, 1, u)
    s, c = np.sin(far), np.cos(far)
    f = s / far
    for n in range(1, order + 1):
        f = ((s, c, -s, -c)[n % 4] - n * f) / far
    result = np.where(near, series, f) * math.pi**order
    return result.item() if x.__class__ is float else result[()]


_sinc: Primitive = define(
    _sinc_forward,
    name="sinc",
    vjp=lambda ct, output, x, *, order: ct * _sinc(x, order=order + 1),
    jvp=lambda x_dot, output, x, *, order: x_dot * _sinc(x, order=order + 1),
    sample=calls(
        both((3, 4), order=0), real((4,), order=1), real((4,), low=-9.0, high=9.0, order=0)
    ),
)


@implements(np.sinc)
def sinc(x: Any) -> Any:
    """sin(πx)/(πx), 1 at 0; exact at and near 0 to every order."""
    return _sinc(x, order=0)
