"""What each pass does; that it changes no bit is a law (test_laws.py)."""

import re
import warnings

import numpy as np
import pytest

from autograd_tape import compile, value_and_grad
from autograd_tape.program import passes
from autograd_tape.program.step import Guard, Method, inputs_of
from autograd_tape.variable import as_value
from nn import functional as F
from tests.program.agreement import assert_same

X = np.linspace(0.1, 2.0, 12).reshape(3, 4)


def functions(f, *args, only=(), argnums=None, **options):
    """Names of the functions of the steps, with only these passes; the result is right."""
    program = compile(f, *args, argnums=argnums, passes=only, **options)
    wanted = (f if argnums is None else value_and_grad(f, argnums))(*args)
    assert_same(program(*args), wanted)
    steps = [s for s in program.latest.graph.steps if s.function is not None]
    return [getattr(s.function, "__name__", "guard") for s in steps]


def test_dead_steps_go_but_guards_and_draws_stay():
    rng = np.random.default_rng(0)

    def f(x):
        np.sin(x)
        if np.sum(x) > 0:
            rng.random(3)
        return np.cos(x)

    program = compile(f, X, argnums=None, passes=(passes.dead,))
    kinds = [type(s.function).__name__ for s in program.latest.graph.steps]
    assert "Guard" in kinds
    assert "Draw" in kinds
    assert "sin" not in program.source
    assert "sin" in compile(f, X, argnums=None, passes=()).source


@pytest.mark.parametrize(
    ("f", "left"),
    [
        (lambda x: x * 1.0, []),
        (lambda x: 1 * x / 1.0 - 0.0, []),
        (lambda x: x + 0.0, ["add"]),  # -0.0 + 0.0 is 0.0
        (lambda x: 0.0 - x, ["subtract"]),
        (lambda x: np.full((3, 4), 2.0) * x, ["multiply"]),
    ],
)
def test_constants_are_folded(f, left):
    only = (passes.constants, passes.dead)
    assert functions(f, X, only=only) == left
    assert functions(f, -0.0 * X, only=only) == left


def test_an_array_of_equal_constants_is_a_number():
    program = compile(lambda x: np.mean(x**2), X)
    assert "np.full" not in program.source
    assert "0.08333333333333333" in program.source


def test_what_is_shared_is_computed_once():
    def f(x):
        return np.tanh(x) * np.tanh(x) + np.sum(x, axis=0) * np.sum(x, axis=0)

    names = functions(f, X, only=(passes.common,))
    assert names.count("tanh") == 1
    assert functions(f, X).count("tanh") == 2


def test_drawing_twice_is_not_shared():
    rng, other = np.random.default_rng(0), np.random.default_rng(0)
    program = compile(lambda x: x * rng.random(4) + rng.random(4), X, argnums=None)
    other.random(4), other.random(4)
    np.testing.assert_array_equal(program(X), X * other.random(4) + other.random(4))


def test_no_copies_of_values_that_nobody_changes():
    def f(x):
        y = np.array(x, like=x).T.T.reshape(3, 4).copy()
        return np.real(y) * 2.0

    assert functions(f, X, only=(passes.views, passes.dead)) == ["multiply"]


def test_a_copy_of_what_is_changed_later_stays():
    def f(x):
        y = np.sin(x)
        z = y.copy()
        z[0] = 1.0
        return y + z

    assert_same(compile(f, X, argnums=None)(X), f(X))


def in_place(i, how=np.add):
    def f(x):
        y = np.sin(x)
        how(y[i], 2.0 * x[i], out=y[i]) if how else y.__setitem__(i, y[i] + x[i])
        return y * y, np.zeros((3, 4), like=x)

    return f


@pytest.mark.parametrize(
    "index",
    [np.s_[1:], np.s_[..., ::2], np.s_[1], np.s_[:, None, 1:3], np.s_[::-1, ::-1], np.s_[:]],
)
@pytest.mark.parametrize("how", [np.add, np.subtract])
@pytest.mark.parametrize("options", [{}, {"reuse": False}, {"in_place": False}])
def test_parts_are_changed_where_they_are(index, how, options):
    f = in_place(index, how)
    program = compile(f, X, argnums=None, **options)
    for x in (X, -X, np.zeros_like(X)):
        assert_same(program(x), f(x))
    names = [s.function.__name__ for s in program.latest.graph.steps if s.function is not None]
    assert f"{how.__name__} to a part" in names
    assert not {"setitem", "laid_out"} & set(names)


@pytest.mark.parametrize(
    "index", [np.array([0, 0, 2]), X > 1.0, (1, 2), (np.array([0, 0]), np.array([1, 1]))]
)
def test_parts_that_are_copies_are_written_back(index):
    f = in_place(index, None)  # (what is there twice is added to once, as NumPy does it)
    program = compile(f, X, argnums=None)
    for x in (X, -X):
        assert_same(program(x), f(x))
    assert "] += x[" in program.source


