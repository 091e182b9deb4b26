"""compile(): what a program is given, what it notices, and what it refuses."""

import gc
import math
import threading
import warnings
import weakref
from dataclasses import dataclass

import numpy as np
import pytest

from autograd_tape import (
    Tape,
    TapeError,
    Variable,
    checkpoint,
    compile,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    primitive,
    stop_gradient,
    value_and_grad,
    where_safe,
)
from autograd_tape.program.agreement import agree
from tests.program.agreement import assert_same

X = np.linspace(-1.0, 1.0, 12).reshape(3, 4)


def net(w, b, x):
    h = np.tanh(x @ w + b)
    return np.mean(h**2)


def check(f, *args, others=(), argnums=0):
    """A program recorded at ``args`` is right there, and at ``others`` without a new recording."""
    program = compile(f, *args, argnums=argnums)
    for values in (args, *others):
        assert_same(program(*values), value_and_grad(f, argnums)(*values))
    assert program.recordings == 1
    return program


# -- replays --------------------------------------------------------------------------------------


def test_other_values_other_shapes_other_dtypes():
    w, b = np.arange(8.0).reshape(4, 2) / 8, np.array([0.1, -0.2])
    program = check(net, w, b, X, others=[(w + 1, b * 2, -X)], argnums=(0, 1))
    wide = (np.ones((4, 5)), np.zeros(5), X)
    single = tuple(x.astype(np.float32) for x in (w, b, X))
    for args in (wide, single, wide, (w, b, X)):
        assert_same(program(*args), value_and_grad(net, (0, 1))(*args))
    assert program.recordings == 3


def test_the_memory_layout_of_an_argument_counts():
    def f(x):
        return np.sum(np.exp(x.reshape(-1)) * np.arange(12.0))

    program = compile(f, X)
    for x in (X, np.asfortranarray(X), np.arange(24.0).reshape(3, 8)[:, ::2]):
        assert_same(program(x), value_and_grad(f)(x))
    assert program.recordings == 3


def test_python_floats_stay_python_floats():
    def f(x, y):
        for _ in range(4):
            x = np.tanh(x * y) + 0.5 * x**2
        return x

    program = check(f, 0.5, 0.9, others=[(0.3, -0.7), (-2.0, 0.1)], argnums=(0, 1))
    assert "math.tanh(" in program.source


def test_containers_keep_their_structure():
    @dataclass
    class Point:
        x: float
        y: np.ndarray

    def f(p, extra):
        return np.sum(p["w"][0] * p["point"].y) + p["point"].x + extra

    args = {"w": [X[0], None], "point": Point(0.5, X[1])}, 0.25
    check(f, *args, others=[({"w": [X[1], None], "point": Point(2.0, X[2])}, 1.0)])


def test_integers_and_strings_are_constants_of_a_program():
    def f(x, n, how):
        for _ in range(n):
            x = np.sin(x) if how == "sine" else np.cos(x)
        return np.sum(x)

    program = compile(f, X, 2, "sine")
    for args in ((X, 2, "sine"), (X, 3, "sine"), (X, 2, "cosine"), (X, 2, "sine")):
        assert_same(program(*args), value_and_grad(f)(*args))
    assert program.recordings == 3


def test_integer_arrays_are_inputs():
    def f(table, ids):
        return np.sum(table[ids] ** 2)

    check(f, X, np.array([0, 2, 2]), others=[(X + 1, np.array([1, 1, 0]))])


def test_without_an_example_the_first_call_records():
    program = compile(net)
    assert "not recorded yet" in repr(program)
    with pytest.raises(TapeError, match="nothing was recorded yet"):
        print(program.source)
    w = np.ones((4, 2))
    assert_same(program(w, 0.5, X), value_and_grad(net)(w, 0.5, X))


# -- derivatives inside, and of any order ---------------------------------------------------------


