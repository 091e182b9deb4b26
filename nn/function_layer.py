"""A function as a layer: what all activations and losses have in common."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .module import Module

__all__ = ["FunctionLayer"]


class FunctionLayer(Module):
    """Base of layers that are ``function(x, **options)``: they keep the options as attributes.

    ``class ELU(FunctionLayer, of=elu)`` takes the arguments of ``elu(x, alpha=1.0)`` after the
    first ``operands`` ones, with their defaults.  An array among them is a buffer.
    """

    _function: Callable[..., Any]
    _operands: int
    _options: tuple[inspect.Parameter, ...]

    def __init_subclass__(
        cls, of: Callable[..., Any] | None = None, operands: int = 1, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if of is None:
            return  # a subclass of a subclass
        cls._function, cls._operands = staticmethod(of), operands
        cls._options = tuple(inspect.signature(of).parameters.values())[operands:]
        cls.__signature__ = inspect.Signature(cls._options)  # type: ignore[attr-defined]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            bound = inspect.Signature(self._options).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}") from None
        bound.apply_defaults()
        for name, option in bound.arguments.items():
            setattr(self, name, np.array(option) if isinstance(option, (list, tuple)) else option)

    def forward(self, *operands: Any) -> Any:
        if len(operands) != self._operands:
            raise TypeError(
                f"{type(self).__name__} takes {self._operands} operands, not {len(operands)}"
            )
        return self._function(*operands, **{p.name: getattr(self, p.name) for p in self._options})

    def extra_repr(self) -> str:
        options = ((p.name, getattr(self, p.name)) for p in self._options)
        return ", ".join(f"{name}={option!r}" for name, option in options)
