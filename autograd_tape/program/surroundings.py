"""What a function reaches and its program takes for a constant: numbers, arrays, other functions.

A program that was recorded when a rate was 0.1 is another one when it is 0.01.  So each place where
something was found is looked at before each call; where another object stands there, or a number of
another value, the function is recorded anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, repeat
from operator import getitem, is_
from typing import Any

from .reach import Owner, Place

__all__ = ["Surroundings"]

_PLAIN = {bool, int, float, complex, str, bytes, type(None)}
_GONE = object()
_MOST = 100


class Surroundings:
    """Places that are looked at.

    changes  how often something was found that was not there before
    changed  the name of the place where it was, the last time
    """

    def __init__(self, places: Sequence[Place]) -> None:
        items = {(id(p.container), p.key): p for p in places if p.container.__class__ is not Owner}
        attributes = [p for p in places if p.container.__class__ is Owner]
        self._names = [p.name for p in (*items.values(), *attributes)]
        # Columns, for map(): a loop over places would take twice as long.
        self._items = [p.container for p in items.values()], [p.key for p in items.values()]
        self._attributes = [p.container.x for p in attributes], [p.key for p in attributes]
        self._numbers = count()
        self._known: dict[tuple[Any, ...], tuple[int, list[Any]]] = {}
        self.changes, self.changed = -1, ""
        self._latest: tuple[int, list[Any], list[Any]] = (-1, [], [])
        self._look([_GONE] * len(self._names))

    def version(self) -> int:
        """A number for the state of all places; the same for a state that was there before."""
        version, items, attributes = self._latest
        if not self._names:
            return version
        try:
            if all(map(is_, map(getitem, *self._items), items)) and (
                not attributes
                or all(map(is_, map(getattr, *self._attributes, repeat(_GONE)), attributes))
            ):
                return version
        except (LookupError, ValueError):
            pass
        return self._look(items + attributes)

    def _look(self, before: list[Any]) -> int:
        items = list(map(_item, *self._items))
        attributes = list(map(getattr, *self._attributes, repeat(_GONE)))
        now = items + attributes
        state = tuple(map(_value_of, now))
        known = self._known.get(state)
        if known is None:
            self.changes += 1
            pairs = zip(self._names, now, before, strict=True)
            self.changed = next((name for name, x, y in pairs if x is not y), "")
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[state] = next(self._numbers), now  # (no identity comes again)
        self._latest = known[0], items, attributes
        return known[0]


def _item(container: Any, key: Any) -> Any:
    try:
        return container[key]
    except (LookupError, ValueError):  # deleted, or a variable without a value
        return _GONE


def _value_of(x: Any) -> Any:
    """Numbers and strings are the same where they look alike (-0.0 is not 0.0), everything else
    where it is itself.
    """
    if type(x) in _PLAIN:
        return repr(x)
    if type(x) is tuple:
        return tuple(map(_value_of, x))
    return id(x)
