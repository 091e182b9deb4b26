"""The readable text: the backprop that 002 prints; it runs by itself, each line has a cause."""

import re
import subprocess
import sys

import numpy as np
import pytest

from autograd_tape import compile, primitive, special, value_and_grad
from nn import functional as F
from tests.program.agreement import assert_same

M = 50
_rng = np.random.default_rng(0)
DATA = {
    "X": _rng.standard_normal((2, M)), "Y": (_rng.random((1, M)) > 0.5).astype(float),
    "W1": _rng.standard_normal((4, 2)), "b1": np.zeros((4, 1)),
    "W2": _rng.standard_normal((1, 4)), "b2": np.zeros((1, 1)),
}  # fmt: skip


def cost(W1, b1, W2, b2, X, Y):
    """The two-layer network of 002, with its cost J."""
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = F.sigmoid(Z2)
    J = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / M
    return J


ARGS = [DATA[name] for name in ("W1", "b1", "W2", "b2", "X", "Y")]


def lines(source):
    return [re.sub(r" +# .*", "", line).strip() for line in source.split("\n")]


def test_it_is_the_backprop_that_002_prints():
    program = compile(cost, *ARGS, argnums=(0, 1, 2, 3))
    text = lines(program.source)
    start = text.index("def cost(W1, b1, W2, b2, X, Y):")
    assert text[start + 1 : start + 4] == [
        "Z1 = W1 @ X + b1",  # Z1 = W1·X + b1
        "A1 = np.tanh(Z1)",  # A1 = g(Z1)
        "Z2 = W2 @ A1 + b2",  # Z2 = W2·A1 + b2
    ]
    reverse = text[text.index("", start + 1) + 1 : -1]
    assert reverse == [
        "dA2 = -(-0.02 * t2 / t3) + -0.02 * Y / A2",  # (-Y/A2 + (1 - Y)/(1 - A2))/m
        "dZ2 = t3 * A2 * dA2",  # dA2·σ'(Z2), which is (A2 - Y)/m
        "db2 = np.sum(dZ2, axis=1, keepdims=True)",
        "dA1 = W2.T @ dZ2",
        "dW2 = dZ2 @ A1.T",
        "dZ1 = (1 - A1**2) * dA1",  # dA1·(1 - A1²)
        "db1 = np.sum(dZ1, axis=1, keepdims=True)",
        "dW1 = dZ1 @ X.T",
        "return J, dW1, db1, dW2, db2",
    ]
    assert {"t2 = 1 - Y", "t3 = 1 - A2"} <= set(text)


def test_its_lines_have_the_values_of_002():
    program = compile(cost, *ARGS, argnums=(0, 1, 2, 3))
    body = program.source.replace("    return J, dW1, db1, dW2, db2", "    return locals()")
    space = {}
    exec(body, space)
    v = space["cost"](*ARGS)
    np.testing.assert_allclose(v["dZ2"], (v["A2"] - DATA["Y"]) / M, rtol=1e-12)
    np.testing.assert_allclose(v["dZ1"], (DATA["W2"].T @ v["dZ2"]) * (1 - v["A1"] ** 2), rtol=1e-12)
    np.testing.assert_allclose(v["dW1"], v["dZ1"] @ DATA["X"].T, rtol=1e-12)


def test_it_runs_where_only_numpy_is_imported(tmp_path):
    program = compile(cost, *ARGS, argnums=(0, 1, 2, 3))
    np.savez(tmp_path / "data.npz", *ARGS)
    script = (
        program.source
        + "\nimport sys\narrays = np.load('data.npz')\n"
        + "results = cost(*(arrays[name] for name in arrays.files))\n"
        + "assert not {'autograd_tape', 'nn'} & set(sys.modules)\n"
        + "np.savez('results.npz', *results)\n"
    )
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, check=True)
    saved = np.load(tmp_path / "results.npz")
    value, gradients = value_and_grad(cost, (0, 1, 2, 3))(*ARGS)
    for name, x in zip(saved.files, (value, *gradients), strict=True):
        np.testing.assert_array_equal(saved[name], x)


