"""What the tests of the classic networks draw."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd_tape.testing import arrays

small = st.integers(1, 4)
seeds = st.integers(0, 10_000)


def numbers(*shape: int, domain: Any = "real") -> st.SearchStrategy[Any]:
    return arrays(shape, domain=domain, layouts=False)


def bits(*shape: int) -> st.SearchStrategy[Any]:
    return arrays(shape, domain="unit", layouts=False).map(lambda x: (x > 0).astype(float))


def signs(*shape: int) -> st.SearchStrategy[Any]:
    return bits(*shape).map(lambda s: 2 * s - 1)


def every_state(n: int, values: tuple[float, float] = (0.0, 1.0)) -> Any:
    """All 2ⁿ states of n units: (2ⁿ, n)."""
    return np.array(np.meshgrid(*[values] * n, indexing="ij")).reshape(n, -1).T
