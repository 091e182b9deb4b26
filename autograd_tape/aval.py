"""An abstract value: what a tape says of a value without the value, its shape and dtype.

Entries of one shape and dtype share one :class:`Aval`.  That an adjoint fits, which the sweep asks
of every contribution, is then seen by identity; to ask an array for its shape and dtype takes a
fourth as long as to multiply ten numbers.

Next to read: :mod:`autograd_tape.entry`, which has one.
"""

from __future__ import annotations

from typing import Any

__all__ = ["AVALS", "FLOAT", "Aval", "aval_of"]


class Aval:
    """Shape and dtype of a value ("abstract value" is the term of JAX).

    shape  lengths of the axes; of several outputs a tuple of such tuples
    dtype  a NumPy dtype; the Python types float and complex stand for unboxed Python scalars; of
           several outputs a tuple of dtypes
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Any, dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype


FLOAT = Aval((), float)
AVALS: dict[Any, dict[tuple[int, ...], Aval]] = {}  # of arrays and NumPy scalars: [dtype][shape]
_MOST = 1_000


def aval_of(value: Any) -> Aval:
    """The Aval of a Python float or complex, a NumPy scalar or an array.

    That of a Python complex is never shared: rules may give NumPy's, so they must be looked at.
    """
    kind = value.__class__
    if kind is float:
        return FLOAT
    if kind is complex:
        return Aval((), complex)
    shape, dtype = value.shape, value.dtype
    known = AVALS.setdefault(dtype, {})
    if len(known) >= _MOST:  # a program of ever new shapes must not grow: begin again; two Avals
        known.clear()  # of one kind are no error, what they stand for is only looked at
    return known.setdefault(shape, Aval(shape, dtype))
