"""One block of memory, parts of which are taken and given back before any of it exists.

Next to read: :mod:`.memory`.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import numpy as np

__all__ = ["Arena"]

_LINE = 64  # bytes of a cache line


class Arena:
    """Where each part lies, and how much memory they need together.

    size  bytes
    """

    def __init__(self) -> None:
        self.size = 0
        self._starts: list[int] = []  # of what is free, in order; no two of them touch
        self._ends: list[int] = []

    def take(self, n: int) -> int:
        """Where ``n`` bytes lie from now on: the smallest part that is free and large enough."""
        n = _lines(n)
        best, room = -1, self.size + 1
        for i, (start, end) in enumerate(zip(self._starts, self._ends, strict=True)):
            if n <= end - start < room:
                best, room = i, end - start
        if best >= 0:
            start = self._starts[best]
            if room == n:
                del self._starts[best], self._ends[best]
            else:
                self._starts[best] += n
            return start
        if self._ends and self._ends[-1] == self.size:  # what is free at the end grows
            self._ends.pop()
            start = self._starts.pop()
        else:
            start = self.size
        self.size = start + n
        return start

    def give_back(self, start: int, n: int) -> None:
        """They are free again."""
        end = start + _lines(n)
        i = bisect_left(self._starts, start)
        if i < len(self._starts) and self._starts[i] == end:
            end = self._ends.pop(i)
            del self._starts[i]
        if i and self._ends[i - 1] == start:
            self._ends[i - 1] = end
        else:
            self._starts.insert(i, start)
            self._ends.insert(i, end)

    def memory(self) -> Any:
        """The block, which begins with a cache line.  (NumPy's own begins 16 bytes off where it is
        big; each vector of AVX-512 then lies in two lines, and passes over memory take 2 to 3 %
        longer.)
        """
        whole = np.empty(self.size + _LINE, np.uint8)
        start = -whole.ctypes.data % _LINE
        return whole[start : start + self.size]


def _lines(n: int) -> int:
    return -(-n // _LINE) * _LINE
