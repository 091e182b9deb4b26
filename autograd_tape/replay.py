"""The tape run forward again: values that no rule needed were not kept, and are made anew here."""

from __future__ import annotations

from typing import Any

from .entry import Entry, linearize

__all__ = ["primal", "primals"]


def primals(order: list[Entry]) -> dict[Entry, Any]:
    """The value of every entry of ``order`` (newest first) by running its primitives forward.

    Kept values are used as they are.  Entries of a freed tape have no value and are left out.
    """
    values: dict[Entry, Any] = {}
    for entry in reversed(order):
        if entry.output is not None:
            values[entry] = entry.output
        elif entry.primitive is not None and all(p in values for p in entry.parents):
            args = [values[x] if x.__class__ is Entry else x for x in entry.inputs]
            if args:
                values[entry] = evaluate(entry, args)
    return values


def evaluate(entry: Entry, args: list[Any]) -> Any:
    """The primitive of ``entry`` at other plain arguments, in the form it was recorded with."""
    primitive = entry.primitive
    assert primitive is not None
    if entry.dtype is float and not entry.params:
        try:
            return primitive.scalar(*args)
        except (ValueError, OverflowError, ZeroDivisionError):
            return float(primitive.forward(*args))
    if len(args) == 2 and not entry.params:
        return primitive.scalar(*args)  # the operator that record2 used
    return primitive.forward(*args, **(entry.params or {}))


def primal(entry: Entry) -> Any:
    """The value of one entry, kept or recomputed; None if its tape was freed."""
    if entry.output is not None:
        return entry.output
    return primals(linearize(entry)).get(entry)
