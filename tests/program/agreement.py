"""Are two results the same to the last bit?"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tape.containers import flatten

__all__ = ["assert_same", "same"]


def same(a: Any, b: Any) -> bool:
    """Equal in class, dtype, shape and every bit (any NaN is like another)."""
    if type(a) is not type(b):
        return False
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return a.tobytes() == b.tobytes() or np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def assert_same(got: Any, wanted: Any) -> None:
    """Two results in containers of the same structure, bit by bit."""
    xs, ys = flatten(got)[0], flatten(wanted)[0]
    assert len(xs) == len(ys)
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        assert same(x, y), f"result {i}: {x!r} is not {y!r}"
