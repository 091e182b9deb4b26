"""Initial values of parameters: plain arrays, by default of float32.

``rng`` is a ``np.random.Generator``, a seed, or None for other values each time.  Units that start
equal get equal gradients and stay equal, so weights are drawn, and only biases start at 0.
"""

import math
from typing import Any

import numpy as np

from .check import require

Shape = tuple[int, ...]


def zeros(shape: Shape, *, dtype: Any = np.float32) -> Any:
    """Zeros: for biases."""
    return np.zeros(shape, dtype)


def eye(shape: Shape, *, dtype: Any = np.float32) -> Any:
    """The identity: for recurrent weights, against vanishing gradients (000; Le et al. 2015)."""
    require(len(shape) == 2, f"eye: the identity is a matrix, and has no shape {shape}")
    return np.eye(*shape, dtype=dtype)


def uniform(
    shape: Shape, rng: Any = None, low: float = 0.0, high: float = 1.0, *, dtype: Any = np.float32
) -> Any:
    """U(low, high) of the given shape."""
    return np.random.default_rng(rng).uniform(low, high, shape).astype(dtype)


def normal(
    shape: Shape, rng: Any = None, mean: float = 0.0, std: float = 1.0, *, dtype: Any = np.float32
) -> Any:
    """N(mean, std²) of the given shape."""
    return np.random.default_rng(rng).normal(mean, std, shape).astype(dtype)


def fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in) or (out, in, kh, kw): in·kh·kw and out·kh·kw."""
    require(len(shape) >= 2, f"fans: a weight has at least the axes (out, in), not shape {shape}")
    return shape[1] * math.prod(shape[2:]), shape[0] * math.prod(shape[2:])


def xavier_normal(shape: Shape, rng: Any = None, *, dtype: Any = np.float32) -> Any:
    """Glorot's N(0, σ²), σ² = 2/(fan_in + fan_out): signals keep their size (2010)."""
    return normal(shape, rng, std=math.sqrt(2 / max(sum(fans(shape)), 1)), dtype=dtype)


def xavier_uniform(shape: Shape, rng: Any = None, *, dtype: Any = np.float32) -> Any:
    """Glorot's U(-√3σ, √3σ), with σ of :func:`xavier_normal`."""
    r = math.sqrt(6 / max(sum(fans(shape)), 1))
    return uniform(shape, rng, -r, r, dtype=dtype)


def kaiming_normal(shape: Shape, rng: Any = None, *, dtype: Any = np.float32) -> Any:
    """He's N(0, σ²), σ² = 2/fan_in: signals keep their size through ReLUs (He et al. 2015)."""
    return normal(shape, rng, std=math.sqrt(2 / max(fans(shape)[0], 1)), dtype=dtype)


def kaiming_uniform(shape: Shape, rng: Any = None, *, dtype: Any = np.float32) -> Any:
    """He's U(-√3σ, √3σ), with σ of :func:`kaiming_normal`."""
    r = math.sqrt(6 / max(fans(shape)[0], 1))
    return uniform(shape, rng, -r, r, dtype=dtype)
