"""What every primitive promises, checked for one call of it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..adjoint import conform
from ..backward import Picked
from ..primitive import Primitive
from ..replay import evaluate
from ..scatter import Scattered
from ..variable import Variable, as_value
from .check import check_grads
from .culprit import apart
from .oracles import quiet

__all__ = ["check_primitive", "layouts"]

_INTEGERS = {np.dtype(c) for c in np.typecodes["AllInteger"]}


def check_primitive(
    p: Primitive, args: Sequence[Any], params: dict[str, Any] | None = None, *, order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"), narrow: bool = True, memory: bool = True,
) -> None:  # fmt: skip
    """Raise AssertionError unless ``p(*args, **params)`` keeps every promise of a primitive.

    - it records one entry, whose replay gives the same value to the last bit
    - neither the function nor its rules change their operands
    - each rule returns the shape (or one that broadcasting explains) and the dtype of its argument,
      or that which NumPy's promotion of all operands asks, and no wider
    - both modes are right to ``order`` (:func:`check_grads`)
    - narrow: the same in single precision, which stays single
    - memory: operands in any memory layout (Fortran, negative strides, gaps) give the same

    args are floats or arrays of float64 or complex128, params the static keyword arguments.

    >>> import numpy as np
    >>> from autograd_tape import primitive
    >>> @primitive
    ... def cube(x):
    ...     return x**3
    >>> cube = cube.defvjp(lambda ct, output, x: 3 * ct * x**2)
    >>> cube = cube.defjvp(lambda x_dot, output, x: 3 * x_dot * x**2)
    >>> check_primitive(cube, (np.array([1.0, -2.0]),))
    """
    params = params or {}

    frozen = [_read_only(x) for x in args]
    output = _check_record(p, frozen, params)
    moving = [i for i, x in enumerate(args) if _moves(x)]
    _check_rules(p, frozen, params, output, moving)

    def derivatives(args: Sequence[Any], order: int) -> None:
        def call(*xs: Any) -> Any:
            return apart(p(*_filled(args, moving, xs), **params))

        call.__name__ = p.name
        call.__signature__ = _signature(p, moving)  # type: ignore[attr-defined]
        check_grads(call, [args[i] for i in moving], order=order, modes=modes)

    derivatives(args, order)
    if narrow:
        single = [_narrowed(x) for x in args]
        if any(a is not b for a, b in zip(single, args, strict=True)):
            _check_rules(p, single, params, _check_record(p, single, params), moving)
            derivatives(single, 1)
    if memory:
        _check_layouts(p, args, params, moving)


def _signature(p: Primitive, moving: list[int]) -> inspect.Signature:
    """The names of the operands ``moving``, for messages."""
    try:
        known = list(inspect.signature(p.forward).parameters)
    except (TypeError, ValueError):
        known = []
    names = [known[i] if i < len(known) else f"x{i}" for i in moving]
    kind = inspect.Parameter.POSITIONAL_ONLY
    return inspect.Signature([inspect.Parameter(name, kind) for name in dict.fromkeys(names)])


def _check_record(p: Primitive, args: list[Any], params: dict[str, Any]) -> Any:
    """Record one call with everything that can be a Variable; return its plain output."""
    variables = [Variable(x) if _moves(x) else x for x in args]
    recorded = p(*variables, **params)
    _require(recorded.__class__ is Variable, p, "nothing was recorded")
    entry = recorded._entry
    own = entry.primitive is p and list(entry.parents) == [
        v._entry for v in variables if v.__class__ is Variable
    ]
    _require(own, p, f"not one entry of its own was recorded, but {entry!r}")
    output = as_value(recorded)
    again = evaluate(entry, [as_value(x) for x in variables])
    for a, b in zip(_parts(output), _parts(again), strict=True):
        _require(np.array_equal(a, b, equal_nan=True), p, f"replay gives {b!r}, the record {a!r}")
        _require(np.result_type(a) == np.result_type(b), p, "replay changes the dtype")
    return output


def _check_rules(
    p: Primitive, args: list[Any], params: dict[str, Any], output: Any, moving: list[int]
) -> None:
    """The rules themselves: shape and dtype of what they return, before the sweep mends it."""
    variables = [Variable(x) if i in moving else x for i, x in enumerate(args)]
    entry = p(*variables, **params)._entry
    cts = tuple(_read_only(np.ones_like(o)) for o in _parts(output))
    ct = cts if isinstance(output, tuple) else cts[0]
    widest = np.result_type(*(x for x in args if _is_number(x)), *_parts(output))
    for i in moving:
        rule = p.rule("vjp", i)
        if rule is not None:
            with quiet():
                c = rule(ct, output, *args, **params)
            _check_dtype(p, "vjp", i, c, widest)
            if not isinstance(c, (Picked, Scattered)):
                conform(c, variables[i]._entry, entry)  # raises where the shape cannot fit
        rule = p.rule("jvp", i)
        if rule is not None:
            with quiet():
                x_dot = rule(_one(args[i]), output, *args, **params)
            for a in _parts(x_dot):
                _check_dtype(p, "jvp", i, a, widest)


def _check_dtype(p: Primitive, mode: str, i: int, c: Any, widest: Any) -> None:
    if isinstance(c, Picked):
        return
    got = np.result_type(c.ct if isinstance(c, Scattered) else c)
    if got.kind == "c" and widest.kind == "f":  # the sweep takes the real part
        got = np.empty(0, got).real.dtype
    _require(
        np.can_cast(got, widest), p,
        f"the {mode} rule of argument {i} returns {got} where {widest} is the widest operand (does "
        "a constant in it promote?)",
    )  # fmt: skip


def _is_number(x: Any) -> bool:
    return isinstance(x, (bool, int)) or _moves(x) or getattr(x, "dtype", None) in _INTEGERS


def _check_layouts(
    p: Primitive, args: Sequence[Any], params: dict[str, Any], moving: list[int]
) -> None:
    plain = p.forward(*args, **params)
    for name, variant in layouts(args):
        variables = [Variable(x) if i in moving else x for i, x in enumerate(variant)]
        # A leaf copies; what is computed keeps its strides.
        strided = [v[...] if v.__class__ is Variable else v for v in variables]
        for xs in (variant, strided):
            for a, b in zip(_parts(as_value(p(*xs, **params))), _parts(plain), strict=True):
                close = np.allclose(a, b, rtol=1e-12, atol=1e-13, equal_nan=True)
                _require(close, p, f"operands in {name} layout give {a!r}, not {b!r}")
        back = _pulled(p, variant, params, moving)
        for a, b in zip(back, _pulled(p, args, params, moving), strict=True):
            close = np.allclose(a, b, rtol=1e-12, atol=1e-13, equal_nan=True)
            _require(close, p, f"operands in {name} layout have the adjoint {a!r}, not {b!r}")


def _pulled(p: Primitive, args: Sequence[Any], params: dict[str, Any], moving: list[int]) -> Any:
    output = p.forward(*args, **params)
    cts = tuple(np.asarray(o) for o in _parts(output))
    ct = cts if isinstance(output, tuple) else cts[0][()]
    results = []
    for i in moving:
        rule = p.rule("vjp", i)
        if rule is None:
            continue
        with quiet():
            c = rule(ct, output, *args, **params)
        if not isinstance(c, (Picked, Scattered)):
            results.append(as_value(c))
    return results


def layouts(args: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """The same operands in other memory layouts."""

    def each(f: Any) -> list[Any]:
        return [f(x) if isinstance(x, np.ndarray) and x.ndim else x for x in args]

    yield "Fortran", each(np.asfortranarray)
    yield "reversed (negative strides)", each(lambda x: np.flip(np.flip(x).copy()))
    yield "strided", each(lambda x: np.repeat(x, 2, axis=-1)[..., ::2])


def _one(x: Any) -> Any:
    """Ones like ``x``; a Python number for a Python number."""
    return type(x)(1) if isinstance(x, (float, complex)) else _read_only(np.ones_like(x))


def _filled(args: Sequence[Any], moving: list[int], xs: Sequence[Any]) -> list[Any]:
    filled = dict(zip(moving, xs, strict=True))
    return [filled.get(i, x) for i, x in enumerate(args)]


def _moves(x: Any) -> bool:
    return isinstance(x, (float, complex)) or (
        isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"
    )


def _narrowed(x: Any) -> Any:
    if isinstance(x, (np.ndarray, np.generic)):
        if x.dtype == np.float64:
            return x.astype(np.float32)
        if x.dtype == np.complex128:
            return x.astype(np.complex64)
    return x


def _parts(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)


def _read_only(x: Any) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    x = x.view()
    x.flags.writeable = False
    return x


def _require(condition: bool, p: Primitive, message: str) -> None:
    if not condition:
        raise AssertionError(f"{p.name}: {message}")
