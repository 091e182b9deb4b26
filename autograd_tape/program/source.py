"""A graph as the text of a Python function.

One printer writes both texts of a program: the readable one, in expressions and with the names of
the user's own variables, and the one that runs, in which arrays are written into memory that is
there already (:mod:`.memory`).

Next to read: :mod:`.program`.
"""

from __future__ import annotations

import inspect
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from .constants import literal, name_of_function, shortest
from .memory import Memory
from .names import identifier
from .step import Draw, Graph, Guard, Increment, Method, Step, inputs_of
from .symbol import NUMBERS

__all__ = ["INFIX", "Printer", "Text", "place_text"]

# Python's precedences: the higher binds more tightly.
_ATOM, _POWER, _SIGN, _PRODUCT, _SUM, _SHIFT, _AND, _XOR, _OR, _COMPARE, _LOWEST = range(11, 0, -1)
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
    ("|", _OR, (np.bitwise_or, operator.or_)), ("<", _COMPARE, (np.less, operator.lt)),
    ("<=", _COMPARE, (np.less_equal, operator.le)), (">", _COMPARE, (np.greater, operator.gt)),
    (">=", _COMPARE, (np.greater_equal, operator.ge)), ("==", _COMPARE, (np.equal, operator.eq)),
    ("!=", _COMPARE, (np.not_equal, operator.ne)),
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
_WIDTH = 62  # columns of an expression that may become part of another
_NOTES = 56  # the column of notes


class Text:
    """What a printer wrote.

    text       of the function, with a newline at the end
    lines      for each line the step that it is due to, or None
    constants  arrays (and functions) that the text speaks of by name
    pieces     parts of the text that can be compiled one by one
    """

    def __init__(
        self, text: str, lines: list[Step | None], constants: dict[str, Any], pieces: list[str]
    ) -> None:
        self.text, self.lines, self.constants, self.pieces = text, lines, constants, pieces


