"""Are two results the same to the last bit?"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tape.containers import flatten

__all__ = ["assert_same", "same"]


def same(a: Any, b: Any) -> bool:
    """Equal in class, dtype, shape and every bit (any NaN is like another, 0.0 is not -0.0)."""
    if type(a) is not type(b):
        return False
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind not in "fc":
        return bool(np.array_equal(a, b))
    a, b = (np.ascontiguousarray(x).view(np.empty(0, x.dtype).real.dtype) for x in (a, b))
    signs = (np.signbit(a) == np.signbit(b)) | np.isnan(a)
    return bool(np.array_equal(a, b, equal_nan=True) and signs.all())


def assert_same(got: Any, wanted: Any) -> None:
    """Two results in containers of the same structure, bit by bit."""
    xs, ys = flatten(got)[0], flatten(wanted)[0]
    assert len(xs) == len(ys)
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        assert same(x, y), f"result {i}: {x!r} is not {y!r}"
