"""Which line of the user's own code is running: for error messages and notes on entries."""

from __future__ import annotations

import dis
import os
import sys
from typing import NamedTuple

import numpy as np

# Frames below these folders are machinery, never "the user's line".
_MACHINERY = (os.path.dirname(__file__) + os.sep, os.path.dirname(np.__file__) + os.sep)


class Place(NamedTuple):
    """A file and a line."""

    filename: str
    line: int

    def __str__(self) -> str:
        if os.sep + "ipykernel_" in self.filename:  # a temporary file that stands for a cell
            return f"line {self.line} of a notebook cell"
        return f"{self.filename}:{self.line}"

    @property
    def brief(self) -> str:
        """The same without the folder, for tables."""
        if os.sep + "ipykernel_" in self.filename:
            return f"cell:{self.line}"
        return f"{os.path.basename(self.filename)}:{self.line}"


def is_machinery(filename: str) -> bool:
    """Is it a file of this package or of NumPy, and so never where the user's line is?"""
    return filename.startswith(_MACHINERY)


def caller() -> Place:
    """The innermost frame outside this package and NumPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None and is_machinery(frame.f_code.co_filename):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)


_STORES = {dis.opmap[name] for name in ("STORE_SUBSCR", "STORE_SLICE") if name in dis.opmap}


def assigning() -> bool:
    """Whether the caller's caller is executing ``something[index] = value`` at this moment."""
    frame = sys._getframe(2)
    return frame.f_code.co_code[frame.f_lasti] in _STORES
