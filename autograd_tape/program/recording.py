"""What is written down while the engine runs once on symbols.

Next to read: :mod:`.trace`.
"""

from __future__ import annotations

import operator
import sys
import weakref
from threading import get_ident
from typing import Any

import numpy as np

from ..source import is_machinery
from ..tape import TapeError
from .step import NUMBERS, Draw, Guard, Method, Step, inputs_of, mapped
from .symbol import Symbol, plain, step_of

__all__ = ["Recording", "laid_out"]

ndarray = np.ndarray
_NO_VALUE = getattr(np, "_NoValue", None)  # NumPy's own "argument not given"


class Recording:
    """The steps of one run of the engine, while it runs."""

    def __init__(self, copies: bool = False) -> None:
        self.steps: list[Step] = []
        self.open = True
        self.copies = copies  # keep copies of plain arrays, for they are changed meanwhile
        self.thread = get_ident()
        self.asked = False  # did a function of C just ask for a number?
        self.reverse: Step | None = None  # the step of the entry whose rules are running now
        self.usual: dict[str, Any] = dict(np.geterr())

    def input(self, value: Any, name: str | None = None) -> Symbol:
        step = Step(None, (), None, value)
        step.name = name
        return self.append(step, value)

    def append(self, step: Step, value: Any) -> Symbol:
        if not self.open or get_ident() != self.thread:
            raise TapeError(_CLOSED if not self.open else _ELSEWHERE)
        step.index = len(self.steps)
        if self.reverse is not None:
            step.reverse, step.place = True, self.reverse.place
        if self.copies:
            step.args = mapped(_copy, step.args)
        self.steps.append(step)
        symbol = Symbol.__new__(Symbol)
        symbol.step, symbol.value, symbol.recording = step, value, self
        symbol.source = symbol.views = None
        return symbol

    def call(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> Any:
        """``function(*args, **kwargs)`` on the values, written down as one step."""
        if kwargs:
            kwargs = {k: x for k, x in kwargs.items() if x is not _NO_VALUE}
            value = function(*mapped(plain, args), **mapped(plain, kwargs))
            step = Step(function, mapped(step_of, args), mapped(step_of, kwargs), value)
        else:
            value = function(*mapped(plain, args))
            step = Step(function, mapped(step_of, args), None, value)
        return self.result(step, value, args, kwargs)

    def result(
        self, step: Step, value: Any, args: tuple[Any, ...] = (), step_kwargs: Any = None
    ) -> Any:
        """The symbol of what a step gave; symbols of its parts, if there are several."""
        kind = step.kind
        if kind is not ndarray and kind not in NUMBERS and not isinstance(value, np.generic):
            return self._parts(step, value, args)
        if kind not in NUMBERS:
            errors: dict[str, Any] = dict(np.geterr())
            if errors != self.usual:
                step.errstate = {k: v for k, v in errors.items() if v != self.usual[k]}
        if kind is ndarray:
            symbol = self.append(step, value)
            if value.base is not None or step.function.__class__ is not np.ufunc:
                self._note_view(symbol, args, step.function, step_kwargs)
            if step.function not in _STATIC_SHAPE and _depends_on_values(step):
                self.guard(np.shape, symbol, value.shape)
            return symbol
        symbol = self.append(step, value)
        if step.function is operator.pow and (kind is float or kind is complex):
            self._guard_power(symbol)
        return symbol

    def _parts(self, step: Step, value: Any, args: tuple[Any, ...]) -> Any:
        if isinstance(value, (tuple, list)) and all(
            isinstance(x, (ndarray, np.generic)) for x in value
        ):
            whole = self.append(step, value)
            parts = [self.call(operator.getitem, (whole, i)) for i in range(len(value))]
            for part in parts:
                if part.step.kind is ndarray:  # of np.split and np.broadcast_arrays they are views
                    self._note_view(part, args, step.function, None)
            if isinstance(value, tuple) and hasattr(value, "_fields"):
                return type(value)(*parts)
            return value.__class__(parts)
        if value is None or value.__class__ in (str, type, tuple) or isinstance(value, np.dtype):
            return value  # says nothing of values
        raise TapeError(
            f"{getattr(step.function, '__name__', step.function)} of a value that is being traced "
            f"gave {type(value).__name__}, which a program cannot hold; compute it outside"
        )

    def guard(self, ask: Any, symbol: Symbol, seen: Any) -> Any:
        """Write down that the program holds while ``ask(symbol)`` is what was ``seen`` now."""
        if not self.open:
            raise TapeError(_CLOSED)
        step = Step(Guard(ask), (symbol.step, seen), None, None)
        step.index = len(self.steps)
        if self.reverse is not None:
            step.reverse, step.place = True, self.reverse.place
        if step.place is None:
            frame = sys._getframe(2)
            while frame.f_back is not None and is_machinery(frame.f_code.co_filename):
                frame = frame.f_back
            step.place = (frame.f_code, frame.f_lineno)
        self.steps.append(step)
        return seen

    def _guard_power(self, symbol: Symbol) -> None:
        """A negative number to a fractional power is complex in Python: another class of result."""
        exponent = symbol.step.args[1]
        if exponent.__class__ is Step or not float(exponent.real).is_integer():
            self.guard(type, symbol, symbol.step.kind)

    # -- views ---------------------------------------------------------------------------------

    def _note_view(self, symbol: Symbol, args: tuple[Any, ...], function: Any, kwargs: Any) -> None:
        """Does the result share memory with an operand, or is it one?"""
        for x in args:
            for parent in x if type(x) in (tuple, list) else (x,):
                if type(parent) is not Symbol or parent.step.kind is not ndarray:
                    continue
                if np.may_share_memory(parent.value, symbol.value):
                    symbol.step.view = parent.step
                    again = function if symbol.step.function is function else _cannot_follow
                    symbol.source = (parent, again, args[1:], kwargs)
                    if parent.views is None:
                        parent.views = []
                    parent.views.append(weakref.ref(symbol))
                    return

    def assign(self, symbol: Symbol, new: Any) -> None:
        """``symbol`` was changed in place: it stands for ``new`` from now on, and so do its views
        and what it is a view of, for the changed parts of them.
        """
        if type(new) is not Symbol:
            new = self.call(np.broadcast_to, (new, symbol.value.shape))
        if new.step.kind is not ndarray:  # of an array without axes NumPy makes a scalar
            new = self.call(np.asarray, (new, symbol.step.dtype))
        if new.step.dtype != symbol.step.dtype:
            new = self.call(Method("astype"), (new, symbol.step.dtype))
        if new.step.shape != symbol.step.shape:
            raise ValueError(
                f"an array of shape {symbol.step.shape} cannot take a result of {new.step.shape}"
            )
        if new.value.strides != symbol.value.strides:  # in place, the layout stays what it was
            new = self.call(laid_out, (new, symbol))
        self._set(symbol, new, None)

    def _set(self, symbol: Symbol, new: Symbol, changed: Symbol | None) -> None:
        symbol.step, symbol.value = new.step, new.value
        views = [view for ref in symbol.views or () if (view := ref()) is not None]
        symbol.views = list(map(weakref.ref, views))
        for view in views:
            if view is not changed and view.source is not None:
                _, function, args, kwargs = view.source
                self._set(view, self.call(function, (symbol, *args), kwargs), symbol)
        if symbol.source is not None and symbol.source[0] is not changed:
            parent, function, args, _ = symbol.source
            self._set(parent, self._written(parent, function, args, symbol), symbol)

    def _written(self, parent: Symbol, function: Any, args: tuple[Any, ...], new: Symbol) -> Any:
        """``parent`` with ``new`` in place of its view ``function(parent, *args)``."""
        if function is operator.getitem:
            return self.mutation(operator.setitem, (parent, args[0], new))
        if function in (np.reshape, np.ravel, np.squeeze, np.expand_dims):
            return self.call(np.reshape, (new, parent.step.shape))
        if function is np.transpose and (not args or args[0] is None):
            return self.call(np.transpose, (new,))
        if function in (np.asarray, np.ascontiguousarray):  # the array itself
            return new
        raise TapeError(
            f"an array is changed in place through a view of it (made by {function.__name__}); a "
            "program cannot follow that. Change the array itself, or a copy"
        )

    def mutation(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> Symbol:
        """The step of a function that changes its first argument; its result is the changed one."""
        target = args[0].value
        changed = target.copy(order="K")
        function(changed, *mapped(plain, args[1:]), **mapped(plain, kwargs or {}))
        kwargs = mapped(step_of, kwargs) if kwargs else None
        step = Step(function, mapped(step_of, args), kwargs, changed)
        step.mutates = True
        return self.append(step, changed)


def _cannot_follow(*args: Any, **kwargs: Any) -> Any:
    raise TapeError(
        "an array is changed in place while a part of it that np.split, np.broadcast_arrays or the "
        "like made is in use; a program cannot follow that. Copy the part, or take a slice"
    )


def laid_out(x: Any, like: Any) -> Any:
    """``x`` in the memory layout of ``like``, an array of its shape and dtype."""
    result = np.empty_like(like)
    result[...] = x
    return result


_CLOSED = (
    "this value was made while a function was being compiled, and outlived it (it was stored in an "
    "attribute or a list); a program keeps nothing but what the function returns"
)


_ELSEWHERE = (
    "a Variable is used while another thread compiles a function that closes over it; compile "
    "first, or pass the Variable's value as an argument"
)


def _copy(x: Any) -> Any:
    return x.copy() if x.__class__ is ndarray and x.flags.writeable else x


# -- what the shape of a result depends on --------------------------------------------------------

# Here it depends on shapes and parameters alone; elsewhere the shape is guarded.
_STATIC_SHAPE: set[Any] = {
    *(getattr(operator, name) for name in operator.__all__ if name != "getitem"), np.reshape,
    np.transpose, np.broadcast_to, np.concatenate, np.stack, np.sum, np.diff, np.take,
    np.mean, np.max, np.min, np.where, np.zeros_like, np.ones_like, np.empty_like, np.full_like,
    np.copy, np.einsum, np.tensordot, np.dot, np.expand_dims, np.squeeze, np.ravel, np.moveaxis,
    np.swapaxes, np.cumsum, np.cumprod, np.prod, np.std, np.var, np.sort, np.argsort, np.argmax,
    np.argmin, np.take_along_axis, np.diagonal, np.triu, np.tril, np.outer, np.clip, np.array,
    laid_out,
    np.matrix_transpose, np.conj, np.real, np.imag, np.linalg.solve, np.linalg.inv, np.zeros,
    np.ones, np.empty, np.full, np.asarray, np.ascontiguousarray,
    np.isclose, np.nan_to_num, np.all, np.any, np.roll, np.flip, np.pad, np.tile,
    *map(Method, ("astype", "copy", "reshape", "ravel", "transpose", "item", "conj", "view")),
    *(Method(name, attribute=True) for name in ("T", "mT", "real", "imag")),
    *(getattr(u, m) for u in (np.add, np.multiply, np.maximum, np.minimum, np.logical_or,
                              np.logical_and) for m in ("reduce", "accumulate")),
}  # fmt: skip


def _depends_on_values(step: Step) -> bool:
    if step.function is operator.getitem:
        index = step.args[1]
        parts = index if index.__class__ is tuple else (index,)
        return any(
            p.__class__ is Step and p.dtype is not None and p.dtype.kind == "b" for p in parts
        )
    if step.function.__class__ is Draw:
        return bool(inputs_of(step))
    whose = getattr(step.function, "__self__", None)  # of np.add.reduceat
    return step.function.__class__ is not np.ufunc and whose.__class__ is not np.ufunc
