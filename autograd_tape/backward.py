"""The reverse sweep and the forward sweep: each one loop down, or up, the tape.

All bookkeeping of adjoints is here and nowhere else: rules return what they contribute to each
input; the sweep undoes broadcasting and promotion, checks shape and dtype, and adds up.

Next to read: :mod:`autograd_tape.transforms`, which ask for sweeps.
"""

from __future__ import annotations

from sys import getrefcount
from typing import Any

import numpy as np

from .containers import flatten
from .explain import remember_target
from .primitive import (
    FALLBACK,
    FREED,
    Primitive,
    freed_message,
    no_rule_message,
    operands,
    pull,
    retry,
)
from .tape import ALONE, Entry, TapeError, forget, linearize
from .variable import Variable, as_value

__all__ = ["Picked", "Scattered", "backward", "gradient", "push", "sweep"]


class Scattered:
    """A contribution that is zero except at ``index``, where it is ``ct``: added in place.

    ``put(ct, index=, shape=)`` writes it out where the sweep itself is recorded.
    """

    __slots__ = ("ct", "index", "put")

    def __init__(self, index: Any, ct: Any, put: Any) -> None:
        self.index, self.ct, self.put = index, ct, put


class Picked:
    """A contribution to one output of an entry that has several."""

    __slots__ = ("ct", "index")

    def __init__(self, index: int, ct: Any) -> None:
        self.index, self.ct = index, ct


def sweep(
    target: Entry,
    seed: Any,
    *,
    floor: int = -1,
    keep: set[Entry] | None = None,
    recorded: bool = False,
    free_from: int | None = None,
    order: list[Entry] | None = None,
) -> tuple[dict[Entry, Any], set[Entry]]:
    """Run down the tape from ``target`` and return (adjoint of each entry, those we own).

    floor      entries older than this lead to no source: skip them
    keep       keep the adjoints of these entries and of leaves only (None: keep all)
    recorded   rules see Variables, so that the result can be differentiated again
    free_from  free the saved values of entries from this index on, as the sweep passes them
    """
    adjoints: dict[Entry, Any] = {target: seed}
    owned: set[Entry] = set()
    get = adjoints.get
    take: Any = get if keep is None else adjoints.pop
    kept = {e for e in keep or () if e.primitive is not None}
    for entry in linearize(target, floor) if order is None else order:
        primitive = entry.primitive
        if primitive is None:
            continue
        ct = take(entry, None)
        if ct is None:
            continue
        if kept and entry in kept:
            adjoints[entry] = ct
        arity = primitive.arity
        if recorded or not arity or entry.params is not None or ct.__class__ is list:
            for x, c in pull(entry, _fill(entry, ct), floor, recorded):
                _accumulate(adjoints, owned, x, c, entry, recorded)
        else:  # ``pull`` and the case of Python floats, written out where their cost counts
            inputs, output = entry.inputs, entry.output
            if output is None:
                output = entry
            try:
                if arity == 1:
                    (x,) = inputs
                    a = x.output
                    cx = primitive.vjp_x(ct, output, x if a is None else a)
                    to_x, to_y = True, False
                else:
                    a, b = x, y = inputs
                    to_x = to_y = False
                    if x.__class__ is Entry:
                        to_x = x.index >= floor
                        if x.output is not None:
                            a = x.output
                    if y.__class__ is Entry:
                        to_y = y.index >= floor
                        if y.output is not None:
                            b = y.output
                    if to_x:
                        cx = primitive.vjp_x(ct, output, a, b)
                    if to_y:
                        cy = primitive.vjp_y(ct, output, a, b)
            except FALLBACK:
                if entry.dtype is not float:
                    raise
                for x, c in pull(entry, ct, floor, False):
                    _accumulate(adjoints, owned, x, c, entry, False)
                to_x = to_y = False
            if to_x:
                if cx.__class__ is float and x.dtype is float:
                    old = get(x)
                    adjoints[x] = cx if old is None else old + cx
                else:
                    _accumulate(adjoints, owned, x, cx, entry, False)
            if to_y:
                if cy.__class__ is float and y.dtype is float:
                    old = get(y)
                    adjoints[y] = cy if old is None else old + cy
                else:
                    _accumulate(adjoints, owned, y, cy, entry, False)
        if free_from is not None and entry.index >= free_from:
            entry.inputs = ()
            entry.output = entry.params = None
            entry.primitive = FREED
    return adjoints, owned


