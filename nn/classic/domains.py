"""What values the networks' parameters may have.

Next to read: :mod:`nn.classic.perceptron`.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Domain", "fraction", "kinds_of_units", "not_negative", "one_of", "optional", "positive",
    "several", "whole",
]  # fmt: skip


class Domain(NamedTuple):
    """The values that a parameter may have, in words and as a test."""

    words: str
    holds: Callable[[Any], bool]


def interval(words: str, holds: Callable[[Any], Any]) -> Domain:
    """Finite real numbers for which ``holds``."""
    return Domain(words, lambda x: isinstance(x, Real) and bool(np.isfinite(float(x)) and holds(x)))


def whole(least: int = 1) -> Domain:
    """Integers from ``least`` on."""
    return Domain(
        f"an integer of at least {least}",
        lambda x: isinstance(x, Integral) and not isinstance(x, bool) and int(x) >= least,
    )


def one_of(*names: str | None) -> Domain:
    """One of these."""
    return Domain(f"one of {names}", lambda x: isinstance(x, (str, type(None))) and x in names)


def several(words: str, each: Domain, length: int | None = None) -> Domain:
    """A tuple or list of ``each``, not empty, or of this length."""
    return Domain(
        words,
        lambda x: isinstance(x, (tuple, list)) and len(x) == (length or max(len(x), 1))
        and all(each.holds(part) for part in x),
    )  # fmt: skip


def optional(domain: Domain) -> Domain:
    """None, too."""
    return Domain(f"{domain.words}, or None", lambda x: x is None or domain.holds(x))


positive = interval("a number above 0", lambda x: x > 0)
not_negative = interval("a number of at least 0", lambda x: x >= 0)
fraction = interval("a number of at least 0 and below 1", lambda x: 0 <= x < 1)
kinds_of_units = one_of("binary", "gaussian")
