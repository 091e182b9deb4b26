"""What the user called things: names of results and of arguments."""

from __future__ import annotations

import dis
import inspect
import keyword
import types
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from ..containers import is_container, items_of

__all__ = ["argument_names", "assigned_name", "identifier"]

_stores: dict[types.CodeType, dict[int, str]] = {}


def assigned_name(frame: types.FrameType | None) -> str | None:
    """What the result of the call that a frame is making is assigned to at once, if anything; by
    whom it is returned to, if it is returned.
    """
    while frame is not None:
        name = _assigned(frame.f_code, frame.f_lasti)
        if name != "":
            return name
        frame = frame.f_back
        while frame is not None and frame.f_code.co_name == "__call__":  # of a layer
            frame = frame.f_back
    return None


def _assigned(code: types.CodeType, offset: int) -> str | None:
    """The name, or "" if the result is returned at once."""
    known = _stores.get(code)
    if known is None:
        known = {}
        instructions = [i for i in dis.get_instructions(code) if i.opname != "CACHE"]
        for this, after in pairwise(instructions):
            name = None
            if after.opname in ("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"):
                name = after.argval
            elif after.opname == "RETURN_VALUE":
                name = ""
            if name is not None:  # (in a call, the offset is that of a cache entry behind it)
                known |= dict.fromkeys(range(this.offset, after.offset, 2), name)
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
