from __future__ import annotations

import inspect
import io
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad
from autograd_tape.dispatch import cutting, functions
from tests.helpers import check

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 4))
Y = rng.normal(size=(3, 4))
V = rng.normal(size=4)
W = rng.normal(size=(3, 1))
C = X + 1j * rng.normal(size=(3, 4))
D = np.array(1.5)
MASK = np.eye(3, 4, dtype=bool)
A = np.array([0, 2, 1, 0])

CASES: list[Any] = [
    ("where", lambda x, y: np.where(MASK, x, y), X, Y),
    ("where broadcast", lambda x, y: np.where(MASK, x, y), V, W),
    ("where condition broadcast", lambda x, y: np.where(MASK[:1], x, y), D, W),
    ("where integers", lambda x, y: np.where(A, x, y), X, V),
    ("where list", lambda x, y: np.where([True, False, True, True], x, y), X, V),
    ("where scalar", lambda x: np.where(MASK, x, 0.0), X),
    ("where int", lambda x: np.where(MASK, 1, x), X),
    ("where plain", lambda x: np.where(MASK, V, x), W),
    ("where complex", lambda x, y: np.where(MASK, x, y), X, C),
    ("where True", lambda x, y: np.where(True, x, y), X, V),
    ("where of itself", lambda x: np.where(x > 0, x, x * x), X),
    ("where 0-d", lambda x, y: np.where(x < y, x, y), D, D + 1),
    ("where empty", lambda x: np.where(np.zeros((0, 2), bool), x, 1.0), np.zeros((0, 2))),
    ("select", lambda x, y: np.select([x > 1, x > 0], [x * x, y]), X, Y),
    ("select default", lambda x: np.select([x > 1, x < 0], [x, 2 * x], default=3.5), X),
    ("select recorded default", lambda x, y: np.select([MASK], [x], y), X, Y),
    ("select broadcast", lambda x, y: np.select([MASK, ~MASK[:1]], [x, y], 7), V, W),
    ("select overlap", lambda x: np.select([MASK, MASK], [x, 5 * x]), X),
    ("piecewise", lambda x: np.piecewise(x, [x < 0, x >= 0], [np.sin, lambda t: t * t]), X),
    ("piecewise else", lambda x: np.piecewise(x, [x < 0], [lambda t: t * t, 5.0]), X),
    ("piecewise gap", lambda x: np.piecewise(x, [x < -1, x > 1], [np.sin, np.sin]), X),
    ("piecewise overlap",
     lambda x: np.piecewise(x, [x > -9, x > 0], [lambda t: t * t, lambda t: 3 * t]), X),
    ("piecewise arguments",
     lambda x: np.piecewise(
         x, [x < 0], [lambda t, k, s: k * t * t, lambda t, k, s: s * t], 2.0, s=3.0), X),
    ("piecewise 0-d", lambda x: np.piecewise(x, [x > 0], [lambda t: t * t, 5.0]), D),
    ("piecewise single", lambda x: np.piecewise(x, x > 0, [lambda t: t * t, np.sin]), V),
    ("choose", lambda x, y: np.choose([[0, 1, 0, 1]], [x, y]), X, Y),
    ("choose broadcast", lambda x, y: np.choose(A, [x, y, 3.0]), V, W),
    ("choose wrap", lambda x, y: np.choose(A - 3, [x, y], mode="wrap"), X, Y),
    ("choose clip", lambda x, y: np.choose(A * 5 - 1, [x, y], mode="clip"), X, Y),
    ("choose an array", lambda x: np.choose([0, 2, 1, 1], x), X),
    ("compress", lambda x: np.compress([True, False, True], x, axis=0), X),
    ("compress flat", lambda x: np.compress([0, 1, 1, 0, 1], x), X),
    ("compress method", lambda x: x.compress([False, True], axis=-1), X),
    ("extract", lambda x: np.extract(MASK, x), X),
    ("extract of itself", lambda x: np.extract(x > 0, x), X),
]  # fmt: skip


@pytest.mark.parametrize(("f", "args"), [pytest.param(c[1], c[2:], id=c[0]) for c in CASES])
def test_against_numpy_and_differences(f: Any, args: Any) -> None:
    check(f, *args)


def test_names_of_the_arguments_are_those_of_numpy() -> None:
    mine = [f for f, g in functions.items() if getattr(g, "__module__", "").endswith("s.selection")]
    assert np.where in mine
    for f in mine:
        assert list(inspect.signature(functions[f]).parameters) == list(
            inspect.signature(f).parameters
        ), f.__name__


def test_a_variable_as_condition() -> None:
    v = Variable(np.array([0.0, 2.0, -1.0]))
    (places,) = np.where(v)
    np.testing.assert_array_equal(places, [1, 2])
    np.sum(np.where(v, v * 5, 1.0)).backward()
    np.testing.assert_array_equal(v.adjoint, [0, 5, 5])


def test_a_condition_that_changes_later_is_not_seen() -> None:
    mask, v = np.array([True, False]), Variable(np.ones(2))
    s = np.sum(np.where(mask, v, 0.0))
    mask[:] = ~mask
    s.backward()
    np.testing.assert_array_equal(v.adjoint, [1, 0])


def test_where_of_python_floats() -> None:
    v, w = Variable(2.0), Variable(3.0)
    r = np.where(v < w, v * w, w)
    r.backward()
    assert (v.adjoint, w.adjoint) == (3.0, 2.0)
    assert np.where(True, Variable(np.float32(2)), 3.0).dtype == np.float32


def test_what_was_not_taken_gets_zero_even_where_it_is_infinite() -> None:
    v = Variable(np.array([1.0, np.nan, np.inf]))
    np.sum(np.where(np.isfinite(v.value), v, 0.0)).backward()
    np.testing.assert_array_equal(v.adjoint, [1, 0, 0])


