"""Each operation of random programs by itself against each peer, so that a failure names it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("hypothesis")

from autograd_tape.testing import Program
from autograd_tape.testing.operations import ALL, Operation
from autograd_tape.testing.program import SHAPES, _Decoder

from .agreement import assert_reverse_agrees
from .namespaces import Peer, jax_peer, torch_peer

PEERS = {"jax": jax_peer, "torch": torch_peer}
EACH = {"jax": 1, "torch": 3}  # programs of an operation: JAX compiles each of them
SHARE = {"jax": 0.85, "torch": 0.7}  # of the operations that a peer could express
TRIALS = 60


def peer_of(module: str) -> Peer:
    pytest.importorskip(module)
    return PEERS[module]()


def programs_of(operation: Operation, count: int) -> list[Program]:
    """Up to ``count`` different programs of one step, always the same."""
    rng = np.random.default_rng(0)
    found: dict[str, Program] = {}
    for trial in range(TRIALS):
        shape = SHAPES[(5 * trial + 3) % len(SHAPES)]
        of_complex = operation.is_complex and trial % 2 == 0
        leaves: list[Any] = [_unequal(rng, shape, of_complex) for _ in range(operation.arity)]
        decoder = _Decoder(leaves, is_complex=operation.is_complex, margin=0.02, smooth=True)
        if decoder.take(operation, (0, 1), rng.integers(0, 16, 3).tolist()):
            program = decoder.program()
            found.setdefault(program.code, program)
        if len(found) == count:
            break
    return list(found.values())


def _unequal(rng: np.random.Generator, shape: tuple[int, ...], of_complex: bool) -> Any:
    grid = np.delete(np.arange(-200, 201), 200) / 100
    x = rng.choice(grid, shape, replace=False)
    return x + 1j * rng.choice(grid, shape, replace=False) if of_complex else np.asarray(x)


@pytest.mark.parametrize("operation", ALL, ids=lambda op: op.name)
@pytest.mark.parametrize("module", PEERS)
def test_operation(module: str, operation: Operation) -> None:
    peer = peer_of(module)
    if not peer.expresses(operation):
        pytest.skip(f"{peer.name} cannot express it")
    programs = programs_of(operation, EACH[module])
    assert programs, "no operands were found that suit"
    for program in programs:
        assert_reverse_agrees(program, peer)


@pytest.mark.parametrize("module", PEERS)
def test_most_operations_are_compared(module: str) -> None:
    peer = peer_of(module)
    could = [op for op in ALL if peer.in_place or not op.in_place]
    assert len(peer.operations()) >= SHARE[module] * len(could)


@pytest.mark.parametrize("module", PEERS)
def test_what_a_peer_cannot_do_is_in_the_table(module: str) -> None:
    peer = peer_of(module)
    known = {name for op in ALL for name in (op.name, *op.names)}
    assert {*peer.cannot, *peer.in_narrow, *peer.in_complex, *peer.twice} <= known
