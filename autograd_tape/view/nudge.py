"""Change an input by ε: what the derivatives predict for every value after it, and what happens.

The prediction is the tangent of forward mode; what happens is found by running the tape again.
Their difference shrinks with ε² where the derivatives are right and the function is smooth.

Next to read: :mod:`autograd_tape.view.badge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..entry import Entry, linearize
from ..forward import push
from ..primitive import FREED
from ..pull import freed_message
from ..replay import evaluate
from ..tape import TapeError
from .explain import explain
from .table import Shown, Table, ends
from .text import (
    call_text,
    clip,
    constant_text,
    kind_text,
    label,
    names_of,
    number,
    value_parts,
    value_text,
    values_of,
)

if TYPE_CHECKING:
    from ..variable import Variable

__all__ = ["Nudge", "NudgeRow", "nudge"]


@dataclass(frozen=True, eq=False)
class NudgeRow:
    """One value that moves; all of the shape of the entry (tuples for several outputs).

    entry, name    the row of the tape, and what it is called there
    before, after  its value, as recorded and with the inputs nudged
    predicted      the change that the derivatives give
    """

    entry: Entry
    name: str
    before: Any
    after: Any
    predicted: Any

    @property
    def actual(self) -> Any:
        """The change that happens: ``after - before``."""
        return _minus(self.after, self.before)

    @property
    def error(self) -> float:
        """The largest magnitude in ``actual - predicted``."""
        return _largest(_minus(self.actual, self.predicted))

    @property
    def relative(self) -> float:
        """The same relative to the largest magnitude in ``actual``."""
        error, size = self.error, _largest(self.actual)
        return error / size if size else (np.inf if error else 0.0)


@dataclass(frozen=True, eq=False, repr=False)
class Nudge(Shown):
    """The answer of ``v.nudge({a: 1e-3})``.

    rows  everything that moves, in order of the tape: the nudged inputs first, ``v`` last
    """

    title: str
    rows: tuple[NudgeRow, ...]
    names: Any  # of all entries, as the tape is shown

    @property
    def predicted(self) -> Any:
        """The change of ``v`` that the derivatives give."""
        return self.rows[-1].predicted

    @property
    def actual(self) -> Any:
        """The change of ``v``."""
        return self.rows[-1].actual

    @property
    def error(self) -> float:
        """The largest magnitude in their difference."""
        return self.rows[-1].error

    def table(self) -> Table:
        header = ("name", "operation", "value", "predicted", "actual", "error", "relative")
        shown = [self.rows[i] for i in ends(len(self.rows))]
        rows = [
            (
                r.name, clip(call_text(r.entry, self.names), 40), _value(r), _change(r.predicted),
                _change(r.actual), number(r.error, 3), number(r.relative, 3),
            )
            for r in shown
        ]  # fmt: skip
        return Table(self.title, header, rows, len(self.rows) - len(shown))


def nudge(target: Variable, steps: Mapping[Variable, Any]) -> Nudge:
    """How ``target`` and all between change when variables do; see :meth:`Variable.nudge`.

    Branches stay as they were recorded: an ``if``, and the condition of ``np.where``, are no part
    of the tape; nor does what a checkpointed function closes over move in it.
    Raises ValueError for a variable that is not on the path, for another shape, and for a step that
    is lost in rounding; TypeError for keys that are no variables; TapeError for a freed tape.
    """
    end = target._entry
    order = linearize(end)
    if any(e.primitive is FREED for e in order):
        raise TapeError(freed_message())
    entries = order[::-1]
    values = values_of(entries)
    start: dict[Entry, Any] = {}
    for variable, step in _checked(steps):
        entry = variable._entry
        if entry not in values:
            raise ValueError(f"nudge: {explain(variable, target).reason}")
        start[entry] = _moved(entry, values[entry], step)
    names = names_of(entries)
    rows = []
    after = dict(start)
    with np.errstate(all="ignore"):
        moving = push(entries, {e: _minus(after[e], values[e]) for e in start})
        for e in entries:
            if e in moving:
                if e not in after:
                    args = [after.get(x, values[x]) if x.__class__ is Entry else x
                            for x in e.inputs]  # fmt: skip
                    try:
                        after[e] = evaluate(e, args)
                    except Exception as problem:
                        raise ValueError(
                            f"nudge: {call_text(e, names)} cannot be computed at the nudged "
                            f"values ({problem}); take smaller steps"
                        ) from problem
                rows.append(NudgeRow(e, names(e), values[e], after[e], moving[e]))
    said = ", ".join(f"{names(v._entry)} by {constant_text(s)}" for v, s in steps.items())
    return Nudge(f"Nudge of {said}", tuple(rows), names)


def _checked(steps: Mapping[Variable, Any]) -> list[tuple[Variable, Any]]:
    from ..variable import Variable

    if not isinstance(steps, Mapping) or not steps:
        raise TypeError("nudge: give the steps of some variables, as {a: 1e-3, b: array}")
    for key in steps:
        if key.__class__ is not Variable:
            raise TypeError(
                f"nudge: {key!r} is no Variable; write {{a: 1e-3}} with the variable itself"
            )
    return list(steps.items())


def _moved(entry: Entry, value: Any, step: Any) -> Any:
    """The value after the step, in its own dtype."""
    name, step = label(entry), np.asarray(step)
    if step.dtype.kind not in ("iufc" if np.iscomplexobj(value) else "iuf"):
        raise TypeError(f"nudge: {name} is {kind_text(entry.dtype, ())}, but its step {step.dtype}")
    if step.ndim and step.shape != entry.shape:
        raise ValueError(
            f"nudge: {name} has shape {entry.shape}, but its step {step.shape}; give one number or "
            "an array of that shape"
        )
    if isinstance(entry.dtype, type):
        after = entry.dtype(value + step)
    else:
        after = np.asarray(value + step, entry.dtype)[()]
    if not np.any(after != value):
        raise ValueError(
            f"nudge: a step of {value_text(step)} changes nothing in {name}, whose value "
            f"{value_text(value)} is rounded to {np.finfo(entry.dtype).precision} digits"
        )
    return after


def _minus(a: Any, b: Any) -> Any:
    """The difference; none between equal infinities, as those of a mask are."""
    if isinstance(a, tuple):
        return tuple(map(_minus, a, b))
    with np.errstate(all="ignore"):
        d = a - b
        return d if np.all(np.isfinite(d)) else np.where(a == b, np.zeros_like(d), d)[()]


def _largest(x: Any) -> float:
    parts = x if isinstance(x, tuple) else (x,)
    return float(max(np.max(np.abs(p), initial=0.0) for p in parts))


def _value(r: NudgeRow) -> str:
    """The value before; of a large array its kind, for its range says little about a change."""
    short = len(value_parts(r.before)) == 1
    return value_text(r.before) if short else kind_text(r.entry.dtype, r.entry.shape)


def _change(x: Any) -> str:
    """A number, the elements of a short vector, or the size of an array of changes."""
    if isinstance(x, tuple):
        return f"({', '.join(map(_change, x))})"
    return value_text(x) if len(value_parts(x)) == 1 else f"max |.| {number(_largest(x), 4)}"
