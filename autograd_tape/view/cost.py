"""What a tape costs: the bytes that it keeps, the time of each operation and of its rules.

Bytes are counted, times are measured: each primitive runs a few times more, and so does the whole
reverse sweep; the shortest time counts.  The memory of a sweep that frees the tape behind it, as
``tape.gradient`` does, is what is kept at each step (counted) and the adjoints (measured).

Next to read: :mod:`autograd_tape.view.plots`.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from time import perf_counter
from typing import Any

import numpy as np

from ..backward import sweep
from ..entry import Entry, linearize
from ..primitive import FREED
from ..pull import freed_message
from ..replay import evaluate
from ..tape import TapeError
from .table import LIMIT, Shown, Table
from .text import call_text, clip, kind_text, names_of, values_of

__all__ = ["Cost", "CostRow", "MemoryStep", "measure", "size_text", "time_text"]


@dataclass(frozen=True, eq=False)
class CostRow:
    """One entry of the tape.

    entry, name  the row of the tape, and what it is called there
    saved        bytes that the tape keeps because of it: its output where a rule reads it, and
                 constant operands; an array that several entries share counts at the first of
                 them, and a view as the whole array that it keeps alive
    forward      seconds of the primitive; 0.0 for an input
    reverse      seconds of its rules, and of adding up what they return; 0.0 for an input, and for
                 what the last entry does not depend on
    """

    entry: Entry
    name: str
    saved: int
    forward: float
    reverse: float


@dataclass(frozen=True)
class MemoryStep:
    """Bytes alive when one operation is done, in either sweep.

    name      of the entry
    sweep     "forward" or "reverse"
    inputs    the inputs of the program
    saved     what the tape keeps for the rules
    values    what is not kept, but read by a later operation of the forward computation
    adjoints  of what the reverse sweep has not passed yet, and of the inputs
    """

    name: str
    sweep: str
    inputs: int
    saved: int
    values: int = 0
    adjoints: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.inputs + self.saved + self.values + self.adjoints


@dataclass(frozen=True, eq=False, repr=False)
class Cost(Shown):
    """The answer of ``tape.cost()`` and ``v.cost()``.

    rows    one for each entry, in order of the tape
    memory  a step for each operation: the forward computation, then the reverse sweep
    """

    rows: tuple[CostRow, ...]
    memory: tuple[MemoryStep, ...]

    @property
    def inputs(self) -> int:
        """Bytes of the inputs of the program."""
        return sum(r.saved for r in self.rows if r.entry.primitive is None)

    @property
    def saved(self) -> int:
        """Bytes that the tape keeps for the rules beside the inputs, the entries themselves (some
        200 bytes each) not counted."""
        return sum(r.saved for r in self.rows if r.entry.primitive is not None)

    @property
    def forward(self) -> float:
        """Seconds of all primitives, without the recording of them (half a microsecond each)."""
        return sum(r.forward for r in self.rows)

    @property
    def reverse(self) -> float:
        """Seconds of the reverse sweep."""
        return sum(r.reverse for r in self.rows)

    @property
    def peak(self) -> int:
        """The most bytes that are alive at the end of any operation of both sweeps."""
        return max((m.total for m in self.memory), default=self.inputs)

    def table(self) -> Table:
        n = len(self.rows)
        shown = sorted(range(n), key=lambda i: -self.rows[i].forward - self.rows[i].reverse)[:LIMIT]
        title = (
            f"Cost of {n} {'entry' if n == 1 else 'entries'}: {size_text(self.saved)} saved beside "
            f"{size_text(self.inputs)} of inputs, at most {size_text(self.peak)} alive\n"
            f"{time_text(self.forward)} forward, {time_text(self.reverse)} reverse"
        )
        if n > LIMIT:
            title += f"; the {LIMIT} slowest:"
        header = ("index", "name", "operation", "type", "saved", "forward", "reverse")
        names = names_of([r.entry for r in self.rows])
        rows = []
        for i in sorted(shown):
            r, leaf = self.rows[i], self.rows[i].entry.primitive is None
            times = ("", "") if leaf else (time_text(r.forward), time_text(r.reverse))
            kind = kind_text(r.entry.dtype, r.entry.shape)
            saved = size_text(r.saved) if r.saved else "-"
            rows.append((str(i), r.name, clip(call_text(r.entry, names), 40), kind, saved, *times))
        return Table(title, header, rows, right=("index", "saved", "forward", "reverse"))

    def plot(self, ax: Any = None) -> Any:
        """Memory over both sweeps, one layer on the other (matplotlib); returns the axes."""
        from .plots import memory

        return memory(self.memory, ax)


def measure(entries: Sequence[Entry], repeat: int = 3) -> Cost:
    """What ``entries`` cost, the oldest first; the reverse sweep starts at the last one.

    Raises TapeError for a freed tape, and TypeError where a rule is missing.
    """
    if any(e.primitive is FREED for e in entries):
        raise TapeError(freed_message())
    operations = [e for e in entries if e.primitive is not None]
    names, values = names_of(entries), values_of(entries)
    kept: set[int] = set()
    rows = []
    with np.errstate(all="ignore"):
        back = _rule_seconds(operations[-1], repeat) if operations else {}
        for e in entries:
            saved = 0
            for key, size in map(_memory, _kept(e)):
                if key not in kept:
                    kept.add(key)
                    saved += size
            forward = reverse = 0.0
            if e.primitive is not None and all(p in values for p in e.parents):  # recorded here
                forward, reverse = _seconds(e, values, repeat), back.get(e, 0.0)
            rows.append(CostRow(e, names(e), saved, forward, reverse))
        memory = (*_forward(rows, values, kept), *_reverse(rows)) if operations else ()
    return Cost(tuple(rows), memory)


# -- bytes ----------------------------------------------------------------------------------------


def _kept(e: Entry) -> Iterator[Any]:
    """The arrays and numbers that the tape keeps for an entry."""
    found = [e.output, *(x for x in e.inputs if x.__class__ is not Entry)]
    for x in (*found, *(e.params or {}).values()):
        for part in x if isinstance(x, tuple) else (x,):
            if isinstance(part, (np.ndarray, np.generic, float, complex)):
                yield part


def _memory(x: Any) -> tuple[int, int]:
    """(what tells this piece of memory from others, its bytes): of a view the whole array's."""
    while isinstance(x, np.ndarray) and isinstance(x.base, np.ndarray):
        x = x.base
    return id(x), x.nbytes if isinstance(x, np.ndarray) else sys.getsizeof(x)


