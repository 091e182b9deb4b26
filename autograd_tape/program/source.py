"""A graph as the text of a Python function.

One printer writes both texts of a program: the readable one, in expressions and with the names of
the user's own variables, and the one that runs, in which arrays are written into memory that is
there already (:mod:`.memory`).

Next to read: :mod:`.variant`.
"""

from __future__ import annotations

import inspect
import math
import operator
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import numpy as np

from .expression import ATOM, COMPARE, INFIX, Expressions, boxed
from .memory import Memory
from .pieces import in_pieces
from .placing import JOINING, way
from .step import NUMBERS, Graph, Guard, Increment, Step

__all__ = ["Printer", "Text", "place_text"]

_WIDTH = 62  # columns of an expression that may become part of another
_NOTES = 56  # the column of notes


class Text:
    """What a printer wrote.

    text       of the function, with a newline at the end
    inputs     names of what it takes
    lines      for each line the step that it is due to, or None
    constants  arrays (and functions) that the text speaks of by name
    pieces     parts of the text that can be compiled one by one
    """

    def __init__(
        self, text: str, inputs: list[str], lines: list[Step | None], constants: dict[str, Any],
        pieces: list[str],
    ) -> None:  # fmt: skip
        self.text, self.inputs, self.lines = text, inputs, lines
        self.constants, self.pieces = constants, pieces


