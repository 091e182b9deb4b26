"""How variables, entries and tapes print."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tape import Entry, Tape
    from .variable import Variable


def label(entry: Entry) -> str:
    name = entry.note("name")
    if name is not None:
        return str(name)
    return f"#{entry.index}"


def describe_entry(entry: Entry) -> str:
    if entry.primitive is None:
        return f"{label(entry)}"
    args = [label(x) if x.__class__.__name__ == "Entry" else "const" for x in entry.inputs]
    return f"{label(entry)} = {entry.primitive.name}({', '.join(args)})"


def variable_text(v: Variable) -> str:
    return f"Variable({v._value!r})"


def tape_text(tape: Tape) -> str:
    return "\n".join(describe_entry(e) for e in tape.entries)


def tape_html(tape: Tape) -> str:
    return tape_text(tape)
