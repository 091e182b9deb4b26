"""Losses as functions; the modules are in :mod:`nn.activations`.

``reduction`` is PyTorch's: "mean" (default), "sum", or "none" for one value per element.  The mean
of nothing (an empty batch, every target ignored) is 0.  Input and target have one shape, but where
targets are classes; a plain target takes the input's dtype.

Next to read: :mod:`nn.activations`.
"""

from typing import Any

import numpy as np

from autograd_tape import where_safe
from autograd_tape.primitives.softmax import log_softmax
from autograd_tape.variable import as_value

from .check import expect, expect_float, require

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy",
    "half_squared_error", "l1_loss", "mse_loss", "nll_loss", "perceptron_loss", "rmse_loss",
]  # fmt: skip


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared error (y - d)²."""
    return _reduced((input - _aligned("mse_loss", input, target)) ** 2, reduction)


def half_squared_error(input: Any, target: Any, reduction: str = "sum") -> Any:
    """Half of the squared error, summed: E = ½Σ(y - d)² (003 §3.2)."""
    return _reduced(0.5 * (input - _aligned("half_squared_error", input, target)) ** 2, reduction)


def rmse_loss(input: Any, target: Any) -> Any:
    """√(Σ(y - d)²/n) = ‖y - d‖/√n; its gradient where all errors are 0 is 0."""
    error = input - _aligned("rmse_loss", input, target)
    return np.linalg.norm(np.ravel(error)) / max(error.size, 1) ** 0.5


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The absolute error |y - d|: MAE, "MAD" in the notes."""
    return _reduced(np.abs(input - _aligned("l1_loss", input, target)), reduction)