class Printer:
    """Writes one graph.

    name      of the function
    memory    where arrays are to be written; None for the readable text
    """

    def __init__(self, graph: Graph, name: str, memory: Memory | None = None) -> None:
        self.graph, self.name, self.fast = graph, identifier(name), memory is not None
        self.memory = Memory(graph, reuse=False) if memory is None else memory
        self.uses = uses_of(graph)
        self.texts: dict[Step, tuple[str, int]] = {}  # how a step is spoken of: text, precedence
        self.taken = {"np", "math", "special", "array", "constants", "Changed", self.name}
        self.numbers: Counter[str] = Counter()  # how often a name was wished for
        self.constants: dict[str, Any] = {}
        self.by_id: dict[Any, str] = {}
        self.helpers: dict[str, Callable[..., Any]] = {}
        self.out: list[tuple[str, Step | None]] = []
        self.errstate: Any = None
        self.inlined = _inlined(graph, self.uses)
        if self.fast:  # what reads an array must be computed before that is written over
            self.inlined = {
                s for s in self.inlined
                if s.kind in NUMBERS and all(x.kind in NUMBERS for x in inputs_of(s))
            }  # fmt: skip

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
            text, own = self.constant(x), _ATOM
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
            return f"{start}:{stop}" + (f":{step}" if step else "")
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
            if f in INFIX and len(args) == 2 and not calls:
                symbol, level = INFIX[f]
                if symbol == "**":
                    return f"{self.operand(args[0], _ATOM)}**{self.operand(args[1], _SIGN)}", level
                left = level + (level == _COMPARE)
                x, y = args if self.fast else self._plain_numbers(args)
                return f"{self.operand(x, left)} {symbol} {self.operand(y, level + 1)}", level
            if f in _PREFIX and len(args) == 1 and not calls:
                return f"{_PREFIX[f]}{self.operand(args[0], _SIGN)}", _SIGN
            if f is operator.getitem:
                return f"{self.operand(args[0], _ATOM)}[{self.index(args[1])}]", _ATOM
            if f is np.square and not self.fast:
                return f"{self.operand(args[0], _ATOM)}**2", _POWER
            if f is operator.abs:
                return f"abs({self.operand(args[0])})", _ATOM
            if f is np.transpose or f is np.reshape:
                short = self._as_method(step)
                if short:
                    return short, _ATOM
        if f.__class__ is Draw:
            key = id(f.generator)
            if key not in self.by_id:
                self.by_id[key] = self.new_name("rng")
                self.constants[self.by_id[key]] = f.generator
            return f"{self.by_id[key]}.{f.name}({self.arguments(args, kwargs)})", _ATOM
        if f.__class__ is Method:
            target = self.operand(args[0], _ATOM)
            if f.attribute:
                return f"{target}.{f.name}", _ATOM
            return f"{target}.{f.name}({self.arguments(args[1:], kwargs)})", _ATOM
        plain = self._reduction(step)
        if plain:
            return plain, _ATOM
        if f is np.where and not self.fast:
            args = (args[0], *self._plain_numbers(args[1:])) if len(args) == 3 else args
        return f"{self.function(f)}({self.arguments(args, kwargs)})", _ATOM

    def _as_method(self, step: Step) -> str | None:
        """A transpose or reshape as the method of an array, which is called faster."""
        x, *rest = step.args
        if x.__class__ is Step and x.shape is None:  # a Python number
            return None
        if step.function is np.transpose and not rest:
            return f"{self.operand(x, _ATOM)}.T"
        if self.fast and len(rest) == 1 and rest[0] is not None:
            return f"{self.operand(x, _ATOM)}.{step.function.__name__}({self.operand(rest[0])})"
        return None

    def _plain_numbers(self, args: tuple[Any, ...]) -> Iterator[Any]:
        """Two operands, NumPy's scalars as Python's where the other one has their dtype."""
        for x, other in (args, args[::-1]):
            array = other.__class__ is Step and other.kind is np.ndarray
            number = isinstance(x, np.floating) or (x.__class__ is np.ndarray and not x.ndim)
            same = array and number and other.dtype == x.dtype and x.dtype.kind == "f"
            yield shortest(x[()]) if same and np.isfinite(x) else x

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

    # -- statements ----------------------------------------------------------------------------

    def line(self, text: str, step: Step | None = None, depth: int = 1) -> None:
        errstate = step.errstate if step is not None else None
        if errstate != self.errstate:
            self.errstate = errstate
            if errstate:
                options = ", ".join(f"{k}={v!r}" for k, v in errstate.items())
                self.out.append((f"    with np.errstate({options}):", step))
        self.out.append(("    " * (depth + bool(errstate)) + text, step))

    def write(self) -> Text:
        inputs = set(self.graph.inputs)
        for step in self.graph.inputs:
            name = self.name_for(step)
            self.texts[step] = (name, _ATOM)
        names = [self.texts[s][0] for s in self.graph.inputs]
        reverse = False
        for step in self.graph.steps:
            if step in inputs:
                continue
            if step.reverse and not reverse and not self.fast:
                self.out.append(("", None))
                reverse = True
            self.statement(step)
        self._return()
        return self._assemble(names)

    def statement(self, step: Step) -> None:
        if step.function.__class__ is Guard:
            self.line(self._guard(step), step)
            return
        if step.mutates:
            self._mutation(step)
        elif step in self.inlined:
            written = self.expression(step)
            if len(written[0]) <= _WIDTH:
                self.texts[step] = written
            else:
                self._assignment(step)
        else:
            self._assignment(step)
        if self.fast:
            names = [self.texts[x][0] for x in self.memory.dead_after(step) if x in self.texts]
            if names:
                self.line(f"del {', '.join(dict.fromkeys(names))}", step)

    def _assignment(self, step: Step) -> None:
        buffer = self.memory.place_of(step)
        if buffer is None:
            if self.fast and step.function.__class__ is np.ufunc and not step.kwargs:
                inside = self.arguments(_boxed(step), None)
                text = f"{self.function(step.function)}({inside})"
            else:
                text, _ = self.expression(step)
            name = self.name_for(step)
            self.line(f"{name} = {text}", step)
            self.texts[step] = (name, _ATOM)
            return
        if id(buffer) not in self.by_id:
            self.by_id[id(buffer)] = self.temporary("m")
            self.constants[self.by_id[id(buffer)]] = buffer
        name = self.by_id[id(buffer)]
        if step.view is not None:  # of memory that stays where it is: the same at each call
            self.texts[step] = (name, _ATOM)
            return
        self.line(self._into(step, name), step)
        self.texts[step] = (name, _ATOM)

    def _into(self, step: Step, name: str) -> str:
        """The call that writes the result of a step into the array of that name."""
        f = step.function
        if f is np.zeros:
            return f"{name}.fill(0)"
        if f.__class__ is Method:  # astype
            return f'{self.function(np.copyto)}({name}, {self.operand(step.args[0])}, "unsafe")'
        if f is np.reshape:  # of what cannot be seen in the other shape
            x = step.args[0]
            shaped = f"{name}.reshape({self.constant(x.shape)})"
            return f"{self.function(np.copyto)}({shaped}, {self.operand(x)})"
        extra = "".join(f", {k}={self.operand(x)}" for k, x in (step.kwargs or {}).items())
        if f.__class__ is not np.ufunc:
            return f"{self.function(f)}({self.arguments(step.args, None)}{extra}, out={name})"
        # (NumPy 2.4 wants the keyword for these two; without it a call is 40 ns faster.)
        to = f"out={name}" if f in (np.maximum, np.minimum) else name
        return f"{self.function(f)}({self.arguments(_boxed(step), None)}, {to}{extra})"

    def _mutation(self, step: Step) -> None:
        target, *rest = step.args
        if step in self.memory.over:
            name = self.texts[target][0]
        else:
            name = self.name_for(step)
            self.line(f"{name} = np.array({self.operand(target)})", step)
        self.texts[step] = (name, _ATOM)
        if step.function is operator.setitem:
            index, new = rest
            self.line(f"{name}[{self.index(index)}] = {self.operand(new)}", step)
        elif step.function.__class__ is Increment:
            self._add_in_place(step, name)
        else:
            inside = self.arguments(tuple(rest), step.kwargs)
            self.line(f"{self.function(step.function)}({name}, {inside})", step)

    def _add_in_place(self, step: Step, name: str) -> None:
        increment, (_, index, c) = step.function, step.args
        whole = f"{name}[{self.index(index)}]"
        if not self.fast or not increment.view:
            self.line(f"{whole} {INFIX[increment.ufunc][0]}= {self.operand(c)}", step)
            return
        # (Python's += writes the sum into the view, and then the view to where it is.)
        part = self.memory.parts.get(step)
        if part is None:
            view = self.temporary()
            self.line(f"{view} = {whole}", step)
        elif id(part) in self.by_id:
            view = self.by_id[id(part)]
        else:
            view = self.by_id[id(part)] = self.temporary("m")
            self.constants[view] = part
        self.line(f"{self.function(increment.ufunc)}({view}, {self.operand(c)}, {view})", step)

    def _guard(self, step: Step) -> str:
        x, seen = step.args
        ask, text = step.function.ask, self.operand(x, _COMPARE + 1)
        if ask is bool:
            text = self.operand(x)
            wrong = f"not {text}" if seen else text
        elif ask is type:
            wrong = f"type({text}) is not {seen.__name__}"
        elif ask is np.shape:
            wrong = f"{self.operand(x, _ATOM)}.shape != {seen}"
        elif ask is np.asarray:
            options = ", equal_nan=True" if seen.dtype.kind in "fc" else ""
            wrong = f"not np.array_equal({text}, {self.constant(seen)}{options})"
        elif isinstance(seen, float) and math.isnan(seen):
            wrong = f"{text} == {text}"
        else:
            asked = text if ask in (float, complex) else f"int({text})"
            wrong = f"{asked} != {self.constant(seen)}"
        if self.fast:
            return f"if {wrong}: raise Changed"
        return f'if {wrong}:\n        raise ValueError("recorded for another case")'

    def _return(self) -> None:
        results = [*self.graph.outputs, *(x for x in self.graph.state if x is not None)]
        parts = [self.operand(x) for x in results]
        for i, x in enumerate(results):
            written_out = x.__class__ is not Step and parts[i] not in self.constants
            if self.memory.must_copy(x, i) and not written_out:
                parts[i] = f"np.array({parts[i]})"
        inside = ", ".join(parts)
        self.errstate = None
        self.line(f"return {inside}{',' * (len(parts) == 1)}")

    def _assemble(self, inputs: list[str]) -> Text:
        if self.fast:
            self.constants |= self.helpers
            pieces = in_pieces(self.name, inputs, [t for t, _ in self.out], set(self.constants))
            return Text("\n".join(pieces), [], self.constants, pieces)
        lines: list[tuple[str, Step | None]] = [(t, None) for t in self._head(inputs)]
        lines += self._with_places()
        text = "\n".join(t.rstrip() for t, _ in lines) + "\n"
        return Text(text, [step for _, step in lines], self.constants, [text])

    def _head(self, inputs: list[str]) -> list[str]:
        body = "\n".join(t for t, _ in self.out)
        head = ["import math"] * ("math." in body) + ["import numpy as np"]
        head += ["from scipy import special"] * ("special." in body)
        for f in self.helpers.values():
            plain = re.sub(": Any| -> Any", "", inspect.getsource(f))
            head += ["", "", *plain.rstrip().split("\n")]
        keywords = ["*", *self.constants] if self.constants else []
        return [*head, "", "", f"def {self.name}({', '.join([*inputs, *keywords])}):"]

    def _with_places(self) -> Iterator[tuple[str, Step | None]]:
        """Each line, and at the first that is due to a line of the user's: which."""
        place = None
        for text, step in self.out:
            first, *more = text.split("\n")
            if step is not None and step.place not in (None, place):
                place = step.place
                first = f"{first:<{_NOTES}}  # {place_text(place)}"
            yield first, step
            for line in more:
                yield line, step


