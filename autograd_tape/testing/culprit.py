"""Whose fault is it?  Each primitive on the path is checked by itself, at the values that it saw.

Next to read: :mod:`autograd_tape.testing.kinks`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..containers import flatten
from ..entry import CONSTANT, Entry, linearize
from ..primitives.structure import outputs
from ..replay import primals
from ..source import caller
from ..tape import Recorder, _active
from ..variable import Variable, as_value
from ..view.explain import explain
from ..view.text import call_text, names_of
from .check import first_mismatch
from .mismatch import GradientError, Mismatch, name_of

__all__ = ["Culprit", "alone", "apart", "find_culprits", "report"]


class Culprit(NamedTuple):
    """An entry of the tape whose primitive's own rule is wrong where it was recorded."""

    entry: Entry
    call: str  # "v2 = softplus(v1)", as the printed tape names them
    mismatch: Mismatch


class _Placing(Recorder):
    """Notes on each entry the user's line that recorded it."""

    watches = True

    def append(self, entry: Entry) -> None:
        pass  # entries hold one another

    def watch(self, entry: Entry, output: Any) -> None:
        entry.place = caller()


def record_placed(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[list[Variable], list[Any]]:
    """(the leaves as Variables, the outputs) of ``f(*args)``, each entry with its place."""
    leaves, rebuild = flatten(args)
    variables = [Variable(x) for x in leaves]
    token = _active.set(_Placing())
    try:
        results = f(*rebuild(variables))
    finally:
        _active.reset(token)
    return variables, flatten(results)[0]


def find_culprits(
    f: Callable[..., Any], args: tuple[Any, ...], order: int, modes: Sequence[str]
) -> list[Culprit]:
    """The recorded primitives of ``f(*args)`` that fail a check of their own, oldest first."""
    _, results = record_placed(f, args)
    targets = [y._entry for y in results if y.__class__ is Variable]
    entries = linearize(*targets, floor=CONSTANT)[::-1] if targets else []
    values = primals(entries[::-1])
    name = names_of(entries)
    found, known = [], {}
    for entry in entries:
        if entry.primitive is None or entry.primitive.joint is not None:
            continue
        operands = [values[x] if x.__class__ is Entry else x for x in entry.inputs]
        if any(isinstance(v, tuple) for v in operands):
            continue  # one output picked from several: its rule belongs to the engine
        what = (entry.primitive, *map(_content, operands), _content(entry.params))
        if what not in known:
            known[what] = _own_mismatch(entry, operands, order, modes)
        mismatch = known[what]
        if mismatch is not None:
            call = f"{name(entry)} = {call_text(entry, name)}"
            found.append(Culprit(entry, call, mismatch))
    return found


def _content(x: Any) -> Any:
    """What tells one operand from another; repr() leaves out the middle of a large array."""
    if isinstance(x, np.ndarray):
        return x.dtype.str, x.shape, x.tobytes()
    parts = x.items() if isinstance(x, dict) else x
    return tuple(map(_content, parts)) if isinstance(x, (dict, list, tuple)) else repr(x)


def _own_mismatch(
    entry: Entry, operands: list[Any], order: int, modes: Sequence[str]
) -> Mismatch | None:
    moving = [i for i, x in enumerate(entry.inputs) if x.__class__ is Entry]
    try:
        f, args = alone(entry, operands, moving)
        return first_mismatch(f, args, order, modes)
    except GradientError as error:
        return error.mismatch
    except Exception as error:  # a rule that cannot even be run is a culprit, too
        what = f"its rules raise {type(error).__name__}: {error}"
        return Mismatch(what, np.nan, np.nan, 0.0, oracle="")


def alone(
    entry: Entry, operands: list[Any], moving: list[int]
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """(the primitive of ``entry`` as a function of the operands ``moving``, their values)."""
    p, params = entry.primitive, entry.params or {}
    assert p is not None

    def f(*xs: Any) -> Any:
        filled = list(operands)
        for i, x in zip(moving, xs, strict=True):
            filled[i] = x
        return apart(p(*filled, **params))

    return f, tuple(operands[i] for i in moving)


def apart(y: Any) -> Any:
    """The outputs of a primitive that has several, apart; else ``y`` itself."""
    several = isinstance(y, tuple) or isinstance(as_value(y), tuple)
    return outputs(y) if several and y.__class__ is Variable else y


def report(
    f: Callable[..., Any], args: tuple[Any, ...], order: int, modes: Sequence[str],
    mismatch: Mismatch,
) -> GradientError:  # fmt: skip
    """The error for ``mismatch``, with the entries of the tape that cause it."""
    names = _argument_names(f, args)
    if not mismatch.settled:
        return GradientError(f"{name_of(f)}: {mismatch.what}", mismatch)
    lines = [f"{name_of(f)}: {mismatch.what} is wrong{_where(names, mismatch)}", str(mismatch)]
    culprits = find_culprits(f, args, order, modes)
    for culprit in culprits[:3]:
        e, m = culprit.entry, culprit.mismatch
        place = f", recorded at {e.note('place')}" if e.note("place") else ""
        lines.append(f"culprit: {culprit.call}{place}")
        if m.oracle:
            lines.append(f"  checked alone, at the values that it saw: {m.what} is wrong")
            lines.append("  " + str(m).replace("\n", "\n  "))
        else:
            lines.append(f"  {m.what}")
    if len(culprits) > 3:
        lines.append(f"and {len(culprits) - 3} more entries")
    if not culprits:
        lines.append(
            "every primitive on the path passes the same check alone, so the path itself is at "
            "fault: a value that went round the tape (.value, float(), a NumPy array filled by "
            "hand), or one that is not a function of the arguments (random numbers, state)"
        )
        lines.extend(_explanations(f, args, names))
    if hasattr(f, "source"):  # a Program
        lines.append(f"The program:\n{f!r}")
    return GradientError(
        "\n".join(lines), mismatch, [c.entry.primitive.name for c in culprits if c.entry.primitive]
    )


def _where(names: list[str], m: Mismatch) -> str:
    if m.argument is None:
        return ""
    return f" in argument {names[m.argument]}" + (f" at index {m.index}" if m.index else "")


def _argument_names(f: Callable[..., Any], args: tuple[Any, ...]) -> list[str]:
    """``x``, ``params['w'][2]``, ...: what each leaf is called among the arguments of ``f``."""
    try:
        known = list(inspect.signature(getattr(f, "forward", f)).parameters)
    except (TypeError, ValueError):
        known = []
    names: list[str] = []

    def walk(x: Any, path: str) -> None:
        if isinstance(x, dict):
            for k, v in x.items():
                walk(v, f"{path}[{k!r}]")
        elif isinstance(x, (tuple, list)):
            for k, v in enumerate(x):
                walk(v, f"{path}[{k}]")
        else:  # an array, or a dataclass of them
            n = len(flatten(x)[0])
            names.extend([path] if n == 1 else [f"{path} (leaf {k})" for k in range(n)])

    for i, x in enumerate(args):
        walk(x, f"{i} ({known[i]})" if i < len(known) else str(i))
    return names


def _explanations(f: Callable[..., Any], args: tuple[Any, ...], names: list[str]) -> list[str]:
    """What the tape says of each argument that it does not reach."""
    variables, results = record_placed(f, args)
    targets = [y for y in results if y.__class__ is Variable]
    if not targets:
        return [f"{name_of(f)} returned no Variable: nothing of it was recorded"]
    reached = set(linearize(*(y._entry for y in targets)))
    return [
        f"argument {name}: {explain(v, targets[-1]).reason}"
        for name, v in zip(names, variables, strict=False)
        if v._entry not in reached
    ]
