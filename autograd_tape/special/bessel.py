"""Bessel functions, differentiable in the argument (SciPy has no derivatives in the order).

The slopes are half sums or differences of the neighbouring orders (DLMF 10.6.1, 10.29.1), which
stay finite at 0 where the forms that divide by the argument do not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..primitives.samples import both, calls, real
from ..primitives.smoothness import away_from, guarded, nearest
from .common import in_last, negative_cut, sp, unary

_x = real((3, 4), low=0.3, high=4.0)
_kinked = real((3, 4), low=-3.0, high=3.0, away=(0.0,))
_whole = real((2, 3), low=0.5, high=4.0, parameters=(np.array([[0], [3]]),))  # integer orders
_any = both((3, 4), low=0.3, high=4.0, parameters=(1.5,))

j0 = unary(sp.j0, lambda ct, output, x: -ct * sp.j1(x), sample=_x)
j1 = unary(sp.j1, lambda ct, output, x: ct * (0.5 * (sp.j0(x) - sp.jv(2, x))), sample=_x)
y0 = unary(sp.y0, lambda ct, output, x: -ct * sp.y1(x), sample=_x, kinks=negative_cut)
y1 = unary(
    sp.y1, lambda ct, output, x: ct * (0.5 * (sp.y0(x) - sp.yv(2, x))), sample=_x,
    kinks=negative_cut,
)  # fmt: skip
i0 = unary(sp.i0, lambda ct, output, x: ct * sp.i1(x), sample=_x)
i1 = unary(sp.i1, lambda ct, output, x: ct * (0.5 * (sp.i0(x) + sp.iv(2, x))), sample=_x)
k0 = unary(sp.k0, lambda ct, output, x: -ct * sp.k1(x), sample=_x, kinks=negative_cut)
k1 = unary(
    sp.k1, lambda ct, output, x: -ct * (0.5 * (sp.k0(x) + sp.kv(2, x))), sample=_x,
    kinks=negative_cut,
)  # fmt: skip

# Scaled by exp(-|x|) (i0e, i1e) or exp(x) (k0e, k1e).
i0e = unary(
    sp.i0e, lambda ct, output, x: ct * (sp.i1e(x) - np.sign(x) * output), sample=_kinked,
    kinks=away_from(0.0),
)  # fmt: skip
i1e = unary(
    sp.i1e,
    lambda ct, output, x: ct * (0.5 * (sp.i0e(x) + sp.ive(2, x)) - np.sign(x) * output),
    sample=_kinked,
    kinks=away_from(0.0),
)
k0e = unary(sp.k0e, lambda ct, output, x: ct * (output - sp.k1e(x)), sample=_x, kinks=negative_cut)
k1e = unary(
    sp.k1e, lambda ct, output, x: ct * (output - 0.5 * (sp.k0e(x) + sp.kve(2, x))), sample=_x,
    kinks=negative_cut,
)  # fmt: skip


@guarded
def _unless_whole(x: Any, *, parameters: Any) -> Any:
    """To the cut, which functions of whole order do not have."""
    (v,) = map(np.asarray, parameters)
    return np.where(v == np.rint(v), np.inf, negative_cut(x))


def _of_order(
    ufunc: Any, below: float, above: float, own: float = 0.0, kinks: Any = negative_cut
) -> Callable[..., Any]:
    """f_v(x) with f_v' = below·f_(v-1) + above·f_(v+1) + own·f_v."""

    def rule(ct: Any, output: Any, x: Any, *, parameters: Any) -> Any:
        (v,) = parameters
        slope = below * ufunc(v - 1, x) + above * ufunc(v + 1, x)
        return ct * (slope + own * output if own else slope)

    sample = calls(_whole) if any(loop[0] == "l" for loop in ufunc.types) else calls(_whole, _any)
    return in_last(ufunc, rule, names=("v",), sample=sample, kinks=kinks)


jv = jn = _of_order(sp.jv, 0.5, -0.5, kinks=_unless_whole)
yv = _of_order(sp.yv, 0.5, -0.5)
yn = _of_order(sp.yn, 0.5, -0.5)
iv = _of_order(sp.iv, 0.5, 0.5, kinks=_unless_whole)
kv = _of_order(sp.kv, -0.5, -0.5)
kn = _of_order(sp.kn, -0.5, -0.5)
kve = _of_order(sp.kve, -0.5, -0.5, 1.0)  # exp(x) kv(v, x)
hankel1 = _of_order(sp.hankel1, 0.5, -0.5)
hankel2 = _of_order(sp.hankel2, 0.5, -0.5)


def _ive_slope(x: Any, v: Any) -> Any:
    return 0.5 * (sp.ive(v - 1, x) + sp.ive(v + 1, x))


# exp(-|Re x|) iv(v, x): not holomorphic, so that the real part has a slope of its own.
ive = in_last(
    sp.ive,
    lambda ct, output, x, *, parameters: (
        ct * _ive_slope(x, parameters[0]) - np.sign(np.real(x)) * np.real(ct * output)
    ),
    jvp=lambda x_dot, output, x, *, parameters: (
        x_dot * _ive_slope(x, parameters[0]) - np.sign(np.real(x)) * np.real(x_dot) * output
    ),
    names=("v",),
    sample=calls(
        real((3, 4), low=0.3, high=4.0, parameters=(1.5,)),
        both((2, 2), low=0.3, high=4.0, parameters=(0.5,)),
    ),
    kinks=nearest(_unless_whole, guarded(lambda x, *, parameters: abs(x.real))),
)
