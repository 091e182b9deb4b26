"""The reverse sweep: one loop down the tape.

All bookkeeping of adjoints happens here: rules return what they contribute to each input; the
sweep brings it into shape (:mod:`autograd_tape.adjoint`), and adds up.

Next to read: :mod:`autograd_tape.transforms`, which ask for sweeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy import ndarray

from .adjoint import conform
from .arrays import copied, mixed, zeros
from .aval import FLOAT
from .entry import ABSENT, Entry, linearize
from .needs import passes
from .primitive import FREED
from .pull import pull, retry
from .record import FALLBACK
from .scatter import Scattered, add_at
from .tape import tracer

__all__ = ["Picked", "fill", "sweep"]


class Picked:
    """A contribution to one output of an entry that has several."""

    __slots__ = ("ct", "index")

    def __init__(self, index: int, ct: Any) -> None:
        self.index, self.ct = index, ct


def sweep(
    target: Entry,
    seed: Any,
    *,
    floor: int = -1,
    keep: set[Entry] | None = None,
    recorded: bool = False,
    free_from: int | None = None,
    order: list[Entry] | None = None,
    listed: list[Entry] | None = None,
) -> dict[Entry, Any]:
    """Run down the tape from ``target`` and return the adjoint of each entry.

    floor      entries older than this lead to no source: skip them
    keep       keep the adjoints of these entries and of leaves only (None: keep all)
    recorded   rules see Variables, so that the result can be differentiated again
    free_from  free the saved values of entries from this index on, as the sweep passes them
    order      what ``linearize(target, floor)`` gives, where known
    listed     the same as far as a tape lists it: what is older is found on the way
    """
    adjoints: dict[Entry, Any] = {target: seed}
    owned: set[Entry] = set()
    get = adjoints.get
    take: Any = get if keep is None else adjoints.pop
    kept = {e for e in keep or () if e.primitive is not None}

    entries: Iterable[Entry]
    if listed:
        entries = chain(listed, _older(adjoints, listed[-1].index, floor))
    else:
        entries = linearize(target, floor=floor) if order is None else order
    if (watching := tracer()) is not None:
        entries = watching.follow(entries, adjoints)
    for entry in entries:
        primitive = entry.primitive
        if primitive is None:
            continue
        ct = take(entry, None)
        if ct is None:
            continue
        if kept and entry in kept:
            adjoints[entry] = ct
        conforming = primitive.conforming
        if recorded or not (conforming or (primitive.arity and entry.params is None)):
            for x, c in pull(entry, fill(entry, ct), floor, recorded):
                _add(adjoints, owned, x, c, entry, recorded)
        else:  # the same for one or two operands, written out where it counts
            aval = entry.aval if conforming else None  # of contributions that need no look
            output = entry.output
            if output is None:
                output = entry
            a, b = x, y = entry.x, entry.y
            if x.__class__ is Entry:
                a = x.output
                if a is None:
                    a = x
            if y.__class__ is Entry:
                b = y.output
                if b is None:
                    b = y
                if y.index >= floor:
                    rule = primitive.vjp_y
                    try:
                        c = ct if rule is passes else rule(ct, output, a, b)
                    except FALLBACK:
                        c = retry(rule, ct, entry, False)
                    if y.aval is not aval:
                        _add(adjoints, owned, y, c, entry, False)
                    elif (old := get(y)) is None:
                        adjoints[y] = c
                    elif c.__class__ is float:
                        adjoints[y] = old + c
                    elif y in owned and type(c) is type(old):
                        old += c  # in place
                    else:
                        _add(adjoints, owned, y, c, entry, False)
            if x.__class__ is Entry and x.index >= floor:
                rule = primitive.vjp_x
                try:
                    if y is ABSENT:
                        c = rule(ct, output, a)
                    else:
                        c = ct if rule is passes else rule(ct, output, a, b)
                except FALLBACK:
                    c = retry(rule, ct, entry, False)
                if x.aval is not aval:
                    _add(adjoints, owned, x, c, entry, False)
                elif (old := get(x)) is None:
                    adjoints[x] = c
                elif c.__class__ is float:
                    adjoints[x] = old + c
                elif x in owned and type(c) is type(old):
                    old += c  # in place
                else:
                    _add(adjoints, owned, x, c, entry, False)
        if free_from is not None and entry.index >= free_from:
            entry.x = entry.output = entry.params = None
            entry.y = ABSENT
            entry.more = ()
            entry.primitive = FREED
    return adjoints


def _add(
    adjoints: dict[Entry, Any], owned: set[Entry], x: Entry, c: Any, entry: Entry, recorded: bool
) -> None:
    """Add ``c``, what a rule of ``entry`` returned for its input ``x``, to the adjoint of ``x``.

    (Not a function within ``sweep``: the variables that it shared would be slower in the loop.)
    """
    aval = x.aval
    if c.__class__ is float and aval is FLOAT:
        pass
    elif c.__class__ is not ndarray or c.dtype is not aval.dtype or c.shape != aval.shape:
        if c.__class__ is Picked:
            return _pick(adjoints, x, c)
        if c.__class__ is Scattered:
            if not recorded:
                return _scatter(adjoints, owned, x, c)
            c = c.put(c.ct, index=c.index, shape=x.shape)
        if c is None:
            raise TypeError(_no_adjoint(entry))
        c = conform(c, x, entry)
    old = adjoints.get(x)
    if old is None:  # borrowed: it may be shared with another entry
        adjoints[x] = c
    elif x in owned and type(c) is type(old):  # (one alone may be a value being compiled)
        old += c  # in place
    else:
        adjoints[x] = total = old + c
        if total.__class__ is ndarray and not recorded:  # (a recorded sum may become a Variable)
            owned.add(x)
        else:
            owned.discard(x)
    return None


def _older(adjoints: dict[Entry, Any], oldest: int, floor: int) -> Iterator[Entry]:
    """What a sweep has reached, and what that depends on, before the ``oldest`` entry of a tape.

    A generator: it looks at the adjoints when the tape's own list is exhausted.
    """
    reached = [e for e in adjoints if e.primitive is not None and floor <= e.index < oldest]
    yield from linearize(*reached, floor=floor)


def _pick(adjoints: dict[Entry, Any], parent: Entry, c: Picked) -> None:
    outputs = adjoints.setdefault(parent, [None] * len(parent.shape))
    old = outputs[c.index]
    outputs[c.index] = c.ct if old is None else old + c.ct


def _no_adjoint(entry: Entry) -> str:
    name = entry.primitive.name if entry.primitive else "leaf"
    return (
        f"a rule of {name} returned None for an argument that is a Variable ({entry!r}); "
        "return its adjoint, zeros if it is zero"
    )


def fill(entry: Entry, cts: Any) -> Any:
    """Adjoints of all outputs of an entry that has several, zero where none was contributed."""
    if cts.__class__ is not list:
        return cts
    return tuple(
        np.zeros(shape, dtype) if ct is None else ct
        for ct, shape, dtype in zip(cts, entry.shape, entry.dtype, strict=True)
    )


def _scatter(adjoints: dict[Entry, Any], owned: set[Entry], parent: Entry, c: Scattered) -> None:
    total = adjoints.get(parent)
    if total is None:
        total = zeros(parent.shape, parent.dtype, c.ct, c.index)
    elif parent not in owned or mixed(total, c.ct, c.index):
        total = copied(total, None, c.ct, c.index)
    adjoints[parent] = total
    if parent.shape:  # (NumPy adds to one without axes as to a scalar, which is new each time)
        owned.add(parent)
    add_at(total, c.index, c.ct)
