"""A picture of a graph as SVG without Graphviz, readable by itself.

Shapes are those of the Graphviz pictures: inputs are ellipses, parameters octagons, operations
boxes, scopes that are shown as one node tabs, constants notes with a folded corner, and the target
a box with a double border.  Colours stand in attributes, which a style sheet may override: the
explorer does, by the classes.

Next to read: :mod:`autograd_tape.view.render`, which falls back on it.
"""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from . import placing
from . import text as show
from .colour import PALETTE, Scale, ink
from .graph import Edge, Graph, Node
from .labels import brief
from .placing import Box, Layout, Point, place

__all__ = ["direction", "layout", "marked", "rows", "svg"]

_FONT = "Helvetica,Arial,sans-serif"
_LINE = 15.0  # from one line of text to the next
_SIZE, _SMALL = 12.0, 11.0
_LONGEST = 48  # characters of a title
_INSIDE = ("primal", "adjoint")
_TAB = 9.0  # the height of a group's tab


def rows(node: Node) -> list[tuple[str, str]]:
    """The lines of text inside a node: ("title" | "type" | "primal" | "adjoint", text)."""
    block = node.kind in ("group", "more")
    times = node.times if block else len(node.entries)  # alike ones, of which the last is shown
    lines = [("title", show.clip(node.title, _LONGEST) + (f" ×{times}" if times > 1 else ""))]
    if node.type:
        lines.append(("type", node.type))
    if node.kind != "constant":
        values = (("primal", node.value), ("adjoint", node.adjoint))
        lines += [(what, marked(value)) for what, value in values if value is not None]
    if len(node.terms) in (2, 3):
        lines[-1] = ("adjoint", f"{' + '.join(map(brief, node.terms))} = {lines[-1][1]}")
    return lines


def marked(value: Any) -> str:
    """A value in a few words; one that is not finite bears a sign, for a colour does not tell."""
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(marked, value))})"
    if not _finite(value):
        return f"⚠ {show.clip(show.value_text(value), 60)}"
    short = np.ndim(value) <= 1 and np.size(value) <= 6
    return show.clip(show.value_text(value) if short else brief(value), 60)


