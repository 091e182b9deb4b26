"""What a program costs, counted from its steps: operations, bytes moved, memory at the peak."""

from __future__ import annotations

import linecache
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..view.cost import size_text
from ..view.table import LIMIT, Shown, Table, ends
from .expression import INFIX
from .memory import Memory
from .source import Printer, place_text
from .step import Graph, Guard, Increment, Step, inputs_of

__all__ = ["LineCost", "ProgramCost", "StepCost", "cost_of"]


@dataclass(frozen=True, eq=False)
class StepCost:
    """One step.

    text   as the readable source writes it
    flops  arithmetic operations: 2·m·n·k of a matrix product, one for each element of what works
           elementwise or reduces (a transcendental function counts as one), 0 of what moves data
    bytes  read and written: of each array operand and of the result; 0 of a view
    alive  bytes of arrays that the program holds when the step is done, its inputs not counted
    """

    step: Step
    text: str
    flops: int
    bytes: int
    alive: int


@dataclass(frozen=True)
class LineCost:
    """All steps of both sweeps that one line of the user's code is due to.

    place  ``net.py:12``; "" of steps that are due to none
    text   the line
    steps  how many
    flops, bytes  their sums, as of StepCost
    """

    place: str
    text: str
    steps: int
    flops: int
    bytes: int


@dataclass(frozen=True, eq=False, repr=False)
class ProgramCost(Shown):
    """The answer of ``program.cost()``; it prints its steps, or the lines that many are due to.

    steps   in the order of the program
    lines   the same summed up by line, what costs most first
    pool    bytes that it keeps from call to call, to write results into
    """

    steps: tuple[StepCost, ...]
    pool: int

    @property
    def flops(self) -> int:
        return sum(s.flops for s in self.steps)

    @property
    def bytes(self) -> int:
        return sum(s.bytes for s in self.steps)

    @property
    def peak(self) -> int:
        """The most bytes of arrays that are held at once, the pool included, inputs not."""
        return max((s.alive for s in self.steps), default=self.pool)

    @property
    def lines(self) -> tuple[LineCost, ...]:
        by_place: dict[Any, list[StepCost]] = {}
        for s in self.steps:
            by_place.setdefault(s.step.place, []).append(s)
        found = [
            LineCost(
                place_text(place) if place else "", _line(place), len(steps),
                sum(s.flops for s in steps), sum(s.bytes for s in steps),
            )
            for place, steps in by_place.items()
        ]  # fmt: skip
        return tuple(sorted(found, key=lambda line: -line.bytes - line.flops))

    def table(self) -> Table:
        title = (
            f"Cost of {len(self.steps)} steps: {_count(self.flops)} operations, "
            f"{size_text(self.bytes)} moved, {size_text(self.peak)} at the peak, of which "
            f"{size_text(self.pool)} are kept between calls"
        )
        if len(self.steps) > LIMIT:
            header, lines = ("line", "steps", "operations", "moved", "place"), self.lines
            rows = [
                (_clip(x.text), f"{x.steps:,}", _count(x.flops), size_text(x.bytes), x.place)
                for x in (lines[i] for i in ends(len(lines)))
            ]
            return Table(title, header, rows, len(lines) - len(rows), header[1:4])
        header = ("step", "operations", "moved", "alive", "line")
        rows = [
            (_clip(s.text), _count(s.flops), size_text(s.bytes), size_text(s.alive),
             place_text(s.step.place) if s.step.place else "")
            for s in self.steps
        ]  # fmt: skip
        return Table(title, header, rows, 0, header[1:4])


def _line(place: Any) -> str:
    if place is None:
        return "(no line)"
    code, number = place
    return linecache.getline(code.co_filename, number).strip() or "(its source is not at hand)"


def _clip(text: str) -> str:
    return text if len(text) <= 56 else f"{text[:55]}…"


def _count(n: int) -> str:
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if n >= size:
            return f"{n / size:.3g} {unit}"
    return str(n)


def cost_of(graph: Graph, memory: dict[str, bool]) -> ProgramCost:
    """Count; nothing is run."""
    plan = Memory(graph, **memory)
    texts = _texts(graph)
    pool = len(plan.pool)
    alive = pool
    inputs, counted = set(graph.inputs), []
    for step in graph.steps:
        if step in inputs or step.function.__class__ is Guard:
            continue
        owns = plan.owner.get(step) is step and step not in plan.places
        if owns:
            alive += step.nbytes
        counted.append(StepCost(step, texts.get(step, ""), flops_of(step), bytes_of(step), alive))
        for root in plan.deaths(step):
            if root not in plan.places:
                alive -= root.nbytes
    return ProgramCost(tuple(counted), pool)


def _texts(graph: Graph) -> dict[Step, str]:
    printer = Printer(graph, "cost")
    printer.inlined = set()
    printer.write()
    found: dict[Step, str] = {}
    for text, step in printer.out:
        if step is not None and step not in found and not text.lstrip().startswith("with "):
            found[step] = text.strip()
    return found


def flops_of(step: Step) -> int:
    """Arithmetic operations of a step."""
    f = step.function
    sizes = [x.size for x in inputs_of(step)]
    if f is np.matmul or f is np.dot:
        x = inputs_of(step)[0]
        inner = x.shape[-1] if x is step.args[0] else x.shape[-2] if len(x.shape) > 1 else x.size
        return 2 * step.size * inner
    if f is np.einsum:
        return _einsum_flops(step)
    if f.__class__ is Increment:
        return f.size
    if f.__class__ is np.ufunc:
        return max([step.size, *sizes])
    if getattr(f, "__self__", None).__class__ is np.ufunc or f in _REDUCING:
        return max(sizes, default=0)
    return int(step.kind is not np.ndarray and f in INFIX)


_REDUCING = {
    np.sum, np.mean, np.prod, np.max, np.min, np.std, np.var, np.cumsum, np.cumprod, np.argmax,
    np.argmin, np.count_nonzero, np.all, np.any,
}  # fmt: skip


def _einsum_flops(step: Step) -> int:
    subscripts, *operands = step.args
    if not isinstance(subscripts, str):
        return step.size
    length: dict[str, int] = {}
    for term, x in zip(subscripts.partition("->")[0].split(","), operands, strict=True):
        for c, n in zip(term, np.shape(x) if x.__class__ is not Step else x.shape, strict=True):
            length[c] = max(length.get(c, 1), n)
    return len(operands) * math.prod(length.values())


def bytes_of(step: Step) -> int:
    """Bytes that a step reads and writes."""
    if step.view is not None:
        return 0
    if step.function.__class__ is Increment:
        return 3 * int(step.function.size) * int(step.dtype.itemsize)
    constants = [x for x in step.args if x.__class__ is np.ndarray]
    return step.nbytes + sum(_nbytes(x) for x in (*inputs_of(step), *constants))


def _nbytes(x: Any) -> int:
    return int(x.nbytes)
