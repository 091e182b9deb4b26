"""Places outside of a function that its program reads anew at each call, and may write.

A cell is the value of a Variable, or an array (or number) in a dict: the parameters of a model, the
averages of an optimiser.  While the function is traced, a symbol stands there; what stands there at
the end is what the program writes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..entry import CONSTANT, Entry, leaf
from ..variable import Variable
from .random import Drawing
from .reach import Place, Reached
from .recording import Recording

__all__ = ["ArrayCell", "Cell", "ItemCell", "RandomCell", "VariableCell", "cells_of"]


class Cell:
    """One place.

    name   what it is called in the source
    at     says which place it is
    value  what stands there; ``state`` and ``restore`` take and put back all that belongs to it
    put    a symbol in place of the value; gives the entries that now are inputs of the program
    trace  what else is to be done while a function is traced
    write  the new content after a call: an array that belongs to nobody else
    """

    name: str
    at: Any

    def value(self) -> Any:
        raise NotImplementedError

    def state(self) -> Any:
        raise NotImplementedError

    def restore(self, state: Any) -> None:
        raise NotImplementedError

    def put(self, symbol: Any) -> Iterator[Entry]:
        raise NotImplementedError

    def write(self, x: Any) -> None:
        raise NotImplementedError

    def trace(self, recording: Recording) -> None:
        pass


class VariableCell(Cell):
    """The value of a Variable.

    differentiated  does the function ask for derivatives with respect to it?
    """

    def __init__(self, name: str, variable: Variable, differentiated: bool = False) -> None:
        self.name, self.variable, self.at = name, variable, id(variable)
        self.index = None if differentiated else CONSTANT

    def value(self) -> Any:
        return self.variable._value

    def state(self) -> Any:
        return self.variable._value, self.variable._entry

    def restore(self, state: Any) -> None:
        self.variable._value, self.variable._entry = state

    def put(self, symbol: Any) -> Iterator[Entry]:
        entry = leaf(symbol, self.variable.name, index=self.index)
        self.variable._value, self.variable._entry = symbol, entry
        yield entry

    def write(self, x: Any) -> None:
        if x.__class__ is np.ndarray:
            x.flags.writeable = False
        self.variable._value, self.variable._entry = x, leaf(x, self.variable.name)


class ItemCell(Cell):
    """An array or a number in a container: an attribute of a layer, the state of an optimiser."""

    def __init__(self, place: Place) -> None:
        self.name, self.container, self.key = place
        self.at = place.at

    def value(self) -> Any:
        return self.container[self.key]

    def state(self) -> Any:
        x = self.value()
        return x, np.array(x)  # the function may change the array itself

    def restore(self, state: Any) -> None:
        x, content = state
        if x.__class__ is np.ndarray:
            x[...] = content
        self.container[self.key] = x

    def put(self, symbol: Any) -> Iterator[Entry]:
        self.container[self.key] = symbol
        yield from ()

    def write(self, x: Any) -> None:
        self.container[self.key] = x


class ArrayCell(Cell):
    """An array that stands in some places, and may be written into."""

    def __init__(self, places: list[Place]) -> None:
        self.places, self.name, self.array = places, places[0].name or "c", places[0].content()
        self.at = id(self.array)

    def value(self) -> Any:
        return self.array

    def state(self) -> Any:
        return self.array.copy()

    def state_since(self, before: Any) -> Any:
        """The same; no copy (of all the data) where nothing was written."""
        return before if self._holds(before) else self.state()

    def restore(self, state: Any) -> None:
        for place in self.places:
            place.container[place.key] = self.array
        if not self._holds(state):
            self.array[...] = state

    def _holds(self, state: Any) -> bool:
        return np.array_equal(_bits(self.array), _bits(state))

    def put(self, symbol: Any) -> Iterator[Entry]:
        for place in self.places:
            place.container[place.key] = symbol
        yield from ()

    def write(self, x: Any) -> None:
        self.array[...] = x


def _bits(x: Any) -> Any:
    return np.ascontiguousarray(x).view(np.uint8)


class RandomCell(Cell):
    """A random generator: what it draws while the function is traced is drawn anew at each call."""

    name = "rng"

    def __init__(self, place: Place) -> None:
        _, self.container, self.key = place
        self.at = place.at
        self.generator = self.container[self.key]

    def value(self) -> Any:
        return None  # says nothing: another generator in its place would be noticed as an object

    def state(self) -> Any:
        return self.generator.bit_generator.state

    def restore(self, state: Any) -> None:
        self.container[self.key] = self.generator
        self.generator.bit_generator.state = state

    def trace(self, recording: Recording) -> None:
        self.container[self.key] = Drawing(self.generator, recording)


def cells_of(reached: Reached, differentiated: bool) -> list[Cell]:
    """A cell for everything that the program has to read anew."""
    arrays: dict[int, list[Place]] = {}
    for place in reached.arrays:
        arrays.setdefault(id(place.content()), []).append(place)
    return [
        *(VariableCell(name, v, differentiated) for name, v in reached.variables),
        *map(ItemCell, reached.state),
        *map(ArrayCell, arrays.values()),
        *map(RandomCell, reached.generators),
    ]
