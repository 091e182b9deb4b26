"""Random numbers in a program: drawn at every call, from the generator that the function uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .recording import Recording
from .step import Draw

__all__ = ["Drawing"]


@dataclass(slots=True, eq=False)
class Drawing:
    """Stands for a ``np.random.Generator`` while a function that uses it is traced."""

    generator: np.random.Generator
    recording: Recording

    __class__ = property(lambda self: np.random.Generator)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        draw = Draw(self.generator, name)
        return lambda *args, **kwargs: self.recording.call(draw, args, kwargs)
