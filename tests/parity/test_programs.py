"""Random programs: our values and derivatives against those of JAX and PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_tape.testing import programs

from .agreement import (
    assert_forward_agrees,
    assert_reverse_agrees,
    assert_second_order_agrees,
)
from .test_operations import peer_of


def share(part: float) -> settings:
    """That part of 2,500 programs in the thorough profile, of its own number in the quick one."""
    n = settings().max_examples
    return settings(max_examples=max(1, round(part * (2500 if n > 60 else n))))


def programs_for(module: str, twice: bool = False, **options: Any) -> st.SearchStrategy[Any]:
    """Programs that a peer can run."""
    peer = peer_of(module)
    narrow = options.get("dtype") is np.float32
    operations = peer.operations(
        narrow=narrow, complex=options.get("complex", False), twice=twice
    )  # fmt: skip
    return programs(operations=operations, **options)


@share(1)
@given(st.data())
def test_jax(data: st.DataObject) -> None:
    program = data.draw(programs_for("jax"))
    assert_reverse_agrees(program, peer_of("jax"))
    assert_forward_agrees(program, peer_of("jax"))


@share(0.25)
@given(st.data())
def test_jax_in_single_precision(data: st.DataObject) -> None:
    program = data.draw(programs_for("jax", dtype=np.float32))
    assert_reverse_agrees(program, peer_of("jax"))


@share(0.5)
@given(st.data())
def test_jax_of_complex_arguments(data: st.DataObject) -> None:
    program = data.draw(programs_for("jax", complex=True))
    assert_reverse_agrees(program, peer_of("jax"))


@share(0.25)
@given(st.data())
def test_jax_second_order(data: st.DataObject) -> None:
    program = data.draw(programs_for("jax", twice=True, depth=5))
    assert_second_order_agrees(program, peer_of("jax"))


@share(1)
@given(st.data())
def test_torch(data: st.DataObject) -> None:
    assert_reverse_agrees(data.draw(programs_for("torch")), peer_of("torch"))


@share(1)
@given(st.data())
def test_torch_in_single_precision(data: st.DataObject) -> None:
    assert_reverse_agrees(data.draw(programs_for("torch", dtype=np.float32)), peer_of("torch"))


@share(1)
@given(st.data())
def test_torch_of_complex_arguments(data: st.DataObject) -> None:
    assert_reverse_agrees(data.draw(programs_for("torch", complex=True)), peer_of("torch"))
