from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, jvp
from autograd_tape.dispatch import functions
from tests.helpers import check

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 4))
Y = rng.normal(size=(2, 3, 4))
Z = rng.normal(size=(2, 4))
V = rng.normal(size=4)
W = rng.normal(size=3)
U = rng.normal(size=6)
C = Z + 1j * rng.normal(size=(2, 4))
D = np.array(1.5)
E = np.zeros((0, 4))
F = np.asfortranarray(X)
N = X[::-1, ::-2]

JOINS: list[Any] = [
    ("concatenate", lambda x, y: np.concatenate([x, y]), X, Z),
    ("concatenate axis", lambda x, y: np.concatenate((x, y, x), axis=-1), X, F),
    ("concatenate flat", lambda x, y: np.concatenate([x, y], axis=None), X, D),
    ("concatenate plain", lambda x: np.concatenate([[[1, 2, 3, 4]], x, np.ones((1, 4))]), X),
    ("concatenate empty", lambda x, y: np.concatenate([x, y]), E, X),
    ("concatenate complex", lambda x, y: np.concatenate([x, y]), X, C),
    ("concatenate dtype", lambda x: np.concatenate([x, x], dtype=complex), X),
    ("concatenate an array", lambda x: np.concatenate(x, 1), Y),
    ("concat", lambda x, y: np.concat([x, y]), X, Z),
    ("stack", lambda x, y: np.stack([x, y]), X, F),
    ("stack axis", lambda x, y: np.stack((x, y), axis=-1), X, X),
    ("stack 0-d", lambda x, y: np.stack([x, y, 2.0]), D, D),
    ("stack dtype", lambda x: np.stack([x, x], dtype=complex, casting="safe"), V),
    ("stack an array", lambda x: np.stack(x, axis=1), Y),
    ("stack complex", lambda x, y: np.stack([x, y], 1), Z, C),
    ("vstack", lambda x, y: np.vstack([x, y]), V, X),
    ("vstack dtype", lambda x: np.vstack([x, x], dtype=complex), V),
    ("hstack 1-d", lambda x, y: np.hstack([x, y]), V, W),
    ("hstack 2-d", lambda x: np.hstack((x, np.ones((3, 1)))), X),
    ("hstack 0-d", lambda x: np.hstack([x, x]), D),
    ("dstack", lambda x, y: np.dstack([x, y]), V, V),
    ("dstack 2-d", lambda x, y: np.dstack([x, y]), X, F),
    ("column_stack", lambda x, y: np.column_stack([x, y]), W, X),
    ("append", lambda x, y: np.append(x, y), X, V),
    ("append plain", lambda x: np.append(x, 3.0), V),
    ("append to plain", lambda x: np.append(np.ones(2), x), V),
    ("append axis", lambda x, y: np.append(x, y, axis=0), X, Z),
    ("block", lambda x, y: np.block([[x, y], [y, x]]), W, D),
    ("block 2-d", lambda x, y: np.block([[x, np.eye(3)], [y, np.ones((2, 3))]]), X, Z),
    ("block flat", lambda x, y: np.block([x, y]), X, X),
    ("block single", lambda x: np.block(x), X),
    ("block deep", lambda x: np.block([[[x, x]], [[x, 2 * x]]]), V),
    ("meshgrid", lambda x, y: np.meshgrid(x, y), V, W),
    ("meshgrid ij", lambda x, y: np.meshgrid(x, y, indexing="ij"), V, W),
    ("meshgrid sparse", lambda x, y: np.meshgrid(x, y, sparse=True, copy=False), V, W),
    ("meshgrid three", lambda x, y: np.meshgrid(x, y, np.ones(2)), V, W),
    ("meshgrid one", lambda x: np.meshgrid(x), V),
    ("meshgrid 0-d", lambda x, y: np.meshgrid(x, y), D, W),
]

