"""Cost is linear: time per operation of scalar chains of 1,000 to 1,000,000 entries."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograd_tape import Tape, Variable

from .timing import Spread, frozen, ratios

__all__ = ["AT_MOST", "LENGTHS", "Linear", "measure"]

LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
AT_MOST = 1.5  # per operation, the longest chain over the shortest


@dataclass
class Linear:
    """Seconds per operation by length, and the longest over the shortest round by round."""

    seconds: dict[int, Spread]
    ratio: Spread


def measure(*, quick: bool = False, show: Callable[[str], None] = print) -> dict[str, Linear]:
    """By mode: forward + backward + the death of the graph."""
    rounds = 3 if quick else 7
    results: dict[str, Linear] = {}
    for mode, f in (
        ("tape.gradient", _gradient),
        ("backward()", _backward),
        ("backward(), collector off", _without_collector),  # how much of the growth is CPython's
    ):
        samples: dict[int, list[float]] = {n: [] for n in LENGTHS}
        with frozen():
            for i in range(rounds):
                for n in LENGTHS:  # short chains are repeated, up to 20 times
                    samples[n].append(_time(f, n, max(1, min(20, 100_000 // n))))
                show(f"\rlinear cost, {mode}: round {i + 1} of {rounds}")
        results[mode] = Linear(
            {n: Spread.of(s) for n, s in samples.items()},
            ratios(samples[LENGTHS[-1]], samples[LENGTHS[0]]),
        )
    return results


def _time(f: Callable[[int], None], n: int, repeats: int) -> float:
    gc.collect()
    start = time.perf_counter()
    for _ in range(repeats):
        f(n)
    return (time.perf_counter() - start) / repeats / n


def _chain(x: Variable, a: Variable, b: Variable, n: int) -> Variable:
    for _ in range(n // 3):
        x = np.tanh(x * b + a)
    return x


def _gradient(n: int) -> None:
    x, a, b = Variable(0.5), Variable(0.1), Variable(0.9)
    with Tape() as tape:
        y = _chain(x, a, b, n)
    tape.gradient(y, [x, a, b])


def _backward(n: int) -> None:
    x, a, b = Variable(0.5), Variable(0.1), Variable(0.9)
    _chain(x, a, b, n).backward()


def _without_collector(n: int) -> None:
    gc.disable()
    try:
        _backward(n)
    finally:
        gc.enable()
