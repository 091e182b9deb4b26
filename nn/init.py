"""Initial values of parameters: plain arrays, drawn from the generator that is given.

fan_in is the number of inputs of one unit: the last axis of a weight of shape (out, in).
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["kaiming_uniform", "uniform"]


def uniform(
    shape: tuple[int, ...], rng: np.random.Generator, low: float = 0.0, high: float = 1.0, *,
    dtype: Any = np.float32,
) -> Any:  # fmt: skip
    """U(low, high) of the given shape."""
    return rng.uniform(low, high, shape).astype(dtype)


def kaiming_uniform(
    shape: tuple[int, ...], rng: np.random.Generator, a: float = 0.0, *, dtype: Any = np.float32
) -> Any:
    """He's initial values for a weight (out, in) before a leaky ReLU of slope ``a``.

    He et al. 2015, "Delving deep into rectifiers".
    """
    # U(-r, r), r = sqrt(6 / ((1 + a²)·fan_in))
    bound = (6.0 / ((1.0 + a * a) * max(shape[-1], 1))) ** 0.5
    return uniform(shape, rng, -bound, bound, dtype=dtype)
