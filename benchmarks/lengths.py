"""Time per operation and memory of the scalar chain against its length, 100 to 1,000,000.

``python -m benchmarks.lengths micrograd 100 1000`` measures one contender once, in a process of its
own: a line for each length, as far as it comes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import chain, resident
from .contenders import (
    BACKWARD,
    COMPILED,
    GRADIENT,
    HIPS,
    MICROGRAD,
    TORCH,
    use_two_threads,
)
from .timing import Spread, frozen, sample

__all__ = ["Lengths", "measure"]

LENGTHS = (100, 1_000, 10_000, 100_000, 1_000_000)
LONGEST = {COMPILED: 10_000, HIPS: 100_000}  # a longer one takes 10 s to compile, 40 s to run
CONTENDERS = (GRADIENT, COMPILED, BACKWARD, TORCH, HIPS, MICROGRAD)

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Lengths:
    """contender -> length -> seconds per operation, and bytes that the process has grown by."""

    seconds: dict[str, dict[int, Spread]] = field(default_factory=dict)
    bytes: dict[str, dict[int, Spread]] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)  # contender -> why it came no further


def measure(*, quick: bool = False, show: Callable[[str], None] = print) -> Lengths:
    """All contenders in turn, each in a fresh process."""
    rounds = 2 if quick else 3
    lengths = LENGTHS[:-1] if quick else LENGTHS
    found = Lengths()
    samples: dict[str, dict[int, list[Any]]] = {name: {} for name in CONTENDERS}
    for i in range(rounds):
        for name in CONTENDERS:
            show(f"\rtape length, round {i + 1} of {rounds}: {name}")
            wanted = [n for n in lengths if n <= LONGEST.get(name, LENGTHS[-1])]
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.lengths", name, *map(str, wanted)],
                capture_output=True, text=True, check=False, cwd=ROOT,
            )  # fmt: skip
            if done.returncode:
                last = (done.stderr.strip() or f"ended with {done.returncode}").splitlines()[-1]
                found.stopped[name] = last
            for line in done.stdout.splitlines():
                n, seconds, grown = json.loads(line)
                samples[name].setdefault(n, []).append((seconds, grown))
    for name, by_length in samples.items():
        found.seconds[name] = {n: Spread.of([s for s, _ in x]) for n, x in by_length.items()}
        if resident.available():
            found.bytes[name] = {n: Spread.of([b for _, b in x]) for n, x in by_length.items()}
    return found


def of(name: str, *lengths: int) -> None:
    """Print [length, seconds per operation, bytes] for each, in this process."""
    sys.setrecursionlimit(10_000_000)  # micrograd walks the graph recursively
    if name == TORCH:
        use_two_threads()
    chain.scalar_makers(1)[name]()()  # imports
    measurable = resident.available()
    with frozen():
        before = resident.settle().all if measurable else 0
        for n in lengths:
            step = chain.scalar_makers(n // 3)[name]()
            start = time.perf_counter()
            if n < 100_000 or name == COMPILED:
                step()  # warm
            repeats = max(1, min(200, round(0.03 / (time.perf_counter() - start))))
            if measurable:
                resident.reset_peak()
            seconds = sample(step, repeats if n < 100_000 else 1) / (n // 3 * 3)
            grown = resident.now().peak - before if measurable else 0
            print(json.dumps([n, seconds, grown]), flush=True)


if __name__ == "__main__":
    of(sys.argv[1], *map(int, sys.argv[2:]))
