"""One step of a program: a NumPy function applied to earlier steps and constants.

The steps of a program are in static single assignment form: each makes one new value and changes
none.  What the engine does in place (``t *= ct``) is a step that makes another ``t``; whether the
old one's memory can be used for it is found later (:mod:`.memory`).

Next to read: :mod:`.symbol`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = [
    "NUMBERS", "Draw", "Graph", "Guard", "Increment", "Method", "Step", "inputs_of",
    "mapped", "steps_in",
]  # fmt: skip

NUMBERS = {float, int, bool, complex}


@dataclass(frozen=True, slots=True)
class Method:
    """A method or attribute as a function of the object: ``Method("astype")(x, float)``."""

    name: str
    attribute: bool = False

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        found = getattr(x, self.name)
        return found if self.attribute else found(*args, **kwargs)

    @property
    def __name__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Guard:
    """What the traced code learnt of a value, so that the program holds only while it is so.

    ask  what was asked of the value: ``bool``, ``int``, ``float``, ``complex``, ``type``,
         ``np.shape`` or ``np.asarray``
    """

    ask: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Draw:
    """A method of a random generator: never computed once for two, nor left out."""

    generator: np.random.Generator
    name: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.generator, self.name)(*args, **kwargs)

    @property
    def __name__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Increment:
    """``x[index] += c`` (or ``-=``), which changes its first argument.

    ufunc  np.add or np.subtract
    size   how many elements the part has
    view   the part shares the memory of the whole
    """

    ufunc: np.ufunc
    size: int
    view: bool

    def __call__(self, x: Any, index: Any, c: Any) -> None:
        x[index] = self.ufunc(x[index], c)

    @property
    def __name__(self) -> str:
        return f"{self.ufunc.__name__} to a part"


class Step:
    """A call, and what is known of its result without running it.

    function  of plain values; None for an input of the program
    args, kwargs  as they were given, nested containers too, with steps where traced values stood
    kind      class of the result: np.ndarray, np.float64, float, tuple, ...
    shape, dtype, strides  of an array or a NumPy scalar; None for others
    mutates   the function changes its first argument, and the changed one is the result
    view      the result shares the memory of this operand
    errstate  what ``np.errstate`` was in force, None where it was the usual one
    place     the line of the user's code that it is due to; None where it is not known
    name      what the user called the value
    adjoint   the step whose adjoint the value is
    """

    __slots__ = (
        "adjoint", "args", "dtype", "errstate", "function", "index", "kind", "kwargs", "mutates",
        "name", "place", "reverse", "shape", "strides", "view",
    )  # fmt: skip

    def __init__(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None, value: Any
    ) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        kind = self.kind = type(value)
        if kind is np.ndarray:
            self.shape, self.dtype, self.strides = value.shape, value.dtype, value.strides
        elif kind is float or not isinstance(value, np.generic):
            self.shape = self.dtype = self.strides = None
        else:
            self.shape, self.dtype, self.strides = (), value.dtype, ()
        self.mutates = self.reverse = False
        self.view = self.errstate = self.place = self.name = self.adjoint = None

    index: int
    shape: Any
    dtype: Any
    strides: Any
    view: Step | None
    errstate: dict[str, str] | None
    place: Any
    name: str | None
    adjoint: Step | None

    @property
    def size(self) -> int:
        n = 1
        for length in self.shape or ():
            n *= length
        return n

    @property
    def nbytes(self) -> int:
        """Bytes of an array's elements; 0 for what is not an array."""
        return self.size * self.dtype.itemsize if self.kind is np.ndarray else 0

    def __repr__(self) -> str:
        what = getattr(self.function, "__name__", type(self.function).__name__)
        return f"<step {self.name or ''} {what} {self.kind.__name__} {self.shape or ''}>"


@dataclass
class Graph:
    """A program before it is printed.

    inputs    one step for each leaf of the arguments, then for each piece of state
    steps     in the order in which they were recorded: operands before results
    outputs   what it returns: steps and constants in the containers of the result
    state     steps or constants that the pieces of state become
    names     of constants: (name, array)
    """

    inputs: list[Step]
    steps: list[Step]
    outputs: list[Any]
    state: list[Any] = field(default_factory=list)
    names: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def returned(self) -> set[Step]:
        """The steps among the outputs and the pieces of state."""
        return {x for x in (*self.outputs, *self.state) if x.__class__ is Step}


_CONTAINERS = {tuple, list, slice, dict}


def inputs_of(step: Step) -> list[Step]:
    """The steps whose values a step reads, as often as it reads them."""
    found = []
    for x in step.args:
        if x.__class__ is Step:
            found.append(x)
        elif x.__class__ in _CONTAINERS:
            found.extend(steps_in(x))
    if step.kwargs:
        found.extend(steps_in(step.kwargs))
    return found


def steps_in(x: Any) -> Iterator[Step]:
    """The steps in containers in containers."""
    if x.__class__ is Step:
        yield x
    elif x.__class__ is tuple or x.__class__ is list:
        for y in x:
            yield from steps_in(y)
    elif x.__class__ is slice:
        yield from steps_in((x.start, x.stop, x.step))
    elif x.__class__ is dict:
        yield from steps_in(tuple(x.values()))


def mapped(f: Callable[[Any], Any], x: Any) -> Any:
    """``x`` with ``f`` applied to whatever is no tuple, list, slice or dict in it."""
    kind = type(x)  # (a symbol of a tuple says that its class is tuple)
    if kind is tuple or kind is list:
        return kind([mapped(f, y) for y in x])
    if kind is slice:
        return slice(mapped(f, x.start), mapped(f, x.stop), mapped(f, x.step))
    if kind is dict:
        return {key: mapped(f, y) for key, y in x.items()}
    return f(x)