def cubed(x):
    return np.sum(x**3 * np.sin(x))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(grad(cubed)(x) ** 2),
        lambda x: np.sum(grad(lambda y: np.sum(grad(cubed)(y) ** 2))(x)),
        lambda x: np.sum(hvp(cubed, x, np.ones(4)) * x),
        lambda x: np.sum(hessian(cubed)(x) @ x),
        lambda x: np.sum(jacobian(lambda y: np.outer(y, np.sin(y)))(x)),
        lambda x: np.sum(jvp(cubed, (x,), (np.cos(x),))[1]),
        lambda x: checkpoint(cubed)(x),
        lambda x: cubed(x) + stop_gradient(np.sum(x)),
    ],
)
def test_transforms_inside(f):
    check(f, X[0] + 2, others=[(X[1],), (X[2] * 2,)])


@pytest.mark.parametrize(
    "f",
    [
        grad(cubed), hessian(cubed), grad(lambda x: np.sum(grad(cubed)(x))),
        lambda x: jvp(cubed, (x,), (np.ones(4),)),
    ],
)  # fmt: skip
def test_a_function_that_takes_derivatives_is_a_program_itself(f):
    program = compile(f, X[0], argnums=None)
    for x in X:
        assert_same(program(x), f(x))
    assert program.recordings == 1


def test_a_program_inside_a_program():
    inner = compile(cubed, X[0])

    def f(x):
        value, gradient = inner(x)
        return value + np.sum(gradient)

    program = compile(f, X[0], argnums=None)
    assert_same(program(X[1]), f(X[1]))
    assert inner.recordings == 1


# -- what depends on values -----------------------------------------------------------------------


def test_a_branch_is_guarded():
    def f(x):
        return np.sum(x**2) if np.sum(x) > 0 else np.sum(np.sin(x))

    program = compile(f, np.ones(3))
    for x in (np.ones(3), -np.ones(3), np.full(3, 2.0), np.full(3, -2.0)):
        assert_same(program(x), value_and_grad(f)(x))
    assert program.recordings == 2
    assert [g.split(":")[0] for g in program.guards] == ["test_program.py"]


def test_a_loop_whose_length_depends_on_values():
    def newton(a):
        x = a
        while abs(x * x - a) > 1e-12:
            x = 0.5 * (x + a / x)
        return x

    program = compile(newton, 2.0)
    for a in (2.0, 3.0, 50.0, 2.0):
        assert_same(program(a), value_and_grad(newton)(a))


@pytest.mark.parametrize(
    "leaves",
    [
        lambda x: float(x[0]), lambda x: int(x[0]), lambda x: x[0].item(), lambda x: x.tolist()[0],
        lambda x: np.asarray(x.value)[0], lambda x: complex(x[0]).real,
        lambda x: float(x.value[0]), lambda x: [0.5, 1.5][int(x.value[0] > 0)],
    ],
)  # fmt: skip
def test_values_that_leave_the_program_are_noticed(leaves):
    def f(x):
        return np.sum(x * leaves(x))

    program = compile(f, np.array([1.0, 2.0]))
    for first in (1.0, 3.0, -2.0, 1.0):
        x = np.array([first, 2.0])
        assert_same(program(x), value_and_grad(f)(x))


def test_masks_and_conditions_are_part_of_the_program():
    def f(x):
        y = np.where(x > 0, x**2, -x)
        y = y + where_safe(x > 0.5, np.log, x, 0.0)
        y = np.clip(y, -0.5, 0.8)
        return np.sum(np.maximum(y, x.T[:3, :3].sum()) * (x.value > 0.1)) + np.max(x)

    rng = np.random.default_rng(0)
    program = compile(f, X)
    for _ in range(8):
        x = rng.uniform(-2, 2, (3, 4))
        assert_same(program(x), value_and_grad(f)(x))
    assert program.recordings <= 3  # ties are guarded, the masks themselves are not


