"""Random programs: NumPy code that is differentiated, checked, and printed where it goes wrong.

    @given(programs())
    def test_gradient(program):
        check_grads(program, program.leaves)

A program is drawn as a list of *genes*, small integers that say which operation is applied to which
earlier results.  Every list of genes is a valid program: a gene whose operation does not fit what
it finds is passed over.  So Hypothesis can leave out genes as it likes, and its shrinker arrives at
the shortest program that still fails, printed as code to paste and run.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from ..entry import Entry, linearize
from ..replay import primals
from ..variable import Variable
from .anchored import Anchored
from .kinks import distance
from .operands import arrays
from .operations import ALL
from .templates import Operation, literal, names_in

__all__ = ["Program", "Step", "programs"]

# Which operation, on which operands, with which parameters.  Three integers and not more, because
# Hypothesis deletes an element of a list easily only where it is made of few choices.
Gene = tuple[int, int, int]

LARGEST = 64  # elements of a result
LOWEST, HIGHEST = 1e-3, 1e3  # magnitudes of a result
SHAPES: tuple[tuple[int, ...], ...] = (
    (), (2,), (3,), (2, 3), (2, 2), (3, 3), (1, 3), (3, 2), (1,), (4,), (2, 1), (2, 3, 2),
    (2, 2, 2), (1, 2, 3),
)  # fmt: skip
_TRIALS = 6  # how many choices of operands are tried for one gene
# A gene's operand as a place from the newest result back: recent ones more often than old ones.
_RECENT = (0, 1, 0, 2, 0, 1, 3, 0, 4, 1, 5, 2, 6, 3, 7, 8)


class Step(NamedTuple):
    """One line (or a few) of a program."""

    operation: Operation
    text: str  # the code, with ``{0}`` for the first operand and ``{out}`` for the result
    operands: tuple[int, ...]  # positions of the operands among the leaves and earlier steps


class Program:
    """A function of arrays as NumPy code: ``program(*program.leaves)``.

    leaves      the arrays that it was made with, its arguments
    source      code that runs by itself: the leaves, and the function ``f`` of them
    operations  names of the operations, in order
    steps       the operations with what they are applied to: positions among leaves and steps
    result      positions of what is added up in the end, each with: is it summed first?

    Called with Variables, it is recorded; :meth:`run` runs the same code with other modules in the
    place of NumPy.  Steps and leaves that the result does not depend on are left out.
    """

    def __init__(
        self, leaves: Sequence[Any], steps: Sequence[Step], result: Sequence[tuple[int, bool]]
    ) -> None:
        """``result``: positions of the results to add up; True: the sum of its elements."""
        kept = _needed(len(leaves), steps, [i for i, _ in result])
        place = {old: new for new, old in enumerate(kept)}
        n = len(leaves)
        self.leaves: list[Any] = [leaves[i] for i in kept if i < n]
        self.steps: list[Step] = [
            steps[i - n]._replace(operands=tuple(place[k] for k in steps[i - n].operands))
            for i in kept
            if i >= n
        ]
        self.result: list[tuple[int, bool]] = [(place[i], summed) for i, summed in result]
        self.operations: list[str] = [step.operation.name for step in self.steps]
        self.names: list[str] = [f"x{i}" for i in range(len(self.leaves))]
        names = [*self.names, *(f"v{i}" for i in range(len(self.steps)))]
        lines = [f"def f({', '.join(self.names)}):"]
        for step, out in zip(self.steps, names[len(self.leaves) :], strict=True):
            text = step.text.format(*(names[k] for k in step.operands), out=out)
            lines += [f"    {line}" for line in text.splitlines()]
        terms = [f"np.sum({names[i]})" if summed else names[i] for i, summed in self.result]
        self.code = "\n".join([*lines, f"    return {' + '.join(terms)}", ""])
        self._compiled = compile(self.code, "<program>", "exec")
        self._function: Callable[..., Any] | None = None

    @property
    def source(self) -> str:
        """Code that runs by itself, in a file of its own or pasted into a session."""
        imports = ["import numpy as np"]
        if "special." in self.code:
            imports.append(_import_of_special(self.code))
        values = [f"{n} = {literal(x)}" for n, x in zip(self.names, self.leaves, strict=True)]
        return "\n".join([*imports, "", *values, "", "", self.code])

    def __call__(self, *leaves: Any) -> Any:
        if self._function is None:
            self._function = self._bound(_modules(self.code))
        return self._function(*leaves)

    def run(self, namespace: Mapping[str, Any], *leaves: Any) -> Any:
        """The same code where ``np`` and ``special`` mean other modules: ``{"np": jax.numpy}``."""
        return self._bound(namespace)(*leaves)

    def _bound(self, namespace: Mapping[str, Any]) -> Callable[..., Any]:
        scope = dict(namespace)
        exec(self._compiled, scope)
        f: Callable[..., Any] = scope["f"]
        return f

    def record(self) -> Any:
        """The result on Variables named as in the source; ``program.record().tape`` is its tape."""
        leaves = zip(self.leaves, self.names, strict=True)
        return self(*(Variable(x, name=name) for x, name in leaves))

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                tape = str(self.record().tape)
        except Exception as error:
            tape = f"not recorded: {type(error).__name__}: {error}"
        return self.source + "\n" + "".join(f"# {line}\n" for line in tape.splitlines())


def _needed(n: int, steps: Sequence[Step], results: Sequence[int]) -> list[int]:
    """Positions of the leaves and steps that the results depend on, in order."""
    needed = set(results)
    for i in reversed(range(len(steps))):
        if n + i in needed:
            needed.update(steps[i].operands)
    return sorted(needed)


def _modules(code: str) -> dict[str, Any]:
    if "special." not in code:
        return {"np": np}
    from .. import special

    return {"np": np, "special": special}


def _import_of_special(code: str) -> str:
    """SciPy's own module, unless the code uses what SciPy writes in Python."""
    from ..special.common import scipy_special

    names = [name.split(".")[1] for name in names_in(code) if name.startswith("special.")]
    if all(isinstance(getattr(scipy_special, name, None), np.ufunc) for name in names):
        return "from scipy import special"
    return "from autograd_tape import special  # on plain arrays scipy.special is the same"


