"""A value that writes down what is done to it: how the engine is watched while it runs once.

A :class:`Symbol` stands for the array (or number) that it holds.  Operators, methods and NumPy
functions compute on what it holds, and append a :class:`~.step.Step`.  It says that its class is
that of its value, so the engine, its rules and the user's code take it for an array, and run as
they always do.

What it holds can leave it only where Python asks for a plain object (``bool``, ``float``, ``int``,
``np.asarray``).  Each of these doors writes a guard: the program is valid while the answer is the
same, so control flow that depends on values is noticed, and never replayed wrongly.

Next to read: :mod:`.trace`.
"""

from __future__ import annotations

import operator
import sys
import weakref
from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any

import numpy as np

from ..record import ASKING
from ..source import is_machinery
from ..tape import TapeError
from ..variable import Variable
from .step import Draw, Guard, Method, Step, inputs_of, mapped

__all__ = ["NUMBERS", "Recording", "Symbol", "plain"]

NUMBERS = {float, int, bool, complex}
ndarray = np.ndarray
_NO_VALUE = getattr(np, "_NoValue", None)  # NumPy's own "argument not given"


def plain(x: Any) -> Any:
    """``x`` with the values of all symbols in it."""
    return x.value if type(x) is Symbol else x


def _step(x: Any) -> Any:
    return x.step if type(x) is Symbol else x


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
            step = Step(function, mapped(_step, args), mapped(_step, kwargs), value)
        else:
            value = function(*mapped(plain, args))
            step = Step(function, mapped(_step, args), None, value)
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
        kwargs = mapped(_step, kwargs) if kwargs else None
        step = Step(function, mapped(_step, args), kwargs, changed)
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


# -- the protocols ---------------------------------------------------------------------------------

# Of these only shapes and dtypes are asked: the answer is no traced value.
_STATIC = {
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj,
    np.min_scalar_type, np.shares_memory, np.may_share_memory, np.common_type, np.broadcast_shapes,
}  # fmt: skip
_MUTATING = {np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal}