class Printer(Expressions):
    """Writes one graph.

    name      of the function
    memory    where arrays are to be written; None for the readable text
    """

    def __init__(self, graph: Graph, name: str, memory: Memory | None = None) -> None:
        super().__init__(graph, name, fast=memory is not None)
        self.memory = Memory(graph, reuse=False) if memory is None else memory
        self.out: list[tuple[str, Step | None]] = []
        self.errstate: Any = None
        self.inlined = _inlined(graph, self.memory)
        if self.fast:  # what reads an array must be computed before that is written over
            self.inlined = {
                s for s in self.inlined
                if s.kind in NUMBERS and all(x.kind in NUMBERS for x in self.memory.reads[s])
            }  # fmt: skip

    # -- statements ----------------------------------------------------------------------------

    def line(self, text: str, step: Step | None = None, depth: int = 1) -> None:
        errstate = step.errstate if step is not None else None
        if errstate != self.errstate:
            self.errstate = errstate
            if errstate:
                options = ", ".join(f"{k}={v!r}" for k, v in errstate.items())
                self.out.append((f"    with np.errstate({options}):", step))
        self.out.append(("    " * (depth + bool(errstate)) + text, step))

    def write(self) -> Text:
        inputs = set(self.graph.inputs)
        for step in self.graph.inputs:
            name = self.name_for(step)
            self.texts[step] = (name, ATOM)
        names = [self.texts[s][0] for s in self.graph.inputs]
        reverse = False
        for step in self.graph.steps:
            if step in inputs:
                continue
            if step.reverse and not reverse and not self.fast:
                self.out.append(("", None))
                reverse = True
            self.statement(step)
        self._return()
        return self._assemble(names)

    def statement(self, step: Step) -> None:
        if step.function.__class__ is Guard:
            self.line(self._guard(step), step)
            return
        if step.mutates:
            self._mutation(step)
        elif step in self.inlined:
            written = self.expression(step)
            if len(written[0]) <= _WIDTH:
                self.texts[step] = written
            else:
                self._assignment(step)
        else:
            self._assignment(step)
        if self.fast:
            names = [self.texts[x][0] for x in self.memory.dead_after(step) if x in self.texts]
            if names:
                self.line(f"del {', '.join(dict.fromkeys(names))}", step)

    def _assignment(self, step: Step) -> None:
        buffer = self.memory.place_of(step)
        if buffer is None:
            if self.fast and step.function.__class__ is np.ufunc and not step.kwargs:
                inside = self.arguments(boxed(step), None)
                text = f"{self.function(step.function)}({inside})"
            else:
                text, _ = self.expression(step)
            name = self.name_for(step)
            self.line(f"{name} = {text}", step)
            self.texts[step] = (name, ATOM)
            return
        if id(buffer) not in self.by_id:
            self.by_id[id(buffer)] = self.temporary("m")
            self.constants[self.by_id[id(buffer)]] = buffer
        name = self.by_id[id(buffer)]
        if step.view is not None:  # of memory that stays where it is: the same at each call
            self.texts[step] = (name, ATOM)
            return
        self.line(self._into(step, name), step)
        self.texts[step] = (name, ATOM)

    def _into(self, step: Step, name: str) -> str:
        """The call that writes the result of a step into the array of that name."""
        f, how = step.function, way(step)
        if how == "fill":
            return f"{name}.fill(0)"
        if how == "copy":
            x = step.args[0]
            shaped = name if x.shape == step.shape else f"{name}.reshape({self.constant(x.shape)})"
            cast = "" if x.dtype == step.dtype else ', "unsafe"'
            return f"{self.function(np.copyto)}({shaped}, {self.operand(x)}{cast})"
        args = boxed(step) if f.__class__ is np.ufunc else step.args
        extra = "".join(f", {k}={self.operand(x)}" for k, x in (step.kwargs or {}).items())
        extra = f", {name}{extra}" if how == "last" else f"{extra}, out={name}"
        return f"{self.function(f)}({self.arguments(args, None)}{extra})"

    def _mutation(self, step: Step) -> None:
        target, *rest = step.args
        if step in self.memory.over:
            name = self.texts[target][0]
        else:
            name = self.name_for(step)
            self.line(f"{name} = np.array({self.operand(target)})", step)
        self.texts[step] = (name, ATOM)
        if step.function is operator.setitem:
            index, new = rest
            self.line(f"{name}[{self.index(index)}] = {self.operand(new)}", step)
        elif step.function.__class__ is Increment:
            self._add_in_place(step, name)
        elif step.function is operator.imul:
            self.line(f"{name} *= {self.operand(rest[0])}", step)
        else:
            inside = self.arguments(tuple(rest), step.kwargs)
            self.line(f"{self.function(step.function)}({name}, {inside})", step)

    def _add_in_place(self, step: Step, name: str) -> None:
        increment, (_, index, c) = step.function, step.args
        whole = f"{name}[{self.index(index)}]"
        if not self.fast or not increment.view:
            self.line(f"{whole} {INFIX[increment.ufunc][0]}= {self.operand(c)}", step)
            return
        # (Python's += writes the sum into the view, and then the view to where it is.)
        part = self.memory.parts.get(step)
        if part is None:
            view = self.temporary()
            self.line(f"{view} = {whole}", step)
        elif id(part) in self.by_id:
            view = self.by_id[id(part)]
        else:
            view = self.by_id[id(part)] = self.temporary("m")
            self.constants[view] = part
        self.line(f"{self.function(increment.ufunc)}({view}, {self.operand(c)}, {view})", step)

    def _guard(self, step: Step) -> str:
        x, seen = step.args
        ask, text = step.function.ask, self.operand(x, COMPARE + 1)
        if ask is bool:
            text = self.operand(x)
            wrong = f"not {text}" if seen else text
        elif ask is type:
            wrong = f"type({text}) is not {seen.__name__}"
        elif ask is np.shape:
            wrong = f"{self.operand(x, ATOM)}.shape != {seen}"
        elif ask is np.asarray:
            options = ", equal_nan=True" if seen.dtype.kind in "fc" else ""
            wrong = f"not np.array_equal({text}, {self.constant(seen)}{options})"
        elif isinstance(seen, float) and math.isnan(seen):
            wrong = f"{text} == {text}"
        else:
            asked = text if ask in (float, complex) else f"int({text})"
            wrong = f"{asked} != {self.constant(seen)}"
        if self.fast:
            return f"if {wrong}: raise Changed"
        return f'if {wrong}:\n        raise ValueError("recorded for another case")'

    def _return(self) -> None:
        results = [*self.graph.outputs, *(x for x in self.graph.state if x is not None)]
        parts = [self.operand(x) for x in results]
        for i, x in enumerate(results):
            written_out = x.__class__ is not Step and parts[i] not in self.constants
            if self.memory.must_copy(x, i) and not written_out:
                parts[i] = f"np.array({parts[i]})"
        inside = ", ".join(parts)
        self.errstate = None
        self.line(f"return {inside}{',' * (len(parts) == 1)}")

    def _assemble(self, inputs: list[str]) -> Text:
        if self.fast:
            self.constants |= self.helpers
            pieces = in_pieces(self.name, inputs, [t for t, _ in self.out], set(self.constants))
            return Text("\n".join(pieces), inputs, [], self.constants, pieces)
        lines: list[tuple[str, Step | None]] = [(t, None) for t in self._head(inputs)]
        lines += self._with_places()
        text = "\n".join(t.rstrip() for t, _ in lines) + "\n"
        return Text(text, inputs, [step for _, step in lines], self.constants, [text])

    def _head(self, inputs: list[str]) -> list[str]:
        body = "\n".join(t for t, _ in self.out)
        head = ["import math"] * ("math." in body) + ["import numpy as np"]
        head += ["from scipy import special"] * ("special." in body)
        for f in self.helpers.values():
            plain = re.sub(": Any| -> Any", "", inspect.getsource(f))
            head += ["", "", *plain.rstrip().split("\n")]
        keywords = ["*", *self.constants] if self.constants else []
        return [*head, "", "", f"def {self.name}({', '.join([*inputs, *keywords])}):"]

    def _with_places(self) -> Iterator[tuple[str, Step | None]]:
        """Each line, and at the first that is due to a line of the user's: which."""
        place = None
        for text, step in self.out:
            first, *more = text.split("\n")
            if step is not None and step.place not in (None, place):
                place = step.place
                first = f"{first:<{_NOTES}}  # {place_text(place)}"
            yield first, step
            for line in more:
                yield line, step


