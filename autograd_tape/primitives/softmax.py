"""``logsumexp``, ``softmax`` and ``log_softmax``: stable, with rules in few passes over memory.

A row of -inf alone (everything masked) gives -inf, 0 and -inf, and takes the adjoint 0.
They are this package's own; NumPy has no function of these names.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import asarray
from ..dispatch import define
from ..variable import as_value
from .reductions import add_reduce, call, expanded, operand
from .samples import both, calls, real
from .smoothness import Kinks, away_from, guarded, outside_cut, runner_up


def _shifted(x: Any, axis: Any) -> tuple[Any, Any, bool]:
    """(x - top, top, whether a sum of exp(x - top) may be 0), where top is the largest real part in
    each row, or 0 if that is infinite.
    """
    x = asarray(x)
    if x.dtype.kind not in "fc":
        x = x.astype(float)
    top = _largest(x.real, axis)
    finite = bool(np.isfinite(top).all())
    if not finite:
        top = np.where(np.isfinite(top), top, np.zeros((), top.dtype))
    return asarray(x - top), top, not finite or x.dtype.kind == "c"


def _sum_of(terms: Any, axis: Any, may_be_0: bool) -> Any:
    """What a row is divided by, so that it sums to 1; 1 where that is 0."""
    total = add_reduce(terms, axis=axis, keepdims=True)
    if may_be_0 and not total.all():
        total = np.where(total == 0, np.ones((), total.dtype), total)
    return total


_SHORT = 64


def _largest(x: Any, axis: Any) -> Any:
    """The largest element of each row, with the reduced axes kept; -inf for none."""
    if x.ndim == 2 and axis in (1, -1) and 0 < x.shape[1] <= _SHORT:
        # NumPy is slow at many short rows: four times faster down the columns of the transpose
        return np.maximum.reduce(np.ascontiguousarray(x.T, like=x), axis=0)[:, None]
    return np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)


def _exp_of_difference(x: Any, y: Any) -> Any:
    """exp(x - y), in one temporary where nothing is recorded."""
    t = x - y
    if t.__class__ is np.ndarray:
        np.exp(t, out=t)
        return t
    return np.exp(t)


# -- logsumexp: y = log Σ exp x --------------------------------------------------------------------


def _logsumexp_forward(x: Any, *, axis: Any, keepdims: bool) -> Any:
    t, top, _ = _shifted(x, axis)
    np.exp(t, out=t)
    total = add_reduce(t, axis=axis, keepdims=keepdims)
    with np.errstate(divide="ignore"):
        return np.log(total) + top.reshape(total.shape)


def _weights(output: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """∂y/∂x = exp(x - y); with y = 0 in place of -inf it is 0 where all is masked."""
    finite = np.isfinite(as_value(output))
    if not finite.all():
        output = np.where(finite, output, np.zeros((), output.dtype))
    return _exp_of_difference(x, expanded(output, x.ndim, axis, keepdims))


def _logsumexp_vjp(ct: Any, output: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    t = _weights(output, x, axis, keepdims)
    t *= expanded(ct, x.ndim, axis, keepdims)
    return t


def _logsumexp_jvp(x_dot: Any, output: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    t = _weights(output, x, axis, keepdims)
    t *= x_dot
    return np.sum(t, axis=axis, keepdims=keepdims)


def _total_kinks(to_bad: Kinks) -> Kinks:
    """For complex x, until Σ exp x may be where ``to_bad`` measures the distance to.

    A step h turns each term into at most e^h - 1 times its size elsewhere.
    """

    def kinks(x: Any, *, axis: Any, keepdims: bool = False) -> Any:
        if x.dtype.kind != "c":
            return np.inf
        t = np.exp(_shifted(x, axis)[0])
        return np.log1p(to_bad(np.sum(t, axis=axis)) / np.sum(abs(t), axis=axis))

    return guarded(kinks)


_from_cut = outside_cut((0, -1))
_cut = _total_kinks(_from_cut)

_logsumexp = define(
    _logsumexp_forward,
    name="logsumexp",
    vjp=_logsumexp_vjp,
    jvp=_logsumexp_jvp,
    sample=calls(
        both((3, 4), axis=None, keepdims=False),
        both((3, 4), axis=0, keepdims=False),
        real((2, 3, 4), axis=(0, -1), keepdims=True),
    ),
    kinks=_cut,
)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """``log(sum(exp(x), axis))`` without overflow; -inf, with adjoint 0, where all is -inf."""
    return call(_logsumexp, operand(x), axis=axis, keepdims=keepdims)


# -- softmax: y_i = exp x_i / Σ exp x --------------------------------------------------------------


def _softmax_forward(x: Any, *, axis: Any) -> Any:
    t, _, may_be_0 = _shifted(x, axis)
    np.exp(t, out=t)
    t /= _sum_of(t, axis, may_be_0)
    return t


def _row_products(a: Any, b: Any, axis: Any) -> Any:
    """Σ a·b along ``axis``, which is kept; one pass over memory where nothing is recorded."""
    plain = a.__class__ is b.__class__ is np.ndarray
    if plain and a.dtype.char in "fd" and axis in (-1, a.ndim - 1):
        return np.expand_dims(np.vecdot(a, b), -1)
    return np.sum(a * b, axis=axis, keepdims=True)


def _softmax_rule(ct: Any, output: Any, x: Any, *, axis: Any) -> Any:
    """The Jacobian diag(y) - y·yᵀ is symmetric, so one rule serves both modes."""
    t = ct - _row_products(ct, output, axis)
    t *= output
    return t


_softmax = define(
    _softmax_forward,
    name="softmax",
    vjp=_softmax_rule,
    jvp=_softmax_rule,
    kinks=_total_kinks(away_from(0.0)),
    sample=calls(both((3, 4), axis=-1), both((3, 4), axis=0), real((2, 3, 4), axis=(0, 2))),
)


def softmax(x: Any, axis: Any = -1) -> Any:
    """``exp(x) / sum(exp(x), axis)``; a row of -inf alone gives 0, with adjoint 0."""
    return call(_softmax, operand(x), axis=axis)


# -- log_softmax: y_i = x_i - log Σ exp x ----------------------------------------------------------


def _less_largest(x: Any, axis: Any) -> tuple[Any, bool]:
    """x less its largest element, of complex ones with its imaginary part, as SciPy does; and
    whether a sum of exponentials of it may be 0.
    """
    t, _, may_be_0 = _shifted(x, axis)
    if t.dtype.kind == "c" and t.size:  # it decides on which branch of the logarithm one is
        t = t - 1j * np.max(np.where(np.isfinite(t), t, -np.inf), axis=axis, keepdims=True).imag
    return t, may_be_0


_to_runner_up = runner_up(1)


def _log_softmax_kinks(x: Any, *, axis: Any) -> Any:
    """For complex x, until another element is the largest, or the sum meets the cut of log."""
    if x.dtype.kind != "c":
        return np.inf
    terms = np.exp(_less_largest(x, axis)[0])
    # (Each term turns with the largest element as well as with its own: half as far.)
    to_cut = np.log1p(_from_cut(np.sum(terms, axis=axis)) / np.sum(abs(terms), axis=axis)) / 2
    return np.minimum(to_cut, _to_runner_up(x.real, axis=axis))


def _log_softmax_forward(x: Any, *, axis: Any) -> Any:
    t, may_be_0 = _less_largest(x, axis)
    t -= np.log(_sum_of(np.exp(t), axis, may_be_0))
    return t


def _alive(output: Any, axis: Any) -> Any:
    """Which rows are more than masked elements; True, at the cost of a glance, if all are."""
    values = as_value(output)
    n = values.ndim
    axes = range(n) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    reduced = {i % n for i in axes} if n else set()
    glance = tuple(slice(0, 1) if i in reduced else slice(None) for i in range(n))
    if np.isfinite(values[glance]).all():
        return True
    return np.isfinite(values).any(axis=axis, keepdims=True)


def _log_softmax_vjp(ct: Any, output: Any, x: Any, *, axis: Any) -> Any:
    t = np.exp(output)
    t *= -np.sum(ct, axis=axis, keepdims=True)
    t += ct
    alive = _alive(output, axis)
    return t if alive is True else np.where(alive, t, np.zeros((), t.dtype))


def _log_softmax_jvp(x_dot: Any, output: Any, x: Any, *, axis: Any) -> Any:
    t = x_dot - _row_products(np.exp(output), x_dot, axis)
    alive = _alive(output, axis)
    return t if alive is True else np.where(alive, t, np.zeros((), t.dtype))


_log_softmax = define(
    _log_softmax_forward,
    name="log_softmax",
    vjp=_log_softmax_vjp,
    jvp=_log_softmax_jvp,
    kinks=guarded(_log_softmax_kinks),
    sample=calls(
        both((3, 4), axis=-1, apart=True),
        both((3, 4), axis=0, apart=True),
        real((2, 3, 4), axis=(0, 2)),
    ),
)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """``log(softmax(x, axis))``, finite where softmax underflows; adjoint 0 for a masked row."""
    return call(_log_softmax, operand(x), axis=axis)
