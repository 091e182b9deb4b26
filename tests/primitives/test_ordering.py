"""Sorting and partitioning: every argument, and ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad, jvp, vjp
from tests.helpers import check

rng = np.random.default_rng(2)
A = rng.standard_normal((3, 5))
Z = A + 1j * rng.standard_normal((3, 5))
B = rng.standard_normal((2, 3, 4))


@pytest.mark.parametrize("x", [A, Z, A[::-1, ::2], np.asfortranarray(B), np.zeros((2, 0))])
@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_sort(x: Any, axis: Any) -> None:
    check(lambda a: np.sort(a, axis=axis), x)


def test_sort_arguments() -> None:
    check(lambda a: np.sort(a), A)
    check(lambda a: np.sort(a, 0, kind="stable"), A)
    check(lambda a: np.sort(a, stable=True), A)
    check(lambda a: np.sort(a)[..., ::-1] ** 2, A)
    with pytest.raises(TypeError, match="order="):
        np.sort(Variable(A), order="x")
    with pytest.raises(np.exceptions.AxisError):
        np.sort(Variable(2.0))
    with pytest.raises(TypeError, match="sort_complex"):
        np.sort_complex(Variable(A))


@pytest.mark.parametrize("kth", [0, 2, -1, (1, 3), [0, 4]])
def test_partition(kth: Any) -> None:
    check(lambda a: np.partition(a, kth), A)
    check(lambda a: np.partition(a, kth, axis=None), A)
    check(lambda a: np.partition(a, 1, axis=0), A)
    check(lambda a: np.partition(a, kth, -1, "introselect"), Z)


def test_partition_of_many() -> None:
    x = rng.standard_normal(200)
    weights = rng.standard_normal(200)
    g = grad(lambda a: np.sum(np.partition(a, 50) * weights))(x)
    place = {value: i for i, value in enumerate(np.partition(x, 50))}
    np.testing.assert_array_equal(g, [weights[place[value]] for value in x])


@pytest.mark.parametrize("function", [np.sort, lambda a: np.partition(a, 2)])
def test_ties_share_evenly(function: Any) -> None:
    x = np.array([2.0, 1.0, 2.0, 3.0, 2.0, 1.0])
    y, pullback = vjp(function, x)
    ct = np.arange(1.0, 7.0)
    got = pullback(ct)[0]
    for value in np.unique(x):
        np.testing.assert_allclose(got[x == value], np.mean(ct[y == value]), rtol=1e-15)
    x_dot = np.arange(6.0)
    tangent = jvp(function, (x,), (x_dot,))[1]
    assert np.sum(tangent * ct) == pytest.approx(np.sum(got * x_dot), rel=1e-14)


def test_ties_in_columns() -> None:
    x = np.array([[1.0, 2.0], [1.0, 0.0], [0.0, 2.0]])
    ct = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    got = vjp(lambda a: np.sort(a, axis=0), x)[1](ct)[0]
    np.testing.assert_array_equal(got, [[4, 5], [4, 2], [1, 5]])


def test_infinities_and_zeros_tie() -> None:
    got = vjp(np.sort, np.array([np.inf, 0.0, -0.0, np.inf]))[1](np.array([1.0, 2.0, 3.0, 4.0]))[0]
    np.testing.assert_array_equal(got, [3.5, 1.5, 1.5, 3.5])


def test_the_method_sorts_in_place() -> None:
    v = Variable([3.0, 1.0, 2.0])
    out = v * 1.0
    out.sort()
    np.testing.assert_array_equal(out.value, [1, 2, 3])
    out.backward(np.array([10.0, 20.0, 30.0]))
    np.testing.assert_array_equal(v.adjoint, [30, 10, 20])
