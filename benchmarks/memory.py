"""Memory of one step, each contender in a fresh process of its own.

``python -m benchmarks.memory mlp "torch eager"`` measures one of them once: what the process has
grown by at the peak of a step, since before the first.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import block, lstm, mlp, resident
from .contenders import COMPILED, GRADIENT, TORCH, use_two_threads
from .timing import Spread, ratios

__all__ = ["AT_MOST", "Memory", "measure"]

CASES = {"mlp": mlp, "lstm": lstm, "block": block}
CONTENDERS = (COMPILED, GRADIENT, TORCH)
AT_MOST = 1.0  # times what torch takes
WARM, STEPS = 5, 20

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Memory:
    """Bytes by contender, and compiled over torch eager round by round.

    growth  resident at the peak of a warm step - before the first step
    own     the same without pages of files: the code that the first steps read in
    first   growth at the peak of the first steps, the compilation among them
    """

    growth: dict[str, Spread]
    own: dict[str, Spread]
    first: dict[str, Spread]
    ratio: Spread
    ratio_own: Spread


def measure(
    word: str = "", *, quick: bool = False, show: Callable[[str], None] = print
) -> dict[str, Memory]:
    """By the title of the case, if "memory, title" has the word; {} where it cannot be measured."""
    rounds = 2 if quick else 5
    found: dict[str, Memory] = {}
    if not resident.available():
        return found
    for key, module in CASES.items():
        title = module.cases()[0].title
        if word not in f"memory, {title}".lower():
            continue
        samples: dict[str, list[dict[str, int]]] = {name: [] for name in CONTENDERS}
        for i in range(rounds):
            for name in CONTENDERS:
                samples[name].append(_in_a_fresh_process(key, name))
            show(f"\rmemory, {title}: round {i + 1} of {rounds}")
        bytes_of = {
            what: {name: [s[what] for s in samples[name]] for name in CONTENDERS}
            for what in ("growth", "own", "first")
        }
        spreads = {w: {n: Spread.of(b) for n, b in by.items()} for w, by in bytes_of.items()}
        found[title] = Memory(
            **spreads,
            ratio=ratios(bytes_of["growth"][COMPILED], bytes_of["growth"][TORCH]),
            ratio_own=ratios(bytes_of["own"][COMPILED], bytes_of["own"][TORCH]),
        )
    return found


def _in_a_fresh_process(key: str, name: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", key, name],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return json.loads(done.stdout)


def of(key: str, name: str) -> dict[str, int]:
    """One measurement, in this process."""
    if name == TORCH:
        use_two_threads()
    step = CASES[key].cases()[0].makers[name]()  # imports; makes inputs and parameters
    before = resident.settle()
    resident.reset_peak()
    for _ in range(WARM):  # the first one compiles
        step()
    first = resident.now().peak
    resident.reset_peak()
    for _ in range(STEPS):
        result = step()
    after = resident.now()
    del result
    growth = after.peak - before.all
    return {
        "growth": growth,
        "own": growth - (after.files - before.files),
        "first": first - before.all,
    }


if __name__ == "__main__":
    print(json.dumps(of(*sys.argv[1:])))
