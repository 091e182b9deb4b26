"""Addition to powers: the operators of Variable.

Rules receive the adjoint ``ct`` of the output and need not undo broadcasting: the sweep does.
Conjugation appears nowhere: the convention is that of JAX (docs/conventions.md).
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..dispatch import elementwise
from .samples import both, calls, real

_pair = calls(both((3, 4), (3, 4)), both((2, 3, 1), (3, 4)))

add = elementwise(
    np.add,
    lambda ct, output, x, y: ct,
    lambda ct, output, x, y: ct,
    scalar=operator.add,
    sample=_pair,
)

subtract = elementwise(
    np.subtract,
    lambda ct, output, x, y: ct,
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

divide = elementwise(
    np.divide,
    lambda ct, output, x, y: ct / y,
    lambda ct, output, x, y: -ct * output / y,
    scalar=operator.truediv,
    sample=calls(both((3, 4), (3, 4), low=0.5), both((2, 3, 1), (3, 4), low=0.5)),
)

negative = elementwise(
    np.negative, lambda ct, output, x: -ct, scalar=operator.neg, sample=both((3, 4))
)

positive = elementwise(
    np.positive, lambda ct, output, x: +ct, scalar=operator.pos, sample=both((3, 4))
)


def _scalar_power(x: Any, y: Any) -> Any:
    """``x ** y``, but a negative float to a fractional power is left to NumPy (nan, not complex)."""
    output = x**y
    if output.__class__ is complex and x.__class__ is float and y.__class__ is float:
        return math.nan
    return output


def _power_x(ct: Any, output: Any, x: Any, y: Any) -> Any:
    """y·x^(y-1), exact at x = 0 for y = 0 and 1 where the formula would give 0·inf or 0^0."""
    if y.__class__ in (int, float):
        if y == 2:
            return ct * (x + x)
        if y == 1:
            return +ct
        if y == 0:
            return ct * np.zeros_like(x)
        return ct * (y * x ** (y - 1))
    return ct * np.where(y == 0, 0 * x, y * x ** np.where(y == 0, 1, y - 1))


def _power_y(ct: Any, output: Any, x: Any, y: Any) -> Any:
    """x^y·log x, and 0 at x = 0 where x^y and all its slopes in y are 0 (or one-sided)."""
    return ct * (output * np.log(np.where(x == 0, 1.0, x)))


power = elementwise(
    np.power,
    _power_x,
    _power_y,
    scalar=_scalar_power,
    sample=calls(both((3, 4), (3, 4), low=0.5), both((2, 3, 1), (3, 4), low=0.5)),
    also=(np.pow,),
)

remainder = elementwise(
    np.remainder,
    lambda ct, output, x, y: ct,
    lambda ct, output, x, y: -ct * np.floor_divide(x, y),
    scalar=operator.mod,
    sample=real((3, 4), (3, 4), low=0.6, high=0.9),
    also=(np.mod,),
)


def _absolute(ct: Any, output: Any, x: Any) -> Any:
    """ct·sign(x), 0 at 0; for complex x see the convention: the real ct times conj(x)/|x|."""
    return ct * np.sign(x)


absolute = elementwise(
    np.absolute, _absolute, scalar=operator.abs, sample=real((3, 4), away=(0.0,)), also=(np.abs,)
)
