"""Layers that bring what passes through them to mean 0 and variance 1, and then learn better ones.

Next to read: :mod:`nn.embedding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_tape import Variable
from autograd_tape.variable import as_value

from .check import expect_float
from .module import Module

__all__ = ["BatchNorm1d", "BatchNorm2d", "LayerNorm", "RMSNorm"]


class _OverFeatures(Module):
    """What LayerNorm and RMSNorm have in common: each vector of features by itself."""

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None,
        elementwise_affine: bool, dtype: Any,
    ) -> None:  # fmt: skip
        shape = normalized_shape if isinstance(normalized_shape, Sequence) else [normalized_shape]
        self.normalized_shape = tuple(int(n) for n in shape)
        if not self.normalized_shape:
            raise ValueError(f"{type(self).__name__}: normalized_shape must have at least one axis")
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._axes = tuple(range(-len(self.normalized_shape), 0))
        self.weight = None
        if elementwise_affine:
            self.weight = Variable(np.ones(self.normalized_shape, dtype), name="weight")

    def _check(self, x: Any) -> None:
        layer, want = type(self).__name__, self.normalized_shape
        expect_float(layer, x)
        if x.shape[-len(want) :] != want:
            raise ValueError(
                f"{layer}: the input has shape {x.shape}, and its last axes must be {want}"
            )

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, affine={self.elementwise_affine}"


class LayerNorm(_OverFeatures):
    """Each vector of features to mean 0 and variance 1, then a gain and a shift for each feature.

    x: (..., *normalized_shape) -> the same shape
    weight (gain γ) and bias (shift β): normalized_shape; no bias with ``bias=False``, neither with
    ``elementwise_affine=False``

        y = γ·(x - E[x]) / √(Var[x] + ε) + β    over the last axes; Var is the mean square

    Source: Ba et al. 2016, "Layer normalization"; 003 §13.1, which leaves out ε, γ and β.
    Raises ValueError for other shapes, TypeError for integers.
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5,
        elementwise_affine: bool = True, bias: bool = True, *, dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(normalized_shape, eps, elementwise_affine, dtype)
        self.bias = None
        if elementwise_affine and bias:
            self.bias = Variable(np.zeros(self.normalized_shape, dtype), name="bias")

    def forward(self, x: Any) -> Any:
        self._check(x)
        # y = γ·(x - E[x]) / √(Var[x] + ε) + β
        centered = x - np.mean(x, axis=self._axes, keepdims=True)
        variance = np.mean(centered**2, axis=self._axes, keepdims=True)
        y = centered * (1 / np.sqrt(variance + self.eps))
        if self.weight is not None:
            y = y * self.weight
        return y if self.bias is None else y + self.bias


class RMSNorm(_OverFeatures):
    """Each vector of features to mean square 1, then a gain for each feature.

    x: (..., *normalized_shape) -> the same shape
    weight (gain γ): normalized_shape; none with ``elementwise_affine=False``
    eps: the smallest step of the input's dtype above 1 if none is given

        y = γ·x / √(E[x²] + ε)    over the last axes

    Source: Zhang and Sennrich 2019, "Root mean square layer normalization".
    Raises ValueError for other shapes, TypeError for integers.
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None,
        elementwise_affine: bool = True, *, dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(normalized_shape, eps, elementwise_affine, dtype)

    def forward(self, x: Any) -> Any:
        self._check(x)
        eps = float(np.finfo(x.dtype).eps) if self.eps is None else self.eps
        # y = γ·x / √(E[x²] + ε)
        y = x * (1 / np.sqrt(np.mean(x**2, axis=self._axes, keepdims=True) + eps))
        return y if self.weight is None else y * self.weight


class _BatchNorm(Module):
    """What BatchNorm1d and BatchNorm2d have in common; ``_shapes`` says what they take."""

    _shapes: tuple[str, ...]

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
        affine: bool = True, track_running_stats: bool = True, *, dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = self.bias = None
        if affine:
            self.weight = Variable(np.ones(num_features, dtype), name="weight")
            self.bias = Variable(np.zeros(num_features, dtype), name="bias")
        self.running_mean: Any = None
        self.running_var: Any = None
        self.num_batches_tracked: Any = None
        if track_running_stats:
            self.running_mean = np.zeros(num_features, dtype)
            self.running_var = np.ones(num_features, dtype)
            self.num_batches_tracked = np.array(0, np.int64)

    def forward(self, x: Any) -> Any:
        self._check(x)
        channels = x.swapaxes(0, 1)  # (C, N, ...)
        rows = channels.reshape(self.num_features, x.size // max(self.num_features, 1))
        if self.training or self.running_mean is None:
            mean = np.mean(rows, axis=1)
            centered = rows - mean[:, None]
            variance = np.mean(centered**2, axis=1)
            self._observe(as_value(mean), as_value(variance), rows.shape[1])
        else:
            centered, variance = rows - self.running_mean[:, None], self.running_var
        # y = γ·(x - mean) / √(variance + ε) + β, for each channel
        scale = 1 / np.sqrt(variance + self.eps)
        if self.weight is not None:
            scale = self.weight * scale
        y = centered * scale[:, None]
        if self.bias is not None:
            y = y + self.bias[:, None]
        return y.reshape(channels.shape).swapaxes(0, 1)

    def _observe(self, mean: Any, variance: Any, n: int) -> None:
        """Let the running statistics follow those of a batch."""
        if not self.training or self.running_mean is None:
            return
        self.num_batches_tracked += 1
        # m ← m + α·(mean - m), and so for the variance, which is taken as unbiased there; without
        # a momentum α is such that m is the average over all batches
        rate = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean += rate * (mean - self.running_mean)
        self.running_var += rate * (variance * (n / (n - 1)) - self.running_var)

    def _check(self, x: Any) -> None:
        layer = type(self).__name__
        expect_float(layer, x)
        shapes = [s for s in self._shapes if x.ndim == s.count(",") + 1]
        if not shapes or x.shape[1] != self.num_features:
            raise ValueError(
                f"{layer}: the input has shape {x.shape}, and must have "
                f"{' or '.join(self._shapes)} with C = {self.num_features}"
            )
        if (self.training or self.running_mean is None) and x.size < 2 * self.num_features:
            raise ValueError(
                f"{layer}: the input has shape {x.shape}, and a variance needs at least two values "
                "per channel; give a larger batch, or call eval() to use the running statistics"
            )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """:class:`BatchNorm2d` for vectors (N, C) or sequences (N, C, L)."""

    _shapes = ("(N, C)", "(N, C, L)")


class BatchNorm2d(_BatchNorm):
    """Each channel to mean 0 and variance 1 over the whole batch, then a gain and a shift.

    x: (N, C, H, W) -> the same shape
    weight (gain γ) and bias (shift β): (C,); none with ``affine=False``
    running_mean, running_var: (C,), num_batches_tracked: (): what is used in ``eval()``; without
    ``track_running_stats`` each batch is measured by itself always

        y = γ·(x - E[x]) / √(Var[x] + ε) + β    over N, H and W

    momentum  the share of a new batch in the running statistics; None for equal shares of all
    Source: Ioffe and Szegedy 2015, "Batch normalization".
    Raises ValueError for other shapes and for a single value per channel in training, TypeError
    for integers.
    """

    _shapes = ("(N, C, H, W)",)
