"""Products, and sums and products up to each place.

Their derivatives are linear recurrences, which never divide: zeros are no exception.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..arrays import copied, zeros
from ..dispatch import define, implements
from ..primitive import Primitive
from ..variable import as_value
from .reductions import _NO_VALUE, along_last, call, given, kept_shape, merged, ready, without_nan
from .samples import both, calls, real
from .smoothness import guarded, ordered

# -- linear recurrences ----------------------------------------------------------------------------


def _shift_forward(x: Any, *, by: int) -> Any:
    """``x`` moved by one place along the last axis (by = 1 or -1), with a zero moved in."""
    result = np.zeros_like(x)
    if by == 1:
        result[..., 1:] = x[..., :-1]
    else:
        result[..., :-1] = x[..., 1:]
    return result


shift: Primitive = define(
    _shift_forward,
    name="shift",
    vjp=lambda ct, output, x, *, by: shift(ct, by=-by),
    linear=(0,),
    sample=calls(both((2, 3), by=1), both((3,), by=-1), real((2, 0), by=1)),
)


def _recurrence_forward(a: Any, b: Any, *, reverse: bool = False) -> Any:
    """s_k = b_k + a_k·s_{k-1} along the last axis (s_{k+1} if ``reverse``), in log2(n) passes.

    After the pass with step d, s_k holds the terms of the last 2d places, and w_k the product of
    the last 2d factors.
    """
    if reverse:
        return _recurrence_forward(a[..., ::-1], b[..., ::-1])[..., ::-1]
    dtype = np.result_type(a, b)
    w, s = copied(a, dtype, b), copied(b, dtype, a)
    step = 1
    while step < s.shape[-1]:
        s[..., step:] += w[..., step:] * s[..., :-step]
        w[..., step:] *= w[..., :-step].copy()
        step *= 2
    return s


def _recurrence_b(ct: Any, output: Any, a: Any, b: Any, *, reverse: bool = False) -> Any:
    """The transpose runs the other way, with the factor that led out of each place."""
    return recurrence(shift(a, by=1 if reverse else -1), ct, reverse=not reverse)


recurrence: Primitive = define(
    _recurrence_forward,
    name="recurrence",
    vjp=(
        lambda ct, output, a, b, *, reverse=False: (
            _recurrence_b(ct, output, a, b, reverse=reverse)
            * shift(output, by=-1 if reverse else 1)
        ),
        _recurrence_b,
    ),
    jvp=(
        lambda a_dot, output, a, b, *, reverse=False: recurrence(
            a, a_dot * shift(output, by=-1 if reverse else 1), reverse=reverse
        ),
        lambda b_dot, output, a, b, *, reverse=False: recurrence(a, b_dot, reverse=reverse),
    ),
    sample=calls(both((2, 5), (2, 5)), real((4,), (4,), reverse=True)),
)


# -- cumulative sums and products ------------------------------------------------------------------


def _cumsum_vjp(ct: Any, output: Any, x: Any, *, axis: int) -> Any:
    backwards = (*(slice(None),) * (axis % x.ndim), slice(None, None, -1))
    return _cumsum(ct[backwards], axis=axis)[backwards]


_cumsum = define(
    lambda x, *, axis: np.add.accumulate(x, axis=axis),
    name="cumsum",
    vjp=_cumsum_vjp,
    linear=(0,),
    sample=calls(both((3, 4), axis=0), both((2, 3), axis=-1), real((2, 0), axis=1)),
)


def _flat(a: Any, axis: Any) -> tuple[Any, int]:
    """The array and the axis that a cumulative function runs along."""
    return (np.reshape(a, (-1,)), 0) if axis is None or not a.shape else (a, operator.index(axis))


@implements(np.cumsum)
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    a, axis = _flat(ready("cumsum", a, dtype, out), axis)
    return call(_cumsum, a, axis=axis)


def _before(products: Any) -> Any:
    """From the running products those *before* each place: 1, x_0, x_0·x_1, ..."""
    first = np.zeros(products.shape[-1], products.dtype)
    first[:1] = 1
    return shift(products, by=1) + first


# ∂(x_0···x_k)/∂x_i = (x_0···x_{i-1})·(x_{i+1}···x_k): never a division, so zeros are no exception.
_cumprod = define(
    lambda x: np.multiply.accumulate(x, axis=-1),
    name="cumprod",
    vjp=lambda ct, output, x: _before(output) * recurrence(shift(x, by=-1), ct, reverse=True),
    jvp=lambda x_dot, output, x: recurrence(x, _before(output) * x_dot),
    sample=calls(both((2, 4)), both((1,)), real((2, 0))),
)


@implements(np.cumprod)
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    a, axis = _flat(ready("cumprod", a, dtype, out), axis)
    return along_last(_cumprod, a, axis)


def _cumulative(
    name: str, f: Callable[..., Any], x: Any, axis: Any, dtype: Any, out: Any, first: int | None
) -> Any:
    x = ready(name, x, dtype, out)
    if axis is None and len(x.shape) > 1:
        raise ValueError(f"np.{name}: give axis= for an array of more than one dimension")
    x, axis = _flat(x, axis)
    result = f(x, axis)
    if first is None:
        return result
    one = np.full(kept_shape(x.shape, axis), first, result.dtype)
    return np.concatenate([one, result], axis)


@implements(np.cumulative_sum)
def cumulative_sum(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None,
    include_initial: bool = False,
) -> Any:  # fmt: skip
    first = 0 if include_initial else None
    return _cumulative("cumulative_sum", cumsum, x, axis, dtype, out, first)


@implements(np.cumulative_prod)
def cumulative_prod(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None,
    include_initial: bool = False,
) -> Any:  # fmt: skip
    first = 1 if include_initial else None
    return _cumulative("cumulative_prod", cumprod, x, axis, dtype, out, first)


def _others(x: Any) -> Any:
    """For each element the product of all others along the last axis."""
    flipped = x[..., ::-1]
    return _before(_cumprod(x)) * _before(_cumprod(flipped))[..., ::-1]


_prod = define(
    lambda x: np.multiply.reduce(x, axis=-1),
    name="prod",
    vjp=lambda ct, output, x: np.expand_dims(ct, -1) * _others(x),
    jvp=lambda x_dot, output, x: np.sum(x_dot * _others(x), axis=-1),
    sample=calls(both((4,)), both((2, 3)), both((2, 1)), real((2, 0))),
)


@implements(np.prod)
def prod(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = _NO_VALUE,
    initial: Any = _NO_VALUE, where: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    a = ready("prod", a, dtype, out)
    if given(where, True) is not True:
        a = np.where(where, a, 1)
    total = _prod(merged(a, axis))
    if given(keepdims, False):
        total = np.reshape(total, kept_shape(a.shape, axis))
    return total if given(initial, None) is None else total * initial


# -- the nan forms ---------------------------------------------------------------------------------


@implements(np.nanprod)
def nanprod(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = _NO_VALUE,
    initial: Any = _NO_VALUE, where: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    a = without_nan(ready("nanprod", a, None, out), 1)
    return prod(a, axis, dtype, None, keepdims, initial, where)


@implements(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return cumsum(without_nan(ready("nancumsum", a, None, out), 0), axis, dtype)


@implements(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return cumprod(without_nan(ready("nancumprod", a, None, out), 1), axis, dtype)


# -- extremes and log-sums up to each place --------------------------------------------------------


def _runs(output: Any, x: Any) -> tuple[Any, Any, Any]:
    """(same, hit, count) of a running extreme, along the last axis.

    same   1 where the extreme is that of the place before, so that a run goes on
    hit    which elements attain the extreme of their place
    count  how many have attained it so far: they share evenly
    """
    top = as_value(output)
    same, hit = zeros(top.shape, float, top), as_value(x) == top
    same[..., 1:] = top[..., 1:] == top[..., :-1]
    return same, hit, np.maximum(recurrence(same, hit.astype(float)), 1)


def _running_vjp(ct: Any, output: Any, x: Any) -> Any:
    same, hit, count = (a.astype(ct.dtype) for a in _runs(output, x))
    return recurrence(shift(same, by=-1), ct / count, reverse=True) * hit


def _running_jvp(x_dot: Any, output: Any, x: Any) -> Any:
    same, hit, count = (a.astype(x_dot.dtype) for a in _runs(output, x))
    return recurrence(same, hit * x_dot) / count


_sample = calls(both((2, 5), apart=True), real((4,), apart=True), real((2, 0)))


@guarded
def _running_kinks(x: Any, *, sign: int) -> Any:
    """From each element to the extreme of those before it."""
    x = sign * ordered(x)
    return abs(x[..., 1:] - np.maximum.accumulate(x[..., :-1], axis=-1)) / 2


running_max: Primitive
running_min: Primitive
running_max, running_min = (
    define(
        partial(ufunc.accumulate, axis=-1),
        name=f"{ufunc.__name__}.accumulate",
        vjp=_running_vjp,
        jvp=_running_jvp,
        sample=_sample,
        kinks=partial(_running_kinks, sign=sign),
    )
    for ufunc, sign in ((np.maximum, 1), (np.minimum, -1))
)


def _decay(output: Any) -> Any:
    """exp(output_{k-1} - output_k), in [0, 1]: what is left of earlier terms in the sum."""
    there = np.isfinite(as_value(output))
    finite = np.where(there, output, 0)
    both_there = there.astype(output.dtype)
    both_there *= shift(both_there, by=1)
    return np.exp((shift(finite, by=1) - finite) * both_there) * both_there


def _weight(output: Any, x: Any) -> Any:
    """exp(x_k - output_k), and 0 as long as all terms are exp(-inf)."""
    return np.exp(x - np.where(np.isfinite(as_value(output)), output, 0))


# y_k = log(exp y_{k-1} + exp x_k), so ẏ_k = exp(y_{k-1} - y_k)·ẏ_{k-1} + exp(x_k - y_k)·ẋ_k.
running_logaddexp: Primitive = define(
    lambda x: np.logaddexp.accumulate(x, axis=-1),
    name="logaddexp.accumulate",
    vjp=lambda ct, output, x: (
        _weight(output, x) * recurrence(shift(_decay(output), by=-1), ct, reverse=True)
    ),
    jvp=lambda x_dot, output, x: recurrence(_decay(output), _weight(output, x) * x_dot),
    sample=calls(real((2, 5)), real((2, 0))),
)
