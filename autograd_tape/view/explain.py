"""Why is this value NaN, this adjoint zero, NaN or missing?

``explain`` follows the tape between a variable and a target and says in words what it finds, with
the numbers; the path stands below, the culprit marked.

Next to read: :mod:`autograd_tape.view.why`, which does the searching.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..entry import Entry, linearize
from ..notes import last_target
from ..primitive import FREED
from ..pull import freed_message
from .table import Shown, Table, ends
from .text import clip, label, value_text
from .why import Finding, Search, bad, first
from .zeros import stoppers

if TYPE_CHECKING:
    from ..variable import Variable

__all__ = ["Explanation", "explain", "not_reached"]

_AROUND = 5  # rows of a long path that are shown on both sides of the culprit


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Shown):
    """What ``v.explain()`` found.

    kind     "reaches", "zero", "partly zero", "not finite", "not reached" or "unknown"
    reason   the answer, in words
    culprit  the entry of the tape to blame; None if nothing is wrong, or nothing was recorded there
    index    the element that was looked at, where it is one of several
    path     entries from the variable to the target, by way of the culprit
    """

    kind: str
    reason: str
    culprit: Entry | None = None
    index: tuple[int, ...] | None = None
    path: tuple[Entry, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def table(self) -> Table:
        header = ("index", "name", "operation", "primal", "adjoint", "")
        return Table(self.reason, header, self.rows)


def explain(source: Variable, target: Variable | None = None) -> Explanation:
    """What is wrong with ``source``, or with its adjoint for ``target``; see :class:`Explanation`.

    target  default: that of the last backward()
    """
    entry = source._entry
    end = last_target() if target is None else target._entry
    ill = bad(source._value)
    order = [] if end is None else linearize(end)
    if entry not in set(order) and ill:  # its own value: no target has a say in that
        end, order = entry, linearize(entry)
    if end is None:
        return _no_target(entry)
    if any(e.primitive is FREED for e in order):
        return Explanation("unknown", freed_message())
    if entry not in set(order):
        return Explanation("not reached", not_reached(entry, end))
    return _on_path(entry, end, order)


def _no_target(entry: Entry) -> Explanation:
    told = "no adjoint: no backward() has been run here, or its target is gone"
    if entry.note("adjoint") is not None:
        told = "an adjoint, but its target is gone"
    name = label(entry)
    return Explanation(
        "unknown", f"{name} has {told}; keep the target f, and ask {name}.explain(f)"
    )


def not_reached(entry: Entry, end: Entry) -> str:
    """Why ``entry`` is not on the path to ``end``."""
    name, goal = label(entry), label(end)
    start = f"{name} is not on the path to {goal}: "
    cut = entry.note("cut")
    if cut is not None:
        why, place = cut
        return start + f"a path from it was cut by {why} at {place}"
    if entry.index > end.index:
        return start + f"it was made after {goal} was computed"
    order = linearize(end)
    if any(e.primitive is FREED for e in order):
        return start + "no rule of its tape, which is freed now, led there"
    leaves = [label(e) for e in order if e.primitive is None][:8]
    return start + f"{goal} depends only on {', '.join(reversed(leaves)) or 'constants'}"


def _on_path(entry: Entry, end: Entry, order: list[Entry]) -> Explanation:
    try:
        search = Search(end, order, _seed(end))
    except Exception as problem:  # a rule that is missing or broken; its error says which
        return Explanation("unknown", f"the sweep from {label(end)} fails: {problem}")
    name, goal = search.name(entry), search.name(end)
    adjoint = search.adjoints.get(entry, np.zeros(entry.shape))
    for subject in dict.fromkeys((entry, end)):  # a value that is NaN comes before any adjoint
        found = search.value(subject)
        if found is not None:
            reason = f"{search.name(subject)} {_how_bad(search.values.get(subject))}; {found.said}"
            return _shown("not finite", reason, found, entry, search)
    found = search.adjoint(entry)
    if found is not None:
        reason = f"the adjoint of {name} {_how_bad(adjoint)}: {found.said}"
        return _shown("not finite", reason, found, entry, search)
    zero = np.asarray(adjoint) == 0
    if zero.size and zero.any():
        every, index = bool(zero.all()), first(zero)
        mask = zero
        if not every:  # one element: different ones may have different reasons
            mask = np.zeros(zero.shape, bool)
            mask[index] = True
        culprits = stoppers(search, entry, mask)
        how = "is zero" if every else (
            f"is zero in {np.count_nonzero(zero)} of {zero.size} elements, first at index {index}"
        )  # fmt: skip
        more = f" (one of {len(culprits)} entries that stop it)" if len(culprits) > 1 else ""
        said = culprits[0].said if culprits else "the seed of the sweep is zero"
        kind = "zero" if every else "partly zero"
        reason = f"the adjoint of {name} {how}: {said}{more}"
        return _shown(kind, reason, culprits[0] if culprits else None, entry, search,
                      None if every else index)  # fmt: skip
    reason = f"{name} is the target" if entry is end else f"{name} reaches {goal}"
    return _shown("reaches", f"{reason}; its adjoint is {value_text(adjoint)}", None, entry, search)


def _seed(end: Entry) -> Any:
    """The adjoint that the last sweep gave the target, if it gave one; else 1 for each element."""
    known = end.note("adjoint")
    if known is not None:
        return known
    return end.dtype(1) if isinstance(end.dtype, type) else np.ones(end.shape, end.dtype)[()]


def _how_bad(value: Any) -> str:
    mask = ~np.isfinite(value)
    if np.shape(mask) == ():
        return f"is {value_text(value)}"
    count, index = int(np.count_nonzero(mask)), first(mask)
    return f"is not finite in {count} of {mask.size} elements, first at index {index}"


def _shown(
    kind: str, reason: str, found: Finding | None, entry: Entry, search: Search,
    index: tuple[int, ...] | None = None,
) -> Explanation:  # fmt: skip
    """The explanation with the path, by way of the culprit if there is one."""
    culprit = None if found is None else found.culprit
    path = _path(entry, search.end, search.order)
    if culprit is not None and culprit not in path:
        early, late = sorted((entry, culprit), key=lambda e: e.index)
        between = _path(early, late, search.order)
        start = late if early in between else culprit  # else they are on different paths
        path = [*between[:-1], *_path(start, search.end, search.order)]
    if index is None and found is not None:
        index = found.index
    return Explanation(kind, reason, culprit, index, tuple(path), _rows(path, culprit, search))


def _path(entry: Entry, end: Entry, order: list[Entry]) -> list[Entry]:
    """One path of entries from ``entry`` to ``end``; ``end`` alone if there is none."""
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


def _rows(path: list[Entry], culprit: Entry | None, search: Search) -> tuple[tuple[str, ...], ...]:
    """One row per entry of the path; of a long one both ends, and what is near the culprit."""
    places = {e: i for i, e in enumerate(reversed(search.order))}
    shown = set(ends(len(path)))
    if culprit in path:
        middle = path.index(culprit)
        shown |= set(range(max(middle - _AROUND, 0), min(middle + _AROUND + 1, len(path))))
    rows: list[tuple[str, ...]] = []
    last = -1
    for i in sorted(shown):
        if i > last + 1:
            rows.append(("", "…", f"{i - last - 1} more", "", "", ""))
        e, last = path[i], i
        operation = clip(search.of(e), 48)
        texts = (value_text(search.values.get(e)), value_text(search.adjoints.get(e)))
        mark = "<- here" if e is culprit else ""
        rows.append((str(places[e]), search.name(e), operation, *texts, mark))
    return tuple(rows)
