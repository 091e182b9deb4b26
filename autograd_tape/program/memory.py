"""Where the arrays of a program live: memory that is used again, and let go of in time.

A program knows from the start when each array is read for the last time.  So an operation may
write its result over an operand that nobody needs any more, or into the memory of an array that is
dead, and all of that memory is kept from call to call: big arrays cost much of their time where
the system has to provide fresh pages for them.

What is returned is never in that memory.

Next to read: :mod:`.source`.
"""

from __future__ import annotations

import operator
from collections.abc import Container
from typing import Any

import numpy as np

from .arena import Arena
from .placing import way
from .step import Graph, Guard, Increment, Method, Step, inputs_of, steps_in

__all__ = ["Memory"]

_VIEWS = {operator.getitem, np.transpose, np.reshape, Method("view")}
_WORTH = 4096  # bytes from which on an array is let go of before the end


class Memory:
    """The plan for one graph.

    reuse     write into memory that is there; else only let go of what is dead
    in_place  results may take the memory of an operand that dies
    """

    def __init__(self, graph: Graph, *, reuse: bool = True, in_place: bool = True) -> None:
        self.graph = graph
        self.reads = {step: inputs_of(step) for step in graph.steps}
        self.results = [*graph.outputs, *(x for x in graph.state if x is not None)]
        self.places: dict[Step, Any] = {}  # an array of the pool
        self.owner: dict[Step, Step] = {}  # the step whose memory a step's value lies in
        self.parts: dict[Step, Any] = {}  # for a step that adds to a part of an array there: that
        self.over: dict[Step, Step] = {}  # for a step that changes an operand: which
        self.pool: Any = np.empty(0, np.uint8)  # the memory that is kept
        self._death: dict[Step, list[Step]] = {}
        self._members: dict[Step, list[Step]] = {}
        self._find_deaths(self._find_owners())
        if reuse:
            self._assign(in_place)

    # -- who owns what -------------------------------------------------------------------------

    def _find_owners(self) -> dict[Step, int]:
        """Where each step is read last, or made."""
        steps = self.graph.steps
        last = {step: i for i, step in enumerate(steps)}
        for i, step in enumerate(steps):
            for x in self.reads[step]:
                last[x] = i
        for x in self.results:
            if x.__class__ is Step:
                last[x] = len(steps)
        inputs = set(self.graph.inputs)
        for i, step in enumerate(steps):
            if step.function.__class__ is Guard:
                continue
            owner = step
            if step.view is not None and step.view in self.owner:
                owner = self.owner[step.view]
            elif step.mutates and step.args[0].__class__ is Step:
                target = step.args[0]
                root = self.owner[target]
                alive = max(last[m] for m in self._members[root])
                whole = root is target or target in self.over
                if root not in inputs and whole and alive <= i and root.kind is np.ndarray:
                    owner = root
                    self.over[step] = target
            self.owner[step] = owner
            self._members.setdefault(owner, []).append(step)
        return last

    def _find_deaths(self, last: dict[Step, int]) -> None:
        steps = self.graph.steps
        inputs = set(self.graph.inputs)
        for root, members in self._members.items():
            i = max([last[m] for m in members])
            if root.kind is np.ndarray and i < len(steps) and root not in inputs:
                self._death.setdefault(steps[i], []).append(root)

    # -- the pool ------------------------------------------------------------------------------

    def _assign(self, in_place: bool) -> None:
        returned = {self.owner[x] for x in self.results if x.__class__ is Step and x in self.owner}
        arena = Arena()
        held: dict[Step, tuple[int, int]] = {}  # owner -> (start, bytes) in the arena
        starts: dict[Step, int] = {}
        for step in self.graph.steps:
            dying = self._death.get(step, [])
            if self.owner.get(step) is step and way(step) and step not in returned:
                over = self._written_over(step, dying, held) if in_place else None
                held[step] = held.pop(over) if over else (arena.take(step.nbytes), step.nbytes)
                starts[step] = held[step][0]
            for root in dying:
                if root in held:
                    arena.give_back(*held.pop(root))
        self.pool = arena.memory()
        made: dict[Any, Any] = {}
        for step, start in starts.items():
            key = (start, step.shape, step.dtype, step.strides)
            if key not in made:
                made[key] = np.ndarray(
                    step.shape, step.dtype, self.pool.data, start, strides=step.strides
                )
            self.places[step] = made[key]
        for step in self.graph.steps:
            self._place_view(step)
            self._place_part(step)

    def _written_over(self, step: Step, dying: list[Step], held: Container[Step]) -> Step | None:
        """The operand whose memory the step's result can have."""
        if _by_element(step):
            for x in self.reads[step]:
                if x in dying and x in held and _same_layout(x, step):
                    return x
        return None

    def _place_view(self, step: Step) -> None:
        """A view of memory that stays where it is is made once."""
        whole = step.view
        if whole is None or step.function not in _VIEWS or step.args[0] is not whole:
            return
        place = self.places.get(self.owner[whole] if whole in self.over else whole)
        if place is None or step.kwargs or any(x is not whole for x in self.reads[step]):
            return
        view = step.function(place, *step.args[1:])
        if view.shape == step.shape and view.strides == step.strides:
            self.places[step] = view

    def _place_part(self, step: Step) -> None:
        """So is the part to which something is added in place."""
        if step.function.__class__ is not Increment or not step.function.view:
            return
        place = self.places.get(self.owner[step.args[0]]) if step in self.over else None
        if place is not None and not any(steps_in(step.args[1])):
            self.parts[step] = place[step.args[1]]

    # -- asked by the printer ------------------------------------------------------------------

    def place_of(self, step: Step) -> Any:
        """The array that the step's result is written into; None where it is a new one."""
        return self.places.get(step)

    def dead_after(self, step: Step) -> list[Step]:
        """Steps whose names are to be forgotten, since their memory is not read any more."""
        return [
            m for root in self._death.get(step, ())
            if root not in self.places and root.nbytes >= _WORTH
            for m in self._members[root]
        ]  # fmt: skip

    def deaths(self, step: Step) -> list[Step]:
        """The steps whose memory is read for the last time by ``step``."""
        return self._death.get(step, [])

    def must_copy(self, x: Any, i: int) -> bool:
        """Does a result share memory with an input, a constant, the pool or an earlier one?"""
        return must_copy(self.graph, self.owner, self.results, x, i) or (
            x.__class__ is Step and self.owner.get(x) in self.places
        )


def must_copy(graph: Graph, owner: dict[Step, Step], results: list[Any], x: Any, i: int) -> bool:
    if x.__class__ is not Step:
        return x.__class__ is np.ndarray
    if x.kind is not np.ndarray:
        return False
    root = owner.get(x, x)
    if root.function is None:
        return True
    if root is not x and (root.nbytes != x.nbytes or (x.view is not None and root.shape is None)):
        return True
    return any(
        y.__class__ is Step and owner.get(y, y) is root for j, y in enumerate(results) if j < i
    )


def _by_element(step: Step) -> bool:
    """May it write over an operand?  (One element alone NumPy changes in place by another loop,
    which takes twice as long, and rounds products of complex numbers otherwise.)
    """
    f = step.function
    return f.__class__ is np.ufunc and f.signature is None and step.size > 1


def _same_layout(x: Step, step: Step) -> bool:
    return bool(x.shape == step.shape and x.dtype == step.dtype and x.strides == step.strides)
