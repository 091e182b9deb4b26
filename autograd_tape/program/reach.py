"""What a function can reach without being given it: closures, globals, attributes.

The search follows names: the globals that a code names are looked up, and of a class or a module
the attributes that any code found so far names.  Libraries are not searched, only what is handed to
them.

Next to read: :mod:`.cells`, which makes inputs of the program of what is found, and
:mod:`.surroundings`, which looks whether it is still there.
"""

from __future__ import annotations

import dis
import os
import sys
import sysconfig
import types
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..containers import is_container, items_of
from ..primitive import Primitive
from ..variable import Variable

__all__ = [
    "FEW",
    "GONE",
    "LOOKED_AT",
    "Closure",
    "Owner",
    "Place",
    "Reached",
    "may_change",
    "reach",
]

GONE = object()  # stands where nothing is
LOOKED_AT = 32_768  # bytes of an array whose content is looked at before each call
FEW = 100  # items of larger containers are not looked at before each call
_MANY = 10_000  # items of still larger ones are not looked for: they hold data

_SETTINGS = (int, float, str, tuple)
_NUMPY = {"numpy", "scipy", "builtins"}  # nothing of the user's is found there
_CLOSED = _NUMPY | {"autograd_tape"}  # the same of objects: a tape holds graphs
_OURS = {"autograd_tape", "nn"}  # only in closures (the function that was given to ``grad``)
_HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_LIBRARIES = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")})


@dataclass(frozen=True)
class Closure:
    """The cell of a closure as a container of one item."""

    x: types.CellType

    def __getitem__(self, key: Any) -> Any:
        return self.x.cell_contents

    def __setitem__(self, key: Any, x: Any) -> None:
        self.x.cell_contents = x


@dataclass(frozen=True)
class Owner:
    """An object as a container of its attributes, those that it has of its class among them."""

    x: Any

    def __getitem__(self, key: Any) -> Any:
        return getattr(self.x, key)

    def __setitem__(self, key: Any, x: Any) -> None:
        setattr(self.x, key, x)


class Place(NamedTuple):
    """``container[key]``: where something was found, and can be replaced."""

    name: str
    container: Any
    key: Any

    @property
    def at(self) -> tuple[int, Any]:
        """The same for the same place, as long as that exists."""
        c = self.container
        return id(c.x if isinstance(c, (Closure, Owner)) else c), self.key

    def content(self) -> Any:
        try:
            return self.container[self.key]
        except (LookupError, ValueError, AttributeError):  # deleted, or not assigned yet
            return GONE


@dataclass
class Reached:
    """What was found.

    variables    (name, variable) of each leaf Variable
    arrays       places of arrays that do not belong to the state
    constants    (name, array) of small ones of integers, which are indices and masks mostly, and of
                 those in tuples and the like, where nothing else can be put in their place
    state        places of arrays in the objects whose state changes, and of their own numbers
    generators   places of random generators
    around       all places but those of the state: what stands there is a constant
    collections  (name, container) that can grow
    """

    variables: list[tuple[str, Variable]] = field(default_factory=list)
    arrays: list[Place] = field(default_factory=list)
    constants: list[tuple[str, Any]] = field(default_factory=list)
    state: list[Place] = field(default_factory=list)
    generators: list[Place] = field(default_factory=list)
    around: list[Place] = field(default_factory=list)
    collections: list[tuple[str, Any]] = field(default_factory=list)


def reach(f: Any, state: tuple[Any, ...] = (), given: tuple[Any, ...] = ()) -> Reached:
    """What ``f`` can reach: through its closure, the globals that its code names, its defaults,
    the object it is a method of, and attributes and containers of these.

    state  objects whose arrays (their own, and those of what they hold) and own numbers may change
    given  objects that it is called with
    """
    return _Search(f, state, given).found


class _Found(NamedTuple):
    """Something to look into: under which name and where; may its arrays change?  Is it a part of
    an object of a library?
    """

    name: str
    x: Any
    place: Place | None = None
    changes: bool = False
    foreign: bool = False


