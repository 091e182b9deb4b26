"""Fully connected layers.  Next to read: :mod:`nn.functional`."""

from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np

from . import functional as F
from .activations import ReLU
from .check import expect, require
from .module import Module, Sequential, drawn

__all__ = ["MLP", "Linear"]


class Linear(Module):
    """An affine map of the last axis.

    x: (..., in_features) -> (..., out_features)
    weight: (out_features, in_features) and bias: (out_features,), or None without ``bias``; both
    drawn from U(-r, r), r = 1/√in_features, as in PyTorch; rng seeds them
    Raises ValueError for another width, TypeError for integers.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *,
        dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        self.in_features, self.out_features = in_features, out_features
        shape = (out_features, in_features)
        self.weight, self.bias = drawn(in_features, dtype, rng, shape, shape[:1] if bias else None)

    def forward(self, x: Any) -> Any:
        expect("Linear: the input", x, (..., self.in_features))
        # y = x·Wᵀ + b
        return F.linear(x, self.weight, self.bias)


class MLP(Sequential):
    """A multilayer perceptron (003 §3.2): affine maps with an activation between them.

    x: (..., sizes[0]) -> (..., sizes[-1])
    sizes       widths of the input, of each hidden layer and of the output
    activation  makes the module that follows each layer but the last
    """

    def __init__(
        self, sizes: Sequence[int], activation: Callable[[], Callable[[Any], Any]] = ReLU, *,
        dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        require(len(sizes) >= 2, f"MLP: give at least the widths of input and output, not {sizes}")
        rng = np.random.default_rng(rng)
        pairs: Any = ((Linear(*n, dtype=dtype, rng=rng), activation()) for n in pairwise(sizes))
        super().__init__(*chain(*pairs))
        self.pop()  # no activation at the end
        for name, p in self.named_parameters():
            p.name = name