def test_what_is_no_increment_is_none():
    def f(x):
        y, z = x * 1.0, x * 2.0
        y[1:] = y[:-1] + 1.0  # another part
        z[0] = y[0] + 1.0  # a part of another array
        y[:, :1] = 1.0 - y[:, :1]
        z[1:] = z[1] + x[1:]  # a part of another shape
        single = x.astype(np.float32)
        single[2] = single[2] + x[2]  # a sum of another dtype
        whole = (x * 3.0).astype(int)
        whole[1] = whole[1] + x[1]
        z[2] = z[2] + x[:1]  # a sum with one more axis
        return y, z, single, whole

    program = compile(f, X, argnums=None)
    assert_same(program(-X), f(-X))
    assert "Increment" not in str([s.function for s in program.latest.graph.steps])


def test_warnings_stay_off_where_they_were():
    def f(x):
        y = x * 1.0
        with np.errstate(over="ignore"):
            y[:1] += x[:1]
        return y

    program = compile(f, X, argnums=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(program(np.full_like(X, 1.5e308))[0]).all()


def test_parts_that_overlap_are_added_as_numpy_does():
    def f(x):
        y = x * 1.0
        y[1:] += y[:-1]
        y[:, :-1] -= y[:, 1:]
        before = y[0]
        held = before * 1.0
        y[0] += before
        return y, held

    assert_same(compile(f, X, argnums=None)(X), f(X))


def test_each_array_of_zeros_has_memory_of_its_own():
    def f(x):
        y, z = np.zeros((3, 4), like=x), np.zeros((3, 4), like=x)
        y[1:] += x[1:]
        z[:2] -= x[:2]
        return np.sin(y), np.sin(z)

    program = compile(f, X, argnums=None)
    for _ in range(2):
        assert_same(program(X), f(X))
    assert program.optimized.count(".fill(0)") == 2
    assert "np.array(" not in program.optimized
    assert "np_zeros(" not in program.optimized


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.stack([x, x * 2.0], axis=1), lambda x: np.concatenate((x, x + 1.0), axis=-1),
        lambda x: np.sum(x, axis=0), lambda x: np.max(x, axis=(0, 1), keepdims=True),
        lambda x: np.sum(x[:, :1], axis=1, keepdims=True), lambda x: x.astype(np.float32),
        lambda x: (x > 1.0).astype(np.float64), lambda x: x.T.reshape(-1),
        lambda x: np.reshape(x.T, (2, 6)), lambda x: np.sum(x.T, axis=0),
        lambda x: np.sum(x.T.reshape(2, 2, 3), axis=1), lambda x: np.sum(x > 1.0, axis=0),
        lambda x: np.stack([x.T, x.T + 1.0], axis=-1),
    ],
)  # fmt: skip
def test_new_arrays_are_written_into_memory_that_is_there(f):
    assert re.search(r", out=m\d+\)|np_copyto\(m\d+", between_functions(f).optimized)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.reshape(x[0, 0], (1, 1)), lambda x: np.reshape(x, (2, 6), order="F"),
        lambda x: np.concatenate([x, x], axis=0, dtype=np.float32),
    ],
)  # fmt: skip
def test_others_stay_new_arrays(f):
    assert not re.search(r"out=m|np_copyto", between_functions(f).optimized)


def between_functions(f):
    """The program of ``f`` of something, and of its result; it is right."""

    def g(x):
        return np.sin(f(np.cos(x))) * 2.0

    program = compile(g, X, argnums=None)
    for x in (X, -3.0 * X, X):
        assert_same(program(x), g(x))
    return program


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("options", [{}, {"passes": (), "reuse": False}])
def test_complex_numbers_are_multiplied_in_place_where_they_were(n, options):
    def f(x, y):
        kept = x * 1.0
        t = x + y
        t *= y
        kept *= t
        part = kept[1:]
        part *= 2j
        # (What is not in place in the engine must not be so in the program.)
        return t, kept, (x + y) * (x - y) + 1.0, np.square(x - 1.0) + 2.0, 1.0 + (x * 2.0) * (y * y)

    rng = np.random.default_rng(n)
    program = compile(f, *np.ones((2, n), complex), argnums=None, **options)
    for _ in range(50):
        x, y = rng.standard_normal((2, n)) + 1j * rng.standard_normal((2, n))
        assert_same(program(x, y), f(x, y))


@pytest.mark.parametrize("x", [0.5, np.float64(0.5), np.array(0.5)])
def test_a_number_is_reshaped(x):
    def f(x):
        return np.sin(np.reshape(x, (1, 1))), np.transpose(x), np.transpose(x, None)

    assert_same(compile(f, x, argnums=None)(x / 2), f(x / 2))


def test_powers_become_ufuncs():
    names = functions(lambda x: x**2 + x**0.5 + x**-1 + x**3, X, only=(passes.ufuncs,))
    assert {"square", "sqrt", "reciprocal", "pow"} <= set(names)


