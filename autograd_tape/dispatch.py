"""Which of ours stands for which NumPy function: one dictionary, filled where rules are written.

``np.sin(v)`` arrives at a Variable through NumPy's protocols; here it finds its implementation,
or raises a TypeError that names the function and says how to register a rule.  Nothing falls
through to an object array or to a plain result that silently lost its gradient.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from .primitive import Primitive, Sample, registry
from .record import binary, unary
from .variable import Variable

__all__ = ["call_ufunc", "cutting", "define", "elementwise", "functions", "implements",
           "load_special", "no_out", "no_rule", "plain"]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])

functions: dict[Any, Callable[..., Any]] = {}  # NumPy (or SciPy) function -> ours
cutting: dict[Any, str] = {}  # functions without a gradient -> why


def implements(*numpy_functions: Any) -> Callable[[F], F]:
    """Register the decorated function as what runs when one of these is given a Variable."""

    def register(f: F) -> F:
        for function in numpy_functions:
            functions[function] = f
        return f

    return register


def define(
    forward: Callable[..., Any],
    *numpy_functions: Any,
    vjp: Any = None,
    jvp: Any = None,
    linear: tuple[int, ...] = (),
    **options: Any,
) -> Primitive:
    """A primitive of the package: forward, rules and sample in one block.

    vjp, jvp  a rule, a tuple of rules (one per argument), or ``rule(i, ct, output, *args)`` for
              any number of arguments (see Primitive), told apart by ``variadic=True``
    linear    arguments in which the function is linear: their jvp is the function itself
    options   name, scalar, batched, sample, kinks (see Primitive)
    """
    variadic = options.pop("variadic", False)
    p = Primitive(forward, **options)
    if vjp is not None:
        p.set_rules(vjps=vjp if variadic or isinstance(vjp, tuple) else (vjp,))
    if linear:
        p.linear(*linear)
    elif jvp is not None:
        p.set_rules(jvps=jvp if variadic or isinstance(jvp, tuple) else (jvp,))
    registry.append(p)
    for function in numpy_functions:
        functions[function] = p
    return p


def elementwise(
    forward: Any,
    *rules: Any,
    scalar: Callable[..., Any] | None = None,
    sample: Sample | None = None,
    kinks: Callable[..., Any] | None = None,
    also: tuple[Any, ...] = (),
    name: str | None = None,
    conforming: bool = True,
) -> Callable[..., Any]:
    """A ufunc, or a function like one, of one or two arguments; returns what records it.

    Its Jacobian is diagonal, so each rule ``rule(ct, output, x[, y])`` serves both modes: given
    the output's adjoint it yields the argument's, given the argument's tangent the output's.

    conforming  a rule gives what ``ct`` is: of its class, shape and dtype, so that the sweep looks
                at it only where an argument was broadcast or converted (False: where a rule gives
                NumPy's scalars for Python numbers)
    """
    p = Primitive(forward, name=name, scalar=scalar, sample=sample, kinks=kinks)
    p.set_rules(vjps=rules, jvps=rules)
    p.conforming = conforming
    registry.append(p)
    call = unary(p) if len(rules) == 1 else binary(p)
    for function in (forward, *also):
        functions[function] = call
    return call


def plain(*numpy_functions: Any, why: str = "is piecewise constant") -> None:
    """Functions without a gradient: they compute on plain values, and cut the graph."""
    for function in numpy_functions:
        cutting[function] = why
        functions[function] = partial(_plain_call, function)


def _plain_call(function: Any, *args: Any, **kwargs: Any) -> Any:
    from .containers import map_leaves
    from .notes import note_cut

    found: list[Variable] = []

    def strip(x: Any) -> Any:
        if x.__class__ is Variable:
            found.append(x)
            return x._value
        return x

    args, kwargs = map_leaves(strip, (args, kwargs))
    note_cut([v._entry for v in found], f"{function.__name__}, which {cutting[function]}")
    return function(*args, **kwargs)


# -- ufuncs with a method or keywords -------------------------------------------------------------


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``ufunc(..., where=, dtype=)``, ``ufunc.reduce``, ``.accumulate``, ``.outer``, ``.at``."""
    implementation = functions.get(ufunc)
    if implementation is None and load_special(ufunc):
        implementation = functions.get(ufunc)
    if implementation is None:
        raise no_rule(ufunc, inputs, kwargs)
    if method != "__call__":
        from .primitives.reductions import ufunc_methods

        return ufunc_methods(ufunc, method, inputs, kwargs)
    out = kwargs.pop("out", None)
    if out is not None:
        no_out(ufunc.__name__)
    where = kwargs.pop("where", True)
    if where is not True:
        raise TypeError(
            f"np.{ufunc.__name__}: where= without out= leaves elements undefined, and out= cannot "
            f"be recorded; write np.where(mask, np.{ufunc.__name__}(...), otherwise)"
        )
    dtype = kwargs.pop("dtype", None)
    for key in ("casting", "order", "subok"):  # how the result is laid out, not what it is
        kwargs.pop(key, None)
    if ufunc.signature is not None:  # np.vecdot(..., axis=) and its like bind their own keywords
        return implementation(*inputs, **kwargs)
    if kwargs:
        raise TypeError(
            f"np.{ufunc.__name__}: the argument {next(iter(kwargs))!r} is not supported on "
            "Variables"
        )
    if dtype is not None:
        inputs = tuple(np.asarray(x).astype(dtype) if x.__class__ is not Variable
                       else x.astype(dtype) for x in inputs)  # fmt: skip
    return implementation(*inputs)


def no_out(name: str) -> None:
    """``out=`` would write a recorded result into an array that the tape does not know."""
    raise TypeError(
        f"np.{name}: out= is not supported on Variables, because a plain array cannot carry a "
        "gradient; use the result, or assign it with v[...] = result"
    )


def load_special(function: Any) -> bool:
    """Register the rules for scipy.special; is ``function``, no ufunc of NumPy's, among them?"""
    if "scipy.special" not in sys.modules or getattr(np, function.__name__, None) is function:
        return False
    from . import special  # noqa: F401

    return function in functions


def no_rule(function: Any, args: Any, kwargs: Any) -> TypeError:
    """The error for a function that has no rule."""
    name = getattr(function, "__name__", str(function))
    module = getattr(function, "__module__", None) or "numpy"
    if getattr(sys.modules.get("scipy.special"), name, None) is function:
        module = "scipy.special"  # ufuncs do not know where they live
    return TypeError(
        f"{module}.{name} has no derivative rule on Variables. For a plain result pass v.value; "
        "for a differentiable one wrap it: @primitive def f(x): ... with f.defvjp(rule) and "
        "f.defjvp(rule) (see autograd_tape.primitive), or compose it from functions of "
        "docs/coverage.md"
    )
