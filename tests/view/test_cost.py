"""Bytes that a tape keeps against ``tracemalloc``; times and memory over both sweeps."""

from __future__ import annotations

import gc
import time
import tracemalloc

import numpy as np
import pytest

from autograd_tape import Tape, TapeError, Variable, checkpoint, primitive
from autograd_tape.primitives.piecewise import relu
from autograd_tape.view.cost import size_text, time_text

N, WIDTH = 400, 250
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, WIDTH))
W = [Variable(RNG.standard_normal((WIDTH, WIDTH)) / 16, name=f"W{i}") for i in range(3)]


def loss():
    """Layers with values that are kept, not kept, shared and viewed."""
    h = X
    for w in W:
        z = h @ w + 0.5  # matmul keeps h; the sum is kept by nobody
        keep = RNG.random(z.shape) < 0.9  # a mask that nobody but the tape holds
        h = np.where(keep, np.tanh(z), 0.0)
    return np.mean((h * h).T.reshape(-1)[: N * 10])


def traced(run):
    """(result, bytes alive because of it, peak)"""
    gc.collect()
    tracemalloc.start()
    try:
        result = run()
        gc.collect()
        return result, *tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("explicit", [False, True])
def test_saved_bytes_are_those_that_tracemalloc_sees(explicit):
    def run():
        if not explicit:
            return loss()
        with Tape() as tape:
            y = loss()
        return tape, y

    run()  # fills caches
    result, alive, _ = traced(run)
    cost = result[0].cost() if explicit else result.cost()
    assert cost.inputs == 3 * WIDTH * WIDTH * 8
    # X is the user's own and was there before: the tape keeps it alive, but did not make it.
    assert cost.saved - X.nbytes == pytest.approx(alive, rel=0.02)


def test_the_peak_is_that_of_a_sweep():
    def run():
        with Tape() as tape:
            y = loss()
        return tape.gradient(y, W)

    run()
    _, _, peak = traced(run)
    with Tape() as tape:
        loss()
    cost = tape.cost()
    here = max(m.total - m.inputs for m in cost.memory) - X.nbytes
    assert here <= peak * 1.02
    assert here == pytest.approx(peak, rel=0.35)  # within an operation there is more for a while


def test_shared_arrays_count_once():
    a = Variable(np.ones(1000), name="a")
    view = a[10:]  # of the same memory
    y = np.sum(view * view) + np.sum(view * view)
    cost = y.cost()
    assert cost.rows[0].saved == cost.inputs == 8000
    assert cost.saved < 200  # two scalars, and no more
    c = np.ones(500)
    assert (np.sum(a[:500] * c) + np.sum(a[:500] * c)).cost().saved == pytest.approx(4000, abs=200)


def test_the_example():
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    cost = ((a + b) * b).cost()
    assert [r.name for r in cost.rows] == ["a", "b", "v2", "v3"]
    assert [r.saved > 0 for r in cost.rows] == [True, True, True, False]  # a * b reads both
    assert [m.name for m in cost.memory] == ["v2", "v3", "v3", "v2"]
    assert [m.sweep for m in cost.memory] == ["forward"] * 2 + ["reverse"] * 2
    assert cost.peak == max(m.total for m in cost.memory)
    lines = str(cost).splitlines()
    assert lines[0].startswith("Cost of 4 entries: 24 B saved beside 48 B of inputs, at most ")
    assert lines[2].split() == [
        "index", "name", "operation", "type", "saved", "forward", "reverse"
    ]  # fmt: skip
    assert len(lines) == 7
    assert "add(a, b)" in cost._repr_html_()
    assert "1 entry: 0 B saved" in str(a.cost())
    assert a.cost().memory == ()


def test_memory_rises_and_falls():
    x = y = Variable(np.ones(100_000), name="x")
    for _ in range(10):
        y = np.sin(y)
    memory = np.sum(y).cost().memory
    forward = [m for m in memory if m.sweep == "forward"]
    reverse = [m for m in memory if m.sweep == "reverse"]
    assert len(forward) == len(reverse) == 11
    kept = [m.saved / x.nbytes for m in forward]
    assert np.allclose(kept, [*range(1, 10), 9, 9], atol=0.01)  # sin(y) keeps y, sum nothing
    assert [m.saved for m in reverse] == sorted((m.saved for m in reverse), reverse=True)
    assert reverse[-1].saved == 0
    # That of x remains, beside that of the last operation, which has just been passed.
    assert reverse[-1].adjoints == pytest.approx(2 * x.nbytes, rel=0.05)
    assert max(m.adjoints for m in reverse) < 3.1 * x.nbytes


def test_slow_operations_are_found_to_be_slow():
    @primitive
    def slow(x):
        time.sleep(0.004)
        return x * 2.0

    def rule(ct, output, x):
        time.sleep(0.008)
        return ct * 2.0

    slow.defvjp(rule)
    x = Variable(1.0, name="x")
    cost = (slow(x) * 3.0).cost(repeat=2)
    _, found, other = cost.rows
    assert 0.004 <= found.forward < 0.1
    assert 0.008 <= found.reverse < 0.1
    assert other.forward < 0.004
    assert cost.reverse >= 0.008


def test_what_the_sweep_treats_specially():
    x = Variable(np.arange(6.0).reshape(2, 3) + np.eye(2, 3), name="x")
    values, vectors = np.linalg.eigh(x @ x.T)
    assert (np.sum(values) + vectors[0, 0]).cost().saved
    assert np.sum(checkpoint(lambda y: relu(y) * 2.0)(x)).cost().forward > 0
    tape = (np.sum(x) + 1.0).tape
    before = [e.note("adjoint") for e in tape]
    tape.cost()
    assert [e.note("adjoint") for e in tape] == before == [None] * 3
    with Tape() as tape:  # what the last entry does not depend on is there, too
        np.exp(x)
        y = np.sum(x)
    assert [r.reverse > 0 for r in tape.cost().rows] == [False, False, True]
    assert tape.gradient(y, [x])[0].shape == (2, 3)
    with pytest.raises(TapeError, match="freed"):
        tape.cost()
    with pytest.raises(TapeError, match="freed"):
        y.cost()


def test_of_a_long_tape_the_slowest_are_shown():
    y = Variable(1.0, name="x")
    for _ in range(1000):
        y = np.sin(y)
    text = str(y.cost(repeat=1))
    assert "the 60 slowest:" in text
    assert len(text.splitlines()) == 2 + 1 + 60


def test_units():
    assert [size_text(n) for n in (0, 24, 999, 1500, 12_000_000, 999_999)] == [
        "0 B", "24 B", "999 B", "1.5 kB", "12 MB", "1 MB"
    ]  # fmt: skip
    assert [time_text(t) for t in (0.0, 3.1e-7, 1.5e-6, 0.012, 2.0, 5000.0)] == [
        "0 ns", "310 ns", "1.5 µs", "12 ms", "2 s", "5000 s"
    ]  # fmt: skip
