"""A value that writes down what is done to it: how the engine is watched while it runs once.

A :class:`Symbol` stands for the array (or number) that it holds.  Operators, methods and NumPy
functions compute on what it holds, and append a :class:`~.step.Step`.  It says that its class is
that of its value, so the engine, its rules and the user's code take it for an array, and run as
they always do.

What it holds can leave it only where Python asks for a plain object (``bool``, ``float``, ``int``,
``np.asarray``).  Each of these doors writes a guard: the program is valid while the answer is the
same, so control flow that depends on values is noticed, and never replayed wrongly.

Next to read: :mod:`.recording`.
"""

from __future__ import annotations

import operator
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..record import ASKING
from ..tape import TapeError
from ..variable import Variable
from .step import NUMBERS, Method, Step, mapped

if TYPE_CHECKING:
    from .recording import Recording

__all__ = ["Symbol", "plain", "same_index", "step_of"]

ndarray = np.ndarray


def plain(x: Any) -> Any:
    """``x`` with the values of all symbols in it."""
    return x.value if type(x) is Symbol else x


def step_of(x: Any) -> Any:
    """The step that made ``x``; another thing as it is."""
    return x.step if type(x) is Symbol else x


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
        return repr(self)  # (the number in a text could be read without being guarded)

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
        and same_index(step.args[1], mapped(step_of, index))
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
        if ufunc is np.multiply and self.step.kind is ndarray and self.dtype.kind == "c":
            if type(other) is Variable:
                return NotImplemented
            # NumPy multiplies one complex number in place by another loop, which rounds otherwise.
            result = self.recording.mutation(operator.imul, (self, other))
        else:
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