def test_names_of_containers_loops_and_python_words():
    def f(params, x):
        for layer in params["layers"]:
            x = np.tanh(layer["w"] * x)
        lambda_ = x + params["bias"]
        return np.sum(lambda_)

    args = {"layers": [{"w": np.ones(3)}, {"w": np.ones(3)}], "bias": 0.5}, np.ones(3)
    source = compile(f, *args).source
    assert "def f(params_layers_0_w, params_layers_1_w, params_bias, x):" in source
    assert "x1 = np.tanh(params_layers_0_w * x)" in source
    assert "x2 = np.tanh(params_layers_1_w * x1)" in source


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: np.sum(x[1:, ::2] ** 3), "x[1:, ::2]**3"),
        (lambda x: np.sum(-((x - 1) - (x - 2)) / (x / 2)), "-(x - 1 - (x - 2)) / (x / 2)"),
        (lambda x: np.sum((x**2) ** 2), "(x**2)**2"),
        (lambda x: np.sum((-x) ** 2), "(-x)**2"),
        (lambda x: np.max(np.add.reduce(x, axis=1)), "np.sum(x, axis=1)"),
        (lambda x: np.sum(x.T @ x), "x.T @ x"),
        (lambda x: np.sum(np.where(x > 0, x, 0.0)), "np.where(x > 0, x, 0.0)"),
        (lambda x: np.sum(np.concatenate([x, x], axis=1)), "np.concatenate([x, x], axis=1)"),
        (lambda x: np.sum(np.linalg.inv(x[:3, :3] + 9 * np.eye(3))), "np.linalg.inv("),
        (lambda x: np.sum(np.float32(0.1) * x.astype(np.float32)), "0.1 * x.astype(np.float32)"),
        (lambda x: np.sum(x * np.inf), "np.inf"),
    ],
)
def test_expressions_as_one_writes_them(f, text):
    x = np.arange(12.0).reshape(3, 4) + 1
    with np.errstate(all="ignore"):
        program = compile(f, x, argnums=None)
        assert text in program.source
        space = {}
        exec(program.source, space)
        assert_same(space["program"](x, **program.constants)[0], f(x))


def test_repeated_numbers_stay_repeated():
    """np.vecdot, in the rule of softmax, rounds otherwise where they are laid out one by one."""

    def f(x):
        return np.sum(np.sum(special.softmax(-x)) - x) * 1.5

    program, space = compile(f, np.ones(3), passes=()), {}
    exec(program.source, space)
    assert "np.broadcast_to(np.float64(" in program.source
    rng = np.random.default_rng(1)
    for _ in range(100):
        x = 0.01 * rng.standard_normal(3)
        wanted = value_and_grad(f)(x)
        assert_same(program(x), wanted)
        assert_same(space["f"](x, **program.constants), wanted)


def test_increments_are_written_as_such():
    def f(x):
        y = x[1:] * x[:-1]
        return np.sum(y**2)

    source = compile(f, np.arange(5.0)).source
    assert re.search(r"t\d+\[1:\] \+= ", source) or re.search(r"t\d+\[:-1\] \+= ", source)


def read_first(x):
    y = x * 2.0
    early = np.sin(y)  # would be a part of the last expression, after the change
    y[0] += 1.0
    return early + y


def view_read_first(x):
    y = x * 2.0
    early = y.T * 3.0
    y[0] += 1.0
    return early + 1.0, y


def read_between(x):
    y = np.zeros((2, 3), like=x)
    y[0] += x[0]
    a = np.exp(y)
    y[1] -= x[1]
    b = np.exp(y)
    y[:] += a
    return a * b + y


@pytest.mark.parametrize("f", [read_first, view_read_first, read_between])
@pytest.mark.parametrize("options", [{}, {"passes": ()}])
def test_what_is_read_before_an_array_changes_is_computed_before(f, options):
    x = np.arange(6.0).reshape(2, 3)
    program = compile(f, x, argnums=None, **options)
    space = {}
    exec(program.source, space)
    wanted = f(x)
    got = space[program.name](x, **program.constants)
    assert_same(got if isinstance(wanted, tuple) else got[0], wanted)
    assert_same(program(x), wanted)


def test_guards_say_what_was_recorded():
    def f(x):
        return np.sum(x) if np.sum(x) > 0 else np.sum(x**2)

    program = compile(f, np.ones(3))
    assert "if not t1 > 0:\n        raise ValueError(" in program.source
    space = {}
    exec(program.source, space)
    with pytest.raises(ValueError, match="recorded for another case"):
        space["f"](-np.ones(3))


def test_each_line_is_linked_to_its_cause():
    program = compile(cost, *ARGS, argnums=(0, 1, 2, 3))
    html = program._repr_html_()
    assert re.search(r'title="from test_source.py:\d+: A1 = np.tanh\(Z1\)">', html)
    assert re.search(r'title="reverse sweep of test_source.py:\d+: A1 = np.tanh\(Z1\)">', html)
    assert 'title="reverse sweep of' in html
    assert html.count("<div") == html.count("</div>")
    assert "<span style=" in html
    plain = re.sub(r"<[^>]+>", "", html)
    assert "return J, dW1, db1, dW2, db2" in plain


def test_what_runs_is_shown_too():
    program = compile(cost, *ARGS, argnums=(0, 1, 2, 3))
    assert "np_matmul(W1, X, m" in program.optimized
    assert repr(program).startswith("<program cost: ")


def test_a_function_of_another_library_is_one_step():
    calls = []

    @primitive
    def opaque(x):
        calls.append(type(x))
        return np.sin(x)

    opaque.defvjp(lambda ct, output, x: ct * np.cos(x))
    program = compile(lambda x: np.sum(opaque(x)), np.ones(3))
    assert "np.sin(x0)" in program.source or "np.sin(x)" in program.source
    n = len(calls)
    program(np.zeros(3))
    assert len(calls) == n
