from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape, Variable, grad, hessian, jvp, vjp
from autograd_tape.dispatch import functions
from tests.helpers import check

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 4))
Y = rng.normal(size=(2, 3, 4))
V = rng.normal(size=4)
C = X + 1j * rng.normal(size=(3, 4))
D = np.array(1.5)
F = np.asfortranarray(X)
N = X[::-1, ::-2]
MASK = np.eye(3, 4, dtype=bool)

INDICES: list[Any] = [
    0, -1, (1, 2), (slice(None), 1), slice(None, None, -1), slice(2, 0, -1), (slice(0, 0),),
    (..., 1), (None, 1), (1, None, slice(1, 3)), ..., (), None,
    (slice(None, None, 2), slice(3, None, -2)),
    np.array([0, 2, 2]), [0, 2, 2], [], ([0, 0], [1, 1]), np.array([[0, 1], [-1, -3]]),
    (slice(None), [3, 3, 0]), (np.array([0, 1, 0]), slice(1, None, 2)), (np.array([1, 1]), None, 2),
    (slice(None), None, np.array([1, 1])), np.ix_([0, 2], [1, 1, 3]), (np.array(1), slice(None)),
    np.int64(1),
    MASK, X > 0, [True, False, True], (slice(None), [True, False, True, True]), (MASK[:, 0], 2),
    (np.array([True, False, True]), np.array([1, 1])), np.zeros((3, 4), bool), True, False,
    (np.bool_(True), 0),
    (np.array([], int), 0), (np.array([[0], [2]]), np.array([[1, 1, 2]])),
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=str)
@pytest.mark.parametrize("x", [X, F, C], ids=["C", "F", "complex"])
def test_reading(x: Any, index: Any) -> None:
    check(lambda x: x[index], x)


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_writing_a_number_and_an_array(index: Any) -> None:
    def write(x: Any, a: Any, b: Any) -> Any:
        y = 1 * x
        y[index] = a
        z = 2 * x
        z[index] = b
        return y * z

    check(write, X, D, rng.normal(size=np.shape(X[index])))


def test_reading_deeper_arrays() -> None:
    for index in [([0, 1], slice(None), [3, 3]), (0, ..., [1, 1]), (..., None, 0), ([0, 0],),
                  np.ix_([0, 1, 1], [2], [0, 3]), (Y > 0)]:  # fmt: skip
        check(lambda x, index=index: x[index], Y)
    check(lambda x: x[1], N)
    check(lambda x: x[()], D)
    check(lambda x: x[..., None], D)
    check(lambda x: x[:, 0], np.zeros((0, 2)))


def test_repeated_indices_add_up() -> None:
    v = Variable(np.array([1.0, 2.0, 3.0]))
    np.sum(v[[0, 0, 2]] * np.array([1.0, 10.0, 100.0])).backward()
    np.testing.assert_array_equal(v.adjoint, [11, 0, 100])
    table = Variable(np.ones((3, 2)))
    np.sum(table[np.array([[1, -2], [1, 0]])]).backward()
    np.testing.assert_array_equal(table.adjoint, [[1, 1], [3, 3], [0, 0]])


def test_second_order_through_repeated_indices() -> None:
    h = hessian(lambda x: np.sum(x[[0, 0, 1]] ** 3))(np.array([1.0, 2.0]))
    np.testing.assert_allclose(h, [[12, 0], [0, 12]])


def test_reading_in_a_loop_equals_reading_at_once() -> None:
    f = lambda x: sum(row @ row * (i + 1) for i, row in enumerate(x))  # noqa: E731
    g = lambda x: np.sum(np.sum(x * x, 1) * np.arange(1.0, 4))  # noqa: E731
    np.testing.assert_allclose(grad(f)(X), grad(g)(X))


def test_a_python_float_takes_trivial_indices() -> None:
    v = Variable(2.0)
    np.sum(v[()] * v[None] * v[...]).backward()
    assert v.adjoint == 12.0
    with pytest.raises(IndexError):
        v[0]


