"""What a check of derivatives says when it fails.

Next to read: :mod:`autograd_tape.testing.probe`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["NOWHERE", "GradientError", "Mismatch", "name_of"]

NOWHERE = -1  # in place of an argument, where none is to blame


class GradientError(AssertionError):
    """A derivative disagrees with the function's own values; the message says where, and by whom.

    ``mismatch`` holds the numbers (:class:`Mismatch`), ``culprits`` the primitives at fault.
    """

    def __init__(self, message: str, mismatch: Mismatch, culprits: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.mismatch, self.culprits = mismatch, tuple(culprits)


@dataclass(frozen=True)
class Mismatch:
    """Two numbers that should be one.

    what      which derivative, in words
    argument  index of the argument (leaf) and the element of it, or None for all of them together
    got       what the tape gives
    expected  what ``oracle`` gives
    allowed   how far they may be apart
    """

    what: str
    got: complex
    expected: complex
    allowed: float
    oracle: str
    argument: int | None = None
    index: tuple[int, ...] | None = None
    order: int = 1
    near: str = ""  # on the kink that the point lies on, where a derivative is a convention

    @property
    def settled(self) -> bool:
        """Does the oracle say anything?"""
        return self.argument != NOWHERE

    def __str__(self) -> str:
        apart = abs(self.got - self.expected)
        size = max(abs(self.got), abs(self.expected)) or 1.0
        return (
            f"  {'the tape gives':<28}{self.got:.17g}\n  {self.oracle + ' gives':<28}"
            f"{self.expected:.17g}\n  apart by {apart:.3g} (relative {apart / size:.3g}), allowed "
            f"{self.allowed:.3g}{self.near}"
        )


def name_of(f: Any) -> str:
    """What to call ``f`` in a message: a function by its name, a layer or program by its class."""
    return str(getattr(f, "__name__", type(f).__name__))
