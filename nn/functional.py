"""Layers without parameters, as functions of arrays or Variables; the losses are found here, too.

Each activation works element by element on any shape; dtypes stay as they are.  None of them looks
at the values to choose a branch, so a recorded one can be replayed on other inputs.

Next to read: :mod:`nn.losses`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_tape.primitives.exponential import sigmoid as _sigmoid
from autograd_tape.primitives.piecewise import relu
from autograd_tape.primitives.softmax import log_softmax as _log_softmax
from autograd_tape.primitives.softmax import softmax as _softmax
from autograd_tape.variable import as_value

from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    half_squared_error,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
    perceptron_loss,
    rmse_loss,
    smooth_l1_loss,
)

__all__ = [
    "abs", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "elu",
    "gelu", "half_squared_error", "hardtanh", "huber_loss", "identity", "l1_loss", "leaky_relu",
    "linear", "log_softmax", "logsigmoid", "mish", "mse_loss", "nll_loss", "perceptron_loss",
    "prelu", "relu", "rmse_loss", "selu", "sigmoid", "sign", "silu", "sinc", "smooth_l1_loss",
    "softmax", "softmin", "softplus", "softsign", "step", "swish", "tanh",
]  # fmt: skip

tanh = np.tanh


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x: (..., in), weight: (out, in), bias: (out,) -> (..., out)."""
    # y = x·Wᵀ + b
    y = x @ weight.T
    return y if bias is None else y + bias


# -- steps: no gradient passes ---------------------------------------------------------------------


def step(x: Any, threshold: float = 0.0) -> Any:
    """1 where x >= threshold, else 0 (003 section 1.1.1); a plain array: the graph is cut here.

    A step has no gradient to learn by: learn with the perceptron criterion, or a sigmoid.
    """
    reached = x >= threshold  # a comparison: v.explain() will say that the path ended here
    return float(reached) if reached.__class__ is bool else reached.astype(as_value(x).dtype)


def sign(x: Any) -> Any:
    """-1, 0 or 1; a plain array: the graph is cut here, as by :func:`step`."""
    return np.sign(x)


# -- the family of the rectifier -------------------------------------------------------------------


def _negative_part(x: Any) -> Any:
    """min(x, 0), with derivative 1 at 0, where relu has 0: the two add up to x everywhere."""
    return np.clip(x, None, 0.0)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x where x > 0, else negative_slope·x (Maas et al. 2013)."""
    return relu(x) + negative_slope * _negative_part(x)


def prelu(x: Any, weight: Any) -> Any:
    """leaky_relu with the slope learnt: weight (1,), or (C,) for x: (N, C, ...) (He et al. 2015).

    Raises ValueError where weight has another number of slopes than x has channels.
    """
    slopes, shape = np.size(as_value(weight)), np.shape(as_value(x))
    channels = shape[1] if len(shape) > 1 else shape[0] if shape else 1
    if slopes not in (1, channels):
        raise ValueError(
            f"prelu: weight has {slopes} slopes, but x of shape {shape} has {channels} channels "
            "(axis 1); give one slope, or one per channel"
        )
    along = (slopes,) + (1,) * (len(shape) - 2) if slopes > 1 else (1,) * min(len(shape), 1)
    return relu(x) + np.reshape(weight, along) * _negative_part(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha·(eˣ - 1) (Clevert et al. 2015)."""
    return relu(x) + alpha * np.expm1(_negative_part(x))


def selu(x: Any) -> Any:
    """λ·elu(x, α), with λ and α for which activations normalise themselves (Klambauer 2017)."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def softplus(x: Any, beta: float = 1.0, threshold: float | None = None) -> Any:
    """log(1 + exp(beta·x)) / beta, a smooth relu: "SReLU" in 004.

    threshold  PyTorch turns to x itself where beta·x > 20.  Here it is not needed, and done only
               for the threshold that is given
    """
    if beta <= 0:
        raise ValueError(f"softplus: beta must be positive, not {beta}")
    # log(1 + e^u) = log(e^u + e^0), which logaddexp does without overflow
    y = np.logaddexp(x if beta == 1 else beta * x, 0.0)
    y = y if beta == 1 else y / beta
    return y if threshold is None else np.where(beta * x > threshold, x, y)


def silu(x: Any) -> Any:
    """x·sigmoid(x) (Hendrycks & Gimpel 2016), also called swish (Ramachandran et al. 2017)."""
    return x * _sigmoid(x)


swish = silu


def mish(x: Any) -> Any:
    """x·tanh(softplus(x)) (Misra 2019)."""
    return x * np.tanh(np.logaddexp(x, 0.0))


def gelu(x: Any, approximate: str = "none") -> Any:
    """x·Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016); GPT's activation.

    approximate  "none", which needs SciPy, or "tanh", which is off by up to 5e-4
    """
    if approximate == "tanh":
        # ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
        c = math.sqrt(2 / math.pi)
        return 0.5 * x * (1.0 + np.tanh(x * (c + 0.044715 * c * (x * x))))
    if approximate != "none":
        raise ValueError(f'gelu: approximate is "none" or "tanh", not {approximate!r}')
    try:
        from autograd_tape.special import ndtr
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'gelu: the exact form needs SciPy (pip install scipy); or use approximate="tanh"',
            name="scipy",
        ) from None
    return x * ndtr(x)


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """x moved into [min_val, max_val]."""
    if not min_val < max_val:
        raise ValueError(f"hardtanh: min_val {min_val} is not below max_val {max_val}")
    return np.clip(x, min_val, max_val)


# -- sigmoids and others ---------------------------------------------------------------------------


def sigmoid(x: Any, alpha: float = 1.0) -> Any:
    """1 / (1 + exp(-alpha·x)); alpha is the slope of 003 section 1.1.1."""
    return _sigmoid(x) if alpha.__class__ is float and alpha == 1.0 else _sigmoid(alpha * x)


def logsigmoid(x: Any) -> Any:
    """log(sigmoid(x)), finite where sigmoid underflows."""
    return -np.logaddexp(-x, 0.0)


def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (1.0 + np.abs(x))


def sinc(x: Any) -> Any:
    """sin(x)/x and 1 at 0, as 001 has it; ``np.sinc`` is sin(πx)/(πx)."""
    return np.sinc(x * (1 / math.pi))


def identity(x: Any) -> Any:
    """x itself."""
    return x


def abs(x: Any) -> Any:
    """|x|, with derivative 0 at 0."""
    return np.abs(x)


def softmax(x: Any, dim: int = -1) -> Any:
    """exp(x) / Σ exp(x) along ``dim``; a row of -inf alone gives 0."""
    return _softmax(x, axis=dim)


def softmin(x: Any, dim: int = -1) -> Any:
    """softmax(-x)."""
    return _softmax(-x, axis=dim)


def log_softmax(x: Any, dim: int = -1) -> Any:
    """log(softmax(x)), finite where softmax underflows."""
    return _log_softmax(x, axis=dim)
