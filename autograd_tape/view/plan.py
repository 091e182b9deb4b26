"""What of a tape becomes one node: every operation, or blocks that are folded or collapsed.

Next to read: :mod:`autograd_tape.view.build`, which makes the nodes and edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..entry import Entry
from .fold import fold
from .scopes import Block, parameters, scopes_of

__all__ = ["PAGE", "Place", "Plan"]

PAGE = 40  # nodes that can be read on one page


@dataclass(eq=False)
class Place:
    """What becomes one node: the operation before ``stop``, or a block collapsed into one.

    scopes  names of the scopes around it
    folded  whether it stands for others that are alike
    weight  how many nodes it brings into the picture, with its constants and leaves
    """

    stop: int
    scopes: tuple[str, ...]
    block: Block | None = None
    folded: bool = False
    weight: int = 1

    @property
    def first(self) -> int:
        return self.stop - 1 if self.block is None else self.block.first


class Plan:
    """A tape as a tree of blocks.

    operations  its operations, in order; elsewhere an operation is its position in this list
    uses        of each entry: by which operations, and as which of their inputs
    shown       of each operation the one that is shown in its place: itself, if it is not folded
    depth       how many scopes lie in one another
    """

    def __init__(self, entries: Sequence[Entry], *, folding: bool) -> None:
        self.operations = [e for e in entries if e.primitive is not None]
        self._rank = {e: i for i, e in enumerate(self.operations)}
        self.uses: dict[Entry, list[tuple[int, int]]] = {e: [] for e in entries}
        for i, e in enumerate(self.operations):
            for k, x in enumerate(e.inputs):
                if x.__class__ is Entry and x in self.uses:
                    self.uses[x].append((i, k))
        self.root = scopes_of(self.operations)
        self.is_parameter = parameters(self.root)
        self.depth = _depth(self.root)
        self.shown = list(range(len(self.operations)))
        self.runs: list[Block] = []
        self._run = [-1] * len(self.operations)  # the innermost run around each operation
        self._outer: list[int] = []  # the run around each run
        if folding:
            self.root = fold(self.root, self.operations)
            self._find_runs(self.root, -1)

    def _find_runs(self, block: Block, outer: int) -> None:
        if block.times > 1:
            self.runs.append(block)
            self._outer.append(outer)
            outer = len(self.runs) - 1
            start, period = block.start, block.stop - block.start
            for i in range(block.first, block.stop):
                self.shown[i] = start + (i - block.first) % period
            self._run[block.first : block.stop] = [outer] * (block.stop - block.first)
        for inner in block.items:
            if isinstance(inner, Block):
                self._find_runs(inner, outer)

    def across(self, x: Entry, j: int) -> bool:
        """Do an input x and the operation j that uses it stand in different parts of a run?"""
        i = self._rank.get(x)
        if i is None or self._run[i] < 0 or self._run[j] < 0:
            return False
        parts = self._parts(j)
        return any(parts.get(run, part) != part for run, part in self._parts(i).items())

    def _parts(self, i: int) -> dict[int, int]:
        """In which part of which run an operation stands."""
        parts = {}
        run = self._run[i]
        while run >= 0:
            block = self.runs[run]
            parts[run] = (i - block.first) // (block.stop - block.start)
            run = self._outer[run]
        return parts

    def places(self, depth: int) -> list[Place]:
        """What becomes a node if ``depth`` levels of scopes are opened, in order."""
        places: list[Place] = []
        counts: dict[tuple[str, ...], int] = {}

        def walk(block: Block, level: int, scopes: tuple[str, ...], folded: bool) -> None:
            for item in block.items:
                if not isinstance(item, Block):
                    places.append(Place(item + 1, scopes, None, folded, self._weight(item)))
                    continue
                alike = folded or item.times > 1
                inside = (*scopes, item.label)
                counts[inside] = counts.get(inside, 0) + 1
                if counts[inside] > 1:  # called again
                    inside = (*scopes, f"{item.label} #{counts[inside]}")
                if not item.is_scope:
                    walk(item, level, inside, alike)
                elif level < depth:
                    walk(item, level + 1, inside, alike)
                else:
                    places.append(Place(item.stop, scopes, item, alike))

        walk(self.root, 0, (), False)
        return places

    def _weight(self, i: int) -> int:
        """An operation, its constants, and the leaves that are used here for the first time."""
        weight = 1
        for x in self.operations[i].inputs:
            if x.__class__ is not Entry:
                weight += 1
            elif x.primitive is None and x in self.uses:  # (else it is older than the tape)
                weight += self.shown[self.uses[x][0][0]] == i
        return min(
            weight, PAGE + 2
        )  # of more leaves of one operation, and of constants, 40 are shown

    def fitting(self) -> int:
        """How many levels of scopes fit a page."""
        fit = 0
        for depth in range(self.depth + 1):
            if sum(place.weight for place in self.places(depth)) > PAGE:
                break
            fit = depth
        return fit


def _depth(block: Block) -> int:
    return max((1 + _depth(b) for b in block.items if isinstance(b, Block)), default=0)
