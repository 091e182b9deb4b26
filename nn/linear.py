"""Fully connected layers.

Next to read: :mod:`nn.functional`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_tape import Variable

from . import functional as F
from . import init
from .activations import ReLU
from .module import Module, Sequential

__all__ = ["MLP", "Linear"]


class Linear(Module):
    """An affine map of the last axis, with PyTorch's layout and initial values.

    x: (..., in_features) -> (..., out_features)
    weight: (out_features, in_features) and bias: (out_features,), both uniform in
    ±1/sqrt(in_features); no bias with ``bias=False``.
    rng seeds the initial values.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *,
        dtype: Any = np.float32, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.in_features, self.out_features = in_features, out_features
        rng = np.random.default_rng(rng)
        shape = (out_features, in_features)
        values = init.kaiming_uniform(shape, rng, a=5**0.5, dtype=dtype)
        self.weight = Variable(values, name="weight")
        self.bias = None
        if bias:
            bound = 1 / max(in_features, 1) ** 0.5
            values = init.uniform((out_features,), rng, -bound, bound, dtype=dtype)
            self.bias = Variable(values, name="bias")

    def forward(self, x: Any) -> Any:
        # y = x·Wᵀ + b
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}, bias={self.bias is not None}"


class MLP(Sequential):
    """A multilayer perceptron (003 section 3.2): affine maps with an activation between them.

    x: (..., sizes[0]) -> (..., sizes[-1])
    sizes       widths of the input, of each hidden layer and of the output
    activation  makes the module that follows each layer but the last

    >>> MLP([64, 32, 10])
    MLP(
      (0): Linear(64, 32, bias=True)
      (1): ReLU()
      (2): Linear(32, 10, bias=True)
    )
    """

    def __init__(
        self, sizes: Sequence[int], activation: Callable[[], Callable[[Any], Any]] = ReLU, *,
        dtype: Any = np.float32, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        if len(sizes) < 2:
            raise ValueError(f"MLP: give at least the widths of input and output, not {sizes}")
        rng = np.random.default_rng(rng)
        layers: list[Callable[[Any], Any]] = []
        for n_in, n_out in pairwise(sizes):
            layers += [Linear(n_in, n_out, dtype=dtype, rng=rng), activation()]
        super().__init__(*layers[:-1])
        for name, p in self.named_parameters():
            p.name = name
