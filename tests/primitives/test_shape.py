from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.dispatch import functions
from tests.helpers import check

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 4))
Y = rng.normal(size=(2, 3, 4))
S = rng.normal(size=(3, 3))
V = rng.normal(size=4)
C = X + 1j * rng.normal(size=(3, 4))
D = np.array(1.5)
E = np.zeros((0, 3))
F = np.asfortranarray(X)
N = X[::-1, ::-2]  # negative strides
K = np.swapaxes(rng.normal(size=(2, 4, 3)), 0, 2)  # neither C nor Fortran order

CASES: list[Any] = [
    ("reshape", lambda x: np.reshape(x, (2, 6)), X),
    ("reshape -1", lambda x: x.reshape(-1, 2), X),
    ("reshape int", lambda x: np.reshape(x, 12), X),
    ("reshape F", lambda x: np.reshape(x, (2, 6), order="F"), X),
    ("reshape method F", lambda x: x.reshape((3, 2), order="F"), N),
    ("reshape copy", lambda x: np.reshape(x, (4, 3), copy=True), X),
    ("reshape 0-d", lambda x: np.reshape(x, (1, 1)), D),
    ("reshape empty", lambda x: np.reshape(x, (3, 0, 2)), E),
    ("ravel", lambda x: np.ravel(x), X),
    ("ravel F", lambda x: np.ravel(x, order="F"), X),
    ("ravel method", lambda x: x.ravel(), N),
    ("ravel 0-d", lambda x: np.ravel(x), D),
    ("flatten", lambda x: x.flatten("F"), X),
    ("expand_dims", lambda x: np.expand_dims(x, (0, -1)), X),
    ("expand_dims int", lambda x: np.expand_dims(x, axis=1), X),
    ("squeeze", lambda x: np.squeeze(x), X.reshape(1, 3, 4, 1)),
    ("squeeze axis", lambda x: np.squeeze(x, axis=(0,)), X.reshape(1, 3, 4, 1)),
    ("squeeze method", lambda x: x.squeeze(-1), X.reshape(1, 3, 4, 1)),
    ("atleast_1d", lambda x: np.atleast_1d(x), D),
    ("atleast_1d same", lambda x: np.atleast_1d(x), X),
    ("atleast_1d two", lambda x, y: np.atleast_1d(x, y), D, V),
    ("atleast_2d", lambda x: np.atleast_2d(x), V),
    ("atleast_2d 0-d", lambda x: np.atleast_2d(x), D),
    ("atleast_2d mixed", lambda x: np.atleast_2d(x, np.ones(2))[0], V),
    ("atleast_3d 0", lambda x: np.atleast_3d(x), D),
    ("atleast_3d 1", lambda x: np.atleast_3d(x), V),
    ("atleast_3d 2", lambda x: np.atleast_3d(x), X),
    ("atleast_3d many", lambda x, y: np.atleast_3d(x, y), Y, V),
    ("broadcast_to", lambda x: np.broadcast_to(x, (2, 3, 4)), X),
    ("broadcast_to int", lambda x: np.broadcast_to(x, 3), D),
    ("broadcast_to subok", lambda x: np.broadcast_to(x, (3, 3, 4), subok=True), X),
    ("broadcast_arrays", lambda x, y: np.broadcast_arrays(x, y), X, V),
    ("broadcast_arrays plain", lambda x: np.broadcast_arrays(x, np.ones((2, 1, 4)))[0], X),
    ("transpose", lambda x: np.transpose(x), Y),
    ("transpose axes", lambda x: np.transpose(x, (1, -1, 0)), Y),
    ("transpose method", lambda x: x.transpose(2, 0, 1), Y),
    ("permute_dims", lambda x: np.permute_dims(x, (1, 2, 0)), Y),
    ("T", lambda x: x.T, C),
    ("mT", lambda x: x.mT, Y),
    ("matrix_transpose", lambda x: np.matrix_transpose(x), Y),
    ("swapaxes", lambda x: np.swapaxes(x, 0, -1), Y),
    ("swapaxes method", lambda x: x.swapaxes(1, 2), Y),
    ("moveaxis", lambda x: np.moveaxis(x, 0, -1), Y),
    ("moveaxis many", lambda x: np.moveaxis(x, [0, 1], [-1, 0]), Y),
    ("moveaxis keywords", lambda x: np.moveaxis(x, source=-1, destination=0), Y),
    *((f"rollaxis {a} {s}", lambda x, a=a, s=s: np.rollaxis(x, a, s), Y)
      for a, s in [(2, 0), (0, 3), (0, 2), (-1, 1), (1, 1), (1, -1)]),
    ("flip", lambda x: np.flip(x), X),
    ("flip axis", lambda x: np.flip(x, axis=-1), Y),
    ("flip axes", lambda x: np.flip(x, (0, 2)), Y),
    ("flip complex", lambda x: np.flip(x, 0), C),
    ("flip 0-d", lambda x: np.flip(x), D),
    ("fliplr", lambda x: np.fliplr(x), X),
    ("flipud", lambda x: np.flipud(x), V),
    *((f"rot90 {k}", lambda x, k=k: np.rot90(x, k), X) for k in range(-1, 5)),
    ("rot90 axes", lambda x: np.rot90(x, k=3, axes=(2, 0)), Y),
    ("roll flat", lambda x: np.roll(x, 5), X),
    ("roll axis", lambda x: np.roll(x, -1, axis=1), X),
    ("roll axes", lambda x: np.roll(x, (1, 2), axis=(0, -1)), Y),
    ("roll one shift", lambda x: np.roll(x, 1, axis=(0, 1)), X),
    ("roll twice", lambda x: np.roll(x, (1, 2), axis=(0, 0)), X),
    ("roll empty", lambda x: np.roll(x, 2), E),
    ("roll F", lambda x: np.roll(x, 2), F),
    ("diag vector", lambda x: np.diag(x), V),
    ("diag vector k", lambda x: np.diag(x, k=-2), V),
    ("diag matrix", lambda x: np.diag(x, 1), X),
    ("diag complex", lambda x: np.diag(x), C),
    ("diag outside", lambda x: np.diag(x, 9), X),
    ("diagonal", lambda x: np.diagonal(x), X),
    ("diagonal axes", lambda x: np.diagonal(x, offset=-1, axis1=2, axis2=0), Y),
    ("diagonal method", lambda x: x.diagonal(1), N),
    ("diagflat", lambda x: np.diagflat(x, 1), X),
    ("diagflat 0-d", lambda x: np.diagflat(x), D),
    ("trace", lambda x: np.trace(x), S),
    ("trace wide", lambda x: np.trace(x, 2), X),
    ("trace axes", lambda x: np.trace(x, offset=1, axis1=-1, axis2=0), Y),
    ("trace complex", lambda x: x.trace(), C),
    ("tril", lambda x: np.tril(x), S),
    ("tril k", lambda x: np.tril(x, k=1), Y),
    ("tril vector", lambda x: np.tril(x), V),
    ("triu", lambda x: np.triu(x), C),
    ("triu k", lambda x: np.triu(x, -1), X),
    ("triu vector", lambda x: np.triu(x), V),
    ("triu empty", lambda x: np.triu(x), E),
    ("astype complex", lambda x: x.astype(complex), X),
]  # fmt: skip


