"""Where the arrays of a program lie."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograd_tape import compile
from autograd_tape.program.arena import Arena
from tests.program.agreement import assert_same

REQUESTS = st.lists(st.one_of(st.integers(1, 2000), st.integers(-20, -1)), max_size=60)


@given(REQUESTS)
def test_parts_that_are_taken_never_overlap(requests):
    arena, taken = Arena(), []
    for n in requests:
        if n > 0:
            start = arena.take(n)
            assert start % 64 == 0
            assert start + n <= arena.size
            assert all(start + n <= s or s + m <= start for s, m in taken)
            taken.append((start, n))
        elif taken:
            arena.give_back(*taken.pop(n % len(taken)))
    for part in taken:
        arena.give_back(*part)
    if arena.size:  # what touches is one part again
        size = arena.size
        assert arena.take(size) == 0
        assert arena.size == size


def test_what_fits_best_is_taken():
    arena = Arena()
    a, _, c, _ = (arena.take(n) for n in (640, 64, 128, 64))
    arena.give_back(a, 640)
    arena.give_back(c, 128)
    assert arena.take(128) == c
    assert arena.take(600) == a
    assert arena.size == 640 + 64 + 128 + 64


def test_what_is_free_at_the_end_grows():
    arena = Arena()
    arena.take(64)
    last = arena.take(64)
    arena.give_back(last, 64)
    assert arena.take(640) == last
    assert arena.size == 704


def test_memory_begins_with_a_cache_line():
    for n in (1, 64, 100_000, 5_000_000):
        arena = Arena()
        arena.take(n)
        memory = arena.memory()
        assert memory.ctypes.data % 64 == 0
        assert len(memory) == arena.size >= n


def test_arrays_of_many_sizes_share_little_more_than_what_is_alive():
    def f(x):
        total = 0.0
        for n in (300, 200, 150, 100, 50):  # each sum dies before the next one
            a = np.sin(x[:n]) * 2.0
            b = np.concatenate([a, a, a]) * 1.5
            total = total + np.sum(np.cos(b) * b)
        return total

    x = np.linspace(0.0, 1.0, 300)
    program = compile(f, x, argnums=None)
    assert_same(program(2 * x), f(2 * x))
    assert program.cost().pool <= 1.1 * 3 * 8 * 900
