"""Dropout: in training, each number is forgotten with some probability."""

from typing import Any

import numpy as np

from .check import expect_float, require
from .module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """y = x·m / (1 - p), m = 0 with probability p and else 1, in ``train()``; x in ``eval()``.

    x: any shape -> the same;  rng: a generator or a seed, kept as ``layer.rng``
    Source: Srivastava et al. 2014, "Dropout"; 000.  Raises ValueError for p outside of [0, 1],
    TypeError for integers; an error within ``checkpoint``: its second run would draw other zeros.
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | None = None) -> None:
        require(0 <= p <= 1, f"Dropout: p is a probability between 0 and 1, not {p}")
        self.p, self.rng = p, np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        expect_float("Dropout: the input", x)
        if self.training and self.p > 0:
            # y = x·m / (1 - p), and 0 if p = 1
            kept = self.rng.random(x.shape, np.float32) >= self.p
            x = x * (kept * np.asarray(1 / (1 - self.p) if self.p < 1 else 0, x.dtype))
        return x
