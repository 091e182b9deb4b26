"""Where the nodes of a picture go: in layers, in the order of the tape.

Sugiyama's method: each node stands one layer after its latest input; an edge over several layers
passes through places of its own in those between; the order within each layer is improved by
sweeps of medians; then all places move to the mean of their neighbours, as far as the order lets
them.  "Along" is the direction of the arrows, "across" the other one.

Next to read: :mod:`autograd_tape.view.layered`, which draws the result.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from .graph import Edge, Graph, Node

__all__ = ["Box", "Layout", "direction", "place"]

_PAGE = 800  # pixels that may lie side by side; Graphviz draws a third larger
_SWEEPS = 8
Point = tuple[float, float]


@dataclass(eq=False)
class Box:
    """Where a node or the label of an edge stands: its centre and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(eq=False)
class Layout:
    """A box for each node, a path for each edge, and a box for each edge's label (or None)."""

    width: float
    height: float
    across: bool  # arrows point to the right, not down
    boxes: dict[Node, Box]
    paths: list[list[Point]]
    labels: list[Box | None]


@dataclass(eq=False)
class _Place:
    """What stands in a layer: a node, the label of an edge, or an edge that passes."""

    layer: int
    thick: float = 0.0  # along
    wide: float = 2.0  # across
    position: float = 0.0  # of the centre, across
    before: list[_Place] = field(default_factory=list)
    after: list[_Place] = field(default_factory=list)


def place(
    graph: Graph,
    sizes: dict[Node, Point],
    label_sizes: dict[Edge, Point],
    *,
    rankdir: str | None = None,
) -> Layout:
    """Where everything goes.

    sizes        (width, height) of each node, in pixels
    label_sizes  the same for each edge that has a label
    rankdir      "LR": from left to right; "TB": from top to bottom (default: what fits a page)
    """
    layer = _layers(graph)
    across = (rankdir or direction(graph, sizes)) == "LR"

    def along(size: Point) -> Point:
        return size if across else (size[1], size[0])

    step = 2 if label_sizes else 1  # labels have layers of their own, between those of the nodes
    places = {n: _Place(layer[n] * step, *along(sizes[n])) for n in graph.nodes}
    ways = [*_ways(graph, places, {e: along(s) for e, s in label_sizes.items()})]
    layers = _ordered(list(places.values()), ways)
    gap = 16.0 if across else 18.0
    _align(layers, gap)

    starts, ends, at = [], [], 0.0
    for row in layers:
        starts.append(at)
        ends.append(at + max((p.thick for p in row), default=0.0))
        at = ends[-1] + (44.0 if across else 32.0) / step
    low = min((p.position - p.wide / 2 for row in layers for p in row), default=0.0)
    high = max((p.position + p.wide / 2 for row in layers for p in row), default=0.0)
    margin = 12.0

    def point(u: float, v: float) -> Point:
        u, v = u + margin, v - low + margin
        return (u, v) if across else (v, u)

    def box(place: _Place, size: Point) -> Box:
        middle = (starts[place.layer] + ends[place.layer]) / 2
        return Box(*point(middle, place.position), *size)

    paths = []
    arrivals = _arrivals(graph.edges, ways)
    for edge, way in zip(graph.edges, ways, strict=True):
        path = []
        for place in way:
            start, end = starts[place.layer], ends[place.layer]
            inset = (end - start - place.thick) / 2 if place in (way[0], way[-1]) else 0.0
            v = place.position + (arrivals[edge] if place is way[-1] else 0.0)
            if place is not way[0]:
                path += [point(start, v), point(start + inset, v)]
            if place is not way[-1]:
                path += [point(end - inset, v), point(end, v)]
        paths.append([p for i, p in enumerate(path) if i == 0 or p != path[i - 1]])
    width, height = 2 * margin + (ends[-1] if ends else 0.0), 2 * margin + high - low
    return Layout(
        *((width, height) if across else (height, width)), across,
        {n: box(places[n], sizes[n]) for n in graph.nodes}, paths,
        [box(way[-2], label_sizes[e]) if e in label_sizes else None
         for e, way in zip(graph.edges, ways, strict=True)],
    )  # fmt: skip


def direction(graph: Graph, sizes: dict[Node, Point]) -> str:
    """ "LR" where all layers fit side by side, else "TB"."""
    widest: dict[int, float] = {}
    for node, layer in _layers(graph).items():
        widest[layer] = max(widest.get(layer, 0.0), sizes[node][0] + 44.0)
    return "LR" if sum(widest.values()) <= _PAGE else "TB"


