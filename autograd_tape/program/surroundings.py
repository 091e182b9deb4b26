"""What a function reaches, as it stood when it was looked at.

What its program reads anew at each call are cells (:mod:`.cells`).  All else is a constant of the
program: one that was recorded when a rate was 0.1 is another one when it is 0.01.  So each place
where something was found is looked at before each call; where something else stands there, the
function is looked at anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, groupby, repeat
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Any

from .cells import ArrayCell, RandomCell, cells_of
from .reach import FEW, GONE, LOOKED_AT, Closure, Owner, Place, Reached

if TYPE_CHECKING:
    from .variant import Variant

__all__ = ["Surroundings"]

_PLAIN = {bool, int, float, complex, str, bytes, type(None)}


class Surroundings:
    """One state of all that a function reaches.  Where it looks is never changed: other threads do.

    given     objects among the arguments that it was looked at with
    cells     what is read anew at each call
    constants (name, array) of arrays that are no cells; of the small ones the content is looked at
    places    where constants stand
    variants  recordings that were made in it, by the kinds of their arguments
    """

    def __init__(self, reached: Reached, differentiated: bool, given: tuple[Any, ...]) -> None:
        self.given = given
        self.cells = cells_of(reached, differentiated)
        # (arrays are there while another thread records; in the places of others are symbols then)
        self.exposed = any(not isinstance(cell, ArrayCell) for cell in self.cells)
        self.random = [cell for cell in self.cells if isinstance(cell, RandomCell)]
        self.variants: dict[Any, list[Variant]] = {}
        self.constants = reached.constants
        self.small = [(name, x) for name, x in self.constants if x.nbytes <= LOOKED_AT]
        found = list({p.at: p for p in reached.around}.values())
        self.places = sorted(found, key=lambda p: _LOOKS.index(_look_for(p)))
        self._before = [p.content() for p in self.places]
        self._looks = [
            partial(look, [_held(p) for p in places], [p.key for p in places])
            for look, group in groupby(self.places, _look_for) if (places := list(group))
        ]  # fmt: skip
        self._names = [name for name, _ in reached.collections]
        self._collections = [x for _, x in reached.collections]
        self._lengths = list(map(len, self._collections))
        self._members = [  # of what has no places
            (name, x, list(x)) for name, x in reached.collections
            if isinstance(x, (set, deque)) and len(x) <= FEW
        ]  # fmt: skip

    def hold(self, given: tuple[Any, ...]) -> bool:
        """Does everything stand where it stood?"""
        if len(given) != len(self.given) or not all(map(is_, given, self.given)):
            return False
        if self._collections and list(map(len, self._collections)) != self._lengths:
            return False
        if self._members and not all(_are(x, before) for _, x, before in self._members):
            return False
        # (a loop over places, in place of map(), takes twice as long)
        try:
            if all(map(is_, chain.from_iterable([f() for f in self._looks]), self._before)):
                return True
        except (IndexError, ValueError):  # a list became shorter, a variable has no value
            pass
        now = [p.content() for p in self.places]
        if all(map(_same, now, self._before)):
            self._before = now
            return True
        return False

    def changed(self) -> str:
        """The name of something that stands there no more; "" where all does."""
        pairs = zip(self.places, self._before, strict=True)
        names = [p.name for p, before in pairs if not _same(p.content(), before)]
        lengths = map(len, self._collections)
        names += [k for k, n, m in zip(self._names, lengths, self._lengths, strict=True) if n != m]
        names += [name for name, x, before in self._members if not _are(x, before)]
        return next(iter(names), "")


def _in_dicts(containers: Any, keys: Any) -> Iterator[Any]:
    return map(dict.get, containers, keys, repeat(GONE))


def _in_lists(containers: Any, keys: Any) -> Iterator[Any]:
    return map(list.__getitem__, containers, keys)


_content = attrgetter("cell_contents")


def _in_closures(cells: Any, _: Any) -> Iterator[Any]:
    return map(_content, cells)


def _attributes(objects: Any, keys: Any) -> Iterator[Any]:
    return map(getattr, objects, keys, repeat(GONE))


_LOOKS = [_in_dicts, _in_lists, _in_closures, _attributes]


def _look_for(place: Place) -> Callable[..., Iterator[Any]]:
    if isinstance(place.container, Closure):
        return _in_closures
    if isinstance(place.container, Owner):
        return _attributes
    return _in_dicts if isinstance(place.container, dict) else _in_lists


def _held(place: Place) -> Any:
    return place.container.x if isinstance(place.container, (Closure, Owner)) else place.container


def _are(x: Any, before: list[Any]) -> bool:
    return len(x) == len(before) and all(map(is_, x, before))


def _same(x: Any, y: Any) -> bool:
    """Numbers and strings are the same where they look alike (-0.0 is not 0.0), everything else
    where it is itself.
    """
    if x is y:
        return True
    if type(x) is not type(y):
        return False
    if type(x) is tuple:
        return len(x) == len(y) and all(map(_same, x, y))
    return type(x) in _PLAIN and repr(x) == repr(y)
