"""Convolution and pooling: a kernel slides (003 §10.2).  Next to read: :mod:`nn.normalization`."""

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from .check import expect, require
from .module import Module, drawn

__all__ = ["AvgPool2d", "Conv1d", "Conv2d", "Flatten", "MaxPool2d"]


class _Sliding(Module):
    """Base of what slides a kernel over the last axes of its input; ``_axes`` names them."""

    _axes = "HW"

    def __init__(self, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1) -> None:
        self.kernel_size, self.stride = kernel_size, stride
        self.padding, self.dilation = padding, dilation
        self._kernel = self._per_axis("kernel_size")
        self._stride, self._dilation = self._per_axis("stride"), self._per_axis("dilation")
        self._spans = [d * (k - 1) for k, d in zip(self._kernel, self._dilation, strict=True)]
        if isinstance(padding, str):
            zeros = {"valid": 0, "same": 1, "full": 2}  # on both sides, in spans of the kernel
            words = f"a number, 'valid', 'full' or, with stride 1, 'same', not {padding!r}"
            fits = padding in zeros and (padding != "same" or max(self._stride) == 1)
            require(fits, f"{type(self).__name__}: padding is {words} with {stride=}")
            self._around = [zeros[padding] * span for span in self._spans]
        else:
            self._around = [2 * p for p in self._per_axis("padding", 0)]

    def _per_axis(self, name: str, least: int = 1) -> tuple[int, ...]:
        """The option ``name`` for each axis; one integer stands for all of them."""
        layer, value, n = type(self).__name__, getattr(self, name), len(self._axes)
        values = tuple(value) if isinstance(value, Sequence) else (value,) * n
        whole = all(isinstance(v, (int, np.integer)) and v >= least for v in values)
        wanted = f"an integer ≥ {least}, or {n} of them"
        require(whole and len(values) == n, f"{layer}: {name} is {wanted}, not {value!r}")
        return values

    def _slices(self, x: Any, outside: float = 0.0) -> list[Any]:
        """x: (..., *size) -> (..., *out) for each element of the kernel: what it sees."""
        n = len(self._axes)
        if any(self._around):
            widths = [(0, 0)] * (len(x.shape) - n) + [(p // 2, p - p // 2) for p in self._around]
            x = np.pad(x, widths, constant_values=outside)
        size = x.shape[-n:]
        starts = [m - span for m, span in zip(size, self._spans, strict=True)]
        if min(starts) < 1:
            raise ValueError(f"{self!r} does not fit into {size}, the input's size with padding")
        places = [
            [slice(i * d, i * d + m, s) for i in range(k)]
            for k, d, m, s in zip(self._kernel, self._dilation, starts, self._stride, strict=True)
        ]
        return [x[..., *place] for place in product(*places)]


class Conv2d(_Sliding):
    """A kernel that slides over an image: every place is seen through the same weights.

    x: (N, in_channels, H, W) -> (N, out_channels, H', W'), or both without N; the size is
       H' = ⌊(H + padding before and after - dilation·(kernel - 1) - 1) / stride⌋ + 1
    weight: (out_channels, in_channels / groups, kh, kw), bias: (out_channels,)
    kernel_size, stride, dilation  a number, or one for each axis
    padding  zeros on each side: a number, one for each axis, "valid" (none), "same" (the size
             stays; an odd one goes behind) or "full" (every pixel is seen equally often)
    groups   the channels fall into that many groups that do not see each other
    Equation: y[o, h, w] = b[o] + Σ_c Σ_ij w[o, c, i, j]·x[c, h·stride + i·dilation - padding, ...]
    Source: 003 §10.2.1; LeCun et al. 1989, "Backpropagation applied to handwritten zip code
    recognition".  Raises ValueError for shapes that do not fit, TypeError for integers.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True, *,
        dtype: Any = np.float32, rng: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size, stride, padding, dilation)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        whole = groups > 0 and in_channels % groups == out_channels % groups == 0
        channels = f"{in_channels=} and {out_channels=}"
        require(whole, f"{type(self).__name__}: {groups=} must divide {channels}")
        shape = (out_channels, in_channels // groups, *self._kernel)
        fan_in, biases = math.prod(shape[1:]), shape[:1] if bias else None
        self.weight, self.bias = drawn(fan_in, dtype, rng, shape, biases)

    def forward(self, x: Any) -> Any:
        c, o, g = self.in_channels, self.out_channels, self.groups
        expect(f"{type(self).__name__}: the input", x, ("N", c, *self._axes), (c, *self._axes))
        if len(x.shape) == len(self._axes) + 1:  # no batch
            return self.forward(x[None])[0]
        # (C, K, N, *out), K elements of the kernel: images lie side by side in each row
        columns = np.stack(self._slices(x.swapaxes(0, 1)), axis=1)
        n, *out = columns.shape[2:]
        k, places = math.prod(self.weight.shape[1:]), n * math.prod(out)
        # y_o = b_o + Σ_c Σ_k w_ock·x_c(k), all places of all images in one product per group
        y = (self.weight.reshape(g, o // g, k) @ columns.reshape(g, k, places)).reshape(o, places)
        y = y if self.bias is None else y + self.bias[:, None]
        return y.reshape(o, n, *out).swapaxes(0, 1)  # (N, O, *out)


class Conv1d(Conv2d):
    """:class:`Conv2d` along a sequence: (N, in_channels, L) -> (N, out_channels, L')."""

    _axes = "L"


class MaxPool2d(_Sliding):
    """The largest element of each window (003 §10.2.2), y[h, w] = max_ij x[h·stride + i, ...].

    x: (..., H, W) -> (..., H', W'), sizes, options and errors as of :class:`Conv2d`; the stride is
    the kernel's size if none is given; outside is -∞
    Where several are the largest they share the adjoint (PyTorch gives it to the first).
    """

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__(kernel_size, kernel_size if stride is None else stride, padding)
        inside = all(p <= k for p, k in zip(self._around, self._kernel, strict=True))
        require(inside, f"{type(self).__name__}: padding={padding} is more than half the kernel")

    def _windows(self, x: Any, outside: float) -> Any:
        expect(f"{type(self).__name__}: the input", x, (..., "H", "W"))
        return np.stack(self._slices(x, outside))  # (kh·kw, ..., H', W')

    def forward(self, x: Any) -> Any:
        return np.max(self._windows(x, -np.inf), axis=0)


class AvgPool2d(MaxPool2d):
    """The mean of each window, otherwise as :class:`MaxPool2d`; outside is 0."""

    def forward(self, x: Any) -> Any:
        return np.mean(self._windows(x, 0.0), axis=0)


class Flatten(Module):
    """All axes but the first as one: (N, a, b, ...) -> (N, a·b·...)."""

    def forward(self, x: Any) -> Any:
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))  # (-1 is ambiguous if N = 0)
