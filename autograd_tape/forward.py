"""The forward sweep: one loop up the tape, tangents from inputs to outputs by the forward rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .adjoint import conform_tangent
from .entry import Entry
from .primitive import FREED
from .pull import freed_message, no_rule_message, operands, retry
from .record import FALLBACK
from .tape import TapeError, tracer

__all__ = ["push"]


def push(
    order: list[Entry], tangents: dict[Entry, Any], recorded: bool = False
) -> dict[Entry, Any]:
    """The forward sweep: tangents of all entries, given those of some, oldest entry first."""
    entries: Iterable[Entry] = order
    if (watching := tracer()) is not None:
        entries = watching.follow(order, {})
    for entry in entries:
        primitive = entry.primitive
        if primitive is None or entry in tangents:
            continue
        if primitive is FREED:
            raise TapeError(freed_message())
        moving = [i for i, x in enumerate(entry.inputs) if x.__class__ is Entry and x in tangents]
        if not moving:
            continue
        if primitive.joint is not None:
            known = {i: tangents[entry.inputs[i]] for i in moving}
            tangents[entry] = primitive.joint[1](entry, known, recorded)
            continue
        output, args = operands(entry, recorded)
        params = entry.params or {}
        total: Any = None
        for i in moving:
            x_dot = tangents[entry.inputs[i]]
            rule = primitive.rule("jvp", i)
            if rule is None:
                raise TypeError(no_rule_message(primitive, "jvp", i))
            try:
                x_dot = rule(x_dot, output, *args, **params)
            except FALLBACK:
                x_dot = retry(rule, x_dot, entry, recorded)
            share = conform_tangent(x_dot, entry)
            if total is None:
                total = share
            elif share.__class__ is tuple:
                total = tuple(a + b for a, b in zip(total, share, strict=True))
            else:
                total = total + share
        tangents[entry] = total
    return tangents
