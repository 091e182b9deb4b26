"""Functional forms: ``grad`` and its family, each a few lines around one sweep.

All of them take ``argnums`` (an int, or a tuple of them) and arguments that are floats, arrays or
nested containers of them.  They compose to any order: what an inner one computes is recorded for
the outer one whenever something outside can ask for it, and only then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from .adjoint import default_seed, zeros_for
from .backward import sweep
from .containers import flatten, map_leaves
from .entry import Entry, linearize
from .forward import push
from .gradient import gradient, require_variable
from .primitives.structure import identity
from .tape import Tape, active
from .variable import Variable, as_value

__all__ = [
    "elementwise_grad", "explore", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad",
    "vjp",
]  # fmt: skip

Argnums = int | tuple[int, ...]


class _Trace:
    """One call of ``f`` recorded on a tape of its own, with fresh variables for its arguments."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], argnums: Argnums, **kw: Any):
        self.argnums = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        for n in self.argnums:
            if not -len(args) <= n < len(args):
                raise TypeError(f"argnums {n} is out of range: {len(args)} positional arguments")
        self.chosen = [args[n] for n in self.argnums]
        new = list(args)
        with Tape() as self.tape:
            self.variables = map_leaves(_fresh, self.chosen)
            for n, x in zip(self.argnums, self.variables, strict=True):
                new[n] = x
            self.output = f(*new, **kw)
        self.sources: list[Variable] = flatten(self.variables)[0]
        # The tape is closed.  What it read from outside can be asked for outside: then the sweep
        # is recorded.  Entries older than this tape are outside; so is whatever records now.
        outside = active()
        self.recorded = isinstance(outside, Tape) or (outside is None and self._reads_outside())

    def _reads_outside(self) -> bool:
        start = self.tape.start
        return any(
            p.__class__ is Entry and -1 < p.index < start
            for e in self.tape._recorded
            for p in e.inputs
        ) or any(
            y.__class__ is Variable and -1 < y._entry.index < start for y in flatten(self.output)[0]
        )

    def finish(self) -> int | None:
        return None if self.recorded else self.tape.start


def _fresh(x: Any) -> Any:
    """A variable of this trace for one leaf of an argument (None stays an empty place)."""
    if x is None:
        return None
    return identity(x) if x.__class__ is Variable else Variable(x)


def _plain(x: Any, recorded: bool) -> Any:
    """Results are plain unless something outside may differentiate them again."""
    return x if recorded else map_leaves(as_value, x)


def _restore_argnums(argnums: Argnums, results: Any) -> Any:
    return results[0] if isinstance(argnums, int) else tuple(results)


def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """``value_and_grad(f)(*args) -> (f(*args), gradient)`` in one forward and one reverse sweep.

    f         returns a real scalar (with ``has_aux``: ``(scalar, anything)``)
    gradient  has the structure, shapes and dtypes of the argument; a tuple for tuple ``argnums``
    A result that does not depend on the argument has gradient zero.
    """

    @wraps(f)
    def value_and_grad_f(*args: Any, **kw: Any) -> Any:
        trace = _Trace(f, args, argnums, **kw)
        aux = None
        if has_aux:
            trace.output, aux = trace.output
        results = _gradient_of(trace)
        value = _plain(trace.output, trace.recorded)
        if has_aux:
            value = (value, _plain(aux, trace.recorded))
        return value, _restore_argnums(argnums, results)

    return value_and_grad_f


def _gradient_of(trace: _Trace, seed: Any = None) -> Any:
    output = trace.output
    if output.__class__ is not Variable and np.shape(output) == ():
        return _zeros(trace)  # a constant function
    target = require_variable(output, "the function's result")
    return gradient(
        target, trace.variables, seed,
        recorded=trace.recorded, free_from=trace.finish(), unconnected="zero", tape=trace.tape,
    )  # fmt: skip


def _zeros(trace: _Trace) -> Any:
    return map_leaves(lambda v: v if v is None else zeros_for(v), trace.variables)


