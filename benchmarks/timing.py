"""Contenders of one case, timed in turn: A B C A B C ..., so that noise meets all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Bound", "Case", "Result", "Spread", "agree", "run"]

TARGET_SAMPLE = 0.03  # seconds: a contender is repeated until one sample takes about this long


@dataclass
class Bound:
    """``ours`` may take at most ``at_most`` times what ``peer`` takes."""

    ours: str
    peer: str
    at_most: float


@dataclass
class Case:
    """One piece of work, and everybody who does it.

    contenders  name -> function that does forward and backward and returns the gradients
    ops         recorded operations in one call: times are shown per operation (1: per call)
    few         names too slow to take part in more than ``few_rounds`` rounds
    rounds      how often each has its turn
    rtol        tolerance of the comparison of gradients
    note        what else to know about the contenders
    """

    title: str
    contenders: dict[str, Callable[[], Any]]
    ops: int = 1
    bounds: list[Bound] = field(default_factory=list)
    few: tuple[str, ...] = ()
    rounds: int = 40
    rtol: float = 1e-9
    note: str = ""


@dataclass
class Spread:
    """Median and quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: list[float]) -> Spread:
        if len(samples) < 2:
            return cls(samples[0], samples[0], samples[0])
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(median, low, high)


@dataclass
class Result:
    """Seconds per call of each contender, sample by sample; None where a round was left out."""

    case: Case
    samples: dict[str, list[float]]

    def seconds(self, name: str) -> Spread:
        return Spread.of(self.samples[name])

    def ratio(self, ours: str, peer: str) -> Spread:
        """Ours over the peer's in the same round: what disturbs one round disturbs both."""
        pairs = zip(self.samples[ours], self.samples[peer], strict=False)
        return Spread.of([a / b for a, b in pairs])

    def ratio_of_best(self, ours: str, peer: str) -> float:
        """Ours over the peer's, the fastest sample of each: not flattered by a peer's bad luck."""
        return min(self.samples[ours]) / min(self.samples[peer])


FEW_ROUNDS = 3


def run(case: Case, *, quick: bool = False, show: Callable[[str], None] = print) -> Result:
    """Check that the contenders' gradients agree, then time them in alternating rounds."""
    agree(case)
    repeats = {name: _calibrate(f, name in case.few) for name, f in case.contenders.items()}
    samples: dict[str, list[float]] = {name: [] for name in case.contenders}
    rounds = max(3, case.rounds // 8) if quick else case.rounds
    for i in range(rounds):
        for name, f in case.contenders.items():
            if name in case.few and i >= FEW_ROUNDS:
                continue
            samples[name].append(_sample(f, repeats[name]))
        show(f"\r{case.title}: round {i + 1} of {rounds}")
    return Result(case, samples)


def agree(case: Case) -> None:
    """All contenders compute the same gradients; if not, their times mean nothing."""
    reference: list[Any] | None = None
    first = ""
    for name, f in case.contenders.items():
        gradients = [np.asarray(g) for g in f()]
        if reference is None:
            reference, first = gradients, name
            continue
        for i, (g, r) in enumerate(zip(gradients, reference, strict=True)):
            scale = float(np.max(np.abs(r), initial=0.0))
            np.testing.assert_allclose(
                g, r, rtol=case.rtol, atol=case.rtol * scale,
                err_msg=f"{case.title}: gradient {i} of {name} differs from that of {first}",
            )  # fmt: skip


def _calibrate(f: Callable[[], Any], slow: bool) -> int:
    """How many calls make one sample."""
    if slow:
        return 1
    f()
    start = time.perf_counter()
    f()
    return max(1, min(200, round(TARGET_SAMPLE / (time.perf_counter() - start))))


def _sample(f: Callable[[], Any], repeats: int) -> float:
    """Seconds per call, the death of the graph included.

    The garbage of the contender before (cycles, in some peers) is collected first; during the
    sample the collector is enabled, as users have it.
    """
    gc.collect()
    start = time.perf_counter()
    for _ in range(repeats):
        f()
    return (time.perf_counter() - start) / repeats