def _is_transposed(x: Any, of: Any) -> bool:
    if x.__class__ is not np.ndarray or of.ndim < 2 or x.shape != of.shape[::-1]:
        return False
    return bool(x.strides == of.strides[::-1] and x.ctypes.data == of.ctypes.data)


_ONE_DTYPE = {
    np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.less,
    np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.logaddexp, np.remainder,
}  # fmt: skip


def _boxed(step: Step) -> tuple[Any, ...]:
    """The operands of a ufunc, numbers as arrays of no dimensions, which NumPy takes up thrice as
    fast.  A Python number takes the dtype of the other operand, as it does in an operation.
    """
    args = step.args
    if step.function not in _ONE_DTYPE:
        return args
    boxed = []
    for x, other in (args, args[::-1]):
        if x.__class__ in (int, float) and other.__class__ is Step and other.kind is np.ndarray:
            if other.dtype.kind == "f":
                x = np.array(x, other.dtype)
        elif isinstance(x, np.generic):
            x = np.array(x)
        boxed.append(x)
    return tuple(boxed)


_PIECE = 500  # lines; CPython needs some 4 kB for each while it compiles


def in_pieces(name: str, inputs: list[str], lines: list[str], constants: set[str]) -> list[str]:
    """The function, cut into several that hand on what is alive: compiling a long one takes much
    memory at once.  A list hands it on, which is emptied, so that nothing lives longer by it.
    """
    words = [set(re.findall(r"[A-Za-z_]\w*", line)) for line in lines]
    starts = [0]
    for i, line in enumerate(lines):
        outside = line.startswith("    ") and line[4:5] != " " and not lines[i - 1].endswith(":")
        if outside and i - starts[-1] >= _PIECE and len(lines) - i > _PIECE // 4:
            starts.append(i)
    last = {word: i for i, found in enumerate(words) for word in found}
    alive, pieces = dict.fromkeys(inputs), []
    for k, start in enumerate(starts):
        end = starts[k + 1] if k + 1 < len(starts) else len(lines)
        used = sorted(constants & set().union(*words[start:end]))
        taken = [n for n in alive if last.get(n, -1) >= start]
        if len(starts) == 1:
            body = [f"def {name}({', '.join(inputs)}):"]
        else:
            body = [f"def {name}_{k + 1}(live):"]
            body += [f"    {', '.join(taken)}, = live", "    live.clear()"] if taken else []
        if used:  # locals are faster to look up
            body.append(f"    {', '.join(used)}, = constants[{k}]")
        body += lines[start:end]
        for line in lines[start:end]:
            made = re.match(r"\s+(\w+) = ", line)
            if made:
                alive[made[1]] = None
        if end < len(lines):
            alive = {n: None for n in alive if last.get(n, -1) >= end}
            body.append(f"    return [{', '.join(alive)}]")
        pieces.append("\n".join(body) + "\n")
    if len(starts) > 1:
        given = ", ".join(inputs)
        calls = [f"    live = {name}_{k + 1}(live)" for k in range(1, len(starts) - 1)]
        whole = [f"def {name}({given}):", f"    live = {name}_1([{given}])", *calls]
        pieces.append("\n".join([*whole, f"    return {name}_{len(starts)}(live)", ""]))
    return pieces


def place_text(place: Any) -> str:
    """``net.py:12``"""
    from ..source import Place

    code, line = place
    return Place(code.co_filename, line).brief


def uses_of(graph: Graph) -> Counter[Step]:
    """How often each step is read, by steps and as a result."""
    read = chain.from_iterable(map(inputs_of, graph.steps))
    results = (x for x in (*graph.outputs, *graph.state) if x.__class__ is Step)
    return Counter(chain(read, results))


def _inlined(graph: Graph, uses: Counter[Step]) -> set[Step]:
    """Steps that are written as part of the only expression that reads them."""
    found = set()
    reader: dict[Step, Step] = {}
    for step in graph.steps:
        for x in inputs_of(step):
            reader[x] = step
    results = {x for x in (*graph.outputs, *graph.state) if x.__class__ is Step}
    for step in graph.steps:
        if step.function is None or step.mutates or step.function.__class__ is Guard:
            continue
        by = reader.get(step)
        if uses[step] != 1 or by is None or step in results or step.name or step.errstate:
            continue
        if by.mutates and by.args[0] is step:
            continue
        if step.adjoint is not None and step.adjoint.name:
            continue
        if step.kind not in NUMBERS and step.kind is tuple:
            continue
        found.add(step)
    return found
