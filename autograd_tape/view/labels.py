"""The numbers on the edges: local partial derivatives, and the arithmetic of the reverse sweep.

Next to read: :mod:`autograd_tape.view.diagram`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..entry import Entry
from .arithmetic import Contribution, contributions
from .graph import Graph, Node
from .text import number, value_text

__all__ = ["brief", "label"]

_LARGE = 100_000  # elements; partial derivatives of larger arrays are not computed unasked


def label(graph: Graph, *, arithmetic: bool) -> None:
    """Give each edge its partial derivative; with ``arithmetic`` also what flows back along it."""
    found: dict[Node, list[Contribution]] = {}
    terms: dict[Entry, list[Any]] = {}
    for node in graph.nodes:
        if node.kind in ("operation", "target"):
            found[node] = _contributions(node.entries[-1], arithmetic)
            for c in found[node]:
                terms.setdefault(c.parent, []).append(c.value)
    for edge in graph.edges:
        for c in found.get(edge.head, ()):
            if c.position == edge.position and c.parent in edge.tail.entries:
                edge.label = _lines(c, edge.head.adjoint if arithmetic else None)
    for node in graph.nodes if arithmetic else ():
        if len(node.entries) == 1 and node.kind not in ("group", "more"):
            parts = terms.get(node.entries[0], [])
            if len(parts) > 1 and _is_sum(node.adjoint, parts):
                node.terms = tuple(parts)


def _is_sum(adjoint: Any, terms: list[Any]) -> bool:
    """False if some of the terms come from what is not shown, or are of another sweep."""
    if adjoint is None or isinstance(terms[0], tuple):
        return False
    with np.errstate(all="ignore"):
        return bool(np.allclose(sum(terms), adjoint, rtol=1e-3, equal_nan=True))


def _contributions(e: Entry, asked: bool) -> list[Contribution]:
    """None for an entry whose tape was freed, or whose rule fails: the picture says less then."""
    p = e.primitive
    several = e.dtype.__class__ is tuple
    large = any(x.dtype.__class__ is tuple or x.size > _LARGE for x in (e, *e.parents))
    if not asked and (large or (p is not None and p.joint is not None)):
        return []
    ct = e.note("adjoint")
    if ct is None:
        ct = [None] * len(e.shape) if several else np.ones(e.shape, e.dtype)[()]
    try:
        return contributions(e, ct)
    except Exception:
        return []


def _lines(c: Contribution, ct: Any) -> list[str]:
    """``∂ 5.0``, or ``1.0 × 5.0 = 5.0`` where the adjoint is to be shown; and the hidden sum."""
    lines = []
    if ct is not None and c.partial is not None:
        lines = [f"{brief(ct)} × {brief(c.partial)} = {brief(c.raw)}"]
        if np.ndim(c.raw):
            lines = [brief(ct), f"× {brief(c.partial)}", f"= {brief(c.raw)}"]
    elif ct is not None:
        lines = [f"adds {brief(c.raw)}"]
    elif c.partial is not None:
        lines = [f"∂ {brief(c.partial)}"]
    if c.summed:
        axes = ", ".join(map(str, c.summed))
        lines.append(f"Σ over {'axis' if len(c.summed) == 1 else 'axes'} {axes}")
        if ct is not None:
            lines.append(f"= {brief(c.value)}")
    return lines


def brief(value: Any) -> str:
    """A value in a few words: the number, a short vector, or from where to where an array goes."""
    if isinstance(value, tuple):
        return f"({', '.join(map(brief, value))})"
    if np.size(value) <= 3 and np.ndim(value) <= 1:
        if isinstance(value, np.ndarray):
            text = ", ".join(number(x, 4) for x in value.ravel())
            return f"[{text}]" if value.ndim else text
        return number(value, 4)
    if np.iscomplexobj(value) or not np.size(value):
        return value_text(value)
    flat = np.ravel(value)
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        return "not finite"
    low, high = number(finite.min(), 3), number(finite.max(), 3)
    text = f"all {low}" if low == high else f"{low} … {high}"
    return f"{text}, {flat.size - finite.size} not finite" if finite.size < flat.size else text
