from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad
from autograd_tape.dispatch import functions
from tests.helpers import check

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3))
V = rng.normal(size=3)
C = X + 1j * rng.normal(size=(2, 3))
D = np.array(1.5)
P, Q = np.array(0.5), np.array(2.0)


def like(x: Any) -> Any:
    """What to give for ``like=``: NumPy takes arrays there, and no plain numbers."""
    return x if isinstance(x, Variable) else np.zeros(())


CASES: list[Any] = [
    ("array", lambda x: np.array(x, like=like(x)), X),
    ("array nested", lambda x, y: np.array([[x, 1.0, y], [y, y, 2]], like=like(x)), D, P),
    ("array rows",
     lambda x: np.array([x[0], [1.0, 2.0, 3.0], (x[1, 0], 0, x[0, 1])], like=like(x)), X),
    ("array dtype", lambda x: np.array([x, x], dtype=complex, like=like(x)), V),
    ("array ndmin", lambda x: np.array(x, ndmin=4, like=like(x)), X),
    ("array no copy", lambda x: np.array(x, copy=None, like=like(x)), X),
    ("asarray", lambda x: np.asarray([x, 2.0, x], like=like(x)), D),
    ("asarray dtype", lambda x: np.asarray(x, complex, like=like(x)), X),
    ("asanyarray", lambda x: np.asanyarray([x, x], like=like(x)), V),
    ("ascontiguousarray", lambda x: np.ascontiguousarray(x, like=like(x)), X.T),
    ("ascontiguousarray 0-d", lambda x: np.ascontiguousarray(x, like=like(x)), D),
    ("asfortranarray", lambda x: np.asfortranarray(x, like=like(x)), X),
    ("require", lambda x: np.require(x, requirements="C", like=like(x)), X),
    ("copy", lambda x: np.copy(x), C),
    ("copy method", lambda x: x.copy("F"), X),
    ("full", lambda x: np.full((2, 2), x, like=like(x)), D),
    ("full int shape", lambda x: np.full(3, x, like=like(x)), D),
    ("full broadcast", lambda x: np.full((2, 3), x, like=like(x)), V),
    ("full nested", lambda x: np.full((2, 2), [x, 1.0], like=like(x)), D),
    ("full dtype", lambda x: np.full((2, 2), x, dtype=complex, like=like(x)), D),
    ("full_like", lambda x, y: np.full_like(x, y) * x, X, D),
    ("full_like array", lambda x, y: np.full_like(x, y, dtype=complex), X, V),
    ("full_like shape", lambda x, y: np.full_like(x, y, shape=(2, 1, 3)), X, V),
    ("full_like int shape", lambda x, y: np.full_like(x, y, shape=2), X, D),
    ("linspace", lambda x, y: np.linspace(x, y, 5), P, Q),
    ("linspace default", lambda x: np.linspace(0, x), Q),
    ("linspace open", lambda x, y: np.linspace(x, y, num=4, endpoint=False), P, Q),
    ("linspace step", lambda x, y: np.linspace(x, y, 4, retstep=True), P, Q),
    ("linspace open step", lambda x, y: np.linspace(x, y, 4, False, True), X, V),
    ("linspace arrays", lambda x, y: np.linspace(x, y, 4, axis=1), X, V),
    ("linspace last", lambda x: np.linspace(x, [1.0, 2.0, 3.0], 3, axis=-1), V),
    ("linspace one", lambda x, y: np.linspace(x, y, 1), P, Q),
    ("linspace none", lambda x, y: np.linspace(x, y, 0), P, Q),
    ("linspace dtype", lambda x, y: np.linspace(x, y, 3, dtype=complex), P, Q),
    ("linspace complex", lambda x, y: np.linspace(x, y, 3), X, C),
    ("logspace", lambda x, y: np.logspace(x, y, 4), P, Q),
    ("logspace base", lambda x, y, b: np.logspace(x, y, 4, base=b), P, Q, D),
    ("logspace open", lambda x, y: np.logspace(x, y, num=3, endpoint=False, base=2), X, V),
    ("logspace bases", lambda x, b: np.logspace(x, 2.0, 4, base=b, axis=-1), P, np.abs(V) + 1),
    ("logspace axis", lambda x, y: np.logspace(x, y, 4, axis=1), X, V),
    ("geomspace", lambda x, y: np.geomspace(x, y, 4), P, Q),
    ("geomspace open", lambda x, y: np.geomspace(x, y, num=4, endpoint=False), P, Q),
    ("geomspace negative", lambda x, y: np.geomspace(x, y, 4), -P, -Q),
    ("geomspace arrays", lambda x, y: np.geomspace(x, y, 3, axis=-1), np.exp(X), np.exp(V)),
    ("geomspace complex", lambda x, y: np.geomspace(x, y, 4), C, C[0] * 1j),
    ("geomspace dtype", lambda x, y: np.geomspace(x, y, 3, dtype=complex), P, Q),
    ("vander", lambda x: np.vander(x), V),
    ("vander N", lambda x: np.vander(x, 5), V),
    ("vander increasing", lambda x: np.vander(x, N=2, increasing=True), V),
    ("vander complex", lambda x: np.vander(x), C[0]),
    ("vander zero", lambda x: np.vander(x, 4), np.array([0.0, 1.0])),
]  # fmt: skip


