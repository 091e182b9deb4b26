"""Layers without parameters, as functions of arrays or Variables; the losses are found here, too.

Each activation works element by element on any shape; dtypes stay as they are.  None of them looks
at the values to choose a branch, so a recorded one can be replayed on other inputs.

Next to read: :mod:`nn.losses`.
"""

import math
from typing import Any

import numpy as np

from autograd_tape import primitives
from autograd_tape.variable import as_value

from . import losses
from .check import expect, require
from .losses import *  # noqa: F403

__all__ = [
    "abs", "elu", "gelu", "identity", "leaky_relu", "linear", "log_softmax", "logsigmoid", "mish",
    "prelu", "relu", "selu", "sigmoid", "sign", "silu", "sinc", "softmax", "softplus", "softsign",
    "step", "swish", "tanh",
]  # fmt: skip
__all__ += losses.__all__


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x·Wᵀ + b; x: (..., in), weight: (out, in), bias: (out,) -> (..., out)."""
    y = x @ weight.T
    return y if bias is None else y + bias


def step(x: Any, threshold: float = 0.0) -> Any:
    """1 where x >= threshold, else 0 (003 §1.1.1); a plain array: no gradient passes.

    Learn with the perceptron criterion, or a sigmoid.
    """
    reached = x >= threshold  # a comparison: v.explain() will say that the path ended here
    return float(reached) if reached.__class__ is bool else reached.astype(as_value(x).dtype)


def sign(x: Any) -> Any:
    """-1, 0 or 1; a plain array: no gradient passes."""
    return np.sign(x)


def identity(x: Any) -> Any:
    """x itself."""
    return x


def abs(x: Any) -> Any:
    """|x|, with derivative 0 at 0."""
    return np.abs(x)


def relu(x: Any) -> Any:
    """max(x, 0), with derivative 0 at 0."""
    return primitives.piecewise.relu(x)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x where x > 0, else negative_slope·x (Maas et al. 2013)."""
    # min(x, 0) has derivative 1 at 0, where relu has 0: the two add up to x everywhere
    return relu(x) + negative_slope * np.clip(x, None, 0.0)


def prelu(x: Any, weight: Any) -> Any:
    """leaky_relu with the slope learnt: weight (1,), or (C,) for x: (N, C, ...) (He et al. 2015).

    Raises ValueError for another number of slopes.
    """
    shape = np.shape(as_value(x))
    expect("prelu: weight", weight, (1,), shape[1:2] or shape or (1,))
    slopes = np.reshape(weight, (-1,) + (1,) * (len(shape) - 2) if shape else ())
    return relu(x) + slopes * np.clip(x, None, 0.0)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha·(eˣ - 1) (Clevert et al. 2015)."""
    return relu(x) + alpha * np.expm1(np.clip(x, None, 0.0))


def selu(x: Any) -> Any:
    """λ·elu(x, α), with λ and α for which activations normalise themselves (Klambauer 2017)."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def softplus(x: Any, beta: float = 1.0) -> Any:
    """log(1 + exp(beta·x)) / beta, a smooth relu: "SReLU" in 004."""
    require(beta > 0, "softplus: beta must be positive")
    # log(1 + e^u) = log(e^u + e^0), which logaddexp does without overflow
    return np.logaddexp(x, 0.0) if beta == 1 else np.logaddexp(beta * x, 0.0) / beta


def silu(x: Any) -> Any:
    """x·sigmoid(x) (Hendrycks & Gimpel 2016), also called swish (Ramachandran et al. 2017)."""
    return x * primitives.exponential.sigmoid(x)


swish = silu


def mish(x: Any) -> Any:
    """x·tanh(softplus(x)) (Misra 2019)."""
    return x * np.tanh(np.logaddexp(x, 0.0))


def gelu(x: Any, approximate: str = "none") -> Any:
    """x·Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016); GPT's activation.

    approximate  "none", which needs SciPy, or "tanh", which is off by up to 5e-4
    """
    require(approximate in ("none", "tanh"), 'gelu: approximate must be "none" or "tanh"')
    if approximate == "none":
        from autograd_tape.special import ndtr

        return x * ndtr(x)
    # ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
    c = math.sqrt(2 / math.pi)
    return 0.5 * x * (1.0 + np.tanh(x * (c + 0.044715 * c * (x * x))))


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(x)


def sigmoid(x: Any, alpha: float = 1.0) -> Any:
    """1 / (1 + exp(-alpha·x)); alpha is the slope of 003 §1.1.1."""
    sloped = x if alpha.__class__ is float and alpha == 1.0 else alpha * x
    return primitives.exponential.sigmoid(sloped)


def logsigmoid(x: Any) -> Any:
    """log(sigmoid(x)), finite where sigmoid underflows."""
    return -np.logaddexp(-x, 0.0)


def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (1.0 + np.abs(x))


def sinc(x: Any) -> Any:
    """sin(x)/x and 1 at 0, as 001 has it; ``np.sinc`` is sin(πx)/(πx)."""
    return np.sinc(x * (1 / math.pi))


def softmax(x: Any, dim: int = -1) -> Any:
    """exp(x) / Σ exp(x) along ``dim``; a row of -inf alone gives 0."""
    return primitives.softmax.softmax(x, axis=dim)


def log_softmax(x: Any, dim: int = -1) -> Any:
    """log(softmax(x)), finite where softmax underflows."""
    return primitives.softmax.log_softmax(x, axis=dim)
