"""Places outside of a function that its program reads anew at each call, and may write.

A cell is the value of a Variable, or an array (or number) in a dict: the parameters of a model, the
averages of an optimiser.  While the function is traced, a symbol stands there; what stands there at
the end is what the program writes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..entry import CONSTANT, Entry, leaf
from ..variable import Variable

__all__ = ["Cell", "ItemCell", "VariableCell"]


class Cell:
    """One place.

    name   what it is called in the source
    value  what stands there; ``state`` and ``restore`` take and put back all that belongs to it
    put    a symbol in place of the value; gives the entries that now are inputs of the program
    write  the new content after a call: an array that belongs to nobody else
    """

    name: str

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


class VariableCell(Cell):
    """The value of a Variable.

    differentiated  does the function ask for derivatives with respect to it?
    """

    def __init__(self, name: str, variable: Variable, differentiated: bool = False) -> None:
        self.name, self.variable = name, variable
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
    """An array or a number in a dict (``vars(layer)``, the state of an optimiser)."""

    def __init__(self, name: str, place: Mapping[str, Any], key: str) -> None:
        self.name, self.place, self.key = name, place, key

    def value(self) -> Any:
        return self.place[self.key]

    state = value

    def restore(self, state: Any) -> None:
        self.place[self.key] = state  # type: ignore[index]

    def put(self, symbol: Any) -> Iterator[Entry]:
        self.place[self.key] = symbol  # type: ignore[index]
        yield from ()

    def write(self, x: Any) -> None:
        self.restore(x)