REPEATS: list[Any] = [
    ("tile", lambda x: np.tile(x, 3), X),
    ("tile more", lambda x: np.tile(x, (2, 1, 3)), X),
    ("tile less", lambda x: np.tile(x, (2,)), Y),
    ("tile once", lambda x: np.tile(x, (1, 1, 1)), V),
    ("tile never", lambda x: np.tile(x, (0, 2)), X),
    ("tile 0-d", lambda x: np.tile(x, 4), D),
    ("repeat", lambda x: np.repeat(x, 2), X),
    ("repeat axis", lambda x: np.repeat(x, 3, axis=1), C),
    ("repeat array", lambda x: np.repeat(x, [2, 0, 3], axis=0), X),
    ("repeat [2]", lambda x: np.repeat(x, [2], axis=-1), Y),
    ("repeat zero", lambda x: x.repeat(0, 0), X),
    ("resize more", lambda x: np.resize(x, (3, 5)), Z),
    ("resize less", lambda x: np.resize(x, 3), Z),
    ("resize 0-d", lambda x: np.resize(x, (2, 2)), D),
    ("resize method order", lambda x: np.resize(x, (5,)), F),
]

SPLITS: list[Any] = [
    ("split", lambda x: np.split(x, 3), X),
    ("split axis", lambda x: np.split(x, 2, axis=-1), X),
    ("split places", lambda x: np.split(x, [1, 3, 9], axis=1), X),
    ("split backwards", lambda x: np.split(x, [3, 1]), V),
    ("array_split", lambda x: np.array_split(x, 3), V),
    ("array_split many", lambda x: np.array_split(x, 6, axis=1), X),
    ("array_split places", lambda x: np.array_split(x, (1, -1), 0), X),
    ("hsplit", lambda x: np.hsplit(x, 2), X),
    ("hsplit 1-d", lambda x: np.hsplit(x, [1]), V),
    ("vsplit", lambda x: np.vsplit(x, 3), X),
    ("dsplit", lambda x: np.dsplit(x, 2), Y),
    ("delete", lambda x: np.delete(x, 2), X),
    ("delete axis", lambda x: np.delete(x, -1, axis=1), X),
    ("delete list", lambda x: np.delete(x, [0, 2, 2], axis=0), X),
    ("delete slice", lambda x: np.delete(x, np.s_[::2], axis=1), C),
    ("delete mask", lambda x: np.delete(x, [True, False, True], axis=0), X),
    ("insert flat", lambda x: np.insert(x, 1, 5.0), X),
    ("insert value", lambda x, y: np.insert(x, 1, y), X, D),
    ("insert row", lambda x, y: np.insert(x, 1, y, axis=0), X, V),
    ("insert column", lambda x, y: np.insert(x, -1, y, axis=1), X, W),
    ("insert columns", lambda x, y: np.insert(x, [1], y, axis=1), X, W[:, None]),
    ("insert rows", lambda x, y: np.insert(x, 0, y, axis=0), X, Z),
    ("insert many", lambda x, y: np.insert(x, [3, 0, 0], y), V, W),
    ("insert slice", lambda x, y: np.insert(x, np.s_[::2], y), V, D),
    ("insert mask", lambda x, y: np.insert(x, V > 0, y), V, D),
    ("insert several into one", lambda x, y: np.insert(x, 2, y), V, W),
    ("insert into plain", lambda y: np.insert(np.ones((3, 4)), 1, y, axis=0), V),
    ("insert a list", lambda x: np.insert(x, 1, [1.0, 2.0]), V),
]

