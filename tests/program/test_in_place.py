"""Arrays that are changed, and read before and after, whole and through views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import compile, value_and_grad
from autograd_tape.program.passes import constants
from tests.program.agreement import assert_same
from tests.program.test_laws import MODES, check

READ: dict[str, Callable[[Any, Any], Any]] = {
    "v.T": lambda v, w: v.T,
    "v[::-1]": lambda v, w: v[::-1],
    "v[:1]": lambda v, w: v[:1],
    "v[..., ::2]": lambda v, w: v[..., ::2],
    "v[[0, -1]]": lambda v, w: v[[0, -1]],
    "v.ravel()": lambda v, w: v.ravel(),
    "v.reshape(backwards)": lambda v, w: v.reshape(v.shape[::-1]),
    "np.moveaxis(v, 0, -1)": lambda v, w: np.moveaxis(v, 0, -1),
    "v + row": lambda v, w: v + v[0],
    "v * w[0]": lambda v, w: v * w.ravel()[0],
    "np.tanh(v)": lambda v, w: np.tanh(v),
    "v * 2": lambda v, w: v * 2.0,
    "0 + v": lambda v, w: np.zeros(v.shape) + v,
    "np.cumsum(v)": lambda v, w: np.cumsum(v),
    "np.roll(v, 1)": lambda v, w: np.roll(v, 1),
    "sum of rows": lambda v, w: np.sum(v, axis=0, keepdims=True),
}
CHANGED: dict[str, Callable[[Any, Any], Any]] = {
    "+ 0.7": lambda part, w: part + 0.7,
    "* 1.1": lambda part, w: part * 1.1,
    "= 0.3": lambda part, w: 0.3,
    "= w[0]": lambda part, w: w.ravel()[0],
    "* w[0]": lambda part, w: part * w.ravel()[0],
    "- w[-1]": lambda part, w: part - w.ravel()[-1],
    "squared": lambda part, w: part * part,
    "reversed": lambda part, w: part[::-1] if part.ndim else part,
}
PLACES: dict[str, Any] = {
    "0": 0, "-1": -1, "...": ..., "::-1": slice(None, None, -1), ":1": slice(1),
    "[0, 0]": [0, 0], "..., 0": (..., 0),
}  # fmt: skip


class Changing:
    """Statements about a growing list of arrays; ``v`` and ``w`` are counted from its end."""

    def __init__(self, steps: Any, leaves: Any) -> None:
        self.steps, self.leaves = steps, leaves

    def __repr__(self) -> str:
        lines = [f"list[{-i}]{f'[{p}]' if p else ''}: {w} ({-j})" for w, p, i, j in self.steps]
        return "; ".join(lines)

    def __call__(self, *leaves: Any) -> Any:
        arrays = [x * 1.0 for x in leaves]
        for what, place, i, j in self.steps:
            v, w = arrays[-1 - i % len(arrays)], arrays[-1 - j % len(arrays)]
            if place is None:
                arrays.append(READ[what](v, w))
            else:
                index = PLACES[place]
                v[index] = CHANGED[what](v[index], w)
        return sum(np.sum(v * (0.5 + 0.25 * k)) for k, v in enumerate(arrays))


BACK = st.integers(0, 4)
STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(READ)), st.none(), BACK, BACK)
    | st.tuples(st.sampled_from(sorted(CHANGED)), st.sampled_from(sorted(PLACES)), BACK, BACK),
    min_size=1, max_size=10,
)  # fmt: skip


@st.composite
def changing(draw: Any) -> Changing:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    shapes = draw(
        st.lists(st.sampled_from([(3, 4), (9,), (2, 5, 3), (1, 1)]), min_size=2, max_size=2)
    )
    return Changing(draw(STEPS), [rng.uniform(-1, 1, shape) for shape in shapes])


@pytest.mark.parametrize("mode", MODES)
@given(changing(), st.integers(0, 2**16))
def test_what_is_changed_is_read_as_it_was(mode: str, program: Changing, seed: int) -> None:
    check(program, seed, **MODES[mode])


@pytest.mark.parametrize("options", [{}, {"passes": (constants,), "reuse": False}])
def test_a_sum_is_added_up_in_the_order_of_the_engine(options: dict[str, Any]) -> None:
    """1.25 * x.T lies otherwise than np.full(shape, 1.25) * x.T, which lies as np.full does."""

    def f(x: Any) -> Any:
        return np.sum(x.T * x[0, 0] * 1.25)

    xs = np.random.default_rng(0).uniform(-1, 1, (50, 3, 4))
    program = compile(f, xs[0], **options)
    space: dict[str, Any] = {}
    exec(program.source, space)
    for x in xs:
        wanted = value_and_grad(f)(x)
        assert_same(program(x), wanted)
        assert_same(space["f"](x, **program.constants), wanted)
