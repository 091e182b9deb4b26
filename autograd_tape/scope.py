"""Named parts of a computation: ``with scope("encoder"):``, and every call of an nn module.

Entries are numbered by one counter, so a finished scope is just two numbers and a label: an entry
belongs to the scopes whose interval holds its index.  Nothing is stored per entry; who draws a tape
asks for the latest scopes (:mod:`autograd_tape.view.scopes`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any
from weakref import ref

from .entry import next_index

__all__ = ["Finished", "finish", "finished", "now", "scope"]

Finished = tuple[int, int, Any, type]  # first index, index after the last, label or module, class

_KEPT = 20_000  # scopes; older ones are forgotten
# Start, end, label and class of each in turn: no tuples, which the garbage collector would look at.
_finished: deque[Any] = deque(maxlen=4 * _KEPT)

# What the counter would give next, as "count(12)": to look at it in words does not move it, and a
# sweep relies on indices without gaps.
now: Callable[[], str] = next_index.__self__.__repr__  # type: ignore[attr-defined]


def finish(start: str, what: Any) -> None:
    """What was recorded since ``start = now()`` is one scope, named ``what`` or called by it."""
    end = now()
    if end != start:
        label = what if what.__class__ is str else ref(what)
        _finished.extend((start, end, label, what.__class__))


def finished() -> list[Finished]:
    """The latest scopes, inner before outer: a module is there only while it is alive."""
    flat = list(_finished)
    scopes = zip(*(flat[i::4] for i in range(4)), strict=True)
    return [
        (_number(start), _number(end), label if kind is str else label(), kind)
        for start, end, label, kind in scopes
    ]


def _number(counter: str) -> int:
    return int(counter[6:-1])


class scope:
    """``with scope("encoder"): ...``: what is recorded inside is drawn as one part of that name.

    Scopes nest, and calls of nn modules are scopes by themselves.  Only finished scopes are drawn,
    and the latest 20,000 are remembered.  Those of threads that record at once may get mixed up.
    Raises TypeError if the name is no string, or empty.
    """

    __slots__ = ("_starts", "name")

    def __init__(self, name: str) -> None:
        if name.__class__ is not str or not name:
            raise TypeError(f'scope({name!r}): give it a name, as in scope("encoder")')
        self.name = name
        self._starts: list[str] = []

    def __enter__(self) -> None:
        self._starts.append(now())

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        finish(self._starts.pop(), self.name)
