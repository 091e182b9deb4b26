"""Time per operation of the chain against the size of its arrays, 1 to 10,000,000 float64."""

from __future__ import annotations

from collections.abc import Callable

from . import chain
from .contenders import MICROGRAD
from .timing import Case, Spread, agree, calibrate, frozen, sample

__all__ = ["STEPS", "measure"]

# Fewer steps on big arrays: three operations each, all of whose results a tape keeps.
STEPS = {
    1: 100, 10: 100, 100: 100, 1_000: 100, 10_000: 100,
    100_000: 30, 1_000_000: 10, 10_000_000: 3,
}  # fmt: skip


def measure(
    *, quick: bool = False, show: Callable[[str], None] = print
) -> dict[str, dict[int, Spread]]:
    """contender -> size -> seconds per operation; micrograd has only numbers: a size of 1."""
    rounds = 2 if quick else 5
    found: dict[str, dict[int, Spread]] = {}
    for n, steps in STEPS.items():
        if quick and n > 1_000_000:
            break
        show(f"\rarray size {n:,}: compiling")
        makers = chain.makers(*chain.values(n), steps)
        contenders = {name: make() for name, make in makers.items()}
        if n <= 1_000_000:  # comparing more takes longer than computing it
            agree(Case(f"array size {n:,}", makers), contenders)
        if n == 1:
            contenders[MICROGRAD] = chain.scalar_makers(steps)[MICROGRAD]()
        repeats = {name: calibrate(f, slow=False) for name, f in contenders.items()}
        samples: dict[str, list[float]] = {name: [] for name in contenders}
        with frozen():
            for i in range(rounds):
                for name, f in contenders.items():
                    samples[name].append(sample(f, repeats[name]) / (3 * steps))
                show(f"\rarray size {n:,}: round {i + 1} of {rounds}")
        for name, seconds in samples.items():
            found.setdefault(name, {})[n] = Spread.of(seconds)
    return found
