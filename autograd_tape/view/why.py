"""The searches behind ``explain``: who made the first NaN or Inf, of a value or of an adjoint.

Each follows the tape from where something is wrong to the entry that made it so.

Next to read: :mod:`autograd_tape.view.zeros`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backward import sweep
from ..entry import Entry
from ..replay import evaluate
from .arithmetic import Contribution, contributions
from .text import call_text, names_of, number, value_text, values_of

__all__ = ["Finding", "Search", "bad", "first", "parts"]

_TERMS = 6  # terms of a sum that is spelled out


@dataclass(frozen=True)
class Finding:
    """An entry that is to blame, the element of its output if it is one, and the words for it."""

    culprit: Entry
    said: str
    index: tuple[int, ...] | None = None


def parts(x: Any) -> Sequence[Any]:
    """The arrays of a value or adjoint, of which an entry with several outputs has several."""
    return [p for p in x if p is not None] if isinstance(x, (tuple, list)) else [x]


def bad(x: Any) -> bool:
    """Is anything in it NaN or Inf?  (Nothing is known of None.)"""
    return x is not None and not all(np.all(np.isfinite(p)) for p in parts(x))


def first(mask: Any) -> tuple[int, ...]:
    """The index of the first true element."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), np.shape(mask)))


def at(x: Any, index: tuple[int, ...]) -> Any:
    return np.asarray(x)[index]


def _is_number(x: Any) -> bool:
    return isinstance(x, (float, complex, int, np.number)) or (
        isinstance(x, np.ndarray) and x.dtype.kind in "fciu"
    )


