"""Losses, as functions and as modules with the same arguments.

``reduction`` is PyTorch's: "mean" (default), "sum", or "none" for one value per element.  The mean
of nothing (an empty batch, every target ignored) is 0.  A plain target takes the input's dtype.

Next to read: :mod:`nn.optim`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tape import where_safe
from autograd_tape.primitives.softmax import log_softmax
from autograd_tape.variable import as_value

from .function_layer import FunctionLayer

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HalfSquaredError", "HuberLoss", "L1Loss",
    "MSELoss", "NLLLoss", "PerceptronLoss", "RMSELoss", "SmoothL1Loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "cross_entropy", "half_squared_error", "huber_loss",
    "l1_loss", "mse_loss", "nll_loss", "perceptron_loss", "rmse_loss", "smooth_l1_loss",
]  # fmt: skip


def _reduced(losses: Any, reduction: str, total: Any = None) -> Any:
    """``total`` is what a mean divides by, if not the number of losses."""
    if reduction == "mean":
        if total is None and losses.size:
            return np.mean(losses)
        return np.sum(losses) / (total or 1)
    if reduction == "sum":
        return np.sum(losses)
    if reduction == "none":
        return losses
    raise ValueError(f"reduction is 'mean', 'sum' or 'none', not {reduction!r}")


def _pair(input: Any, target: Any, name: str) -> tuple[Any, Any]:
    """Input and target, which must have one shape; plain targets in the dtype of the input."""
    plain = as_value(input)
    if target is as_value(target):
        target = np.asarray(target, np.result_type(plain))
    if np.shape(plain) != target.shape:
        raise ValueError(
            f"{name}: input has shape {np.shape(plain)} and target {target.shape}; they must be "
            "equal (broadcasting here is nearly always a mistake)"
        )
    return input, target


def _within(x: Any, low: float, high: float, what: str) -> None:
    x = np.asarray(as_value(x))
    if x.size and not (x.min() >= low and x.max() <= high):
        raise ValueError(f"{what} must lie in [{low:g}, {high:g}], but it has {x.min()}..{x.max()}")


# -- of real values --------------------------------------------------------------------------------


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared error; input and target have the same shape, else ValueError."""
    input, target = _pair(input, target, "mse_loss")
    # l = (y - d)²
    return _reduced((input - target) ** 2, reduction)


def half_squared_error(input: Any, target: Any, reduction: str = "sum") -> Any:
    """Half of the squared error, summed: E = ½Σe² of 003 section 3.2."""
    input, target = _pair(input, target, "half_squared_error")
    # l = ½(y - d)²
    return _reduced(0.5 * (input - target) ** 2, reduction)


def rmse_loss(input: Any, target: Any) -> Any:
    """The root of the mean squared error; its gradient where all errors are 0 is 0."""
    input, target = _pair(input, target, "rmse_loss")
    # l = √(Σ(y - d)²/n) = ‖y - d‖/√n
    return np.linalg.norm(np.ravel(input - target)) / max(target.size, 1) ** 0.5


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The absolute error: MAE, "MAD" in the notes."""
    input, target = _pair(input, target, "l1_loss")
    # l = |y - d|
    return _reduced(np.abs(input - target), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """½e² for errors |e| up to delta, from there on a straight line (Huber 1964)."""
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be positive, not {delta}")
    input, target = _pair(input, target, "huber_loss")
    # l = c·(|e| - ½c),  c = min(|e|, δ)
    size = np.abs(input - target)
    c = np.clip(size, None, delta)
    return _reduced(c * (size - 0.5 * c), reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """huber_loss / beta: |e| - ½beta beyond beta; l1_loss for beta = 0 (Girshick 2015)."""
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, beta) / beta


def perceptron_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The perceptron criterion (003 section 2) of v = wᵀx for desired signs d = ±1.

    Its gradient in w is -d·x on mistakes and 0 elsewhere: the fixed-increment rule.  v = 0 counts
    as a mistake, so that weights may start at 0.  Raises ValueError for other targets than ±1.
    """
    input, target = _pair(input, target, "perceptron_loss")
    if not np.all(np.abs(as_value(target)) == 1):
        raise ValueError("perceptron_loss: targets must be -1 or 1; for 0 or 1 give 2·target - 1")
    # l = max(0, -d·v), by clip, whose derivative on the bound is 1
    return _reduced(np.clip(-target * input, 0.0, None), reduction)


# -- of probabilities ------------------------------------------------------------------------------


