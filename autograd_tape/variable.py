"""A Variable: a value and the tape entry that it came from.

It behaves like the ndarray (or Python float) that it holds.  Each operator and each NumPy
function applied to it computes the value and records one entry; see
:mod:`autograd_tape.primitive`, which is the next to read.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .entry import Entry, leaf, read_only
from .methods import ArrayMethods
from .questions import Questions
from .source import assigning
from .tape import Tape

__all__ = ["Variable", "as_value"]


class _Leaf(type):
    """``Variable(value)`` makes a leaf; results are made without a constructor, which is faster."""

    def __call__(cls, value: Any, *, name: str | None = None, dtype: Any = None) -> Variable:
        variable: Variable = type.__call__(cls)
        variable._value = own(value, dtype)
        variable._entry = leaf(variable._value, name)
        return variable


class Variable(ArrayMethods, Questions, metaclass=_Leaf):
    """A leaf of the computation: ``Variable(value, name="w")``.

    value  a Python float or complex (the fast scalar path; never promotes an array's dtype), or
           anything ``np.array`` takes; arrays are copied, so that yours stays yours
    name   shown in tapes and diagrams
    dtype  convert to this dtype; integers and booleans need it, for they are not differentiated

    After ``f.backward()``, ``v.adjoint`` (or ``v.grad``) is ∂f/∂v, of the shape and dtype of v.
    Raises TypeError for integers, booleans, strings and objects.
    """

    __slots__ = ("__weakref__", "_entry", "_value")
    __array_priority__ = 1000.0
    __hash__ = object.__hash__  # identity: == compares values

    _value: Any
    _entry: Entry

    if TYPE_CHECKING:

        def __init__(self, value: Any, *, name: str | None = None, dtype: Any = None) -> None: ...

    def __init_subclass__(cls) -> None:
        raise TypeError("Variable cannot be subclassed; hold one as an attribute instead")

    # -- value and place in the graph ----------------------------------------------------------

    @property
    def value(self) -> Any:
        """The plain value: a Python float or complex, a NumPy scalar, or a read-only array.

        Assigning to it gives a *leaf* a new value, from which later operations start; what was
        recorded before keeps the old one.  The adjoint belonged to the old value and goes with it.
        """
        return read_only(self._value)

    @value.setter
    def value(self, new: Any) -> None:
        if not self.is_leaf:
            raise AttributeError(
                f"{self._label()} was computed (by {self._entry.primitive}); only a leaf can be "
                "given a value. Make a new Variable from it, or change the leaves"
            )
        fresh = Variable(new, name=self.name)
        self._value, self._entry = fresh._value, fresh._entry

    @property
    def adjoint(self) -> Any:
        """∂target/∂self of the last ``backward()`` that reached this variable; else None."""
        entry = self._entry
        if entry.note("handle") is None:
            entry.handle = weakref.ref(self)
        return read_only(entry.note("adjoint"))

    grad = adjoint

    @property
    def name(self) -> str | None:
        name: str | None = self._entry.note("name")
        return name

    @name.setter
    def name(self, name: str) -> None:
        self._entry.name = name

    @property
    def is_leaf(self) -> bool:
        """True for an input of the program, False for what an operation computed."""
        return self._entry.primitive is None

    @property
    def tape(self) -> Tape:
        """Everything this variable depends on, in order of recording; prints as a table."""
        return Tape.of(self._entry)

    def backward(self, seed: Any = None) -> None:
        """One reverse sweep from here, leaving the adjoint of every entry on the tape.

        seed  the adjoint of this variable, of its shape; may be left out for a scalar (1).
        A second call, or one from another target, replaces adjoints and never adds to them.
        """
        from .gradient import backward

        backward(self, seed)

    # -- Python's own protocols ----------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self._entry.aval.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype = self._entry.aval.dtype
        return dtype if isinstance(dtype, np.dtype) else np.dtype(dtype)

    @property
    def ndim(self) -> int:
        return len(self._entry.aval.shape)

    @property
    def size(self) -> int:
        return self._entry.size

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d Variable")
        return self.shape[0]

    def __iter__(self) -> Iterator[Variable]:
        if not self.shape:
            raise TypeError("iteration over a 0-d Variable")
        return (self[i] for i in range(self.shape[0]))

    def __bool__(self) -> bool:
        self._cut("bool()")
        return bool(self._value)

    def __float__(self) -> float:
        if assigning():  # ``plain[0] = v``: NumPy asks for a float, and the gradient would be lost
            raise TypeError(_LOST)
        self._cut("float()")
        return float(self._value)

    def __complex__(self) -> complex:
        if assigning():
            raise TypeError(_LOST)
        self._cut("complex()")
        return complex(self._value)

    def __int__(self) -> int:
        self._cut("int()")
        return int(self._value)

    def __round__(self, ndigits: int | None = None) -> Any:
        return round(float(self), ndigits)

    def __format__(self, spec: str) -> str:
        return format(self._value, spec) if spec else str(self)

    def __contains__(self, x: Any) -> bool:
        return as_value(x) in np.asarray(self._value)

    def __eq__(self, other: object) -> Any:
        return self._value == as_value(other)

    def __ne__(self, other: object) -> Any:
        return self._value != as_value(other)

    def __lt__(self, other: Any) -> Any:
        self._cut("the comparison <")
        return self._value < as_value(other)

    def __le__(self, other: Any) -> Any:
        self._cut("the comparison <=")
        return self._value <= as_value(other)

    def __gt__(self, other: Any) -> Any:
        self._cut("the comparison >")
        return self._value > as_value(other)

    def __ge__(self, other: Any) -> Any:
        self._cut("the comparison >=")
        return self._value >= as_value(other)

    def _cut(self, why: str) -> None:
        from .notes import note_cut

        note_cut([self._entry], why)

    def __copy__(self) -> Variable:
        """A new handle of the same entry (so gradients still flow through it)."""
        result = Variable.__new__(Variable)
        result._value, result._entry = self._value, self._entry
        return result

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        """A new leaf of the same value and name, without the tape."""
        return Variable(self._value, name=self.name)

    def __reduce__(self) -> Any:
        return _restore, (self._value, self.name)

    def __repr__(self) -> str:
        from .view.text import variable_text

        return variable_text(self)

    def __str__(self) -> str:
        return str(self._value)

    def _label(self) -> str:
        from .view.text import label

        return label(self._entry)

    # -- NumPy's protocols ---------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, x: Any, *rest: Any, **kwargs: Any) -> Any:
        implementation = functions.get(ufunc)
        if implementation is None or kwargs or method != "__call__":
            return call_ufunc(ufunc, method, (x, *rest), kwargs)
        if rest:
            return implementation(x, *rest)
        return implementation(x)  # one argument is spelt out: to pack it costs 40 ns

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        implementation = functions.get(func)
        if implementation is None:
            raise no_rule(func, args, kwargs)
        return implementation(*args, **kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError(
            "a Variable cannot be turned into a plain array silently: the gradient would be lost. "
            "To join variables use np.stack([v, w]) or np.concatenate; for the plain value use "
            "v.value; np.array(x, like=v), np.asarray(x, like=v) and np.full(shape, x, like=v) "
            "keep the gradient, and so does autograd_tape.special for SciPy functions that are "
            "written in Python (logsumexp, softmax, polygamma, ...)"
        )

    # -- indexing ------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Variable:
        return getitem(self, index)

    def __setitem__(self, index: Any, new: Any) -> None:
        """``v[index] = new``, recorded: v is from here on the updated array.

        Every view or result taken from ``v`` before keeps its old value; a second Python name of
        the same object (``w = v``) is the same variable and sees the update.
        """
        updated = setitem(self, index, new)
        self._value, self._entry = updated._value, updated._entry


_LOST = (
    "a Variable cannot be written into a plain array: the gradient would be lost. Make the array a "
    "Variable (a = Variable(np.zeros(n)); a[i] = v), collect the parts and np.stack them, or write "
    "float(v) for the plain value"
)


def _restore(value: Any, name: str | None) -> Variable:
    return Variable(value, name=name)


def as_value(x: Any) -> Any:
    """The plain value behind ``x`` if it is a Variable, else ``x``."""
    return x._value if x.__class__ is Variable else x


def own(value: Any, dtype: Any = None) -> Any:
    """``value`` as a leaf holds it: a Python float or complex, or a read-only array of its own."""
    kind = value.__class__
    if kind is Variable:
        raise TypeError(
            "Variable(v) of a Variable: use v itself, copy.copy(v), or Variable(v.value) for a "
            "leaf that does not pass gradients on to v"
        )
    if dtype is None and (kind is float or kind is complex):
        return value
    if isinstance(value, (list, tuple)):
        reject_nested(value, "Variable")
    if kind is np.ndarray:
        array = np.array(value, dtype=dtype, like=value)  # copies; ``like`` lets it be traced
    elif dtype is None and isinstance(value, np.generic) and value.dtype.kind in "fc":
        return value
    else:
        array = np.array(value, dtype=dtype)
    if array.dtype.kind not in "fc":
        raise TypeError(not_differentiable(value, array.dtype))
    array.setflags(write=False)
    return array


def not_differentiable(value: Any, dtype: Any) -> str:
    """What to say of a value that has no derivatives."""
    if np.dtype(dtype).kind in "iub":
        shown = repr(value) if np.ndim(value) == 0 else f"an array of dtype {dtype}"
        remedy = f"write {float(value)!r}" if np.ndim(value) == 0 else "convert it: x.astype(float)"
        return f"{shown} is not differentiated: integers and booleans have no derivative; {remedy}"
    return (
        f"a value of dtype {dtype} cannot be differentiated; give floats or complex numbers "
        "(ragged lists, strings and Python objects have no derivative)"
    )


def reject_nested(values: Any, where: str) -> None:
    """A list that contains a Variable would become an object array in NumPy: say what to do."""
    for x in values:
        if x.__class__ is Variable:
            raise TypeError(
                f"{where}: a list of Variables; join them with np.stack([...]) or np.concatenate"
            )
        if isinstance(x, (list, tuple)):
            reject_nested(x, where)


# The primitives need the class, and its operators and indexing the primitives: hence last.
from .dispatch import call_ufunc, functions, no_rule  # noqa: E402
from .operators import OPERATORS  # noqa: E402
from .primitives.indexing import getitem, setitem  # noqa: E402

for _name, _operator in OPERATORS.items():
    setattr(Variable, _name, _operator)
