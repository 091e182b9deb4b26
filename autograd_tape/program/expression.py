"""Steps as Python expressions: names, constants, operators and calls.

Next to read: :mod:`.source`.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .constants import literal, name_of_function, shortest
from .names import identifier
from .step import Draw, Graph, Method, Step

__all__ = ["ATOM", "COMPARE", "INFIX", "Expressions", "boxed"]

# Python's precedences: the higher binds more tightly.
ATOM, _POWER, _SIGN, _PRODUCT, _SUM, _SHIFT, _AND, _XOR, _OR, COMPARE, _LOWEST = range(11, 0, -1)
INFIX: dict[Any, tuple[str, int]] = {}
for _symbol, _level, _functions in [
    ("+", _SUM, (np.add, operator.add)), ("-", _SUM, (np.subtract, operator.sub)),
    ("*", _PRODUCT, (np.multiply, operator.mul)),
    ("/", _PRODUCT, (np.divide, operator.truediv)),
    ("//", _PRODUCT, (np.floor_divide, operator.floordiv)),
    ("%", _PRODUCT, (np.remainder, operator.mod)),
    ("@", _PRODUCT, (np.matmul, operator.matmul)), ("**", _POWER, (operator.pow,)),
    ("<<", _SHIFT, (np.left_shift, operator.lshift)),
    (">>", _SHIFT, (np.right_shift, operator.rshift)),
    ("&", _AND, (np.bitwise_and, operator.and_)), ("^", _XOR, (np.bitwise_xor, operator.xor)),
    ("|", _OR, (np.bitwise_or, operator.or_)), ("<", COMPARE, (np.less, operator.lt)),
    ("<=", COMPARE, (np.less_equal, operator.le)), (">", COMPARE, (np.greater, operator.gt)),
    (">=", COMPARE, (np.greater_equal, operator.ge)), ("==", COMPARE, (np.equal, operator.eq)),
    ("!=", COMPARE, (np.not_equal, operator.ne)),
]:  # fmt: skip
    for _function in _functions:
        INFIX[_function] = (_symbol, _level)
_PREFIX = {
    np.negative: "-", operator.neg: "-", np.positive: "+", operator.pos: "+",
    np.invert: "~", operator.invert: "~",
}  # fmt: skip
_SUMS: dict[Any, str] = {
    np.add.reduce: "sum", np.maximum.reduce: "max", np.minimum.reduce: "min", np.sum: "sum",
    np.mean: "mean", np.max: "max", np.min: "min", np.multiply.reduce: "prod",
    np.logical_and.reduce: "all", np.logical_or.reduce: "any",
}  # fmt: skip


class Expressions:
    """How each step of one graph is spoken of.

    name  of the function that is written
    fast  write what runs; else what is read
    """

    def __init__(self, graph: Graph, name: str, fast: bool) -> None:
        self.graph, self.name, self.fast = graph, identifier(name), fast
        self.texts: dict[Step, tuple[str, int]] = {}  # how a step is spoken of: text, precedence
        self.taken = {"np", "math", "special", "array", "constants", "Changed", self.name}
        self.numbers: Counter[str] = Counter()  # how often a name was wished for
        self.constants: dict[str, Any] = {}
        self.by_id: dict[Any, str] = {}
        self.helpers: dict[str, Callable[..., Any]] = {}

    # -- names ---------------------------------------------------------------------------------

    def new_name(self, wish: str) -> str:
        name = wish = identifier(wish)
        while name in self.taken:
            self.numbers[wish] += 1
            name = f"{wish}{'_' if wish[-1].isdigit() else ''}{self.numbers[wish]}"
        self.taken.add(name)
        return name

    def temporary(self, letter: str = "t") -> str:
        """``t1``, ``t2``, ..."""
        self.taken.add(letter)
        name = self.new_name(letter)
        if self.numbers[letter] == 1:
            self.taken.discard(letter)
        return name

    def name_for(self, step: Step) -> str:
        of = step.adjoint
        if step.name is not None:
            return self.new_name(step.name)
        if of is not None and of.name is not None and of in self.texts:
            return self.new_name(f"d{self.texts[of][0]}")
        return self.temporary()

    # -- operands ------------------------------------------------------------------------------

    def operand(self, x: Any, level: int = 0) -> str:
        """``x`` as the operand of something that binds at ``level``."""
        if x.__class__ is Step:
            text, own = self.texts[x]
        else:
            text, own = self.constant(x), ATOM
            if text.startswith("-") and level > _SUM:
                own = _SIGN
        return f"({text})" if own < level else text

    def constant(self, x: Any) -> str:
        kind = x.__class__
        if self.fast and (isinstance(x, np.generic) or (kind is np.ndarray and not x.ndim)):
            key = (kind, x.dtype, x.tobytes())
            if key not in self.by_id:
                self.by_id[key] = self.temporary("c")
                self.constants[self.by_id[key]] = x
            return self.by_id[key]
        if kind is tuple:
            inside = ", ".join(self.operand(y) for y in x)
            return f"({inside},)" if len(x) == 1 else f"({inside})"
        if kind is list:
            return f"[{', '.join(self.operand(y) for y in x)}]"
        if kind is dict:
            return f"{{{', '.join(f'{k!r}: {self.operand(v)}' for k, v in x.items())}}}"
        if kind is slice:
            return f"slice({self.operand(x.start)}, {self.operand(x.stop)}, {self.operand(x.step)})"
        text = literal(x, small=not self.fast)
        if text is not None:
            return text
        known = self.by_id.get(id(x))
        if known is None:
            name, transposed = self._known(x)
            if transposed is not None and not self.fast:
                return f"{self.constant(transposed)}.T"
            known = self.by_id[id(x)] = self.new_name(name) if name else self.temporary("c")
            self.constants[known] = x
        return known

    def _known(self, x: Any) -> tuple[str | None, Any]:
        """(the user's name of the array; else None, and an array of his that it transposes)"""
        for name, y in self.graph.names:
            if y is x:
                return name, None
            if _is_transposed(x, y):
                return None, y
        return None, None

    def index(self, i: Any) -> str:
        if i.__class__ is tuple and i:
            inside = ", ".join(self._index_part(y) for y in i)
            return f"{inside}," if len(i) == 1 else inside
        return self._index_part(i)

    def _index_part(self, i: Any) -> str:
        if i.__class__ is slice:
            start, stop, step = (
                "" if x is None else self.operand(x) for x in (i.start, i.stop, i.step)
            )
            return f"{start}:{stop}" + (f":{step}" if step not in ("", "1") else "")
        return "..." if i is Ellipsis else self.operand(i)

    def function(self, f: Any) -> str:
        text = name_of_function(f)
        if text is None:
            text = f.__name__
            self.helpers[text] = f
        if self.fast and "." in text:
            short = text.replace(".", "_")
            self.constants[short] = f
            self.taken.add(short)
            return short
        return text

    # -- expressions ---------------------------------------------------------------------------

    def expression(self, step: Step) -> tuple[str, int]:
        f, args, kwargs = step.function, step.args, step.kwargs
        if not kwargs:
            calls = self.fast and step.kind is np.ndarray and f.__class__ is np.ufunc
            if not self.fast and _is_square(step):
                return f"{self.operand(args[0], ATOM)}**2", _POWER
            if f in INFIX and len(args) == 2 and not calls:
                symbol, level = INFIX[f]
                if symbol == "**":
                    return f"{self.operand(args[0], ATOM)}**{self.operand(args[1], _SIGN)}", level
                left = level + (level == COMPARE)
                x, y = args if self.fast else self._plain_numbers(args)
                return f"{self.operand(x, left)} {symbol} {self.operand(y, level + 1)}", level
            if f in _PREFIX and len(args) == 1 and not calls:
                return f"{_PREFIX[f]}{self.operand(args[0], _SIGN)}", _SIGN
            if f is operator.getitem:
                return f"{self.operand(args[0], ATOM)}[{self.index(args[1])}]", ATOM
            if f is operator.abs:
                return f"abs({self.operand(args[0])})", ATOM
            if f is np.transpose or f is np.reshape:
                short = self._as_method(step)
                if short:
                    return short, ATOM
        if f.__class__ is Draw:
            key = id(f.generator)
            if key not in self.by_id:
                self.by_id[key] = self.new_name("rng")
                self.constants[self.by_id[key]] = f.generator
            return f"{self.by_id[key]}.{f.name}({self.arguments(args, kwargs)})", ATOM
        if f.__class__ is Method:
            target = self.operand(args[0], ATOM)
            if f.attribute:
                return f"{target}.{f.name}", ATOM
            return f"{target}.{f.name}({self.arguments(args[1:], kwargs)})", ATOM
        plain = self._reduction(step)
        if plain:
            return plain, ATOM
        if f is np.where and not self.fast:
            args = (args[0], *self._plain_numbers(args[1:])) if len(args) == 3 else args
        return f"{self.function(f)}({self.arguments(args, kwargs)})", ATOM

    def _as_method(self, step: Step) -> str | None:
        """A transpose or reshape as the method of an array, which is called faster."""
        x, *rest = step.args
        if x.__class__ is Step and x.shape is None:  # a Python number
            return None
        if step.function is np.transpose and not rest:
            return f"{self.operand(x, ATOM)}.T"
        if self.fast and len(rest) == 1 and rest[0] is not None:
            return f"{self.operand(x, ATOM)}.{step.function.__name__}({self.operand(rest[0])})"
        return None

    def _plain_numbers(self, args: tuple[Any, ...]) -> Iterator[Any]:
        """Two operands, NumPy's scalars as Python's where the other one has their dtype."""
        for x, other in (args, args[::-1]):
            array = other.__class__ is Step and other.kind is np.ndarray
            number = isinstance(x, np.floating) or (x.__class__ is np.ndarray and not x.ndim)
            same = array and number and other.dtype == x.dtype and x.dtype.kind == "f"
            if same and np.isfinite(x):
                x = shortest(x[()])
                x = int(x) if x.is_integer() and 0 < abs(x) < 1000 else x
            yield x

    def _reduction(self, step: Step) -> str | None:
        """``np.add.reduce`` as one writes it: ``np.sum``, which calls it."""
        f, args = step.function, step.args
        name = _SUMS.get(f)
        if self.fast or name is None or len(args) > 2:
            return None
        kwargs = dict(step.kwargs or {})
        default = None if f in (np.sum, np.mean, np.max, np.min) else 0
        axis = args[1] if len(args) == 2 else kwargs.pop("axis", default)
        if set(kwargs) - {"keepdims", "initial", "dtype", "where"}:
            return None
        if axis.__class__ is tuple and len(axis) == 1:
            axis = axis[0]
        if kwargs.get("keepdims", False) is False:
            kwargs.pop("keepdims", None)
        if axis is not None:
            kwargs = {"axis": axis} | kwargs
        return f"np.{name}({self.arguments((args[0],), kwargs)})"

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> str:
        parts = [self.operand(x) for x in args]
        parts += [f"{key}={self.operand(x)}" for key, x in (kwargs or {}).items()]
        return ", ".join(parts)


def _is_square(step: Step) -> bool:
    """Is it ``x**2``, or ``x * x`` where that is the same to the last bit?"""
    f, args = step.function, step.args
    return f is np.square or (
        f is np.multiply
        and args[0] is args[1]
        and step.kind is np.ndarray
        and step.dtype.kind == "f"
    )


def _is_transposed(x: Any, of: Any) -> bool:
    if x.__class__ is not np.ndarray or of.ndim < 2 or x.shape != of.shape[::-1]:
        return False
    return bool(x.strides == of.strides[::-1] and x.ctypes.data == of.ctypes.data)


_ONE_DTYPE = {
    np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.less,
    np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.logaddexp, np.remainder,
}  # fmt: skip


def boxed(step: Step) -> tuple[Any, ...]:
    """The operands of a ufunc, numbers as arrays of no dimensions, which NumPy takes up thrice as
    fast.  A Python number takes the dtype of the other operand, as it does in an operation.
    """
    args = step.args
    if step.function not in _ONE_DTYPE:
        return args
    found = []
    for x, other in (args, args[::-1]):
        if x.__class__ in (int, float) and other.__class__ is Step and other.kind is np.ndarray:
            if other.dtype.kind == "f":
                x = np.array(x, other.dtype)
        elif isinstance(x, np.generic):
            x = np.array(x)
        found.append(x)
    return tuple(found)
