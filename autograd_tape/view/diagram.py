"""The graph of everything that a variable depends on, as a graphviz diagram.

Kinds of node differ in shape: inputs are ellipses, parameters boxes with lines across the corners,
operations boxes, scopes that are shown as one node boxes with a tab, constants notes with a folded
corner, and the target a box with a double border.  Each shows its value and adjoint, as in the
printed tape.

Next to read: :mod:`autograd_tape.view.render`.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import count
from typing import Any

import graphviz
import numpy as np

from ..entry import Entry
from . import layered
from . import text as show
from .build import LIMIT, build
from .colour import PALETTE, Scale, ink
from .graph import Graph, Node
from .labels import brief
from .render import Diagram

__all__ = ["dot", "draw"]

_MANY = 80  # nodes; with more of them, and long edges, the best layout takes Graphviz a minute
_QUICK = {"nslimit": "0.1", "nslimit1": "0.1", "mclimit": "0.1", "splines": "line"}

_SHAPES: dict[str, dict[str, str]] = {
    "input": {"shape": "ellipse", "margin": "0"},
    "parameter": {"shape": "box", "margin": "0.15,0.08", "style": "filled,diagonals"},
    "operation": {"shape": "box", "margin": "0.08,0.04"},
    "group": {"shape": "tab", "margin": "0.12,0.06"},
    "constant": {"shape": "note", "margin": "0.08,0.02"},
    "target": {"shape": "box", "margin": "0.08,0.04", "peripheries": "2"},
}
_pictures = count(1)  # so that ids differ between the pictures of one page


def draw(
    entries: Sequence[Entry], *, depth: int | None = None, edges: str | None = None,
    fold: bool | None = None, limit: int = LIMIT, dark: bool = False, rankdir: str | None = None,
    format: str = "svg", **graph_attributes: str,
) -> Diagram:  # fmt: skip
    """The diagram of a tape's entries, oldest first.

    depth             how many levels of scopes (calls of nn modules, ``with scope("name")``) are
                      opened; 0 shows each outermost one as a single node.  By default everything
                      if it fits a page (40 arrays or 80 numbers), else as many levels as do
    edges             "none"; "partial": the local derivative of each operation by each input;
                      "arithmetic": adjoint × partial = contribution, and adjoints as sums.
                      By default "partial" if everything fits a page
    fold              show alike parts in a row (layers, steps of a loop) as one, with ×N; by
                      default unless everything fits a page
    limit             draw at most about this many nodes, and one that counts those left out
    dark              light ink on a dark page
    rankdir           "LR": inputs left, target right; "TB": from top to bottom (default: "LR" where
                      that fits a page)
    format            of ``render`` and ``pipe`` where none is given
    graph_attributes  any of Graphviz's, as ``size="6,4"``

    The fill of a node shows the magnitude of its adjoint, on a logarithmic scale, once there is
    one.  A node's tooltip says where it was computed, on a tape that remembers:
    ``Tape(places=True)``.
    Raises ValueError for options that :func:`autograd_tape.view.build.build` refuses.
    """
    graph = build(entries, depth=depth, limit=limit, edges=edges, fold=fold)
    diagram = dot(graph, dark=dark, rankdir=rankdir, format=format, **graph_attributes)
    diagram.table = show.entries_html(entries, f"{len(entries)} entries")
    return diagram


def dot(
    graph: Graph, *, dark: bool = False, rankdir: str | None = None, format: str = "svg",
    **graph_attributes: str,
) -> Diagram:  # fmt: skip
    """A graph in Graphviz's language; options as of :func:`draw`."""
    colour, scale = PALETTE[dark], Scale(graph, dark=dark)
    font = {"fontname": "Helvetica,Arial,sans-serif", "fontcolor": colour["ink"]}
    rankdir = rankdir or layered.direction(graph)
    quick = _QUICK if len(graph.nodes) > _MANY else {}
    picture = f"tape{next(_pictures)}"
    diagram = Diagram(
        format=format,
        graph_attr={
            "rankdir": rankdir, "bgcolor": colour["page"], "pad": "0.15", "nodesep": "0.2",
            "ranksep": "0.35", "id": picture, "label": _legend(graph, scale, colour["ink"]),
            "labeljust": "l", "fontsize": "10", **font, **quick, **graph_attributes,
        },
        node_attr={**font, "fontsize": "11", "style": "filled", "color": colour["line"]},
        edge_attr={**font, "fontsize": "9", "color": colour["line"], "arrowsize": "0.6"},
    )  # fmt: skip
    diagram.graph = graph
    _clusters(diagram, graph.nodes, (), colour, scale, picture)
    for i, edge in enumerate(graph.edges):
        options = {"style": "dashed"} if "more" in (edge.tail.kind, edge.head.kind) else {}
        if edge.label:
            options["label"] = graphviz.escape("\n".join(f" {line} " for line in edge.label))
        text = _words(f"{edge.tail.title} → {edge.head.title}")
        diagram.edge(edge.tail.key, edge.head.key, id=f"{picture}-e{i}", tooltip=text, **options)
    return diagram


