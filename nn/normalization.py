"""Layers that steady training: normalisation, dropout.  Next to read: :mod:`nn.recurrent`."""

from typing import Any

import numpy as np

from autograd_tape.variable import Variable, as_value

from .check import expect, expect_float, require
from .module import Module

__all__ = ["BatchNorm1d", "BatchNorm2d", "Dropout", "LayerNorm", "RMSNorm"]


class RMSNorm(Module):
    """Each vector of features to mean square 1, then a gain for each feature.

    x: (..., *normalized_shape) -> the same shape;  weight (gain γ): normalized_shape
    y = γ·x / √(E[x²] + ε), E over the last axes; ε is the dtype's if no ``eps`` is given
    Source: Zhang and Sennrich 2019, "Root mean square layer normalization".
    Raises ValueError for other shapes, TypeError for integers.
    """

    def __init__(
        self, normalized_shape: Any, eps: float | None = None, *, dtype: Any = np.float32
    ) -> None:
        shape = self.normalized_shape = tuple(np.atleast_1d(normalized_shape).tolist())
        require(shape, f"{type(self).__name__}: normalized_shape must have at least one axis")
        self.eps, self._axes = eps, tuple(range(-len(shape), 0))
        self.weight = Variable(np.ones(shape, dtype))

    def forward(self, x: Any) -> Any:
        expect("RMSNorm: the input", x, (..., *self.normalized_shape))
        eps = np.finfo(x.dtype).eps.item() if self.eps is None else self.eps
        # y = γ·x / √(E[x²] + ε)
        return x * (1 / np.sqrt(np.mean(x**2, axis=self._axes, keepdims=True) + eps)) * self.weight


class LayerNorm(RMSNorm):
    """:class:`RMSNorm` of x - E[x], so of mean 0 and variance 1, then a shift for each feature.

    y = γ·(x - E[x]) / √(Var[x] + ε) + β;  bias (shift β): normalized_shape, or None
    Source: Ba et al. 2016, "Layer normalization"; 003 §13.1, which leaves out ε, γ and β.
    """

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, *, bias: bool = True,
        dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(normalized_shape, eps, dtype=dtype)
        self.bias = Variable(np.zeros(self.normalized_shape, dtype)) if bias else None

    def forward(self, x: Any) -> Any:
        expect("LayerNorm: the input", x, (..., *self.normalized_shape))
        # y = RMSNorm(x - E[x]) + β
        y = super().forward(x - np.mean(x, axis=self._axes, keepdims=True))
        return y if self.bias is None else y + self.bias


class BatchNorm2d(Module):
    """Each channel to mean 0 and variance 1 over the whole batch, then a gain and a shift.

    x: (N, C, H, W) -> the same shape;  weight (gain γ) and bias (shift β): (C,)
    y = γ·(x - E[x]) / √(Var[x] + ε) + β, E over N, H and W; in ``eval()`` with the buffers
    running_mean, running_var: (C,), in which each batch in training has the share ``momentum``
    Source: Ioffe and Szegedy 2015, "Batch normalization".  Raises TypeError for integers,
    ValueError for other shapes and for a single value per channel in training.
    """

    _axes: tuple[str, ...] = ("HW",)

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, *,
        dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        self.eps, self.momentum = eps, momentum
        c = self.num_features = num_features
        self.weight, self.bias = Variable(np.ones(c, dtype)), Variable(np.zeros(c, dtype))
        self.running_mean, self.running_var = np.zeros(c, dtype), np.ones(c, dtype)
        self.num_batches_tracked = np.array(0)

    def forward(self, x: Any) -> Any:
        layer, c, alpha = type(self).__name__, self.num_features, self.momentum
        expect(f"{layer}: the input", x, *(("N", c, *axes) for axes in self._axes))
        channels = x.swapaxes(0, 1)
        rows = channels.reshape(c, -1)
        if self.training:
            n = rows.shape[1]
            require(n > 1, f"{layer}: a variance needs two values per channel, not {n}; give a "
                           "larger batch, or call eval()")  # fmt: skip
            mean = np.mean(rows, axis=1)
            centered = rows - mean[:, None]
            variance = np.mean(centered**2, axis=1)
            # m ← m + α·(E[x] - m), and so for the variance, which is taken as unbiased there
            self.num_batches_tracked += 1
            self.running_mean += alpha * (as_value(mean) - self.running_mean)
            self.running_var += alpha * (as_value(variance) * n / (n - 1) - self.running_var)
        else:
            centered, variance = rows - self.running_mean[:, None], self.running_var
        # y = γ·(x - E[x]) / √(Var[x] + ε) + β
        scale = self.weight * (1 / np.sqrt(variance + self.eps))
        y = centered * scale[:, None] + self.bias[:, None]
        return y.reshape(channels.shape).swapaxes(0, 1)


class BatchNorm1d(BatchNorm2d):
    """:class:`BatchNorm2d` for vectors (N, C) or sequences (N, C, L)."""

    _axes = ("", "L")


class Dropout(Module):
    """y = x·m / (1 - p), m = 0 with probability p and else 1, in ``train()``; x in ``eval()``.

    x: any shape -> the same;  rng: a generator or a seed, kept as ``layer.rng``
    Source: Srivastava et al. 2014, "Dropout"; 000.  Raises ValueError for p outside of [0, 1],
    TypeError for integers; an error within ``checkpoint``: its second run would draw other zeros.
    """

    def __init__(self, p: float = 0.5, *, rng: Any = None) -> None:
        require(0 <= p <= 1, f"Dropout: p is a probability between 0 and 1, not {p}")
        self.p, self.rng = p, np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        expect_float("Dropout: the input", x)
        if self.training and self.p > 0:
            # y = x·m / (1 - p), and 0 if p = 1
            kept = self.rng.random(x.shape, np.float32) >= self.p
            x = x * (kept * np.asarray(1 / (1 - self.p) if self.p < 1 else 0, x.dtype))
        return x
