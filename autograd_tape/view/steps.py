"""The two sweeps as a list of steps with their numbers: what the explorer shows, one at a time.

First the values go up the tape, then the adjoints come down.  One use of a value is one step of
the reverse sweep: adjoint × partial = contribution, and the sum where a value was used before.
Plain data; nothing here knows of HTML.

Next to read: :mod:`autograd_tape.view.explore`.
"""

from __future__ import annotations

import linecache
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from ..entry import Entry
from . import text as show
from .arithmetic import Contribution, add, contributions
from .graph import Graph, Node
from .layered import marked

__all__ = ["Step", "place_text", "steps"]

_LINE = 76  # characters that one line of arithmetic takes
_MOST = 6  # receivers that a folded block's step names


@dataclass
class Step:
    """One position of the slider.

    phase     "inputs", "forward", "seed" or "reverse"
    node      where the sweep is; None for the inputs, which all are there at once
    title     the operation, or the rule
    lines     its numbers
    edges     positions, in the graph's list, of the edges that something passes along
    primals   what becomes known: node key -> text
    adjoints  what changes: node key -> (text, contributions so far, of how many in the end)
    place     the user's own line, where the tape keeps it
    """

    phase: str
    node: Node | None
    title: str
    lines: list[str] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)
    primals: dict[str, str] = field(default_factory=dict)
    adjoints: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    place: str = ""


def steps(graph: Graph, entries: Sequence[Entry], target: Entry, seed: Any) -> list[Step]:
    """The steps of both sweeps over ``entries`` (oldest first), as seen in ``graph``.

    seed  the adjoint of ``target``, of its shape and dtype
    Leaves the adjoint of this sweep on each node of the graph, and none on the tape.
    Raises :class:`TapeError` for a freed tape.
    """
    sweep = _Sweep(graph, entries)
    return [*sweep.forward(), *sweep.reverse(target, seed)]