@pytest.mark.parametrize(("f", "args"), [pytest.param(c[1], c[2:], id=c[0]) for c in CASES])
def test_against_numpy_and_differences(f: Any, args: Any) -> None:
    check(f, *args)


def test_names_of_the_arguments_are_those_of_numpy() -> None:
    for f in (np.copy, np.full_like, np.linspace, np.logspace, np.geomspace, np.vander):
        assert list(inspect.signature(functions[f]).parameters) == list(
            inspect.signature(f).parameters
        ), f.__name__


SCALARS = [2.0, np.array(2.0), np.float64(2.0), np.ones(3), np.ones((2, 2)), np.ones(1), 1j]


@pytest.mark.parametrize("value", SCALARS, ids=repr)
@pytest.mark.parametrize(
    "make",
    [
        lambda v: np.array([v, v]), lambda v: np.array((v, 1.0)), lambda v: np.array([[v], [v]]),
        lambda v: np.array([1.0, v]), lambda v: np.array([[1.0, 2.0], v]), lambda v: np.array(v),
        lambda v: np.array([v, v], dtype=float), lambda v: np.array([v], dtype=object),
        lambda v: np.asarray([v]), lambda v: np.asarray(v, float), lambda v: np.full(2, v),
        lambda v: np.array([np.ones(2), v], dtype=object), lambda v: np.sin([v, v]),
        lambda v: np.ones(2) * [v, v], lambda v: np.sum([v]), lambda v: np.add.reduce([v, v]),
        lambda v: np.float32(v), lambda v: np.complex128(v), lambda v: np.ones(3).dot([v, v, v]),
    ],
)  # fmt: skip
def test_nothing_becomes_an_object_array(make: Any, value: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(TypeError, match="silently"):
            make(Variable(value))


def test_the_error_names_the_remedies() -> None:
    v = Variable(2.0)
    with pytest.raises(TypeError, match=r"np\.stack\(\[v, w\]\).*v\.value.*like=v"):
        np.array([v, v])


def test_python_floats_in_an_array() -> None:
    v, w = Variable(2.0), Variable(3.0)
    a = np.array([[v, w], [1, v]], like=v)
    np.testing.assert_array_equal(a.value, [[2, 3], [1, 2]])
    np.sum(a @ a).backward()
    assert (v.adjoint, w.adjoint) == (16.0, 6.0)


def test_a_rotation_matrix() -> None:
    def f(t: Any) -> Any:
        rotation = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]], like=t)
        return (rotation @ np.array([1.0, 0.0]))[0]

    assert grad(f)(0.3) == pytest.approx(-np.sin(0.3), abs=1e-15)


def test_like_gives_plain_arrays_where_nothing_is_recorded() -> None:
    v = Variable(np.ones(3))
    for made, expected in [
        (np.zeros((2, 3), like=v), np.zeros((2, 3))),
        (np.ones(2, np.float32, like=v), np.ones(2, np.float32)),
        (np.arange(1, 5, 2, like=v), np.arange(1, 5, 2)),
        (np.eye(2, k=1, like=v), np.eye(2, k=1)),
        (np.identity(2, like=v), np.eye(2)),
        (np.tri(2, 3, like=v), np.tri(2, 3)),
        (np.full((2,), 7, like=v), np.full((2,), 7)),
        (np.array([1, 2], like=v), np.array([1, 2])),
        (np.asarray([1.0], np.float32, like=v), np.ones(1, np.float32)),
        (np.fromiter([1, 2], int, like=v), np.array([1, 2])),
        (np.full_like(v, 2), np.full(3, 2.0)),
        (np.fromfunction(lambda i: i * 2, (3,), like=v), np.array([0.0, 2, 4])),
    ]:
        assert type(made) is np.ndarray
        assert made.dtype == expected.dtype
        np.testing.assert_array_equal(made, expected)
    assert np.empty(3, like=v).shape == (3,)
    np.full((2,), 7.0, like=v)[0] = 1.0  # is the caller's to write to
    np.full_like(v, 7.0)[0] = 1.0


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda v: np.full(2, v, dtype=int, like=v), TypeError, "gradient"),
        (lambda v: np.full_like(np.zeros(2, int), v), TypeError, "gradient"),
        (lambda v: np.full_like(v, 1j), TypeError, "complex"),
        (lambda v: np.array([v, [v, v]], like=v), ValueError, "same shape"),
        (lambda v: np.linspace(v, 1, -1), ValueError, "non-negative"),
        (lambda v: np.geomspace(v, 0.0), ValueError, "zero"),
        (lambda v: np.vander(v), ValueError, "one-dimensional"),
        (lambda v: np.zeros(v, like=v), TypeError, "integer"),
    ],
)
def test_wrong_arguments(f: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        f(Variable(2.0))


def test_linspace_is_exact_at_the_ends() -> None:
    v, w = Variable(0.1), Variable(0.7)
    line = np.linspace(v, w, 7)
    assert line.value[0] == 0.1
    assert line.value[-1] == 0.7
    assert np.linspace(v, w, 3, dtype=int).dtype == int


def test_linspace_stays_narrow() -> None:
    v = Variable(np.float32(1))
    assert np.linspace(v, np.float32(3), 4).dtype == np.float32
    assert np.geomspace(v, np.float32(3), 4).dtype == np.float64  # as in NumPy
    assert np.geomspace(v, np.float32(3), 4, dtype=np.float32).dtype == np.float32
    assert np.linspace(np.float32(0), v, 3, retstep=True)[1].dtype == np.float32
