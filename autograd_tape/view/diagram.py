"""The graph of everything that a variable depends on, as a graphviz diagram.

Kinds of node differ in shape: inputs are ellipses, operations boxes, constants notes with a folded
corner, and the target a box with a double border.  Each shows its value and adjoint, as in
the printed tape.

Next to read: :mod:`autograd_tape.view.render`.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from ..entry import Entry
from . import text as show
from .render import Diagram

__all__ = ["draw"]

_DEEP = 6  # operations one after another that fit side by side
LIMIT = 300  # nodes; of a bigger graph the middle is left out, for nobody can read it
# For 300 nodes with many long edges the best layout takes Graphviz a minute, this one a second.
_QUICK = {"nslimit": "0.5", "nslimit1": "1", "mclimit": "0.1", "splines": "polyline"}

_LIGHT = {
    "page": "#ffffff", "ink": "#1b1f24", "pale": "#59636e", "line": "#6e7781",
    "input": "#ddf4ff", "operation": "#f6f8fa", "constant": "#fff8c5", "target": "#dafbe1",
}  # fmt: skip
_DARK = {
    "page": "#1b1f24", "ink": "#f0f3f6", "pale": "#b1bac4", "line": "#8c959f",
    "input": "#0c3a6b", "operation": "#2d333b", "constant": "#4d3d00", "target": "#0f4a24",
}  # fmt: skip
_SHAPES: dict[str, dict[str, str]] = {
    "input": {"shape": "ellipse", "margin": "0"},
    "operation": {"shape": "box", "margin": "0.08,0.04"},
    "constant": {"shape": "note", "margin": "0.08,0.02"},
    "target": {"shape": "box", "margin": "0.08,0.04", "peripheries": "2"},
}


def draw(
    entries: Sequence[Entry], *, rankdir: str | None = None, dark: bool = False, limit: int = LIMIT,
    format: str = "svg", **graph_attributes: str,
) -> Diagram:  # fmt: skip
    """The diagram of a tape's entries, oldest first.

    rankdir           "LR": inputs left, target right; "TB": from top to bottom (default: by depth)
    dark              light ink on a dark page
    limit             draw at most about this many nodes, and one that counts those left out
    format            of ``render`` and ``pipe`` where none is given
    graph_attributes  any of Graphviz's, as ``size="6,4"``
    """
    colour = _DARK if dark else _LIGHT
    font = {"fontname": "Helvetica,Arial,sans-serif", "fontcolor": colour["ink"]}
    rankdir = rankdir or ("LR" if _depth(entries) <= _DEEP else "TB")
    quick = _QUICK if min(len(entries), limit) > LIMIT // 3 else {}
    diagram = Diagram(
        format=format,
        graph_attr={
            "rankdir": rankdir, "bgcolor": colour["page"], "pad": "0.15", "nodesep": "0.2",
            "ranksep": "0.35", **quick, **graph_attributes,
        },
        node_attr={**font, "fontsize": "11", "style": "filled", "color": colour["line"]},
        edge_attr={"color": colour["line"], "arrowsize": "0.6"},
    )  # fmt: skip
    names, values = show.names_of(entries), show.values_of(entries)
    diagram.table = show.entries_html(entries, f"{len(entries)} entries", values)
    inner = {p for e in entries for p in e.parents}
    shown = _ends(entries, limit)
    for e in entries:
        if e in shown:
            kind = "input" if e.primitive is None else "operation" if e in inner else "target"
            label = _label(e, names, values.get(e), colour["pale"])
            diagram.node(str(e.index), label, fillcolor=colour[kind], **_SHAPES[kind])
            for i, x in enumerate(e.inputs):
                if x.__class__ is not Entry:
                    place = f"{e.index}.{i}"
                    text = f"<{_safe(show.constant_text(x))}>"
                    diagram.node(place, text, fillcolor=colour["constant"], **_SHAPES["constant"])
                    diagram.edge(place, str(e.index))
    _edges(diagram, entries, shown)
    return diagram


def _depth(entries: Sequence[Entry]) -> int:
    """How many operations follow one another at most."""
    depth: dict[Entry, int] = {}
    for e in entries:
        below = max((depth.get(p, 0) for p in e.parents), default=-1)
        depth[e] = below + 1
    return max(depth.values(), default=0)


def _ends(entries: Sequence[Entry], limit: int) -> set[Entry]:
    """All entries, or as many from both ends as make ``limit`` nodes with their constants."""
    nodes = [1 + len(e.inputs) - len(e.parents) for e in entries]
    if sum(nodes) <= limit:
        return set(entries)
    shown, first, last = set(), 0, len(entries) - 1
    while first < last and limit > 0:  # the target first, then an input, and so on
        for i in (last, first):
            shown.add(entries[i])
            limit -= nodes[i]
        first, last = first + 1, last - 1
    return shown


def _edges(diagram: Diagram, entries: Sequence[Entry], shown: set[Entry]) -> None:
    """One edge per use of an entry: two for x * x.  What is left out is one node, "more"."""
    known = set(entries)
    hidden: dict[tuple[str, str], None] = {}  # in order, each once
    for e in entries:
        for p in e.parents:
            if e in shown and p in shown:
                diagram.edge(str(p.index), str(e.index))
            elif e in shown and p in known:
                hidden["more", str(e.index)] = None
            elif p in shown:
                hidden[str(p.index), "more"] = None
    if len(known) > len(shown):
        count = len(known) - len(shown)
        diagram.node("more", f"… {count} more …", shape="plaintext", style="")
    for tail, head in hidden:
        diagram.edge(tail, head, style="dashed")


def _label(e: Entry, names: Any, value: Any, pale: str) -> str:
    """An HTML-like label: the name and the operation above type, primal and adjoint.

    The parts of a summary (min, max, mean) stand under their words, the same for both.
    """
    name, call = _safe(names(e)), _safe(show.call_text(e, names))
    rows = [[f"<B>{name}</B>" if call == "input" else f"<B>{name}</B> = {call}"]]
    if e.shape:
        rows.append([_coloured(show.kind_text(e.dtype, e.shape), pale)])
    columns = {"primal": value, "adjoint": e.note("adjoint")}
    parts = {what: show.value_parts(x) for what, x in columns.items() if x is not None}
    widest = max(parts.values(), key=len, default=[])
    if len(widest) > 1:
        rows.append(["", *(_coloured(word, pale) for word, _ in widest)])
    for what, cells in parts.items():
        texts = [text for _, text in cells] if len(cells) > 1 else [" ".join(cells[0]).strip()]
        rows.append([_coloured(what, pale), *(f"&#160;&#160;{_safe(t)}" for t in texts)])
    width = max(map(len, rows))
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="1">{_rows(rows, width)}</TABLE>>'


def _rows(rows: list[list[str]], width: int) -> str:
    """Table rows; the last cell of each reaches to the right edge."""
    lines = []
    for row in rows:
        *first, last = row
        span = f' COLSPAN="{width - len(first)}"' if len(row) < width else ""
        side = ' ALIGN="RIGHT"' if first else ""
        cells = [
            *(f'<TD ALIGN="{"RIGHT" if i else "LEFT"}">{c}</TD>' for i, c in enumerate(first)),
            f"<TD{span}{side}>{last}</TD>",
        ]
        lines.append(f"<TR>{''.join(cells)}</TR>")
    return "".join(lines)


def _coloured(text: str, colour: str) -> str:
    return f'<FONT COLOR="{colour}">{_safe(text)}</FONT>'


def _safe(text: str) -> str:
    """Escaped for an HTML-like label; a backslash stands alone lest Graphviz expand ``\\N``."""
    return escape(text).replace("\\", "<FONT>&#92;</FONT>")