class Symbol:
    """A traced value; see the module.  ``type(x) is Symbol`` tells it, ``x.__class__`` does not."""

    __slots__ = ("__weakref__", "recording", "source", "step", "value", "views")
    __array_priority__ = 2000.0

    step: Step
    value: Any
    recording: Recording
    # What this is a view of, and how it was made: (array, function, arguments, keywords).
    source: tuple[Symbol, Any, tuple[Any, ...], Any] | None
    views: list[weakref.ref[Symbol]] | None

    __class__ = property(lambda self: self.value.__class__)
    __hash__ = object.__hash__

    # What is the same at every replay.
    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    itemsize = property(lambda self: self.value.itemsize)
    nbytes = property(lambda self: self.value.nbytes)
    strides = property(lambda self: self.value.strides)
    flags = property(lambda self: self.value.flags)

    @property
    def base(self) -> Any:
        return None if self.source is None else self.source[0]

    def setflags(self, write: Any = None, align: Any = None, uic: Any = None) -> None:
        """Of no consequence for a value that is never handed out."""

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.value)))

    def __repr__(self) -> str:
        return f"<traced {self.value!r}>"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    # Doors: what Python asks for is given, and guarded.
    def __bool__(self) -> bool:
        return bool(self.recording.guard(bool, self, bool(self.value)))

    def __float__(self) -> float:
        if sys._getframe(1).f_code in ASKING:
            # A function of C (math.tanh) asks in order to compute.  The engine falls back on
            # NumPy's then, which arrives at ``__array_ufunc__``, and is written down as that of C.
            self.recording.asked = True
            raise ValueError("traced")
        return float(self.recording.guard(float, self, float(self.value)))

    def __complex__(self) -> complex:
        return complex(self.recording.guard(complex, self, complex(self.value)))

    def __int__(self) -> int:
        return int(self.recording.guard(int, self, int(self.value)))

    def __index__(self) -> int:
        return int(self.recording.guard(operator.index, self, operator.index(self.value)))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        seen = np.array(self.value)
        self.recording.guard(np.asarray, self, seen)
        return np.array(seen, dtype)

    def tolist(self) -> Any:
        return np.asarray(self).tolist()

    def __reduce__(self) -> Any:
        raise TapeError("a value that is being traced cannot be pickled or copied")

    def __contains__(self, x: Any) -> bool:
        return bool((self == x).any())

    # Protocols: every NumPy function that is given a symbol arrives here.
    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if any(type(x) is Variable for x in args):
            return NotImplemented
        out = kwargs.pop("out", None)
        if method == "at":
            return self._mutate(ufunc.at, args, kwargs)
        if method == "__call__":
            if not kwargs and all(x.__class__ in NUMBERS for x in args):
                result = _on_numbers(self.recording, ufunc, args)
            elif ufunc in _OPERATORS and not any(plain(x).__class__ is ndarray for x in args):
                # A NumPy scalar on the left of a symbol asks the ufunc, on the left of another
                # scalar it computes by itself.
                result = self.recording.call(_OPERATORS[ufunc], args)
            else:
                result = self.recording.call(ufunc, args, kwargs)
        else:
            result = self.recording.call(getattr(ufunc, method), args, kwargs)
        if out is None:
            return result
        if len(out) > 1:
            raise TapeError(f"np.{ufunc.__name__} with several out= cannot be compiled")
        return _write(out[0], result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if Variable in types:
            return NotImplemented
        if function in _STATIC:
            return function(*mapped(plain, args), **mapped(plain, kwargs))
        if function in _MUTATING:
            return self._mutate(function, args, kwargs)
        out = kwargs.pop("out", None)
        kwargs.pop("like", None)
        result = self.recording.call(function, args, kwargs)
        return result if out is None else _write(out, result)

    def _mutate(self, function: Any, args: tuple[Any, ...], kwargs: Any) -> None:
        target = args[0]
        if type(target) is not Symbol:
            raise TapeError(_INTO_PLAIN)
        self.recording.assign(target, self.recording.mutation(function, args, kwargs))

    # Parts.
    def __getitem__(self, index: Any) -> Any:
        return self.recording.call(operator.getitem, (self, index))

    def __setitem__(self, index: Any, new: Any) -> None:
        if type(new) is Variable:
            raise TapeError("a Variable cannot be written into a plain array")
        if type(new) is Symbol and _is_current_part(self, index, new):
            return  # ``t[i] += c`` has written through the view t[i] already
        self.recording.assign(self, self.recording.mutation(operator.setitem, (self, index, new)))

    def item(self, *index: int) -> Any:
        if self.step.kind in NUMBERS:
            return self
        return self.recording.call(Method("item"), (self, *index))

    def fill(self, x: Any) -> None:
        self[...] = x

    def sort(self, axis: int = -1, **options: Any) -> None:
        self.recording.assign(self, np.sort(self, axis=axis, **options))


_INTO_PLAIN = (
    "a traced value is written into a plain array in place; make the array from it instead "
    "(np.zeros(shape, like=x), np.zeros_like(x)), so that the writing is part of the program; if "
    "it is the state of an object (running averages), name that: compile(..., state=[object])"
)


def _write(out: Any, result: Any) -> Any:
    if type(out) is not Symbol:
        raise TapeError(_INTO_PLAIN)
    out.recording.assign(out, result)
    return out


def _is_current_part(whole: Symbol, index: Any, part: Symbol) -> bool:
    """Does ``part`` stand in ``whole`` at ``index`` already, being a view that was written to?"""
    step = whole.step
    return bool(
        part.source is not None
        and part.source[0] is whole
        and step.function is operator.setitem
        and step.args[2] is part.step
        and same_index(step.args[1], mapped(_step, index))
    )


def same_index(a: Any, b: Any) -> bool:
    if a.__class__ is not b.__class__:
        return False
    if a.__class__ is tuple:
        return len(a) == len(b) and all(map(same_index, a, b))
    return a is b or (a.__class__ in (int, slice, type(None), type(...)) and a == b)


def _on_numbers(recording: Recording, ufunc: Any, args: tuple[Any, ...]) -> Any:
    """A ufunc of Python numbers; where a function of C has asked before, this stands for it."""
    function = _scalars().get(ufunc) if recording.asked else None
    recording.asked = False
    return recording.call(function or ufunc, args)


_scalar_functions: dict[Any, Any] = {}


def _scalars() -> dict[Any, Any]:
    """For each ufunc the C function of Python numbers that the engine uses in its place."""
    if not _scalar_functions:
        from ..primitive import registry

        for p in registry:
            scalar = getattr(p.scalar, "of_floats", p.scalar)
            in_c = scalar is not None and not hasattr(scalar, "__code__")
            if isinstance(p.forward, np.ufunc) and in_c and scalar is not p.forward:
                _scalar_functions[p.forward] = scalar
    return _scalar_functions


# -- operators and methods ------------------------------------------------------------------------


_OPERATORS: dict[Any, Any] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul,
    np.divide: operator.truediv,
}  # fmt: skip


