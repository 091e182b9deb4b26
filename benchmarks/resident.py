"""How much of this process lies in memory, as Linux tells it in /proc."""

from __future__ import annotations

import ctypes
import gc
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Resident", "available", "now", "reset_peak", "settle"]

_STATUS, _REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Resident:
    """Bytes: all pages, the most they were since ``reset_peak``, and those read from files."""

    all: int
    peak: int
    files: int


def available() -> bool:
    """Can it be measured here?  A step may take memory and give it back, so the peak is needed."""
    try:
        reset_peak()
        now()
    except (OSError, KeyError):
        return False
    return True


def now() -> Resident:
    lines = (line.partition(":") for line in _STATUS.read_text().splitlines())
    kilobytes = {key: int(rest.split()[0]) for key, _, rest in lines if rest.endswith(" kB")}
    return Resident(*(1024 * kilobytes[key] for key in ("VmRSS", "VmHWM", "RssFile")))


def reset_peak() -> None:
    """From now on ``peak`` is the largest since now (ru_maxrss would hold what imports took)."""
    _REFS.write_text("5")


def settle() -> Resident:
    """Give back what is free, so that a first step cannot live on what was freed before it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)
    return now()