def _layers(graph: Graph) -> dict[Node, int]:
    """Each node one layer after its latest input; what has no input just before its first use."""
    layer = dict.fromkeys(graph.nodes, 0)
    first: dict[Node, int] = {}
    position = {n: i for i, n in enumerate(graph.nodes)}
    for edge in sorted(graph.edges, key=lambda e: position[e.head]):
        layer[edge.head] = max(layer[edge.head], layer[edge.tail] + 1)
    for edge in graph.edges:
        first[edge.tail] = min(first.get(edge.tail, layer[edge.head]), layer[edge.head])
    fed = {edge.head for edge in graph.edges}
    for node, use in first.items():
        if node not in fed:
            layer[node] = use - 1
    return layer


def _ways(
    graph: Graph, places: dict[Node, _Place], labels: dict[Edge, Point]
) -> Iterator[list[_Place]]:
    """The places that each edge passes.  Long edges from one node share theirs."""
    trunks: dict[Node, list[_Place]] = defaultdict(list)
    linked: set[tuple[_Place, _Place]] = set()
    for edge in graph.edges:
        start, end = places[edge.tail], places[edge.head]
        trunk = trunks[edge.tail]
        passed = end.layer - start.layer - (2 if edge in labels else 1)
        trunk.extend(_Place(start.layer + 1 + i) for i in range(len(trunk), passed))
        label = [_Place(end.layer - 1, *labels[edge])] if edge in labels else []
        way = [start, *trunk[: max(passed, 0)], *label, end]
        for a, b in pairwise(way):
            if (a, b) not in linked:
                linked.add((a, b))
                a.after.append(b)
                b.before.append(a)
        yield way


def _ordered(nodes: list[_Place], ways: list[list[_Place]]) -> list[list[_Place]]:
    """The layers, each in an order that lets few edges cross."""
    every = dict.fromkeys([*nodes, *(p for way in ways for p in way)])
    layers: list[list[_Place]] = [[] for _ in range(1 + max((p.layer for p in every), default=-1))]
    for place in every:
        layers[place.layer].append(place)
    best, fewest = [list(row) for row in layers], _crossings(layers)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for i, row in enumerate(layers if down else layers[::-1]):
            if not i:
                rank = {p: k for k, p in enumerate(row)}
                continue
            wish = {}
            for k, p in enumerate(row):
                near = p.before if down else p.after
                wish[p] = median(rank[q] for q in near) if near else float(k)
            row.sort(key=wish.__getitem__)
            rank = {p: k for k, p in enumerate(row)}
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [list(row) for row in layers], crossings
    return best


def _crossings(layers: list[list[_Place]]) -> int:
    count = 0
    for row, following in pairwise(layers):
        rank = {p: k for k, p in enumerate(following)}
        ends: list[int] = []
        for place in row:
            new = sorted(rank[q] for q in place.after)
            count += sum(len(ends) - bisect_left(ends, k + 1) for k in new)
            for k in new:
                insort(ends, k)
    return count


def _align(layers: list[list[_Place]], gap: float) -> None:
    """Move each place to the mean of its neighbours, first from one side, then from both."""
    for row in layers:
        _spread(row, [0.0] * len(row), gap)
    for sweep in range(_SWEEPS):
        both = sweep >= _SWEEPS - 2
        down = sweep % 2 == 0
        for row in layers if down else layers[::-1]:
            wishes = []
            for p in row:
                near = p.before + p.after if both else p.before if down else p.after
                wishes.append(sum(q.position for q in near) / len(near) if near else p.position)
            _spread(row, wishes, gap)


def _spread(row: list[_Place], wishes: list[float], gap: float) -> None:
    """Put each place as near to its wish as the order and the gaps allow (in least squares).

    Isotonic regression: neighbours that would overlap are pooled, and share their mean.
    """
    offset, offsets = 0.0, []
    blocks: list[tuple[float, float, int]] = []  # sum of weighted wishes, weight, how many
    for i, (place, wish) in enumerate(zip(row, wishes, strict=True)):
        if i:
            offset += (row[i - 1].wide + place.wide) / 2 + gap
        offsets.append(offset)
        weight = 1.0 if place.thick else 4.0  # edges that pass had better be straight
        blocks.append(((wish - offset) * weight, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            a, b = blocks.pop(), blocks.pop()
            blocks.append((a[0] + b[0], a[1] + b[1], a[2] + b[2]))
    means = (total / weight for total, weight, n in blocks for _ in range(n))
    for place, mean, offset in zip(row, means, offsets, strict=True):
        place.position = mean + offset


def _arrivals(edges: list[Edge], ways: list[list[_Place]]) -> dict[Edge, float]:
    """How far from the middle of its head each arrow ends, so that two of them stay two."""
    arriving: dict[_Place, list[tuple[float, int]]] = defaultdict(list)
    for i, way in enumerate(ways):
        arriving[way[-1]].append((way[-2].position, i))
    result = {}
    for head, those in arriving.items():
        pitch = min(14.0, 0.7 * head.wide / len(those))
        for k, (_, i) in enumerate(sorted(those)):
            result[edges[i]] = (k - (len(those) - 1) / 2) * pitch
    return result
