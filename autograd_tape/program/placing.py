"""How a step is told to write its result into memory that is there already.

Next to read: :mod:`.memory`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from .step import Method, Step

__all__ = ["JOINING", "Way", "way"]

# For an array m that is there:  m.fill(0);  np.copyto(m, x);  f(x, ..., m);  f(x, ..., out=m)
Way = Literal["fill", "copy", "last", "out"]

JOINING = {np.stack, np.concatenate}
# (NumPy 2.4 wants the keyword for these two; without it a call is 40 ns faster.)
_NAMED = {np.maximum, np.minimum}
_CAST = Method("astype")


def way(step: Step) -> Way | None:
    """The call that does so; None where there is none, or the result is no new array.

    copy  the array is seen in the shape of the operand, which lies otherwise or has another dtype
    """
    f = step.function
    if step.kind is not np.ndarray or step.mutates or step.nbytes == 0 or not _dense(step):
        return None
    if f.__class__ is np.ufunc:
        if f.nout != 1:
            return None
        return "out" if f in _NAMED else "last"
    if f is np.zeros:
        return None if step.kwargs else "fill"
    if f is np.reshape or f == _CAST:
        of_array = getattr(step.args[0], "kind", None) is np.ndarray
        plain = len(step.args) == 2 and not step.kwargs and step.view is None
        return "copy" if of_array and plain else None
    if f in JOINING:
        return None if (step.kwargs or {}).keys() & {"dtype", "casting"} else "out"
    reduces = getattr(f, "__self__", None).__class__ is np.ufunc and f.__name__ == "reduce"
    return "out" if reduces else None


def _dense(step: Step) -> bool:
    """Do the elements fill one block of memory?"""
    n = step.dtype.itemsize
    for stride, length in sorted(zip(step.strides, step.shape, strict=True)):
        if length != 1:
            if stride != n:
                return False
            n *= length
    return True
