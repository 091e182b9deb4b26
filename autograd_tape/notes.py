"""What is written down while computing so that somebody may ask later: cuts, and the last target.

Where the graph was cut (a comparison, an integer, ``stop_gradient``, ``no_grad``) there is no edge
to follow, so each cut leaves a note on what it was given.

Next to read: :mod:`autograd_tape.view.explain`, which reads it.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar

from .entry import Entry
from .source import caller

__all__ = ["last_target", "note_cut", "remember_target"]

_CLIMB = 16  # how many ancestors of a cut learn of it

_last_target: ContextVar[weakref.ref[Entry] | None] = ContextVar("last_target", default=None)


def remember_target(entry: Entry) -> None:
    """The target that ``explain()`` speaks of when none is given: that of the last backward()."""
    _last_target.set(weakref.ref(entry))


def last_target() -> Entry | None:
    """The target of the last backward() here; None if there was none, or it is gone."""
    known = _last_target.get()
    return None if known is None else known()


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
