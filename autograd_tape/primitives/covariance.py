"""Weighted means, covariances and correlations: composed of recorded functions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..dispatch import implements
from ..variable import Variable, as_value
from .reductions import _NO_VALUE, axes_of, given, operand

# -- weighted mean ---------------------------------------------------------------------------------


def _fitted(weights: Any, a: Any, axis: Any) -> Any:
    """``weights``, of the shape of ``a`` or of its axes ``axis``, so that they broadcast."""
    w = operand(weights)
    if w.shape == a.shape:
        return w
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = axes_of(axis, a.ndim)
    if w.shape != tuple(a.shape[i] for i in axes):
        raise ValueError(
            "Shape of weights must be consistent with shape of a along specified axis."
        )
    w = np.transpose(w, tuple(int(i) for i in np.argsort(axes)))
    return np.reshape(w, tuple(n if i in axes else 1 for i, n in enumerate(a.shape)))


@implements(np.average)
def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *,
    keepdims: Any = _NO_VALUE,
) -> Any:  # fmt: skip
    """``np.average``, differentiable in ``weights`` as well."""
    a, keepdims = operand(a), bool(given(keepdims, False))
    if weights is None:
        result = np.mean(a, axis=axis, keepdims=keepdims)
        total: Any = result.dtype.type(a.size / result.size)
    else:
        w = _fitted(weights, a, axis)
        total = np.sum(w, axis=axis, keepdims=keepdims)
        if np.any(as_value(total) == 0):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        result = np.sum(a * w, axis=axis, keepdims=keepdims) / total
    if not returned:
        return result
    if total.shape != result.shape:
        total = np.broadcast_to(total, result.shape)
    return result, total.copy() if total.__class__ is np.ndarray else total


# -- covariance ------------------------------------------------------------------------------------


def _observations(m: Any, rowvar: bool, dtype: Any, keep: bool) -> Any:
    """``m`` with one variable in each row: shape (variables, observations)."""
    if m.ndim > 2:
        raise ValueError("np.cov: at most two dimensions, variables and observations")
    x = operand(m, dtype)
    if x.ndim < 2:
        x = np.reshape(x, (1, m.size))
    return x if rowvar or keep else np.transpose(x)


def _cov_weights(weights: Any, name: str, n: int) -> Any:
    w = operand(weights, float) if weights.__class__ is not Variable else weights
    value = as_value(w)
    if w.ndim != 1 or w.shape[0] != n:
        raise RuntimeError(f"np.cov: {name} must be one-dimensional, one for each of {n} samples")
    if np.any(value < 0):
        raise ValueError(f"{name} cannot be negative")
    if name == "fweights" and not np.all(value == np.around(value)):
        raise TypeError("fweights must be integer")
    return w


@implements(np.cov)
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None,
    fweights: Any = None, aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    """``np.cov``, differentiable in ``aweights`` as well."""
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    m = operand(m)
    y = None if y is None else operand(y)
    if dtype is None:
        dtype = np.result_type(*(x.dtype for x in (m, y) if x is not None), np.float64)
    x = _observations(m, rowvar, dtype, keep=m.ndim == 1)
    if y is not None:
        other = _observations(y, rowvar, dtype, keep=y.ndim < 2 or y.shape[0] == 1)
        x = np.concatenate([x, other], axis=0)
    if ddof is None:
        ddof = 0 if bias else 1
    n = x.shape[1]
    w = None if fweights is None else _cov_weights(fweights, "fweights", n)
    if aweights is not None:
        a = _cov_weights(aweights, "aweights", n)
        w = a if w is None else w * a
    if w is None:
        center, freedom = np.mean(x, axis=1, keepdims=True), n - ddof
    else:
        total = np.sum(w)
        center = np.sum(x * w, axis=1, keepdims=True) / total
        freedom = total if ddof == 0 else total - ddof * (
            1 if aweights is None else np.sum(w * a) / total
        )  # fmt: skip
    if as_value(freedom) <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        freedom = np.float64(0)
    x = x - center
    weighted = x if w is None else x * w
    scale = np.true_divide(1, freedom)
    c = x @ np.conj(np.transpose(weighted))
    return np.squeeze(c * (scale if scale.__class__ is Variable else float(scale)))


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.shape:
        return c / c
    i = np.arange(c.shape[0])
    deviation = np.sqrt(np.real(c[i, i]))
    c = c / np.expand_dims(deviation, 1) / deviation
    # NumPy clips what rounding put outside [-1, 1]; that moves the value, not the derivative
    value = as_value(c)
    clipped = np.clip(value.real, -1, 1)
    if value.dtype.kind == "c":
        clipped = clipped + 1j * np.clip(value.imag, -1, 1)
    return c + (clipped - value)