PADS: list[Any] = [
    ("int", lambda x: np.pad(x, 2), X),
    ("pair", lambda x: np.pad(x, (1, 2)), X),
    ("pairs", lambda x: np.pad(x, ((1, 0), (0, 2)), "constant"), C),
    ("one per axis", lambda x: np.pad(x, ((1,), (2,))), X),
    ("dict", lambda x: np.pad(x, {-1: (1, 2)}), X),
    ("none", lambda x: np.pad(x, 0), X),
    ("constant", lambda x: np.pad(x, 1, constant_values=3), X),
    ("constants", lambda x: np.pad(x, 1, constant_values=((1, 2), (3, 4))), X),
    ("recorded constant", lambda x, c: np.pad(x, ((1, 2), (0, 1)), constant_values=c), X, D),
    ("recorded constants", lambda x, c: np.pad(x, (1, 2), constant_values=c), X, V.reshape(2, 2)),
    ("empty array", lambda x: np.pad(x, 1), E),
    ("edge", lambda x: np.pad(x, ((1, 2), (3, 0)), mode="edge"), X),
    ("wrap", lambda x: np.pad(x, ((1, 2), (5, 0)), mode="wrap"), X),
    *((f"{m} {w}", lambda x, m=m, w=w: np.pad(x, w, m), N)
      for m in ("reflect", "symmetric") for w in (1, (2, 7))),
    *((f"{m} odd {a.shape} {w}", lambda x, m=m, w=w: np.pad(x, w, m, reflect_type="odd"), a)
      for m in ("reflect", "symmetric") for w in (1, (2, 7)) for a in (V, X, W[:1], C[:, :2])),
    ("reflect even", lambda x: np.pad(x, 2, mode="reflect", reflect_type="even"), X),
    ("linear_ramp", lambda x: np.pad(x, 2, mode="linear_ramp"), X),
    ("linear_ramp ends", lambda x: np.pad(x, (2, 3), "linear_ramp", end_values=(5, -4)), X),
    ("linear_ramp recorded", lambda x, e: np.pad(x, 2, "linear_ramp", end_values=e), X, D),
    ("mean", lambda x: np.pad(x, (1, 2), mode="mean"), X),
    ("mean stat_length", lambda x: np.pad(x, 2, mode="mean", stat_length=2), X),
    ("mean stat_lengths", lambda x: np.pad(x, 2, "mean", stat_length=((1, 9), (2, 3))), X),
    ("maximum", lambda x: np.pad(x, ((1, 0), (2, 1)), mode="maximum"), X),
    ("minimum", lambda x: np.pad(x, 1, mode="minimum", stat_length=2), X),
    ("median", lambda x: np.pad(x, 1, mode="median"), X),
]  # fmt: skip


@pytest.mark.parametrize(
    ("f", "args"),
    [pytest.param(c[1], c[2:], id=c[0]) for c in (*JOINS, *REPEATS, *SPLITS)]
    + [pytest.param(c[1], c[2:], id="pad " + c[0]) for c in PADS],
)
def test_against_numpy_and_differences(f: Any, args: Any) -> None:
    check(f, *args)


@pytest.mark.skipif(not hasattr(np, "unstack"), reason="NumPy 2.1")
def test_unstack() -> None:
    check(lambda x: np.unstack(x), Y)
    check(lambda x: np.unstack(x, axis=-1), Y)
    with pytest.raises(ValueError, match="at least 1-d"):
        np.unstack(Variable(2.0))


def test_names_of_the_arguments_are_those_of_numpy() -> None:
    modules = ("primitives.joining", "primitives.padding")
    mine = [f for f, g in functions.items() if getattr(g, "__module__", "").endswith(modules)]
    assert {np.stack, np.pad} <= set(mine)
    for f in mine:
        assert list(inspect.signature(functions[f]).parameters) == list(
            inspect.signature(f).parameters
        ), f.__name__


def test_nested_lists_hold_variables() -> None:
    v, w = Variable(2.0), Variable(3.0)
    joined = np.concatenate([[v, 1.0], np.ravel(w), (w, [w][0])])
    np.testing.assert_array_equal(joined.value, [2, 1, 3, 3, 3])
    np.sum(joined * np.array([0.0, 1, 2, 3, 0])).backward()
    assert (v.adjoint, w.adjoint) == (0.0, 5.0)
    np.sum(np.vstack([(v, w), np.stack([w, v])])).backward()
    assert v.adjoint == 2.0


