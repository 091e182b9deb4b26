"""Derivatives from function values alone: what the rules of a tape are measured against.

Both oracles take ``f``, a function from a list of arrays to a list of arrays, and give the tangents
``J·t`` of its outputs along the direction ``t``; neither uses the tape.

Next to read: :mod:`autograd_tape.testing.check`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Differences", "complex_step", "moved", "quiet", "richardson"]

ListFunction = Callable[[list[Any]], list[Any]]
TINY = 1e-30  # h of the complex step: there is no subtraction, so it may be as small as it likes
LEVELS = 10
EPS = float(np.finfo(float).eps)


class Differences(NamedTuple):
    """Tangents of the outputs, the error that each is known to, and the step they were taken at."""

    tangents: list[Any]
    errors: list[Any]
    step: float


def complex_step(f: ListFunction, xs: list[Any], ts: list[Any]) -> list[Any] | None:
    """``Im f(x + i·h·t) / h``: exact to rounding where f is analytic; None if f takes no complex.

    W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions",
    SIAM Review 40 (1998).  Whether f is analytic is for the caller to find out (compare with
    :func:`richardson`): ``abs`` or a comparison gives a wrong number, not an error.
    """
    if any(np.iscomplexobj(x) for x in xs):
        return None
    try:
        with quiet():
            ys = f([x + 1j * TINY * t for x, t in zip(xs, ts, strict=True)])
    except Exception:  # whatever f does not like about complex numbers
        return None
    if not all(np.iscomplexobj(y) for y in ys):
        return None
    tangents = [np.imag(y) / TINY for y in ys]
    return tangents if all(np.isfinite(d).all() for d in tangents) else None


def richardson(f: ListFunction, xs: list[Any], ts: list[Any], step: float) -> Differences:
    """Central differences at ``step``, step/2, step/4, ..., extrapolated to step 0.

    ``D(h) = (f(x + h·t) - f(x - h·t)) / 2h`` has an error in even powers of h, which Neville's
    scheme removes one after the other; each element takes the place in the tableau that differs
    least from its neighbours, and that difference is the error which is reported (but no less than
    what rounding of f makes of it).
    C. J. F. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Adv. Eng. Software 4 (1982).
    """
    best: list[Any] = []
    errors: list[Any] = []
    previous: list[list[Any]] = []
    for level in range(LEVELS):
        h = step / 2**level
        with quiet():
            try:
                plus, minus = (f(moved(xs, ts, s)) for s in (h, -h))
            except Exception:  # outside of f's domain: take smaller steps
                if level == LEVELS - 1:
                    raise
                continue
            row = [[_slope(p, m, h) for p, m in zip(plus, minus, strict=True)]]
            # Numbers may nearly agree by chance, but the last bit of f is not known at any step.
            # (Equal ones are known: f is constant there.)
            least = [EPS * np.abs(p) / h for p in plus]
            if [np.shape(d) for d in row[0]] != [np.shape(d) for d in best]:
                # the first; or, with a mask that selects as it moves, another number of elements
                previous, best = [], row[0]
                errors = [np.full(np.shape(d), np.inf) for d in best]
            for k, older in enumerate(previous):
                weight = 4.0 ** (k + 1)
                row.append(
                    [(weight * n - o) / (weight - 1) for n, o in zip(row[k], older, strict=True)]
                )
            # (Not the diagonal: it has two neighbours only, and oscillations agree by chance.)
            for k in range(1, len(row) - 1):
                for j, d in enumerate(row[k]):
                    neighbours = (row[k - 1][j], previous[k - 1][j], previous[k][j])
                    error = np.max([np.abs(d - other) for other in neighbours], axis=0)
                    error = np.where(error > 0, np.maximum(error, least[j]), error)
                    better = error < errors[j]  # False where it is NaN
                    best[j] = np.where(better, d, best[j])
                    errors[j] = np.where(better, error, errors[j])
        previous = row
    return Differences(best, errors, step)


def _slope(plus: Any, minus: Any, h: float) -> Any:
    if np.shape(plus) != np.shape(minus):  # a mask selects another number of elements
        return np.full(np.shape(plus), np.nan)
    return (plus - minus) / (2 * h)


def moved(xs: list[Any], ts: list[Any], h: float) -> list[Any]:
    """x + h·t, each in the dtype of x."""
    return [
        np.asarray(x + h * t, getattr(x, "dtype", None))[()] for x, t in zip(xs, ts, strict=True)
    ]


@contextmanager
def quiet() -> Iterator[None]:
    """Steps may leave the domain of f; what comes of it is judged, not warned about."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
