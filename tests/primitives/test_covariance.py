"""Weighted means, covariances, correlations: every argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from tests.helpers import check

rng = np.random.default_rng(4)
A = rng.standard_normal((3, 4))
B = rng.standard_normal((2, 3, 4))
Z = A + 1j * rng.standard_normal((3, 4))


def test_average() -> None:
    w4, w24 = rng.uniform(0.5, 1, 4), rng.uniform(0.5, 1, (2, 4))
    full = rng.uniform(0.5, 1, (2, 3, 4))
    check(lambda x: np.average(x), A)
    check(lambda x: np.average(x, axis=0, keepdims=True), A)
    check(lambda x, w: np.average(x, weights=w), B, full)
    check(lambda x, w: np.average(x, -1, w), B, w4)
    check(lambda x, w: np.average(x, axis=(0, 2), weights=w), B, w24)
    check(lambda x, w: np.average(x, axis=(2, 0), weights=w), B, w24.T)
    check(lambda x, w: np.average(x, axis=2, weights=w, keepdims=True, returned=True), B, w4)
    check(lambda w: np.average(A, axis=1, weights=w), w4)
    check(lambda x: np.average(x, axis=1, weights=w4), Z)
    value, total = np.average(Variable(B), axis=(0, 1), returned=True)
    expected = np.average(B, axis=(0, 1), returned=True)
    np.testing.assert_allclose(value.value, expected[0])
    np.testing.assert_array_equal(total, expected[1])
    with pytest.raises(ZeroDivisionError):
        np.average(Variable(A), axis=1, weights=np.zeros(4))
    with pytest.raises(TypeError, match="Axis"):
        np.average(Variable(A), weights=w4)
    with pytest.raises(ValueError, match="consistent"):
        np.average(Variable(A), axis=0, weights=w4)


COV: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("matrix", lambda x: np.cov(x), (A,)),
    ("vector", lambda x: np.cov(x), (A[0],)),
    ("two vectors", lambda x, y: np.cov(x, y), (A[0], A[1])),
    ("two matrices", lambda x, y: np.cov(x, y), (A, A[::-1] + 1)),
    ("columns", lambda x: np.cov(x, rowvar=False), (A,)),
    ("columns of two", lambda x, y: np.cov(x, y, False), (A, A**2)),
    ("bias", lambda x: np.cov(x, bias=True), (A,)),
    ("ddof", lambda x: np.cov(x, ddof=0), (A,)),
    ("fweights", lambda x: np.cov(x, fweights=[1, 2, 1, 3]), (A,)),
    ("aweights", lambda x, w: np.cov(x, aweights=w), (A, np.array([0.5, 0.2, 0.9, 0.4]))),
    ("aweights ddof 0", lambda x, w: np.cov(x, aweights=w, ddof=0), (A, np.arange(1.0, 5.0))),
    ("both weights", lambda x, w: np.cov(x, fweights=[1, 2, 1, 3], aweights=w),
     (A, np.array([0.5, 0.2, 0.9, 0.4]))),
    ("complex", lambda x: np.cov(x), (Z,)),
    ("complex and real", lambda x, y: np.cov(x, y), (Z, A)),
    ("dtype", lambda x: np.cov(x, dtype=np.complex128), (A,)),
]  # fmt: skip


@pytest.mark.parametrize(("f", "args"), [c[1:] for c in COV], ids=[c[0] for c in COV])
def test_cov(f: Any, args: Any) -> None:
    check(f, *args)


def test_cov_errors() -> None:
    v = Variable(A)
    with pytest.raises(ValueError, match="two dimensions"):
        np.cov(Variable(B))
    with pytest.raises(ValueError, match="integer"):
        np.cov(v, ddof=0.5)
    with pytest.raises(TypeError, match="integer"):
        np.cov(v, fweights=[0.5, 1, 1, 1])
    with pytest.raises(ValueError, match="negative"):
        np.cov(v, aweights=[-0.5, 1, 1, 1])
    with pytest.raises(RuntimeError, match="samples"):
        np.cov(v, aweights=[1.0])
    with pytest.warns(RuntimeWarning):
        np.cov(v, ddof=4)


def test_corrcoef() -> None:
    check(lambda x: np.corrcoef(x), A)
    check(lambda x, y: np.corrcoef(x, y), A[0], A[1])
    check(lambda x: np.corrcoef(x, rowvar=False), A)
    check(lambda x: np.corrcoef(x), Z)
    narrow = np.corrcoef(Variable(A.astype(np.float32)), dtype=np.float32)
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow.value, np.corrcoef(A), rtol=1e-5)
    check(lambda x: np.corrcoef(x), A[0])
    r = np.corrcoef(Variable(np.stack([A[0], 2 * A[0]])))
    assert np.all(np.abs(r.value) <= 1)