def test_selecting_by_a_mask_guards_the_number_selected():
    def f(x):
        return np.sum(x[x > 0] ** 2) / x[x > 0].size

    program = compile(f, X)
    for x in (X, X + 0.01, X + 5, -X):
        assert_same(program(x), value_and_grad(f)(x))


def test_pythons_arithmetic_errors_are_left_to_the_engine():
    def f(x):
        return np.log(x) + np.exp(x * 100)

    program = compile(f, 0.5)
    with np.errstate(all="ignore"):
        for x in (0.5, 0.0, -1.0, 100.0, 0.25):
            assert_same(program(x), value_and_grad(f)(x))


def test_a_negative_number_to_a_power():
    def f(x, y):
        return np.abs(x**y)

    program = compile(f, 2.0, 0.5)
    with np.errstate(all="ignore"):
        for x, y in ((2.0, 0.5), (-2.0, 2.0), (-2.0, 0.5), (3.0, 1.5)):
            assert_same(program(x, y), value_and_grad(f)(x, y))


def test_a_program_that_fits_hardly_ever_says_so():
    def f(x):
        return np.sum(x) * float(np.sum(x.value))

    program = compile(f, np.zeros(2))

    def call_often():
        for i in range(20):
            x = np.full(2, float(i))
            assert_same(program(x), value_and_grad(f)(x))

    with pytest.warns(RuntimeWarning, match=r"was recorded 16 times, .* at test_program.py:\d+"):
        call_often()


# -- what it closes over --------------------------------------------------------------------------


def test_variables_closed_over_are_read_anew():
    w = Variable(X[0], name="w")

    def f(x):
        return np.sum(np.tanh(w * x))

    program = compile(f, X[1])
    for i in range(3):
        w.value = X[0] * i
        value, gradient = program(X[1])
        wanted = value_and_grad(lambda x, i=i: np.sum(np.tanh(X[0] * i * x)))(X[1])
        assert_same((value, gradient), wanted)
    assert program.recordings == 1
    assert "w" in program.source.split("def f(")[1].split(")")[0]


class Layer:
    def __init__(self):
        self.params = {"w": [Variable(X[0], name="w")], "b": Variable(0.5)}

    def __call__(self, x):
        return np.sum(np.tanh(self.params["w"][0] * x + self.params["b"]))


def test_a_step_of_training_written_by_hand():
    layer = Layer()
    params = [layer.params["w"][0], layer.params["b"]]

    def step(x, rate):
        with Tape() as tape:
            loss = layer(x)
        for p, g in zip(params, tape.gradient(loss, params), strict=True):
            p.value = p.value - rate * g
        return loss.value

    def run(step):
        layer.__init__()
        params[:] = layer.params["w"][0], layer.params["b"]
        losses = [step(X[i % 3], 0.1) for i in range(6)]
        return losses, [p.value for p in params]

    wanted = run(step)
    layer.__init__()
    params[:] = layer.params["w"][0], layer.params["b"]
    program = compile(step, argnums=None)
    losses = [program(X[i % 3], 0.1) for i in range(6)]
    assert_same((losses, [p.value for p in params]), wanted)
    assert program.recordings == 1
    assert all(p.is_leaf for p in params)


HIDDEN = [Variable(1.0)]


def hide():
    return HIDDEN[0]


def test_a_variable_that_was_not_found_is_an_error():
    w = Variable(X[0], name="w")
    held = {"get": lambda: None}
    where = weakref.ref(w)

    def f(x):
        return np.sum(where() * x)

    with pytest.raises(TapeError, match=r"f reads w at .*test_program.py:\d+, a Variable"):
        compile(f, X[1])
    assert held


def test_arrays_closed_over_are_read_at_each_call():
    data = np.arange(40.0).reshape(4, 10)

    def f(w):
        return np.sum(np.tanh(w @ data))

    program = check(f, X)
    assert list(program.constants) == ["data"]
    assert "def f(w, data):" in program.source
    data *= 2.0
    assert_same(program(X), value_and_grad(f)(X))
    assert program.recordings == 1


