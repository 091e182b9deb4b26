"""Valid inputs for the tests of a primitive: ``sample(rng)`` yields (arguments, keywords)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Call = tuple[tuple[Any, ...], dict[str, Any]]
Shape = tuple[int, ...]


def real(
    *shapes: Shape,
    low: float = -2.0,
    high: float = 2.0,
    away: tuple[float, ...] = (),
    apart: bool = False,
    **params: Any,
) -> Callable[[np.random.Generator], Iterator[Call]]:
    """One call with uniform float64 operands of the given shapes, none within 0.1 of ``away``.

    apart  the elements of all operands together are distinct, each about as far from the next
    """

    def sample(rng: np.random.Generator) -> Iterator[Call]:
        args = []
        n = sum(math.prod(shape) for shape in shapes)
        ranks = iter(rng.permutation(n)) if apart else None
        for shape in shapes:
            x = rng.uniform(low, high, shape)
            if ranks is not None:
                rank = np.reshape([next(ranks) for _ in range(x.size)], shape)
                x = low + (rank * (high - low) + 0.25 * (x - low)) / n
            for kink in away:
                x = np.where(np.abs(x - kink) < 0.1, x + 0.25, x)
            args.append(x)
        yield tuple(args), dict(params)

    return sample


def both(*shapes: Shape, **options: Any) -> Callable[[np.random.Generator], Iterator[Call]]:
    """A real call, then the same with complex128 operands."""

    def sample(rng: np.random.Generator) -> Iterator[Call]:
        draw = real(*shapes, **options)
        yield from draw(rng)
        for (re, params), (im, _) in zip(draw(rng), draw(rng), strict=True):
            yield tuple(a + 1j * b for a, b in zip(re, im, strict=True)), params

    return sample


def calls(
    *makers: Callable[[np.random.Generator], Any],
) -> Callable[[np.random.Generator], Iterator[Call]]:
    """Several calls: each maker gives ``args`` or ``(args, params)``-shaped sample iterators."""

    def sample(rng: np.random.Generator) -> Iterator[Call]:
        for make in makers:
            yield from make(rng)

    return sample