def grad(
    f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """``grad(f)(*args)``: the gradient of the scalar ``f`` in the argument(s) ``argnums``."""
    both = value_and_grad(f, argnums, has_aux=has_aux)

    @wraps(f)
    def grad_f(*args: Any, **kw: Any) -> Any:
        value, gradient = both(*args, **kw)
        return (gradient, value[1]) if has_aux else gradient

    return grad_f


def elementwise_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The derivative of a function that maps each element by itself, at every element.

    It is the gradient of the sum of the outputs; for a holomorphic ``f`` of complex arrays the
    complex derivative.
    """

    @wraps(f)
    def elementwise_f(*args: Any, **kw: Any) -> Any:
        trace = _Trace(f, args, argnums, **kw)
        output = trace.output
        if output.__class__ is not Variable:  # the same for every argument
            return _restore_argnums(argnums, _zeros(trace))
        seed = np.ones(output.shape, output.dtype)[()]
        return _restore_argnums(argnums, _gradient_of(trace, seed))

    return elementwise_f


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """``(f(*args), pullback)`` where ``pullback(ct)`` gives ctᵀ·J for every argument.

    ct has the structure and shapes of the output.  The pullback may be called any number of times.
    """
    trace = _Trace(f, args, tuple(range(len(args))))
    outputs, _ = flatten(trace.output)

    def pullback(ct: Any) -> tuple[Any, ...]:
        cts = flatten(ct)[0]
        if len(cts) != len(outputs):
            raise ValueError(f"the output has {len(outputs)} arrays, ct has {len(cts)}")
        recorded = (
            trace.recorded
            or isinstance(active(), Tape)
            or any(c.__class__ is Variable for c in cts)
        )
        total: Any = None
        for output, c in zip(outputs, cts, strict=True):
            if output.__class__ is not Variable:
                continue
            part = flatten(gradient(
                output, trace.variables, c, recorded=recorded, unconnected="zero"
            ))[0]  # fmt: skip
            total = part if total is None else [a + b for a, b in zip(total, part, strict=True)]
        if total is None:
            total = [zeros_for(v) for v in trace.sources]
        return tuple(flatten(trace.variables)[1](total))

    return _plain(trace.output, trace.recorded), pullback


def jvp(f: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Forward mode: ``(f(*primals), J·tangents)``, one sweep up the tape by the forward rules.

    primals, tangents  tuples of arguments and of their tangents, equal in structure and shape
    """
    if len(primals) != len(tangents):
        raise TypeError(f"jvp: {len(primals)} primals but {len(tangents)} tangents")
    trace = _Trace(f, tuple(primals), tuple(range(len(primals))))
    moving = flatten(tuple(tangents))[0]
    if len(moving) != len(trace.sources):
        raise TypeError(f"jvp: {len(trace.sources)} arrays but {len(moving)} tangents")
    recorded = trace.recorded or any(t.__class__ is Variable for t in moving)
    start = {
        v._entry: default_seed(v._entry, t) for v, t in zip(trace.sources, moving, strict=True)
    }
    dots = push(_ascending(trace), start, recorded)

    def tangent_of(y: Any) -> Any:
        if y.__class__ is Variable and y._entry in dots:
            return dots[y._entry]
        return zeros_for(y)

    return _plain(trace.output, recorded), map_leaves(tangent_of, trace.output)


def _ascending(trace: _Trace) -> list[Entry]:
    seen: set[Entry] = set()
    for y in flatten(trace.output)[0]:
        if y.__class__ is Variable:
            seen.update(linearize(y._entry, floor=trace.tape.start))
    return sorted(seen, key=lambda e: e.index)


def jacobian(f: Callable[..., Any], argnums: Argnums = 0, *, mode: str = "reverse") -> Any:
    """``jacobian(f)(x)``: array of shape ``output.shape + x.shape`` for each array in the argument.

    mode  "reverse": one sweep per output element; "forward": one per input element
    """
    if mode not in ("reverse", "forward"):
        raise ValueError(f"jacobian: mode is 'reverse' or 'forward', not {mode!r}")

    @wraps(f)
    def jacobian_f(*args: Any, **kw: Any) -> Any:
        trace = _Trace(f, args, argnums, **kw)
        target = require_variable(trace.output, "the function's result")
        rows = _rows if mode == "reverse" else _columns
        results = [rows(trace, target, v) for v in trace.sources]
        rebuilt = flatten(trace.variables)[1](results)
        return _restore_argnums(argnums, rebuilt)

    return jacobian_f


def _basis(shape: tuple[int, ...], dtype: Any) -> Any:
    """The unit vectors of a space of arrays."""
    n = int(np.prod(shape, dtype=int))
    return np.eye(n, dtype=dtype).reshape((n, *shape))


def _rows(trace: _Trace, target: Variable, source: Variable) -> Any:
    order = linearize(target._entry, floor=source._entry.index)
    rows = []
    for unit in _basis(target.shape, target.dtype):
        adjoints = sweep(
            target._entry, default_seed(target._entry, unit[()]), floor=source._entry.index,
            keep={source._entry}, recorded=trace.recorded, order=order,
        )  # fmt: skip
        row = adjoints.get(source._entry)
        rows.append(zeros_for(source) if row is None else row)
    return _stacked(rows, target.shape + source.shape, source.dtype)


def _columns(trace: _Trace, target: Variable, source: Variable) -> Any:
    order = _ascending(trace)
    columns = []
    for unit in _basis(source.shape, source.dtype):
        start = {source._entry: default_seed(source._entry, unit[()])}
        column = push(order, start, trace.recorded).get(target._entry)
        columns.append(zeros_for(target) if column is None else column)
    stacked = _stacked(columns, source.shape + target.shape, target.dtype)
    k = len(source.shape)
    axes = (*range(k, k + len(target.shape)), *range(k))
    return np.transpose(stacked, axes)


def _stacked(parts: list[Any], shape: tuple[int, ...], dtype: Any) -> Any:
    if not parts:
        return np.zeros(shape, dtype)
    return np.reshape(np.stack(parts), shape)


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """``hessian(f)(x)``: the symmetric ``x.shape + x.shape`` array of second derivatives."""
    return jacobian(grad(f, argnums), argnums, mode="forward")  # type: ignore[no-any-return]


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of ``f`` at ``x`` times ``v``: forward over reverse, a few gradients' cost."""
    return jvp(grad(f), (x,), (v,))[1]


def explore(f: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """``explore(f, 2.0, 3.0)``: both sweeps over one call of ``f``, step by step, with a slider.

    args     floats, arrays and containers of them become Variables with the names of ``f``'s
             parameters; Variables, integers and all else are passed on as they are
    options  ``seed=`` where the result is no scalar, and those of :meth:`Variable.explore`
    Each step shows the line of your code that it came from.
    """
    from .view.explore import explore_function

    return explore_function(f, args, **options)