def test_an_index_that_changes_later_is_not_seen() -> None:
    index, v = np.array([0, 1]), Variable(V)
    s = np.sum(v[index])
    index[:] = 3
    s.backward()
    np.testing.assert_array_equal(v.adjoint, [1, 1, 0, 0])


@pytest.mark.parametrize(
    ("index", "error"),
    [(3, IndexError), ((0, 0, 0), IndexError), (1.0, IndexError), ([5], IndexError),
     (Variable(1.0), TypeError), ((0, Variable(1.0)), TypeError), ([Variable(1.0)], TypeError)],
    ids=str,
)  # fmt: skip
def test_wrong_indices(index: Any, error: type[Exception]) -> None:
    v = Variable(X)
    with pytest.raises(error):
        v[index]
    with pytest.raises(error):
        v[index] = 1.0


# -- writing ---------------------------------------------------------------------------------------


def written(index: Any) -> Any:
    def write(x: Any, new: Any) -> Any:
        y = 1 * x
        y[index] = new
        return y * y

    return write


@pytest.mark.parametrize(
    ("x", "index", "new"),
    [
        (X, 0, V),
        (X, slice(None), V),
        (X, (slice(None), 1), V[:3]),
        (X, (slice(None), 1), V[:1]),
        (X, slice(1, 3), V[None]),
        (X, 0, V[None, None]),
        (X, ..., D),
        (X, MASK, V[:3]),
        (X, MASK, V[:1]),
        (X, [0, 2], X[:2]),
        (X, [0, 0], X[:2]),
        (X, ([0, 0, 0], [1, 1, 2]), V[:3]),
        (X, ([0, 0, 0], [1, 1, 2]), D),
        (Y, (slice(None), [0, 2], None), rng.normal(size=(2, 2, 1, 4))),
        (C, 1, C[0]),
        (C, 1, V),
        (F, (slice(None), 2), V[:3]),
        (X, slice(0, 0), V),
    ],
)
def test_writing_variables(x: Any, index: Any, new: Any) -> None:
    check(written(index), x, new)


@pytest.mark.parametrize("new", [2.0, 3, np.float32(2), V, [1, 2, 3, 4], True])
def test_writing_plain_values(new: Any) -> None:
    check(lambda x: written(1)(x, new), X)


@pytest.mark.parametrize("start", [2.0, np.array(2.0), np.float64(2.0)])
def test_writing_into_0_d(start: Any) -> None:
    v, w = Variable(start), Variable(3.0)
    y = v * v
    y[()] = w
    z = v * v
    z[...] += w
    (y * y + z).backward()
    assert (v.adjoint, w.adjoint) == (4.0, 7.0)


def test_writing_more_axes_than_the_place_has() -> None:
    v, w = Variable(np.zeros(3)), Variable(np.ones((1, 1)))
    v[0] = w
    np.sum(3 * v).backward()
    np.testing.assert_array_equal(w.adjoint, [[3.0]])


def test_writing_a_list_of_variables() -> None:
    v, w = Variable(np.zeros(3)), Variable(2.0)
    v[:2] = [w, 3 * w]
    np.sum(v).backward()
    assert w.adjoint == 4.0


def test_the_last_one_written_gets_the_gradient() -> None:
    v, w = Variable(np.zeros(3)), Variable(np.array([1.0, 2.0, 3.0]))
    v[[1, 1, 0]] = w
    np.testing.assert_array_equal(v.value, [3, 2, 0])
    np.sum(v * np.array([1.0, 10.0, 100.0])).backward()
    np.testing.assert_array_equal(w.adjoint, [0, 10, 1])


def test_what_was_overwritten_gets_none() -> None:
    x = Variable(np.array([1.0, 2.0, 3.0]))
    y = x * 1
    before = y[0]
    y[0] = 5.0
    assert before.value == 1.0
    np.sum(y * 2 + before).backward()
    np.testing.assert_array_equal(x.adjoint, [3, 2, 2])