def _finite(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def width_of(text: str, size: float = _SIZE, bold: bool = False) -> float:
    """About how many pixels wide a text is, rather too many than too few."""
    width = 0.0
    for c in text:
        if c in "ijl.,:;'|![](){}ftrI /-":
            width += 0.36
        elif c in "mwMW@%—…×⚠" or ord(c) > 0x2E80:
            width += 1.0
        else:
            width += 0.7 if c.isupper() else 0.58
    return width * size * (1.08 if bold else 1.0)


def _block(lines: list[tuple[str, str]], room: str) -> tuple[float, float]:
    """How far "primal" and "adjoint" reach to the left and their values to the right."""
    inside = [*((what, text) for what, text in lines if what in _INSIDE), ("", room)]
    left = max((width_of(what, _SMALL) for what, _ in inside), default=0.0)
    return left, max((width_of(text, _SMALL) for _, text in inside), default=0.0)


def _size(node: Node, room: str) -> Point:
    lines = rows(node)
    heads = [
        width_of(t, _SIZE if what == "title" else _SMALL, what == "title")
        for what, t in lines
        if what not in _INSIDE
    ]
    left, right = _block(lines, room)
    width, height = max(*heads, left + right + 8), len(lines) * _LINE
    if node.kind == "parameter":
        return width + 34, height + 14
    if node.kind == "input":
        return width * 1.3 + 14, height * 1.3 + 10
    if node.kind == "target":
        return width + 24, height + 16
    return width + 18, height + 10 + (_TAB if node.kind == "group" else 0)


def _label_size(edge: Edge) -> Point:
    return max(map(width_of, edge.label)) + 6, len(edge.label) * _LINE


def direction(graph: Graph) -> str:
    """From left to right ("LR") where that fits a page, else from top to bottom ("TB")."""
    return placing.direction(graph, {n: _size(n, "") for n in graph.nodes})


def layout(
    graph: Graph, *, rankdir: str | None = None, room: dict[str, str] | None = None
) -> Layout:
    """Where each node, edge and label goes; see :func:`autograd_tape.view.placing.place`."""
    room = room or {}
    labels = {e: _label_size(e) for e in graph.edges if e.label}
    return place(
        graph, {n: _size(n, room.get(n.key, "")) for n in graph.nodes}, labels, rankdir=rankdir
    )


def svg(
    graph: Graph, *, dark: bool = False, title: str = "Graph of a computation", note: str = "",
    rankdir: str | None = None, room: dict[str, str] | None = None,
) -> str:  # fmt: skip
    """The picture, as the text of one ``<svg>`` element.

    dark     light ink on a dark page
    title    what a screen reader says of the whole
    note     a line below the picture, such as why it was not drawn otherwise
    rankdir  "LR": from left to right; "TB": from top to bottom (default: what fits a page)
    room     node key -> the longest text that may later stand in the place of its values

    It holds no id, so that several may stand on one page.  Each node is a ``<g class="node KIND"
    data-key=KEY>``, each edge a ``<g class="edge" data-tail=KEY data-head=KEY>``.
    """
    colour = PALETTE[dark]
    where = layout(graph, rankdir=rankdir, room=room)
    below = 22.0 if note else 0.0
    width = max(where.width, width_of(note) + 24 if note else 0.0)
    height = where.height + below
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{safe(title)}" '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'font-family="{_FONT}">',
        f"<title>{safe(title)}</title>",
        f'<rect class="page" width="100%" height="100%" fill="{colour["page"]}"/>',
    ]
    for edge, path in zip(graph.edges, where.paths, strict=True):
        parts.append(_edge(edge, path, where.across, colour))
    for edge, box in zip(graph.edges, where.labels, strict=True):
        if box is not None:
            parts.append(_label(edge, box, colour))
    scale = Scale(graph, dark=dark)
    parts += [
        _node(n, where.boxes[n], colour, scale, (room or {}).get(n.key, "")) for n in graph.nodes
    ]
    if note:
        parts.append(_text(12, height - 10, note, colour["pale"], "note", anchor="start"))
    return "\n".join([*parts, "</svg>"])


def _edge(edge: Edge, path: list[Point], across: bool, colour: dict[str, str]) -> str:
    """A line that is straight inside the layers and bends between them, with its arrow head."""
    (x, y), *rest = path
    d = f"M{x:.1f},{y:.1f}"
    for to_x, to_y in rest:
        if x == to_x or y == to_y:
            d += f"L{to_x:.1f},{to_y:.1f}"
        else:
            mid_x, mid_y = (x + to_x) / 2, (y + to_y) / 2
            bend = (mid_x, y, mid_x, to_y) if across else (x, mid_y, to_x, mid_y)
            d += "C{:.1f},{:.1f} {:.1f},{:.1f}".format(*bend) + f" {to_x:.1f},{to_y:.1f}"
        x, y = to_x, to_y
    head = "l-7,-3.5v7z" if across else "l-3.5,-7h7z"
    dash = ' stroke-dasharray="4 3"' if "more" in (edge.tail.kind, edge.head.kind) else ""
    return (
        f'<g class="edge" data-tail="{safe(edge.tail.key)}" data-head="{safe(edge.head.key)}">'
        f'<path d="{d}" fill="none" stroke="{colour["line"]}"{dash}/>'
        f'<path class="head" d="M{x:.1f},{y:.1f}{head}" fill="{colour["line"]}"/></g>'
    )


def _label(edge: Edge, box: Box, colour: dict[str, str]) -> str:
    """Lines of text on a piece of the page, which interrupts the line of the edge."""
    x, y = box.x - box.width / 2, box.y - box.height / 2
    lines = [
        _text(box.x, y + i * _LINE + 11.5, line, colour["ink"], "label")
        for i, line in enumerate(edge.label)
    ]
    return (
        f'<rect class="page" x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" fill="{colour["page"]}"/>{"".join(lines)}'
    )