def _binary(ufunc: Any, function: Callable[[Any, Any], Any], swap: bool) -> Callable[..., Any]:
    def method(self: Symbol, other: Any) -> Any:
        if type(other) is Symbol:
            b, y = other.value, other.step
        elif type(other) is Variable:
            return NotImplemented
        elif isinstance(other, (list, tuple)):
            return self.recording.call(ufunc, (other, self) if swap else (self, other))
        else:
            b = y = other
        a, x = self.value, self.step
        # The operator of numbers, NumPy's too: it may round otherwise than the ufunc.  So may **.
        arrays = a.__class__ is ndarray or b.__class__ is ndarray
        call = ufunc if arrays and ufunc is not np.power else function
        if swap:
            value = call(b, a)
            step = Step(call, (y, x), None, value)
        else:
            value = call(a, b)
            step = Step(call, (x, y), None, value)
        return self.recording.result(step, value)

    return method


def _in_place(ufunc: Any, operator_: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    out_of_place = _binary(ufunc, operator_, False)

    def method(self: Symbol, other: Any) -> Any:
        result = out_of_place(self, other)
        if result is NotImplemented or self.step.kind is not ndarray:
            return result  # numbers are not changed in place
        self.recording.assign(self, result)
        return self

    return method


def _unary(ufunc: Any, function: Callable[[Any], Any]) -> Callable[..., Any]:
    def method(self: Symbol) -> Any:
        return self.recording.call(ufunc if self.step.kind is ndarray else function, (self,))

    return method


for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "pow": np.power,
    "mod": np.remainder, "floordiv": np.floor_divide, "matmul": np.matmul, "and_": np.bitwise_and,
    "or_": np.bitwise_or, "xor": np.bitwise_xor, "lshift": np.left_shift,
    "rshift": np.right_shift,
}.items():  # fmt: skip
    _op, _bare = getattr(operator, _name), _name.rstrip("_")
    setattr(Symbol, f"__{_bare}__", _binary(_ufunc, _op, False))
    setattr(Symbol, f"__r{_bare}__", _binary(_ufunc, _op, True))
    setattr(Symbol, f"__i{_bare}__", _in_place(_ufunc, _op))
for _name, _ufunc in {
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "eq": np.equal, "ne": np.not_equal,
}.items():  # fmt: skip
    setattr(Symbol, f"__{_name}__", _binary(_ufunc, getattr(operator, _name), False))
for _name, _ufunc in {
    "neg": np.negative,
    "pos": np.positive,
    "abs": np.absolute,
    "invert": np.invert,
}.items():
    setattr(Symbol, f"__{_name}__", _unary(_ufunc, getattr(operator, _name)))


def _function(function: Any) -> Callable[..., Any]:
    """A method that is the NumPy function of its name."""
    return lambda self, *args, **kwargs: function(self, *args, **kwargs)


for _name in (
    "sum", "mean", "prod", "max", "min", "std", "var", "cumsum", "cumprod", "repeat", "take",
    "trace", "diagonal", "squeeze", "swapaxes", "ravel", "argmax", "argmin", "argsort",
    "argpartition", "choose", "dot", "nonzero", "searchsorted", "all", "any", "clip", "round",
    "ptp", "copy",
):  # fmt: skip
    setattr(Symbol, _name, _function(getattr(np, _name)))


def _reshape(self: Symbol, *shape: Any, order: str = "C") -> Any:
    new = shape[0] if len(shape) == 1 else shape
    return self.recording.call(np.reshape, (self, new), {"order": order} if order != "C" else None)


def _transpose(self: Symbol, *axes: Any) -> Any:
    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
    return self.recording.call(np.transpose, (self, order) if order else (self,))


def _method(name: str) -> Callable[..., Any]:
    method = Method(name)
    return lambda self, *args, **kwargs: self.recording.call(method, (self, *args), kwargs)


def _attribute(name: str) -> Any:
    attribute = Method(name, attribute=True)
    return property(lambda self: self.recording.call(attribute, (self,)))


for _name in (
    "astype",
    "conj",
    "conjugate",
    "view",
    "tobytes",
    "byteswap",
    "compress",
    "is_integer",
):
    setattr(Symbol, _name, _method(_name))
for _name in ("real", "imag", "mT"):
    setattr(Symbol, _name, _attribute(_name))
Symbol.reshape = _reshape  # type: ignore[attr-defined]
Symbol.transpose = _transpose  # type: ignore[attr-defined]
Symbol.flatten = lambda self, order="C": np.copy(np.ravel(self, order))  # type: ignore[attr-defined]
Symbol.T = property(_transpose)  # type: ignore[attr-defined]