def test_a_leaf_is_rebound_and_yours_stays_yours() -> None:
    mine = np.zeros(3)
    v = w = Variable(mine)
    old = v[...]
    v[1] = 4.0
    np.testing.assert_array_equal(mine, 0)
    np.testing.assert_array_equal(old.value, 0)
    np.testing.assert_array_equal(w.value, [0, 4, 0])


def test_augmented_assignment_of_an_element() -> None:
    def f(x: Any, y: Any) -> Any:
        z = x * 1
        z[0] += y
        z[1:, 0] *= y
        z[MASK] -= 2 * y
        z[[1, 2]] /= 3
        return z

    check(f, X, np.array(1.5))


def test_a_loop_that_fills_rows() -> None:
    def f(x: Any) -> Any:
        out = np.zeros((3, 4)) * x[0]
        state = x[0]
        for i in range(3):
            state = np.sin(state) * x[i]
            out[i] = state
        return out

    check(f, X)


def test_complex_values_need_a_complex_array() -> None:
    v = Variable(np.zeros(3))
    for new in (1j, np.array([1j, 0, 0]), Variable(1j), np.complex64(1)):
        with pytest.raises(TypeError, match="complex"):
            v[...] = new
    c = Variable(np.zeros(3, complex))
    c[0] = Variable(2.0)
    assert c.value[0] == 2.0


def test_dtypes_of_what_is_written() -> None:
    v, w = Variable(np.zeros(3, np.float32)), Variable(np.ones(3))
    v[...] = w
    assert v.dtype == np.float32
    np.sum(v).backward()
    assert w.adjoint.dtype == np.float64


def test_writing_into_a_plain_array_never_loses_a_gradient_silently() -> None:
    plain = np.zeros(3)
    for index in (slice(None), ..., [0, 1], np.array([True, False, False]), slice(0, 1)):
        for v in (Variable(2.0), Variable(np.array(2.0)), Variable(np.ones(1))):
            with pytest.raises(TypeError, match="gradient would be lost"):
                plain[index] = v
    with pytest.raises((TypeError, ValueError)):
        plain[0] = Variable(np.ones(3))
    with pytest.raises(TypeError, match="out="):
        plain += Variable(np.ones(3))


# -- functions -------------------------------------------------------------------------------------

READS: list[Any] = [
    ("take", lambda x: np.take(x, [0, 5, 5, -1]), X),
    ("take one", lambda x: np.take(x, 3), X),
    ("take axis", lambda x: np.take(x, [[0, 1], [3, 3]], axis=1), X),
    ("take rows", lambda x: np.take(x, np.array([0, 2, 2]), axis=0), X),
    ("take rows of rows", lambda x: np.take(x, [[1, -1], [0, 1]], axis=0), Y),
    ("take negative axis", lambda x: x.take(1, axis=-1), Y),
    ("take wrap", lambda x: np.take(x, [5, -7], axis=0, mode="wrap"), X),
    ("take clip", lambda x: np.take(x, [5, -7], axis=1, mode="clip"), X),
    ("take complex", lambda x: np.take(x, [1, 1], 0), C),
    ("take 0-d", lambda x: np.take(x, [0, 0]), D),
    ("take none", lambda x: np.take(x, np.array([], int), axis=0), X),
    ("take_along_axis", lambda x: np.take_along_axis(x, np.argsort(X, 1), 1), X),
    ("take_along_axis repeated", lambda x: np.take_along_axis(x, np.array([[0, 0]]), axis=1), X),
    ("take_along_axis 0", lambda x: np.take_along_axis(x, np.array([[2, 0, 0, 1]]), axis=0), F),
    ("take_along_axis flat", lambda x: np.take_along_axis(x, np.array([7, 0]), axis=None), X),
    ("take_along_axis last", lambda x: np.take_along_axis(x, np.argsort(Y)), Y),
    ("apply_along_axis", lambda x: np.apply_along_axis(np.sum, 0, x * x), X),
    ("apply_along_axis last", lambda x: np.apply_along_axis(lambda r: r * r[0], -1, x), Y),
    ("apply_along_axis middle", lambda x: np.apply_along_axis(lambda r: r[:2] ** 2, 1, x), Y),
    ("apply_along_axis matrix",
     lambda x: np.apply_along_axis(lambda r, k, *, s: r.reshape(k, 2) ** 2 * s, 1, x, 2, s=3.0), X),
    ("apply_along_axis vector", lambda x: np.apply_along_axis(lambda r: r[1] * r, 0, x), V),
    ("apply_over_axes", lambda x: np.apply_over_axes(np.sum, x * x, [0, -1]), Y),
]  # fmt: skip


