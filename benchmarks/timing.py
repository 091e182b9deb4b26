"""Contenders of one case, timed in turn: A B C A B C ..., so that noise meets all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .contenders import Contender, Maker

__all__ = [
    "Bound", "Case", "Result", "Spread", "agree", "calibrate", "frozen", "let_threads_sleep",
    "ratios", "run", "sample",
]  # fmt: skip

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

    makers      name -> makes a function that does forward and backward and returns the gradients
    ops         recorded operations in one call: times are shown per operation (1: per call)
    few         names too slow to take part in more than ``few_rounds`` rounds
    rounds      how often each has its turn
    rtol        tolerance of the comparison of gradients
    note        what else to know about the contenders
    """

    title: str
    makers: dict[str, Maker]
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
    def of(cls, samples: Sequence[float]) -> Spread:
        if len(samples) < 2:
            return cls(samples[0], samples[0], samples[0])
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(median, low, high)


@dataclass
class Result:
    """Seconds per call of each contender, sample by sample."""

    case: Case
    samples: dict[str, list[float]]

    def seconds(self, name: str) -> Spread:
        return Spread.of(self.samples[name])

    def ratio(self, ours: str, peer: str) -> Spread:
        """Ours over the peer's in the same round: what disturbs one round disturbs both."""
        return ratios(self.samples[ours], self.samples[peer])

    def ratio_of_best(self, ours: str, peer: str) -> float:
        """Ours over the peer's, the fastest sample of each: not flattered by a peer's bad luck."""
        return min(self.samples[ours]) / min(self.samples[peer])


def ratios(ours: Sequence[float], peer: Sequence[float]) -> Spread:
    """Round by round, as long as both took part."""
    return Spread.of([a / b for a, b in zip(ours, peer, strict=False)])


FEW_ROUNDS = 3


def run(case: Case, *, quick: bool = False, show: Callable[[str], None] = print) -> Result:
    """Check that the contenders' gradients agree, then time them in alternating rounds."""
    show(f"\r{case.title}: compiling")
    contenders = {name: make() for name, make in case.makers.items()}
    agree(case, contenders)
    repeats = {name: calibrate(f, name in case.few) for name, f in contenders.items()}
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    rounds = max(3, case.rounds // 8) if quick else case.rounds
    with frozen():
        for i in range(rounds):
            for name, f in contenders.items():
                if name in case.few and i >= FEW_ROUNDS:
                    continue
                samples[name].append(sample(f, repeats[name]))
            show(f"\r{case.title}: round {i + 1} of {rounds}")
    return Result(case, samples)


@contextmanager
def frozen() -> Iterator[None]:
    """What the peers brought along would slow down each full collection, for all alike."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def agree(case: Case, contenders: dict[str, Contender]) -> None:
    """All contenders compute the same gradients in the same precision, or their times mean nothing.

    ``case.rtol`` is of each element, and of the largest one where they are small.
    """
    reference: list[Any] | None = None
    first = ""
    for name, f in contenders.items():
        gradients = [np.asarray(g) for g in f()]
        if reference is None:
            reference, first = gradients, name
            continue
        for i, (g, r) in enumerate(zip(gradients, reference, strict=True)):
            assert g.dtype == r.dtype, f"{case.title}: {name} computes in {g.dtype}, not {r.dtype}"
            scale = float(np.max(np.abs(r), initial=0.0))
            np.testing.assert_allclose(
                g, r, rtol=case.rtol, atol=case.rtol * scale,
                err_msg=f"{case.title}: gradient {i} of {name} differs from that of {first}",
            )  # fmt: skip


def calibrate(f: Contender, slow: bool) -> int:
    """How many calls make one sample."""
    if slow:
        return 1
    f()
    start = time.perf_counter()
    f()
    return max(1, min(200, round(TARGET_SAMPLE / (time.perf_counter() - start))))


def sample(f: Contender, repeats: int) -> float:
    """Seconds per call, the death of the graph included.

    The garbage of the contender before (cycles, in some peers) is collected first, and its threads
    fall asleep; during the sample the collector is enabled, as users have it.
    """
    gc.collect()
    let_threads_sleep()
    if repeats > 1:
        _wake(f)
    start = time.perf_counter()
    for _ in range(repeats):
        f()
    return (time.perf_counter() - start) / repeats


WARM = 0.015  # seconds


def _wake(f: Contender) -> None:
    """Let the threads of ``f`` find their cores: for about 10 ms they may share one."""
    end = time.perf_counter() + WARM
    while time.perf_counter() < end:
        f()


def let_threads_sleep() -> None:
    """Wait until this process has done nothing three times in a row, at most 0.4 s.

    OpenBLAS's threads wait busily for the next product for about 0.1 s, and PyTorch's, which want
    the same core, then take two or three times as long.
    """
    idle = 0
    for _ in range(100):
        before = time.process_time()
        time.sleep(0.004)
        idle = idle + 1 if time.process_time() - before < 0.001 else 0
        if idle == 3:
            return
