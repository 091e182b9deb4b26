"""Do we and a peer agree on a program's value and derivatives?

Errors are measured against the largest magnitude that passes through the tape: a small gradient
that is the difference of two large shares cannot be known better than they are.

Next to read: :mod:`tests.parity.test_programs`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tape import Variable, grad, jvp, vjp
from autograd_tape.adjoint import default_seed
from autograd_tape.backward import sweep
from autograd_tape.entry import linearize
from autograd_tape.forward import push
from autograd_tape.replay import primals
from autograd_tape.testing import Program
from autograd_tape.testing.kinks import largest
from autograd_tape.variable import as_value

from .namespaces import Peer

__all__ = ["assert_forward_agrees", "assert_reverse_agrees", "assert_second_order_agrees"]

WIDE, NARROW, SECOND = 1e-9, 1e-3, 1e-8


def assert_reverse_agrees(program: Program, peer: Peer) -> None:
    """Values, and the gradient of ⟨ct, value⟩ in each leaf for a random covector ct."""
    value, pullback = vjp(program, *program.leaves)
    ct = random_like(value, 1)
    expected, adjoints = peer.vjp(program, ct)
    rtol = _rtol(program)
    values, of_adjoints, _ = passing(program, ct)
    _compare("value", value, expected, rtol * values)
    for name, got, adjoint in zip(program.names, pullback(ct), adjoints, strict=True):
        _compare(f"adjoint of {name}", got, adjoint, rtol * of_adjoints)


def assert_forward_agrees(program: Program, peer: Peer) -> None:
    """The derivative of the value along a random tangent of all leaves."""
    assert peer.jvp is not None
    tangents = [random_like(x, 2 + i) for i, x in enumerate(program.leaves)]
    value, tangent = jvp(program, tuple(program.leaves), tuple(tangents))
    _, expected = peer.jvp(program, tangents)
    _, _, of_tangents = passing(program, random_like(value, 1))
    _compare("tangent", tangent, expected, _rtol(program) * of_tangents)


def assert_second_order_agrees(program: Program, peer: Peer) -> None:
    """The Hessian of ⟨ct, value⟩ times a random tangent of all leaves, forward over reverse."""
    assert peer.hvp is not None
    ct = random_like(program(*program.leaves), 1)
    tangents = [random_like(x, 2 + i) for i, x in enumerate(program.leaves)]
    gradient = grad(lambda *xs: np.sum(program(*xs) * ct), tuple(range(len(program.leaves))))
    products = jvp(gradient, tuple(program.leaves), tuple(tangents))[1]
    expected = peer.hvp(program, ct, tangents)
    scale = max(*passing(program, ct), *map(largest, expected))
    for name, got, product in zip(program.names, products, expected, strict=True):
        _compare(f"Hessian-vector product in {name}", got, product, SECOND * scale)


def random_like(x: Any, seed: int) -> Any:
    """Numbers between 0.5 and 1 in magnitude, of the shape and dtype of ``x``."""
    rng = np.random.default_rng(seed)
    y = rng.uniform(0.5, 1.0, np.shape(x)) * rng.choice([-1.0, 1.0], np.shape(x))
    if np.iscomplexobj(x):
        y = y * np.exp(2j * np.pi * rng.uniform(size=np.shape(x)))
    return np.asarray(y, np.result_type(x))[()]


def passing(program: Program, ct: Any) -> tuple[float, float, float]:
    """The largest magnitudes (at least 1) of values, adjoints and tangents on the tape."""
    leaves = [Variable(x) for x in program.leaves]
    y = program(*leaves)
    if y.__class__ is not Variable:
        return 1.0, 1.0, 1.0
    order = linearize(y._entry)
    start = {v._entry: random_like(x, 2 + i)
             for i, (v, x) in enumerate(zip(leaves, program.leaves, strict=True))}  # fmt: skip
    start = {entry: start[entry] for entry in order if entry in start}
    everything = (
        primals(order).values(),
        sweep(y._entry, default_seed(y._entry, ct)).values(),
        push(order[::-1], start).values(),
    )
    values, adjoints, tangents = (max(map(_size, found), default=1.0) for found in everything)
    return max(1.0, values), max(1.0, adjoints), max(1.0, tangents)


def _size(x: Any) -> float:
    """The largest magnitude; an entry with several outputs may lack some."""
    parts = x if isinstance(x, list | tuple) else (x,)
    return max((largest(p) for p in parts if p is not None), default=0.0)


def _rtol(program: Program) -> float:
    return WIDE if all(np.finfo(x.dtype).eps < 1e-10 for x in program.leaves) else NARROW


def _compare(what: str, got: Any, expected: Any, allowed: float) -> None:
    got, expected = np.asarray(as_value(got)), np.asarray(expected)
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, the peer's {expected.shape}"
    apart = np.max(np.abs(got - expected), initial=0.0)
    assert apart <= allowed, (
        f"{what}: apart by {apart:.3g}, allowed {allowed:.3g}\nours:  {got}\npeer:  {expected}"
    )