def test_the_mode_of_a_layer_is_noticed():
    from nn import Dropout, Linear, Sequential

    model = Sequential(Linear(4, 3, rng=0), Dropout(0.5, rng=1))

    def f(x):
        return np.sum(model(x) ** 2)

    x = X.astype(np.float32)
    program = compile(f, x)
    model.eval()
    value, gradient = program(x)
    assert value == f(x)
    assert gradient.shape == x.shape
    model.train()
    assert program.recordings == 2


def test_random_numbers_are_drawn_anew():
    rng, same = np.random.default_rng(3), np.random.default_rng(3)

    def f(x):
        return np.sum(x * rng.standard_normal(4)) + rng.uniform()

    program = compile(f, X[0])
    same.standard_normal(4), same.uniform()
    for _ in range(3):
        noise, more = same.standard_normal(4), same.uniform()
        value, gradient = program(X[1])
        assert value == np.sum(X[1] * noise) + more
        np.testing.assert_array_equal(gradient, noise)
    assert program.recordings == 1
    assert "rng.standard_normal(4)" in program.source
    assert type(rng.uniform()) is float


def test_random_numbers_from_elsewhere_are_refused():
    def f(x):
        return np.sum(x * np.random.uniform(size=4))

    with pytest.raises(TapeError, match="gave another result when it was run again"):
        compile(f, X[0])


@pytest.mark.parametrize("declared", [False, True])
def test_an_array_that_the_function_writes_into(declared):
    class Counting:
        def __init__(self):
            self.total = np.zeros(4)

        def __call__(self, x):
            self.total += x.value
            return np.sum(x * self.total)

    plain, compiled = Counting(), Counting()
    whole = compiled.total
    program = compile(compiled, state=[compiled] if declared else [])
    for x in (X[0], X[1], X[2]):
        assert_same(program(x), value_and_grad(plain)(x))
        assert_same(compiled.total, plain.total)
    assert program.recordings == 1
    assert declared or compiled.total is whole


def test_an_array_that_stands_where_nothing_can_be_put_is_not_written_into():
    totals, steps = (np.zeros(4),), np.zeros((), int)

    def f(x):
        totals[0][:] += x.value
        return np.sum(x * totals[0])

    def g(x):
        steps[...] += 1
        return np.sum(x)

    def h(x):
        new = np.array([0.0, 0.0, 0.0, 0.0])
        new += x.value
        return np.sum(x * new)

    with pytest.raises(TapeError, match=r"f writes into 'totals_0'.*state="):
        compile(f, X[0])
    with pytest.raises(TapeError, match=r"g writes into 'steps'.*state="):
        compile(g, X[0])
    with pytest.raises(TapeError, match=r"into a plain array in place.*state="):
        compile(h, X[0])


def test_an_array_that_is_another_each_time():
    class Smoothing:
        def __init__(self):
            self.mean = np.zeros(4)

        def __call__(self, x):
            self.mean = 0.5 * (self.mean + x.value)
            return np.sum(x * self.mean)

    plain, undeclared, declared = Smoothing(), Smoothing(), Smoothing()
    programs = compile(undeclared), compile(declared, state=[declared])
    for x in X:
        wanted = value_and_grad(plain)(x)
        for program in programs:
            assert_same(program(x), wanted)
    assert [p.recordings for p in programs] == [0, 1]


def test_a_number_that_changes_is_declared():
    class Decaying:
        rate = 2.0  # until there is one of its own, which is the state

        def __init__(self):
            self.rate = 1.0

        def __call__(self, x):
            self.rate = 0.5 * self.rate
            return np.sum(x * self.rate)

    plain, compiled = Decaying(), Decaying()
    program = compile(compiled, state=[compiled])
    for x in X:
        assert_same(program(x), value_and_grad(plain)(x))
    assert plain.rate == compiled.rate
    assert program.recordings == 1


