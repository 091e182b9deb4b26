"""How values, entries, variables and tapes print: as text, and as an HTML table in notebooks.

The table has the two columns of 003 section 14, primal and adjoint.  An entry keeps only the
values that a rule reads; the others are replayed when somebody looks.

Next to read: :mod:`autograd_tape.view.diagram`, which draws the same rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ..entry import Entry
from ..primitive import FREED
from ..replay import primals
from .table import Table, ends

if TYPE_CHECKING:
    from ..tape import Tape
    from ..variable import Variable

__all__ = [
    "call_text", "constant_text", "describe_entry", "entries_html", "kind_text", "label",
    "names_of", "tape_html", "tape_text", "value_parts", "value_text", "values_of", "variable_text",
]  # fmt: skip

HEADER: tuple[str, ...] = ("index", "name", "operation", "type", "primal", "adjoint", "line")
_SHORT = 6  # elements of an array that are written out in a table
_LONG = 100  # elements of an array that are written out in the repr of a variable


# -- values ---------------------------------------------------------------------------------------


def number(x: Any, digits: int = 6) -> str:
    """Significant digits, and a point in every float: 3.0, 0.333333, 1e-08."""
    if isinstance(x, (complex, np.complexfloating)):
        return f"({x:.{digits}g})"
    if isinstance(x, (float, np.floating)):
        text = f"{x:.{digits}g}"
        return f"{text}.0" if text.lstrip("-").isdigit() else text
    return str(x)


def value_text(value: Any) -> str:
    """One line for any value: the number, the elements of a short vector, the range of an array."""
    return " ".join(f"{word} {text}".strip() for word, text in value_parts(value))


def value_parts(value: Any) -> list[tuple[str, str]]:
    """The same in parts, (``"min"``, ``"0.1"``) and so on; what needs no word has an empty one."""
    if value is None:
        return [("", "-")]
    if isinstance(value, (tuple, list)):  # an entry with several outputs
        return [("", f"({', '.join(map(value_text, value))})")]
    if not isinstance(value, np.ndarray):
        return [("", number(value))]
    if value.ndim <= 1 and value.size <= _SHORT:
        elements = ", ".join(map(number, value.ravel()))
        return [("", f"[{elements}]" if value.ndim else elements)]
    if not value.size:
        return [("", "empty")]
    return _range(value) if value.dtype.kind in "fcbiu" else [("", "…")]


def _range(array: Any) -> list[tuple[str, str]]:
    """Least, greatest and mean element; of complex elements the least and greatest modulus."""
    of_complex = array.dtype.kind == "c"
    with np.errstate(all="ignore"):
        size = np.abs(array) if of_complex else array
        low, high = float(size.min()), float(size.max())
        mean = complex(array.mean()) if of_complex else float(array.mean())
        bad = array.size - int(np.count_nonzero(np.isfinite(array)))
    words = ("|min|", "|max|", "mean") if of_complex else ("min", "max", "mean")
    parts = [(word, number(x, 4)) for word, x in zip(words, (low, high, mean), strict=True)]
    if low == high and not of_complex:
        parts = [("all", number(low))]
    return [*parts, ("not finite", str(bad))] if bad else parts


def kind_text(dtype: Any, shape: Any) -> str:
    """``float32 (128, 64)``; just the dtype for a scalar; a list for several outputs."""
    if dtype.__class__ is tuple:
        return "; ".join(map(kind_text, dtype, shape))
    name = dtype.__name__ if isinstance(dtype, type) else str(dtype)
    return f"{name} {shape}" if shape else name


def constant_text(x: Any) -> str:
    """A plain operand inside a call: a number as it is, an array by its kind."""
    if isinstance(x, np.ndarray):
        if x.ndim <= 1 and x.size <= 3:
            return f"[{', '.join(number(e) for e in x.ravel())}]" if x.ndim else number(x[()])
        return f"{x.dtype} {x.shape}"
    if isinstance(x, slice):
        parts = ["" if p is None else str(p) for p in (x.start, x.stop)]
        return ":".join(parts if x.step is None else [*parts, str(x.step)])
    if isinstance(x, tuple):
        return f"({', '.join(map(constant_text, x))}{',' if len(x) == 1 else ''})"
    if isinstance(x, (float, complex, np.generic)):
        return number(x)
    return "..." if x is Ellipsis else clip(getattr(x, "__name__", None) or repr(x), 24)


def clip(text: str, width: int) -> str:
    """``text`` on one line of at most ``width`` characters, control characters written out."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= width else text[: width - 1] + "…"


# -- entries --------------------------------------------------------------------------------------


def label(entry: Entry) -> str:
    """The name of an entry, or its number in the order of recording: what messages call it."""
    name = entry.note("name")
    return f"#{entry.index}" if name is None else clip(str(name), 40)


def call_text(entry: Entry, names: Any = label) -> str:
    """``multiply(v2, b)``: the primitive with its inputs and the parameters that say something."""
    if entry.primitive is None:
        return "input"
    if entry.primitive is FREED:
        return "computed on a freed tape"
    inputs = [names(x) if x.__class__ is Entry else constant_text(x) for x in entry.inputs]
    if len(inputs) > 4:
        inputs = [*inputs[:3], f"… {len(inputs) - 3} more"]
    params = [
        f"{key}={constant_text(x)}"
        for key, x in (entry.params or {}).items()
        if x is not None and x is not False and x is not np._NoValue
        if not (key == "where" and x is True)
    ]
    return f"{entry.primitive.name}({', '.join(inputs + params)})"


