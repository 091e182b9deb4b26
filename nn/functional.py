"""Layers without parameters and losses, as functions of arrays or Variables.

Losses take PyTorch's ``reduction``: "mean" (default), "sum", or "none" for one value per element.

Next to read: :mod:`nn.optim`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tape.primitives.exponential import sigmoid
from autograd_tape.primitives.piecewise import relu
from autograd_tape.primitives.reductions import log_softmax

__all__ = ["cross_entropy", "linear", "log_softmax", "mse_loss", "relu", "sigmoid", "tanh"]

tanh = np.tanh


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x: (..., in), weight: (out, in), bias: (out,) -> (..., out)."""
    # y = x·Wᵀ + b
    y = x @ weight.T
    return y if bias is None else y + bias


def cross_entropy(logits: Any, target: Any, reduction: str = "mean") -> Any:
    """The negative log-likelihood of the right classes, computed stably from logits.

    logits: (N, C), target: (N,) class indices in [0, C); also (C,) and a single index
    Raises ValueError for indices out of range, TypeError for targets that are not integers.
    """
    target = np.asarray(target)
    classes = logits.shape[-1]
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: target has dtype {target.dtype}; give class indices (integers)"
        )
    if target.shape != logits.shape[:-1]:
        raise ValueError(
            f"cross_entropy: target has shape {target.shape} and logits {logits.shape}; "
            f"there must be one class index per row, shape {logits.shape[:-1]}"
        )
    if target.size and not (target.min() >= 0 and target.max() < classes):
        raise ValueError(
            f"cross_entropy: class indices from {target.min()} to {target.max()}, but the logits "
            f"have {classes} classes"
        )
    # l_n = -log softmax(logits_n)[target_n]
    log_p = log_softmax(logits, axis=-1)
    # (np.indices would do for any number of axes, at ten times the price of the usual one)
    rows = (
        (np.arange(target.size),)
        if target.ndim == 1
        else tuple(np.indices(target.shape, sparse=True))
    )
    return _reduced(-log_p[(*rows, target)], reduction)


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared error; input and target have the same shape."""
    if np.shape(input) != np.shape(target):
        raise ValueError(
            f"mse_loss: input has shape {np.shape(input)} and target {np.shape(target)}; they must "
            "be equal (broadcasting here is nearly always a mistake)"
        )
    # l = (y - d)²
    return _reduced((input - target) ** 2, reduction)


def _reduced(losses: Any, reduction: str) -> Any:
    if reduction == "mean":
        return np.mean(losses)
    if reduction == "sum":
        return np.sum(losses)
    if reduction == "none":
        return losses
    raise ValueError(f"reduction is 'mean', 'sum' or 'none', not {reduction!r}")
