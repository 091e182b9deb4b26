"""Threads and asyncio tasks: each with its own tape, none meets another."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from autograd_tape import Tape, Variable, no_grad

SHARED = Variable(np.linspace(0.5, 1.5, 8), name="shared")


def explicit(seed, steps=50):
    """Train a little, on an explicit tape, with a parameter of its own and one shared by all."""
    rng = np.random.default_rng(seed)
    w = Variable(rng.standard_normal(8))
    for _ in range(steps):
        with Tape() as tape:
            y = np.tanh(w * SHARED + 0.1)
            loss = np.sum(y * y)
        dw, ds = tape.gradient(loss, [w, SHARED])
        w.value = w.value - 0.1 * dw + 0.01 * ds
    return w.value


def ambient(seed, steps=50):
    rng = np.random.default_rng(seed)
    w = Variable(rng.standard_normal(8))
    for _ in range(steps):
        y = np.tanh(w * 0.9 + 0.1)
        np.sum(y * y).backward()
        w.value = w.value - 0.1 * w.adjoint
    return w.value


def test_eight_threads_equal_serial_runs():
    for work in (explicit, ambient):
        serial = [work(seed) for seed in range(8)]
        barrier = threading.Barrier(8)

        def run(seed, work=work, barrier=barrier):
            barrier.wait()
            return work(seed)

        with ThreadPoolExecutor(8) as pool:
            parallel = list(pool.map(run, range(8)))
        for a, b in zip(serial, parallel, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_hundred_tasks_equal_serial_runs():
    async def task(seed):
        w = Variable(np.random.default_rng(seed).standard_normal(8))
        for _ in range(5):
            with Tape() as tape:
                y = np.tanh(w * SHARED + 0.1)
                await asyncio.sleep(0)  # others run while this tape is open
                loss = np.sum(y * y)
                await asyncio.sleep(0)
            assert [e.primitive.name for e in tape if e.primitive] == [
                "multiply", "add", "tanh", "multiply", "sum"
            ]  # fmt: skip
            dw, ds = tape.gradient(loss, [w, SHARED])
            w.value = w.value - 0.1 * dw + 0.01 * ds
        return w.value

    async def main():
        return await asyncio.gather(*(task(seed) for seed in range(100)))

    for seed, value in enumerate(asyncio.run(main())):
        np.testing.assert_array_equal(value, explicit(seed, steps=5))


def test_no_grad_of_one_thread_is_not_another_s():
    inside, done = threading.Event(), threading.Event()

    def hold():
        with no_grad():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(10)
    x = Variable(2.0)
    (x * x).backward()
    done.set()
    thread.join()
    assert x.adjoint == 4.0
