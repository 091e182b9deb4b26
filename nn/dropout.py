"""Dropout: in training, each number is forgotten with some probability."""

from __future__ import annotations

from typing import Any

import numpy as np

from .check import expect_float
from .module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """Sets elements to 0 with probability p and scales the others up, so that the mean stays.

    x: any shape -> the same shape

        y = x·m / (1 - p) with m = 0 with probability p, else 1     in ``train()``
        y = x                                                       in ``eval()``

    rng  a generator or a seed: where the zeros come from; it stays with the layer as ``layer.rng``
    Within ``checkpoint`` it is an error: the second run would draw other zeros.
    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from
    overfitting"; 000.  Raises ValueError for p outside of [0, 1], TypeError for integers.
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | None = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p is a probability between 0 and 1, not {p}")
        self.p = p
        self.rng = np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        expect_float("Dropout", x)
        if not self.training or self.p == 0:
            return x
        # y = x·m / (1 - p)
        kept = self.rng.random(x.shape, np.float32) >= self.p
        scale = 1 / (1 - self.p) if self.p < 1 else 0.0
        return x * (kept * np.asarray(scale, x.dtype))

    def extra_repr(self) -> str:
        return f"p={self.p}"
