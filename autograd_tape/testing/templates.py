"""An operation of a random program: a line of NumPy code with places for operands and parameters.

``Operation("np.sum({0}, axis={axis})")`` is code for one step: ``{0}``, ``{1}`` stand for operands,
``{out}`` for the name of the result where one line is not enough, any other name for a parameter,
whose text is chosen by a small integer among those that suit the operands.

Next to read: :mod:`autograd_tape.testing.operations`, the table.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["Operation", "literal", "names_in", "operations_of"]

Parameter = Callable[[int, tuple[Any, ...]], "str | None"]  # None: does not suit the operands

_FIELD = re.compile(r"\{(\w+)\}")
_NAME = re.compile(r"\b(?:np|special)(?:\.[A-Za-z_]\w*)+")
_ASSIGNMENT = re.compile(r"^\s*\{out\}\[.*\] *\S?=|\.at\(|put_along_axis|fill_diagonal|\.sort\(",
                         re.MULTILINE)  # fmt: skip


class Operation:
    """A step that a random program may take.

    template    the code; an expression, or statements (``; `` between them) that assign ``{out}``
    guard       ``guard(*operands)``: do these plain values suit?  (What NumPy itself refuses, or
                warns of, need not be named.)
    kinks       distance of the operands from where the code is not smooth, as far as the recorded
                primitives do not know it: the condition of an ``np.where``
    is_complex  needs or gives complex values, so it has no place in a real program
    parameters  for each name in the template that is not a common one (``axis``, ``keepdims``,
                ``index``, ...) the texts to choose from, or a function that gives the text:
                ``parameter(choice, operands)``

    >>> op = Operation("np.sum({0}, axis={axis})")
    >>> op.code(["x0"], "v0", [1], [np.ones((2, 3))])
    'v0 = np.sum(x0, axis=1)'
    """

    def __init__(
        self,
        template: str,
        *,
        guard: Callable[..., bool] | None = None,
        kinks: Callable[..., Any] | None = None,
        is_complex: bool = False,
        **parameters: Sequence[str] | Parameter,
    ) -> None:
        self.template = template.replace("; ", "\n")
        self.guard = guard
        self.kinks = kinks
        self.is_complex = is_complex
        fields = list(dict.fromkeys(_FIELD.findall(template)))
        self.arity = 1 + max(int(name) for name in fields if name.isdigit())
        self.parameters = {
            name: _parameter(parameters[name] if name in parameters else PARAMETERS[name])
            for name in fields
            if not name.isdigit() and name != "out"
        }

    @property
    def name(self) -> str:
        """What statistics and filters call it: the template on one line."""
        return "; ".join(self.template.splitlines())

    @property
    def names(self) -> tuple[str, ...]:
        """The functions that the code uses, by their full names: ``np.linalg.inv``."""
        return names_in(self.template)

    @property
    def in_place(self) -> bool:
        """Whether the code writes into an array (its own copy), which JAX's arrays refuse."""
        return _ASSIGNMENT.search(self.template) is not None

    def fits(self, *operands: Any) -> bool:
        """Whether the operands' shapes and values suit, as far as is known before it is tried."""
        return self.guard is None or bool(self.guard(*operands))

    def bind(self, choices: Sequence[int], operands: Sequence[Any]) -> str | None:
        """The template with its parameters filled in; None where one does not suit."""
        text = self.template
        for i, (name, parameter) in enumerate(self.parameters.items()):
            chosen = parameter(choices[i % len(choices)], tuple(operands))
            if chosen is None:
                return None
            text = text.replace("{" + name + "}", chosen)
        return text if "{out}" in text else "{out} = " + text

    def code(
        self, names: Sequence[str], out: str, choices: Sequence[int], operands: Sequence[Any]
    ) -> str | None:
        """Code that computes ``out`` from the variables ``names``; None where it does not suit."""
        text = self.bind(choices, operands)
        return None if text is None else text.format(*names, out=out)

    def __repr__(self) -> str:
        return f"Operation({self.template!r})"


def operations_of(table: str, **options: Any) -> list[Operation]:
    """One operation for each line of ``table``, all with the same options."""
    lines = (line.strip() for line in table.strip().splitlines())
    return [Operation(line, **options) for line in lines if line and not line.startswith("#")]


def names_in(code: str) -> tuple[str, ...]:
    """The functions of ``np`` and ``special`` that code names, in order."""
    return tuple(dict.fromkeys(_NAME.findall(code)))


def literal(array: Any) -> str:
    """Code for an array, in the fewest digits: ``np.array([0.5, 1.0], np.float32)``."""
    array = np.asarray(array)
    usual = {"f": np.dtype(np.float64), "c": np.dtype(np.complex128)}.get(array.dtype.kind)
    kind = "" if array.dtype == usual or usual is None else f", np.{array.dtype.name}"
    if not array.size and array.ndim > 1:
        return f"np.zeros({array.shape}{kind})"
    return f"np.array({_nested(array)}{kind})"


