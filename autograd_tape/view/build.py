"""From a tape to the graph that is drawn: nodes and edges for what is shown of it.

Next to read: :mod:`autograd_tape.view.diagram`, which draws the graph with Graphviz.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from ..entry import Entry
from . import text as show
from .graph import Edge, Graph, Node
from .labels import label
from .plan import PAGE, Place, Plan

__all__ = ["LIMIT", "build"]

LIMIT = 300  # nodes; of a bigger graph the middle is left out, for nobody can read it
EDGES = ("none", "partial", "arithmetic")


def build(
    entries: Sequence[Entry], *, depth: int | None = None, limit: int = LIMIT,
    edges: str | None = None, fold: bool | None = None,
) -> Graph:  # fmt: skip
    """The graph of a tape's entries, oldest first.

    depth  how many levels of scopes are opened; 0 shows each outermost one as a single node.
           None: all if the whole tape fits a page (40 arrays or 80 numbers), else as many as do
    fold   show alike parts in a row as one.  None: unless the whole tape fits a page
    limit  at most about this many nodes; the middle is left out, and counted by one node
    edges  "none"; "partial": each edge with its local derivative; "arithmetic": with adjoint ×
           partial = contribution, and each adjoint as the sum that it is.
           None: "partial" if the whole tape fits a page
    Raises ValueError for another value of ``edges``, and for a negative depth or limit.
    """
    if edges not in (None, *EDGES):
        raise ValueError(f"edges={edges!r}: it is one of {', '.join(map(repr, EDGES))}")
    for what, number in (("depth", depth), ("limit", limit)):
        if number is not None and number < 0:
            raise ValueError(f"{what}={number} is below 0")
    constants = sum(len(e.inputs) - len(e.parents) for e in entries)
    # Of numbers, which need less room than arrays, twice as many fit.
    size = (constants + sum(2 if e.shape else 1 for e in entries)) / 2
    everything = depth is None and size <= PAGE and constants + len(entries) <= limit
    plan = Plan(entries, folding=not everything if fold is None else fold)
    notes = []
    if depth is None:
        depth = plan.depth if everything else plan.fitting()
        if depth < plan.depth:
            notes = [f"depth={depth}; deeper: v.diagram(depth={depth + 1})"]
    places = plan.places(depth)
    if any(place.folded for place in places):
        notes.append("of ×N alike parts in a row the last is shown")
    graph = _Builder(entries, plan, places, limit).graph
    graph.note = "; ".join(notes)
    if edges in EDGES[1:] or (edges is None and everything):
        label(graph, arithmetic=edges == "arithmetic")
    return graph


@dataclass(eq=False)
class _Part:
    """A node in the making: the entries that it stands for, and its place if it is no leaf."""

    node: Node
    entries: list[Entry]
    place: Place | None = None

    @property
    def is_operation(self) -> bool:
        return self.place is not None and self.place.block is None

    @property
    def is_block(self) -> bool:
        return self.place is not None and self.place.block is not None


class _Builder:
    """Makes the nodes and edges of one plan."""

    def __init__(
        self, entries: Sequence[Entry], plan: Plan, places: list[Place], limit: int
    ) -> None:
        self.plan = plan
        self.number = {e: i for i, e in enumerate(entries)}
        self.part_of: dict[Entry, _Part] = {}
        self.more = _Part(Node("more", "more", ""), [])
        self.parts = self._operations(places, _ends(places, limit))
        self.leaves = self._leaves([e for e in entries if e.primitive is None])
        self.outputs = {part: self._output(part) for part in self._shown()}
        self.names = show.names_of(entries)
        self.values = show.values_of(sorted(self.outputs.values(), key=attrgetter("index")))
        self.graph = Graph([], [])
        self._nodes()
        self._edges()

    # -- which entry belongs to which part -------------------------------------------------------

    def _operations(self, places: list[Place], shown: set[int]) -> list[_Part]:
        operations = self.plan.operations
        owner: list[_Part | None] = [None] * len(operations)
        parts: dict[_Part, None] = {}  # in order, each once
        for k, place in enumerate(places):
            part = self.more
            if k in shown:
                key = f"n{self.number[operations[place.stop - 1]]}"
                key = key if place.block is None else f"g{key}"
                part = _Part(Node(key, "", "", scopes=place.scopes), [], place)
            parts[part] = None
            owner[place.first : place.stop] = [part] * (place.stop - place.first)
        for i, e in enumerate(operations):
            part = owner[i] or owner[self.plan.shown[i]] or self.more
            part.entries.append(e)
            self.part_of[e] = part
        return list(parts)

    def _users(self, e: Entry) -> list[_Part]:
        return [self.part_of[self.plan.operations[i]] for i, _ in self.plan.uses[e]]

    def _leaves(self, leaves: list[Entry]) -> list[_Part]:
        """Those that are not inside of what is shown as one node, or left out."""
        parts: list[_Part] = []
        alike: dict[Any, _Part] = {}
        counts: Counter[Any] = Counter()
        for e in leaves:
            users = self._users(e)
            together = frozenset(users)
            parameter = self.plan.is_parameter(e)
            alone = users[0] if users and len(set(users)) == 1 else None
            if alone is self.more or (parameter and alone is not None and alone.is_block):
                part = alone
            elif users and all(u.is_operation and len(u.entries) > 1 for u in users):
                # Used by folded operations only: those of all alike parts are one leaf, too.
                slots = zip(users, (k for _, k in self.plan.uses[e]), strict=True)
                key = (frozenset(slots), e.shape, str(e.dtype))
                part = alike.setdefault(key, _Part(Node("", "", ""), []))
            elif counts[together] >= PAGE:
                part = alike.setdefault(together, _Part(Node("", "more", ""), []))
            else:
                counts[together] += 1
                part = _Part(Node("", "", ""), [])
            if part.place is None and part is not self.more and not part.entries:
                part.node.key = f"n{self.number[e]}"
                part.node.kind = part.node.kind or ("parameter" if parameter else "input")
                if parameter:
                    part.node.scopes = _common([u.node.scopes for u in users if u is not self.more])
                parts.append(part)
            part.entries.append(e)
            self.part_of[e] = part
        return parts

    def _output(self, part: _Part) -> Entry:
        """The entry whose value is shown: of a block the last that is used outside of it."""
        if part.is_block:
            for e in reversed(part.entries):
                users = self._users(e)
                if e.primitive is not None and (not users or any(u is not part for u in users)):
                    return e
        return part.entries[-1]

    def _shown(self) -> list[_Part]:
        return [part for part in (*self.parts, *self.leaves) if part.node.kind != "more"]

    # -- nodes and edges -------------------------------------------------------------------------

    def _nodes(self) -> None:
        """Every part's node, each leaf before the operation that uses it first."""
        nodes = self.graph.nodes
        before: dict[_Part, list[_Part]] = {}
        for leaf in self.leaves:
            users = self._users(leaf.entries[0])
            before.setdefault(users[0] if users else leaf, []).append(leaf)
            self._describe(leaf)
        for part in self.parts:
            nodes += [leaf.node for leaf in before.get(part, ())]
            if part is not self.more:
                self._describe(part)
            if part.is_operation:
                self._constants(part)
            nodes.append(part.node)
        nodes += [leaf.node for leaf in self.leaves if leaf in before]  # which nothing uses
        self._describe(self.more)

    def _describe(self, part: _Part) -> None:
        node, e = part.node, self.outputs.get(part)
        node.entries = tuple(part.entries)
        if node.kind == "more" or e is None:
            node.title = f"… {len(node.entries)} more …"
            return
        node.type = show.kind_text(e.dtype, e.shape) if e.shape else ""
        node.value, node.adjoint, node.place = (
            self.values.get(e),
            e.note("adjoint"),
            e.note("place"),
        )
        if part.place is None:
            node.title = self.names(e)
        elif part.place.block is None:
            node.title = f"{self.names(e)} = {show.call_text(e, self.names)}"
            node.kind = "operation" if self.plan.uses[e] else "target"
        else:
            node.title, node.kind = part.place.block.title, "group"
            node.times = part.place.block.times

    def _constants(self, part: _Part) -> None:
        inputs = enumerate(self.outputs[part].inputs)
        constants = [(k, x) for k, x in inputs if x.__class__ is not Entry]
        for k, x in constants[:PAGE]:
            node = Node(f"{part.node.key}_{k}", "constant", show.constant_text(x), value=x)
            node.scopes = part.node.scopes
            self._before(part, node, k)
        if len(constants) > PAGE:
            title = f"… {len(constants) - PAGE} more …"
            node = Node(f"{part.node.key}_more", "more", title, scopes=part.node.scopes)
            self._before(part, node, None)

    def _before(self, part: _Part, node: Node, position: int | None) -> None:
        self.graph.nodes.append(node)
        self.graph.edges.append(Edge(node, part.node, position=position))

    def _edges(self) -> None:
        """One for each use of a value between operations, one in all from or to a block."""
        edges: dict[Any, Edge] = {}
        for i, e in enumerate(self.plan.operations):
            head = self.part_of[e]
            for k, x in enumerate(e.inputs):
                tail = self.part_of.get(x) if x.__class__ is Entry else None
                if tail is None or tail is head or self.plan.across(x, i):
                    continue
                position = None
                if head.is_operation and (tail.is_operation or tail.place is None):
                    position = k if tail.node.kind != "more" else None
                key = (tail, head, position)
                edges.setdefault(key, Edge(tail.node, head.node, position=position))
        self.graph.edges += edges.values()


def _ends(places: list[Place], limit: int) -> set[int]:
    """Which places are shown: all, or as many from both ends as make ``limit`` nodes."""
    if sum(place.weight for place in places) <= limit:
        return set(range(len(places)))
    shown, first, last = set(), 0, len(places) - 1
    while first <= last and limit > 0:  # the target first, then an input, and so on
        for k in (last, first):
            shown.add(k)
            limit -= places[k].weight
        first, last = first + 1, last - 1
    return shown


def _common(scopes: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The innermost scope around all of them."""
    shared = []
    for names in zip(*scopes, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return tuple(shared)