def place_text(place: Any) -> str:
    """``net.py:12``"""
    from ..source import Place

    code, line = place
    return Place(code.co_filename, line).brief


def _inlined(graph: Graph, memory: Memory) -> set[Step]:
    """Steps that are written as part of the only expression that reads them."""
    reader: dict[Step, Step | None] = {}  # None where there are several
    for step, inputs in memory.reads.items():
        for x in inputs:
            reader[x] = None if x in reader else step
    results = graph.returned
    found = set()
    for step, by in reader.items():
        if by is None or step in results or (by.mutates and by.args[0] is step):
            continue
        if step.function is None or step.mutates or step.errstate or step.kind is tuple:
            continue
        if by.function in JOINING and step.view is None:
            continue  # a line for each part
        if step.name is None and (step.adjoint is None or step.adjoint.name is None):
            found.add(step)
    return found - _too_late(graph, memory, found, reader) if memory.over else found


def _too_late(
    graph: Graph, memory: Memory, inlined: set[Step], reader: dict[Step, Step | None]
) -> set[Step]:
    """Steps that would be computed after an array that they read was changed in place."""
    changes = [(k, memory.owner[s]) for k, s in enumerate(graph.steps) if s in memory.over]
    at = itemgetter(0)
    late: set[Step] = set()
    written: dict[Step | None, int] = {}  # where the text of a step will stand
    for i, step in reversed(list(enumerate(graph.steps))):
        written[step] = i
        if step in inlined:
            end = written[reader[step]]
            first, last = bisect_right(changes, i, key=at), bisect_left(changes, end, key=at)
            owners = {owner for _, owner in changes[first:last]}
            if owners and any(memory.owner.get(x) in owners for x in memory.reads[step]):
                late.add(step)
            else:
                written[step] = end
    return late
