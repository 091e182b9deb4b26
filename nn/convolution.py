"""Convolutional layers (003 §10): one small matrix of weights slides over the whole input.

What lies under each weight of the kernel is one strided slice of the input; the slices stacked are
the columns that one matrix product needs, and their adjoints are added up slice by slice.

Next to read: :mod:`nn.pooling`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from autograd_tape import Variable

from . import init
from .check import expect_float
from .module import Module

__all__ = ["Conv1d", "Conv2d"]

_PADDINGS = ("valid", "same", "full")


def per_axis(layer: str, name: str, value: Any, n: int, least: int) -> tuple[int, ...]:
    """``value`` for each of ``n`` axes: one integer for all of them, or one each."""
    values = tuple(value) if isinstance(value, Sequence) else (value,) * n
    whole = all(isinstance(v, (int, np.integer)) and v >= least for v in values)
    if len(values) != n or not whole or isinstance(value, str):
        raise ValueError(f"{layer}: {name} is an integer ≥ {least}, or {n} of them, not {value!r}")
    return tuple(int(v) for v in values)


def shifted(
    x: Any, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...],
    out: tuple[int, ...],
) -> list[Any]:  # fmt: skip
    """What lies under each element of a kernel as it slides over the last axes of ``x``.

    x: (..., *size) -> prod(kernel) slices of shape (..., *out), in the kernel's own order
    """
    return [
        x[(..., *(
            slice(i * d, i * d + (n - 1) * s + 1, s)
            for i, d, s, n in zip(place, dilation, stride, out, strict=True)
        ))]
        for place in product(*map(range, kernel))
    ]  # fmt: skip


class _Conv(Module):
    """What Conv1d and Conv2d have in common; ``_axes`` names those that the kernel slides along."""

    _axes: str

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True, *,
        dtype: Any = np.float32, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        layer, n = type(self).__name__, len(self._axes)
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{layer}: groups={groups} must divide in_channels={in_channels} and "
                f"out_channels={out_channels}"
            )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = per_axis(layer, "kernel_size", kernel_size, n, 1)
        self.stride = per_axis(layer, "stride", stride, n, 1)
        self.dilation = per_axis(layer, "dilation", dilation, n, 1)
        self.padding = padding
        self._widths = self._padding_of(padding)

        rng = np.random.default_rng(rng)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        bound = 1 / max(math.prod(shape[1:]), 1) ** 0.5
        self.weight = Variable(init.uniform(shape, rng, -bound, bound, dtype=dtype), name="weight")
        self.bias = None
        if bias:
            values = init.uniform((out_channels,), rng, -bound, bound, dtype=dtype)
            self.bias = Variable(values, name="bias")

    def _padding_of(self, padding: Any) -> tuple[tuple[int, int], ...]:
        """(before, after) of each axis."""
        layer, n = type(self).__name__, len(self._axes)
        if not isinstance(padding, str):
            return tuple((p, p) for p in per_axis(layer, "padding", padding, n, 0))
        if padding not in _PADDINGS:
            raise ValueError(
                f"{layer}: padding is a number, {n} numbers or one of {_PADDINGS}, not {padding!r}"
            )
        if padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError(
                f"{layer}: padding='same' keeps the size of the input, and stride={self.stride} "
                "does not; give the padding in numbers"
            )
        spans = [d * (k - 1) for k, d in zip(self.kernel_size, self.dilation, strict=True)]
        if padding == "full":
            return tuple((span, span) for span in spans)
        return tuple((s // 2, s - s // 2) if padding == "same" else (0, 0) for s in spans)

    def forward(self, x: Any) -> Any:
        expect_float(type(self).__name__, x)
        if x.ndim == len(self._axes) + 1:  # no batch
            return self._batch(x[None])[0]
        return self._batch(x)

    def _batch(self, x: Any) -> Any:
        out = self._out(x.shape)
        x = x.swapaxes(0, 1)  # (C, N, *size): images lie side by side in each row of the columns
        if any(width != (0, 0) for width in self._widths):
            x = np.pad(x, ((0, 0), (0, 0), *self._widths))
        parts = shifted(x, self.kernel_size, self.stride, self.dilation, out)
        columns = np.stack(parts, axis=1)  # (C, K, N, *out) with K = prod(kernel_size)

        # y_o = b_o + Σ_c Σ_k w_ock · x_c(k), all positions of all images in one product per group
        g, o, n = self.groups, self.out_channels, x.shape[1]
        k = math.prod(self.weight.shape[1:])
        columns = columns.reshape(g, k, n * math.prod(out))
        y = self.weight.reshape(g, o // g, k) @ columns
        y = y.reshape(o, n * math.prod(out))
        if self.bias is not None:
            y = y + self.bias[:, None]
        return y.reshape(o, n, *out).swapaxes(0, 1)  # (N, O, *out)

    def _out(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The size of the output along each axis; raises ValueError if the input does not fit."""
        layer, size = type(self).__name__, shape[2:]
        if len(size) != len(self._axes) or shape[1] != self.in_channels:
            want = ", ".join(["N", str(self.in_channels), *self._axes])
            raise ValueError(f"{layer}: the input has shape {shape}, and must have ({want})")
        out = tuple(
            (n + before + after - d * (k - 1) - 1) // s + 1
            for n, (before, after), k, s, d in zip(
                size, self._widths, self.kernel_size, self.stride, self.dilation, strict=True
            )
        )
        if any(n < 1 for n in out):
            raise ValueError(
                f"{layer}: kernel_size={self.kernel_size} with dilation={self.dilation} does not "
                f"fit into an input of size {size} with padding={self.padding!r}"
            )
        return out

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        text += f", stride={self.stride}"
        if self.padding not in (0, "valid"):
            text += f", padding={self.padding!r}"
        if any(d != 1 for d in self.dilation):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text if self.bias is not None else text + ", bias=False"


class Conv1d(_Conv):
    """A kernel that slides along a sequence.

    x: (N, in_channels, L) or (in_channels, L) -> (N, out_channels, L') or (out_channels, L')
    weight: (out_channels, in_channels / groups, kernel), bias: (out_channels,)

        y[o, l] = b[o] + Σ_c Σ_i w[o, c, i]·x[c, l·stride + i·dilation - padding]

    For the arguments and errors see :class:`Conv2d`.
    """

    _axes = "L"


class Conv2d(_Conv):
    """A kernel that slides over an image; every place is seen through the same weights.

    x: (N, in_channels, H, W) or (in_channels, H, W) -> (N, out_channels, H', W'), or without N,
       with H' = ⌊(H + padding before and after - dilation·(kernel - 1) - 1) / stride⌋ + 1
    weight: (out_channels, in_channels / groups, kh, kw), bias: (out_channels,)

        y[o, h, w] = b[o] + Σ_c Σ_ij w[o, c, i, j]·x[c, h·stride + i - padding, w·stride + j - ...]

    kernel_size, stride, dilation  a number, or one for each axis
    padding   zeros on each side: a number, one for each axis, "valid" (none), "same" (the size
              stays; an odd one goes behind) or "full" (kernel - 1 on each side, so that every
              pixel is seen equally often; PyTorch has no such word)
    groups    the channels fall into that many groups that do not see each other

    Memory: as many copies of the input as the kernel has elements.
    Source: 003 §10.2.1; LeCun et al. 1989, "Backpropagation applied to handwritten zip code
    recognition".  Raises ValueError for shapes that do not fit, TypeError for integers.
    """

    _axes = "HW"
