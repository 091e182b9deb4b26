"""Recording: compute the primal value and append one entry.

``record`` does it for any number of arguments; ``unary`` and ``binary`` make functions that do the
same for one and two, written out because this is the hot path: a small operation costs about as
much in Python as in NumPy.

Next to read: :mod:`autograd_tape.entry`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from .aval import AVALS, FLOAT, Aval, aval_of
from .entry import ABSENT, Entry, next_index
from .tape import active
from .variable import Variable, reject_nested

if TYPE_CHECKING:
    from .primitive import Primitive

__all__ = ["ASKING", "FALLBACK", "binary", "enter", "handle", "record", "unary"]

# Code that gives a Python float to a function of C: see Symbol.__float__ in the compiler.
ASKING: set[CodeType] = set()
FALLBACK = (ValueError, OverflowError, ZeroDivisionError)  # what math.* raises where NumPy warns
ndarray = np.ndarray
_PYTHON_NUMBERS = {float, int, bool, complex}
new = type.__call__.__get__(Variable)  # an empty one; Variable(value) makes a leaf


def unary(primitive: Primitive) -> Callable[[Any], Any]:
    """The function that records ``primitive(x)`` for a Variable ``x``."""
    scalar, forward, keeps_shape = primitive.scalar, primitive.forward, primitive.conforming

    def call(x: Any) -> Any:
        if x.__class__ is not Variable:
            if x.__class__ is not float:
                return forward(x)
            try:
                return scalar(x)
            except FALLBACK:
                if type(x) is float:
                    raise
                return forward(x)
        if not primitive.examined:
            primitive.examine()
        value, parent = x._value, x._entry
        if value.__class__ is float:
            try:
                output = scalar(value)
            except FALLBACK:
                output = forward(value)
                if output.__class__ is not float:
                    output = output.item()
        else:
            output = forward(value)
            if value.__class__ is complex and output.__class__ not in _PYTHON_NUMBERS:
                output = output.item()  # a Python number stays one, and promotes nothing
        entry = Entry()
        entry.index = next_index()
        entry.primitive = primitive
        entry.x = parent
        entry.y = ABSENT
        entry.more = None
        entry.params = None
        entry.output = output if primitive.needs_output else None
        if primitive.needs_x:
            parent.output = value
        aval = parent.aval
        if output.__class__ is float:
            entry.aval = FLOAT
        elif keeps_shape and output.__class__ is ndarray and output.dtype is aval.dtype:
            entry.aval = aval
        else:
            entry.aval = aval_of_output(primitive, output)
        tape = active()
        if tape is not None:
            tape.append(entry)
            if tape.watches:
                tape.watch(entry, output)
        result: Any = new()
        result._value = output
        result._entry = entry
        return result

    ASKING.add(call.__code__)
    return call


def binary(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """The function that records ``primitive(x, y)`` where one or both are Variables."""
    scalar, forward = primitive.scalar, primitive.forward

    def call(x: Any, y: Any) -> Any:
        if not primitive.examined:
            primitive.examine()
        ex: Any
        ey: Any
        if x.__class__ is Variable:
            a, ex = x._value, x._entry
            if primitive.needs_x:
                ex.output = a
        else:
            a = ex = x if x.__class__ in _PLAIN else constant(primitive, x)
        if y.__class__ is Variable:
            b, ey = y._value, y._entry
            if primitive.needs_y:
                ey.output = b
        elif ex is a:
            return forward(x, y)
        else:
            b = ey = y if y.__class__ in _PLAIN else constant(primitive, y)
        try:
            output = scalar(a, b)
        except FALLBACK:
            output = forward(a, b)
            if a.__class__ in _PYTHON_NUMBERS and b.__class__ in _PYTHON_NUMBERS:
                output = output.item()
        entry = Entry()
        entry.index = next_index()
        entry.primitive = primitive
        entry.x = ex
        entry.y = ey
        entry.more = None
        entry.params = None
        entry.output = output if primitive.needs_output else None
        if output.__class__ is float:
            entry.aval = FLOAT
        else:
            aval = (ex if ex.__class__ is Entry else ey).aval
            if (
                output.__class__ is ndarray
                and output.dtype is aval.dtype
                and (
                    ey.aval is aval if ex.__class__ is ey.__class__ else output.shape == aval.shape
                )
            ):
                entry.aval = aval
            else:
                entry.aval = aval_of_output(primitive, output)
        tape = active()
        if tape is not None:
            tape.append(entry)
            if tape.watches:
                tape.watch(entry, output)
        result: Any = new()
        result._value = output
        result._entry = entry
        return result

    ASKING.add(call.__code__)
    return call


def record(primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Variable:
    """Record ``primitive(*args, **params)`` where at least one argument is a Variable."""
    if not primitive.examined:
        primitive.examine()
    needs = primitive.needs
    values, inputs = [], []
    for i, x in enumerate(args):
        if x.__class__ is Variable:
            if needs is None or (needs and needs[i]):
                x._entry.output = x._value
            values.append(x._value)
            inputs.append(x._entry)
        else:
            x = constant(primitive, x)
            values.append(x)
            inputs.append(x)
    output = primitive.forward(*values, **params)
    return enter(primitive, tuple(inputs), params, output)


def enter(
    primitive: Primitive, inputs: tuple[Any, ...], params: dict[str, Any], output: Any
) -> Variable:
    """Append the entry of a call whose ``output`` is known; a Variable that holds it."""
    if not primitive.examined:
        primitive.examine()
    entry = Entry()
    entry.index = next_index()
    entry.primitive = primitive
    entry.inputs = inputs
    entry.params = params or None
    entry.output = output if primitive.needs_output else None
    entry.aval = aval_of_output(primitive, output)
    tape = active()
    if tape is not None:
        tape.append(entry)
        if tape.watches:
            tape.watch(entry, output)
    return handle(entry, output)


def handle(entry: Entry, value: Any) -> Variable:
    """A Variable for an entry that exists."""
    result: Any = new()
    result._value, result._entry = value, entry
    return result  # type: ignore[no-any-return]


def aval_of_output(primitive: Primitive, output: Any) -> Aval:
    """Shape and dtype of what was computed; a result that cannot be differentiated is an error."""
    kind = output.__class__
    if kind is float:
        return FLOAT
    if kind is complex:
        return aval_of(output)
    if kind is tuple:  # several outputs: each is picked by an entry of its own
        primitive.arity = 0  # for ``pull``, which is given all their adjoints
        return Aval(tuple(o.shape for o in output), tuple(o.dtype for o in output))
    try:
        return AVALS[output.dtype][output.shape]
    except KeyError:  # the first of its kind
        if not output.dtype.hasobject:
            return aval_of(output)
    except AttributeError:
        raise TypeError(
            f"{primitive.name} returned {output!r} of type {kind.__name__}; a primitive's forward "
            "must return a float, complex or NumPy array (or a tuple of arrays)"
        ) from None
    raise TypeError(
        f"{primitive.name} gave an array of dtype object, which cannot be differentiated: one of "
        "its operands holds Python objects; convert it to float first"
    )


_PLAIN = {float, int, complex, bool, np.ndarray, type(None), str, tuple, slice}


def constant(primitive: Primitive, x: Any) -> Any:
    """A plain operand as it is recorded; what NumPy would make an object array is an error."""
    if x.__class__ in _PLAIN or isinstance(x, np.generic):
        return x
    if isinstance(x, list):
        reject_nested(x, primitive.name)
        return np.asarray(x)
    return x