def test_functions_become_what_they_call():
    def f(x):
        y = np.moveaxis(x[None], 0, 2) + np.expand_dims(np.swapaxes(x, 0, 1).T, 2)
        return np.sum(y, axis=(0, 1)) + np.max(x) + np.prod(np.squeeze(y), axis=1, keepdims=True)

    names = functions(f, X, only=(passes.ufuncs,))
    assert not {"sum", "max", "prod", "moveaxis", "swapaxes", "expand_dims", "squeeze"} & set(names)
    assert names.count("reduce") == 3
    source = compile(f, X, argnums=None).source
    assert "np.sum(" in source
    assert "axis=(0, 1))" in source


def test_logarithms_of_exponentials():
    def f(x):
        return -np.sum(np.log(F.softmax(x))) + np.sum(np.log(np.exp(x))) + np.sum(np.exp(np.log(x)))

    program = compile(f, X, passes=passes.ALL)
    value, gradient = value_and_grad(f)(X)
    np.testing.assert_allclose(program(X)[0], value, rtol=1e-13)
    np.testing.assert_allclose(program(X)[1], gradient, rtol=1e-11, atol=1e-13)
    logs = [s for s in program.latest.graph.steps if s.function is np.log]
    assert all(s.args[0].shape == (3, 1) for s in logs if s.args[0].shape)
    far = np.array([[0.1, 2000.0, 1.0, 3.0]] * 3)
    with np.errstate(all="ignore"):
        assert np.isinf(value_and_grad(f)(far)[0])
        logits = compile(lambda x: np.sum(np.log(F.softmax(x))), X, passes=passes.ALL)
        assert np.isfinite(logits(far)[0])


def chain(x):
    for _ in range(30):
        x = np.tanh(x * 0.9 + 0.1)
    return np.sum(x)


def test_memory_is_used_again():
    x = np.ones(10_000)
    reused = compile(chain, x)
    apart = compile(chain, x, in_place=False)
    fresh = compile(chain, x, reuse=False)
    wanted = value_and_grad(chain)(x)
    for program in (reused, apart, fresh):
        assert_same(program(x), wanted)
    assert "np_multiply(x, " in reused.optimized
    assert fresh.cost().pool == 0
    # the outputs of tanh have to be kept for the rules, everything else is written over
    assert 30 * x.nbytes <= reused.cost().pool <= 33 * x.nbytes
    assert reused.cost().pool <= apart.cost().pool < 2 * reused.cost().pool
    assert "del " in fresh.optimized


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.log(F.softmax(np.transpose(np.transpose(x * 1.0))))[0, 0],
        lambda x: np.mean(np.copy(x) ** 2 / 1.0) + np.mean(x**2),
    ],
)
def test_passes_that_share_a_walk_do_what_they_do_in_turn(f):
    in_turn = [lambda graph, one=one: one(graph) for one in passes.ALL]
    assert compile(f, X, passes=passes.ALL).source == compile(f, X, passes=in_turn).source


def test_passes_leave_a_graph_in_order():
    program = compile(chain, np.ones(5))
    seen = set()
    for step in program.latest.graph.steps:
        assert all(x in seen for x in inputs_of(step))
        seen.add(step)
    assert as_value(program(np.ones(5))[0]) == chain(np.ones(5))
    assert Method("T", attribute=True) == Method("T", attribute=True)
    assert Guard(bool) == Guard(bool)


@pytest.mark.parametrize("options", [{}, {"reuse": False}, {"passes": (), "reuse": False}])
@pytest.mark.parametrize("x", [0.3, np.linspace(0, 1, 600), np.linspace(0, 1, 3)])
def test_a_long_program_is_compiled_in_pieces(x, options):
    def f(x, y, unused):
        first = x * 2.0
        for i in range(300):
            x = np.tanh(x * y) + (first if i % 100 == 99 else 0.1)
        return np.sum(x)

    program = compile(f, x, 0.9, x, argnums=(0, 1), **options)
    assert len(program.latest.optimized.pieces) > 2
    for y in (0.9, 0.7):
        assert_same(program(x, y, x), value_and_grad(f, (0, 1))(x, y, x))
    assert program.recordings == 1


@pytest.mark.parametrize(
    "take",
    [
        lambda y: np.split(y, 2)[1], lambda y: np.broadcast_arrays(y, y)[0], np.asarray,
        lambda y: np.ascontiguousarray(y.T.T), np.atleast_2d, lambda y: y.reshape(-1)[2:],
        lambda y: np.moveaxis(y, 0, 1), lambda y: np.lib.stride_tricks.sliding_window_view(y, 2, 0),
        lambda y: y[None].squeeze(), lambda y: np.diagonal(y), lambda y: y.view(),
    ],
)  # fmt: skip
def test_memory_is_not_used_again_while_a_part_of_it_is_alive(take):
    def f(x):
        part = take(np.sin(x))
        for _ in range(4):  # each takes memory that is free
            x = np.cos(x * 2.0)
        return x, part * 1.0, part

    x = np.linspace(0.0, 1.0, 10_000).reshape(100, 100)
    program = compile(f, x, argnums=None)
    assert_same(program(x), f(x))
    assert_same(program(2 * x), f(2 * x))