# -- from genes to a program ----------------------------------------------------------------------


class _Decoder:
    """Takes the steps that genes ask for, as far as they fit."""

    def __init__(
        self, leaves: Sequence[Any], *, is_complex: bool, margin: float, smooth: bool
    ) -> None:
        self.leaves = list(leaves)
        self.values: list[Any] = list(leaves)  # of the leaves and the steps, in order
        self.steps: list[Step] = []
        self.kinds = "fc" if is_complex else "f"
        self.margin = margin
        self.smooth = smooth

    def take(self, operation: Operation, places: Sequence[int], choices: Sequence[int]) -> bool:
        """Append the step, if it fits the chosen operands or, next to them, others."""
        for operands in islice(self._candidates(operation, places), _TRIALS):
            values = [self.values[i] for i in operands]
            text = operation.bind(choices, values)
            if text is None:
                continue
            value = self._try(operation, text, values)
            if value is not None:
                self.steps.append(Step(operation, text, operands))
                self.values.append(value)
                return True
        return False

    def _candidates(self, operation: Operation, places: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """Positions of operands that the operation accepts, the chosen ones first."""
        n = len(self.values)
        newest_first = range(n - 1, -1, -1)
        orders = []
        for place in places[: operation.arity]:
            first = _RECENT[place % len(_RECENT)] % n
            orders.append([newest_first[(first + k) % n] for k in range(n)])
        for operands in islice(product(*orders), 40):
            if operation.fits(*(self.values[i] for i in operands)):
                yield operands

    def _try(self, operation: Operation, text: str, values: Sequence[Any]) -> Any:
        """The plain value of the step; None where it should not be taken."""
        names = [f"a{i}" for i in range(len(values))]
        code = compile(text.format(*names, out="out"), "<step>", "exec")
        modules = _modules(text)
        try:
            with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
                warnings.simplefilter("error")
                scope = {**modules, **dict(zip(names, values, strict=True))}
                exec(code, scope)
                value = scope["out"]
        except Exception:  # what NumPy refuses or warns of is no step
            return None
        if not self._moderate(value):
            return None
        if self.smooth:
            if operation.kinks is not None and np.min(operation.kinks(*values)) <= self.margin:
                return None
            scope = {**modules, **{n: Variable(x) for n, x in zip(names, values, strict=True)}}
            if not self._is_smooth(code, scope):
                return None
        return value

    def _moderate(self, value: Any) -> bool:
        """Is it one array, of the right kind, and neither empty, nor large, nor extreme?"""
        dtype = getattr(value, "dtype", None)
        if dtype is None or dtype.kind not in self.kinds or not 0 < value.size <= LARGEST:
            return False
        return bool(LOWEST <= np.max(np.abs(value)) <= HIGHEST)  # False for NaN, too

    def _is_smooth(self, code: Any, scope: dict[str, Any]) -> bool:
        """Are all recorded calls of the step farther than the margin from their kinks?"""
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                exec(code, scope)
                order = linearize(scope["out"]._entry)
        except Exception:  # the engine's fault: the program is to show it
            return True
        values = primals(order)
        for entry in order:
            if entry.primitive is not None and entry.primitive.kinks is not None:
                args = [values[x] if x.__class__ is Entry else x for x in entry.inputs]
                if not distance(entry.primitive, args, entry.params) > self.margin:
                    return False
        return True

    def program(self) -> Program:
        """Of the steps taken: the last result, and added to it those that nothing else uses."""
        n = len(self.leaves)
        used = {i for step in self.steps for i in step.operands}
        *others, last = [i for i in range(n, len(self.values)) if i not in used] or [0]
        result = [(last, False)]
        shape = np.shape(self.values[last])
        for i in others:
            fits = _broadcast(shape, np.shape(self.values[i]))
            shape = shape if fits is None else fits
            result.append((i, fits is None))
        return Program(self.leaves, self.steps, result)


def _digits(number: int) -> tuple[int, ...]:
    """Three numbers below 16 out of one."""
    return number % 16, number // 16 % 16, number // 256


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """The common shape, if there is one that is not too large."""
    try:
        shape = np.broadcast_shapes(a, b)
    except ValueError:
        return None
    return shape if np.prod(shape) <= LARGEST else None


# -- the strategy ---------------------------------------------------------------------------------


def programs(
    depth: int = 8,
    leaves: tuple[int, int] = (1, 3),
    dtype: Any = np.float64,
    operations: Callable[[Operation], bool] | Sequence[Operation] = ALL,
    complex: bool = False,
    margin: float = 0.02,
    smooth: bool = True,
    anchored: bool = True,
) -> st.SearchStrategy[Program]:
    """Random programs of NumPy code; call one with its ``leaves``, or with Variables.

    depth       at most so many steps
    leaves      how many arguments, from and to
    dtype       of the arguments: float64, float32
    operations  a list of operations, or a filter of all: ``lambda op: not op.in_place``; an
                operation has a ``template``, the ``names`` of functions that it uses, ``in_place``
    complex     arguments are complex (of the dtype's width), and so may results be
    margin      no operand of a recorded call is nearer than this to a kink of its primitive
    smooth      False: kinks are not looked at, and steps may fall on them
    anchored    also operations that add a little of a node to a valid constant (see
                :mod:`autograd_tape.testing.anchored`): linear algebra, special functions

    The result is one array, or scalar, of any shape; real unless ``complex``.  Values are between
    1e-3 and 1e3 in magnitude, have at most 64 elements, and no step warns.
    """
    everything = [op for op in ALL if operations(op)] if callable(operations) else operations
    table = [
        op
        for op in everything
        if (complex or not op.is_complex) and (anchored or not isinstance(op, Anchored))
    ]
    if not table:
        raise ValueError("programs: no operation is left; loosen the filter")
    narrow = np.dtype(dtype).itemsize // (2 if np.dtype(dtype).kind == "c" else 1) < 8
    kind = np.dtype(("c8" if narrow else "c16") if complex else ("f4" if narrow else "f8"))
    leaf = arrays(st.sampled_from(SHAPES), dtype=kind, layouts=False, unique=True)
    gene = st.tuples(
        st.integers(0, len(table) - 1), st.integers(0, 16**2 - 1), st.integers(0, 16**3 - 1)
    )
    low, high = leaves
    options = {"is_complex": complex, "margin": margin, "smooth": smooth}
    values = st.lists(leaf, min_size=low, max_size=high)
    return _programs(table, st.lists(gene, max_size=depth), values, depth, options)


@st.composite
def _programs(
    draw: st.DrawFn,
    table: Sequence[Operation],
    genes: st.SearchStrategy[list[Gene]],
    leaves: st.SearchStrategy[list[Any]],
    depth: int,
    options: dict[str, Any],
) -> Program:
    # Two lists, because one has about depth / 2 elements on average.  Before the leaves, because
    # what is drawn first is what counts as simpler: better a simple operation than a zero.
    drawn = draw(genes) + draw(genes)
    decoder = _Decoder(draw(leaves), **options)
    for which, places, choices in drawn:
        if len(decoder.steps) == depth:
            break
        decoder.take(table[which], _digits(places), _digits(choices))
    return decoder.program()
