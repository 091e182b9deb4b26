"""Recompute instead of store: the memory of one segment at a time, for one more forward run.

A checkpointed call is one entry on the tape.  Its inputs are the variables among the arguments and
those that the function closes over (found by recording it once); its rule runs the function again
and sweeps that.  Griewank and Walther, "Evaluating Derivatives", chapter 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np

from .adjoint import zeros_for
from .backward import sweep
from .containers import flatten, map_leaves
from .entry import Entry, linearize
from .forward import push
from .primitive import Primitive
from .primitives.structure import identity, outputs
from .record import enter, handle
from .tape import Tape, TapeError, tracer
from .variable import Variable, as_value

__all__ = ["checkpoint"]


class _Plan:
    """A call to be made again: the function, its arguments, and which of them are variables."""

    def __init__(self, f: Callable[..., Any], args: Any, kw: Any) -> None:
        self.f = f
        self.sizes: list[tuple[complex, float]] | None = None  # of results, to know them again
        self.variables = [x for x in flatten((args, kw))[0] if x.__class__ is Variable]
        places = iter(range(len(self.variables)))
        self.template = map_leaves(
            lambda x: _Place(next(places)) if x.__class__ is Variable else x, (args, kw)
        )

    def run(self, values: list[Any]) -> tuple[Tape, list[Variable], Any]:
        """The function recorded at ``values`` on a tape of its own: (tape, variables, result)."""
        tape = Tape()
        tape.shared = False  # an enclosing tape sees the call as one entry
        with tape:
            fresh = [identity(v) if v.__class__ is Variable else Variable(v) for v in values]
            args, kw = map_leaves(
                lambda x: fresh[x.i] if x.__class__ is _Place else x, self.template
            )
            result = self.f(*args, **kw)
        return tape, fresh, result

    def forward(self, *values: Any) -> Any:
        """Plain results at plain values."""
        result = map_leaves(as_value, self.run(list(values[: len(self.variables)]))[2])
        arrays = flatten(result)[0]
        return arrays[0] if len(arrays) == 1 else tuple(arrays)


class _Place:
    def __init__(self, i: int) -> None:
        self.i = i


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """``checkpoint(f)(*args)`` equals ``f(*args)``, but keeps nothing of what happens inside.

    The sweep runs ``f`` again when it comes by, so ``f`` must give the same result twice (no fresh
    random numbers, no changing state); another one is a :class:`TapeError`, not a wrong gradient.
    Variables that ``f`` closes over get their gradients, too.  Arguments and results may be
    containers; it nests, and derivatives of any order go through.
    """

    @wraps(f)
    def checkpointed(*args: Any, **kw: Any) -> Any:
        plan = _Plan(f, args, kw)
        tape, fresh, result = plan.run([v._value for v in plan.variables])
        leaves, rebuild = flatten(result)
        recorded = _computed(leaves, fresh, tape)
        closed_over = _outside(tape, recorded)
        tape.free("checkpoint")
        if tracer() is None:  # a program is compared with the engine as a whole
            plan.sizes = _sizes(recorded)
        # What was only passed through stays what it was outside.
        new = {id(f): v for f, v in zip(fresh, plan.variables, strict=True)}
        if not recorded:
            return rebuild([new.get(id(y), y) for y in leaves])
        inputs = (*(v._entry for v in plan.variables), *closed_over)
        values = [y._value for y in recorded]
        output = values[0] if len(values) == 1 else tuple(values)
        whole = enter(_CHECKPOINT, inputs, {"plan": plan}, output)
        for x, entry in zip(plan.variables, inputs, strict=False):
            entry.output = x._value
        parts = [whole] if len(values) == 1 else list(outputs(whole))
        new |= {id(old): part for old, part in zip(recorded, parts, strict=True)}
        return rebuild([new.get(id(y), y) for y in leaves])

    return checkpointed


def _computed(leaves: list[Any], fresh: list[Variable], tape: Tape) -> list[Variable]:
    """Those results that the function computed: not what it was given or closes over."""
    given = {id(v) for v in fresh}
    return [
        y
        for y in leaves
        if y.__class__ is Variable
        and id(y) not in given
        and not y.is_leaf
        and y._entry.index > tape.start
    ]


def _outside(tape: Tape, results: list[Variable]) -> list[Entry]:
    """Entries that the recorded function read although they are not among its arguments."""
    entries = {e for y in results for e in linearize(y._entry, floor=tape.start)}
    return sorted(
        {p for e in entries for p in e.parents if -1 < p.index < tape.start}, key=lambda e: e.index
    )


def _again(entry: Entry, recorded: bool) -> tuple[list[Entry], list[Entry], list[Variable]]:
    """Run the call of ``entry`` again: (its entries newest first, its inputs, its results)."""
    plan: _Plan = (entry.params or {})["plan"]
    n = len(plan.variables)
    given = [handle(x, x.output) if recorded else x.output for x in entry.inputs[:n]]
    tape, fresh, result = plan.run(given)
    results = _computed(flatten(result)[0], fresh, tape)
    order = {e for y in results for e in linearize(y._entry, floor=tape.start)}
    if _outside(tape, results) != sorted(
        {*entry.inputs[n:], *(p for v in fresh for p in v._entry.parents)}, key=lambda e: e.index
    ):
        raise TapeError(
            f"checkpoint({getattr(plan.f, '__name__', plan.f)}) read other variables when it was "
            "run again for the sweep; it must not change state, nor may what it closes over change"
        )
    _require_same(plan, results)
    # The identity entries that stand for recorded arguments belong to the outside.
    inside = order - {v._entry for v in fresh}
    sources = [*(v._entry for v in fresh), *entry.inputs[n:]]
    return sorted(inside, key=lambda e: e.index, reverse=True), sources, results


def _sizes(results: list[Variable]) -> list[tuple[complex, float]]:
    """Two sums over each result by which another one is told from it; a pass over memory each."""
    with np.errstate(all="ignore"):
        parts = [np.asarray(y._value) for y in results]
        return [(complex(y.sum()), float(np.abs(y).sum())) for y in parts]


def _require_same(plan: _Plan, results: list[Variable]) -> None:
    """Raise if a segment that was run again gave other values (by more than another rounding)."""
    if plan.sizes is None:
        return
    for y, (total, size), (old_total, old_size) in zip(
        results, _sizes(results), plan.sizes, strict=True
    ):
        tolerance = 100 * np.finfo(np.asarray(y._value).dtype).eps * max(size, old_size)
        moved = max(abs(total - old_total), abs(size - old_size))
        if moved > tolerance:  # False where it is NaN
            raise TapeError(
                f"checkpoint({getattr(plan.f, '__name__', plan.f)}) gave another result when it "
                "was run again for the sweep, so its gradient would be wrong: it draws random "
                "numbers (dropout) or changes a state. Draw the numbers outside and pass them in"
            )


def _pull(ct: Any, entry: Entry, recorded: bool) -> Iterator[tuple[Entry, Any]]:
    order, sources, results = _again(entry, recorded)
    cts = ct if ct.__class__ is tuple else (ct,)
    totals: dict[Entry, Any] = {}
    for y, c in zip(results, cts, strict=True):
        adjoints = sweep(
            y._entry, c, keep=set(sources), recorded=recorded, order=[e for e in order
                                                                      if e.index <= y._entry.index]
        )  # fmt: skip
        for source in sources:
            if source in adjoints:
                a = adjoints[source]
                totals[source] = totals[source] + a if source in totals else a
    for x, source in zip(entry.inputs, sources, strict=True):
        if source in totals:
            yield x, totals[source]


def _push(entry: Entry, tangents: dict[int, Any], recorded: bool) -> Any:
    order, sources, results = _again(entry, recorded)
    start = {sources[i]: x_dot for i, x_dot in tangents.items()}
    dots = push(order[::-1], start, recorded)
    parts = [dots.get(y._entry) for y in results]
    filled = tuple(zeros_for(y) if d is None else d for y, d in zip(results, parts, strict=True))
    return filled[0] if len(filled) == 1 else filled


_CHECKPOINT = Primitive(lambda *values, plan: plan.forward(*values), name="checkpoint")
_CHECKPOINT.joint = (_pull, _push)
