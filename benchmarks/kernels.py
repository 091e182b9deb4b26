"""Where the time of a compiled step goes: NumPy's calls, and what each costs at best.

Each line of the program is timed within the program; then each call by itself, over and over on the
same operands, which is the best that NumPy has for it.  What is left between the two is what the
caches have lost in between.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from autograd_tape.program.cost import bytes_of, flops_of
from autograd_tape.program.memory import Memory
from autograd_tape.program.placing import way
from autograd_tape.program.source import Printer
from autograd_tape.program.step import Guard, Increment, Step, mapped
from autograd_tape.program.variant import Changed, Variant

from .contenders import COMPILED, Compiled
from .timing import Case, calibrate, frozen, let_threads_sleep, sample

__all__ = ["SHOWN", "Kernel", "Profile", "machine_limits", "measure", "together"]

SHOWN = 6  # kernels of a table
OTHERS = "views, numbers, guards"


@dataclass
class Kernel:
    """All calls of one function in one run: seconds within the program and by themselves."""

    calls: int = 0
    inside: float = 0.0
    alone: float = 0.0
    flops: int = 0
    bytes: int = 0


@dataclass
class Profile:
    """Seconds of one run, undisturbed, and its kernels by name, the longest first."""

    run: float
    kernels: dict[str, Kernel] = field(default_factory=dict)


def measure(
    cases: Iterable[Case], *, quick: bool = False, show: Callable[[str], None] = print
) -> dict[str, Profile]:
    """By the title of the case."""
    found: dict[str, Profile] = {}
    for case in cases:
        contender = case.makers[COMPILED]()
        assert isinstance(contender, Compiled)
        repeats = calibrate(contender, slow=False)
        assert contender.program is not None
        with frozen():
            run = min(sample(contender, repeats) for _ in range(2 if quick else 7))
            kernels = _profile(contender, 3 if quick else max(5, repeats // 4))
        if kernels.keys() != {OTHERS}:  # else it has no arrays
            found[case.title] = Profile(run, kernels)
        show(f"\rkernels, {case.title}")
    return found


def together(kernels: Iterable[Kernel]) -> Kernel:
    """The sum."""
    total = Kernel()
    for k in kernels:
        total.calls += k.calls
        total.inside += k.inside
        total.alone += k.alone
        total.flops += k.flops
        total.bytes += k.bytes
    return total


def _profile(contender: Compiled, runs: int) -> dict[str, Kernel]:
    assert contender.program is not None
    variant = contender.program.latest
    spent = _line_by_line(variant, _inputs(contender, variant), runs)
    kernels: dict[str, Kernel] = {}
    known: dict[Any, float] = {}
    for step, seconds in spent.items():
        name = _name(step)
        kernel = kernels.setdefault(name, Kernel())
        kernel.calls += 1
        kernel.inside += seconds
        kernel.alone += seconds if name == OTHERS else _alone(step, known)
        kernel.flops += flops_of(step)
        kernel.bytes += bytes_of(step)
    return dict(sorted(kernels.items(), key=lambda item: -item[1].inside))


def _inputs(contender: Compiled, variant: Variant) -> list[Any]:
    """What the program hands to the function that it compiled."""
    seen: list[Any] = []

    def run(inputs: list[Any]) -> Any:
        seen[:] = inputs
        return type(variant).run(variant, inputs)

    variant.run = run  # type: ignore[method-assign]
    contender()
    del variant.run
    return seen


def _line_by_line(variant: Variant, inputs: list[Any], runs: int) -> dict[Step, float]:
    """Seconds of each step's lines in one run, the clock's own time left out."""
    printer = Printer(variant.graph, "f", Memory(variant.graph))
    printer.write()
    names = [printer.texts[s][0] for s in variant.graph.inputs]
    lines: list[str] = []
    timed: list[Step] = []
    for text, step in printer.out:
        lines.append(text)
        if step is not None and not text.endswith(":"):
            indent = text[: len(text) - len(text.lstrip())]
            lines.append(f"{indent}now = clock(); spent[{len(timed)}] += now - then; then = now")
            timed.append(step)
    constants = ", ".join(printer.constants)
    head = [f"def f({', '.join(names)}):", f"    {constants}, = constants", "    then = clock()"]
    spent = [0.0] * len(timed)
    space: dict[str, Any] = {
        "np": np, "math": math, "Changed": Changed, "clock": time.perf_counter, "spent": spent,
        "constants": tuple(printer.constants.values()),
    }  # fmt: skip
    exec("\n".join([*head, *lines]), space)
    for _ in range(3):
        space["f"](*inputs)
    spent[:] = [0.0] * len(spent)
    for _ in range(runs):
        space["f"](*inputs)
    found: dict[Step, float] = {}
    clock = _clock()
    for step, seconds in zip(timed, spent, strict=True):
        found[step] = found.get(step, 0.0) + max(seconds / runs - clock, 0.0)
    return found


def _clock() -> float:
    """Seconds that reading the clock and noting what it says adds to a line."""
    clock, spent, n = time.perf_counter, [0.0], 20_000
    start = then = clock()
    for _ in range(n):
        now = clock()
        spent[0] += now - then
        then = now
    return (then - start) / n


def _name(step: Step) -> str:
    f = step.function
    if f.__class__ is Increment:
        return "add to a part"
    if f.__class__ is Guard or step.kind is not np.ndarray or step.view is not None:
        return OTHERS
    owner = getattr(f, "__self__", None)
    if owner.__class__ is np.ufunc:
        return f"{owner.__name__}.{f.__name__}"
    return str(getattr(f, "__name__", f))


def _alone(step: Step, known: dict[Any, float]) -> float:
    """Seconds of the call by itself, its result written into memory that is there where it can."""
    operands: list[Any] = []

    def plain(x: Any) -> Any:
        if x.__class__ is Step:
            operands.append((x.kind, x.shape, str(x.dtype), x.strides))
            return _array(x)
        return x

    args = mapped(plain, step.args)
    key = (step.function, tuple(operands), repr(step.kwargs), step.shape, step.strides)
    if key not in known:
        kwargs = dict(mapped(plain, step.kwargs or {}))
        f = step.function
        if f.__class__ is Increment:
            part = args[0][args[1]]
            call = partial(f.ufunc, part, args[2], out=part)
        else:
            call = _call(step, args, kwargs)
        known[key] = _best(call)
    return known[key]


def _call(step: Step, args: Any, kwargs: dict[str, Any]) -> Callable[[], Any]:
    """The step's call as a program makes it."""
    how = way(step)
    if how is None:
        return partial(step.function, *args, **kwargs)
    to = _array(step)
    if how == "fill":
        return partial(to.fill, 0)
    if how == "copy":
        return partial(np.copyto, to.reshape(args[0].shape), args[0], "unsafe")
    if how == "last":
        return partial(step.function, *args, to, **kwargs)
    return partial(step.function, *args, out=to, **kwargs)