class Search:
    """One sweep down from ``end``, to be asked what went wrong in it.

    order  the entries that ``end`` depends on, newest first
    """

    def __init__(self, end: Entry, order: list[Entry], seed: Any) -> None:
        self.end, self.order = end, order
        entries = order[::-1]
        self.name, self.values = names_of(entries), values_of(entries)
        with np.errstate(all="ignore"):
            self.adjoints = sweep(end, seed, order=order)
        self.rng = np.random.default_rng(0)
        self.consumers: dict[Entry, list[Entry]] = {}
        for e in order:
            for p in dict.fromkeys(e.parents):
                self.consumers.setdefault(p, []).append(e)

    # -- words ---------------------------------------------------------------------------------

    def call(self, e: Entry) -> str:
        """``v3 = log(v2)``, with the user's line where the tape keeps it."""
        place = e.note("place")
        text = self.name(e) if e.primitive is None else f"{self.name(e)} = {self.of(e)}"
        return f"{text}, at {place}" if place else text

    def of(self, e: Entry) -> str:
        return call_text(e, self.name)

    def saw(self, e: Entry, index: tuple[int, ...] | None) -> str:
        """``where its argument was 0.0``: at one element, or as a summary where that says more."""
        seen = [(self.name(x), self.values.get(x)) if x.__class__ is Entry else ("", x)
                for x in e.inputs if x.__class__ is Entry or _is_number(x)]  # fmt: skip
        seen += [(key, x) for key, x in (e.params or {}).items() if key == "condition"]
        single = index is not None and self.elementwise(e, index)
        texts = []
        value: Any
        for name, value in seen:
            if single and np.ndim(value):
                value = np.broadcast_to(value, e.shape)[index]
            text = value_text(value)
            texts.append(f"{name} = {text}" if name and len(seen) > 1 else text)
        where = f"at index {index} " if single and index else ""
        plural = "its argument was" if len(texts) == 1 else "its arguments were"
        return f"{where}where {plural} {', '.join(texts)}"

    def elementwise(self, e: Entry, index: tuple[int, ...]) -> bool:
        """Does the output at ``index`` come from each argument at ``index``?  A NaN there tells."""
        args: list[Any] = [self.values.get(x) if x.__class__ is Entry else x for x in e.inputs]
        try:
            with np.errstate(all="ignore"):
                old = np.isnan(evaluate(e, args))
                for i, x in enumerate(args):
                    if np.ndim(x) and np.asarray(x).dtype.kind in "fc":
                        tainted = np.array(np.broadcast_to(x, e.shape))
                        tainted[index] = np.nan
                        new = np.isnan(evaluate(e, [*args[:i], tainted, *args[i + 1 :]])) != old
                        new[index] = False
                        if new.any():
                            return False
                    elif np.ndim(x):
                        np.broadcast_to(x, e.shape)
        except Exception:  # the shapes do not fit, or it returns several outputs
            return False
        return True

    # -- NaN and Inf in values -----------------------------------------------------------------

    def value(self, subject: Entry) -> Finding | None:
        """Who made the first value that is not finite, of those that made ``subject`` so."""
        values = self.values
        if not bad(values.get(subject)):
            return None
        reached = [subject]
        seen = {subject}
        for e in reached:
            more = [p for p in e.parents if p not in seen and bad(values.get(p))]
            seen.update(more)
            reached.extend(more)
        reached.sort(key=lambda e: e.index)
        pure = [e for e in reached if not self.given(e)]
        turned = [e for e in reached if self.is_nan(e) and not any(map(self.is_nan, e.parents))]
        # Infinite constants, as in a mask, are no fault as long as nothing makes NaN of them.
        culprit = (pure or turned or reached)[0]
        index, what = self.where_bad(culprit)
        if culprit.primitive is None:
            found = f" at index {index}" if index else ""
            return Finding(culprit, f"the input {self.call(culprit)} holds {what}{found}", index)
        said = (
            f"the first value that is not finite is made by {culprit.primitive.name} "
            f"({self.call(culprit)}): {what} {self.saw(culprit, index)}"
        )
        if turned and turned[0] is not culprit and not self.is_nan(culprit):
            said += (
                f"; it turns into nan in {self.call(turned[0])}, "
                f"{self.saw(turned[0], self.where_bad(turned[0])[0])}"
            )
        return Finding(culprit, said, index)

    def given(self, e: Entry) -> bool:
        """Is an input of ``e`` not finite, recorded or constant?"""
        return any(
            bad(self.values.get(x)) if x.__class__ is Entry else _is_number(x) and bad(x)
            for x in e.inputs
        )

    def is_nan(self, e: Entry) -> bool:
        value = self.values.get(e)
        return value is not None and any(np.any(np.isnan(p)) for p in parts(value))

    def where_bad(self, e: Entry) -> tuple[tuple[int, ...] | None, str]:
        """(index, text) of the first element that is not finite."""
        for value in parts(self.values[e]):
            mask = ~np.isfinite(value)
            if np.any(mask):
                index = first(mask)
                several = e.dtype.__class__ is tuple
                return (None if several else index), number(at(value, index)[()])
        return None, "nothing"

    # -- NaN and Inf in adjoints ---------------------------------------------------------------

    def adjoint(self, source: Entry) -> Finding | None:
        """Whose rule made the first adjoint that is not finite, of those that reach ``source``."""
        if not bad(self.adjoints.get(source)):
            return None
        reached = [source]
        seen = {source}
        guilty: list[tuple[Entry, Contribution]] = []
        for node in reached:
            for e in self.consumers.get(node, []):
                if bad(self.adjoints.get(e)):
                    if e not in seen:
                        seen.add(e)
                        reached.append(e)
                elif self.adjoints.get(e) is not None:
                    shares = contributions(e, self.adjoints[e])
                    guilty += [(e, c) for c in shares if c.parent is node and bad(c.value)]
        if guilty:
            return self.rule(*max(guilty, key=lambda g: g[0].index))
        node = max(reached, key=lambda e: e.index)
        if node is self.end:
            return Finding(node, "the adjoint that the sweep starts with is not finite")
        return Finding(node, f"what {self.name(node)} is given by {self.terms(node)} overflows")

    def rule(self, e: Entry, c: Contribution) -> Finding:
        """The rule of ``e`` made ``c``, which is not finite, from an adjoint that is."""
        assert e.primitive is not None
        raw = np.asarray(parts(c.raw if bad(c.raw) else c.value)[0])
        mask = ~np.isfinite(raw)
        index = first(mask) if np.shape(raw) == e.shape else None
        said = (
            f"the rule of {e.primitive.name} ({self.call(e)}) made {number(raw[mask][0])} "
            f"{self.saw(e, index)}"
        )
        if any(k.primitive is not None and k.primitive.name == "where" for k in
               self.consumers.get(e, [])):  # fmt: skip
            said += (
                ", in the branch that np.where did not take: 0 times an infinite slope is NaN; "
                "use where_safe(condition, f, x, otherwise)"
            )
        origins = [f for f in map(self.value, e.parents) if f is not None]
        if origins:
            return Finding(origins[0].culprit, f"{said}; {origins[0].said}", origins[0].index)
        return Finding(e, said, index)

    def terms(self, node: Entry, index: tuple[int, ...] | None = None) -> str:
        """``3.0 from v2 = multiply(a, b) and -3.0 from ...``: what is added up at one element."""
        texts = []
        for e in reversed(self.consumers.get(node, [])):
            ct = self.adjoints.get(e)
            for c in contributions(e, ct) if ct is not None else []:
                if c.parent is node:
                    value = c.value if index is None else at(c.value, index)[()]
                    texts.append(f"{value_text(value)} from {self.call(e)}")
        more = len(texts) - _TERMS
        return " and ".join([*texts[:_TERMS], f"{more} more"] if more > 0 else texts)