@pytest.mark.parametrize(("f", "args"), [pytest.param(c[1], c[2:], id=c[0]) for c in CASES])
def test_against_numpy_and_differences(f: Any, args: Any) -> None:
    check(f, *args)


def test_names_of_the_arguments_are_those_of_numpy() -> None:
    modules = ("primitives.shape", "primitives.arrangement")
    mine = [f for f, g in functions.items() if getattr(g, "__module__", "").endswith(modules)]
    assert {np.ravel, np.roll} <= set(mine)
    for f in mine:
        assert list(inspect.signature(functions[f]).parameters) == list(
            inspect.signature(f).parameters
        ), f.__name__


def test_shape_ndim_size() -> None:
    v = Variable(Y)
    assert np.shape(v) == (2, 3, 4)
    assert np.ndim(v) == 3
    assert np.size(v) == 24
    assert np.size(v, 1) == 3
    assert np.shape(Variable(2.0)) == ()


@pytest.mark.parametrize(
    ("f", "error"),
    [
        (lambda v: np.transpose(v, (0, 3)), ValueError),
        (lambda v: np.transpose(v, (0, 0)), ValueError),
        (lambda v: np.moveaxis(v, (0, 1), 0), ValueError),
        (lambda v: np.moveaxis(v, 2, 0), np.exceptions.AxisError),
        (lambda v: np.squeeze(v, 0), ValueError),
        (lambda v: np.expand_dims(v, (0, 0)), ValueError),
        (lambda v: np.reshape(v, 5), ValueError),
        (lambda v: np.reshape(v, (3, 4), order="Z"), ValueError),
        (lambda v: np.rot90(v, axes=(0, -2)), ValueError),
        (lambda v: np.trace(v, out=np.zeros(())), TypeError),
        (lambda v: np.matrix_transpose(v[0]), ValueError),
        (lambda v: np.fliplr(v[0]), ValueError),
        (lambda v: np.flipud(v[0, 0]), ValueError),
        (lambda v: np.diagonal(v, axis1=0, axis2=-2), ValueError),
        (lambda v: np.diagonal(v[0]), ValueError),
        (lambda v: np.diag(v[None]), ValueError),
        (lambda v: np.broadcast_to(v, (2, 2)), ValueError),
    ],
)
def test_wrong_arguments(f: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        f(Variable(X))


def test_trace_in_another_dtype() -> None:
    v = Variable(np.eye(2, dtype=np.float32))
    t = np.trace(v, dtype=np.float64)
    assert t.dtype == np.float64
    t.backward()
    assert v.adjoint.dtype == np.float32
    np.testing.assert_array_equal(v.adjoint, np.eye(2))


def test_a_python_float_takes_shapes() -> None:
    v = Variable(2.0)
    np.sum(np.ravel(v) * np.reshape(v, (1, 1)) * np.atleast_3d(v)).backward()
    assert v.adjoint == 12.0


@pytest.mark.parametrize("x", [X, F, K, N, D], ids=["C", "F", "neither", "negative", "0-d"])
@pytest.mark.parametrize("order", ["A", "K"])
def test_orders_that_look_at_the_layout(x: Any, order: str) -> None:
    x = np.array(x)  # as Variable copies it
    v = Variable(x)
    flat = np.ravel(v, order)
    np.testing.assert_array_equal(flat.value, np.ravel(x, order))
    weights = np.arange(1.0, x.size + 1)
    np.sum(flat * weights).backward()
    np.testing.assert_array_equal(np.ravel(v.adjoint, "C"), weights[_places(x, order)])
    again = np.reshape(v, (-1, 1), order="A")
    np.testing.assert_array_equal(again.value, np.reshape(x, (-1, 1), order="A"))


def _places(x: Any, order: str) -> Any:
    """Where each element of ``x``, in C order, comes to lie in the raveled array."""
    numbers = np.empty_like(x, dtype=int)
    numbers[...] = np.arange(x.size).reshape(x.shape)
    return np.argsort(np.ravel(numbers, order))


def test_nan_and_inf_stay_outside_of_the_triangle() -> None:
    v = Variable(np.array([[1.0, np.inf], [2.0, np.nan]]))
    np.sum(np.tril(v, -1)).backward()
    np.testing.assert_array_equal(v.adjoint, [[0, 0], [1, 0]])


def test_astype_to_integers_cuts() -> None:
    v = Variable(X)
    assert isinstance(v.astype(int), np.ndarray)
    assert v.astype(np.float32).dtype == np.float32
    np.sum(v.astype(np.float32)).backward()
    assert v.adjoint.dtype == np.float64
