"""What a function can reach without being given it: closures, globals, attributes.

Next to read: :mod:`.cells`, which makes inputs of the program of them.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..containers import is_container, items_of
from ..variable import Variable

__all__ = ["Owner", "Place", "Reached", "reach"]

_OWN = {"autograd_tape", "numpy", "scipy", "builtins"}  # nothing of the user's is found there


_MANY = 10_000  # items of a container; larger ones hold data
_FEW = 100  # those of larger ones are not looked at before each call


_SETTINGS = (int, float, str, tuple)


class _ClosureCell:
    """The cell of a closure as a container of one item."""

    def __init__(self, cell: types.CellType) -> None:
        self.cell = cell

    def __getitem__(self, key: int) -> Any:
        return self.cell.cell_contents

    def __setitem__(self, key: int, x: Any) -> None:
        self.cell.cell_contents = x


class Owner(NamedTuple):
    """An object as a container of its attributes, those that it has of its class among them."""

    x: Any


class Place(NamedTuple):
    """``container[key]``: where something was found, and can be replaced."""

    name: str
    container: Any
    key: Any


@dataclass
class Reached:
    """What was found.

    variables   (name, variable) of each leaf Variable
    arrays      (name, array)
    state       places of arrays in the objects whose state changes, and of their own numbers
    generators  places of random generators
    around      all other places: what stands there is a constant
    """

    variables: list[tuple[str, Variable]] = field(default_factory=list)
    arrays: list[tuple[str, Any]] = field(default_factory=list)
    state: list[Place] = field(default_factory=list)
    generators: list[Place] = field(default_factory=list)
    around: list[Place] = field(default_factory=list)


def reach(f: Callable[..., Any], state: tuple[Any, ...] = ()) -> Reached:
    """What ``f`` can reach: through its closure, the globals that its code names, its defaults,
    the object it is a method of, and attributes and containers of these.

    state  objects whose arrays (their own, and those of what they hold) and own numbers may change
    """
    found, seen = Reached(), set()
    kept: list[Any] = []  # keeps identities valid
    queue: list[tuple[str, Any, Any, bool]] = [("", x, None, True) for x in state]
    queue.append(("", f, None, False))
    own, large = set(), set()
    for x in state:
        numbers = [k for k, y in vars(x).items() if isinstance(y, _SETTINGS)]
        found.state += [Place(k, vars(x), k) for k in numbers]
        own |= {(id(vars(x)), k) for k in numbers}
    for name, x, place, changes in queue:
        if isinstance(x, np.random.Generator):
            if place is not None:
                found.generators.append(Place(name or "rng", *place))
            continue
        if place is not None:
            if changes and type(x) is np.ndarray:
                found.state.append(Place(name, *place))
            elif (id(place[0]), place[1]) not in own and id(place[0]) not in large:
                found.around.append(Place(name, *place))
        if id(x) in seen:
            continue
        seen.add(id(x))
        kept.append(x)
        if type(x) is Variable:
            if x.is_leaf:
                found.variables.append((x.name or name or "v", x))
        elif type(x) is np.ndarray:
            found.arrays.append((name or "c", x))
        elif not _is_foreign(x):
            if is_container(x) and len(items_of(x)) > _FEW:
                large.add(id(x))
            for inner, y, where in _inside(x):
                full = f"{name}_{inner}" if name and inner and where is not None else inner
                queue.append((full or name, y, where, changes))
    return found


def _is_foreign(x: Any) -> bool:
    if isinstance(x, (types.ModuleType, type, str, bytes, int, float, complex, type(None))):
        return True
    if is_container(x) or isinstance(x, (types.MethodType, partial)):
        return False
    owner = x if isinstance(x, types.FunctionType) else type(x)
    return str(getattr(owner, "__module__", "")).split(".")[0] in _OWN


def _inside(x: Any) -> Iterator[tuple[str, Any, Any]]:
    """(name, what is in ``x``, its place as container and key where it can be replaced)."""
    if isinstance(x, types.FunctionType):
        for free, cell in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True):
            with suppress(ValueError):  # not assigned yet
                yield free, cell.cell_contents, (_ClosureCell(cell), 0)
        for default in (*(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values()):
            yield "", default, None
        if hasattr(x, "__wrapped__"):
            yield "", x.__wrapped__, None
        for used in _names_in(x.__code__):
            if used in x.__globals__:
                yield used, x.__globals__[used], (x.__globals__, used)
    elif isinstance(x, types.MethodType):
        yield "", x.__self__, None
        yield "", x.__func__, None
    elif isinstance(x, partial):
        for y in (x.func, *x.args, *x.keywords.values()):
            yield "", y, None
    else:
        if is_container(x) and len(items_of(x)) <= _MANY:
            held = x if isinstance(x, (dict, list)) else None
            for key, y in items_of(x):
                yield str(key), y, None if held is None else (held, key)
        for key, y in list(getattr(x, "__dict__", {}).items()):
            yield key, y, (x.__dict__, key)
        yield from _settings_of_the_class(x)
        for method in ("__call__", "forward"):
            yield "", getattr(type(x), method, None), None


def _settings_of_the_class(x: Any) -> Iterator[tuple[str, Any, Any]]:
    """Numbers and strings that an object has of its class until it gets its own (``training``)."""
    own = getattr(x, "__dict__", {})
    for key, y in {k: y for c in reversed(type(x).__mro__) for k, y in vars(c).items()}.items():
        if isinstance(y, _SETTINGS) and not key.startswith("__") and key not in own:
            yield key, y, (Owner(x), key)


def _names_in(code: types.CodeType) -> Iterator[str]:
    """The globals that a function reads, and those within it."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)
