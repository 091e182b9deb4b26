"""An entry: one row of the tape, and the order in which rows stand.

An :class:`Entry` is data: a primitive applied to earlier entries and constants, with its static
parameters, shape and dtype.  No closure hangs on it, so the row can be printed, drawn, replayed on
new inputs, and swept in either direction.

Next to read: :mod:`autograd_tape.tape`.
"""

from __future__ import annotations

from collections import Counter
from itertools import count
from operator import attrgetter
from sys import getrefcount
from typing import TYPE_CHECKING, Any

import numpy as np

from .aval import Aval, aval_of

if TYPE_CHECKING:
    from .primitive import Primitive
    from .source import Place

__all__ = [
    "ABSENT",
    "ALONE",
    "CONSTANT",
    "Entry",
    "forget",
    "leaf",
    "linearize",
    "next_index",
    "read_only",
]

next_index = count().__next__  # one order for all tapes of the process: inputs come before outputs
CONSTANT = -2  # the index of a leaf that no sweep ever looks at: what stop_gradient() returns


class _Absent:
    """Stands where a second input would stand."""


ABSENT = _Absent()


class Entry:
    """One row of the tape.

    index      position in the one order of recording
    primitive  what was applied; None for a leaf (an input of the program)
    inputs     earlier entries, and constants as they are
    params     static keyword arguments of the primitive
    output     the primal value, kept only where a rule will read it (a leaf keeps its own)
    aval       shape and dtype of the output
    """

    __slots__ = (
        "__weakref__", "adjoint", "aval", "cut", "handle", "index", "more", "name", "output",
        "params", "place", "primitive", "x", "y",
    )  # fmt: skip

    index: int
    primitive: Primitive | None
    x: Any  # the first input, and the second: most entries have one or two, and a tuple for them
    y: Any  # would double what the garbage collector has to look at (ABSENT: there is only one)
    more: tuple[Any, ...] | None  # all inputs, if there are not one or two
    params: dict[str, Any] | None
    output: Any
    aval: Aval
    # Set only when there is something to say; read them through ``note``.
    adjoint: Any  # left by the last backward() that reached the entry
    cut: tuple[str, Place]  # by what and where a path from here was last cut
    handle: Any  # weak reference to the variable whose adjoint was asked for
    name: str
    place: Place  # the user's own line, on tapes that keep it

    @property
    def inputs(self) -> tuple[Any, ...]:
        if self.more is not None:
            return self.more
        return (self.x,) if self.y is ABSENT else (self.x, self.y)

    @inputs.setter
    def inputs(self, inputs: tuple[Any, ...]) -> None:
        self.x, self.y, self.more = None, ABSENT, None
        if len(inputs) == 1:
            (self.x,) = inputs
        elif len(inputs) == 2:
            self.x, self.y = inputs
        else:
            self.more = inputs

    def note(self, what: str) -> Any:
        """The optional attribute ``what``, or None where it was never set."""
        return getattr(self, what, None)

    @property
    def shape(self) -> Any:
        return self.aval.shape

    @property
    def dtype(self) -> Any:
        return self.aval.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        n = 1
        for length in self.shape:
            n *= length
        return n

    @property
    def parents(self) -> list[Entry]:
        """The recorded ones among the inputs, in order."""
        return [x for x in self.inputs if x.__class__ is Entry]

    def __repr__(self) -> str:
        from .view.text import describe_entry

        return describe_entry(self)


def leaf(value: Any, name: str | None = None, *, index: int | None = None) -> Entry:
    """A new input of the program that holds ``value``."""
    entry = Entry()
    entry.index = next_index() if index is None else index
    entry.primitive = None
    entry.inputs = ()
    entry.params = None
    entry.output = value
    entry.aval = aval_of(value)
    if name is not None:
        entry.name = name
    return entry


def linearize(*targets: Entry, floor: int = -1) -> list[Entry]:
    """Every entry that ``targets`` depend on, newest first: the tape, read from its end.

    Entries older than ``floor`` are left out.  Iterative, so that depth is free.
    """
    seen = set(targets)
    order = list(seen)
    add, push = seen.add, order.append
    for entry in order:
        if entry.more is None:
            x, y = entry.x, entry.y
            if x.__class__ is Entry and x not in seen and x.index >= floor:
                add(x)
                push(x)
            if y.__class__ is Entry and y not in seen and y.index >= floor:
                add(y)
                push(y)
        else:
            for x in entry.more:
                if x.__class__ is Entry and x not in seen and x.index >= floor:
                    add(x)
                    push(x)
    order.sort(key=attrgetter("index"), reverse=True)
    return order


def forget(order: list[Entry]) -> None:
    """Drop from a linearized tape (newest first) the history that nobody can ask about any more.

    In ``w = w - lr * w.adjoint`` each new ``w`` descends from the old one, and the chain would
    grow with every step.  A variable whose adjoint was asked for and which is gone since can
    never be asked again; an entry with nothing else before it becomes a leaf.
    """
    unaskable = {e for e in order if e.primitive is None and _is_gone(e)}
    if not unaskable:
        return
    from .replay import primal

    edges = Counter(p for e in order for p in e.parents)
    for e in reversed(order):
        parents = e.parents
        if parents and all(p in unaskable for p in parents):
            # No variable holds the entry if all references to it are the graph's own: its edges,
            # its places in ``order`` and ``edges``, and the local name.
            held = getrefcount(e) > ALONE + edges[e] + (2 if e in edges else 1)
            e.output = primal(e)
            e.primitive, e.inputs, e.params = None, (), None
            if not held:
                unaskable.add(e)


def _references_of_a_local() -> int:
    alone = Entry()
    return getrefcount(alone)


ALONE = _references_of_a_local()  # what getrefcount says of an object that one local name holds


def _is_gone(entry: Entry) -> bool:
    handle = entry.note("handle")
    return handle is not None and handle() is None


def read_only(value: Any) -> Any:
    """What is handed out to look at: an array that cannot be written to, without a copy."""
    if value.__class__ is np.ndarray and value.flags.writeable:
        value = value.view()
        value.flags.writeable = False
    return value
