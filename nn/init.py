"""Initial values of parameters: plain arrays, drawn from the generator that is given.

``rng`` is a ``np.random.Generator``, a seed, or None for other values each time.  A weight has
PyTorch's layout, (out, in) or (out, in/groups, kh, kw): see :func:`fans`.

Equal initial weights are the symmetry problem: units that start equal get equal gradients and stay
equal, so weights are drawn, and only biases start at 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = [
    "calculate_gain", "constant", "eye", "fans", "kaiming_normal", "kaiming_uniform", "normal",
    "ones", "orthogonal", "uniform", "xavier_normal", "xavier_uniform", "zeros",
]  # fmt: skip

Rng = np.random.Generator | int | None
_GAINS = {"tanh": 5 / 3, "relu": 2**0.5, "selu": 3 / 4}
_PLAIN = ("linear", "sigmoid", "identity", "conv1d", "conv2d", "conv3d")


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out): how many inputs one unit has, and how many units an input reaches.

    (out, in): in, out;  (out, in, kh, kw): in·kh·kw, out·kh·kw.
    Raises ValueError for fewer than two axes.
    """
    if len(shape) < 2:
        raise ValueError(f"fans: a weight has at least the axes (out, in), not shape {shape}")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much larger weights must be before this activation, to keep the signal's size.

    param  the slope of "leaky_relu", 0.01 by default
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1.0 + slope * slope))
    if nonlinearity in _PLAIN:
        return 1.0
    if nonlinearity not in _GAINS:
        known = ", ".join([*_PLAIN, "leaky_relu", *_GAINS])
        raise ValueError(f"calculate_gain: no gain is known for {nonlinearity!r}, only for {known}")
    return _GAINS[nonlinearity]


# -- whatever the shape ----------------------------------------------------------------------------


def uniform(
    shape: tuple[int, ...], rng: Rng = None, low: float = 0.0, high: float = 1.0, *,
    dtype: Any = np.float32,
) -> Any:  # fmt: skip
    """U(low, high) of the given shape."""
    return np.random.default_rng(rng).uniform(low, high, shape).astype(dtype)


def normal(
    shape: tuple[int, ...], rng: Rng = None, mean: float = 0.0, std: float = 1.0, *,
    dtype: Any = np.float32,
) -> Any:  # fmt: skip
    """N(mean, std²) of the given shape."""
    return np.random.default_rng(rng).normal(mean, std, shape).astype(dtype)


def constant(shape: tuple[int, ...], value: float, *, dtype: Any = np.float32) -> Any:
    """The same value everywhere."""
    return np.full(shape, value, dtype)


def zeros(shape: tuple[int, ...], *, dtype: Any = np.float32) -> Any:
    """Zeros: for biases."""
    return np.zeros(shape, dtype)


def ones(shape: tuple[int, ...], *, dtype: Any = np.float32) -> Any:
    """Ones: for gains."""
    return np.ones(shape, dtype)


# -- by the fans -----------------------------------------------------------------------------------


def xavier_uniform(
    shape: tuple[int, ...], rng: Rng = None, gain: float = 1.0, *, dtype: Any = np.float32
) -> Any:
    """Glorot's initial values, U(-r, r): signals and gradients keep their size (2010)."""
    # r = gain·√(6/(fan_in + fan_out))
    bound = gain * math.sqrt(6.0 / max(sum(fans(shape)), 1))
    return uniform(shape, rng, -bound, bound, dtype=dtype)


def xavier_normal(
    shape: tuple[int, ...], rng: Rng = None, gain: float = 1.0, *, dtype: Any = np.float32
) -> Any:
    """Glorot's initial values, N(0, σ²)."""
    # σ = gain·√(2/(fan_in + fan_out))
    std = gain * math.sqrt(2.0 / max(sum(fans(shape)), 1))
    return normal(shape, rng, 0.0, std, dtype=dtype)


def kaiming_uniform(
    shape: tuple[int, ...], rng: Rng = None, a: float = 0.0, mode: str = "fan_in",
    nonlinearity: str = "leaky_relu", *, dtype: Any = np.float32,
) -> Any:  # fmt: skip
    """He's initial values, U(-r, r), before a leaky ReLU of slope ``a``.

    He et al. 2015, "Delving deep into rectifiers".
    mode  "fan_in" keeps the size of signals, "fan_out" that of gradients
    """
    # r = √3·σ
    bound = math.sqrt(3.0) * _kaiming_std(shape, a, mode, nonlinearity)
    return uniform(shape, rng, -bound, bound, dtype=dtype)


def kaiming_normal(
    shape: tuple[int, ...], rng: Rng = None, a: float = 0.0, mode: str = "fan_in",
    nonlinearity: str = "leaky_relu", *, dtype: Any = np.float32,
) -> Any:  # fmt: skip
    """He's initial values, N(0, σ²); arguments as of :func:`kaiming_uniform`."""
    return normal(shape, rng, 0.0, _kaiming_std(shape, a, mode, nonlinearity), dtype=dtype)


def _kaiming_std(shape: tuple[int, ...], a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'mode is "fan_in" or "fan_out", not {mode!r}')
    # σ = gain/√fan
    fan = fans(shape)[0 if mode == "fan_in" else 1]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


# -- matrices --------------------------------------------------------------------------------------


def eye(shape: tuple[int, int], *, dtype: Any = np.float32) -> Any:
    """The identity: for recurrent weights, against vanishing gradients (000; Le et al. 2015)."""
    if len(shape) != 2:
        raise ValueError(f"eye: the identity is a matrix; shape {shape} has {len(shape)} axes")
    return np.eye(*shape, dtype=dtype)


def orthogonal(
    shape: tuple[int, ...], rng: Rng = None, gain: float = 1.0, *, dtype: Any = np.float32
) -> Any:
    """Orthonormal rows or columns, times gain; axes after the first are one (Saxe et al. 2014)."""
    if len(shape) < 2:
        raise ValueError(f"orthogonal: shape {shape} has fewer than two axes")
    rows, columns = shape[0], math.prod(shape[1:])
    a = np.random.default_rng(rng).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(a)
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)  # else Q would not be drawn evenly
    return (gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype)