class _Sweep:
    """What both directions need to know: who stands for whom, and what all are called."""

    def __init__(self, graph: Graph, entries: Sequence[Entry]) -> None:
        self.nodes = graph.nodes
        self.owner = {e: n for n in graph.nodes for e in n.entries}
        self.names, self.values = show.names_of(entries), show.values_of(entries)
        # Entries of one node that follow one another are one step; leaves take no step.
        inner = [e for e in entries if e.primitive is not None]
        self.runs = [(n, list(run)) for n, run in groupby(inner, self.owner.__getitem__)]
        self.output = _outputs(entries, self.owner)
        self.shown = {e: n for n, e in self.output.items()}
        self.edges: dict[tuple[Node, Node], list[int]] = defaultdict(list)
        for i, edge in enumerate(graph.edges):
            self.edges[edge.tail, edge.head].append(i)

    # -- values go up ------------------------------------------------------------------------------

    def forward(self) -> Iterable[Step]:
        leaves = [e for e in self.owner if e.primitive is None]
        known = {n.key: marked(self.values.get(e)) for e, n in self.shown.items() if e in leaves}
        lines = [f"{self.names(e)} = {marked(self.values.get(e))}" for e in leaves]
        yield Step("inputs", None, "The inputs have their values", _few(lines), primals=known)
        for node, run in self.runs:
            into = [i for (_, head), those in self.edges.items() if head is node for i in those]
            step = Step("forward", node, node.title, edges=into, place=place_text(run[-1]))
            output = self.output[node]
            if output in run:
                value = marked(self.values.get(output))
                step.primals[node.key] = value
                step.lines = self._result(run, value)
            yield step

    def _result(self, run: list[Entry], value: str) -> list[str]:
        """``add(2.0, 3.0) = 5.0``: the call with numbers in the place of names."""
        if len(run) > 1:
            return [f"{len(run)} entries", f"= {value}"]

        def number(e: Entry) -> str:
            return str(self.names(e) if e.shape else show.value_text(self.values.get(e)))

        call = show.call_text(run[0], number)
        said = call == show.call_text(run[0], self.names)  # no number took the place of a name
        return [f"= {value}" if said else f"{show.clip(call, _LINE)} = {value}"]

    # -- adjoints come down ------------------------------------------------------------------------

    def reverse(self, target: Entry, seed: Any) -> list[Step]:
        for node in self.nodes:
            node.adjoint = None
        adjoints: dict[Entry, Any] = {target: seed}
        title = f"The adjoint of {self.names(target)}, the target, is given"
        name = self.names(target)
        start = Step("seed", self.owner[target], title, [f"∂ {name} / ∂ {name} = {marked(seed)}"])
        start.adjoints[self.owner[target].key] = (marked(seed), 1, 1)
        result, seen = [start], Counter[Entry]()
        for node, run in reversed(self.runs):
            block = Step("reverse", node, f"The sweep passes {node.title}")
            flows: dict[Entry, Any] = {}  # what a folded block contributes outside itself
            for entry in reversed(run):
                ct = adjoints.pop(entry, None)
                if ct is None:
                    continue
                if self.output[node] is entry:
                    node.adjoint = ct
                used = Counter[Node]()
                for c in contributions(entry, ct):
                    old = adjoints.get(c.parent)
                    adjoints[c.parent] = total = add(old, c.value)
                    seen[c.parent] += 1
                    giver = self.owner.get(c.parent)
                    if len(run) > 1:
                        step = block
                        if giver is not node:
                            flows[c.parent] = add(flows.get(c.parent), c.value)
                    else:
                        step = self._use(entry, ct, c, old, total)
                        result.append(step)
                        if giver is not None:  # the first edge between the two, the second, ...
                            step.edges = self.edges[giver, node][used[giver] :][:1]
                            used[giver] += 1
                    if c.parent in self.shown:
                        key = self.shown[c.parent].key
                        step.adjoints[key] = (marked(total), seen[c.parent], 0)
            if len(run) > 1:
                result.append(self._passed(block, node, run, flows))
        for entry, total in adjoints.items():
            if entry in self.shown:
                self.shown[entry].adjoint = total
        self._count(result, seen)
        return result

    def _use(self, entry: Entry, ct: Any, c: Contribution, old: Any, total: Any) -> Step:
        """The step of one use of a value."""
        name, call = self.names(c.parent), show.clip(show.call_text(entry, self.names), _LINE)
        again = sum(x is c.parent for x in entry.inputs) > 1
        use = f", as argument {c.position + 1}" if again else ""
        step = Step("reverse", self.owner[entry], f"∂ {call} / ∂ {name}{use}")
        raw = marked(c.raw)
        if c.partial is None:
            step.lines += _joined([f"adjoint {marked(ct)}", f"→ contribution {raw}"])
        else:
            parts = [f"adjoint {marked(ct)}", f"× partial {marked(c.partial)}", f"= {raw}"]
            step.lines += _joined(parts)
        if c.summed:
            axes = ", ".join(map(str, c.summed))
            several = "axes" if len(c.summed) > 1 else "axis"
            step.lines += _joined(
                [f"Σ over {several} {axes}, where {name} was broadcast:", marked(c.value)]
            )
        if old is None:
            step.lines += _joined([f"adjoint of {name}:", marked(total)])
        else:
            parts = [f"adjoint of {name}: {marked(old)}", f"+ {marked(c.value)}"]
            step.lines += _joined([*parts, f"= {marked(total)}"])
        step.place = place_text(entry)
        return step

    def _passed(self, step: Step, node: Node, run: list[Entry], flows: dict[Entry, Any]) -> Step:
        """The step of a folded block: what comes out of it, without the arithmetic inside."""
        step.title += f", {len(run)} entries"
        given = [f"to {self.names(p)}: {marked(value)}" for p, value in flows.items()]
        step.lines = _few(given) or ["it contributes to nothing outside"]
        tails = {self.owner[p] for p in flows if p in self.owner}
        step.edges = [i for tail in tails for i in self.edges[tail, node]]
        step.place = place_text(run[-1])
        return step

    def _count(self, result: list[Step], seen: Counter[Entry]) -> None:
        """Tell each step but the first how many contributions there will have been in the end."""
        totals = {n.key: seen[e] for e, n in self.shown.items()}
        for step in result[1:]:
            for key, (text, so_far, _) in step.adjoints.items():
                step.adjoints[key] = (text, so_far, total := totals[key])
                if step.title.startswith("∂"):
                    waits = f" (pending: {so_far} of {total} contributions)"
                    step.lines[-1] += " (final)" if so_far == total else waits


def _outputs(entries: Sequence[Entry], owner: dict[Entry, Node]) -> dict[Node, Entry]:
    """For each node the entry whose value it shows: the last one that is used outside."""
    last = {owner[e]: e for e in entries}
    used = {p: None for e in entries for p in e.parents if owner.get(p) is not owner[e]}
    for e in sorted(used, key=lambda e: e.index):
        if e in owner:
            last[owner[e]] = e
    return last


def _joined(parts: list[str]) -> list[str]:
    """One line if it is not too long, else one for each part."""
    line = " ".join(parts)
    return [line] if len(line) <= _LINE else parts


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST
    return [*lines[:_MOST], f"… {more} more"] if more > 1 else lines


def place_text(entry: Entry) -> str:
    """``train.py:7  h = np.tanh(W @ x)``, where the tape keeps the user's own lines; else ""."""
    place = entry.note("place")
    if place is None:
        return ""
    code = linecache.getline(place.filename, place.line).strip()
    return f"{os.path.basename(str(place))}  {show.clip(code, _LINE)}".rstrip()