def _accumulate(
    adjoints: dict[Entry, Any], owned: set[Entry], x: Entry, c: Any, entry: Entry, recorded: bool
) -> None:
    """Add ``c``, what a rule of ``entry`` returned for its input ``x``, to the adjoint of ``x``."""
    if c.__class__ in _SPECIAL:
        if c.__class__ is Picked:
            _pick(adjoints, x, c)
            return
        if c.__class__ is Scattered:
            if not recorded:
                _scatter(adjoints, owned, x, c)
                return
            c = c.put(c.ct, index=c.index, shape=x.shape)
        c = _conform(c, x, entry)
    elif c is None:
        raise TypeError(_no_adjoint(entry))
    elif c.shape != x.shape or c.dtype is not x.dtype:
        c = _conform(c, x, entry)
    old = adjoints.get(x)
    if old is None:  # borrowed: it may be shared with another entry
        adjoints[x] = c
    elif x in owned and c.__class__ is not Variable:
        np.add(old, c, out=old)
    else:
        adjoints[x] = total = old + c
        if total.__class__ is np.ndarray:
            owned.add(x)


_SPECIAL = {Scattered, Picked, int, bool, float, complex}


def _pick(adjoints: dict[Entry, Any], parent: Entry, c: Picked) -> None:
    outputs = adjoints.setdefault(parent, [None] * len(parent.shape))
    old = outputs[c.index]
    outputs[c.index] = c.ct if old is None else old + c.ct


def _no_adjoint(entry: Entry) -> str:
    name = entry.primitive.name if entry.primitive else "leaf"
    return (
        f"a rule of {name} returned None for an argument that is a Variable ({entry!r}); "
        "return its adjoint, zeros if it is zero"
    )


def _fill(entry: Entry, cts: Any) -> Any:
    """Adjoints of all outputs of an entry that has several, zero where none was contributed."""
    if cts.__class__ is not list:
        return cts
    return tuple(
        np.zeros(shape, dtype) if ct is None else ct
        for ct, shape, dtype in zip(cts, entry.shape, entry.dtype, strict=True)
    )


def _scatter(adjoints: dict[Entry, Any], owned: set[Entry], parent: Entry, c: Scattered) -> None:
    total = adjoints.get(parent)
    if total is None:
        total = np.zeros(parent.shape, parent.dtype)
    elif parent not in owned:
        total = np.array(total)
    adjoints[parent] = total
    owned.add(parent)
    if is_basic(c.index):
        total[c.index] += c.ct
    else:
        np.add.at(total, c.index, c.ct)


def is_basic(index: Any) -> bool:
    """True if no element can be selected twice: integers, slices, masks, None and Ellipsis."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        i is None or i is Ellipsis or isinstance(i, (int, slice, np.integer))
        or (isinstance(i, np.ndarray) and i.dtype == bool and len(parts) == 1)
        for i in parts
    )  # fmt: skip


def _conform(c: Any, parent: Entry, entry: Entry) -> Any:
    """Undo for one contribution what broadcasting and promotion did in the forward computation."""
    primitive = entry.primitive
    assert primitive is not None
    shape, dtype = np.shape(as_value(c)), _dtype_of(c)
    if shape != parent.shape:
        if shape != entry.shape and not primitive.batched:
            raise _wrong_shape(primitive, c, parent, entry)
        c = unbroadcast(c, parent.shape)
        if c is None:
            raise _wrong_shape(primitive, as_value(c), parent, entry)
    want = parent.dtype
    boxed = isinstance(dtype, np.dtype) and isinstance(want, np.dtype)  # no Python number
    if dtype is want or (boxed and dtype == want):
        return c
    if dtype != entry.dtype and not _explained(dtype, parent, entry):
        raise TypeError(
            f"a rule of {primitive.name} returned an adjoint of dtype {dtype} for an argument of "
            f"dtype {np.dtype(want)} and an output of dtype {np.dtype(entry.dtype)}; it must be "
            f"one of the two ({entry!r})"
        )
    return cast(c, want)


def _explained(dtype: Any, parent: Entry, entry: Entry) -> bool:
    """A contribution may have the precision of the operation's result, real or complex."""
    outputs = entry.dtype if entry.dtype.__class__ is tuple else (entry.dtype,)
    operand_types = [x.dtype for x in entry.inputs if hasattr(x, "dtype")]
    widest = np.result_type(*(np.dtype(o) for o in (*outputs, parent.dtype, *operand_types)))
    return bool(np.can_cast(dtype, np.result_type(widest, np.complex64)))


