"""The two sweeps as a list of steps with their numbers: what the explorer shows, one at a time.

First the values go up the tape, then the adjoints come down.  One use of a value is one step of
the reverse sweep: adjoint × partial = contribution, and the sum where a value was used before.
Plain data; nothing here knows of HTML.

Next to read: :mod:`autograd_tape.view.explore`.
"""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from ..backward import sweep
from ..entry import Entry
from . import text as show
from .arithmetic import Contribution, add, contributions
from .graph import Graph, Node
from .layered import marked

__all__ = ["Step", "place_text", "steps"]

_LINE = 76  # characters that one line of arithmetic takes
_MOST = 6  # lines of a step that lists inputs, or what a folded block contributes to
_BLOCKS = ("group", "more")  # kinds of node that stand for several operations


@dataclass
class Step:
    """One position of the slider.

    phase     "inputs", "forward", "seed" or "reverse"
    node      where the sweep is; None where that is no single node
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
    both = _Sweeps(graph, entries)
    return [*both.forward(), *both.reverse(target, seed)]


class _Sweeps:
    """What both directions need to know: who stands for whom, and what all are called."""

    def __init__(self, graph: Graph, entries: Sequence[Entry]) -> None:
        self.names = show.names_of(entries)
        self.owner = {e: n for n in graph.nodes for e in n.entries}
        self.output = _outputs(entries, self.owner)
        self.shown = {e: n for n, e in self.output.items()}  # whose values the picture shows
        self.edges = {(e.tail, e.head, e.position): i for i, e in enumerate(graph.edges)}
        # The operations of one step: one, a block, or what the picture does not show in between.
        operations = (e for e in entries if e.primitive is not None)
        parts = [list(part) for _, part in groupby(operations, self._alone)]
        runs = groupby(parts, lambda part: self._where(part) and part[0])
        self.runs = [[e for part in run for e in part] for _, run in runs]

    def _alone(self, e: Entry) -> Node | Entry:
        node = self.owner[e]
        return node if _is_block(node) else e

    def _where(self, run: list[Entry]) -> Node | None:
        """The node that shows what is computed here; None if it shows another, alike part."""
        return next((self.shown[e] for e in run if e in self.shown), None)

    def _title(self, node: Node | None, run: list[Entry]) -> str:
        count = f"{len(run)} operation{'s' * (len(run) > 1)}"
        if node is None:
            return f"Alike parts that are folded: {count}"
        times = f" ×{node.times}" if node.times > 1 else ""
        return f"{node.title}{times}: {count}" if _is_block(node) else node.title

    # -- values go up ------------------------------------------------------------------------------

    def forward(self) -> Iterable[Step]:
        leaves = {n.key: e for e, n in self.shown.items() if e.primitive is None}
        known = {key: marked(self.shown[e].value) for key, e in leaves.items()}
        lines = [f"{self.names(e)} = {known[key]}" for key, e in leaves.items()]
        title = "The inputs have their values"
        yield Step("inputs", None, title, _few(lines), primals=known)
        for run in self.runs:
            node, last = self._where(run), run[-1]
            step = Step("forward", node, self._title(node, run), place=place_text(last))
            if node is not None:
                step.edges = [i for (_, head, _), i in self.edges.items() if head is node]
                step.primals[node.key] = value = marked(node.value)
                step.lines = [f"= {value}" if _is_block(node) else self._call(last, value)]
            yield step

    def _call(self, e: Entry, value: str) -> str:
        """``add(2.0, 3.0) = 5.0``: the call with numbers in the place of names."""

        def number(x: Entry) -> str:
            known = not x.shape and x in self.shown
            return show.value_text(self.shown[x].value) if known else str(self.names(x))

        call = show.call_text(e, number)
        said = call == show.call_text(e, self.names)  # no number took the place of a name
        return f"= {value}" if said else f"{show.clip(call, _LINE)} = {value}"

    # -- adjoints come down ------------------------------------------------------------------------

    def reverse(self, target: Entry, seed: Any) -> list[Step]:
        with np.errstate(all="ignore"):
            adjoints = sweep(target, seed)
        for e, shown in self.shown.items():
            shown.adjoint = adjoints.get(e)
        name, text = self.names(target), marked(seed)
        title = f"The adjoint of {name}, the target, is given"
        start = Step("seed", self.owner[target], title, [f"∂ {name} / ∂ {name} = {text}"])
        if target in self.shown:
            start.adjoints[self.shown[target].key] = (text, 1, 1)
        result = [start]
        sums: dict[Entry, Any] = {}  # adjoints so far
        seen = Counter[Entry]()
        for run in reversed(self.runs):
            node = self._where(run)
            if node is None or _is_block(node):
                step = self._block(node, run, adjoints, sums, seen)
                result += [step] if step.lines else []
            elif run[0] in adjoints:
                for c in contributions(run[0], adjoints[run[0]]):
                    old = sums.get(c.parent)
                    sums[c.parent] = add(old, c.value)
                    seen[c.parent] += 1
                    step = self._use(run[0], adjoints[run[0]], c, old, sums[c.parent])
                    self._change(step, c.parent, sums, seen)
                    result.append(step)
        totals = {n.key: seen[e] for e, n in self.shown.items()}
        for step in result[1:]:
            self._count(step, totals)
        return result

    def _change(self, step: Step, e: Entry, sums: dict[Entry, Any], seen: Counter[Entry]) -> None:
        if e in self.shown:
            step.adjoints[self.shown[e].key] = (marked(sums[e]), seen[e], 0)

    def _block(
        self, node: Node | None, run: list[Entry], adjoints: dict[Entry, Any],
        sums: dict[Entry, Any], seen: Counter[Entry],
    ) -> Step:  # fmt: skip
        """The step of what is folded: what comes out of it, without the arithmetic inside."""
        step = Step("reverse", node, self._title(node, run), place=place_text(run[-1]))
        inside, flows = set(run), dict[Entry, Any]()
        for e in reversed(run):
            if e in adjoints and any(p not in inside or p in self.shown for p in e.parents):
                for c in contributions(e, adjoints[e], partials=False):
                    if c.parent not in inside or c.parent in self.shown:
                        sums[c.parent] = add(sums.get(c.parent), c.value)
                        flows[c.parent] = add(flows.get(c.parent), c.value)
                        seen[c.parent] += 1
        for p in flows:
            self._change(step, p, sums, seen)
        own = [p for p in flows if node is None or self.owner.get(p) is not node]
        step.lines = _few(
            [f"adds {marked(flows[p])} to the adjoint of {self.names(p)}" for p in own]
        )
        tails = {self.owner[p] for p in own if p in self.owner}
        step.edges = [i for (t, h, _), i in self.edges.items() if h is node and t in tails]
        return step

    def _use(self, entry: Entry, ct: Any, c: Contribution, old: Any, total: Any) -> Step:
        """The step of one use of a value."""
        name, call = self.names(c.parent), show.clip(show.call_text(entry, self.names), _LINE)
        again = sum(x is c.parent for x in entry.inputs) > 1
        use = f", as argument {c.position + 1}" if again else ""
        node = self.owner[entry]
        step = Step("reverse", node, f"∂ {call} / ∂ {name}{use}", place=place_text(entry))
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
        step.edges = self._lanes(c.parent, node, c.position)
        return step

    def _lanes(self, parent: Entry, head: Node, position: int) -> list[int]:
        """The edge of one use of a value; none where the picture does not show it."""
        tail = self.owner.get(parent)
        found = (self.edges.get((tail, head, p)) for p in (position, None) if tail is not None)
        return [i for i in found if i is not None][:1]

    def _count(self, step: Step, totals: dict[str, int]) -> None:
        """Tell a step how many contributions there will have been in the end."""
        for key, (text, so_far, _) in step.adjoints.items():
            step.adjoints[key] = (text, so_far, total := totals[key])
            if step.title.startswith("∂"):
                waits = f" (pending: {so_far} of {total} contributions)"
                step.lines[-1] += " (final)" if so_far == total else waits


def _is_block(node: Node) -> bool:
    return node.kind in _BLOCKS


def _outputs(entries: Sequence[Entry], owner: dict[Entry, Node]) -> dict[Node, Entry]:
    """For each node the entry whose value it shows: the last one whose output goes on."""
    last: dict[Node, Entry] = {}
    going: dict[Node, Entry] = {}
    used = {p for e in entries for p in e.parents}
    outside = {p for e in entries for p in e.parents if owner.get(p) is not owner[e]}
    for e in entries:
        last[owner[e]] = e
        if e.primitive is not None and (e in outside or e not in used):
            going[owner[e]] = e
    return last | going


def _joined(parts: list[str]) -> list[str]:
    """One line if it is not too long, else one for each part."""
    line = " ".join(parts)
    return [line] if len(line) <= _LINE else parts


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST
    return [*lines[:_MOST], f"… {more} more"] if more > 1 else lines


def place_text(entry: Entry) -> str:
    """``train.py:7: h = np.tanh(W @ x)``, where the tape keeps the user's own lines; else ""."""
    place = entry.note("place")
    if place is None:
        return ""
    code = linecache.getline(place.filename, place.line).strip()
    return f"{place.brief}: {show.clip(code, _LINE)}" if code else place.brief