def test_python_floats_stack() -> None:
    v, w = Variable(2.0), Variable(3.0)
    s = np.stack([v, w, v])
    assert s.dtype == np.float64
    np.sum(s * s).backward()
    assert (v.adjoint, w.adjoint) == (8.0, 6.0)
    assert isinstance(v.adjoint, float)
    _y, dot = jvp(lambda a, b: np.stack([a, b]), (2.0, 3.0), (1.0, 5.0))
    np.testing.assert_array_equal(dot, [1, 5])


def test_a_part_joined_twice_counts_twice() -> None:
    v = Variable(np.array([1.0, 2.0]))
    np.sum(np.concatenate([v, v, 3 * v])).backward()
    np.testing.assert_array_equal(v.adjoint, [5, 5])


def test_many_parts() -> None:
    parts = [Variable(np.full(3, float(i))) for i in range(500)]
    total = np.sum(np.concatenate(parts) * np.arange(1500.0)) + np.sum(np.stack(parts))
    total.backward()
    np.testing.assert_array_equal(parts[7].adjoint, [22, 23, 24])


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda v: np.concatenate([v, v], out=np.zeros((6, 4))), TypeError, "out="),
        (lambda v: np.stack([v, v], out=np.zeros((2, 3, 4))), TypeError, "out="),
        (lambda v: np.concatenate([v, v], dtype=int), TypeError, "Cannot cast"),
        (lambda v: np.concatenate([v, v[0]]), ValueError, "dimensions"),
        (lambda v: np.concatenate([v[0], v]), ValueError, "dimensions"),
        (lambda v: np.concatenate([v, v], axis=2), ValueError, "axis"),
        (lambda v: np.concatenate([v, v[:, :1]]), ValueError, "dimensions"),
        (lambda v: np.stack([v, v[0]]), ValueError, "same shape"),
        (lambda v: np.split(v, 2), ValueError, "equal division"),
        (lambda v: np.array_split(v, 0), ValueError, "larger than 0"),
        (lambda v: np.hsplit(v[0, 0], 1), ValueError, "1 or more"),
        (lambda v: np.vsplit(v[0], 1), ValueError, "2 or more"),
        (lambda v: np.dsplit(v, 1), ValueError, "3 or more"),
        (lambda v: np.block([[v], v]), ValueError, "depth"),
        (lambda v: np.block([v, []]), ValueError, "empty"),
        (lambda v: np.block([v, (v, v)]), TypeError, "tuples"),
        (lambda v: np.meshgrid(v[0], v[0], indexing="no"), ValueError, "indexing"),
        (lambda v: np.pad(v, 1, mode=lambda *a: None), TypeError, "mode="),
        (lambda v: np.pad(v, 1, mode="nothing"), ValueError, "not supported"),
        (lambda v: np.pad(v, 1, mode="edge", constant_values=1), ValueError, "constant_values"),
        (lambda v: np.pad(v, -1), ValueError, "negative"),
        (lambda v: np.pad(v, 1, constant_values=1j), TypeError, "complex"),
        (lambda v: np.pad(np.arange(3), 1, constant_values=v[0, 0]), TypeError, "gradient"),
        (lambda v: np.insert(np.arange(4), 1, v[0, 0]), TypeError, "gradient"),
        (lambda v: np.insert(v, 1, 1j), TypeError, "complex"),
        (lambda v: np.delete(v, 5, axis=0), IndexError, "out of bounds"),
        (lambda v: np.repeat(v, [1, 2], axis=0), ValueError, "broadcast"),
        (lambda v: np.repeat(v, -1), ValueError, "negative"),
        (lambda v: np.repeat(v, 1.5), TypeError, "cast"),
    ],
)
def test_wrong_arguments(f: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        f(Variable(X))
