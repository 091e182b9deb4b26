"""Which scopes the entries of a tape lie in, what they are called, and which leaves are parameters.

Next to read: :mod:`autograd_tape.view.fold`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..entry import Entry
from ..scope import finished
from .text import clip

__all__ = ["Block", "parameters", "scopes_of"]

_DEEPEST = 50  # scopes inside scopes
_MANY = 1000  # parts of a module, or elements of a list, that are searched for its submodules


@dataclass(eq=False)
class Block:
    """A part of the tape: a scope, or alike parts in a row, of which the last is shown.

    first, start, stop  positions among the operations: of all it stands for, and of what it shows
    name, kind          ``layers.0`` and ``Linear``; without a kind for a user's own scope
    module              the module that was called, while it is alive
    items               the operations (positions) and the blocks inside, in order
    times               how many alike parts in a row it stands for
    """

    first: int
    stop: int
    name: str = ""
    kind: str = ""
    module: Any = None
    items: list[int | Block] = field(default_factory=list)
    times: int = 1

    @property
    def start(self) -> int:
        return self.stop - (self.stop - self.first) // self.times

    @property
    def is_scope(self) -> bool:
        return bool(self.name or self.kind)

    @property
    def title(self) -> str:
        """``self_attn: MultiheadAttention``."""
        return ": ".join(filter(None, (self.name, self.kind)))

    @property
    def label(self) -> str:
        """The same with how many alike parts it is: ``step ×12``, ``×12`` if they are no scope."""
        return f"{self.title} ×{self.times}".strip() if self.times > 1 else self.title


def scopes_of(operations: Sequence[Entry]) -> Block:
    """The scopes around the operations of a tape, oldest first, as a tree; its root is no scope."""
    indices = [e.index for e in operations]
    found: list[tuple[int, int, int, Any, type]] = []
    for k, (start, end, what, kind) in enumerate(finished()):
        first, stop = bisect_left(indices, start), bisect_left(indices, end)
        if first < stop:
            found.append((first, -stop, -k, what, kind))
    found.sort(key=lambda scope: scope[:3])  # outer before inner: of equal ones that ended later
    root = Block(0, len(operations))
    around = [root]
    names: dict[int, dict[int, str]] = {}
    for first, minus_stop, _, what, kind in found:
        while around[-1].stop <= first:
            _fill(around.pop())
        if -minus_stop > around[-1].stop or len(around) > _DEEPEST:
            continue  # (a scope of another thread ends elsewhere)
        block = Block(first, -minus_stop)
        if kind is str:
            block.name = clip(what, 40)
        else:
            block.kind, block.module = kind.__name__, what
            owner = next((b.module for b in reversed(around) if b.module is not None), None)
            if what is not None and owner is not None:
                known = names.setdefault(id(owner), {}) or _names_in(owner)
                names[id(owner)] = known
                block.name = known.get(id(what), "")
        around[-1].items.append(block)
        around.append(block)
    while around:
        _fill(around.pop())
    return root


def _fill(block: Block) -> None:
    """Put the operations that are in no inner block between the inner blocks."""
    items: list[int | Block] = []
    position = block.first
    for inner in block.items:
        assert isinstance(inner, Block)
        items += [*range(position, inner.first), inner]
        position = inner.stop
    block.items = [*items, *range(position, block.stop)]


def _names_in(owner: Any) -> dict[int, str]:
    """The names under which what ``owner`` holds can be reached from it: ``layers.0``; by id."""
    names: dict[int, str] = {}
    queue: list[tuple[str, Any]] = [("", owner)]
    for prefix, x in queue:  # grows: so near ones are found before far ones
        parts = list(getattr(x, "__dict__", {}).items())
        if isinstance(x, dict):
            parts += x.items()
        elif isinstance(x, (list, tuple)):
            parts += enumerate(x[:_MANY])
        for key, part in parts:
            inside = isinstance(part, (dict, list, tuple)) or hasattr(type(part), "forward")
            if inside and part is not owner and id(part) not in names and len(queue) < _MANY:
                names[id(part)] = f"{prefix}{key}"
                queue.append((f"{prefix}{key}.", part))
    return names


def parameters(root: Block) -> Callable[[Entry], bool]:
    """A test whether a leaf is a parameter, of a module that was called on the tape and is alive.

    An optimiser's step gives a parameter a new entry; so a leaf of its name and kind counts, too.
    """
    modules: list[Any] = []
    queue = [root]
    for block in queue:
        if block.module is not None:
            modules.append(block.module)  # which knows those inside
        else:
            queue.extend(b for b in block.items if isinstance(b, Block))
    entries, kinds = set(), set()
    for module in {id(m): m for m in modules}.values():
        try:
            found = list(module.parameters())
        except Exception:  # not one of nn's
            continue
        for v in found:
            entry = getattr(v, "_entry", None)
            if entry is not None:
                entries.add(entry)
                kinds.add((entry.note("name"), entry.shape, str(entry.dtype)))
    kinds = {kind for kind in kinds if kind[0] is not None}
    return lambda e: e in entries or (e.note("name"), e.shape, str(e.dtype)) in kinds
