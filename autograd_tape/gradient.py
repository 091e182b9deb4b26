"""Asking for a sweep: ``v.backward()`` and ``tape.gradient(...)``."""

from __future__ import annotations

from sys import getrefcount
from typing import Any

import numpy as np

from .adjoint import default_seed, zeros_for
from .arrays import copied
from .backward import sweep
from .containers import flatten
from .entry import ALONE, forget, linearize
from .notes import remember_target
from .primitive import FREED
from .pull import freed_message
from .tape import Tape, TapeError
from .variable import Variable

__all__ = ["backward", "gradient", "require_variable"]


def require_variable(target: Any, what: str) -> Variable:
    if target.__class__ is not Variable:
        raise TypeError(
            f"{what} must be a Variable, not {type(target).__name__}: either it does not depend on "
            "any Variable, or the path was cut on the way (comparison, integer, .value, float())"
        )
    variable: Variable = target
    return variable


def backward(target: Variable, seed: Any = None) -> None:
    """See :meth:`Variable.backward`."""
    start = target._entry
    seed = default_seed(start, seed)
    order = linearize(start)
    forget(order)
    adjoints = sweep(start, seed, order=order)
    for entry, adjoint in adjoints.items():
        entry.adjoint = adjoint
    remember_target(start)


def gradient(
    target: Any,
    sources: Any,
    seed: Any = None,
    *,
    recorded: bool = False,
    free_from: int | None = None,
    unconnected: str = "raise",
    tape: Tape | None = None,
) -> Any:
    """Adjoints of ``sources`` (any container of Variables) in the same structure."""
    variable = require_variable(target, "the target")
    leaves, rebuild = flatten(sources)
    for i, source in enumerate(leaves):
        require_variable(source, f"source {i}")
    entries = [source._entry for source in leaves]
    for source, entry in zip(leaves, entries, strict=True):
        if not recorded:
            source.adjoint  # noqa: B018 (asked for: lets a loop's old parameters be forgotten)
            if entry.primitive is not None:
                entry.output = source._value
                forget(linearize(entry))
    start = variable._entry
    if start.primitive is FREED:
        raise TapeError(freed_message())
    seed = default_seed(start, seed)
    floor = min((e.index for e in entries), default=start.index)
    listed = None if tape is None else tape.newest_first(start)
    adjoints = sweep(
        start, seed, floor=floor, keep=set(entries), recorded=recorded, free_from=free_from,
        listed=listed,
    )  # fmt: skip
    results = []
    for i, (source, entry) in enumerate(zip(leaves, entries, strict=True)):
        adjoint = adjoints.get(entry)
        if adjoint is None:
            if unconnected == "raise":
                raise TapeError(_unreached(i, source, variable))
            adjoint = zeros_for(source)
        elif adjoint.__class__ is np.ndarray and (
            # Held by the dict and by this local name only, it is nobody else's; else it is copied:
            # what is handed out is the caller's alone.
            getrefcount(adjoint) > ALONE + 1
            or not adjoint.flags.writeable
            or not _owns_its_memory(adjoint)
        ):
            adjoint = copied(adjoint)
        results.append(adjoint)
    return rebuild(results)


def _owns_its_memory(array: Any) -> bool:
    """Is it no view, or the only one of the whole of an array that nobody holds (a transpose)?"""
    base = array.base
    return base is None or (
        base.__class__ is np.ndarray
        and base.base is None
        and base.nbytes == array.nbytes
        and getrefcount(base) <= ALONE + 1
    )


def _unreached(i: int, source: Variable, target: Variable) -> str:
    from .view.explain import not_reached
    from .view.text import label

    return (
        f"the target {label(target._entry)} does not reach source {i}, {label(source._entry)}: "
        f"{not_reached(source._entry, target._entry)}"
    )