def in_place(f: Any) -> Any:
    """``f`` writes into its first argument: run it on a copy, and give back the result squared."""

    def g(x: Any, *args: Any) -> Any:
        y = x * 1
        assert f(y, *args) is None
        return y * y

    return g


WRITES: list[Any] = [
    ("put_along_axis",
     lambda x, y: np.put_along_axis(x, np.array([[1], [0], [2]]), y, axis=1), X, V[:3, None]),
    ("put_along_axis repeated",
     lambda x, y: np.put_along_axis(x, np.array([[1, 1]]), y, axis=1), X, X[:, :2]),
    ("put_along_axis number", lambda x: np.put_along_axis(x, np.array([[0, 2, 1, 1]]), 9.0, 0), X),
    ("put_along_axis flat",
     lambda x, y: np.put_along_axis(x, np.array([1, -1]), y, None), X, V[:2]),
    ("put", lambda x, y: np.put(x, [0, 5, -1], y), X, V[:3]),
    ("put repeats", lambda x, y: np.put(x, [0, 5, -1], y), X, V[:2]),
    ("put number", lambda x: np.put(x, 3, 2.5), X),
    ("put wrap", lambda x, y: np.put(x, [13, -20], y, mode="wrap"), X, D),
    ("put clip", lambda x, y: np.put(x, [100, -5], y, mode="clip"), X, V[:2]),
    ("put last wins", lambda x, y: np.put(x, [2, 2], y), X, V[:2]),
    ("place", lambda x, y: np.place(x, MASK, y), X, V[:3]),
    ("place repeats", lambda x, y: np.place(x, MASK, y), X, V[:2]),
    ("place none", lambda x, y: np.place(x, MASK & False, y), X, V[:2]),
    ("place more", lambda x, y: np.place(x, MASK, y), X, V),
    ("putmask", lambda x, y: np.putmask(x, MASK, y), X, F),
    ("putmask repeats", lambda x, y: np.putmask(x, MASK, y), X, V[:3]),
    ("putmask number", lambda x: np.putmask(x, MASK, 2.0), X),
    ("copyto", lambda x, y: np.copyto(x, y), X, V),
    ("copyto where", lambda x, y: np.copyto(x, y, where=MASK), X, V),
    ("copyto casting", lambda x: np.copyto(x, np.arange(4), casting="unsafe"), X),
    ("fill_diagonal", lambda x, y: np.fill_diagonal(x, y), X, D),
    ("fill_diagonal values", lambda x, y: np.fill_diagonal(x, y), X, V[:2]),
    ("fill_diagonal long", lambda x, y: np.fill_diagonal(x, y), X, V),
    ("fill_diagonal tall", lambda x, y: np.fill_diagonal(x, y), rng.normal(size=(7, 2)), D),
    ("fill_diagonal wrap",
     lambda x, y: np.fill_diagonal(x, y, wrap=True), rng.normal(size=(7, 2)), D),
    ("fill_diagonal list", lambda x: np.fill_diagonal(x, [1.0, 2.0, 3.0]), X),
    ("fill_diagonal cube", lambda x, y: np.fill_diagonal(x, y), rng.normal(size=(2, 2, 2)), D),
]  # fmt: skip


@pytest.mark.parametrize(("f", "args"), [pytest.param(c[1], c[2:], id=c[0]) for c in READS])
def test_functions_that_read(f: Any, args: Any) -> None:
    check(f, *args)