class _Search:
    def __init__(self, f: Any, state: tuple[Any, ...], given: tuple[Any, ...]) -> None:
        self.found = Reached()
        self._seen: dict[int, Any] = {}  # (kept, so that identities stay valid)
        self._large: set[int] = set()
        self._own: set[tuple[int, str]] = set()
        self._mentioned: dict[str, None] = {}
        self._namespaces: list[tuple[str, Any]] = []  # user's modules and classes
        self._looked_up: set[tuple[int, str]] = set()
        queue = [_Found("", x, None, True) for x in state]
        queue += [_Found("", x) for x in (f, *given)]
        for x in state:
            own = vars(x)
            numbers = [k for k, y in own.items() if isinstance(y, _SETTINGS)]
            self.found.state += [Place(k, own, k) for k in numbers]
            self._own |= {(id(own), k) for k in numbers}
        while queue:
            for this in queue:
                queue.extend(self._look_at(*this))
            queue = list(self._what_is_mentioned())

    def _look_at(
        self, name: str, x: Any, place: Place | None, changes: bool, foreign: bool
    ) -> Iterator[_Found]:
        if place is not None:
            container = place.container
            if isinstance(x, np.random.Generator):
                self.found.generators.append(place)
            if changes and type(x) is np.ndarray:
                self.found.state.append(place)
                return
            if (id(container), place.key) not in self._own and id(container) not in self._large:
                self.found.around.append(place)
                if type(x) is np.ndarray and _is_data(x):
                    self.found.arrays.append(place)
                    return
        if id(x) in self._seen:
            return
        self._seen[id(x)] = x
        if type(x) is Variable:
            if x.is_leaf:
                self.found.variables.append((x.name or name or "v", x))
        elif type(x) is np.ndarray:
            self.found.constants.append((name or "c", x))
        elif not isinstance(x, (str, bytes, int, float, complex, type(None), np.random.Generator)):
            if _is_installed(x):  # one of them holds all others, often
                if foreign:
                    return
                foreign = True
            elif not is_container(x):
                foreign = False
            for inner, y, where in self._inside(name, x):
                part = where is not None or inner.isdigit()
                full = f"{name}_{inner}" if name and inner and part else inner or name
                at = None if where is None else Place(full or "x", *where)
                yield _Found(full, y, at, changes, foreign)

    def _inside(self, name: str, x: Any) -> Iterator[tuple[str, Any, Any]]:
        """(name, what is in ``x``, its place as container and key where it can be replaced)."""
        wrapped = getattr(x, "__dict__", {}).get("__wrapped__")  # by a decorator, or a program
        if wrapped is not None:
            yield "", wrapped, None
        if isinstance(x, types.FunctionType):
            yield from self._in_function(x)
        elif isinstance(x, types.MethodType):
            yield "", x.__self__, None
            yield "", x.__func__, None
        elif isinstance(x, partial):
            for y in (x.func, *x.args, *x.keywords.values()):
                yield "", y, None
        elif isinstance(x, (types.ModuleType, type)):
            if not _is_of_a_library(x.__name__ if isinstance(x, types.ModuleType) else x):
                self._namespaces.append((name, x))
        elif _has_parts(x):
            yield from self._in_object(name, x)

    def _in_function(self, f: types.FunctionType) -> Iterator[tuple[str, Any, Any]]:
        where = str(f.__globals__.get("__name__"))
        if where.split(".")[0] in _NUMPY:
            return
        for free, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True):
            closure = Closure(cell)
            yield free, Place("", closure, 0).content(), (closure, 0)
        for default in (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()):
            yield "", default, None
        if not _is_of_a_library(where):
            names = _names_in(f.__code__)
            self._mentioned |= dict.fromkeys(names.mentioned)
            for used in names.globals:
                yield used, f.__globals__.get(used, GONE), (f.__globals__, used)
            for module in names.imported:
                yield module, sys.modules.get(module), None

    def _in_object(self, name: str, x: Any) -> Iterator[tuple[str, Any, Any]]:
        own = getattr(x, "__dict__", None)
        if is_container(x):
            items = items_of(x)
            held = x if isinstance(x, (dict, list)) else None
            if held is not None:
                self.found.collections.append((name, x))
            if len(items) > FEW:
                self._large.add(id(x))
            if len(items) <= _MANY:
                for key, y in items:
                    yield str(key), y, None if held is None else (held, key)
        elif isinstance(x, (set, deque)):
            self.found.collections.append((name, x))
            if len(x) <= _MANY:
                for y in list(x):
                    yield "", y, None
        if own is None:
            own = {}
        else:
            self.found.collections.append((name, own))
        for key, y in list(own.items()):
            yield key, y, (own, key)
        kind = type(x)
        for key in _slots(kind):
            if key not in own:
                yield key, getattr(x, key, GONE), (Owner(x), key)
        for key, y in _settings(kind):
            if key not in own:
                yield key, y, (Owner(x), key)
        yield "", kind, None
        for method in ("__call__", "forward"):
            yield "", getattr(kind, method, None), None

    # -- what is mentioned ---------------------------------------------------------------------

    def _what_is_mentioned(self) -> Iterator[_Found]:
        """What the names in code that was found stand for in classes and modules."""
        for name, x in self._namespaces:
            for key in (*self._mentioned, *_operators(x)):
                if (id(x), key) not in self._looked_up:
                    self._looked_up.add((id(x), key))
                    yield from self._looked_up_in(name, x, key)

    def _looked_up_in(self, name: str, x: Any, key: str) -> Iterator[_Found]:
        full = f"{name}_{key}" if name else key
        if isinstance(x, types.ModuleType):
            if key in vars(x):
                yield _Found(full, vars(x)[key], Place(full, vars(x), key))
            return
        for c in x.__mro__:
            if key in vars(c):
                if not _is_of_a_library(c):
                    y = vars(c)[key]
                    if isinstance(y, (property, cached_property, classmethod, staticmethod)):
                        yield _Found(full, _function_of(y))
                    elif not hasattr(type(y), "__get__") or isinstance(y, types.FunctionType):
                        yield _Found(full, y, Place(full, Owner(x), key))
                return


