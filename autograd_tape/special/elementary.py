"""Logistic functions, entropies, Box-Cox and what else is built of exponentials and logarithms.

At 0·log 0 the value is 0, and so is every slope that has no finite limit in only that corner;
where the one-sided slope itself is infinite (entr'(0), rel_entr in x at x = 0 < y) it stays inf.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitives.samples import both, calls, real
from ..primitives.smoothness import away_from, domain, nearest, of, outside_cut
from .common import negative_cut, sp, unary, value_of, with_two

_positive = calls(
    real((3, 4), (3, 4), low=0.5, high=3.0), real((2, 3, 1), (3, 4), low=0.5, high=3.0)
)


def _expit(ct: Any, output: Any, x: Any) -> Any:
    t = 1 - output  # in place from here: t is ours
    t *= output
    t *= ct
    return t


expit = unary(sp.expit, _expit, sample=real((3, 4)))
logit = unary(
    sp.logit, lambda ct, output, x: ct / (x * (1 - x)), sample=real((3, 4), low=0.1, high=0.9),
    kinks=domain(0.0, 1.0),
)  # fmt: skip
log_expit = unary(sp.log_expit, lambda ct, output, x: ct * sp.expit(-x), sample=real((3, 4)))
log1p = unary(
    sp.log1p, lambda ct, output, x: ct / (1 + x), scalar=math.log1p, sample=both((3, 4), low=-0.5),
    kinks=outside_cut((-1, -1)),
)  # fmt: skip
expm1 = unary(
    sp.expm1, lambda ct, output, x: ct * (output + 1), scalar=math.expm1, sample=both((3, 4))
)
exp2 = unary(sp.exp2, lambda ct, output, x: ct * (math.log(2) * output), sample=real((3, 4)))
exp10 = unary(sp.exp10, lambda ct, output, x: ct * (math.log(10) * output), sample=real((3, 4)))
cbrt = unary(
    sp.cbrt, lambda ct, output, x: ct / (3 * output * output), sample=real((3, 4), away=(0.0,)),
    kinks=away_from(0.0),
)  # fmt: skip
exprel = unary(  # (e^x - 1)/x = M(1, 2, x)
    sp.exprel, lambda ct, output, x: ct * (0.5 * sp.hyp1f1(2, 3, x)), sample=real((3, 4))
)

# -- x·log y --------------------------------------------------------------------------------------


def _log_where(at_zero: Any, y: Any) -> Any:
    """log y, and 0 where ``at_zero``."""
    return np.log(np.where(at_zero, 1.0, y)) if at_zero.any() else np.log(y)


def _ratio(x: Any, y: Any) -> Any:
    """x/y, and 0 where x is 0."""
    zero = value_of(x) == 0
    return np.where(zero, 0.0, x) / np.where(zero, 1.0, y) if zero.any() else x / y


def _corner(x: Any, y: Any) -> Any:
    """Where x is 0 and the logarithm of y does not exist."""
    y = value_of(y)
    return (value_of(x) == 0) & ((y <= 0) if y.dtype.kind != "c" else (y == 0))


_logs = calls(both((3, 4), (3, 4), low=0.5, high=3.0), both((2, 3, 1), (3, 4), low=0.5, high=3.0))
xlogy = with_two(
    sp.xlogy,
    lambda ct, output, x, y: ct * _log_where(_corner(x, y), y),
    lambda ct, output, x, y: ct * _ratio(x, y),
    sample=_logs,
    kinks=of(1, negative_cut),
)
xlog1py = with_two(
    sp.xlog1py,
    lambda ct, output, x, y: ct * sp.log1p(np.where(_corner(x, 1 + value_of(y)), 0.0, y)),
    lambda ct, output, x, y: ct * _ratio(x, 1 + y),
    sample=_logs,
    kinks=of(1, outside_cut((-1, -1))),
)
entr = unary(
    sp.entr, lambda ct, output, x: -ct * (np.log(x) + 1), sample=real((3, 4), low=0.3, high=2.0),
    kinks=domain(0.0),
)  # fmt: skip


_both_positive = nearest(domain(0.0), of(1, domain(0.0)))


def _log_ratio(x: Any, y: Any) -> Any:
    """log(x/y), and 0 where both are 0."""
    corner = (value_of(x) == 0) & (value_of(y) == 0)
    if not corner.any():
        return np.log(x / y)
    return np.log(np.where(corner, 1.0, x) / np.where(corner, 1.0, y))


rel_entr = with_two(
    sp.rel_entr,
    lambda ct, output, x, y: ct * (_log_ratio(x, y) + 1),
    lambda ct, output, x, y: -ct * _ratio(x, y),
    sample=_positive,
    kinks=_both_positive,
)
kl_div = with_two(
    sp.kl_div,
    lambda ct, output, x, y: ct * _log_ratio(x, y),
    lambda ct, output, x, y: ct * (1 - _ratio(x, y)),
    sample=_positive,
    kinks=_both_positive,
)

# -- Box-Cox --------------------------------------------------------------------------------------


def _exprel_slope(u: Any) -> Any:
    """d/du (e^u - 1)/u = M(2, 3, u)/2, whose own derivatives are of the same kind."""
    return 0.5 * sp.hyp1f1(2, 3, u)


def _boxcox_lambda(ct: Any, log_x: Any, lmbda: Any) -> Any:
    """(x^λ - 1)/λ = log x · exprel(λ log x), smooth at λ = 0."""
    return ct * (log_x * log_x * _exprel_slope(lmbda * log_x))


boxcox = with_two(
    sp.boxcox,
    lambda ct, output, x, lmbda: ct * x ** (lmbda - 1),
    lambda ct, output, x, lmbda: _boxcox_lambda(ct, np.log(x), lmbda),
    sample=_positive,
    kinks=domain(0.0),
)
boxcox1p = with_two(
    sp.boxcox1p,
    lambda ct, output, x, lmbda: ct * np.exp((lmbda - 1) * np.log1p(x)),
    lambda ct, output, x, lmbda: _boxcox_lambda(ct, np.log1p(x), lmbda),
    sample=_positive,
    kinks=domain(-1.0),
)