def perceptron_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The perceptron criterion max(0, -d·v) of v = wᵀx for desired signs d = ±1 (003 §2).

    Its gradient in w is -d·x on mistakes and 0 elsewhere: the fixed-increment rule.  v = 0 counts
    as a mistake, so that weights may start at 0.  Raises ValueError for other targets than ±1.
    """
    target = _aligned("perceptron_loss", input, target)
    signs = np.abs(as_value(target)) == 1
    require(signs.all(), "perceptron_loss: targets must be -1 or 1; for 0 or 1 give 2·target - 1")
    return _reduced(np.clip(-target * input, 0.0, None), reduction)  # clip's slope at 0 is 1


def binary_cross_entropy(input: Any, target: Any, reduction: str = "mean") -> Any:
    """-(d·log p + (1 - d)·log(1 - p)); input and target in [0, 1], else ValueError.

    From logits the next one is more exact.
    """
    target = _aligned("binary_cross_entropy", input, target)
    _expect_probabilities("binary_cross_entropy: input (of logits: ..._with_logits)", input)
    _expect_probabilities("binary_cross_entropy: target", target)
    return _reduced(-(target * _log(input) + (1.0 - target) * _log(1.0 - input)), reduction)


def _log(p: Any) -> Any:
    """log p; at p = 0 the value -100 and slope 1e12, as PyTorch has them in its BCE."""
    positive = np.asarray(as_value(p) > 0)
    return np.log(p) if positive.all() else where_safe(positive, np.log, p, 1e12 * p - 100.0)


def binary_cross_entropy_with_logits(input: Any, target: Any, reduction: str = "mean") -> Any:
    """binary_cross_entropy of sigmoid(z), stable for any logits z; the gradient is ŷ - d."""
    target = _aligned("binary_cross_entropy_with_logits", input, target)
    _expect_probabilities("binary_cross_entropy_with_logits: target", target)
    # l = (1 - d)·z + log(1 + e^-z)
    return _reduced((1.0 - target) * input + np.logaddexp(-input, 0.0), reduction)


def cross_entropy(
    input: Any, target: Any, weight: Any = None, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """-Σ_c w_c·d_c·log softmax(z)_c, stable: 000's "binary" cross-entropy, for C classes.

    input   logits z: (N, C), (N, C, d1, ...), or (C,)
    target  class indices in [0, C), shape of input without C; or probabilities, shape of input
    weight  (C,): how much each class counts; the mean over indices is divided by their weights
    ignore_index     indices of this value do not count
    label_smoothing  this share of each target is spread over all classes
    Raises ValueError for wrong shapes and values, TypeError for targets of other dtypes.
    """
    expect_float("cross_entropy: the input", input)
    log_p = log_softmax(input, axis=min(input.ndim - 1, 1))
    return nll_loss(log_p, target, weight, ignore_index, reduction, label_smoothing)


def nll_loss(
    input: Any, target: Any, weight: Any = None, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """The same of log-probabilities, -Σ_c w_c·d_c·log p_c; arguments as of cross_entropy."""
    expect_float("cross_entropy: the input", input)
    require(input.ndim, "cross_entropy: the input has shape (), and no axis of classes")
    require(0 <= label_smoothing <= 1, "cross_entropy: label_smoothing must be in [0, 1]")
    log_p, given = input, np.asarray(as_value(target))
    axis = min(input.ndim - 1, 1)
    counts, total = True, None  # which targets count, and what a mean divides by
    if weight is not None:
        weight = _like(input, weight)
        expect("cross_entropy: weight", weight, input.shape[axis : axis + 1])
        log_p = log_p * np.reshape(weight, (-1,) + (1,) * (input.ndim - 1 - axis))
    if given.dtype.kind == "f" and given.shape == input.shape:
        _expect_probabilities("cross_entropy: a target of floats holds probabilities and", given)
        losses = -np.sum(log_p * _like(input, target), axis=axis)
    else:
        index, counts = _class_indices(given, input.shape, ignore_index)
        others = np.indices(index.shape, sparse=True)
        losses = -log_p[(*others[:axis], index, *others[axis:])]
        if counts is not True or weight is not None:
            total = float(np.sum(counts * (1.0 if weight is None else weight[index])))
    if label_smoothing:
        losses = (1.0 - label_smoothing) * losses - label_smoothing * np.mean(log_p, axis=axis)
    losses = losses if counts is True else np.where(counts, losses, 0.0)
    return _reduced(losses, reduction, total)


def _class_indices(target: Any, shape: tuple[int, ...], ignore_index: int) -> tuple[Any, Any]:
    """The class indices, 0 where ignored, and which of them count: an array, or True for all."""
    batch, classes = (shape[:1] + shape[2:], shape[1]) if len(shape) > 1 else ((), shape[0])
    integers = target.dtype.kind in "iu"
    if not integers or target.shape != batch:
        raise (ValueError if integers else TypeError)(
            f"cross_entropy: target has shape {target.shape} and dtype {target.dtype}; for input "
            f"{shape} give class indices (integers) {batch}, or probabilities {shape}; for logits "
            "(..., C) give logits.reshape(-1, C) and target.reshape(-1)"
        )
    counts = target != ignore_index
    every = bool(np.count_nonzero(counts) == target.size)
    index = target if every else np.where(counts, target, 0)
    wrong = index[index.astype(np.uint64) >= classes]  # (a negative number becomes a large one)
    if wrong.size:
        raise ValueError(f"cross_entropy: target has index {wrong[0]}, of only {classes} classes")
    return index, every or counts


def _reduced(losses: Any, reduction: str, total: Any = None) -> Any:
    """``total`` is what a mean divides by, if not the number of losses."""
    require(reduction in ("mean", "sum", "none"), "reduction must be 'mean', 'sum' or 'none'")
    if reduction == "mean":
        own = total is None and losses.size
        return np.mean(losses) if own else np.sum(losses) / (total or 1)
    return np.sum(losses) if reduction == "sum" else losses


def _aligned(name: str, input: Any, target: Any) -> Any:
    """The target, in the input's dtype if plain; an error unless they have one shape."""
    expect_float(f"{name}: the input", input)
    target = _like(input, target)
    if target.shape != input.shape:  # broadcasting here is nearly always a mistake
        raise ValueError(f"{name}: target has shape {target.shape}, and must have {input.shape}")
    return target


def _like(input: Any, x: Any) -> Any:
    """``x`` in the input's dtype, if it is plain."""
    return np.asarray(x, input.dtype) if x is as_value(x) else x


def _expect_probabilities(what: str, x: Any) -> None:
    x = np.asarray(as_value(x))
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"{what} must lie in [0, 1], but it has {x.min()}..{x.max()}")
