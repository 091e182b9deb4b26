"""Property-test a derivative: yours, or one of this package.

    from autograd_tape.testing import check_grads
    check_grads(lambda x: np.sum(np.sin(x) * x), (np.linspace(0, 1, 5),))

``check_grads`` needs NumPy only.  What draws random arguments and programs (``arrays``,
``broadcastable``, ``operands_for``, ``programs``, ``given_gradients``) needs Hypothesis, which is
imported when one of these is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .check import check_grads
from .kinks import Kink, kink_distance
from .mismatch import GradientError, Mismatch
from .rules import check_primitive

if TYPE_CHECKING:
    from .given import given_gradients
    from .operands import arrays, broadcastable, operands_for
    from .program import Program, programs

__all__ = [
    "GradientError", "Kink", "Mismatch", "Program", "arrays", "broadcastable", "check_grads",
    "check_primitive", "given_gradients", "kink_distance", "operands_for", "programs",
]  # fmt: skip

_WITH_HYPOTHESIS = {
    "arrays": "operands", "broadcastable": "operands", "operands_for": "operands",
    "Program": "program", "programs": "program", "given_gradients": "given",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _WITH_HYPOTHESIS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f".{_WITH_HYPOTHESIS[name]}", __name__)
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise ModuleNotFoundError(
            f"autograd_tape.testing.{name} draws examples with Hypothesis: pip install hypothesis",
            name="hypothesis",
        ) from None
    return getattr(module, name)