def describe_entry(entry: Entry) -> str:
    """One line on an entry, for messages: ``#7 = multiply(#6, b)``, or the name of an input."""
    if entry.primitive is None:
        return f"{label(entry)} ({call_text(entry)}, {kind_text(entry.dtype, entry.shape)})"
    return f"{label(entry)} = {call_text(entry)}"


def _expression(entry: Entry, depth: int = 2) -> str:
    """``multiply(add(a, b), b)``: the last few calls that led to an entry."""

    def inner(x: Entry) -> str:
        if x.note("name") is None and x.primitive is not None:
            return "…" if depth == 0 else _expression(x, depth - 1)
        return label(x)

    return call_text(entry, inner)


# -- variables ------------------------------------------------------------------------------------


def variable_text(v: Variable) -> str:
    """The repr of a variable: its value, name, dtype, and how it was computed.

    >>> from autograd_tape import Variable
    >>> a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    >>> a
    Variable(2.0, name='a')
    >>> (a + b) * b
    Variable(15.0) = multiply(add(a, b), b)
    """
    value, entry = v._value, v._entry
    parts = [repr(value)]
    if isinstance(value, np.generic):
        parts = [str(value), f"dtype={value.dtype}"]
    elif isinstance(value, np.ndarray):
        if value.size > _LONG:
            parts = [f"<{kind_text(value.dtype, value.shape)} {value_text(value)}>"]
        else:
            parts = [np.array2string(value, separator=", ", prefix="Variable(")]
            if value.dtype != np.float64 or not value.size:
                parts.append(f"dtype={value.dtype}")
            if not value.size:
                parts.append(f"shape={value.shape}")
    if v.name is not None:
        parts.append(f"name={clip(str(v.name), 40)!r}")
    text = f"Variable({', '.join(parts)})"
    return text if v.is_leaf else f"{text} = {clip(_expression(entry), 80)}"


# -- tapes ----------------------------------------------------------------------------------------


def names_of(entries: Sequence[Entry]) -> Any:
    """A function from an entry to its name in this list: its own, or v and its position.

    A name that several entries bear is followed by the position.
    """
    places = {e: i for i, e in enumerate(entries)}
    own = Counter(e.note("name") for e in entries)

    def name(entry: Entry) -> str:
        given = entry.note("name")
        if given is None:
            return f"v{places[entry]}" if entry in places else label(entry)
        text = clip(str(given), 24)
        return f"{text}:{places[entry]}" if own[given] > 1 and entry in places else text

    return name


def values_of(entries: Sequence[Entry]) -> dict[Entry, Any]:
    """The primal value of every entry, kept or replayed; nothing for those of a freed tape."""
    order = list(entries)
    seen = set(order)
    for e in order:  # grows: a value that was not kept needs those of its inputs
        if e.output is None:
            more = [p for p in e.parents if p not in seen]
            seen.update(more)
            order.extend(more)
    order.sort(key=attrgetter("index"), reverse=True)
    with np.errstate(all="ignore"):
        return primals(order)


def _rows(
    entries: Sequence[Entry], shown: Iterable[int], values: dict[Entry, Any]
) -> list[tuple[str, ...]]:
    """Under ``HEADER``, the rows at the positions ``shown``."""
    names = names_of(entries)
    rows: list[tuple[str, ...]] = []
    for i in shown:
        e = entries[i]
        columns = (value_text(values.get(e)), value_text(e.note("adjoint")))
        kind = kind_text(e.dtype, e.shape)
        place = e.note("place")
        line = "" if place is None else place.brief
        rows.append((str(i), names(e), clip(call_text(e, names), 48), kind, *columns, line))
    return rows


def _table(entries: Sequence[Entry], title: str, values: dict[Entry, Any] | None = None) -> Table:
    """Without types where all are Python floats, as in the notes; with lines if it keeps any."""
    shown = ends(len(entries))
    values = values_of(entries) if values is None else values
    table = [HEADER, *_rows(entries, shown, values)]
    if all(e.dtype is float for e in entries):
        table = [(*row[:3], *row[4:]) for row in table]
    if not any(row[-1] for row in table[1:]):
        table = [row[:-1] for row in table]
    return Table(title, table[0], table[1:], len(entries) - len(shown))


def _title(tape: Tape) -> str:
    n = len(tape)
    if tape._freed_by and not n:
        return f"Tape, freed by {tape._freed_by}"
    return f"Tape of {n} {'entry' if n == 1 else 'entries'}"


def tape_text(tape: Tape) -> str:
    """The tape as an aligned table; the middle of a long one is left out, and counted."""
    return _table(tape.entries, _title(tape)).text()


def tape_html(tape: Tape) -> str:
    """The same table for notebooks."""
    return entries_html(tape.entries, _title(tape))


def entries_html(
    entries: Sequence[Entry], title: str, values: dict[Entry, Any] | None = None
) -> str:
    """The table of some entries; ``values`` are replayed if they are not given."""
    return _table(entries, title, values).html()
