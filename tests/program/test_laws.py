"""What is true of the program of every function, over random ones."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_tape import compile, value_and_grad
from autograd_tape.containers import flatten
from autograd_tape.program import passes
from autograd_tape.testing.program import programs
from autograd_tape.variable import as_value
from tests.program.agreement import assert_same

MODES = {
    "plain": {"passes": (), "reuse": False},
    "all": {},
    "reuse": {"passes": (), "in_place": False},
    "in place": {"passes": ()},
} | {p.__name__: {"passes": (p,), "reuse": False} for p in passes.EXACT}


def scalar(program: Any) -> Any:
    """A random program's result as one real number."""

    def f(*leaves: Any) -> Any:
        y = program(*leaves)
        total = np.sum(np.real(y) * 1.5)
        return total + np.sum(np.imag(y)) if np.iscomplexobj(as_value(y)) else total

    return f


def plain(results: Any) -> Any:
    return [as_value(x) for x in flatten(results)[0]]


def moved(leaf: Any, rng: np.random.Generator) -> Any:
    """Other values near a leaf's, of its class and dtype."""
    new = leaf * (1 + 1e-3 * rng.uniform(-1, 1, np.shape(leaf)))
    return float(new) if type(leaf) is float else new.astype(leaf.dtype)[()]


# BLAS and LAPACK round by where an array lies in memory, from run to run.
BLAS = re.compile(
    "linalg|@|dot|matmul|einsum|convolve|correlate|inner|vecmat|matvec|cov|corrcoef|poly|interp"
)


def compare(program: Any, got: Any, wanted: Any) -> None:
    if not BLAS.search(str(program)):
        return assert_same(got, wanted)
    for a, b in zip(got, wanted, strict=True):
        assert type(a) is type(b)
        size = np.max(np.abs(b)[np.isfinite(b)], initial=1e-3)
        rtol = 1000 * np.finfo(np.result_type(b)).eps
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * size, strict=True)
    return None


def check(program: Any, seed: int, **options: Any) -> None:
    """The compiled gradient is the engine's to the last bit, there and at other values."""
    assume(program.steps)
    f, leaves = scalar(program), program.leaves
    argnums = tuple(range(len(leaves)))
    with np.errstate(all="ignore"):
        engine = value_and_grad(f, argnums)
        compiled = compile(f, *leaves, argnums=argnums, **options)
        rng = np.random.default_rng(seed)
        for values in (leaves, [moved(x, rng) for x in leaves]):
            try:
                wanted = plain(engine(*values))
            except ValueError:  # a mask that selects fewer elements there
                assume(False)
            compare(program, plain(compiled(*values)), wanted)
        space: dict[str, Any] = {}
        exec(compiled.source, space)
        text = space[compiled.name](*values, **compiled.constants)
        compare(program, list(text), wanted)


@given(programs(smooth=False), st.integers(0, 2**16))
def test_a_program_gives_what_the_engine_gives(program, seed):
    check(program, seed)


@given(programs(smooth=False, dtype=np.float32), st.integers(0, 2**16))
def test_in_single_precision(program, seed):
    check(program, seed)


@pytest.mark.parametrize("mode", MODES)
@given(programs(smooth=False), st.integers(0, 2**16))
def test_no_pass_changes_a_bit(mode, program, seed):
    check(program, seed, **MODES[mode])


@given(programs(smooth=False, complex=True), st.integers(0, 2**16))
def test_complex_numbers_in_the_plain_mode(program, seed):
    check(program, seed, **MODES["plain"])
