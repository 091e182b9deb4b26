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
