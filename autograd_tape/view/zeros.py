"""Who stops an adjoint: the search behind ``explain`` where it is zero.

Next to read: :mod:`autograd_tape.view.nudge`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..entry import Entry
from ..forward import push
from .arithmetic import Contribution, contributions
from .text import value_text
from .why import Finding, Search, first, parts

__all__ = ["stoppers"]


def stoppers(search: Search, source: Entry, mask: Any) -> list[Finding]:
    """Who stops the adjoint on its way to the elements ``mask`` of ``source``; newest first.

    Each element that depends on them either gets nothing itself, and is followed further up,
    or passes nothing on: its local derivative is zero, or what it passes on cancels.
    """
    found: list[Finding] = []
    queue: list[tuple[Entry, list[Any]]] = [(source, [mask])]
    seen = {source}
    for node, masks in queue:
        consumers = search.consumers.get(node, [])
        shares = [(e, c) for e in consumers if _any(search.adjoints.get(e))
                  for c in contributions(e, search.adjoints[e]) if c.parent is node]  # fmt: skip
        if any(_within(c.value, masks) for _, c in shares):
            found.append(_cancelled(search, node, masks, shares))
            continue
        for e in consumers:
            reach = _reach(search, e, node, masks)
            if not any(map(np.any, reach)):
                found.append(_flat(search, e, node, masks))
            elif not _within(search.adjoints.get(e), reach):
                if e not in seen:
                    seen.add(e)
                    queue.append((e, reach))
            else:
                found.append(_lost(search, e, node, masks))
    return sorted(found, key=lambda f: -f.culprit.index)


def _reach(search: Search, e: Entry, node: Entry, masks: list[Any]) -> list[Any]:
    """Which elements of ``e`` move when those elements of ``node`` do.

    They move at random speeds, so that none hides another.  Without a forward rule nothing is known
    but that ``e`` passes nothing on: either it has nothing to pass on, or it stops everything.
    """
    speeds = [np.where(m, search.rng.uniform(0.5, 1.5, np.shape(m)), 0.0) for m in masks]
    if node.dtype.__class__ is tuple:
        move: Any = tuple(s.astype(d) for s, d in zip(speeds, node.dtype, strict=True))
    else:
        boxed = isinstance(node.dtype, np.dtype)
        move = speeds[0].astype(node.dtype)[()] if boxed else node.dtype(speeds[0])
    try:
        with np.errstate(all="ignore"):
            moved = push([e], {node: move})[e]
    except Exception:
        shapes = e.shape if e.dtype.__class__ is tuple else (e.shape,)
        return [] if _any(search.adjoints.get(e)) else [np.ones(shape, bool) for shape in shapes]
    return [np.asarray(p) != 0 for p in parts(moved)]


def _flat(search: Search, e: Entry, node: Entry, masks: list[Any]) -> Finding:
    """The local derivative of ``e`` is zero."""
    index: tuple[int, ...] | None = None
    if e.dtype.__class__ is not tuple and len(masks) == 1:
        try:
            index = first(np.broadcast_to(masks[0], e.shape)) if e.size else None
        except ValueError:  # its elements are not those of its argument
            index = None
    said = (
        f"{search.call(e)} passes nothing on to {search.name(node)}: its local derivative is zero "
        f"{search.saw(e, index)}"
    )
    return Finding(e, said, index)


def _lost(search: Search, e: Entry, node: Entry, masks: list[Any]) -> Finding:
    """Factors that are not zero, and a product or a sum of products that is."""
    ct = search.adjoints[e]
    largest = max(float(np.max(np.abs(p), initial=0.0)) for p in parts(ct))
    scaled = ct / largest if ct.__class__ is not list and largest < 1 else ct
    again = [c.value for c in contributions(e, scaled) if c.parent is node]
    if any(_within(v, masks) for v in again):
        why = f"its adjoint, {value_text(ct)}, times its local derivative underflows"
    else:
        why = f"the sum inside it cancels: its adjoint is {value_text(ct)}"
    return Finding(e, f"{search.call(e)} passes nothing on to {search.name(node)}: {why}")


def _cancelled(
    search: Search, node: Entry, masks: list[Any], shares: list[tuple[Entry, Contribution]]
) -> Finding:
    """Several contributions to one value that add up to zero."""
    index = None
    if node.dtype.__class__ is not tuple:
        live = np.any([np.asarray(c.value) != 0 for _, c in shares], axis=0)
        index = first(masks[0] & live)
    found = f" at index {index}" if index else ""
    said = f"the contributions to {search.name(node)} cancel{found}: {search.terms(node, index)}"
    return Finding(node, said, index)


def _any(adjoint: Any) -> bool:
    """Is anything but zero in it?"""
    return adjoint is not None and any(np.any(p) for p in parts(adjoint))


def _within(adjoint: Any, masks: list[Any]) -> bool:
    """Is anything but zero among those elements?"""
    if adjoint is None:
        return False
    several = isinstance(adjoint, (tuple, list))
    pairs = zip(adjoint if several else [adjoint], masks, strict=True)
    return any(a is not None and bool(np.any(np.asarray(a)[m] != 0)) for a, m in pairs)
