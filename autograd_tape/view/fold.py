"""Alike parts in a row become one: the steps of an unrolled loop, the layers of a stack.

Two parts are alike if they have the same operations, shapes and scopes, wired alike: each input
comes from the same place of the same part, or from the same place of the part before, or from
outside both (the same entry, or one of the same kind).  The first part of a row may take from
outside what the others take from the part before.  Two or three parts fold only if each reads the
one before: two layers beside each other have names of their own.

Next to read: :mod:`autograd_tape.view.build`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..entry import Entry
from .scopes import Block

__all__ = ["fold"]

_SLOTS = 4  # inputs whose wiring is compared one by one
_PERIODS = 16  # lengths of a part that are tried
_ZONES = 32  # places that are tried for each length
_BESIDE = 4  # parts that fold although none reads the one before
_SAVED = 8  # operations that folding must save where no scope says that something repeats

Run = tuple[int, int, int]  # first operation, operations of one part, parts


def fold(root: Block, operations: Sequence[Entry]) -> Block:
    """The same tree, in which blocks with ``times`` above 1 stand for alike parts in a row."""
    if len(operations) < 2:
        return root
    return _Folder(root, operations).inside(root, 0)


class _Folder:
    def __init__(self, root: Block, operations: Sequence[Entry]) -> None:
        n = len(operations)
        rank = {e: i for i, e in enumerate(operations)}
        ids: dict[Any, int] = {}
        self.kind = np.zeros(n, np.int64)  # of an operation: what it is, without its wiring
        self.source = np.full((n, _SLOTS), -1)  # its inputs: positions, or below 0 what they are
        for i, e in enumerate(operations):
            inputs = e.inputs
            far = tuple(i - rank[x] if x in rank else 0 for x in _entries(inputs[_SLOTS:]))
            name = e.primitive.name if e.primitive else ""
            key = (name, e.shape, str(e.dtype), len(inputs), tuple(e.params or ()), far)
            self.kind[i] = ids.setdefault(key, len(ids))
            for k, x in enumerate(inputs[:_SLOTS]):
                place = rank.get(x) if x.__class__ is Entry else None
                signature = ("input", _signature(x))
                self.source[i, k] = (
                    -2 - ids.setdefault(signature, len(ids)) if place is None else place
                )
        self.depth = np.zeros(n, np.int64)  # scopes around an operation,
        self.opens = np.zeros(n, np.int64)  # that begin with it,
        self.closes = np.zeros(n, np.int64)  # and that end with it
        blocks = [b for b in root.items if isinstance(b, Block)]
        for block in blocks:
            self.depth[block.first : block.stop] += 1
            self.opens[block.first] += 1
            self.closes[block.stop - 1] += 1
            blocks.extend(b for b in block.items if isinstance(b, Block))

    def inside(self, block: Block, level: int) -> Block:
        """``block``, which lies in ``level`` scopes with itself, with its items folded."""
        block.items = self.folded(block.items, level)
        return block

    def folded(self, items: list[int | Block], level: int) -> list[int | Block]:
        if not items:
            return []
        first = items[0].first if isinstance(items[0], Block) else items[0]
        last = items[-1].stop if isinstance(items[-1], Block) else items[-1] + 1
        at = {b.first if isinstance(b, Block) else b: k for k, b in enumerate(items)}
        result: list[int | Block] = []
        position = first
        for start, period, times in [*self.runs(first, last, level), (last, 0, 0)]:
            stop = start + period * times
            between = items[at[position] : at.get(start, len(items))] if position < last else []
            result += [self.inside(b, level + 1) if isinstance(b, Block) else b for b in between]
            if times:
                part = items[at[stop - period] : at.get(stop, len(items))]
                result.append(self.run(start, stop, times, part, items[at[start]], level))
            position = stop
        return result

    def run(
        self, start: int, stop: int, times: int, part: list[int | Block], head: Any, level: int
    ) -> Block:
        """The block of a run, which shows its last ``part``; ``head`` is the first item of all."""
        if len(part) == 1 and isinstance(part[0], Block):
            block = self.inside(part[0], level + 1)
            if head.name != block.name:
                block.name = f"{head.name} … {block.name}"
            block.first, block.times = start, times
            return block
        return Block(start, stop, items=self.folded(part, level), times=times)

    def runs(self, first: int, last: int, level: int) -> list[Run]:
        """Alike parts in a row among the operations from ``first``, which lie in ``level`` scopes.

        The runs that save most, none of which overlap, in order.
        """
        span = slice(first, last)
        inner = self.depth[span] - level
        opens = np.minimum(self.opens[span], inner)
        begins = (inner == 0) | (opens == inner)  # does an item begin here?
        closes = np.minimum(self.closes[span], inner)
        tokens = ((self.kind[span] * 64 + opens) * 64 + closes) * 64 + inner
        found: list[Run] = []
        for period in _periods(tokens):
            same = np.flatnonzero(tokens[period:] != tokens[:-period])
            edges = np.concatenate([[-1], same, [len(tokens) - period]])
            lengths = np.diff(edges) - 1
            zones = np.argsort(-lengths, kind="stable")[:_ZONES]
            for z in zones:
                if lengths[z] >= period:
                    start = int(edges[z]) + 1
                    end = start + int(lengths[z]) + period
                    found += self.in_zone(first, start, end, period, begins, inner > 0)
        taken: list[Run] = []
        free = np.ones(last - first, bool)
        for start, period, times in sorted(found, key=lambda r: (-r[1] * (r[2] - 1), r[1])):
            part = slice(start - first, start - first + period * times)
            if free[part].all():
                free[part] = False
                taken.append((start, period, times))
        return sorted(taken)

    def in_zone(
        self, base: int, start: int, end: int, period: int, begins: Any, scoped: Any
    ) -> list[Run]:
        """The best run among equal operations; positions in the zone are counted from ``base``."""
        best: list[Run] = []
        most = 0
        offsets = np.flatnonzero(begins[start : min(start + period, end - 2 * period + 1)])
        for s in (start + offsets[:_ZONES]).tolist():
            runs = []
            for c, times in self.wired(base + s, period, (end - s) // period):
                begin = s + c * period
                named = bool(scoped[begin : begin + period].all()) and period > 1
                least = 2 if named else 3
                if not self.chained(base + begin, period):
                    least = _BESIDE
                if times >= least and (named or period * (times - 1) >= _SAVED):
                    runs.append((base + begin, period, times))
            saved = sum(p * (times - 1) for _, p, times in runs)
            if saved > most:
                best, most = runs, saved
        return best

    def chained(self, start: int, period: int) -> bool:
        """Does the second part read the first?"""
        sources = self.source[start + period : start + 2 * period]
        return bool(((sources >= start) & (sources < start + period)).any())

    def wired(self, start: int, period: int, copies: int) -> list[tuple[int, int]]:
        """(first, how many) of the equal parts from ``start`` on that are wired alike."""
        n = (copies - 1) * period
        a = self.source[start : start + n]
        b = self.source[start + period : start + period + n]
        kind = self.kind
        outside = (a < start) & (b < start) & (a >= 0) & (b >= 0) & (kind[a] == kind[b])
        strict = ((b - a == period) & (a >= 0)) | (a == b) | outside
        good = strict.all(axis=1).reshape(copies - 1, period).all(axis=1)
        # Of the first part: what comes from before it, where the second reads the first.
        begin = start + np.arange(n)[:, None] // period * period
        first = strict | ((a < begin) & (b >= begin) & (b < begin + period))
        loose = first.all(axis=1).reshape(copies - 1, period).all(axis=1)
        found, c = [], 0
        while c < copies - 1:
            if not loose[c]:
                c += 1
                continue
            stop = c + 1
            while stop < copies - 1 and good[stop]:
                stop += 1
            found.append((c, stop - c + 1))
            c = stop + 1
        return found


def _periods(tokens: Any) -> list[int]:
    """Distances at which the same operations come again, the most promising ones first."""
    n = len(tokens)
    if n < 2:
        return []
    words = tokens.astype(np.uint64)
    grams = words[: n - 2] if n > 4 else words
    for k in (1, 2):  # three in a row are rarely alike by chance
        if n > 4:
            grams = grams * np.uint64(0x9E3779B97F4A7C15) + words[k : n - 2 + k]
    order = np.argsort(grams, kind="stable")
    gaps = np.diff(order)[np.diff(grams[order]) == 0]
    sizes, counts = np.unique(gaps[gaps <= n // 2], return_counts=True)
    best = np.argsort(-(sizes * counts), kind="stable")[:_PERIODS]
    return sorted(int(p) for p in sizes[best])


def _entries(inputs: tuple[Any, ...]) -> list[Entry]:
    return [x for x in inputs if x.__class__ is Entry]


def _signature(x: Any) -> Any:
    """What two inputs from outside have in common if they are alike; of a number its value."""
    if isinstance(x, (bool, int, float, complex, str)) or x is None:
        return x
    return (type(x).__name__, getattr(x, "shape", None), str(getattr(x, "dtype", "")))
