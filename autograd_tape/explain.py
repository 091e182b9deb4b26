"""Why is this adjoint zero, or missing?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .source import caller
from .tape import Entry

if TYPE_CHECKING:
    from .variable import Variable

__all__ = ["explain", "note_cut"]

_CLIMB = 32  # how many ancestors of a cut learn of it


def note_cut(entries: list[Entry], why: str) -> None:
    """Remember on ``entries`` and their nearest ancestors that a path from them ended here.

    The ancestors are told now because the entries between may be gone when somebody asks.
    """
    note = (why, caller())
    told = list(entries)
    for entry in told:
        if len(told) < _CLIMB:
            told.extend(p for p in entry.parents if p not in told)
        if entry.primitive is not None or entry.note("cut") is None or entry.cut[1] is not None:
            entry.cut = note


def explain(source: Variable, target: Variable | None = None) -> str:
    """One sentence on the adjoint of ``source`` for ``target`` (default: the last sweep's)."""
    raise NotImplementedError
