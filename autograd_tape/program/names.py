"""What the user called things: names of results, of arguments, of variables closed over."""

from __future__ import annotations

import dis
import inspect
import keyword
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from ..containers import is_container, items_of
from ..variable import Variable

__all__ = ["argument_names", "assigned_name", "closed_over", "identifier"]

_stores: dict[types.CodeType, dict[int, str]] = {}


def assigned_name(code: types.CodeType, offset: int) -> str | None:
    """The name that the result of the instruction at ``offset`` is assigned to at once, if any."""
    known = _stores.get(code)
    if known is None:
        known = {}
        instructions = [i for i in dis.get_instructions(code) if i.opname != "CACHE"]
        for this, after in pairwise(instructions):
            if after.opname in ("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"):
                known[this.offset] = after.argval
        if len(_stores) > 1000:
            _stores.clear()
        _stores[code] = known
    return known.get(offset)


def argument_names(f: Callable[..., Any], args: tuple[Any, ...]) -> list[str]:
    """A name for each leaf of the arguments: ``x``, and ``params_W`` for ``params["W"]``."""
    try:
        known = [
            p.name for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]  # fmt: skip
    except (TypeError, ValueError):
        known = []
    names: list[str] = []
    for i, x in enumerate(args):
        names += _leaf_names(known[i] if i < len(known) else f"x{i}", x)
    return names


def _leaf_names(name: str, x: Any) -> Iterator[str]:
    if is_container(x):
        for key, y in items_of(x):
            yield from _leaf_names(f"{name}_{key}", y)
    elif x is not None:
        yield name


def identifier(name: str) -> str:
    """``name`` as Python can say it."""
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
    if not text or text[0].isdigit() or keyword.iskeyword(text):
        text = f"_{text}"
    return text


# -- what a function closes over ------------------------------------------------------------------


@dataclass
class Found:
    """What a function can reach.

    variables  (name, variable) of each leaf Variable
    arrays     the name of each array, by its identity
    """

    variables: list[tuple[str, Variable]]
    arrays: dict[int, str]


def closed_over(f: Callable[..., Any]) -> Found:
    """What ``f`` can reach: through its closure, the globals that its code names, its defaults,
    the object it is a method of, and attributes and containers of these.
    """
    found: dict[int, tuple[str, Variable]] = {}
    arrays: dict[int, str] = {}
    seen: set[int] = set()
    kept: list[Any] = []  # keeps ids valid
    queue: list[tuple[str, Any]] = [("", f)]
    while queue:
        name, x = queue.pop(0)
        if id(x) in seen:
            continue
        seen.add(id(x))
        kept.append(x)
        if type(x) is Variable:
            if x.is_leaf:
                found[id(x)] = (x.name or name or "v", x)
        elif type(x) is np.ndarray:
            arrays[id(x)] = name
        else:
            queue += [(n or name, y) for n, y in _reachable(name, x)]
    return Found(list(found.values()), arrays)


_OWN = {"autograd_tape", "numpy", "scipy"}  # no variables of the user's are found there


def _reachable(name: str, x: Any) -> Iterator[tuple[str, Any]]:
    if (
        getattr(type(x) if not isinstance(x, types.FunctionType) else x, "__module__", "").split(
            "."
        )[0]
        in _OWN
    ):
        return
    if isinstance(x, types.FunctionType):
        code = x.__code__
        for free, cell in zip(code.co_freevars, x.__closure__ or (), strict=True):
            with suppress(ValueError):  # not assigned yet
                yield free, cell.cell_contents
        for default in (*(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values()):
            yield "", default
        if hasattr(x, "__wrapped__"):
            yield "", x.__wrapped__
        for used in _names_in(code):
            if used in x.__globals__:
                yield used, x.__globals__[used]
    elif isinstance(x, types.MethodType):
        yield name, x.__self__
        yield "", x.__func__
    elif isinstance(x, partial):
        yield name, x.func
        for y in (*x.args, *x.keywords.values()):
            yield "", y
    elif isinstance(x, (types.ModuleType, type, str, bytes, int, float)):
        return
    elif is_container(x):
        for key, y in items_of(x):
            yield f"{name}_{key}" if name else str(key), y
    else:
        for key, y in getattr(x, "__dict__", {}).items():
            yield f"{name}_{key}" if name else key, y
        for method in ("__call__", "forward"):
            yield "", getattr(type(x), method, None)


def _names_in(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)
