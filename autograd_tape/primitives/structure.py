"""Entries with several outputs, copies of a value, and cuts."""

from __future__ import annotations

from typing import Any

from ..arrays import copied
from ..backward import Picked
from ..dispatch import define
from ..entry import CONSTANT, leaf
from ..variable import Variable
from .samples import both

pick = define(
    lambda whole, *, index: whole[index],
    name="pick",
    vjp=lambda ct, output, whole, *, index: Picked(index, ct),
    jvp=lambda whole_dot, output, whole, *, index: whole_dot[index],
)


def outputs(whole: Any) -> tuple[Any, ...]:
    """The outputs of a primitive that returns a tuple, each a Variable with an entry of its own."""
    if whole.__class__ is not Variable:
        return tuple(whole)
    return tuple(pick(whole, index=i) for i in range(len(whole._entry.shape)))


identity = define(
    lambda x: x,
    name="identity",
    vjp=lambda ct, output, x: ct,
    jvp=lambda x_dot, output, x: x_dot,
    sample=both((3, 4)),
)


def stop_gradient(x: Any) -> Any:
    """The value of ``x``, as a Variable that passes no gradient on; plain values are returned."""
    if x.__class__ is not Variable:
        return x
    from ..notes import note_cut

    note_cut([x._entry], "stop_gradient()")
    result = Variable.__new__(Variable)
    result._value = x._value
    result._entry = leaf(x._value, "stop_gradient", index=CONSTANT)
    return result


def copy(x: Any) -> Any:
    """A recorded copy."""
    return identity(x) if x.__class__ is Variable else copied(x)
