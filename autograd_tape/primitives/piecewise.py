"""Functions with kinks: extremes, clipping, signs, steps.

At a kink the rules take the least surprising subgradient (docs/conventions.md): ties of extremes
share evenly, clip'(boundary) = 1, relu'(0) = 0, the derivative of a step is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..arrays import asarray
from ..dispatch import define, elementwise, functions, implements, no_out, plain
from ..variable import as_value
from .arithmetic import masked, nothing, on_numbers, quotient
from .complex import imag as _imag
from .complex import real as _real
from .samples import Call, calls, real
from .selection import where as _where
from .smoothness import away_from, difference, guarded, moving, nearest, never, of, ordered

_NO_VALUE: Any = getattr(np, "_NoValue", None)  # NumPy's own "argument not given"


def _comparable(x: Any) -> Any:
    """The plain value, Python's complex numbers (which have no order) as NumPy's (which have)."""
    x = as_value(x)
    return np.complex128(x) if x.__class__ is complex else x


# -- extremes -------------------------------------------------------------------------------------


def _won(ct: Any, wins: Any, x: Any, y: Any) -> Any:
    """The share of ``ct`` of the operand that ``wins``: all of it, or half at a tie."""
    t = masked(ct, wins)
    tie = x == y
    ties = tie if tie.__class__ is bool else np.count_nonzero(tie)
    return t + 0.5 * masked(ct, tie) if ties else t


def _larger(ct: Any, output: Any, x: Any, y: Any) -> Any:
    x, y = _comparable(x), _comparable(y)
    return _won(ct, x > y, x, y)


def _smaller(ct: Any, output: Any, x: Any, y: Any) -> Any:
    x, y = _comparable(x), _comparable(y)
    return _won(ct, x < y, x, y)


def _larger_or_only(ct: Any, output: Any, x: Any, y: Any) -> Any:
    """Where y is nan, x is the result."""
    x, y = _comparable(x), _comparable(y)
    return _won(ct, (x > y) | (y != y), x, y)


def _smaller_or_only(ct: Any, output: Any, x: Any, y: Any) -> Any:
    x, y = _comparable(x), _comparable(y)
    return _won(ct, (x < y) | (y != y), x, y)


def _either(rule: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The rules of both arguments of a symmetric function, given that of the first."""

    def first(ct: Any, output: Any, x: Any, y: Any) -> Any:
        return rule(ct, None, x, y)

    def second(ct: Any, output: Any, x: Any, y: Any) -> Any:
        return rule(ct, None, y, x)

    return first, second


_real_pair = calls(
    real((3, 4), (3, 4), apart=True), real((2, 3, 1), (3, 4), apart=True),
    real((3, 4), (), apart=True),
)  # fmt: skip

maximum = elementwise(
    np.maximum,
    *_either(_larger),
    scalar=on_numbers(np.maximum, lambda x, y: y if y > x or y != y else x),
    sample=_real_pair,
    kinks=difference,
)

minimum = elementwise(
    np.minimum,
    *_either(_smaller),
    scalar=on_numbers(np.minimum, lambda x, y: y if y < x or y != y else x),
    sample=_real_pair,
    kinks=difference,
)

fmax = elementwise(
    np.fmax,
    *_either(_larger_or_only),
    scalar=on_numbers(np.fmax, lambda x, y: y if y > x or x != x else x),
    sample=_real_pair,
    kinks=difference,
)

fmin = elementwise(
    np.fmin,
    *_either(_smaller_or_only),
    scalar=on_numbers(np.fmin, lambda x, y: y if y < x or x != x else x),
    sample=_real_pair,
    kinks=difference,
)


def _relu_rule(ct: Any, output: Any, x: Any) -> Any:
    return masked(ct, as_value(output) > 0)


relu = elementwise(
    lambda x: np.maximum(x, 0),
    _relu_rule,
    name="relu",
    scalar=lambda x: 0.0 if x <= 0.0 else x,
    sample=calls(real((3, 4), away=(0.0,)), real((), low=0.5)),
    kinks=away_from(0.0),
)


# -- clipping -------------------------------------------------------------------------------------


def _clip_forward(a: Any, low: Any, high: Any) -> Any:
    if not {a.__class__, low.__class__, high.__class__} <= {float, int, type(None)}:
        return np.clip(a, low, high)
    if low is not None and (a < low or low != low):
        a = low
    if high is not None and (a > high or high != high):
        a = high
    return float(a)


def _inside(ct: Any, output: Any, a: Any, low: Any, high: Any) -> Any:
    return masked(ct, as_value(a) == as_value(output))


def _below(ct: Any, output: Any, a: Any, low: Any, high: Any) -> Any:
    low = as_value(low)
    return masked(ct, (as_value(a) < low) & (low == as_value(output)))


def _above(ct: Any, output: Any, a: Any, low: Any, high: Any) -> Any:
    """Where the result is neither ``a`` nor ``low`` (above ``high``, ``low`` yields to it)."""
    a, low, high, output = as_value(a), as_value(low), as_value(high), as_value(output)
    mask = (output == high) & (a != output)
    return masked(ct, mask if low is None else mask & ((a >= low) | (low != output)))


def _clip_distance(a: Any, low: Any, high: Any) -> Any:
    """Of min(max(a, low), high): the tie of the first two counts where the third is above."""
    a, low, high = (x if x is None else ordered(x) for x in (a, low, high))
    raised = a if low is None else np.maximum(a, low)
    d: Any = np.inf if low is None else abs(a - low) / (1 + moving(low))
    if high is None:
        return d
    return np.minimum(np.where(raised > high, np.inf, d), abs(raised - high) / (1 + moving(high)))


