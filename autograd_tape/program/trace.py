"""One run of a function under watch: from a call to the graph of its steps.

The function is run by the engine as ever, on symbols instead of arrays, so the program is what the
engine did: the forward computation, the rules, the sums that undo broadcasting, in that order.

Next to read: :mod:`.passes`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..containers import flatten
from ..entry import CONSTANT, Entry, leaf
from ..source import is_machinery
from ..tape import Recorder, TapeError, recording_on
from ..variable import as_value
from .cells import ArrayCell, Cell
from .names import assigned_name
from .recording import Recording
from .step import Graph, Step
from .symbol import Symbol

__all__ = ["Tracer", "is_traced", "trace"]


_SOMEWHERE = Step(None, (), None, None)  # stands for an entry that was recorded elsewhere


def is_traced(x: Any) -> bool:
    """Is ``x`` an input of the program, a new value at each call?  (Other leaves are constants.)"""
    kind = x.__class__
    return kind is float or kind is complex or kind is np.ndarray or isinstance(x, np.generic)


class Tracer(Recorder):
    """Stands in the active place while a function is traced, and notes what the engine records."""

    watches = True

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.tracer = self
        self.made: dict[Entry, Step] = {}
        self.known: set[Entry] = set()  # of variables that are inputs of the program
        self.foreign: list[tuple[Entry, Any]] = []  # (entry of another variable, where it was read)
        self._placed = 0
        self.start = leaf(0.0).index

    def append(self, entry: Entry) -> None:
        pass

    def watch(self, entry: Entry, output: Any) -> None:
        self.note(entry, output)

    def note(self, entry: Entry, output: Any) -> None:
        """``entry`` was recorded: what was computed for it is due to the user's line."""
        frame = sys._getframe(2)
        while frame.f_back is not None and is_machinery(frame.f_code.co_filename):
            frame = frame.f_back
        place = (frame.f_code, frame.f_lineno)
        steps = self.recording.steps
        if self.recording.reverse is None:
            for step in steps[self._placed :]:
                step.place = place
            self._placed = len(steps)
        if type(output) is Symbol:
            step = self.made[entry] = output.step
            if step.name is None:
                step.name = assigned_name(frame)
            step.place = step.place or place
        for x in entry.inputs:
            if x.__class__ is Entry and CONSTANT < x.index < self.start and x not in self.known:
                self.foreign.append((x, place))

    def follow(self, entries: Iterable[Entry], adjoints: dict[Entry, Any]) -> Iterator[Entry]:
        """The entries of a sweep as it comes by; what is computed meanwhile is due to them."""
        recording, before = self.recording, self.recording.reverse
        try:
            for entry in entries:
                self._note_adjoint(adjoints.get(entry), self.made.get(entry))
                recording.reverse = self.made.get(entry) or before or _SOMEWHERE
                yield entry
        finally:
            recording.reverse = before
            self._placed = len(recording.steps)
            for entry, ct in adjoints.items():  # those of the inputs, which no rule passes on
                if entry.primitive is None and type(entry.output) is Symbol:
                    self._note_adjoint(ct, entry.output.step)

    @staticmethod
    def _note_adjoint(ct: Any, step: Step | None) -> None:
        if type(ct) is Symbol and ct.step.reverse:
            known = ct.step.adjoint
            if known is None or known.name is None:  # a sum passes its adjoint on as it is
                ct.step.adjoint = step


def trace(
    function: Callable[..., Any], leaves: list[Any], call: Callable[[list[Any]], Any],
    names: list[str], cells: Sequence[Cell], known: list[tuple[str, Any]], *,
    copies: bool = False,
) -> tuple[Graph, Any]:  # fmt: skip
    """The graph of ``call(leaves)``, and what puts its outputs into the containers of the result.

    leaves  of the arguments; names of them
    call    runs the function with others (symbols where they are traced) in the places of these
    cells   places outside that are inputs, too, and whose new content is part of the result
    known   (name, array) of constants
    copies  keep copies of the plain arrays that are used
    """
    recording = Recording(copies)
    tracer = Tracer(recording)
    symbols = [
        recording.input(x, name) if is_traced(x) else x
        for x, name in zip(leaves, names, strict=True)
    ]
    before = [cell.state() for cell in cells]
    contents = [
        recording.input(x, cell.name) if is_traced(x := cell.value()) else None for cell in cells
    ]
    inputs = list(recording.steps)
    try:
        for cell, symbol in zip(cells, contents, strict=True):
            cell.trace(recording)
            if symbol is not None:
                tracer.known.update(cell.put(symbol))
        with recording_on(tracer):
            result = call(symbols)
        state = [_content(cell, symbol) for cell, symbol in zip(cells, contents, strict=True)]
    finally:
        recording.open = False
        for cell, old in zip(cells, before, strict=True):
            cell.restore(old)
    if tracer.foreign:
        raise TapeError(_foreign(function, *tracer.foreign[0]))
    outputs, rebuild = flatten(result)
    return Graph(inputs, recording.steps, [_step(x) for x in outputs], state, known), rebuild


def _content(cell: Cell, symbol: Any) -> Any:
    """The step that a cell holds at the end; None if it is what it held at the beginning."""
    now = symbol if isinstance(cell, ArrayCell) else cell.value()
    if symbol is None or (now is symbol and now.step.function is None):
        return None
    return now.step if type(now) is Symbol else now


def _step(x: Any) -> Any:
    x = as_value(x)
    return x.step if type(x) is Symbol else x


def _foreign(function: Any, entry: Entry, place: Any) -> str:
    from ..view.text import label

    code, line = place
    return (
        f"{getattr(function, '__name__', function)} reads {label(entry)} at {code.co_filename}:"
        f"{line}, a Variable that is neither an argument nor found in what the function closes "
        "over; a program would never see its value change. Pass it as an argument"
    )
