"""Addition to powers: the operators of Variable.

Rules receive the adjoint ``ct`` of the output and need not undo broadcasting: the sweep does.
Conjugation appears nowhere but in ``absolute``: the convention is that of JAX
(docs/conventions.md).  A rule starts its temporary from ``output`` or ``x`` and works in place
from there, since big arrays pay per pass of memory; ``+=`` on a Variable records as ever.
"""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..dispatch import define, elementwise, implements
from ..needs import passes
from ..record import ASKING, FALLBACK
from ..variable import as_value
from .samples import Call, Shape, both, calls, real
from .smoothness import Kinks, away_from, guarded, moving, of, outside_cut

_pair = calls(both((3, 4), (3, 4)), both((2, 3, 1), (3, 4)), both((), (2,)))
_pair_nonzero = calls(both((3, 4), (3, 4), low=0.5), both((2, 3, 1), (3, 4), low=0.5))

_NUMBERS: set[Any] = {float, int, bool, complex}
_cut = outside_cut((0, -1))


def on_numbers(
    ufunc: Any, function: Callable[[float, float], float] | None = None
) -> Callable[[Any, Any], Any]:
    """``ufunc`` of two arguments, which of two Python numbers gives another (faster where there is
    a ``function`` for floats): unlike NumPy's own scalars it never promotes an array.
    """

    def call(x: Any, y: Any) -> Any:
        if x.__class__ in _NUMBERS and y.__class__ in _NUMBERS:
            if function is not None and x.__class__ is float and y.__class__ is float:
                return function(x, y)
            return ufunc(x, y).item()
        return ufunc(x, y)

    call.of_floats = function  # type: ignore[attr-defined]
    ASKING.add(call.__code__)
    return call


def of_float(ufunc: Any, function: Callable[[float], float]) -> Callable[[Any], Any]:
    """``function`` of the module math, for rules and for forms of primitives on Python floats.

    A value being compiled is no float to it; then the program has it by way of ``ufunc``.
    """

    def call(x: Any) -> Any:
        try:
            return function(x)
        except FALLBACK:
            if type(x) is float:
                raise
            return ufunc(x)

    ASKING.add(call.__code__)
    return call


_log = of_float(np.log, math.log)


def nothing(ct: Any) -> Any:
    """The zero contribution of an argument in which the function is constant."""
    return 0.0 if ct.__class__ in _NUMBERS else np.zeros(ct.shape, ct.dtype)[()]


_BITS = {2: np.int16, 4: np.int32, 8: np.int64}


def masked(ct: Any, mask: Any) -> Any:
    """``ct`` where the mask is true and exact zeros elsewhere, whatever ct is there (inf, nan).

    On arrays it multiplies the bits by 0 or 1: ``np.where`` branches at every element, which
    costs four times as much on a random mask, and a product of floats would turn inf into nan.
    """
    if mask.__class__ is bool or mask.__class__ is np.bool:
        return ct if mask else nothing(ct)
    bits = _BITS.get(ct.itemsize) if ct.__class__ is np.ndarray else None
    if bits is None:
        return np.where(mask, ct, 0)
    return np.multiply(ct.view(bits), mask).view(ct.dtype)


add = elementwise(
    np.add,
    passes,
    passes,
    scalar=operator.add,
    sample=_pair,
)

subtract = elementwise(
    np.subtract,
    passes,
    lambda ct, output, x, y: -ct,
    scalar=operator.sub,
    sample=_pair,
)

multiply = elementwise(
    np.multiply,
    lambda ct, output, x, y: ct * y,
    lambda ct, output, x, y: ct * x,
    scalar=operator.mul,
    sample=_pair,
)


def _divide_y(ct: Any, output: Any, x: Any, y: Any) -> Any:
    """-ct·x/y²"""
    t = ct * output
    t /= y
    t *= -1
    return t


divide = elementwise(
    np.divide,
    lambda ct, output, x, y: ct / y,
    _divide_y,
    scalar=operator.truediv,
    sample=_pair_nonzero,
    kinks=of(1, away_from(0.0)),
)

negative = elementwise(
    np.negative, lambda ct, output, x: -ct, scalar=operator.neg, sample=both((3, 4))
)

positive = elementwise(
    np.positive, lambda ct, output, x: ct, scalar=operator.pos, sample=both((3, 4))
)