def _dtype_of(c: Any) -> Any:
    dtype = getattr(c, "dtype", None)
    return c.__class__ if dtype is None else dtype


def cast(c: Any, dtype: Any) -> Any:
    """``c`` in the dtype of a parent; the imaginary part of a real variable's adjoint is dropped.

    A real input moves along the real axis only, so only the real part of its contribution counts
    (docs/conventions.md).
    """
    if np.dtype(_dtype_of(c)).kind == "c" and np.dtype(dtype).kind != "c":
        c = np.real(c)
    if dtype is float or dtype is complex:
        return c if c.__class__ is Variable else dtype(c)
    return c.astype(dtype) if hasattr(c, "astype") else np.asarray(c, dtype)[()]


def unbroadcast(c: Any, shape: tuple[int, ...]) -> Any:
    """Sum ``c`` over the axes that broadcasting added to ``shape``; None if it cannot fit."""
    have = np.shape(as_value(c))
    extra = len(have) - len(shape)
    if extra < 0:
        return None
    stretched = [i + extra for i, n in enumerate(shape) if n == 1 and have[i + extra] != 1]
    if any(n != 1 and have[i + extra] != n for i, n in enumerate(shape)):
        return None
    axes = (*range(extra), *stretched)
    if axes:
        c = np.sum(c, axis=axes, keepdims=bool(stretched))
    return np.reshape(c, shape) if np.shape(as_value(c)) != shape else c


def _wrong_shape(p: Primitive, c: Any, parent: Entry, entry: Entry) -> ValueError:
    return ValueError(
        f"a rule of {p.name} returned an adjoint of shape {np.shape(as_value(c))} for an argument "
        f"of shape {parent.shape} ({entry!r}); it must have the argument's shape, or the output's "
        f"shape {entry.shape} where the argument was broadcast"
    )


# -- asking for a sweep ---------------------------------------------------------------------------


def default_seed(target: Entry, seed: Any) -> Any:
    """The adjoint of the target: 1, or ``seed`` checked against the target's shape and dtype."""
    if seed is None:
        if target.shape != ():
            raise TapeError(
                f"the target has shape {target.shape}, so its adjoint is not just 1: sum it, or "
                "pass seed= of the same shape (for the full matrix use jacobian)"
            )
        if np.dtype(target.dtype).kind == "c":
            raise TapeError(
                f"the target is complex ({np.dtype(target.dtype)}), so its gradient is not one "
                "number: take its real part or abs, or pass seed= (see docs/conventions.md)"
            )
        return 1.0 if target.dtype is float else np.ones((), target.dtype)[()]
    if np.shape(as_value(seed)) != target.shape:
        raise ValueError(
            f"seed has shape {np.shape(as_value(seed))}, but the target has shape {target.shape}; "
            "they must be equal"
        )
    if np.dtype(_dtype_of(as_value(seed))).kind not in "iufcb":
        raise TypeError(f"seed has dtype {_dtype_of(seed)}; give numbers")
    if np.dtype(_dtype_of(seed)).kind == "c" and np.dtype(target.dtype).kind != "c":
        raise TypeError(
            f"seed is complex but the target is real ({np.dtype(target.dtype)}); give a real seed"
        )
    if seed.__class__ is not Variable and target.dtype is not float and target.dtype is not complex:
        return np.asarray(seed, target.dtype)[()]
    return cast(seed, target.dtype)


def zeros_for(x: Any) -> Any:
    """Zero of the shape and dtype of ``x``: a Python number for a Python number."""
    value = as_value(x)
    if value.__class__ is float or value.__class__ is complex:
        return value.__class__(0)
    return np.zeros(np.shape(value), getattr(value, "dtype", float))[()]


def require_variable(target: Any, what: str) -> Variable:
    if target.__class__ is not Variable:
        raise TypeError(
            f"{what} must be a Variable, not {type(target).__name__}: either it does not depend on "
            "any Variable, or the path was cut on the way (comparison, integer, .value, float())"
        )
    variable: Variable = target
    return variable