def _log(p: Any) -> Any:
    """log p; at p = 0 the value -100 and slope 1e12, as PyTorch has them in its BCE."""
    positive = np.asarray(as_value(p) > 0)
    return np.log(p) if positive.all() else where_safe(positive, np.log, p, 1e12 * p - 100.0)


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean"
) -> Any:
    """The cross-entropy of probabilities; better conditioned on logits, see the next function.

    input, target: same shape, both in [0, 1], else ValueError; weight broadcasts with them
    """
    input, target = _pair(input, target, "binary_cross_entropy")
    _within(input, 0, 1, "binary_cross_entropy: input (probabilities; for logits there is ..."
            "_with_logits)")  # fmt: skip
    _within(target, 0, 1, "binary_cross_entropy: target")
    # l = -(d·log p + (1 - d)·log(1 - p))
    losses = -(target * _log(input) + (1.0 - target) * _log(1.0 - input))
    return _reduced(losses if weight is None else losses * _like(weight, input), reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """The cross-entropy of sigmoid(input), stable for any logits; the gradient is ŷ - d.

    input, target: same shape, target in [0, 1], else ValueError
    weight, pos_weight: broadcast with them; pos_weight multiplies the share of d
    """
    input, target = _pair(input, target, "binary_cross_entropy_with_logits")
    _within(target, 0, 1, "binary_cross_entropy_with_logits: target")
    # l = (1 - d)·z + (1 + (w - 1)·d)·log(1 + e^-z)
    misses = np.logaddexp(-input, 0.0)
    if pos_weight is not None:
        misses = (1.0 + (_like(pos_weight, input) - 1.0) * target) * misses
    losses = (1.0 - target) * input + misses
    return _reduced(losses if weight is None else losses * _like(weight, input), reduction)


def _like(weight: Any, input: Any) -> Any:
    """A weight in the dtype of the input."""
    return np.asarray(weight, np.result_type(as_value(input)))


# -- of classes ------------------------------------------------------------------------------------


def cross_entropy(
    input: Any, target: Any, weight: Any = None, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """The negative log-likelihood of the right classes, computed stably from logits.

    000 calls this "binary" cross-entropy; it is the one of C classes.

    input   logits: (N, C), (N, C, d1, ...), or (C,)
    target  class indices in [0, C), shape of input without C; or probabilities, shape of input
    weight  (C,): how much each class counts; a mean is then divided by the targets' weights
    ignore_index     targets of this value do not count
    label_smoothing  this share of each target is spread over all classes
    Raises ValueError for indices out of range and wrong shapes, TypeError for targets that are
    neither integers nor probabilities.
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing is in [0, 1], not {label_smoothing}")
    axis = 0 if input.ndim == 1 else 1
    values = np.asarray(as_value(target))
    soft = values.dtype.kind == "f" and values.shape == input.shape
    counts = None if soft else _counting(input, values, ignore_index, "cross_entropy")
    # l = -Σ_c d_c·log softmax(z)_c
    log_p = log_softmax(input, axis=axis)
    if not soft and not label_smoothing:
        return _negative_picked(log_p, values, weight, counts, reduction)
    classes = input.shape[axis]
    along = (classes,) + (1,) * (input.ndim - axis - 1)  # the axis of the classes, then the rest
    weighted = log_p if weight is None else log_p * np.reshape(_like(weight, input), along)
    if soft:
        _within(values, 0, 1, "cross_entropy: a target of floats holds probabilities and")
        target = target if target is not values else values.astype(input.dtype, copy=False)
        if label_smoothing:
            target = (1.0 - label_smoothing) * target + label_smoothing / classes
        losses = -np.sum(weighted * target, axis=axis)
        return _reduced(losses, reduction, max(losses.size, 1))
    spread = -np.sum(weighted, axis=axis)
    spread = spread if counts is None else np.where(counts, spread, 0.0)
    right = _negative_picked(log_p, values, weight, counts, "none")
    losses = (1.0 - label_smoothing) * right + label_smoothing / classes * spread
    return _reduced(losses, reduction, _total(values, counts, weight, input))


def nll_loss(
    input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    """The negative of the right classes' log-probabilities; arguments as of cross_entropy."""
    values = np.asarray(as_value(target))
    counts = _counting(input, values, ignore_index, "nll_loss")
    return _negative_picked(input, values, weight, counts, reduction)


def _counting(input: Any, target: Any, ignore_index: int, name: str) -> Any:
    """Which targets count, None for all of them; an error if they are no classes of ``input``."""
    shape = input.shape
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: target has dtype {target.dtype} and shape {target.shape}; give class indices "
            f"(integers)" + (f", or probabilities of shape {shape}" if name[0] == "c" else "")
        )
    batch = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if target.shape != batch:
        raise ValueError(
            f"{name}: target has shape {target.shape} and logits {shape}; there must be one class "
            f"index per row, shape {batch}"
            + (" (for logits (..., C) give logits.reshape(-1, C), target.reshape(-1))"
               if len(shape) > 2 else "")
        )  # fmt: skip
    classes = shape[1 if len(shape) > 1 else 0]
    valid = not target.size or (target.min() >= 0 and target.max() < classes)
    if valid and not 0 <= ignore_index < classes:
        return None
    counts = target != ignore_index
    given = target[counts]
    if given.size and not (given.min() >= 0 and given.max() < classes):
        raise ValueError(
            f"{name}: class indices from {given.min()} to {given.max()}, but the logits have "
            f"{classes} classes"
        )
    return counts


def _negative_picked(log_p: Any, target: Any, weight: Any, counts: Any, reduction: str) -> Any:
    """-w_d·log p_d for each target d, 0 for those that do not count; their mean is over Σ w_d."""
    shape, rows = target.shape, np.arange(target.size)
    index = target if counts is None else np.where(counts, target, 0)
    if log_p.ndim == 2:
        losses = -log_p[rows, index]
    else:  # to (rows, C), and back
        last = log_p if log_p.ndim == 1 else np.moveaxis(log_p, 1, -1)  # (N, d1, ..., C)
        flat = np.reshape(last, (target.size, last.shape[-1]))
        losses = np.reshape(-flat[rows, index.reshape(-1)], shape)
    if counts is not None:
        losses = np.where(counts, losses, 0.0)
    if weight is not None:
        losses = losses * _weights(weight, log_p)[index]
    return _reduced(losses, reduction, _total(target, counts, weight, log_p))


def _weights(weight: Any, input: Any) -> Any:
    weight, classes = _like(weight, input), input.shape[1 if input.ndim > 1 else 0]
    if weight.shape != (classes,):
        raise ValueError(f"weight has shape {weight.shape}; there are {classes} classes")
    return weight


def _total(target: Any, counts: Any, weight: Any, input: Any) -> Any:
    """Σ w_d over the targets that count, a Python float; None: there are no weights to add up."""
    if weight is None:
        return None if counts is None else float(np.count_nonzero(counts))
    return float(np.sum(_weights(weight, input)[target if counts is None else target[counts]]))


# -- as modules ------------------------------------------------------------------------------------


class MSELoss(FunctionLayer, of=mse_loss, operands=2):
    """The squared error (y - d)²; see :func:`mse_loss`."""


class HalfSquaredError(FunctionLayer, of=half_squared_error, operands=2):
    """½Σ(y - d)²; see :func:`half_squared_error`."""


class RMSELoss(FunctionLayer, of=rmse_loss, operands=2):
    """The root of the mean squared error; see :func:`rmse_loss`."""


class L1Loss(FunctionLayer, of=l1_loss, operands=2):
    """The absolute error |y - d|; see :func:`l1_loss`."""


class HuberLoss(FunctionLayer, of=huber_loss, operands=2):
    """Squared for small errors, absolute for large ones; see :func:`huber_loss`."""


class SmoothL1Loss(FunctionLayer, of=smooth_l1_loss, operands=2):
    """The Huber loss over beta; see :func:`smooth_l1_loss`."""


class PerceptronLoss(FunctionLayer, of=perceptron_loss, operands=2):
    """max(0, -d·v); see :func:`perceptron_loss`."""


class BCELoss(FunctionLayer, of=binary_cross_entropy, operands=2):
    """Cross-entropy of probabilities; see :func:`binary_cross_entropy`."""


class BCEWithLogitsLoss(FunctionLayer, of=binary_cross_entropy_with_logits, operands=2):
    """Cross-entropy of sigmoid(logits); see :func:`binary_cross_entropy_with_logits`."""


class NLLLoss(FunctionLayer, of=nll_loss, operands=2):
    """-log p of the right class; see :func:`nll_loss`."""


class CrossEntropyLoss(FunctionLayer, of=cross_entropy, operands=2):
    """-log softmax(logits) of the right class; see :func:`cross_entropy`."""
