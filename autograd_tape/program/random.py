"""Random numbers in a program: drawn at every call, from the generator that the function uses."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tape import TapeError
from .recording import Recording
from .step import Draw

__all__ = ["Drawing"]


class Drawing(np.random.Generator):
    """Stands for a ``np.random.Generator`` while a function that uses it is traced.

    It is one, because ``np.random.default_rng(rng)`` is asked in C whether ``rng`` is.
    """

    def __init__(self, generator: np.random.Generator, recording: Recording) -> None:
        super().__init__(generator.bit_generator)
        self._drawn = generator, recording

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_"):
            return super().__getattribute__(name)
        if name == "bit_generator":
            raise TapeError(
                "the bit generator of a random generator is asked for; a program follows only what "
                "the generator itself draws (rng.random, rng.normal, ...)"
            )
        generator, recording = self._drawn
        draw = Draw(generator, name)
        return lambda *args, **kwargs: recording.call(draw, args, kwargs)