def _array(x: Step) -> Any:
    """Numbers between 0.5 and 1.5 (ones, where they are integers) in the layout of ``x``."""
    if x.kind is not np.ndarray:
        return x.dtype.type(1) if x.dtype is not None else 1.0
    span = sum((n - 1) * abs(s) for n, s in zip(x.shape, x.strides, strict=True))
    whole = np.random.default_rng(0).uniform(0.5, 1.5, span // x.dtype.itemsize + 1)
    whole = whole.astype(x.dtype)
    start = -sum((n - 1) * s for n, s in zip(x.shape, x.strides, strict=True) if s < 0)
    return np.ndarray(x.shape, x.dtype, whole.data, start, x.strides)


def _best(call: Callable[[], Any]) -> float:
    let_threads_sleep()
    start = time.perf_counter()
    call()
    n = max(3, min(200, int(0.002 / (time.perf_counter() - start))))
    best = math.inf
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(n):
            call()
        best = min(best, (time.perf_counter() - start) / n)
    return best


def machine_limits() -> dict[str, float]:
    """What NumPy reaches here at best: operations and bytes per second, seconds of a call."""
    a = np.random.default_rng(0).standard_normal((2048, 2048), dtype=np.float32)
    out = np.empty_like(a)
    big = np.zeros(1 << 24)
    to = np.zeros(1 << 24)
    small, same = np.zeros(4096), np.zeros(4096)
    ten, same_ten = np.zeros(10), np.zeros(10)
    return {
        "matmul": 2 * 2048**3 / _best(lambda: np.matmul(a, a, out)),
        "copy": 2 * big.nbytes / _best(lambda: np.copyto(to, big)),
        "copy in cache": 2 * small.nbytes / _best(lambda: np.copyto(same, small)),
        "call": _best(lambda: np.add(ten, ten, same_ten)),
    }
