"""program.cost(): what is counted, against what is measured."""

import gc
import tracemalloc

import numpy as np
import pytest

from autograd_tape import compile


def network(w1, w2, x):
    return np.mean(np.tanh(np.tanh(x @ w1) @ w2) ** 2)


def args(n=200):
    rng = np.random.default_rng(0)
    return rng.standard_normal((64, n)), rng.standard_normal((n, 32)), rng.standard_normal((n, 64))


def test_operations_of_products_sums_and_functions():
    m, k, n = 3, 4, 5
    cost = compile(lambda a, b: np.sum(np.exp(a @ b)), np.ones((m, k)), np.ones((k, n))).cost()
    found = {s.step.function: s.flops for s in cost.steps}
    assert found[np.exp] == m * n
    products = [s.flops for s in cost.steps if s.step.function is np.matmul]
    assert products[0] == 2 * m * k * n
    assert cost.flops == sum(s.flops for s in cost.steps)


def test_the_operations_of_a_network_are_three_times_its_forward_ones():
    w1, w2, x = args()
    forward = 2 * (200 * 64 * 200 + 200 * 200 * 32)
    flops = compile(network, w1, w2, x, argnums=(0, 1)).cost().flops
    products = forward * 3 - 2 * 200 * 64 * 200  # x takes no gradient
    assert products < flops < 1.05 * products


def test_operations_of_contractions():
    a, b = np.ones((2, 3)), np.ones((3, 4))
    cost = compile(lambda a, b: np.einsum("ij,jk->ik", a, b), a, b, argnums=None).cost()
    assert cost.flops == 2 * 2 * 3 * 4
    vectors = compile(lambda x: x @ x, np.ones(5), argnums=None).cost()
    assert vectors.flops == 2 * 5


def falling(q, p):
    for _ in range(50):
        p = p - 0.1 * np.sin(q)
        q = q + 0.1 * p
    return np.sum(q)


def test_a_long_program_is_summed_up_by_line():
    cost = compile(falling, np.ones(100), np.zeros(100)).cost()
    lines = {line.text: line for line in cost.lines}
    kick, drift = lines["p = p - 0.1 * np.sin(q)"], lines["q = q + 0.1 * p"]
    for what in ("flops", "bytes"):
        assert sum(getattr(line, what) for line in cost.lines) == getattr(cost, what)
    assert sum(line.steps for line in cost.lines) == len(cost.steps)
    assert kick.flops > 50 * 100 * 3  # and what the rules of sin and of the product take
    assert kick.steps > drift.steps > 50 * 2
    assert cost.lines[0] == kick
    text = repr(cost)
    assert f"p = p - 0.1 * np.sin(q) {kick.steps} " in " ".join(text.split())
    assert kick.place.startswith("test_cost.py:")
    assert "more" not in text
    assert len(text.splitlines()) < 10


def test_a_short_program_is_shown_step_by_step():
    text = repr(compile(network, *args(), argnums=(0, 1)).cost())
    assert "t1 = x @ w1" in text


def test_bytes_are_those_of_operands_and_results():
    x = np.ones(1000)
    cost = compile(lambda x: np.exp(x) + 1.0, x, argnums=None).cost()
    assert [s.bytes for s in cost.steps] == [16_000, 16_000]


@pytest.mark.parametrize("reuse", [True, False])
def test_the_peak_is_what_tracemalloc_sees(reuse):
    w1, w2, x = args(400)
    program = compile(network, w1, w2, x, argnums=(0, 1), reuse=reuse)
    predicted = program.cost()
    program.latest._idle.clear()  # its memory is made again inside, so that it is seen
    gc.collect()
    tracemalloc.start()
    program(w1, w2, x)
    tracemalloc.reset_peak()
    _ = program(w1, w2, x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert predicted.peak == pytest.approx(peak, rel=0.1)


def test_it_prints_as_a_table():
    cost = compile(network, *args(20), argnums=(0, 1)).cost()
    text = repr(cost)
    assert text.startswith(f"Cost of {len(cost.steps)} steps: ")
    assert "x @ w1" in text
    assert "test_cost.py:" in text
    assert cost._repr_html_().count("<table") == 1
