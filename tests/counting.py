"""How much work something is, where time would depend on the machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def calls(f: Callable[[], Any]) -> int:
    """How many functions ``f()`` calls, of Python and of C.

    That is the same on any machine; time depends on who else is there, and on whether coverage is
    measured.
    """
    found = 0

    def count(frame: Any, event: str, arg: Any) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        f()
    finally:
        sys.setprofile(before)
    return found
