"""Reading the rules of an entry back: what it contributes to its inputs.

Next to read: :mod:`autograd_tape.backward`, which calls this and does everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .entry import Entry
from .primitive import FREED, Primitive
from .record import FALLBACK, handle
from .tape import TapeError

__all__ = ["freed_message", "no_rule_message", "operands", "pull", "retry"]

Rule = Callable[..., Any]


def pull(entry: Entry, ct: Any, floor: int, recorded: bool) -> Iterator[tuple[Entry, Any]]:
    """(input, what ``ct``, the adjoint of ``entry``, contributes to it), for each recorded input.

    In a ``recorded`` sweep the rules see Variables, so that what they compute can be
    differentiated again.  Inputs older than ``floor`` lead to no source and are skipped.
    """
    primitive = entry.primitive
    assert primitive is not None
    if primitive is FREED:
        raise TapeError(freed_message())
    if primitive.joint is not None:
        yield from primitive.joint[0](ct, entry, recorded)
        return
    output, args = operands(entry, recorded)
    params = entry.params or {}
    for i, x in enumerate(entry.inputs):
        if x.__class__ is Entry and x.index >= floor:
            rule = primitive.rule("vjp", i)
            if rule is None:
                raise TypeError(no_rule_message(primitive, "vjp", i))
            try:
                c = rule(ct, output, *args, **params)
            except FALLBACK:
                c = retry(rule, ct, entry, recorded)
            yield x, c


def operands(entry: Entry, recorded: bool) -> tuple[Any, list[Any]]:
    """(output, arguments) of an entry as its rules see them."""
    if recorded:
        args = [_handle(x) if x.__class__ is Entry else x for x in entry.inputs]
        return _handle(entry), args
    args = [
        x if x.__class__ is not Entry else x if x.output is None else x.output for x in entry.inputs
    ]
    return entry if entry.output is None else entry.output, args


def retry(rule: Rule, moving: Any, entry: Entry, recorded: bool) -> Any:
    """A rule that failed on Python floats, on NumPy's: these give inf where Python raises."""
    if entry.dtype is not float or recorded:
        raise  # the rule's own error, which is being handled
    output, args = operands(entry, recorded)
    boxed = [np.float64(x) if x.__class__ is float else x for x in (moving, output, *args)]
    c = rule(*boxed, **(entry.params or {}))
    return c.item() if hasattr(c, "item") else c


def _handle(entry: Entry) -> Any:
    """A Variable for a recorded value, or the bare entry (shape and dtype) where none was kept."""
    value = entry.output
    if value is None:
        return entry
    if value.__class__ is tuple:
        from .primitives.structure import pick

        whole = handle(entry, value)
        return tuple(pick(whole, index=i) for i in range(len(value)))
    return handle(entry, value)


def no_rule_message(p: Primitive, mode: str, i: int) -> str:
    return (
        f"{p.name} has no {mode} rule for its argument {i}; it is not differentiable in it. Pass a "
        f"plain value there (stop_gradient(x)), or register a rule with {p.name}.def{mode}(...)"
    )


def freed_message() -> str:
    return (
        "the sweep reached an entry of a finished tape, whose saved values were freed by "
        "tape.gradient() or a transform. Record the computation again, keep it with "
        "Tape(persistent=True), or cut the path there with stop_gradient(x)"
    )
