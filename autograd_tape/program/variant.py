"""One recording of a function: the graph, its text, and the function that this gives.

Next to read: :mod:`.program`.
"""

from __future__ import annotations

import builtins
import linecache
import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from .cells import ArrayCell, Cell
from .memory import Memory
from .source import Printer, Text, place_text
from .step import Draw, Graph, Guard, inputs_of
from .trace import is_traced

if TYPE_CHECKING:
    from .surroundings import Surroundings

__all__ = ["Changed", "Variant"]

_numbers = count(1)


class Changed(Exception):
    """A guard failed: the values ask for another path than the one that was recorded."""


class Variant:
    """The program for arguments of one kind, and for one path through the function."""

    def __init__(
        self, name: str, graph: Graph, rebuild: Any, memory: dict[str, bool],
        here: Surroundings, leaves: list[Any], looked_at: list[Any],
    ) -> None:  # fmt: skip
        self.name, self.rebuild, self._memory = name, rebuild, memory
        self.arguments = sum(map(is_traced, leaves))
        cells = [cell for cell in here.cells if is_traced(cell.value())]
        self.graph, self._taken = _without_unread(graph, self.arguments)
        beside = [cell.array if isinstance(cell, ArrayCell) else None for cell in cells]
        self._beside = [([None] * self.arguments + beside)[i] for i in self._taken]
        self._all = len(self._taken) == self.arguments + len(cells)
        self.changes = [i for i, x in enumerate(graph.state) if x is not None]
        self.writes = [i for i in self.changes if isinstance(here.cells[i], ArrayCell)]
        self.n = len(graph.outputs)
        kinds = {step.function.__class__ for step in graph.steps}
        self.rewinds = Draw in kinds  # if it stops half-way, has it drawn numbers?
        self.looked_at = [(x, x.tobytes()) for x in looked_at]
        self._idle: list[Callable[..., Any]] = []  # functions, each with memory of its own

    def run(self, inputs: list[Any]) -> tuple[Any, ...]:
        """All results; threads that run at once have a function each."""
        try:
            function = self._idle.pop()
        except IndexError:
            function = self._build()
        try:
            results: tuple[Any, ...] = function(*inputs)
        finally:
            self._idle.append(function)
        return results

    def takes(self, inputs: list[Any]) -> list[Any]:
        """Those of all inputs that it reads."""
        return inputs if self._all else [inputs[i] for i in self._taken]

    def shares(self, here: Surroundings, inputs: list[Any]) -> tuple[Cell, Any] | None:
        """An array that it writes into, and something that it may read in the same memory: there a
        program would not see what was written.
        """
        arguments, others = inputs[: self.arguments], inputs[self.arguments :]
        others += [x for _, x in here.constants]
        for cell in [here.cells[i] for i in self.writes]:
            array = cell.value()
            for x in (*arguments, *(x for x in others if x is not array)):
                if x.__class__ is np.ndarray and np.may_share_memory(array, x):
                    return cell, x
        return None

    def finds_the_same(self) -> bool:
        """Do the constants hold what they held?"""
        return all(x.tobytes() == content for x, content in self.looked_at)

    def _build(self) -> Callable[..., Any]:
        text = self.optimized
        filename = f"<program {self.name} {next(_numbers)}>"
        linecache.cache[filename] = (len(text.text), None, text.text.splitlines(True), filename)
        constants = []
        for piece in text.pieces:
            named = re.search(r"^    (.*), = constants\[", piece, re.MULTILINE)
            names = named[1].split(", ") if named else []
            constants.append(tuple(text.constants[name] for name in names))
        space: dict[str, Any] = {"Changed": Changed, "np": np, "math": math, "constants": constants}
        line = 0
        for piece in text.pieces:
            exec(builtins.compile("\n" * line + piece, filename, "exec"), space)
            line += piece.count("\n") + 1
        made: Callable[..., Any] = space[self.name]
        return made

    @property
    def optimized(self) -> Text:
        """The text that runs, with fresh memory."""
        return Printer(self.graph, self.name, Memory(self.graph, **self._memory)).write()

    @cached_property
    def text(self) -> Text:
        """The readable text."""
        return Printer(self.graph, self.name).write()

    @property
    def constants(self) -> dict[str, Any]:
        """Arrays that the text takes besides the arguments."""
        inputs = zip(self.text.inputs, self._beside, strict=True)
        return {name: x for name, x in inputs if x is not None} | self.text.constants

    @property
    def guards(self) -> list[str]:
        """Where the recorded path depends on values: ``net.py:12``."""
        found = [s.place for s in self.graph.steps if s.function.__class__ is Guard]
        return list(dict.fromkeys(place_text(p) for p in found))


def _without_unread(graph: Graph, arguments: int) -> tuple[Graph, list[int]]:
    """The graph without the inputs, besides its arguments, that nothing reads; which are left."""
    if len(graph.inputs) == arguments:
        return graph, list(range(arguments))
    read = graph.returned.union(*map(inputs_of, graph.steps))
    left = [i for i, x in enumerate(graph.inputs) if i < arguments or x in read]
    kept = [graph.inputs[i] for i in left]
    gone = set(graph.inputs).difference(kept)
    return replace(graph, inputs=kept, steps=[s for s in graph.steps if s not in gone]), left