@pytest.mark.parametrize(("f", "args"), [pytest.param(c[1], c[2:], id=c[0]) for c in WRITES])
def test_functions_that_write(f: Any, args: Any) -> None:
    check(in_place(f), *args)


def test_names_of_the_arguments_are_those_of_numpy() -> None:
    mine = [f for f, g in functions.items() if getattr(g, "__module__", "").endswith("s.indexing")]
    assert np.take in mine
    for f in mine:
        assert list(inspect.signature(functions[f]).parameters) == list(
            inspect.signature(f).parameters
        ), f.__name__


@pytest.mark.parametrize(
    "write",
    [
        lambda a, v: np.put(a, [0], v),
        lambda a, v: np.place(a, np.ones((2, 2), bool), v),
        lambda a, v: np.putmask(a, np.ones((2, 2), bool), v),
        lambda a, v: np.copyto(a, v),
        lambda a, v: np.put_along_axis(a, np.array([[0], [0]]), v, 1),
        lambda a, v: np.fill_diagonal(a, v),
    ],
)
def test_plain_arrays_do_not_take_recorded_values(write: Any) -> None:
    plain = np.zeros((2, 2))
    with pytest.raises(TypeError, match="gradient"):
        write(plain, Variable(2.0))
    np.testing.assert_array_equal(plain, 0)


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda v: np.take(v, [99]), IndexError, "out of bounds"),
        (lambda v: np.take(v, [0.5]), TypeError, "cast"),
        (lambda v: np.take(v, 0, mode="no"), ValueError, "mode"),
        (lambda v: np.take(v, 0, out=np.zeros(())), TypeError, "out="),
        (lambda v: np.take_along_axis(v, np.array([0]), 1), ValueError, "dimensions"),
        (lambda v: np.take_along_axis(v, np.array([[0.0]]), 1), IndexError, "integer"),
        (lambda v: np.put(v, [99], 1.0), IndexError, "out of bounds"),
        (lambda v: np.put(v, [0], 1j), TypeError, "complex"),
        (lambda v: np.place(v, MASK, []), ValueError, "empty"),
        (lambda v: np.copyto(v, 1j), TypeError, "[Cc]ast"),
        (lambda v: np.fill_diagonal(v[0], 1.0), ValueError, "2-d"),
        (lambda v: np.fill_diagonal(Variable(Y), 1.0), ValueError, "equal length"),
        (lambda v: np.apply_along_axis(np.sum, 0, v[:, :0]), ValueError, "iteration"),
    ],
)
def test_wrong_arguments(f: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        f(Variable(X))


def test_forward_mode_and_pullbacks_through_updates() -> None:
    _y, dot = jvp(written(1), (X, V), (np.zeros((3, 4)), np.ones(4)))
    np.testing.assert_allclose(dot[1], 2 * V)
    assert not dot[0].any()
    _, pullback = vjp(written(1), X, V)
    to_x, to_v = pullback(np.ones((3, 4)))
    np.testing.assert_allclose(to_v, 2 * V)
    assert not to_x[1].any()


def test_a_big_gather_adds_up_as_numpy_does() -> None:
    table = rng.normal(size=(50, 8))
    index = rng.integers(-50, 50, (7, 30))
    weights = rng.normal(size=(7, 30, 8))
    expected = np.zeros_like(table)
    np.add.at(expected, index, weights)
    with Tape() as tape:
        t = Variable(table)
        loss = np.sum(t[index] * weights)
    np.testing.assert_allclose(tape.gradient(loss, t), expected)


def test_empty_and_0_d_arrays_as_in_numpy() -> None:
    for f, x in [
        (lambda x: np.take(x, [4], axis=1), np.zeros((0, 2))),
        (lambda x: np.take(x, [4], axis=0, mode="clip"), np.zeros((2, 0))),
        (lambda x: np.take(x, [0, -1], axis=-1), D),
        (lambda x: np.repeat(x, 3, axis=0), D),
        (lambda x: np.squeeze(x, 0), D),
        (lambda x: np.compress([True], x, axis=0), D),
    ]:
        check(f, x)