def _reciprocal(ct: Any, output: Any, x: Any) -> Any:
    """-ct/x²"""
    t = output * output
    t *= ct
    t *= -1
    return t


reciprocal = elementwise(
    np.reciprocal, _reciprocal, scalar=lambda x: 1.0 / x, sample=both((3, 4), low=0.5),
    kinks=away_from(0.0),
)  # fmt: skip


def _square(ct: Any, output: Any, x: Any) -> Any:
    t = x + x
    t *= ct
    return t


square = elementwise(np.square, _square, scalar=lambda x: x * x, sample=both((3, 4)))


# -- powers ---------------------------------------------------------------------------------------


def _scalar_power(x: Any, y: Any) -> Any:
    """``x ** y``; a negative number to a fractional power is nan as in NumPy, not complex."""
    output = x**y
    if output.__class__ is complex and x.__class__ is not complex and y.__class__ is not complex:
        raise ValueError("left to NumPy, which warns and gives nan")
    return output


def _is_integral(x: Any) -> bool:
    """Such operands are made floats first: y - 1 of unsigned ones would wrap around."""
    return hasattr(x, "dtype") and x.dtype.kind in "iub"


def _power_x(ct: Any, output: Any, x: Any, y: Any) -> Any:
    """y·x^(y-1).  At x = y = 0 another exponent stands in for -1, so that 0·x^e is 0, not nan:
    then x**n is exact at 0 to every order."""
    if y.__class__ in _NUMBERS:
        if y == 2:
            t = x + x
        elif y == 1:
            return ct
        elif y == 0:
            return nothing(ct)
        else:
            t = _scalar_power(x, y - 1)
            t *= y
    else:
        if _is_integral(y):
            y = y.astype(output.dtype)
        both_zero = (y == 0) & (x == 0)
        t = x ** (np.where(both_zero, 1, y - 1) if np.count_nonzero(both_zero) else y - 1)
        t *= y
    t *= ct
    return t


def _power_y(ct: Any, output: Any, x: Any, y: Any) -> Any:
    """x^y·log x, and 0 at x = 0 where x^y and all its slopes in y are 0 (or one-sided).

    The power is made again: exponents are mostly constants, and then nobody needs the output.
    """
    if x.__class__ in _NUMBERS:
        if x == 0:
            return nothing(ct)
        t = _scalar_power(x, y)
        t *= cmath.log(x) if x.__class__ is complex else _log(x) if x > 0 else math.nan
    else:
        if x.dtype != output.dtype:  # an integer, or too narrow to take the logarithm of
            x = x.astype(output.dtype)
        zero = x == 0
        t = x**y
        t *= np.log(np.where(zero, 1, x) if np.count_nonzero(zero) else x)
    t *= ct
    return t


@guarded
def _power_kinks(x: Any, y: Any) -> Any:
    """x^n is smooth for integers n >= 0 (of an integer type: constant); else there is a branch.

    A float that is whole may be a constant, too: then negative x are not outside the domain.
    """
    if not moving(y):
        return np.where(y >= 0, np.inf, abs(x))
    return np.where((y == np.rint(y.real)) | (x.dtype.kind != y.dtype.kind == "c"), abs(x), _cut(x))


power = elementwise(
    np.power,
    _power_x,
    _power_y,
    scalar=_scalar_power,
    sample=_pair_nonzero,
    kinks=_power_kinks,
    also=(np.pow,),
)

float_power = elementwise(
    np.float_power, _power_x, _power_y, sample=_pair_nonzero, kinks=_power_kinks
)


# -- remainders -----------------------------------------------------------------------------------


def _quotient_jumps(whole: Callable[[Any], tuple[Any, ...]]) -> Kinks:
    """To where x/y meets one of the integers n that are nearest: x - n·y closes by 1 + |n|."""

    def kinks(x: Any, y: Any) -> Any:
        d: Any = np.inf
        for n in whole(x / y):
            d = np.minimum(d, abs(x - n * y) / (moving(x) + abs(n) * moving(y)))
        return np.where(y == 0, 0.0, d)

    return guarded(kinks)


def _outwards(q: Any) -> tuple[Any, Any]:
    """The integers next to q but 0, where what is rounded towards it does not jump."""
    n = np.trunc(q)
    further = n + np.where(q < 0, -1, 1)
    return np.where(n == 0, further, n), further


