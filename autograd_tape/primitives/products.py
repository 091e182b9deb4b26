"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..dispatch import define, functions
from ..primitive import binary
from .samples import both, calls


def _t(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def _matmul_x(ct: Any, output: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1 and y.ndim == 1:
        return ct * y
    if y.ndim == 1:
        return np.expand_dims(ct, -1) * y
    if x.ndim == 1:
        return np.matmul(y, np.expand_dims(ct, -1))[..., 0]
    return ct @ _t(y)


def _matmul_y(ct: Any, output: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1 and y.ndim == 1:
        return ct * x
    if x.ndim == 1:
        return np.expand_dims(x, -1) * np.expand_dims(ct, -2)
    if y.ndim == 1:
        return np.matmul(_t(x), np.expand_dims(ct, -1))[..., 0]
    return _t(x) @ ct


_matmul = define(
    np.matmul,
    scalar=operator.matmul,
    vjp=(_matmul_x, _matmul_y),
    linear=(0, 1),
    batched=True,
    sample=calls(
        both((3, 4), (4, 2)), both((4,), (4,)), both((3, 4), (4,)), both((4,), (4, 2)),
        both((2, 1, 3, 4), (5, 4, 2)), both((2, 3, 4), (4,)), both((4,), (2, 4, 3)),
    ),
)  # fmt: skip
matmul = functions[np.matmul] = binary(_matmul)
