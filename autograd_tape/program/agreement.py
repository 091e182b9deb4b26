"""Are the results of two runs equal, but for rounding?"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["agree"]

_ROUNDING = 1000  # units in the last place, of the largest element


def agree(a: Any, b: Any) -> bool:
    """Are two results equal, but for rounding?"""
    if a.__class__ is not b.__class__:
        return False
    if a.__class__ is not np.ndarray and not isinstance(a, (float, complex, np.generic)):
        return a is b or bool(a == b)
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind not in "fc":
        return bool((a == b).all())
    if np.array_equal(a, b, equal_nan=True):
        return True
    with np.errstate(all="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        size = np.abs(b[np.isfinite(b)]).max(initial=0.0)
        near = np.abs(a - b) <= _ROUNDING * np.finfo(a.dtype).eps * size
    return bool((same | near).all())