def test_an_undeclared_counter_is_noticed():
    calls = []

    def f(x):
        calls.append(None)
        return np.sum(x) * len(calls)

    with pytest.raises(TapeError, match="gave another result"):
        compile(f, X[0])


def test_a_buffer_that_the_function_fills_again_and_again():
    buffer = np.zeros(4)

    def f(x):
        y = x
        for i in range(3):
            buffer[:] = i
            y = y * x + buffer
        return np.sum(y)

    check(f, X[0], others=[(X[1],)])


def test_a_guard_that_fails_leaves_the_random_numbers_as_they_were():
    rng, other = np.random.default_rng(1), np.random.default_rng(1)

    def f(x, rng=rng):
        noise = rng.standard_normal(4)
        return np.sum(x * noise) if np.sum(x) > 0 else np.sum(x + noise)

    holder = {"rng": rng}

    def g(x):
        return f(x, holder["rng"])

    program = compile(g, np.ones(4))
    wanted = [
        value_and_grad(lambda x: f(x, other))(x) for x in (np.ones(4), -np.ones(4), np.ones(4))
    ]
    got = [None, program(-np.ones(4)), program(np.ones(4))]
    for a, b in zip(got[1:], wanted[1:], strict=True):
        assert_same(a, b)
    assert rng.bit_generator.state == other.bit_generator.state


def test_arguments_that_may_change_unseen_are_refused():
    program = compile(lambda x, c: np.sum(x))
    with pytest.raises(TypeError, match="not MaskedArray"):
        program(X, np.ma.masked_array(X))
    with pytest.raises(TypeError, match="a set as an argument would be a constant"):
        program(X, {1, 2})


# -- in place -------------------------------------------------------------------------------------


def test_writing_into_a_variable_and_its_views():
    def f(x):
        v = x * 1.0
        v[1] = x[0] * 2
        v[1:3] *= 3.0
        part = v[2:]
        part = part + 1
        v[..., ::2] = np.sin(v[..., ::2])
        return np.sum(v * v) + np.sum(part)

    check(f, X[0], others=[(X[1],)])


def test_an_adjoint_without_axes_that_a_part_came_to_first():
    check(lambda x: x * x + np.sum(np.cos(x[True]) * 2), np.float32(0.3))


def test_a_primitive_that_works_in_place():
    @primitive
    def softened(x, y):
        t = np.zeros_like(x)
        half = t[::2]
        half += x[::2]
        t[1::2] = y[1::2]
        np.multiply(t, 2.0, out=t)
        rows = t.reshape(2, 2)
        rows[0] += 1.0
        np.add.at(t, np.array([0, 0]), 5.0)
        return t

    softened.defvjp(
        lambda ct, output, x, y: 2.0 * ct * np.array([1.0, 0.0, 1.0, 0.0]),
        lambda ct, output, x, y: 2.0 * ct * np.array([0.0, 1.0, 0.0, 1.0]),
    )
    check(lambda x, y: np.sum(softened(x, y) ** 2), X[0], X[1], others=[(X[1], X[2])])


def test_a_traced_value_does_not_go_into_a_plain_array():
    def f(x):
        total = np.zeros(4)
        total += x.value
        return np.sum(x * total)

    with pytest.raises(TapeError, match="into a plain array in place"):
        compile(f, X[0])


def test_a_value_that_outlives_its_tracing_says_so():
    kept = []

    def f(x):
        if type(x.value) is not np.ndarray:
            kept.append(x.value * 1.0)
        return np.sum(x)

    compile(f, X[0])
    with pytest.raises(TapeError, match="outlived it"):
        kept[0] + 1


# -- results --------------------------------------------------------------------------------------