def _clusters(
    diagram: Any, nodes: list[Node], scopes: tuple[str, ...], colour: Any, scale: Scale,
    picture: str,
) -> None:  # fmt: skip
    """Nodes, and inner scopes as clusters with what is in them."""
    inner: dict[str, list[Node]] = {}
    for node in nodes:
        if node.scopes == scopes:
            _node(diagram, node, colour, scale, picture)
        else:
            inner.setdefault(node.scopes[len(scopes)], []).append(node)
    for name, part in inner.items():
        key = f"{picture}-{part[0].key}-scope{len(scopes)}"
        with diagram.subgraph(name=f"cluster_{part[0].key}_{len(scopes)}") as cluster:
            cluster.attr(
                label=f"<{_safe(name)}>", id=key, tooltip=_words(name), style="filled,rounded",
                fillcolor=colour["scope"], color=colour["line"], labeljust="l", margin="10",
            )  # fmt: skip
            _clusters(cluster, part, (*scopes, name), colour, scale, picture)


def _node(diagram: Any, node: Node, colour: Any, scale: Scale, picture: str) -> None:
    place = [] if node.place is None else [str(node.place)]
    about = {"id": f"{picture}-{node.key}", "tooltip": _words(node.title, *place)}
    if node.kind == "more":
        diagram.node(node.key, node.title, shape="plaintext", style="", **about)
        return
    about |= {"fillcolor": colour[node.kind], **_SHAPES[node.kind]}
    bad = [f"{what}: {text}" for what, text in _troubles(node)]
    if bad:
        about |= {"color": colour["bad"], "penwidth": "3"}
    label = f"<{_safe(node.title)}>" if node.kind == "constant" else _label(node, bad, scale)
    diagram.node(node.key, label, **about)


def _troubles(node: Node) -> list[tuple[str, str]]:
    """What is not finite: (``"primal"``, ``"2 NaN, 1 Inf"``)."""
    found = []
    for what, value in (("primal", node.value), ("adjoint", node.adjoint)):
        parts = value if isinstance(value, (tuple, list)) else [value]
        arrays = [np.asarray(p) for p in parts if p is not None]
        arrays = [a for a in arrays if a.dtype.kind in "fc"]
        counts = {
            "NaN": sum(int(np.isnan(a).sum()) for a in arrays),
            "Inf": sum(int(np.isinf(a).sum()) for a in arrays),
        }
        text = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
        if text:
            found.append((what, text))
    return found