def _forward(rows: list[CostRow], values: dict[Entry, Any], kept: set[int]) -> Iterator[MemoryStep]:
    """What is alive after each operation.

    A value that the tape does not keep is taken to live until the last operation that reads it.
    """
    place = {r.entry: i for i, r in enumerate(rows)}
    last = {p: i for i, r in enumerate(rows) for p in r.entry.parents}
    change = [0] * (len(rows) + 1)
    spans: dict[int, tuple[int, int, int]] = {}  # memory that several values share counts once
    for e, i in place.items():
        for part in values[e] if isinstance(values[e], tuple) else (values[e],):
            key, size = _memory(part)
            if key not in kept:
                start, end, _ = spans.get(key, (i, i, size))
                spans[key] = (start, max(end, last.get(e, len(rows) - 1)), size)
    for start, end, size in spans.values():
        change[start] += size
        change[end + 1] -= size
    inputs = saved = 0
    for r, alive in zip(rows, accumulate(change), strict=False):
        if r.entry.primitive is None:
            inputs += r.saved
        else:
            saved += r.saved
            yield MemoryStep(r.name, "forward", inputs, saved, values=alive)


def _reverse(rows: list[CostRow]) -> Iterator[MemoryStep]:
    """What is alive after each operation of a sweep that frees what it has passed."""
    inputs = sum(r.saved for r in rows if r.entry.primitive is None)
    saved = sum(r.saved for r in rows if r.entry.primitive is not None)
    adjoints = _adjoint_bytes(rows[-1].entry)
    for r in reversed(rows):
        if r.entry.primitive is not None and r.entry in adjoints:
            saved -= r.saved
            yield MemoryStep(r.name, "reverse", inputs, saved, adjoints=adjoints[r.entry])


# -- sweeps that are measured ---------------------------------------------------------------------


class _Watched(list[Entry]):
    """The order of a sweep, which reads a meter when each entry is passed."""

    def __init__(self, order: list[Entry], meter: Callable[[], float]) -> None:
        super().__init__(order)
        self.meter, self.readings = meter, np.zeros(len(order) + 1)

    def __iter__(self) -> Iterator[Entry]:
        self.readings[0] = self.meter()
        for i, e in enumerate(super().__iter__()):
            yield e
            self.readings[i + 1] = self.meter()


def _metered(end: Entry, order: list[Entry], meter: Callable[[], float]) -> Any:
    """The readings of a meter before a sweep from ``end``, and after each entry."""
    one = end.dtype(1) if isinstance(end.dtype, type) else np.ones(end.shape, end.dtype)[()]
    watched = _Watched(order, meter)
    sweep(end, one, keep={e for e in order if e.primitive is None}, order=watched)
    return watched.readings


def _adjoint_bytes(end: Entry) -> dict[Entry, int]:
    """Bytes of the adjoints that are alive when each entry is passed, in a sweep from ``end``."""
    order = linearize(end)
    mine = not tracemalloc.is_tracing()
    if mine:
        tracemalloc.start()
    try:
        readings = _metered(end, order, lambda: tracemalloc.get_traced_memory()[0])
    finally:
        if mine:
            tracemalloc.stop()
    grown = np.maximum(readings[1:] - readings[0], 0).astype(int)
    return dict(zip(order, grown.tolist(), strict=True))


def _rule_seconds(end: Entry, repeat: int) -> dict[Entry, float]:
    """The time that a sweep from ``end`` spends on each entry."""
    order = linearize(end)
    runs = [np.diff(_metered(end, order, perf_counter)) for _ in range(max(repeat, 1))]
    return dict(zip(order, np.min(runs, axis=0).tolist(), strict=True))


def _seconds(e: Entry, values: dict[Entry, Any], repeat: int) -> float:
    """The time of the primitive of ``e``."""
    args = [values[x] if x.__class__ is Entry else x for x in e.inputs]
    best = float("inf")
    for _ in range(max(repeat, 1)):
        start = perf_counter()
        evaluate(e, args)
        best = min(best, perf_counter() - start)
    return best


# -- words ----------------------------------------------------------------------------------------


def size_text(size: int) -> str:
    """``24 B``, ``1.5 kB``, ``12 MB``: thousands, three digits."""
    return _scaled(size, "B", ("", "k", "M", "G", "T"))


def time_text(seconds: float) -> str:
    """``310 ns``, ``1.5 µs``, ``12 ms``: three digits at most."""
    return _scaled(seconds * 1e9, "s", ("n", "µ", "m", ""))


def _scaled(x: float, unit: str, prefixes: tuple[str, ...]) -> str:
    power = 0
    while x >= 999.5 and power < len(prefixes) - 1:
        x, power = x / 1000, power + 1
    number = f"{x:.3g}" if x < 999.5 else f"{x:.0f}"
    return f"{number} {prefixes[power]}{unit}"