def _within_numbers(rng: np.random.Generator) -> Iterator[Call]:
    x = np.array([[-2.0, -0.9, -0.7, 0.0], [0.3, 0.8, 1.0, 1.6]])
    yield (x + rng.uniform(-0.1, 0.1, x.shape), np.float64(-0.51), np.float64(0.52)), {}


_clip = define(
    _clip_forward,
    name="clip",
    vjp=(_inside, _below, _above),
    jvp=(_inside, _below, _above),
    sample=calls(
        real((3, 4), (), (), apart=True),
        real((3, 4), (4,), (3, 1), apart=True),
        _within_numbers,
    ),
    kinks=guarded(_clip_distance, finite=1),  # infinite bounds are none
)


@implements(np.clip)
def clip(
    a: Any, a_min: Any = _NO_VALUE, a_max: Any = _NO_VALUE, out: Any = None, *,
    min: Any = _NO_VALUE, max: Any = _NO_VALUE, dtype: Any = None, **kwargs: Any,
) -> Any:  # fmt: skip
    """``a`` moved into [min, max], either of which may be None; the bounds have adjoints, too."""
    if out is not None:
        no_out("clip")
    if (a_min is _NO_VALUE) != (a_max is _NO_VALUE):
        raise TypeError("np.clip: give both a_min and a_max (None for no bound), or min= or max=")
    low, high = (min, max) if a_min is _NO_VALUE else (a_min, a_max)
    if a_min is not _NO_VALUE and (min is not _NO_VALUE or max is not _NO_VALUE):
        raise ValueError("np.clip: give min and max, or a_min and a_max, but no bound twice")
    if kwargs.pop("where", True) is not True:
        raise TypeError(
            "np.clip: where= without out= leaves elements undefined; "
            "write np.where(mask, np.clip(...), otherwise)"
        )
    unknown = kwargs.keys() - {"casting", "order", "subok"}
    if unknown:
        raise TypeError(f"np.clip: the argument {unknown.pop()!r} is not supported on Variables")
    low, high = (None if bound is _NO_VALUE else bound for bound in (low, high))
    result = _clip(a, low, high)
    return result if dtype is None else result.astype(dtype)


# -- signs and steps ------------------------------------------------------------------------------

plain(np.sign)
_plain_sign = functions[np.sign]


@implements(np.sign)
def sign(x: Any, /) -> Any:
    """Plain for real x, whose sign is piecewise constant; x/|x| (0 at 0) for complex x."""
    value = as_value(x)
    if not np.iscomplexobj(value):
        return _plain_sign(x)
    return quotient(x, np.absolute(x))


def _no_slope(ct: Any, output: Any, x: Any, y: Any) -> Any:
    return nothing(ct)


def _copysign_x(ct: Any, output: Any, x: Any, y: Any) -> Any:
    """As |x|: 0 at x = 0."""
    sign_x = np.sign(as_value(x))
    return ct * (sign_x * np.copysign(sign_x, as_value(y)))


copysign = elementwise(
    np.copysign,
    _copysign_x,
    _no_slope,
    conforming=False,
    scalar=on_numbers(np.copysign),
    sample=real((3, 4), (4,), away=(0.0,)),
    kinks=nearest(away_from(0.0), of(1, away_from(0.0))),
)


def _heaviside_at_0(ct: Any, output: Any, x: Any, y: Any) -> Any:
    return masked(ct, as_value(x) == 0)


heaviside = elementwise(
    np.heaviside,
    _no_slope,
    _heaviside_at_0,
    scalar=on_numbers(np.heaviside),
    sample=real((3, 4), (4,), away=(0.0,)),
    kinks=away_from(0.0),
)


# -- replacing ------------------------------------------------------------------------------------


def _finite_only(ct: Any, output: Any, x: Any, **replacements: Any) -> Any:
    return masked(ct, np.isfinite(as_value(x)))


_nan_to_num = define(
    lambda x, *, nan, posinf, neginf: np.nan_to_num(x, True, nan, posinf, neginf),
    name="nan_to_num",
    vjp=_finite_only,
    jvp=_finite_only,
    sample=real((3, 4), nan=0.0, posinf=None, neginf=None),
    kinks=never,
)


@implements(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """NaN and infinities replaced (adjoint 0 there); always a new value, whatever ``copy`` says."""
    options = {"nan": nan, "posinf": posinf, "neginf": neginf}
    if not np.iscomplexobj(as_value(x)):
        return _nan_to_num(x, **options)
    return _nan_to_num(_real(x), **options) + 1j * _nan_to_num(_imag(x), **options)


def where_safe(condition: Any, f: Callable[[Any], Any], x: Any, otherwise: Any) -> Any:
    """``f(x)`` where the condition holds, else ``otherwise``, without nan from the other branch.

    condition  boolean, broadcasts with ``x``
    f          an elementwise function, called only on elements of x where the condition holds
    otherwise  the value elsewhere; may be a Variable

    ``np.where(x > 0, np.log(x), 0.0)`` has the adjoint nan at x = 0, for 0·(1/0) is nan.
    ``where_safe(x > 0, np.log, x, 0.0)`` has 0 there: the elements not asked for are replaced by
    one that is, before ``f`` sees them.
    """
    condition = asarray(as_value(condition), bool)
    value = as_value(x)
    mask, values = np.broadcast_arrays(condition, value)
    n = np.count_nonzero(mask)
    if n == mask.size:
        return _where(condition, f(x), otherwise)
    if n == 0:
        return _where(condition, x, otherwise)
    safe = values.ravel()[np.argmax(mask)]  # the first
    return _where(condition, f(_where(condition, x, safe)), otherwise)
