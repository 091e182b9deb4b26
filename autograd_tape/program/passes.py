"""Passes: what makes a graph shorter without changing a result by a bit.

Each is a function of a graph that gives another.  :data:`EXACT` is the order in which they run,
:data:`ALL` has :func:`algebra` too, which changes roundings.  Passes that look at one step at a
time share one walk over the graph (:func:`apply`).

Next to read: :mod:`.joins`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .constants import uniform
from .joins import joins
from .recording import laid_out
from .step import Draw, Graph, Guard, Increment, Method, Step, inputs_of, mapped
from .symbol import same_index

__all__ = [
    "ALL", "EXACT", "Rewriting", "algebra", "apply", "common", "constants", "dead", "increments",
    "joins", "ufuncs", "views",
]  # fmt: skip

Pass = Callable[[Graph], Graph]
Rewrite = Callable[[Step], Any]


class Rewriting:
    """A pass that looks at one step at a time: ``start()`` gives a function that returns the step
    as it is to be, or what stands in its place (an earlier step, or a constant).
    """

    def __init__(self, start: Callable[[], Rewrite]) -> None:
        self.start, self.__name__, self.__doc__ = start, start.__name__, start.__doc__

    def __call__(self, graph: Graph) -> Graph:
        return rewritten(graph, [self.start()])


def apply(graph: Graph, passes: Iterable[Pass]) -> Graph:
    """The graph after the passes in turn; neighbours that are :class:`Rewriting` walk together."""
    walking: list[Rewrite] = []
    for one in passes:
        if isinstance(one, Rewriting):
            walking.append(one.start())
            continue
        if walking:
            graph, walking = rewritten(graph, walking), []
        graph = one(graph)
    return rewritten(graph, walking) if walking else graph


def rewritten(graph: Graph, rewrites: Sequence[Rewrite]) -> Graph:
    """The graph with what ``rewrites`` make of each step, one after the other, until one puts
    something else in its place.  Steps come in order; their operands are replaced before they are.
    """
    new: dict[Step, Any] = {}

    def read(x: Any) -> Any:
        return new.get(x, x) if x.__class__ is Step else x

    steps = []
    for step in graph.steps:
        if step.function is None:
            steps.append(step)
            continue
        if new:
            if not new.keys().isdisjoint(inputs_of(step)):
                step.args = mapped(read, step.args)
                step.kwargs = mapped(read, step.kwargs) if step.kwargs else None
            if step.view in new:
                step.view = _step(new[step.view])
            if step.adjoint in new:
                step.adjoint = _step(new[step.adjoint])
        for rewrite in rewrites:
            other = rewrite(step)
            if other is not step:
                new[step] = other
                if other.__class__ is Step and other.function is not None:
                    other.name = other.name or step.name
                    other.adjoint = other.adjoint or step.adjoint
                break
        else:
            steps.append(step)
    return Graph(
        graph.inputs, steps, [read(x) for x in graph.outputs], [read(x) for x in graph.state],
        graph.names,
    )  # fmt: skip


def _step(x: Any) -> Step | None:
    return x if x.__class__ is Step else None


def dead(graph: Graph) -> Graph:
    """Without the steps that no result and no guard needs."""
    needed = graph.returned
    steps = []
    for step in reversed(graph.steps):
        f = step.function
        if step in needed or f is None or f.__class__ is Guard or f.__class__ is Draw:
            needed.update(inputs_of(step))
            steps.append(step)
    return Graph(graph.inputs, steps[::-1], graph.outputs, graph.state, graph.names)


_LINEAR = {np.add, np.subtract, np.multiply, np.divide}
_NEUTRAL: dict[Any, int] = {  # on the right
    np.multiply: 1, np.divide: 1, operator.mul: 1, operator.truediv: 1, operator.pow: 1,
    np.subtract: 0, operator.sub: 0,
}  # fmt: skip
_TIMES = {np.multiply, operator.mul}


@Rewriting
def constants() -> Rewrite:
    """Constant folding: ``x * 1`` is x, and an array of equal constants is one number.  (What is
    computed from constants alone was never recorded.)
    """

    def replace(step: Step) -> Any:
        f, args = step.function, step.args
        if len(args) != 2 or step.kwargs or (f not in _LINEAR and f not in _NEUTRAL):
            return step
        x, y = args
        if y.__class__ is not Step:
            if f in _LINEAR:
                y = _as_number(y, step, x)
                step.args = x, y
            if f in _NEUTRAL and _is(y, _NEUTRAL[f]) and _alike(x, step):
                return x
        elif x.__class__ is not Step:
            if f in _LINEAR:
                x = _as_number(x, step, y)
                step.args = x, y
            if f in _TIMES and _is(x, 1) and _alike(y, step):
                return y
        return step

    return replace


_FAST_POWERS = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}
_REDUCTIONS: dict[Any, Any] = {
    np.sum: np.add.reduce, np.max: np.maximum.reduce, np.min: np.minimum.reduce,
    np.prod: np.multiply.reduce, np.all: np.logical_and.reduce, np.any: np.logical_or.reduce,
}  # fmt: skip
_MOVING = {np.swapaxes, np.moveaxis, np.matrix_transpose, np.rollaxis}
_RESHAPING = {np.expand_dims, np.squeeze, np.ravel}


@Rewriting
def ufuncs() -> Rewrite:
    """What NumPy's operators and functions do inside: ``x**2`` of floats is ``np.square``, a sum
    ``np.add.reduce``, ``np.moveaxis`` a transpose; it is called at once, and can be given memory.
    """

    def replace(step: Step) -> Any:
        f, args = step.function, step.args
        x = args[0] if args else None
        if x.__class__ is not Step or x.kind is not np.ndarray:
            return step
        if f is operator.pow and step.kind is np.ndarray and step.dtype.kind == "f":
            ufunc = _FAST_POWERS.get(args[1]) if args[1].__class__ in (int, float) else None
            if ufunc is not None and x.dtype == step.dtype:
                step.function, step.args = ufunc, (x,)
        elif f in _REDUCTIONS and len(args) <= 2:
            kwargs = dict(step.kwargs or {})
            axis = kwargs.pop("axis", args[1] if len(args) == 2 else None)
            if set(kwargs) <= {"keepdims"}:
                step.function, step.args = _REDUCTIONS[f], (x,)
                step.kwargs = {"axis": axis, **kwargs}
        elif f in _MOVING and not step.kwargs:
            order = f(np.empty(range(2, 2 + len(x.shape))), *args[1:]).shape
            step.function, step.args = np.transpose, (x, tuple(n - 2 for n in order))
        elif f in _RESHAPING and step.view is x and not step.kwargs:
            step.function, step.args = np.reshape, (x, step.shape)
        return step

    return replace


def _as_number(x: Any, step: Step, other: Any) -> Any:
    """An array of equal constants as a NumPy scalar, where the other operand has the shape, and
    the layout too: both decide how the result is laid out, in whose order sums are added up.
    """
    if x.__class__ is np.ndarray and x.ndim and getattr(other, "shape", None) == step.shape:
        alike = x.ndim == 1 or other.strides == step.strides
        value = uniform(x) if alike else None
        return x if value is None else value
    return x


def _is(x: Any, number: int) -> bool:
    kind = x.__class__
    return (kind is float or kind is int or isinstance(x, (np.floating, np.integer))) and bool(
        x == number
    )


def _alike(x: Any, step: Step) -> bool:
    """Is ``x`` of the class, shape and dtype that the step gives?"""
    return (
        x.__class__ is Step
        and x.kind is step.kind
        and x.shape == step.shape
        and x.dtype == step.dtype
        and x.strides == step.strides
    )


_ITEM = Method("item")
_COPIES = {np.copy, np.array, np.asarray, np.ascontiguousarray, Method("copy")}
_REAL = {Method("real", attribute=True), Method("conj"), np.real, np.conj}
_TOUCHED = {_ITEM, np.reshape, np.transpose} | _COPIES | _REAL


@Rewriting
def views() -> Rewrite:
    """Without copies that nobody needs (each step makes a value that none changes), and without
    transposes of transposes and reshapes to the shape that is there.
    """

    def replace(step: Step) -> Any:
        f, args = step.function, step.args
        if f not in _TOUCHED:
            return step
        x = args[0] if args else None
        if x.__class__ is not Step:
            return step
        if f in _COPIES:
            rest = [y for y in args[1:] if y is not None and y not in ("K", "C")]
            same = _alike(x, step) and all(y == step.dtype for y in rest if isinstance(y, np.dtype))
            return x if same else step
        if f == _ITEM:
            if x.function is np.asarray and x.args[0].__class__ is Step and len(args) == 1:
                x = x.args[0]
            if x.kind in (float, int, bool, complex):
                return x
        if f is np.reshape and len(args) == 2 and _alike(x, step):
            return x
        if f is np.transpose:
            backwards = None if x.shape is None else tuple(range(len(x.shape)))[::-1]
            if args[1:] == (backwards,):
                args = step.args = args[:1]
            if len(args) == 1 and x.function is np.transpose and len(x.args) == 1:
                return x.args[0]
        if f in _REAL and x.dtype is not None and x.dtype.kind != "c":
            return x
        return step

    return replace


_SUMS = {
    np.add: np.add, operator.add: np.add, np.subtract: np.subtract, operator.sub: np.subtract
}  # fmt: skip


@Rewriting
def increments() -> Rewrite:
    """``x[i] += c`` adds in place, where ``x[i] = x[i] + c`` was recorded."""

    def replace(step: Step) -> Any:
        if step.function is not operator.setitem:
            return step
        x, index, new = step.args
        if new.__class__ is Step and new.function is laid_out:
            new = new.args[0]
        if new.__class__ is not Step or new.function not in _SUMS or new.kwargs:
            return step
        part, c = new.args
        if part.__class__ is not Step or part.function is not operator.getitem:
            return step
        same = part.args[0] is x and same_index(part.args[1], index)
        if same and part.shape == new.shape and part.dtype == new.dtype == x.dtype:
            step.function = Increment(_SUMS[new.function], part.size, part.view is x)
            step.args, step.errstate = (x, index, c), new.errstate
        return step

    return replace


_WRITTEN = {np.zeros, np.zeros_like, np.empty, np.empty_like}


@Rewriting
def common() -> Rewrite:
    """Common subexpressions are computed once (but an array of zeros, which is there to be written
    to, is not shared: it would be copied for it).
    """
    seen: dict[Any, Step] = {}

    def replace(step: Step) -> Any:
        f = step.function
        if step.mutates or f.__class__ is Draw or f in _WRITTEN:
            return step
        try:
            key = (f, *map(_key, step.args))
            if step.kwargs or step.errstate:
                key = (*key, _key(step.kwargs), str(step.errstate))
            return seen.setdefault(key, step)
        except TypeError:  # an operand that cannot be hashed
            return step

    return replace


def _key(x: Any) -> Any:
    kind = x.__class__
    if kind is Step:
        return x
    if kind is tuple or kind is list:
        return (kind, *map(_key, x))
    if kind is slice:
        return (kind, _key(x.start), _key(x.stop), _key(x.step))
    if kind is dict:
        return tuple((k, _key(v)) for k, v in x.items())
    if kind is np.ndarray:
        return (kind, id(x))
    if kind is float:
        return (kind, x.hex())
    if isinstance(x, np.generic):
        return (kind, x.tobytes())
    return kind, x


def algebra(graph: Graph) -> Graph:
    """Logarithms of exponentials: log(exp t) is t, log(exp t / s) is t - log s (the logarithm of a
    softmax), log(exp t · s) is t + log s; and exp(log x) is x.

    Not among :data:`EXACT`: it rounds otherwise, and is finite where exp t underflows to 0; and x
    may be negative, where exp(log x) was nan.
    """

    def replace(step: Step) -> Any:
        f, x = step.function, step.args[0] if step.args else None
        if x.__class__ is not Step or step.kwargs or x.kwargs:
            return step
        if (f is np.log and x.function is np.exp) or (f is np.exp and x.function is np.log):
            return x.args[0] if _alike(x.args[0], step) else step
        if f is np.log and x.function in (np.divide, np.multiply):
            e, s = x.args
            if e.__class__ is Step and e.function is np.exp and _alike(e.args[0], step):
                log = Step(np.log, (s,), None, np.log(s)) if s.__class__ is not Step else _log(s)
                added.append((step, log))
                step.function = np.subtract if x.function is np.divide else np.add
                step.args = (e.args[0], log)
        return step

    added: list[tuple[Step, Step]] = []
    graph = rewritten(graph, [replace])
    before = dict(added)
    steps = [s for step in graph.steps for s in (before.get(step), step) if s is not None]
    return Graph(graph.inputs, steps, graph.outputs, graph.state, graph.names)


def _log(x: Step) -> Step:
    """A step that takes the logarithm of another's result."""
    step = Step(np.log, (x,), None, None)
    step.kind, step.shape, step.dtype, step.strides = x.kind, x.shape, x.dtype, x.strides
    step.place, step.errstate, step.reverse = x.place, x.errstate, x.reverse
    return step


EXACT: tuple[Pass, ...] = (dead, ufuncs, constants, views, increments, common, dead, joins)
ALL: tuple[Pass, ...] = (dead, ufuncs, constants, views, increments, common, algebra, dead, joins)