def _between_integers(x: Shape, y: Shape) -> Any:
    """Samples: x/y is not within 0.25 of an integer."""

    def sample(rng: np.random.Generator) -> Iterator[Call]:
        divisor = rng.uniform(0.6, 1.5, y) * rng.choice([-1, 1], y)
        yield (divisor * (rng.integers(-2, 2, x) + rng.uniform(0.25, 0.75, x)), divisor), {}

    return sample


remainder = elementwise(
    np.remainder,
    lambda ct, output, x, y: ct,
    lambda ct, output, x, y: ct * -(as_value(x) // as_value(y)),
    scalar=operator.mod,
    sample=calls(_between_integers((3, 4), (3, 4)), _between_integers((3, 4), (3, 1))),
    kinks=_quotient_jumps(lambda q: (np.floor(q), np.ceil(q))),
    also=(np.mod,),
)


def _fmod_y(ct: Any, output: Any, x: Any, y: Any) -> Any:
    """-ct·trunc(x/y); from the output, since the rounded x/y may reach the next integer."""
    return ct * -np.rint((as_value(x) - as_value(output)) / as_value(y))


fmod = elementwise(
    np.fmod,
    lambda ct, output, x, y: ct,
    _fmod_y,
    conforming=False,
    scalar=on_numbers(np.fmod, math.fmod),
    sample=calls(_between_integers((3, 4), (3, 4)), _between_integers((3, 4), (4,))),
    kinks=_quotient_jumps(_outwards),
)


@implements(np.divmod)
def divmod(x1: Any, x2: Any) -> tuple[Any, Any]:
    """(the plain floor of x1/x2, the recorded remainder)."""
    return as_value(x1) // as_value(x2), remainder(x1, x2)


_fraction_jumps = _quotient_jumps(_outwards)
_fraction = elementwise(
    lambda x: np.modf(x)[0],
    lambda ct, output, x: ct,
    name="modf",
    scalar=lambda x: math.modf(x)[0],
    sample=real((3, 4), away=(-2.0, -1.0, 0.0, 1.0, 2.0)),
    kinks=lambda x: _fraction_jumps(x, 1),
)


@implements(np.modf)
def modf(x: Any) -> tuple[Any, Any]:
    """(the recorded fractional part, the plain integral part)."""
    return _fraction(x), np.modf(as_value(x))[1]


_ldexp = define(
    lambda x, *, exponent: np.ldexp(x, exponent),
    name="ldexp",
    vjp=lambda ct, output, x, *, exponent: np.ldexp(ct, exponent),
    linear=(0,),
    sample=calls(
        real((3, 4), exponent=np.array([0, 1, -2, 3])),
        real((3, 1), exponent=np.array([0, 1])),
        real((), exponent=2),
    ),
)


@implements(np.ldexp)
def ldexp(x1: Any, x2: Any) -> Any:
    """x1·2^x2 for integers x2, which have no derivative."""
    return _ldexp(x1, exponent=x2)


# -- magnitudes -----------------------------------------------------------------------------------


def quotient(x: Any, r: Any) -> Any:
    """x/r, and 0 (as are all its derivatives) where r is 0."""
    zero = as_value(r) == 0
    if not np.count_nonzero(zero):
        return x / r
    return np.where(zero, 0, x) / np.where(zero, 1, r)


def _absolute(ct: Any, output: Any, x: Any) -> Any:
    """ct·sign(x), and for complex x ct·conj(x)/|x| (whose real part is the tangent); 0 at 0."""
    value = as_value(x)
    if value.__class__ is float:
        return ct * ((value > 0.0) - (value < 0.0))
    if value.__class__ is complex or value.dtype.kind == "c":
        return ct * quotient(np.conjugate(x), np.absolute(x))
    t = np.sign(value)
    if t.__class__ is ct.__class__:
        t *= ct
        return t
    return t * ct


absolute = elementwise(
    np.absolute, _absolute, scalar=operator.abs, sample=both((3, 4), away=(0.0,)), also=(np.abs,),
    kinks=away_from(0.0),
)  # fmt: skip

fabs = elementwise(
    np.fabs, _absolute, scalar=math.fabs, sample=real((3, 4), away=(0.0,)), kinks=away_from(0.0)
)
