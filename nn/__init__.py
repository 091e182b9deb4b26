"""Networks, written only as compositions of the engine's primitives: no rule is derived here.

Names, shapes and initial values are PyTorch's.  Read :mod:`nn.module`, then :mod:`nn.linear`.
"""

from . import functional, init, optim
from .activations import ReLU, Sigmoid, Tanh
from .linear import MLP, Linear
from .module import Module, Sequential

__all__ = [
    "MLP", "Linear", "Module", "ReLU", "Sequential", "Sigmoid", "Tanh", "functional", "init",
    "optim",
]  # fmt: skip
