"""The activation functions of :mod:`nn.functional` as layers, for :class:`nn.Sequential`.

Each takes the arguments that its function takes after x.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tape import Variable

from . import functional as F
from .function_layer import FunctionLayer
from .module import Module

__all__ = [
    "ELU", "GELU", "SELU", "Abs", "Hardtanh", "Identity", "LeakyReLU", "LogSigmoid", "LogSoftmax",
    "Mish", "PReLU", "ReLU", "SiLU", "Sigmoid", "Sign", "Sinc", "Softmax", "Softmin", "Softplus",
    "Softsign", "Step", "Tanh",
]  # fmt: skip


class Step(FunctionLayer, of=F.step):
    """1 where x >= threshold, else 0; no gradient passes."""


class Sign(FunctionLayer, of=F.sign):
    """-1, 0 or 1; no gradient passes."""


class Identity(FunctionLayer, of=F.identity):
    """x itself."""


class Abs(FunctionLayer, of=F.abs):
    """|x|."""


class ReLU(Module):
    """max(x, 0), element by element."""

    def forward(self, x: Any) -> Any:
        return F.relu(x)


class Tanh(Module):
    """tanh(x), element by element."""

    def forward(self, x: Any) -> Any:
        return F.tanh(x)


class Sigmoid(FunctionLayer, of=F.sigmoid):
    """1 / (1 + exp(-alpha·x)), element by element."""


class LeakyReLU(FunctionLayer, of=F.leaky_relu):
    """x where x > 0, else negative_slope·x."""


class PReLU(Module):
    """x where x > 0, else α·x with the slope α learnt, one for all or one per channel.

    x: (N, num_parameters, ...) -> the same; weight: (num_parameters,), init at first
    He et al. 2015, "Delving deep into rectifiers".
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = np.float32
    ) -> None:
        self.num_parameters = num_parameters
        self.weight = Variable(np.full(num_parameters, init, dtype), name="weight")

    def forward(self, x: Any) -> Any:
        return F.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(FunctionLayer, of=F.elu):
    """x where x > 0, else alpha·(eˣ - 1)."""


class SELU(FunctionLayer, of=F.selu):
    """The self-normalising ELU."""


class Softplus(FunctionLayer, of=F.softplus):
    """log(1 + exp(beta·x)) / beta: "SReLU" in the notes."""


class SiLU(FunctionLayer, of=F.silu):
    """x·sigmoid(x), also called swish."""


class Mish(FunctionLayer, of=F.mish):
    """x·tanh(softplus(x))."""


class GELU(FunctionLayer, of=F.gelu):
    """x·Φ(x); exact with SciPy, or approximate="tanh"."""


class Hardtanh(FunctionLayer, of=F.hardtanh):
    """x moved into [min_val, max_val]."""


class LogSigmoid(FunctionLayer, of=F.logsigmoid):
    """log(sigmoid(x)), stable."""


class Softsign(FunctionLayer, of=F.softsign):
    """x / (1 + |x|)."""


class Sinc(FunctionLayer, of=F.sinc):
    """sin(x)/x."""


class Softmax(FunctionLayer, of=F.softmax):
    """exp(x) / Σ exp(x) along ``dim``."""


class Softmin(FunctionLayer, of=F.softmin):
    """softmax(-x) along ``dim``."""


class LogSoftmax(FunctionLayer, of=F.log_softmax):
    """log(softmax(x)) along ``dim``."""
