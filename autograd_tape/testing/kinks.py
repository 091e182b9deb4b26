"""How far a computation is from its nearest kink: each primitive knows its own.

A derivative is only one number where the function is smooth.  ``|x|`` has a kink at 0, ``max``
where the two largest tie, ``log`` ends at 0; a primitive says by ``kinks=`` how far its operands
are from there, and a recorded tape has the operands of each.

Next to read: :mod:`autograd_tape.testing.operands`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..containers import flatten, map_leaves
from ..entry import CONSTANT, Entry, linearize
from ..primitive import Primitive
from ..replay import primals
from ..tape import Tape
from ..variable import Variable, as_value
from .oracles import quiet

__all__ = ["Kink", "distance", "kink_distance", "largest", "nearest_kink"]


class Kink(NamedTuple):
    """The nearest kink: how far, and the entry of the tape whose operand lies so near to it."""

    distance: float
    entry: Entry | None


def distance(primitive: Primitive, args: Sequence[Any], params: dict[str, Any] | None) -> float:
    """How far ``args`` are from the nearest kink of ``primitive``; inf where it is smooth."""
    if primitive.kinks is None:
        return np.inf
    with quiet():
        far = np.asarray(primitive.kinks(*args, **(params or {})), float)
    if np.isnan(far).any():
        return 0.0
    return float(far.min(initial=np.inf))


def nearest_kink(order: list[Entry], moving: dict[Entry, Any] | None = None) -> Kink:
    """The nearest kink among the entries of a linearized tape (newest first).

    moving  tangents of the entries: the distance is then in units of the step along them (each
            entry's own distance, divided by how fast its operands move); otherwise in units of the
            operands of the entry where it is least
    """
    values = primals(order)
    nearest = Kink(np.inf, None)
    for entry in order:
        if entry.primitive is None or entry.primitive.kinks is None:
            continue
        args = [values[x] if x.__class__ is Entry else x for x in entry.inputs]
        far = distance(entry.primitive, args, entry.params)
        if moving is not None and far:
            speeds = [largest(moving[p]) for p in entry.parents if p in moving]
            speed = max(speeds, default=0.0)
            far = far / speed if speed else np.inf
        if far < nearest.distance:
            nearest = Kink(far, entry)
    return nearest


def kink_distance(f: Callable[..., Any], *args: Any) -> Kink:
    """How far ``f`` at ``args`` is from its nearest kink, and which entry of its tape that is.

    args     floats, arrays, or containers of them
    returns  ``Kink(distance, entry)``: the distance in units of that entry's operands, inf (and
             None) where f is smooth

    >>> import numpy as np
    >>> kink_distance(lambda x: np.abs(x - 1.0).sum(), np.array([0.75, 3.0])).distance
    0.25
    """
    with Tape():
        variables = map_leaves(lambda x: x if x is None else Variable(x), tuple(args))
        y = f(*variables)
    targets = [v._entry for v in flatten(y)[0] if v.__class__ is Variable]
    return nearest_kink(linearize(*targets, floor=CONSTANT) if targets else [])


def largest(t: Any) -> float:
    """The greatest magnitude in a tangent, of one output or several."""
    parts = t if isinstance(t, tuple) else (t,)
    return max((float(np.max(np.abs(as_value(p)), initial=0.0)) for p in parts), default=0.0)
