"""Reverse-mode automatic differentiation over NumPy, with the whole tape to look at."""

from typing import TYPE_CHECKING

# isort: off
from .variable import Variable  # first: the class that every other module returns

# isort: on
from . import primitives
from .checkpoint import checkpoint
from .containers import ravel
from .primitive import primitive
from .primitives.piecewise import where_safe
from .primitives.structure import stop_gradient
from .scope import scope
from .tape import NonFiniteError, Tape, TapeError, no_grad
from .transforms import (
    elementwise_grad,
    explore,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)

if TYPE_CHECKING:  # imported when they are first asked for
    from .program import Program, compile
    from .view import plots

__version__ = "0.1.0"

__all__ = [
    "NonFiniteError", "Program", "Tape", "TapeError", "Variable", "checkpoint", "compile",
    "elementwise_grad", "explore", "grad", "hessian", "hvp", "jacobian", "jvp", "no_grad", "plots",
    "primitive", "primitives", "ravel", "scope", "stop_gradient", "value_and_grad", "vjp",
    "where_safe",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """What few programs need is imported when it is first asked for."""
    if name == "plots":
        from .view import plots

        return plots
    if name in ("Program", "compile"):
        from . import program

        return getattr(program, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
