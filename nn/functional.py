"""Activations, losses and ``linear`` as functions of arrays or Variables.

An activation works element by element on any shape, and keeps the dtype.  None looks at the values
to choose a branch, so a recorded one can be replayed.  Next to read: :mod:`nn.activations`.
"""

import math
from typing import Any

import numpy as np

from autograd_tape import primitives, where_safe
from autograd_tape.variable import as_value

from .check import asarray, expect, expect_float, require

# NumPy's: |x| with derivative 0 at 0; the sign, a plain array that no gradient passes; tanh
abs, sign, tanh = np.abs, np.sign, np.tanh


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x·Wᵀ + b; x: (..., in), weight: (out, in), bias: (out,) -> (..., out)."""
    y = x @ weight.T
    return y if bias is None else y + bias


def step(x: Any, threshold: float = 0.0) -> Any:
    """1 where x >= threshold, else 0 (003 §1.1.1); a plain array: no gradient passes."""
    reached = x >= threshold  # a comparison: v.explain() will say that the path ended here
    return float(reached) if reached.__class__ is bool else reached.astype(as_value(x).dtype)


def identity(x: Any) -> Any:
    """x itself."""
    return x


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


def softplus(x: Any) -> Any:
    """log(1 + eˣ) = log(eˣ + e⁰), a smooth relu: "SReLU" in 004."""
    return np.logaddexp(x, 0.0)


def silu(x: Any) -> Any:
    """x·sigmoid(x) (Hendrycks & Gimpel 2016), also called swish (Ramachandran et al. 2017)."""
    return x * sigmoid(x)


def mish(x: Any) -> Any:
    """x·tanh(softplus(x)) (Misra 2019)."""
    return x * np.tanh(softplus(x))


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


def sigmoid(x: Any, alpha: float = 1.0) -> Any:
    """1 / (1 + exp(-alpha·x)); alpha is the slope of 003 §1.1.1."""
    plain = alpha.__class__ is float and alpha == 1.0
    return primitives.exponential.sigmoid(x if plain else alpha * x)


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


# Losses.  Input and target have one shape, but where targets are classes; a plain target takes the
# input's dtype.  ``reduction`` is "mean", "sum", or "none" for one value per element; the mean of
# nothing (an empty batch, every target ignored) is 0.


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
    """-(d·log p + (1 - d)·log(1 - p)); input and target in [0, 1], else ValueError."""
    target = _aligned("binary_cross_entropy", input, target)
    _expect_probabilities("binary_cross_entropy: input (of logits: ..._with_logits)", input)
    _expect_probabilities("binary_cross_entropy: target", target)
    return _reduced(-(target * _log(input) + (1.0 - target) * _log(1.0 - input)), reduction)


def _log(p: Any) -> Any:
    """log p; at p = 0 the value -100 and slope 1e12, as PyTorch has them in its BCE."""
    positive = asarray(as_value(p) > 0)
    return np.log(p) if positive.all() else where_safe(positive, np.log, p, 1e12 * p - 100.0)


def binary_cross_entropy_with_logits(input: Any, target: Any, reduction: str = "mean") -> Any:
    """binary_cross_entropy of sigmoid(z), stable for any logits z; the gradient is ŷ - d."""
    target = _aligned("binary_cross_entropy_with_logits", input, target)
    _expect_probabilities("binary_cross_entropy_with_logits: target", target)
    # l = (1 - d)·z + log(1 + e^-z)
    return _reduced((1.0 - target) * input + np.logaddexp(-input, 0.0), reduction)


def cross_entropy(
    input: Any, target: Any, weight: Any = None, *, ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """-Σ_c w_c·d_c·log softmax(z)_c, stable: 000's "binary" cross-entropy, for C classes.

    input   logits z: (N, C), (N, C, d1, ...), or (C,)
    target  class indices in [0, C), shape of input without C, where ``ignore_index`` does not
            count; or probabilities, shape of input
    weight  (C,): how much each class counts; the mean over indices is divided by their weights
    Raises ValueError for wrong shapes and values, TypeError for targets of other dtypes.
    """
    expect_float("cross_entropy: the input", input)
    log_p = log_softmax(input, min(input.ndim - 1, 1))
    return nll_loss(log_p, target, weight, ignore_index=ignore_index, reduction=reduction)


def nll_loss(
    input: Any, target: Any, weight: Any = None, *, ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """The same of log-probabilities, -Σ_c w_c·d_c·log p_c; arguments as of cross_entropy."""
    expect("cross_entropy: the input", input, (..., "C"))
    given, shape, axis = asarray(as_value(target)), input.shape, min(input.ndim - 1, 1)
    batch, C = shape[:axis] + shape[axis + 1 :], shape[axis]
    w = None if weight is None else asarray(weight, input.dtype)
    require(w is None or w.shape == (C,), f"cross_entropy: weight must be {(C,)}")
    if given.dtype.kind == "f" and given.shape == shape:
        _expect_probabilities("cross_entropy: a target of floats holds probabilities and", given)
        target = _aligned("cross_entropy", input, target)
        target = target if w is None else target * w.reshape((-1,) + (1,) * (len(batch) - axis))
        return _reduced(-np.sum(input * target, axis=axis), reduction)
    if given.dtype.kind not in "iu" or given.shape != batch:
        raise (ValueError if given.dtype.kind in "iu" else TypeError)(
            f"cross_entropy: target has shape {given.shape} and dtype {given.dtype}; for input "
            f"{shape} give class indices (integers) {batch}, or probabilities {shape}; for logits "
            "(..., C) give logits.reshape(-1, C) and target.reshape(-1)"
        )
    index, n, counts = given, given.size, 1
    bad = given.astype(np.uint64) >= C  # (a negative number becomes a large one)
    if 0 <= ignore_index < C or bad.any():
        counts = given != ignore_index
        index, n, bad = np.where(counts, given, 0), np.count_nonzero(counts), bad & counts
        if bad.any():
            raise ValueError(f"cross_entropy: target has index {given[bad][0]}, of {C} classes")
    others = np.indices(batch, sparse=True)
    losses = -input[(*others[:axis], index, *others[axis:])]
    losses = losses if n == given.size else np.where(counts, losses, 0.0)
    total = n if w is None else np.sum(w[index] * counts)
    return _reduced(losses if w is None else losses * w[index], reduction, total)


def _reduced(losses: Any, reduction: str, n: Any = None) -> Any:
    """``n`` is what a mean divides by, if not the number of losses."""
    require(reduction in ("mean", "sum", "none"), "reduction must be 'mean', 'sum' or 'none'")
    if reduction == "mean":
        own = losses.size and (n is None or n == losses.size)
        return np.mean(losses) if own else np.sum(losses) / (n or 1)
    return np.sum(losses) if reduction == "sum" else losses


def _aligned(name: str, input: Any, target: Any) -> Any:
    """The target, in the input's dtype if plain; an error unless they have one shape."""
    expect_float(f"{name}: the input", input)
    target = asarray(target, input.dtype) if target is as_value(target) else target
    expect(f"{name}: target", target, input.shape)  # broadcasting is nearly always a mistake
    return target


def _expect_probabilities(what: str, x: Any) -> None:
    x = asarray(as_value(x))
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"{what} must lie in [0, 1], but it has {x.min()}..{x.max()}")