def _node(node: Node, box: Box, colour: dict[str, str], scale: Scale, room: str) -> str:
    lines = rows(node)
    told = [f"{node.kind} {node.title}", *(f"{w} {t}" for w, t in lines if w != "title")]
    told += [f"in {' / '.join(node.scopes)}"] if node.scopes else []
    told += [str(node.place)] if node.place is not None else []
    left, right = _block(lines, room)
    middle = box.x + (left - right) / 2
    top = box.y + (_TAB / 2 if node.kind == "group" else 0.0)
    texts = []
    for i, (what, text) in enumerate(lines):
        y = top + (i - (len(lines) - 1) / 2) * _LINE + 4
        if what in _INSIDE:
            paint, fill = colour["ink"], scale.fill(node.adjoint) if what == "adjoint" else None
            if fill is not None:
                paint = ink(fill)
                texts.append(
                    f'<rect class="swatch" x="{middle:.1f}" y="{y - 11:.1f}" '
                    f'width="{width_of(text, _SMALL) + 6:.1f}" height="14" fill="{fill}"/>'
                )
            texts.append(_text(middle - 4, y, what, colour["pale"], "word", "end", _SMALL))
            texts.append(_text(middle + 4, y, text, paint, what, "start", _SMALL))
        else:
            pen, size = ("ink", _SIZE) if what == "title" else ("pale", _SMALL)
            texts.append(_text(box.x, y, text, colour[pen], what, size=size))
    bad = any(text.startswith("⚠") for _, text in lines)
    pen = f'"{colour["bad"]}" stroke-width="3"' if bad else f'"{colour["line"]}"'
    paint = f'class="shape" fill="{colour.get(node.kind, colour["page"])}" stroke={pen}'
    return (
        f'<g class="node {node.kind}{" bad" if bad else ""}" data-key="{safe(node.key)}">'
        f"<title>{safe(chr(10).join(told))}</title>"
        f"{_shape(node.kind, box, paint, colour['line'])}{''.join(texts)}</g>"
    )


def _shape(kind: str, box: Box, paint: str, line: str) -> str:
    w, h = box.width, box.height
    x, y = box.x - w / 2, box.y - h / 2
    corner = 7

    def rectangle(inset: float) -> str:
        return (
            f'<rect {paint} x="{x + inset:.1f}" y="{y + inset:.1f}" '
            f'width="{w - 2 * inset:.1f}" height="{h - 2 * inset:.1f}" rx="2"/>'
        )

    def fold(d: str) -> str:
        return f'<path class="fold" d="M{d}" fill="none" stroke="{line}"/>'

    if kind == "more":
        return ""
    if kind == "input":
        ellipse = f'<ellipse {paint} cx="{box.x:.1f}" cy="{box.y:.1f}" '
        return f'{ellipse}rx="{w / 2:.1f}" ry="{h / 2:.1f}"/>'
    if kind == "parameter":
        c = corner + 3
        d = f"M{x + c:.1f},{y:.1f}h{w - 2 * c:.1f}l{c},{c}v{h - 2 * c:.1f}l{-c},{c}"
        return f'<path {paint} d="{d}h{2 * c - w:.1f}l{-c},{-c}v{2 * c - h:.1f}z"/>'
    if kind == "constant":
        d = f"M{x:.1f},{y:.1f}h{w - corner:.1f}l{corner},{corner}v{h - corner:.1f}h{-w:.1f}z"
        return f'<path {paint} d="{d}"/>' + fold(f"{x + w - corner:.1f},{y:.1f}v{corner}h{corner}")
    if kind == "group":
        return rectangle(0) + fold(f"{x:.1f},{y + _TAB:.1f}h{w / 3:.1f}l{corner},{-_TAB}")
    return rectangle(0) + rectangle(3) if kind == "target" else rectangle(0)


def _text(
    x: float, y: float, text: str, fill: str, role: str, anchor: str = "middle",
    size: float = _SMALL,
) -> str:  # fmt: skip
    bold = ' font-weight="bold"' if role == "title" else ""
    return (
        f'<text class="{role}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'font-size="{size:g}"{bold} fill="{fill}">{safe(text)}</text>'
    )


def safe(text: str) -> str:
    """Escaped for XML, without the characters that no XML may hold."""
    text = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
    return escape(text)
