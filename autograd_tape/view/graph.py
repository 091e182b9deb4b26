"""The graph that a picture shows: nodes, edges and the groups around them, before any layout.

Next to read: :mod:`autograd_tape.view.build`, which makes it from a tape.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..entry import Entry

__all__ = ["Edge", "Graph", "Node"]


@dataclass(eq=False)
class Node:
    """One shape of the picture.

    key      unique in the graph, and safe as an id, in DOT and in SVG
    kind     "input", "parameter", "operation", "target", "constant", "group" or "more"
    title    what it is called: ``w``, ``v3 = multiply(v2, b)``
    type     dtype and shape as a text, empty for a Python float
    value    the primal, None where it is not known
    adjoint  None before a sweep, and where the sweep did not come by
    entries  those that it stands for: one, or all that are folded into it; none for a constant.
             Type, value and adjoint are those of the last one whose output goes on
    scopes   names of the scopes around it, the outermost first; two scopes side by side have
             different names
    times    how many alike blocks in a row it stands for
    place    the user's own line, where the tape keeps it
    terms    the contributions that add up to the adjoint, in the order of the tape, if asked for
    """

    key: str
    kind: str
    title: str
    type: str = ""
    value: Any = None
    adjoint: Any = None
    entries: tuple[Entry, ...] = ()
    scopes: tuple[str, ...] = ()
    times: int = 1
    place: Any = None
    terms: tuple[Any, ...] = ()


@dataclass(eq=False)
class Edge:
    """One use of a value: two edges for ``x * x``.

    label     lines of text beside it, such as the partial derivative
    position  which input of the head's operation it is; None where the head or tail is several
    """

    tail: Node
    head: Node
    label: list[str] = field(default_factory=list)
    position: int | None = None


@dataclass(eq=False)
class Graph:
    """What to draw: every edge leads from an earlier node to a later one.

    note  what a reader should be told about the picture: how to see more of it
    """

    nodes: list[Node]
    edges: list[Edge]
    note: str = ""
