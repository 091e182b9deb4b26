"""Why is this adjoint zero, or missing?

``explain`` follows the tape from a target to a variable and says in words what it finds.  Where
the graph was cut (a comparison, an integer, ``stop_gradient``, ``no_grad``) there is no edge to
follow, so each cut leaves a note on what it was given: see :func:`note_cut`.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from ..entry import Entry, linearize
from ..replay import primal
from ..source import caller
from .text import label

if TYPE_CHECKING:
    from ..variable import Variable

__all__ = ["explain", "note_cut", "remember_target"]

_CLIMB = 16  # how many ancestors of a cut learn of it

_last_target: ContextVar[weakref.ref[Entry] | None] = ContextVar("last_target", default=None)


def remember_target(entry: Entry) -> None:
    """The target that ``explain()`` speaks of when none is given: that of the last backward()."""
    _last_target.set(weakref.ref(entry))


def note_cut(entries: list[Entry], why: str) -> None:
    """Remember on ``entries`` and their nearest ancestors that a path from them ended here.

    The ancestors are told now because the entries between may be gone when somebody asks.
    """
    note = (why, caller())
    queue = list(entries)
    told = set(queue)
    for entry in queue:
        entry.cut = note
        for parent in (entry.x, entry.y) if entry.more is None else entry.more:
            if parent.__class__ is Entry and parent not in told and len(queue) < _CLIMB:
                told.add(parent)
                queue.append(parent)


def explain(source: Variable, target: Variable | None = None) -> str:
    """A sentence on the adjoint of ``source`` for ``target`` (default: of the last backward())."""
    entry, name = source._entry, label(source._entry)
    if target is not None:
        end: Entry | None = target._entry
    else:
        known = _last_target.get()
        end = known() if known is not None else None
    if end is None:
        told = "no adjoint: no backward() has been run here, or its target is gone"
        if entry.note("adjoint") is not None:
            told = "an adjoint, but its target is gone"
        return f"{name} has {told}; keep the target f, and ask {name}.explain(f)"
    order = linearize(end)
    if entry not in set(order):
        return _not_on_path(entry, end, order)
    return _on_path(entry, end, order)


def _not_on_path(entry: Entry, end: Entry, order: list[Entry]) -> str:
    name, goal = label(entry), label(end)
    start = f"{name} is not on the path to {goal}: "
    cut = entry.note("cut")
    if cut is not None:
        why, place = cut
        return start + f"a path from it was cut by {why} at {place}"
    if entry.index > end.index:
        return start + f"it was made after {goal} was computed"
    leaves = [label(e) for e in order if e.primitive is None][:8]
    return start + f"{goal} depends only on {', '.join(reversed(leaves)) or 'constants'}"


def _on_path(entry: Entry, end: Entry, order: list[Entry]) -> str:
    from ..backward import sweep

    name, goal = label(entry), label(end)
    path = _path(entry, end, order)
    shown = " -> ".join(_step(e) for e in path)
    seed = np.ones(end.shape, end.dtype)[()] if end.dtype is not float else 1.0
    adjoints = sweep(end, seed, order=order)
    adjoint = adjoints.get(entry)
    if adjoint is not None and np.any(np.asarray(adjoint) != 0):
        note = "" if np.all(np.isfinite(adjoint)) else "; " + _not_finite(order, adjoints)
        return f"{name} reaches {goal} along {shown}{note}"
    if entry is not end:
        for after, before in zip(path[::-1], path[-2::-1], strict=False):
            if not np.any(np.asarray(adjoints.get(before, 0.0)) != 0):
                return (
                    f"the adjoint of {name} is zero: on the path {shown}, {_step(after)} passes "
                    f"nothing on to {_step(before)} (its local derivative is zero there, or what "
                    "several paths contribute cancels)"
                )
    return f"the adjoint of {name} is zero along {shown}"


def _not_finite(order: list[Entry], adjoints: dict[Entry, Any]) -> str:
    """Which rule made the first NaN or Inf of the reverse sweep, from which value."""
    from ..pull import pull

    for entry in order:  # in the order of the sweep
        ct = adjoints.get(entry)
        if ct is None or ct.__class__ is list or entry.primitive is None:
            continue
        if not np.all(np.isfinite(ct)):
            continue
        for parent, c in pull(entry, ct, -1, False):
            share = np.asarray(getattr(c, "ct", c))
            bad = ~np.isfinite(share)
            if not np.any(bad):
                continue
            text = f"it is not finite: the rule of {_step(entry)} made {share[bad][0]}"
            value = primal(parent)
            if value is not None and np.shape(value) == bad.shape:
                text += f" where its argument was {np.asarray(value)[bad][0]}"
            if any(e.primitive and e.primitive.name == "where" and entry in e.parents
                   for e in order):  # fmt: skip
                text += (
                    ", in the branch that np.where did not take: 0 times an infinite slope is NaN; "
                    "use where_safe(condition, f, x, otherwise)"
                )
            return text
    return "it is not finite"


def _path(entry: Entry, end: Entry, order: list[Entry]) -> list[Entry]:
    """One path of entries from ``entry`` to ``end``."""
    leads: dict[Entry, Entry | None] = {entry: None}
    for e in reversed(order):
        if e not in leads:
            for p in e.parents:
                if p in leads:
                    leads[e] = p
                    break
    path: list[Entry] = [end]
    while (before := leads.get(path[-1])) is not None:
        path.append(before)
    return path[::-1]


def _step(entry: Entry) -> str:
    return label(entry) if entry.primitive is None else f"{entry.primitive.name} ({label(entry)})"
