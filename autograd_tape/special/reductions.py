"""SciPy's logsumexp, softmax, log_softmax and softplus, which are written in Python there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives import softmax as _softmax
from .common import value_of


def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """log Σ b·exp(a) along ``axis``, differentiable in a and b; -inf, adjoint 0, of an empty sum.

    b            weights that broadcast with a; where b is 0, a counts for nothing even if infinite
    return_sign  return (log |Σ|, sign of Σ) instead; without it a negative sum gives nan
    """
    if b is None:
        output = _softmax.logsumexp(a, axis=axis, keepdims=keepdims)
        if output.dtype.kind == "c":
            return (np.real(output), np.exp(1j * np.imag(output))) if return_sign else output
        if not return_sign:
            return output
        return output, np.where(np.isneginf(value_of(output)), 0, 1).astype(output.dtype)[()]
    a, b = np.broadcast_arrays(*(x if hasattr(x, "dtype") else np.asarray(x) for x in (a, b)))
    weightless = value_of(b) == 0
    a = np.where(weightless & ~np.isfinite(value_of(a)), 0.0, a)
    shifted, top = _shifted(a, weightless, axis)
    total = np.sum(b * np.exp(shifted), axis=axis, keepdims=keepdims)
    top = np.reshape(top, np.shape(total))
    if total.dtype.kind == "c":
        output = _log(total, value_of(total) == 0, top)
        if not return_sign:
            return output
        return np.real(output), total / np.where(value_of(total) == 0, 1.0, np.abs(total))
    sign = np.sign(value_of(total))[()]
    output = _log(np.abs(total), sign == 0, top)
    return (output, sign) if return_sign else np.where(sign < 0, np.nan, output)


def _shifted(a: Any, weightless: Any, axis: Any) -> tuple[Any, Any]:
    """(a - top, top): top is the largest real part that has a weight, 0 if that is infinite."""
    real = value_of(a).real
    top = np.max(np.where(weightless, -np.inf, real), axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0).astype(real.dtype)
    # Without a weight an element adds nothing, but must not overflow to inf·0.
    limit = float(np.log(np.finfo(real.dtype).max)) / 2
    return np.where(weightless & (real - top > limit), limit, a - top), top


def _log(total: Any, zero: Any, top: Any) -> Any:
    return np.where(zero, -np.inf, np.log(np.where(zero, 1.0, total)) + top)


def softmax(x: Any, axis: Any = None) -> Any:
    """exp(x) / Σ exp(x); over all of ``x`` by default, as in SciPy."""
    return _softmax.softmax(x, axis=axis)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """log softmax(x); over all of ``x`` by default, as in SciPy."""
    return _softmax.log_softmax(x, axis=axis)


def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return np.logaddexp(0.0, x)