class _Names(NamedTuple):
    """What a code and those within it name: globals that they read, modules that they import, and
    whatever else (attributes).
    """

    globals: tuple[str, ...]
    imported: tuple[str, ...]
    mentioned: tuple[str, ...]


@lru_cache(2048)
def _names_in(code: types.CodeType) -> _Names:
    read: dict[str, None] = {}
    imported: dict[str, None] = {}
    mentioned = dict.fromkeys(code.co_names)
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read[instruction.argval] = None
        elif instruction.opname == "IMPORT_NAME":
            imported[instruction.argval] = None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = _names_in(constant)
            read |= dict.fromkeys(inner.globals)
            imported |= dict.fromkeys(inner.imported)
            mentioned |= dict.fromkeys(inner.mentioned)
    return _Names(tuple(read), tuple(imported), tuple(mentioned))


def _function_of(descriptor: Any) -> Any:
    if isinstance(descriptor, property):
        return descriptor.fget
    return descriptor.func if isinstance(descriptor, cached_property) else descriptor.__func__


def _is_data(x: Any) -> bool:
    """Small arrays of integers are indices and masks mostly, which are better constants."""
    return x.dtype.kind in "fc" or (x.dtype.kind in "iub" and x.nbytes > LOOKED_AT)


def may_change(x: Any) -> bool:
    """Is it an object with attributes, that another object of the same value could differ from?"""
    return hasattr(x, "__dict__") or bool(
        hasattr(type(x), "__slots__") and not _is_of_a_library(type(x))
    )


def _operators(x: Any) -> Iterator[str]:
    """The methods of a class that are called without being named."""
    if isinstance(x, type):
        for key in dir(x):
            if key[:2] == "__" and isinstance(getattr(x, key, None), types.FunctionType):
                yield key


def _has_parts(x: Any) -> bool:
    top = str(type(x).__module__).split(".")[0]
    return is_container(x) or isinstance(x, (set, deque, Primitive)) or top not in _CLOSED


def _is_ours(module: str) -> bool:
    top = module.split(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return top in _OURS and os.path.dirname(os.path.dirname(os.path.abspath(file))) == _HERE


def _is_of_a_library(x: Any) -> bool:
    """Is a class, or a module of that name, one of Python's, ours, or one that was installed?"""
    module = x if isinstance(x, str) else str(getattr(x, "__module__", ""))
    top = module.split(".")[0]
    if top == "__main__":
        return False
    if top in sys.stdlib_module_names or top in _NUMPY or _is_ours(module):
        return True
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return file.startswith(_LIBRARIES)


def _is_installed(x: Any) -> bool:
    """Is it an object, or a method, of a library that is not ours?"""
    kind = type(x.__self__) if isinstance(x, types.MethodType) else type(x)
    return (
        kind.__module__ != "builtins" and not _is_ours(kind.__module__) and _is_of_a_library(kind)
    )


def _slots(kind: type) -> Iterator[str]:
    for c in kind.__mro__:
        names = vars(c).get("__slots__", ())
        for key in (names,) if isinstance(names, str) else names:
            if key not in ("__dict__", "__weakref__"):
                yield f"_{c.__name__.lstrip('_')}{key}" if key[:2] == "__" != key[-2:] else key


def _settings(kind: type) -> Iterator[tuple[str, Any]]:
    """Numbers and strings that an object has of its class until it gets its own (``training``)."""
    for key, y in {k: y for c in reversed(kind.__mro__) for k, y in vars(c).items()}.items():
        if isinstance(y, _SETTINGS) and not key.startswith("__"):
            yield key, y