def _nested(array: Any) -> str:
    if array.ndim:
        return f"[{', '.join(_nested(row) for row in array)}]"
    x = array[()]
    if array.dtype.kind == "c":
        return f"{_float(x.real)}{'' if _float(x.imag).startswith('-') else '+'}{_float(x.imag)}j"
    return _float(x) if array.dtype.kind == "f" else str(x)


def _float(x: Any) -> str:
    return np.format_float_positional(x, trim="0")


# -- parameters that many operations have ---------------------------------------------------------


def _parameter(given: Sequence[str] | Parameter) -> Parameter:
    return given if callable(given) else _one_of(tuple(given))


def _one_of(texts: tuple[str, ...]) -> Parameter:
    return lambda choice, operands: texts[choice % len(texts)]


def axis(choice: int, operands: tuple[Any, ...]) -> str | None:
    """An axis of the first operand, counted from either end."""
    n = np.ndim(operands[0])
    return str([*range(n), *range(-n, 0)][choice % (2 * n)]) if n else None


def axes(choice: int, operands: tuple[Any, ...]) -> str:
    """None, one axis, or two."""
    n = np.ndim(operands[0])
    pairs = list(itertools.permutations([*range(n - 1), -1], 2)) if n > 1 else []
    return str([None, *range(n), *range(-n, 0), *pairs][choice % (1 + 2 * n + len(pairs))])


def axis_pair(choice: int, operands: tuple[Any, ...]) -> str | None:
    """Two different axes, as ``0, 1``."""
    pairs = list(itertools.permutations(range(np.ndim(operands[0])), 2))
    return str(pairs[choice % len(pairs)])[1:-1] if pairs else None


def permutation(choice: int, operands: tuple[Any, ...]) -> str:
    n = np.ndim(operands[0])
    orders = list(itertools.permutations(range(n)))[::-1]
    return str(orders[choice % len(orders)])


def shape(choice: int, operands: tuple[Any, ...]) -> str:
    """Another shape of the same size."""
    n = np.size(operands[0])
    pairs = [(d, n // d) for d in range(2, n) if n % d == 0]
    shapes = ["-1", f"({n}, 1)", "(1, -1)", *map(str, pairs), f"(1, {n}, 1)"]
    return shapes[choice % len(shapes)]


def wider(choice: int, operands: tuple[Any, ...]) -> str:
    """A shape to which the first operand broadcasts."""
    given = np.shape(operands[0])
    stretched = tuple(3 if n == 1 else n for n in given)
    shapes = [(2, *given), stretched, (1, *given), (2, 1, *given)]
    return str(shapes[choice % len(shapes)])


def index(choice: int, operands: tuple[Any, ...]) -> str:
    """What stands in brackets: basic, integer-array, boolean and mixed indices."""
    given = np.shape(operands[0])
    texts = list(_INDICES[min(len(given), 3)])
    if given:
        mask = [i != 1 for i in range(given[0])]
        texts.append(f"np.array({mask})")
    if len(given) > 1:
        mask = [i != 0 for i in range(given[-1])]
        texts.append(f"..., np.array({mask})")
    return texts[choice % len(texts)]


_INDICES: tuple[tuple[str, ...], ...] = (
    ("...", "None", "(None, ..., None)", "()"),
    ("1:", "0", "::-1", "-1", ":-1", "np.array([0, 0, -1])", "None", "::2", "-1:0:-1", ":, None",
     "np.array([[0], [-1]])", "..., None", "::-2", "..., -1", "np.array([-1, 0, 1, 0])"),
    ("1:", "0", "::-1", ":, 0", "-1", ":, 1:", "np.array([0, 0, -1])", "..., ::-1", "0, 1:",
     "1:, ::-1", "np.array([0, 0, -1]), np.array([0, -1, 0])", ":, np.array([-1, 0, -1])",
     "None", ":, None", "..., 0", "::-1, ::2", "np.array([[0], [-1]]), np.array([0, 0, 1])",
     "0, np.array([0, 0])", "1:, None, np.array([0, 0])", "np.array([0, -1]), ..., None"),
    ("0", "..., 0", "::-1", ":, 0", ":, 1:, ::-1", "np.array([0, 0])", ":, np.array([0, 0, -1])",
     "np.array([0, 0]), :, np.array([0, -1])", "..., np.array([0, 0]), :", "0, ..., None",
     ":, np.array([0, -1]), np.array([0, 0])", "-1, :, np.array([0, 0])", "..., ::-2", "1:, -1"),
)  # fmt: skip

PARAMETERS: dict[str, Sequence[str] | Parameter] = {
    "axis": axis,
    "axes": axes,
    "axis_pair": axis_pair,
    "permutation": permutation,
    "shape": shape,
    "wider": wider,
    "index": index,
    "keepdims": ("False", "True"),
    "n": ("1", "2", "3"),
    "k": ("0", "1", "-1"),
    "shift": ("1", "-1", "2"),
    "number": ("2.0", "0.5", "-1.5", "0.3"),
    "fraction": ("0.5", "0.3", "0.75"),
}