def test_results_are_the_callers_alone():
    def f(x, y):
        return np.sum(x * y + x)

    x, y = np.ones((100, 100)), np.full((100, 100), 2.0)
    program = compile(f, x, y, argnums=(0, 1))
    first = program(x, y)
    copies = [np.array(g) for g in first[1]]
    second = program(x * 3, y * 5)
    for g, c in zip(first[1], copies, strict=True):
        np.testing.assert_array_equal(g, c)
        assert g.flags.writeable
        assert not np.shares_memory(g, x)
        assert not np.shares_memory(g, y)
    second[1][0][:] = 7.0
    assert_same(program(x, y), value_and_grad(f, (0, 1))(x, y))
    np.testing.assert_array_equal(x, 1.0)


def test_results_that_are_inputs_or_equal_are_copies():
    constant = np.arange(4.0)

    def f(x):
        y = np.sin(x)
        return x, y, y, y[1:], constant, x.T

    program = compile(f, X[0], argnums=None)
    results = program(X[0])
    for i, a in enumerate(results):
        assert not np.shares_memory(a, X)
        assert not np.shares_memory(a, constant)
        assert not any(np.shares_memory(a, b) for b in results[:i])
    assert_same(results, f(X[0]))


def test_threads_run_a_program_at_once():
    def f(x):
        for _ in range(20):
            x = np.tanh(x) + 0.1
        return np.sum(x)

    inputs = [np.full(5000, 0.1 * i) for i in range(8)]
    program = compile(f, inputs[0])
    wanted = [value_and_grad(f)(x) for x in inputs]
    failures = []

    def work(i):
        for _ in range(20):
            value, gradient = program(inputs[i])
            if value != wanted[i][0] or not np.array_equal(gradient, wanted[i][1]):
                failures.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_nothing_of_the_arguments_is_kept():
    x = np.ones(1000)
    program = compile(cubed, x)
    seen = weakref.ref(x)
    del x
    gc.collect()
    assert seen() is None
    assert program.recordings == 1


# -- errors ---------------------------------------------------------------------------------------


def test_variables_as_arguments_are_refused():
    program = compile(cubed, X[0])
    with pytest.raises(TypeError, match=r"takes plain arrays and numbers.*v\.value"):
        program(Variable(X[0]))


def test_errors_of_the_function_are_its_own():
    def f(x):
        if np.sum(x) > 100:
            raise KeyError("too large")
        return np.sum(np.linalg.inv(x))

    program = compile(f, np.eye(3))
    with pytest.raises(KeyError, match="too large"):
        program(np.full((3, 3), 50.0))
    with pytest.raises(np.linalg.LinAlgError):
        program(np.zeros((3, 3)))
    assert_same(program(2 * np.eye(3)), value_and_grad(f)(2 * np.eye(3)))


def test_warnings_are_as_those_of_the_engine():
    def f(x):
        return np.sum(np.logaddexp(x, 0.0)) + np.sum(np.log(np.abs(x)))

    x = np.array([1.0, 2000.0, -2000.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program = compile(f, x)
        program(-x)
        with pytest.raises(RuntimeWarning, match="divide by zero"):
            program(np.zeros(3))


def test_a_scalar_function_of_c():
    def f(x):
        return np.sinc(x) + np.arctan2(x, 0.5) + np.hypot(x, 2.0) + np.cbrt(x) + x % 0.7

    check(f, 0.3, others=[(-0.4,), (0.55,)])
    assert math.isclose(compile(f, 0.3)(0.3)[0], f(0.3))


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (1.0, 1.0, True), (1.0, 1.0 + 1e-14, True), (1.0, 1.001, False),
        (np.float64(1.0), 1.0, False), (np.ones(2), np.ones(3), False),
        (np.ones(2), np.ones(2, np.float32), False), (np.arange(2), np.arange(2), True),
        (np.arange(2), np.array([0, 2]), False), (np.nan, np.nan, True), (np.nan, 1.0, False),
        (np.array([1e-9, 1.0]), np.array([0.0, 1.0]), False), ("a", "a", True), (None, None, True),
    ],
)  # fmt: skip
def test_what_counts_as_the_same_result(a, b, same):
    assert agree(a, b) is same
