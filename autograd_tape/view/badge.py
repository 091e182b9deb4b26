"""A badge for each rule on a tape: is it right, where it was used?

The oracles are those of :mod:`autograd_tape.testing`: the complex step where the operation takes
complex numbers, else extrapolated differences.  Each operation is measured alone, one argument at a
time, along one random direction in all its elements at once: a wrong rule would have to be
orthogonal to it.

Next to read: :mod:`autograd_tape.view.cost`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..entry import Entry, linearize
from ..primitive import FREED
from ..pull import freed_message
from ..tape import TapeError, _active
from .table import Shown, Table, ends
from .text import call_text, clip, names_of, number, values_of

if TYPE_CHECKING:
    from ..testing.probe import Probe
    from ..variable import Variable

__all__ = ["Badge", "Check", "check"]

ROUNDING = 1e-12  # a relative error up to this says nothing but that numbers have so many digits
NEAR = 1e-6  # to a kink: nearer than this a derivative is a convention


@dataclass(frozen=True, eq=False)
class Badge:
    """The verdict on the rules, reverse and forward, of one argument of one entry.

    entry, name, call   the row of the tape, what it is called there, and ``multiply(v2, b)``
    position, argument  of the argument among the inputs, and what it is called
    right               True, False, or None where nothing can be said
    why                 what is wrong, or why it was not checked; empty if right
    error               relative error of the derivatives, the larger of both modes; None as above
    """

    entry: Entry
    name: str
    call: str
    position: int
    argument: str
    right: bool | None = None
    why: str = ""
    error: float | None = None

    @property
    def verdict(self) -> str:
        """``✓``, or ``✗`` or ``not checked`` with the reason."""
        if self.right is None:
            return f"not checked: {self.why}"
        return "✓" if self.right else f"✗ {self.why}"


@dataclass(frozen=True, eq=False, repr=False)
class Check(Shown):
    """The answer of ``v.check()``.

    badges  one for each recorded argument of each operation, in order of the tape
    older   how many operations were not looked at
    """

    badges: tuple[Badge, ...]
    older: int = 0

    @property
    def ok(self) -> bool:
        """Is no rule wrong?"""
        return not self.wrong

    @property
    def wrong(self) -> tuple[Badge, ...]:
        """The badges of the rules that are wrong."""
        return tuple(b for b in self.badges if b.right is False)

    def table(self) -> Table:
        unknown = sum(b.right is None for b in self.badges)
        right = len(self.badges) - unknown - len(self.wrong)
        counts = [f"{right} right", f"{len(self.wrong)} wrong"]
        if unknown:
            counts.append(f"{unknown} not checked")
        title = f"Check of the rules: {', '.join(counts)}"
        if self.older:
            title += f"; {self.older} older operations were not looked at"
        shown = [self.badges[i] for i in ends(len(self.badges))]
        shown += [b for b in self.wrong if b not in shown]
        rows = [
            (b.name, clip(b.call, 40), b.argument, clip(b.verdict, 56),
             _error(b.error))
            for b in sorted(shown, key=self.badges.index)
        ]  # fmt: skip
        header = ("name", "operation", "rule for", "verdict", "error")
        return Table(title, header, rows, len(self.badges) - len(shown))


def check(target: Variable, limit: int) -> Check:
    """Badges for the last ``limit`` operations that ``target`` depends on.

    Raises TapeError for a freed tape.
    """
    entries = linearize(target._entry)[::-1]
    if any(e.primitive is FREED for e in entries):
        raise TapeError(freed_message())
    names, values = names_of(entries), values_of(entries)
    operations = [e for e in entries if e.primitive is not None]
    looked_at = operations[-limit:] if limit > 0 else []
    rng = np.random.default_rng(0)
    badges: list[Badge] = []
    token = _active.set(None)  # what is recorded to measure belongs on no tape of the user's
    try:
        for e in looked_at:
            badges.extend(_badges(e, names, values, rng))
    finally:
        _active.reset(token)
    return Check(tuple(badges), len(operations) - len(looked_at))


def _badges(
    e: Entry, names: Any, values: dict[Entry, Any], rng: np.random.Generator
) -> Iterator[Badge]:
    operands = [values[x] if x.__class__ is Entry else x for x in e.inputs]
    for i, x in enumerate(e.inputs):
        if x.__class__ is Entry:
            blank = Badge(e, names(e), call_text(e, names), i, names(x))
            if len([y for y in e.inputs if y is x]) > 1:
                blank = replace(blank, argument=f"{blank.argument} ({i})")
            yield _measured(blank, operands, rng)


def _measured(badge: Badge, operands: list[Any], rng: np.random.Generator) -> Badge:
    """The badge with its verdict."""
    from ..testing.culprit import alone
    from ..testing.mismatch import GradientError
    from ..testing.oracles import quiet
    from ..testing.probe import Probe

    e, i = badge.entry, badge.position
    primitive = e.primitive
    assert primitive is not None
    if isinstance(operands[i], tuple):
        return replace(badge, why="one of several outputs, which the sweep hands on itself")
    if primitive.joint is not None:
        return replace(badge, why="it has no rules, but a sweep of its own")
    modes = [m for m, rules in (("rev", "vjp"), ("fwd", "jvp")) if primitive.rule(rules, i)]
    if not modes:
        return replace(badge, why="it has no rule")
    if not np.all(np.isfinite(operands[i])):
        return replace(badge, why="a value that is not finite")
    f, args = alone(e, operands, [i])
    try:
        with quiet():
            probe = Probe(f, args, rng, None)
    except Exception as problem:  # no oracle without values nearby
        return replace(badge, why=f"it cannot be moved ({problem})")
    if not all(np.all(np.isfinite(y)) for y in probe.y):
        return replace(badge, why="a value that is not finite")
    if probe.kink.distance <= NEAR:
        return replace(badge, why="at a kink")
    try:
        with quiet():
            mismatch = probe.run(modes)
    except GradientError as error:
        return replace(badge, right=False, why=error.mismatch.what)
    except Exception as problem:
        return replace(badge, right=False, why=f"{type(problem).__name__}: {problem}")
    if mismatch is None:
        return replace(badge, right=True, error=probe.apart)
    if not mismatch.settled:
        return replace(badge, why="differences do not settle here")
    if _jumps(probe):
        return replace(badge, why="its value jumps here")
    mode = "forward" if "forward" in mismatch.what else "reverse"
    why = f"{mode} rule gives {number(mismatch.got)}, not {number(mismatch.expected)}"
    return replace(badge, right=False, why=why, error=probe.apart)


def _error(x: float | None) -> str:
    return "" if x is None else number(x, 2) if x > ROUNDING else "rounding"


def _jumps(probe: Probe) -> bool:
    """Does the value change as much on a tiny step as on a larger one (the sign of a vector)?"""
    from ..testing.oracles import moved, quiet

    def change(step: float) -> float:
        there = probe.plain(moved(probe.leaves, probe.t, step))
        return max(float(np.max(np.abs(y - z), initial=0.0))
                   for y, z in zip(there, probe.y, strict=True))  # fmt: skip

    with quiet():
        far, near = (max(change(h), change(-h)) for h in (1e-7, 1e-9))
    return near > max(far / 2, 1e-6)