def test_piecewise_calls_each_function_with_its_own_elements_only() -> None:
    root = grad(lambda x: np.sum(np.piecewise(x, [x > 0], [lambda t: t**0.5, 0.0])))
    np.testing.assert_allclose(root(np.array([-1.0, 0.0, 4.0])), [0, 0, 0.25])


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda v: np.where(MASK, v), ValueError, "both"),
        (lambda v: np.select([], []), ValueError, "empty"),
        (lambda v: np.select([MASK], [v, v]), ValueError, "same length"),
        (lambda v: np.select([A], [v]), TypeError, "bool"),
        (lambda v: np.piecewise(v, [MASK], [1, 2, 3]), ValueError, "functions"),
        (lambda v: np.choose([0, 5], [v[0, :2], v[1, :2]]), ValueError, "choice"),
        (lambda v: np.choose(A, [v], out=X), TypeError, "out="),
        (lambda v: np.choose(A, [v], mode="no"), ValueError, "mode"),
        (lambda v: np.choose(v, [1, 2]), TypeError, "cast"),
        (lambda v: np.compress([[True]], v), ValueError, "1-d"),
        (lambda v: np.compress([False] * 9 + [True], v, axis=0), IndexError, "out of bounds"),
    ],
)
def test_wrong_arguments(f: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        f(Variable(X))


PLAIN: list[Any] = [
    lambda x: np.floor(x), lambda x: np.ceil(x), lambda x: np.rint(x), lambda x: np.round(x, 1),
    lambda x: np.around(x, decimals=1), lambda x: np.trunc(x), lambda x: np.fix(x),
    lambda x: x // 0.3, lambda x: np.sign(x), lambda x: np.signbit(x), lambda x: np.spacing(x),
    lambda x: np.nextafter(x, 1.0), lambda x: np.greater(x, 0.5), lambda x: np.less_equal(0.5, x),
    lambda x: np.isfinite(x), lambda x: np.isnan(x), lambda x: np.isposinf(x),
    lambda x: np.isneginf(x), lambda x: np.isclose(x, x + 1e-9), lambda x: np.allclose(x, x),
    lambda x: np.array_equal(x, x), lambda x: np.array_equiv(x, x[0]), lambda x: np.isreal(x),
    lambda x: np.iscomplex(x), lambda x: np.iscomplexobj(x), lambda x: np.isrealobj(x),
    lambda x: np.logical_and(x, x > 0), lambda x: np.logical_not(x),
    lambda x: np.any(x > 0, axis=0),
    lambda x: np.all(x, axis=1, keepdims=True), lambda x: np.isin(x, [x[0, 0]]),
    lambda x: np.argmax(x, axis=1), lambda x: np.argmin(x), lambda x: np.argsort(x, axis=0),
    lambda x: np.argpartition(x, 1), lambda x: np.argwhere(x > 0), lambda x: np.nonzero(x),
    lambda x: np.flatnonzero(x), lambda x: np.searchsorted(np.sort(X[0]), x),
    lambda x: np.count_nonzero(x, axis=0), lambda x: np.digitize(x, [0.0, 1.0]),
    lambda x: np.lexsort((x[0], x[1])), lambda x: np.nanargmax(x),
    lambda x: np.nanargmin(x, axis=1),
    lambda x: np.histogram(x, bins=3), lambda x: np.histogram_bin_edges(x, 4),
    lambda x: np.histogram2d(x[0], x[1], 2), lambda x: np.histogramdd(x, 2),
    lambda x: np.tril_indices_from(x), lambda x: np.triu_indices_from(x, 1),
    lambda x: np.diag_indices_from(x[:, :3]), lambda x: np.zeros_like(x), lambda x: np.ones_like(x),
    lambda x: np.empty_like(x).shape, lambda x: np.result_type(x, np.float32),
    lambda x: np.can_cast(x.dtype, np.float32), lambda x: np.min_scalar_type(x),
    lambda x: np.common_type(x), lambda x: np.array2string(x), lambda x: np.array_str(x),
    lambda x: np.array_repr(x), lambda x: np.shares_memory(x, x),
    lambda x: np.may_share_memory(x, x),
    lambda x: x.argmax(0), lambda x: x.argsort(), lambda x: x.nonzero(), lambda x: x.any(),
    lambda x: x.all(axis=0), lambda x: x.round(1), lambda x: x > 0, lambda x: x == X,
]  # fmt: skip


@pytest.mark.parametrize("f", PLAIN, ids=lambda f: inspect.getsource(f).count("\n"))
def test_functions_without_a_gradient_give_plain_results(f: Any) -> None:
    got, expected = f(Variable(X)), f(X)
    for g, e in zip(*((r if isinstance(r, tuple) else (r,)) for r in (got, expected)), strict=True):
        if isinstance(e, list):  # of edges
            g, e = np.stack(g), np.stack(e)
        assert type(g) is type(e)
        np.testing.assert_array_equal(g, e)


def test_saving_writes_the_plain_values() -> None:
    file = io.BytesIO()
    np.save(file, Variable(X))
    file.seek(0)
    np.testing.assert_array_equal(np.load(file), X)
    file = io.BytesIO()
    np.savez(file, a=Variable(X))
    file.seek(0)
    np.testing.assert_array_equal(np.load(file)["a"], X)
    text = io.StringIO()
    np.savetxt(text, Variable(X))
    assert len(text.getvalue().splitlines()) == 3


def test_every_function_without_a_gradient_says_why() -> None:
    assert np.floor in cutting
    assert all(why for why in cutting.values())
