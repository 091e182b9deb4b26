"""``compile(f, *args)``: a function that does what ``value_and_grad(f)`` does, and no more.

The engine runs the function once under watch (:mod:`.trace`); the graph of that run, made shorter
(:mod:`.passes`), is printed as Python (:mod:`.source`) and compiled.  A call looks for a graph that
was recorded for arguments of this kind; where its guards fail, the function is recorded anew.

Every new recording is compared with the engine before it is believed.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..containers import flatten
from ..record import FALLBACK
from ..tape import TapeError, tracer
from ..transforms import value_and_grad
from ..variable import as_value
from .agreement import agree
from .cells import ArrayCell, Cell
from .names import argument_names, identifier
from .passes import EXACT, Pass, apply
from .reach import may_change, reach
from .signature import kind_of, leaves_of
from .surroundings import Surroundings
from .trace import is_traced, trace
from .variant import Changed, Variant

if TYPE_CHECKING:
    from .cost import ProgramCost

__all__ = ["Program", "compile"]

_PATHS = 8  # recordings that are kept for arguments of one kind
_KINDS = 256  # kinds of arguments that recordings are kept for
_STATES = 32  # states of what the function reaches that recordings are kept for
_PLAIN = {np.ndarray, np.float32, np.float64, float, int, bool, str, complex, bytes, type(None)}
_lock = threading.RLock()  # while a function is traced, symbols stand in what it closes over


class Program:
    """What :func:`compile` gives; call it with new values.

    source      the program as readable NumPy code (of the path that was taken last)
    constants   the arrays that the source takes besides the arguments, by keyword
    optimized   the text that runs
    guards      the lines at which the path depends on values
    recordings  how often the function was recorded
    cost()      operations, bytes and memory, step by step
    """

    def __init__(
        self, f: Callable[..., Any], argnums: Any, state: tuple[Any, ...],
        passes: Sequence[Pass] = EXACT, memory: dict[str, bool] | None = None,
    ) -> None:  # fmt: skip
        self.__wrapped__ = f
        self._function = f if argnums is None else value_and_grad(f, argnums)
        self._differentiated, self._state = argnums is None, state
        self._passes, self._memory = tuple(passes), memory or {}
        name = identifier(getattr(f, "__name__", type(f).__name__))
        self.name = "program" if name.startswith("_") else name
        self._known: tuple[Surroundings, ...] = ()  # the latest first
        self._changes = 0
        self._latest: Variant | None = None
        self.recordings = 0

    # -- running -------------------------------------------------------------------------------

    def __call__(self, *args: Any) -> Any:
        """What the function gives at these arguments; numbers that are not floats, strings and
        other objects among them are constants of the program, each value a recording of its own.
        """
        if tracer() is not None:  # it is compiled as a part of something else
            return self._function(*args)
        leaves, key = leaves_of(args)
        key += map(kind_of, leaves)
        plain = _PLAIN.issuperset(map(type, leaves))
        given = () if plain else tuple([x for x in leaves if may_change(x)])
        if self._known and not self._known[0].exposed:
            return self._call(args, leaves, key, given)
        with _lock:
            return self._call(args, leaves, key, given)

    def _call(
        self, args: tuple[Any, ...], leaves: list[Any], key: list[Any], given: tuple[Any, ...]
    ) -> Any:
        states = self._known
        here = states[0] if states and states[0].hold(given) else self._look_around(given)
        inputs = [x for x in leaves if is_traced(x)]
        kinds = []
        for cell in here.cells:
            x = cell.value()
            kinds.append(kind_of(x))
            if is_traced(x):
                inputs.append(x)
        signature = (*key, *kinds)
        known = tuple(here.variants.get(signature, ()))
        for variant in known:
            if variant.looked_at and not variant.finds_the_same():
                continue
            if variant.writes and variant.shares(here, inputs) is not None:
                return self._function(*args)
            drawn = [(cell, cell.state()) for cell in here.random] if variant.rewinds else ()
            try:
                results = variant.run(variant.takes(inputs))
            except (Changed, *FALLBACK) as stop:
                for cell, state in drawn:  # as if nothing had been drawn
                    cell.restore(state)
                if isinstance(stop, Changed):
                    continue
                return self._function(*args)  # Python's arithmetic raised: the engine knows
            self._latest = variant
            return self._finish(here, variant, results)
        with _lock:
            if tuple(here.variants.get(signature, ())) != known:  # another thread was first
                return self._call(args, leaves, key, given)
            return self._record(args, leaves, inputs, here, signature)

    def _finish(self, here: Surroundings, variant: Variant, results: tuple[Any, ...]) -> Any:
        if variant.changes:
            for i, x in zip(variant.changes, results[variant.n :], strict=True):
                here.cells[i].write(x)
        return variant.rebuild(list(results[: variant.n]))

    # -- what it reaches -----------------------------------------------------------------------

    def _look_around(self, given: tuple[Any, ...]) -> Surroundings:
        """What the function reaches now: a state that was there before, or what is found."""
        with _lock:
            here = next((s for s in self._known if s.hold(given)), None)
            if here is None:
                if self._known:
                    self._note_a_change()
                reached = reach(self.__wrapped__, self._state, given)
                here = Surroundings(reached, self._differentiated, given)
            others = [s for s in self._known if s is not here]
            self._known = (here, *others[: _STATES - 1])
            return here

    def _note_a_change(self) -> None:
        culprit = self._known[0].changed()
        self._changes += bool(culprit)
        if self._changes == 2 * _PATHS and culprit:
            warnings.warn(_restless(self, culprit), RuntimeWarning, stacklevel=5)

    # -- recording -----------------------------------------------------------------------------

    def _record(
        self, args: Any, leaves: list[Any], inputs: list[Any], here: Surroundings, signature: Any
    ) -> Any:
        before = [cell.state() for cell in here.cells]
        held = [(name, x, x.tobytes()) for name, x in here.small]
        expected = self._function(*args)  # an error of the function's own is raised here
        now = self._after(here)
        if now is None:
            return expected
        here, cells = now, now.cells
        for name, x, content in held:
            if x.tobytes() != content:
                raise TapeError(_a_constant_changes(self.name, name))
        after = [_state_since(*pair) for pair in zip(cells, before, strict=True)]
        wanted = [as_value(x) for x in flatten(expected)[0]]
        for cell, state in zip(cells, after, strict=True):
            wanted.append(state if isinstance(cell, ArrayCell) else _copy(cell.value()))
        ways = [(True, False), (True, True)]
        arrays = [k for k, cell in enumerate(cells) if isinstance(cell, ArrayCell)]
        if arrays and all(before[k] is after[k] for k in arrays):
            ways.append((False, True))
        try:
            variant, results = self._right_one(ways, args, leaves, inputs, here, before, wanted)
        finally:
            _restore(cells, after)
        now = self._after(here)
        if now is None:
            return expected
        known = now.variants.setdefault(signature, [])
        known.insert(0, variant)
        self.recordings += 1
        self._latest = variant
        if len(known) > _PATHS:
            del known[_PATHS:]
            if self.recordings == 2 * _PATHS:
                warnings.warn(_too_many(self), RuntimeWarning, stacklevel=4)
        if len(now.variants) > _KINDS:
            del now.variants[next(iter(now.variants))]
        return variant.rebuild(list(results[: variant.n]))

    def _right_one(
        self, ways: list[tuple[bool, bool]], args: Any, leaves: list[Any], inputs: list[Any],
        here: Surroundings, before: list[Any], wanted: list[Any],
    ) -> tuple[Variant, Any]:  # fmt: skip
        """A recording that gives what is wanted, and what it gives.

        ways  to record: are arrays that it closes over inputs, or constants (for functions that
              take no symbols)?  Are copies of constants kept (for functions that write into them)?
        """
        old, failed = [cell.value() for cell in here.cells], None
        for arrays, copies in ways:
            if failed is not None and arrays:
                continue
            _restore(here.cells, before)
            try:
                variant = self._trace(args, leaves, here, arrays, copies)
            except Exception as error:
                failed = failed or error
                continue
            shared = variant.shares(here, inputs)
            if shared is not None:
                raise TapeError(_shared_memory(self.name, *shared))
            results = variant.run(variant.takes(inputs))
            new = dict(zip(variant.changes, results[variant.n :], strict=True))
            got = [*results[: variant.n], *(new.get(i, x) for i, x in enumerate(old))]
            if len(got) == len(wanted) and all(map(agree, got, wanted)):
                return variant, results
        raise failed or TapeError(_another_result(self.name))

    def _after(self, here: Surroundings) -> Surroundings | None:
        """What the function reaches after it was run: it may change that while it is recorded (a
        cache, a list of losses), as long as it gives the same result.

        None where something else is to be read anew now: wait for the next call.
        """
        if here.hold(here.given):
            return here
        reached = reach(self.__wrapped__, self._state, here.given)
        now = Surroundings(reached, self._differentiated, here.given)
        if [cell.at for cell in now.cells] != [cell.at for cell in here.cells]:
            return None
        now.variants = here.variants
        self._known = tuple([now if s is here else s for s in self._known])
        return now

    def _trace(
        self, args: Any, leaves: list[Any], here: Surroundings, arrays: bool, copies: bool
    ) -> Variant:
        put_back = flatten(args)[1]
        cells = [cell for cell in here.cells if arrays or not isinstance(cell, ArrayCell)]
        held = [(c.name, c.array) for c in here.cells if isinstance(c, ArrayCell) and not arrays]
        graph, rebuild = trace(
            self.__wrapped__, leaves, lambda new: self._function(*put_back(new)),
            argument_names(self.__wrapped__, args), cells, here.constants + held, copies=copies,
        )  # fmt: skip
        graph = apply(graph, self._passes)
        looked_at = [x for _, x in here.small + held]
        return Variant(self.name, graph, rebuild, self._memory, here, leaves, looked_at)

    # -- looking -------------------------------------------------------------------------------

    @property
    def latest(self) -> Variant:
        """The recording that ran last."""
        if self._latest is None:
            raise TapeError("nothing was recorded yet: call the program with arguments first")
        return self._latest

    @property
    def source(self) -> str:
        return self.latest.text.text

    @property
    def constants(self) -> dict[str, Any]:
        return self.latest.constants

    @property
    def optimized(self) -> str:
        return self.latest.optimized.text

    @property
    def guards(self) -> list[str]:
        return self.latest.guards

    def cost(self) -> ProgramCost:
        """Operations, bytes and memory of each step and in total; prints as a table.

        See :class:`autograd_tape.program.cost.ProgramCost`.
        """
        from .cost import cost_of

        return cost_of(self.latest.graph, self._memory)

    def __repr__(self) -> str:
        if self._latest is None:
            return f"<program {self.name}, not recorded yet>"
        graph = self.latest.graph
        guards = f", guards at {', '.join(self.guards)}" if self.guards else ""
        steps = sum(s.function is not None for s in graph.steps)
        return f"<program {self.name}: {steps} steps{guards}; print(program.source) shows them>"

    def _repr_html_(self) -> str:
        from .page import page

        return page(self.latest.text)


def compile(
    f: Callable[..., Any], *example_args: Any, argnums: Any = 0,
    state: Sequence[Any] = (), passes: Sequence[Pass] = EXACT, reuse: bool = True,
    in_place: bool = True,
) -> Program:  # fmt: skip
    """A program that gives what ``value_and_grad(f, argnums)`` gives, recorded at the example
    (without one, at its first call).

    f         as for :func:`autograd_tape.value_and_grad`; Variables and arrays that it closes over
              are read anew at each call, so they may be given other values between calls.  Other
              things that it closes over (numbers, functions) are constants of the program; it is
              recorded anew where others stand there.
    argnums   which arguments to differentiate in; None: ``f`` itself is the program, for functions
              that take derivatives inside (``jvp``, ``tape.gradient``, a step of training)
    state     objects that the function changes (a model with running averages, an optimiser):
              arrays and floats in them are read anew at each call, and written back
    passes    what to do to the recorded steps (:mod:`autograd_tape.program.passes`); (): nothing
    reuse     write arrays into memory that the program keeps; in_place: over operands that are dead

    ``program(*args)`` takes other values of any shapes and dtypes; arguments of a new kind are
    recorded anew.  Where Python looked at a value (``if x > 0``), the program holds as long as the
    answer is the same, and else is recorded anew.
    Raises TapeError where the function draws random numbers or changes a state that the program
    cannot see, writes traced values into plain arrays, or reads Variables that were not found.
    """
    program = Program(f, argnums, tuple(state), passes, {"reuse": reuse, "in_place": in_place})
    if example_args:
        program(*example_args)
    return program


# -- states and words ------------------------------------------------------------------------------


def _restore(cells: Sequence[Cell], states: list[Any]) -> None:
    for cell, state in zip(cells, states, strict=True):
        cell.restore(state)


def _state_since(cell: Cell, before: Any) -> Any:
    return cell.state_since(before) if isinstance(cell, ArrayCell) else cell.state()


def _copy(x: Any) -> Any:
    return x.copy() if x.__class__ is np.ndarray else x


def _shared_memory(name: str, cell: Cell, other: Any) -> str:
    return (
        f"{name} writes into the array {cell.name!r}, which shares memory with another array that "
        f"it is given or reads (of shape {other.shape}): a program would not see there what was "
        "written. Use copies, or do not compile this function"
    )


def _a_constant_changes(name: str, array: str) -> str:
    return (
        f"{name} writes into {array!r}, or into an array that shares memory with it, which is a "
        "constant of the program: a small array of integers, or one in a tuple. Make it of "
        "floats and let it stand in a list, a dict or an attribute; or name the object that it "
        "belongs to: compile(..., state=[object])"
    )


def _another_result(name: str) -> str:
    return (
        f"{name} gave another result when it was run again at the same arguments, so a program "
        "that repeats one run would be wrong: it draws random numbers or changes a state. Draw the "
        "numbers outside and pass them in as arguments"
    )


def _restless(program: Program, culprit: str) -> str:
    return (
        f"{program.name} was called {program._changes} times after {culprit!r} or something else "
        "that it closes over was given another value; to find that, and to record it anew, costs "
        "more than a plain call. Pass it as an argument (as a float or an array), or name the "
        "object that it belongs to in compile(..., state=[...])"
    )


def _too_many(program: Program) -> str:
    where = ", ".join(program.guards) or "arrays that are constants"
    return (
        f"{program.name} was recorded {program.recordings} times, since the values at {where} are "
        "others nearly every time; each recording costs more than a plain call. Keep what depends "
        "on values in arrays (np.where instead of if; no float(), int() or np.asarray() of traced "
        "values), or do not compile this function"
    )