def _label(node: Node, bad: list[str], scale: Scale) -> str:
    """An HTML-like label: the name and the operation above type, primal and adjoint.

    The parts of a summary (min, max, mean) stand under their words, the same for both.  Behind
    the adjoint stands the colour of its magnitude.
    """
    name, equals, call = node.title.partition(" = ")
    times = f"<B>&#160;×{node.times}</B>" if node.times > 1 else ""
    rows = [[f"<B>{_safe(name)}</B>{_safe(equals + call)}{times}"]]
    if node.kind == "group":
        rows.append([_contents(node)])
    if node.type:
        rows.append([_safe(node.type)])
    rows += [[f"<B>{_safe(text)}</B>"] for text in bad]
    columns = {"primal": node.value, "adjoint": node.adjoint}
    parts = {what: show.value_parts(x) for what, x in columns.items() if x is not None}
    widest = max(parts.values(), key=len, default=[])
    if len(widest) > 1:
        rows.append(["", *(_safe(word) for word, _ in widest)])
    for what, cells in parts.items():
        texts = [text for _, text in cells] if len(cells) > 1 else [" ".join(cells[0]).strip()]
        if what == "adjoint" and node.terms:
            texts = [_sum(node.terms, texts[0])]
        rows.append([what, *(f"&#160;&#160;{_safe(t)}" for t in texts)])
    width = max(map(len, rows))
    fills = [scale.fill(node.adjoint) if row[0] == "adjoint" else None for row in rows]
    lines = "".join(_row(row, width, f) for row, f in zip(rows, fills, strict=True))
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="1">{lines}</TABLE>>'


def _contents(node: Node) -> str:
    """``33 operations, 12 parameters``."""
    operations = sum(e.primitive is not None for e in node.entries)
    counts = {"operation": operations, "parameter": len(node.entries) - operations}
    return ", ".join(f"{n} {word}{'s' * (n != 1)}" for word, n in counts.items() if n)


def _sum(terms: Sequence[Any], total: str) -> str:
    """``3.0 + 5.0 = 8.0``, the contributions of the reverse sweep in the order of the tape."""
    texts = [brief(t) for t in terms]
    if len(texts) > 4:
        texts = [*texts[:2], f"… {len(texts) - 3} more …", texts[-1]]
    return f"{' + '.join(texts)} = {total}"


def _row(cells: list[str], width: int, fill: str | None) -> str:
    """A row of a table; its last cell reaches to the right edge."""
    style = ""
    if fill is not None:
        style = f' BGCOLOR="{fill}"'
        cells = [f'<FONT COLOR="{ink(fill)}">{c}</FONT>' for c in cells]
    *first, last = cells
    span = f' COLSPAN="{width - len(first)}"' if len(cells) < width else ""
    side = ' ALIGN="RIGHT"' if first else ""
    sides = ["LEFT", *["RIGHT"] * len(first)]
    row = [f'<TD ALIGN="{a}"{style}>{c}</TD>' for a, c in zip(sides, first, strict=False)]
    return f"<TR>{''.join(row)}<TD{span}{side}{style}>{last}</TD></TR>"


def _legend(graph: Graph, scale: Scale, colour: str) -> str:
    """Under the picture: the note, and the scale of the adjoints."""
    cells = ""
    if scale.low is not None and scale.high is not None:
        shades = [scale.at(k / 4) for k in range(5)]
        ends = [show.number(10.0**x, 2) for x in (scale.low, scale.high)]
        swatches = "".join(f'<TD BGCOLOR="{c}" WIDTH="18"></TD>' for c in shades)
        cells = f"<TD>|adjoint| {ends[0]}</TD>{swatches}<TD>{ends[1]}</TD>"
    if graph.note:
        cells += f"<TD>&#160;&#160;{_safe(graph.note)}</TD>"
    if not cells:
        return ""
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1"><TR>{cells}</TR></TABLE>>'


def _words(*lines: str) -> Any:
    """Plain text as an attribute of DOT: nothing in it is expanded."""
    text = "\n".join(show.clip(line, 200) for line in lines) or " "
    return graphviz.escape(text.replace("&", "&amp;"))


def _safe(text: str) -> str:
    """Escaped for an HTML-like label; a backslash stands alone lest Graphviz expand ``\\N``."""
    return escape(text).replace("\\", "<FONT>&#92;</FONT>")
