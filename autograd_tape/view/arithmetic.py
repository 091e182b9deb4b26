"""What one entry contributes to its inputs, with the numbers: adjoint × partial = contribution.

The sweep only adds up; here each term is taken apart to be shown.

Next to read: :mod:`autograd_tape.view.build`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..adjoint import conform
from ..backward import Picked, fill
from ..entry import Entry
from ..pull import pull
from ..scatter import Scattered, add_at

__all__ = ["Contribution", "add", "contributions"]


@dataclass(frozen=True, eq=False)
class Contribution:
    """One use of a value, in the reverse sweep.

    parent    the entry whose adjoint it is added to
    position  of the parent among the inputs of the operation
    partial   ∂output/∂input, so that ``ct * partial == raw``: of the output's shape, or of the
              input's where the output is one number; None where the rule is no such product
    raw       what the rule returned, before the sum over what broadcasting stretched
    summed    the axes of ``raw`` that this sum runs over
    value     what is added: dense, of the parent's shape and dtype (a tuple if it has several)
    """

    parent: Entry
    position: int
    partial: Any
    raw: Any
    summed: tuple[int, ...]
    value: Any


def contributions(entry: Entry, ct: Any, *, partials: bool = True) -> list[Contribution]:
    """What ``ct``, the adjoint of ``entry``, contributes to each recorded input, in order.

    ct        of the entry's shape; for an entry with several outputs a list, None where none is
    partials  False leaves the partial derivatives out, which cost more than all else
    Raises :class:`TapeError` for an entry of a freed tape.
    """
    if entry.primitive is None:
        return []
    ct = fill(entry, ct)
    with np.errstate(all="ignore"):
        found = list(pull(entry, ct, -1, False))
        raws = [c for _, c in found]
        slopes = _partials(entry, ct, raws) if partials else [None] * len(raws)
        result: list[Contribution] = []
        places = iter(enumerate(entry.inputs))
        for (parent, c), partial in zip(found, slopes, strict=True):
            position = next(i for i, x in places if x is parent)
            raw = _dense(c, parent)
            summed: tuple[int, ...]
            if c.__class__ is Picked:
                value, summed = raw, ()
            else:
                value = conform(raw, parent, entry)
                summed = _summed(np.shape(raw), parent.shape)
            result.append(Contribution(parent, position, partial, raw, summed, value))
    return result


def add(old: Any, new: Any) -> Any:
    """The sum of two adjoints, of which the first may be None, or tuples of several outputs."""
    if old is None:
        return new
    if new.__class__ is tuple:
        return tuple(a + b for a, b in zip(old, new, strict=True))
    return old + new


def _dense(c: Any, parent: Entry) -> Any:
    if c.__class__ is Scattered:
        total = np.zeros(parent.shape, parent.dtype)
        add_at(total, c.index, c.ct)
        return total
    if c.__class__ is Picked:
        outputs: list[Any] = [None] * len(parent.shape)
        outputs[c.index] = c.ct
        return fill(parent, outputs)
    return c


def _summed(have: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes over which :func:`autograd_tape.adjoint.unbroadcast` sums."""
    extra = len(have) - len(shape)
    stretched = (i + extra for i, n in enumerate(shape) if n == 1 and have[i + extra] != 1)
    return (*range(extra), *stretched)


def _partials(entry: Entry, ct: Any, raws: list[Any]) -> list[Any]:
    """For each contribution its partial derivative, or None.

    A rule is linear in ``ct``.  So what it makes of 1 is the derivative if the output is one
    number, or if the rule treats each element by itself: then any other ``ct`` is only multiplied
    with it, and a random one tells (no primitive has to declare it).
    """
    nothing: list[Any] = [None] * len(raws)
    if ct.__class__ is tuple or any(c.__class__ is Picked for c in raws):
        return nothing
    dtype = np.dtype(entry.dtype)
    is_complex = dtype.kind == "c"
    one = 1.0 if entry.dtype is float else np.ones(entry.shape, dtype)[()]
    ones = list(pull(entry, one, -1, False))
    partials = [_dense(c, x) for x, c in ones]
    if entry.shape or is_complex:
        probe = np.random.default_rng(0).uniform(0.5, 1.5, entry.shape)
        probe = (probe * (0.6 + 0.8j) if is_complex else probe).astype(dtype)
        probed = [_dense(c, x) for x, c in pull(entry, probe, -1, False)]
        close = float(np.finfo(dtype).eps) ** 0.4
        partials = [
            p if _is_product(q, probe, p, close) else None
            for p, q in zip(partials, probed, strict=True)
        ]
    # A real function of a complex number has two partial derivatives, not one.
    kept = [is_complex or np.dtype(x.dtype).kind != "c" for x, _ in ones]
    partials = [p if keep else None for p, keep in zip(partials, kept, strict=True)]
    return partials if len(partials) == len(raws) else nothing


def _is_product(c: Any, ct: Any, partial: Any, close: float) -> bool:
    if np.shape(partial) != np.shape(ct) and np.shape(ct):
        return False
    return bool(np.allclose(c, ct * partial, rtol=close, atol=0.0, equal_nan=True))