def backward(target: Variable, seed: Any = None) -> None:
    """See :meth:`Variable.backward`."""
    start = target._entry
    seed = default_seed(start, seed)
    order = linearize(start)
    forget(order)
    adjoints, _ = sweep(start, seed, order=order)
    for entry, adjoint in adjoints.items():
        entry.adjoint = adjoint
    remember_target(start)


def gradient(
    target: Any,
    sources: Any,
    seed: Any = None,
    *,
    recorded: bool = False,
    free_from: int | None = None,
    unconnected: str = "raise",
) -> Any:
    """Adjoints of ``sources`` (any container of Variables) in the same structure."""
    variable = require_variable(target, "the target")
    leaves, rebuild = flatten(sources)
    for i, source in enumerate(leaves):
        require_variable(source, f"source {i}")
    entries = [source._entry for source in leaves]
    for source, entry in zip(leaves, entries, strict=True):
        if not recorded:
            source.adjoint  # noqa: B018 (asked for: lets a loop's old parameters be forgotten)
            if entry.primitive is not None:
                entry.output = source._value
                forget(linearize(entry))
    start = variable._entry
    if start.primitive is FREED:
        raise TapeError(freed_message())
    seed = default_seed(start, seed)
    floor = min((e.index for e in entries), default=start.index)
    adjoints, _ = sweep(
        start, seed, floor=floor, keep=set(entries), recorded=recorded, free_from=free_from
    )
    results = []
    for i, (source, entry) in enumerate(zip(leaves, entries, strict=True)):
        adjoint = adjoints.get(entry)
        if adjoint is None:
            if unconnected == "raise":
                raise TapeError(_unreached(i, source, variable))
            adjoint = zeros_for(source)
        elif adjoint.__class__ is np.ndarray and (
            # Held by the dict and by this local name only, it is nobody else's; else it is copied:
            # what is handed out is the caller's alone.
            adjoint.base is not None
            or not adjoint.flags.writeable
            or getrefcount(adjoint) > ALONE + 1
        ):
            adjoint = np.array(adjoint)
        results.append(adjoint)
    return rebuild(results)


def _unreached(i: int, source: Variable, target: Variable) -> str:
    from .display import label
    from .explain import explain

    return (
        f"the target {label(target._entry)} does not reach source {i}, {label(source._entry)}: "
        f"{explain(source, target)}"
    )


# -- forward mode ---------------------------------------------------------------------------------


def push(
    order: list[Entry], tangents: dict[Entry, Any], recorded: bool = False
) -> dict[Entry, Any]:
    """The forward sweep: tangents of all entries, given those of some, oldest entry first."""
    for entry in order:
        primitive = entry.primitive
        if primitive is None or entry in tangents:
            continue
        moving = [
            i for i, x in enumerate(entry.inputs) if x.__class__ is Entry and x in tangents
        ]
        if not moving:
            continue
        if primitive is FREED:
            raise TapeError(freed_message())
        if primitive.joint is not None:
            known = {i: tangents[entry.inputs[i]] for i in moving}
            tangents[entry] = primitive.joint[1](entry, known, recorded)
            continue
        output, args = operands(entry, recorded)
        params = entry.params or {}
        total: Any = None
        for i in moving:
            x_dot = tangents[entry.inputs[i]]
            rule = primitive.rule("jvp", i)
            if rule is None:
                raise TypeError(no_rule_message(primitive, "jvp", i))
            try:
                x_dot = rule(x_dot, output, *args, **params)
            except FALLBACK:
                x_dot = retry(rule, x_dot, entry, recorded)
            share = _conform_tangent(x_dot, entry)
            if total is None:
                total = share
            elif share.__class__ is tuple:
                total = tuple(a + b for a, b in zip(total, share, strict=True))
            else:
                total = total + share
        tangents[entry] = total
    return tangents


def _conform_tangent(x_dot: Any, entry: Entry) -> Any:
    """A rule's tangent in the shape and dtype of the output that it is a tangent of."""
    if x_dot.__class__ is tuple:
        return x_dot
    shape = np.shape(as_value(x_dot))
    if shape != entry.shape:
        try:
            x_dot = np.broadcast_to(x_dot, entry.shape)
        except ValueError:
            assert entry.primitive is not None
            raise ValueError(
                f"a rule of {entry.primitive.name} returned a tangent of shape {shape} for an "
                f"output of shape {entry.shape} ({entry!r})"
            ) from None
    return cast(x_dot, entry.dtype)

