"""What one call of ``autograd_tape.compile`` costs, in runs of the eager step that it replaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .contenders import COMPILED, GRADIENT, Compiled
from .timing import Case, Spread, calibrate, frozen, ratios, sample

__all__ = ["AT_MOST", "CompileTime", "measure"]

AT_MOST = 50  # eager runs


@dataclass
class CompileTime:
    """Seconds of one eager run and of one compilation, and the second over the first by round."""

    eager: Spread
    compile: Spread
    ratio: Spread


def measure(
    cases: Iterable[Case], *, quick: bool = False, show: Callable[[str], None] = print
) -> dict[str, CompileTime]:
    """By the title of the case.  A compilation runs the function and checks the program, too."""
    rounds = 3 if quick else 11
    found: dict[str, CompileTime] = {}
    for case in cases:
        step, program = case.makers[GRADIENT](), case.makers[COMPILED]()
        assert isinstance(program, Compiled)
        repeats = calibrate(step, slow=False)
        program.compile()
        eager, compiled = [], []
        with frozen():
            for i in range(rounds):
                eager.append(sample(step, repeats))
                compiled.append(sample(program.compile, 1))
                show(f"\rcompile time, {case.title}: round {i + 1} of {rounds}")
        found[case.title] = CompileTime(
            Spread.of(eager), Spread.of(compiled), ratios(compiled, eager)
        )
    return found
