"""Contributions to a part of an array: added in place, never filled up with zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Scattered", "add_at", "is_basic"]


class Scattered:
    """A contribution that is zero except at ``index``, where it is ``ct``: added in place.

    ``put(ct, index=, shape=)`` writes it out where the sweep itself is recorded.
    """

    __slots__ = ("ct", "index", "put")

    def __init__(self, index: Any, ct: Any, put: Any) -> None:
        self.index, self.ct, self.put = index, ct, put


def is_basic(index: Any) -> bool:
    """True if no element can be selected twice: integers, slices, masks, None and Ellipsis."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        i is None or i is Ellipsis or isinstance(i, (int, slice, np.integer))
        or (isinstance(i, np.ndarray) and i.dtype == bool and len(parts) == 1)
        for i in parts
    )  # fmt: skip


def add_at(total: Any, index: Any, c: Any) -> None:
    """``total[index] += c`` in place, where repeated indices add up."""
    if is_basic(index):
        total[index] += c
    elif index.__class__ is np.ndarray and total.ndim > 1 and total.flags.c_contiguous:
        # Rows: NumPy adds along a flat index about three times as fast.
        row = total.shape[1:]
        width = int(np.prod(row, dtype=int))
        flat = np.add.outer(index.ravel() * width, np.arange(width))
        np.add.at(total.reshape(-1), flat.ravel(), np.broadcast_to(c, index.shape + row).ravel())
    else:
        np.add.at(total, index, c)
