"""Passes: what makes a graph shorter without changing a result by a bit.

Each is a function of a graph that gives another.  :data:`EXACT` is the order in which they run,
:data:`ALL` has :func:`algebra` too, which changes roundings.

Next to read: :mod:`.memory`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .constants import uniform
from .step import Draw, Graph, Guard, Method, Step, inputs_of, mapped

__all__ = ["ALL", "EXACT", "algebra", "common", "constants", "dead", "ufuncs", "views"]

Pass = Callable[[Graph], Graph]


def rebuilt(graph: Graph, replace: Callable[[Step], Any]) -> Graph:
    """The graph with ``replace(step)`` (another step, or a constant) in place of each step that it
    does not return as it is.  Steps come in order; their operands are replaced before they are.
    """
    new: dict[Step, Any] = {}

    def read(x: Any) -> Any:
        return new.get(x, x) if x.__class__ is Step else x

    steps = []
    inputs = set(graph.inputs)
    for step in graph.steps:
        if step in inputs:
            steps.append(step)
            continue
        if any(x in new for x in inputs_of(step)):
            step.args = mapped(read, step.args)
            step.kwargs = mapped(read, step.kwargs) if step.kwargs else None
        if step.view in new:
            step.view = _step(new[step.view])
        if step.adjoint in new:
            step.adjoint = _step(new[step.adjoint])
        other = replace(step)
        if other is step:
            steps.append(step)
        else:
            new[step] = other
            if other.__class__ is Step and other not in inputs:
                other.name = other.name or step.name
                other.adjoint = other.adjoint or step.adjoint
    return Graph(
        graph.inputs, steps, [read(x) for x in graph.outputs], [read(x) for x in graph.state],
        graph.names,
    )  # fmt: skip


def _step(x: Any) -> Step | None:
    return x if x.__class__ is Step else None


def dead(graph: Graph) -> Graph:
    """Without the steps that no result and no guard needs."""
    needed = {x for x in (*graph.outputs, *graph.state) if x.__class__ is Step}
    inputs = set(graph.inputs)
    steps = []
    for step in reversed(graph.steps):
        if step in needed or step in inputs or step.function.__class__ in (Guard, Draw):
            needed.update(inputs_of(step))
            steps.append(step)
    return Graph(graph.inputs, steps[::-1], graph.outputs, graph.state, graph.names)


_LINEAR = {np.add, np.subtract, np.multiply, np.divide}
_BY_ONE = {np.multiply, np.divide, operator.mul, operator.truediv, operator.pow}


def constants(graph: Graph) -> Graph:
    """Constant folding: ``x * 1`` is x, an array of equal constants is one number, and what is
    computed from constants alone is one.
    """

    def replace(step: Step) -> Any:
        f, args = step.function, step.args
        if f.__class__ is Guard or step.mutates:
            return step
        if f in _LINEAR and len(args) == 2 and not step.kwargs:
            args = step.args = tuple(_as_number(x, step, args[1 - i]) for i, x in enumerate(args))
        if len(args) == 2 and not step.kwargs:
            x, y = args
            if _is(y, 1) and f in _BY_ONE and _alike(x, step):
                return x
            if _is(y, 0) and f in (np.subtract, operator.sub) and _alike(x, step):
                return x
            if _is(x, 1) and f in (np.multiply, operator.mul) and _alike(y, step):
                return y
        return step

    return rebuilt(graph, replace)


_FAST_POWERS = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}
_REDUCTIONS: dict[Any, Any] = {
    np.sum: np.add.reduce, np.max: np.maximum.reduce, np.min: np.minimum.reduce,
    np.prod: np.multiply.reduce, np.all: np.logical_and.reduce, np.any: np.logical_or.reduce,
}  # fmt: skip
_MOVING = {np.swapaxes, np.moveaxis, np.matrix_transpose, np.rollaxis}
_RESHAPING = {np.expand_dims, np.squeeze, np.ravel}


def ufuncs(graph: Graph) -> Graph:
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

    return rebuilt(graph, replace)


def _as_number(x: Any, step: Step, other: Any) -> Any:
    """An array of equal constants as a NumPy scalar, where the other operand has the shape."""
    if x.__class__ is np.ndarray and x.ndim and getattr(other, "shape", None) == step.shape:
        value = uniform(x)
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


_REAL = {Method("real", attribute=True), Method("conj"), np.real, np.conj}


def views(graph: Graph) -> Graph:
    """Without copies that nobody needs (each step makes a value that none changes), and without
    transposes of transposes and reshapes to the shape that is there.
    """

    def replace(step: Step) -> Any:
        f, args = step.function, step.args
        if step.mutates or f.__class__ is Guard:
            return step
        x = args[0] if args else None
        if x.__class__ is not Step:
            return step
        if f in (np.copy, np.array, np.asarray, np.ascontiguousarray, Method("copy")):
            rest = [y for y in args[1:] if y is not None and y not in ("K", "C")]
            same = _alike(x, step) and all(y == step.dtype for y in rest if isinstance(y, np.dtype))
            return x if same else step
        if f == Method("item"):
            if x.function is np.asarray and x.args[0].__class__ is Step and len(args) == 1:
                x = x.args[0]
            if x.kind in (float, int, bool, complex):
                return x
        if f is np.reshape and len(args) == 2 and _alike(x, step):
            return x
        if f is np.transpose:
            if len(args) == 2 and args[1] == tuple(range(len(x.shape)))[::-1]:
                args = step.args = args[:1]
            if len(args) == 1 and x.function is np.transpose and len(x.args) == 1:
                return x.args[0]
        if f in _REAL and x.dtype is not None and x.dtype.kind != "c":
            return x
        return step

    return rebuilt(graph, replace)


def common(graph: Graph) -> Graph:
    """Common subexpressions are computed once."""
    seen: dict[Any, Step] = {}

    def replace(step: Step) -> Any:
        if step.mutates or step.function.__class__ is Draw:
            return step
        try:
            key = (
                step.function, _key(step.args), _key(step.kwargs), str(step.errstate)
            )  # fmt: skip
            return seen.setdefault(key, step)
        except TypeError:  # an operand that cannot be hashed
            return step

    return rebuilt(graph, replace)


def _key(x: Any) -> Any:
    kind = x.__class__
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
    return x if kind is Step else (kind, x)


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
    graph = rebuilt(graph, replace)
    before = dict(added)
    steps = [s for step in graph.steps for s in (before.get(step), step) if s is not None]
    return Graph(graph.inputs, steps, graph.outputs, graph.state, graph.names)


def _log(x: Step) -> Step:
    """A step that takes the logarithm of another's result."""
    step = Step(np.log, (x,), None, None)
    step.kind, step.shape, step.dtype, step.strides = x.kind, x.shape, x.dtype, x.strides
    step.place, step.errstate, step.reverse = x.place, x.errstate, x.reverse
    return step


EXACT: tuple[Pass, ...] = (dead, ufuncs, constants, views, common, dead)
ALL: tuple[Pass, ...] = (dead, ufuncs, constants, views, common, algebra, dead)
