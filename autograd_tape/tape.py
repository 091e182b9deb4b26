"""The tape: a Wengert list of entries (003 section 14), and the question which tape is recording.

Two ways lead to an ordered list of entries.  An explicit ``with Tape()`` appends each entry as it
is recorded.  Outside any ``with`` the tape is *ambient*: entries are held only by the variables
that need them (and so die with them, which keeps memory flat), and
:func:`autograd_tape.entry.linearize` brings those that a target depends on back into their order.
Both run through the same sweep.

Next to read: :mod:`autograd_tape.backward`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from operator import attrgetter
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from .entry import Entry, linearize, next_index, read_only
from .scope import scope
from .source import caller

if TYPE_CHECKING:
    from .primitive import Primitive
    from .program.trace import Tracer
    from .view.cost import Cost

__all__ = ["NonFiniteError", "Recorder", "Tape", "TapeError", "active", "active_tape", "no_grad",
           "recording_on", "tracer"]  # fmt: skip


class TapeError(RuntimeError):
    """A tape was asked for something that it cannot give; the message says what to do instead."""


class NonFiniteError(FloatingPointError):
    """A recorded operation produced the first NaN or Inf of a ``Tape(check_finite=True)``."""


class Recorder:
    """What may stand in the active place of a context: takes each entry as it is recorded."""

    watches = False  # is ``watch`` to be called, too?
    append: Callable[[Entry], None]
    tracer: Tracer | None = None  # who compiles what is recorded here or inside

    def watch(self, entry: Entry, output: Any) -> None:
        raise NotImplementedError


_active: ContextVar[Recorder | None] = ContextVar("autograd_tape", default=None)
active = _active.get


def tracer() -> Tracer | None:
    """Who compiles what is being recorded; mostly nobody."""
    recorder = active()
    return None if recorder is None else recorder.tracer


def active_tape() -> Tape | None:
    """The innermost ``with Tape()`` of this thread or task; None while the ambient tape records."""
    tape = active()
    return tape if isinstance(tape, Tape) else None


class _Paused(Recorder):
    """Inside ``no_grad()``: results are leaves, so nothing before them is kept or reached."""

    watches = True

    def append(self, entry: Entry) -> None:
        pass

    def watch(self, entry: Entry, output: Any) -> None:
        from .notes import note_cut

        if self.tracer is not None:
            self.tracer.note(entry, output)
        note_cut(entry.parents, "no_grad()")
        entry.primitive, entry.inputs, entry.params, entry.output = None, (), None, output


@contextmanager
def recording_on(recorder: Recorder) -> Iterator[None]:
    """What is recorded inside goes to ``recorder``."""
    token = _active.set(recorder)
    try:
        yield
    finally:
        _active.reset(token)


class no_grad:
    """``with no_grad(): ...`` computes with variables and records nothing.

    Results are variables without a history.  Reentrant, per thread and per asyncio task.
    """

    def __init__(self) -> None:
        self._tokens: list[Token[Recorder | None]] = []

    def __enter__(self) -> None:
        paused = _Paused()
        paused.tracer = tracer()
        self._tokens.append(_active.set(paused))

    def __exit__(self, *exc: object) -> None:
        _active.reset(self._tokens.pop())


class Tape(Recorder):
    """A Wengert list: what is computed inside ``with Tape() as tape`` is recorded on it.

    persistent       keep the tape after :meth:`gradient` (which else frees it on the way down)
    check_finite     raise :class:`NonFiniteError` at the operation that makes the first NaN or
                     Inf, naming the primitive, the entry and the user's file and line
    check_constants  remember a checksum of each plain array used as an operand, and raise when it
                     was changed before the sweep read it (slow: for debugging)
    places           remember the user's file and line of each entry, for diagrams (slow)

    As a sequence it holds the inputs first, then the operations in order: ``len(tape)``,
    ``tape[i]``, iteration.  ``print(tape)`` shows the table of primal and adjoint.
    """

    def __init__(
        self, *, persistent: bool = False, check_finite: bool = False,
        check_constants: bool = False, places: bool = False,
    ) -> None:  # fmt: skip
        self.persistent = persistent
        self.check_finite = check_finite
        self.check_constants = check_constants
        self._recorded: list[Entry] = []
        self._checksums: list[tuple[Entry, int, int]] = []
        self._tokens: list[Token[Recorder | None]] = []
        self._freed_by: str | None = None
        self.shared = True  # whether an enclosing tape lists these entries, too
        self.start = next_index()  # everything recorded here is newer
        self.append = self._recorded.append  # the list's own: no call of Python per operation
        self._looks = check_finite or check_constants or places
        self.tracer = tracer()
        self.watches = self._looks or self.tracer is not None

    @classmethod
    def of(cls, target: Entry) -> Tape:
        """The tape of everything that ``target`` depends on, collected from the ambient tape."""
        tape = cls(persistent=True)
        tape._recorded.extend(reversed(linearize(target)))
        return tape

    # -- recording -----------------------------------------------------------------------------

    def __enter__(self) -> Tape:
        if self._tokens:
            raise TapeError("this tape is recording already; nest a second Tape() instead")
        self._tokens.append(_active.set(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        enclosing = self._enclosing()
        _active.reset(self._tokens.pop())
        if self.shared and isinstance(
            enclosing, Tape
        ):  # what happened inside happened on the outer tape, too
            enclosing._recorded.extend(self._recorded)

    def newest_first(self, target: Entry) -> list[Entry] | None:
        """The entries from ``target`` down, or None where this tape may not know all of them.

        Indices grow along the list.  So if ``target`` stands as many places after the first entry
        as its index says, no index is missing between them, and nothing that the target depends
        on was recorded elsewhere meanwhile: only what is older than the tape is not listed.
        """
        recorded = self._recorded
        i = target.index - recorded[0].index if recorded else -1
        return recorded[i::-1] if 0 <= i < len(recorded) and recorded[i] is target else None

    def _enclosing(self) -> Recorder | None:
        """What records outside this tape."""
        if not self._tokens:
            return active()
        outside = self._tokens[-1].old_value
        return None if outside is Token.MISSING else outside

    def watch(self, entry: Entry, output: Any) -> None:
        """Note the place, and make the checks that this tape was asked for."""
        if self.tracer is not None:
            self.tracer.note(entry, output)
        if not self._looks:
            return
        entry.place = caller()
        if self.check_constants:
            for i, x in enumerate(entry.inputs):
                if isinstance(x, np.ndarray):
                    self._checksums.append((entry, i, _checksum(x)))
        if self.check_finite:
            values = output if isinstance(output, tuple) else (output,)
            for value in values:
                if not np.all(np.isfinite(value)):
                    raise NonFiniteError(_non_finite(entry, value, len(self) - 1))

    def verify_constants(self) -> None:
        """Raise if a plain array operand differs from what it was when it was recorded."""
        for entry, i, before in self._checksums:
            if entry.inputs and _checksum(entry.inputs[i]) != before:
                raise TapeError(
                    f"operand {i} of {entry!r}, recorded at {entry.place}, is a plain array that "
                    "was changed after it was recorded; its gradient would be wrong. Pass a copy, "
                    "or change it after the sweep"
                )

    # -- asking --------------------------------------------------------------------------------

    def gradient(self, target: Any, sources: Any, seed: Any = None) -> Any:
        """Adjoints of ``sources`` for ``target``; the rest is freed on the way down.

        target   a recorded Variable; scalar unless ``seed`` is given
        sources  a Variable, or any container of them; the result has the same structure
        seed     adjoint of the target, of the target's shape (default 1)

        Inside an enclosing ``with Tape()`` the sweep itself is recorded there, and the results are
        Variables that can be differentiated again; otherwise they are plain arrays, and the tape
        is spent afterwards unless it is ``persistent``.
        Raises :class:`TapeError` where the target does not reach a source.
        """
        from .gradient import gradient

        self._require_alive()
        self.verify_constants()
        enclosing = self._enclosing()
        recorded = isinstance(enclosing, Tape)
        free = not (self.persistent or recorded)
        options: dict[str, Any] = {
            "recorded": recorded, "free_from": self.start if free else None, "tape": self
        }  # fmt: skip
        if self._tokens:  # asked inside its own ``with``: the sweep is not part of what it sweeps
            token = _active.set(enclosing)
            try:
                result = gradient(target, sources, seed, **options)
            finally:
                _active.reset(token)
        else:
            result = gradient(target, sources, seed, **options)
        if free:  # the sweep freed what it passed; what it did not pass goes with its variables
            self._forget("tape.gradient()")
        return result

    def backward(self, target: Any, seed: Any = None) -> None:
        """One sweep that leaves every adjoint on its entry, to look at; nothing is freed."""
        self._require_alive()
        self.verify_constants()
        target.backward(seed)

    def free(self, why: str = "tape.free()") -> None:
        """Let go of every saved value.  Variables keep their own values, but not their history."""
        freed = _freed()
        for entry in self._recorded:
            if entry.primitive is not None and entry.primitive is not freed:
                entry.inputs, entry.output, entry.params = (), None, None
                entry.primitive = freed
        self._forget(why)

    def _forget(self, why: str) -> None:
        self._recorded.clear()
        self._checksums = []
        self._freed_by = why

    def _require_alive(self) -> None:
        if self._freed_by and not self._recorded:
            raise TapeError(
                f"this tape was freed by {self._freed_by}; record again, or use "
                "Tape(persistent=True) to ask it more than once"
            )

    # -- looking -------------------------------------------------------------------------------

    @property
    def entries(self) -> list[Entry]:
        """The rows: inputs recorded elsewhere first, then everything recorded here, in order."""
        inside = set(self._recorded)
        outside = {p for e in self._recorded for p in e.parents if p not in inside}
        return sorted(outside | inside, key=attrgetter("index"))

    @property
    def adjoints(self) -> list[Any]:
        """The adjoint of each row after ``backward``, None where the sweep did not come by."""
        return [read_only(e.note("adjoint")) for e in self.entries]

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, i: Any) -> Any:
        return self.entries[i]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        from .view.text import tape_text

        return tape_text(self)

    def _repr_html_(self) -> str:
        from .view.text import tape_html

        return tape_html(self)

    def scope(self, name: str) -> scope:
        """``with tape.scope("encoder"):`` names a part; see :class:`autograd_tape.scope`."""
        return scope(name)

    def diagram(self, **options: Any) -> Any:
        """The tape as a graphviz.Digraph; see :func:`autograd_tape.view.diagram.draw`."""
        from .view.diagram import draw

        return draw(self.entries, **options)

    def cost(self, repeat: int = 3) -> Cost:
        """Bytes kept, and time forward and reverse, of each entry, measured now.

        repeat  run each operation and its rules this many times; the shortest time counts

        Prints as a table with totals; ``tape.cost().plot()`` draws the memory over both sweeps
        (matplotlib).  Ask before :meth:`gradient`, which frees the tape.  See
        :class:`autograd_tape.view.cost.Cost`.
        """
        from .view.cost import measure

        self._require_alive()
        return measure(self.entries, repeat)

    def explore(self, target: Any = None, seed: Any = None, **options: Any) -> Any:
        """Both sweeps from a target and back, step by step; see :meth:`Variable.explore`.

        target  a recorded Variable (default: what was recorded last)
        """
        from .gradient import require_variable
        from .view.explore import explore

        self._require_alive()
        if target is None and not self._recorded:
            raise TapeError("nothing was recorded on this tape, so there is nothing to explore")
        end = self._recorded[-1] if target is None else require_variable(target, "target")._entry
        return explore(end, seed, **options)


def _freed() -> Primitive:
    from .primitive import FREED

    return FREED


def _checksum(array: Any) -> int:
    return zlib.crc32(np.ascontiguousarray(array).data) if array.size else 0


def _non_finite(entry: Entry, value: Any, index: int) -> str:
    flat = np.asarray(value).ravel()
    bad = flat[~np.isfinite(flat)]
    name = entry.primitive.name if entry.primitive else "leaf"
    return (
        f"{name} made the first non-finite value ({bad[0]}, {bad.size} of {flat.size} elements) "
        f"at tape entry {index}, {entry.place}: {entry!r}"
    )
