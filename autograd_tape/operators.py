"""The operators of a Variable: which primitive each of them records.

They are installed on the class as they are, one Python call per operation.  In-place forms are
left to Python: ``v += w`` rebinds ``v`` to the recorded ``v + w``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .primitives.arithmetic import (
    absolute,
    add,
    divide,
    multiply,
    negative,
    positive,
    power,
    remainder,
    subtract,
)
from .primitives.products import matmul

__all__ = ["OPERATORS"]


def _reflected(operator: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: operator(other, self)


def _floordiv(x: Any, y: Any) -> Any:
    return np.floor_divide(x, y)


def _divmod(x: Any, y: Any) -> tuple[Any, Any]:
    return _floordiv(x, y), remainder(x, y)


OPERATORS: dict[str, Callable[..., Any]] = {
    "__neg__": negative,
    "__pos__": positive,
    "__abs__": absolute,
}
for _name, _operator in {
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "truediv": divide,
    "pow": power,
    "mod": remainder,
    "matmul": matmul,
    "floordiv": _floordiv,
    "divmod": _divmod,
}.items():
    OPERATORS[f"__{_name}__"] = _operator
    OPERATORS[f"__r{_name}__"] = _reflected(_operator)
