"""logsumexp, softmax, log_softmax: stable, and quiet about masked rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special

from autograd_tape import Variable, grad, hvp, jvp
from autograd_tape.primitives.reductions import log_softmax, logsumexp, softmax
from tests.helpers import check

rng = np.random.default_rng(5)
A = rng.standard_normal((3, 4))
B = rng.standard_normal((2, 3, 4))
Z = A + 1j * rng.standard_normal((3, 4))


@pytest.mark.parametrize("x", [A, B, B.T, B[:, ::-1, ::2], A.astype(np.float32)])
@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1), None])
@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_axes(name: str, x: Any, axis: Any) -> None:
    ours = {"logsumexp": logsumexp, "softmax": softmax, "log_softmax": log_softmax}[name]
    rtol = 1e-5 if x.dtype == np.float32 else 1e-13
    np.testing.assert_allclose(
        ours(Variable(x), axis).value, getattr(scipy.special, name)(x, axis), rtol=rtol
    )
    check(lambda a: ours(a, axis), x)


def test_keepdims_complex_and_plain() -> None:
    check(lambda x: logsumexp(x, (0, 2), keepdims=True), B)
    check(lambda x: logsumexp(x), np.array(1.5))
    for f in (logsumexp, softmax, log_softmax):
        check(lambda z, f=f: f(z, axis=0), Z)
        check(lambda x, f=f: f(x, axis=1), np.zeros((0, 3)))
    np.testing.assert_allclose(softmax([0, 0]), [0.5, 0.5])
    assert not isinstance(logsumexp(A), Variable)
    logsumexp(v := Variable(2.0)).backward()
    assert v.adjoint == 1.0


def test_large_arguments_do_not_overflow() -> None:
    x = np.array([1000.0, 1001.0, -1000.0])
    p = np.exp([-1.0, 0.0]) / (1 + np.exp(-1))
    np.testing.assert_allclose(grad(logsumexp)(x), [*p, 0], rtol=1e-12)  # y is rounded
    g = grad(lambda a: log_softmax(a)[2])(x)
    np.testing.assert_allclose(g, [-p[0], -p[1], 1], rtol=1e-12)


@pytest.mark.parametrize(
    ("f", "value"), [(logsumexp, -np.inf), (softmax, 0.0), (log_softmax, -np.inf)]
)
def test_a_fully_masked_row(f: Any, value: float) -> None:
    x = np.array([[-np.inf, -np.inf, -np.inf], [-np.inf, 0.5, 1.0]])
    weights = rng.standard_normal((2, 3))
    v = Variable(x)
    y = f(v, axis=-1)
    assert np.all(y.value[0] == value)
    keep = np.isfinite(y.value)

    def total(a: Any) -> Any:
        y = f(a, axis=-1)
        return np.sum(np.where(keep, y, 0) * (weights[:, 0] if f is logsumexp else weights))

    total(v).backward()
    assert np.all(v.adjoint[0] == 0)
    assert np.all(np.isfinite(v.adjoint))
    assert np.all(np.isfinite(hvp(total, x, np.ones((2, 3)))))
    tangent = jvp(lambda a: f(a, axis=-1), (x,), (np.ones((2, 3)),))[1]
    assert np.all(tangent[0] == 0)
    y = Variable(x)
    out = f(y, axis=-1)
    out.backward(np.ones(out.shape))
    assert np.all(y.adjoint[0] == 0)


def test_log_softmax_masked_in_another_axis() -> None:
    x = np.array([[-np.inf, 0.0], [-np.inf, 1.0]])
    v = Variable(x)
    log_softmax(v, axis=0).backward(np.ones((2, 2)))
    np.testing.assert_array_equal(v.adjoint[:, 0], 0)
    assert np.all(np.isfinite(v.adjoint))


def test_by_complex_step() -> None:
    h = 1e-30
    w = rng.standard_normal(4)
    for f in (logsumexp, lambda a: np.sum(softmax(a) * w), lambda a: np.sum(log_softmax(a) * w)):
        step = [np.imag(f(A[0] + 1j * h * np.eye(4)[i])) / h for i in range(4)]
        np.testing.assert_allclose(grad(f)(A[0]), step, rtol=1e-12, atol=1e-15)
