"""How the families of this package register SciPy's ufuncs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ..arrays import asarray, copied
from ..dispatch import define, elementwise, functions
from ..needs import in_one_dtype
from ..primitive import Sample
from ..primitives.smoothness import Kinks, outside_cut
from ..primitives.structure import outputs
from ..variable import Variable, as_value

__all__ = ["in_last", "like", "negative_cut", "pair", "refused", "require_plain", "scipy_special",
           "sp", "unary", "value_of", "with_two"]  # fmt: skip

Rule = Callable[..., Any]
negative_cut = outside_cut((0, -1))  # of log and its kin; for real x the edge of x > 0

# Opaque to type checkers: SciPy ships no annotations.  The ufuncs are taken from where they are
# defined, because scipy.special wraps them in functions when SCIPY_ARRAY_API is set.
scipy_special: Any = import_module("scipy.special")
sp: Any = import_module("scipy.special._ufuncs")

_PYTHON_NUMBERS = {float, int}


def value_of(x: Any) -> Any:
    """The plain array behind ``x``, for conditions."""
    return asarray(as_value(x))


def like(x: Any, given: Any) -> Any:
    """``x`` in the dtype of ``given``: some ufuncs of SciPy turn float32 into float64."""
    dtype = getattr(given, "dtype", None)
    return x if dtype is None or x.dtype == dtype else x.astype(dtype)


def _as_given(output: Any, *args: Any) -> Any:
    """A Python number if all arguments are (their type never promotes an array's dtype)."""
    if all(x.__class__ in _PYTHON_NUMBERS for x in args) and isinstance(output, np.generic):
        return output.item()
    return output


def unary(
    ufunc: Any, rule: Rule, *, scalar: Callable[..., Any] | None = None, sample: Sample,
    kinks: Kinks | None = None,
) -> Callable[[Any], Any]:  # fmt: skip
    """A ufunc of one argument: ``rule(ct, output, x)`` in both modes."""
    scalar = scalar or (lambda x: ufunc(x).item())
    name = ufunc.__name__
    name = f"special.{name}" if hasattr(np, name) else name  # SciPy has a log1p of its own
    return elementwise(
        ufunc, rule, scalar=scalar, sample=sample, kinks=kinks, name=name, conforming=False
    )


def with_two(
    ufunc: Any, *rules: Rule, sample: Sample, kinks: Kinks | None = None
) -> Callable[[Any, Any], Any]:
    """A ufunc of two arguments, differentiable in both: ``rule(ct, output, x, y)`` for each."""

    def scalar(x: Any, y: Any) -> Any:
        return _as_given(ufunc(x, y), x, y)

    rules = tuple(map(in_one_dtype, rules))
    return elementwise(ufunc, *rules, scalar=scalar, sample=sample, kinks=kinks, conforming=False)


def in_last(
    ufunc: Any, rule: Rule, *, names: tuple[str, ...], sample: Sample, jvp: Rule | None = None,
    kinks: Kinks | None = None, name: str | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """A ufunc of plain parameters ``names`` and, last, the one argument it is differentiable in.

    rule, jvp  ``rule(ct, output, x, *, parameters)``; ``jvp`` only where it is not the same
    kinks      ``kinks(x, *, parameters)``
    """

    def forward(x: Any, *, parameters: tuple[Any, ...]) -> Any:
        return _as_given(ufunc(*parameters, x), x)

    function: str = name or ufunc.__name__
    p = define(forward, name=function, vjp=rule, jvp=jvp or rule, sample=sample, kinks=kinks)

    def call(*args: Any) -> Any:
        *parameters, x = args
        require_plain(function, **dict(zip(names, parameters, strict=True)))
        return p(x, parameters=tuple(_parameter(a) for a in parameters))

    functions[ufunc] = call
    return call


def _parameter(x: Any) -> Any:
    return x if np.isscalar(x) else copied(x)  # copied: the rules read it again, later


def pair(
    ufunc: Any, first: Rule, second: Rule, *, sample: Sample, kinks: Kinks | None = None
) -> Callable[[Any], Any]:
    """A ufunc of one argument z and two outputs, whose derivatives are first(z) and second(z)."""
    p = define(
        lambda z: ufunc(z),
        name=ufunc.__name__,
        vjp=lambda ct, output, z: _combined(ct, first, second, z),
        jvp=lambda z_dot, output, z: (z_dot * first(z), z_dot * second(z)),
        sample=sample,
        kinks=kinks,
    )

    def call(z: Any) -> Any:
        return outputs(p(z))

    functions[ufunc] = call
    return call


def _combined(ct: Any, first: Rule, second: Rule, z: Any) -> Any:
    """The adjoint of z; an output that was not used adds nothing, even where its slope is inf."""
    terms = [
        c * slope(z)
        for c, slope in zip(ct, (first, second), strict=True)
        if c.__class__ is Variable or np.any(c)
    ]
    return sum(terms[1:], terms[0]) if terms else ct[0]


def require_plain(function: str, **arguments: Any) -> None:
    """Raise for each of ``arguments`` that is a Variable, in which there is no derivative."""
    for name, x in arguments.items():
        if x.__class__ is Variable:
            raise refused(function, name)


def refused(function: str, argument: str) -> TypeError:
    return TypeError(
        f"scipy.special.{function} has no derivative rule in its argument {argument!r}; pass a "
        f"plain value there ({argument}.value), or wrap the function with @primitive and a rule of "
        "your own"
    )
