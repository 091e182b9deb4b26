"""Pooling (003 §10.2.2): one number for each small window of an image; nothing is learnt.

Next to read: :mod:`nn.normalization`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .check import expect_float
from .convolution import per_axis, shifted
from .module import Module

__all__ = ["AvgPool2d", "Flatten", "MaxPool2d"]


class _Pool2d(Module):
    """What both kinds have in common: where the windows lie."""

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False
    ) -> None:
        layer = type(self).__name__
        self.kernel_size = per_axis(layer, "kernel_size", kernel_size, 2, 1)
        self.stride = per_axis(layer, "stride", kernel_size if stride is None else stride, 2, 1)
        self.padding = per_axis(layer, "padding", padding, 2, 0)
        self.ceil_mode = ceil_mode
        if any(2 * p > k for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError(
                f"{layer}: padding={self.padding} is more than half of "
                f"kernel_size={self.kernel_size}, so that a window may lie wholly outside"
            )

    def _windows(self, x: Any, outside: float) -> Any:
        """(kh·kw, ..., H', W'): the elements of each window, ``outside`` beyond the edges."""
        layer, size = type(self).__name__, x.shape[-2:]
        expect_float(layer, x)
        if x.ndim < 2:
            raise ValueError(f"{layer}: the input has shape {x.shape}, and must have (..., H, W)")
        out = tuple(self._out(axis, n) for axis, n in enumerate(size))
        if any(n < 1 for n in out):
            raise ValueError(
                f"{layer}: kernel_size={self.kernel_size} does not fit into an input of size "
                f"{size} with padding={self.padding}"
            )
        widths = [
            (p, max((o - 1) * s + k - n - p, 0))
            for n, o, k, s, p in zip(
                size, out, self.kernel_size, self.stride, self.padding, strict=True
            )
        ]
        if any(width != (0, 0) for width in widths):
            x = np.pad(x, [(0, 0)] * (x.ndim - 2) + widths, constant_values=outside)
        return np.stack(shifted(x, self.kernel_size, self.stride, (1, 1), out))

    def _out(self, axis: int, n: int) -> int:
        k, s, p = self.kernel_size[axis], self.stride[axis], self.padding[axis]
        steps = n + 2 * p - k
        if not self.ceil_mode:
            return steps // s + 1
        out = -(-steps // s) + 1
        return out if (out - 1) * s < n + p else out - 1  # each window begins inside

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool2d(_Pool2d):
    """The largest element of each window.

    x: (..., H, W) -> (..., H', W') with H' = ⌊(H + 2·padding - kernel) / stride⌋ + 1, or ⌈⌉ with
       ``ceil_mode``; the stride is the kernel's size if none is given.  Outside is -∞.

        y[h, w] = max_ij x[h·stride + i - padding, w·stride + j - padding]

    The adjoint goes to the largest element; where several are equal they share it (PyTorch gives
    it to the first).  Source: 003 §10.2.2.
    Raises ValueError for shapes that do not fit, TypeError for integers.
    """

    def forward(self, x: Any) -> Any:
        return np.max(self._windows(x, -np.inf), axis=0)


class AvgPool2d(_Pool2d):
    """The mean of each window.

    x: (..., H, W) -> (..., H', W'), the sizes as in :class:`MaxPool2d`.  Outside is 0.
    count_include_pad  the zeros of the padding count as elements, too

        y[h, w] = (1 / count) Σ_ij x[h·stride + i - padding, w·stride + j - padding]

    Source: 003 §10.2.2.  Raises ValueError for shapes that do not fit, TypeError for integers.
    """

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.count_include_pad = count_include_pad

    def forward(self, x: Any) -> Any:
        total = np.sum(self._windows(x, 0.0), axis=0)
        rows, columns = (self._counts(axis, n) for axis, n in enumerate(x.shape[-2:]))
        return total / np.outer(rows, columns).astype(x.dtype)

    def _counts(self, axis: int, n: int) -> Any:
        """How many elements of each window count, along one axis; what ceil_mode adds does not."""
        p = self.padding[axis]
        margin = p if self.count_include_pad else 0
        first = np.arange(self._out(axis, n)) * self.stride[axis] - p
        end = np.minimum(first + self.kernel_size[axis], n + margin)
        return end - np.maximum(first, -margin)


class Flatten(Module):
    """The axes from ``start_dim`` to ``end_dim`` as one; all but the batch's by default.

    x: (N, a, b, ...) -> (N, a·b·...)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        n = x.ndim
        first, last = (i + n if i < 0 else i for i in (self.start_dim, self.end_dim))
        if not 0 <= first <= last < n:
            raise ValueError(
                f"Flatten: there are no axes from {self.start_dim} to {self.end_dim} in an input "
                f"of shape {x.shape}"
            )
        shape = x.shape
        # (the length is written out because -1 is ambiguous when another one is 0)
        return x.reshape(*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
