"""Variables that a function reads from outside (the parameters of a layer), as arguments of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..entry import leaf
from ..variable import Variable, as_value

__all__ = ["as_arguments", "parameters_of"]


def parameters_of(f: Any) -> dict[str, Variable]:
    """Name and Variable of each parameter, if ``f`` is something that has them (an nn.Module)."""
    named = getattr(f, "named_parameters", None)
    return dict(named()) if callable(named) else {}


def as_arguments(
    f: Callable[..., Any], args: Sequence[Any], variables: dict[str, Variable]
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """(g, arguments) with ``g(*args, values) = f(*args)`` while the variables hold ``values``."""

    def g(*args: Any) -> Any:
        *args, values = args  # type: ignore[assignment]
        before = {name: (v._value, v._entry) for name, v in variables.items()}
        try:
            for name, v in variables.items():
                x = values[name]
                v._value = as_value(x)
                v._entry = x._entry if x.__class__ is Variable else leaf(v._value)
            return f(*args)
        finally:
            for name, v in variables.items():
                v._value, v._entry = before[name]

    g.__name__ = str(getattr(f, "__name__", type(f).__name__))
    first = [f"x{i}" for i in range(len(args))]
    try:
        known = list(inspect.signature(getattr(f, "forward", f)).parameters)
        first = [known[i] if i < len(known) else name for i, name in enumerate(first)]
    except (TypeError, ValueError):
        pass
    kind = inspect.Parameter.POSITIONAL_ONLY
    names = [*(n if n.isidentifier() else f"x{i}" for i, n in enumerate(first)), "parameters"]
    if len(set(names)) == len(names):
        g.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(n, kind) for n in names]
        )
    return g, (*args, {name: v.value for name, v in variables.items()})
