"""What ``import autograd_tape`` costs over ``import numpy``, in fresh interpreters."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .timing import Spread

__all__ = ["AT_MOST", "breakdown", "measure"]

AT_MOST = 0.040  # seconds

ROOT = Path(__file__).resolve().parent.parent  # the package next to us, installed or not
# As a user has it: compiled files are kept, whatever this session says.
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

_TIMER = "import time; s = time.perf_counter(); import {}; print(time.perf_counter() - s)"


def measure(*, quick: bool = False, show: Callable[[str], None] = print) -> dict[str, Spread]:
    """Seconds to import NumPy, this package (NumPy included), and the difference by round."""
    rounds = 5 if quick else 25
    numpy, ours = [], []
    for i in range(rounds + 1):
        numpy.append(_seconds("numpy"))
        ours.append(_seconds("autograd_tape"))
        show(f"\rimport: round {i} of {rounds}")
    del numpy[0], ours[0]  # the first round writes .pyc files and fills the disk cache
    extra = [b - a for a, b in zip(numpy, ours, strict=True)]
    return {"numpy": Spread.of(numpy), "autograd_tape": Spread.of(ours), "extra": Spread.of(extra)}


def _seconds(module: str) -> float:
    return float(_python("-c", _TIMER.format(module)).stdout)


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that has run to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True, text=True, check=True, cwd=ROOT, env=_ENVIRONMENT,
    )  # fmt: skip


def breakdown(top: int = 25) -> str:
    """The modules that cost most by themselves, of those that NumPy does not import anyway."""
    command = ("-X", "importtime", "-c", "import numpy; import autograd_tape")
    _python(*command)  # writes the compiled files
    text = _python(*command).stderr
    rows = re.findall(r"import time:\s+(\d+) \|\s+(\d+) \|( +)(\S+)", text)
    names = [name for *_, name in rows]
    ours = rows[names.index("numpy") + 1 :]  # a module is listed after what it imports
    total = sum(int(own) for own, *_ in ours)
    rows = sorted(ours, key=lambda row: -int(row[0]))[:top]
    lines = [f"{int(own) / 1000:8.2f} ms  {name}" for own, _, _, name in rows]
    return "\n".join([f"{total / 1000:8.2f} ms  in all (importtime itself slows imports)", *lines])
