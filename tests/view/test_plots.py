"""The plots: what is drawn is the data, each says what it needs, and matplotlib stays optional."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from autograd_tape import Tape, Variable, plots
from nn import MLP
from nn import functional as F

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 2)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def boundary_of(ax):
    """The points of the line between the classes."""
    lines = [c for c in ax.collections if type(c).__name__ == "QuadContourSet" and not c.filled]
    return np.concatenate([p.vertices for c in lines for p in c.get_paths()])


@pytest.mark.parametrize(
    "predict",
    [
        lambda p: (p[:, 0] > 0).astype(int),
        lambda p: 1 / (1 + np.exp(-3 * p[:, 0])),
        lambda p: 1 / (1 + np.exp(-3 * p[:, :1])),
        lambda p: np.stack([-p[:, 0], p[:, 0]], axis=1),
        lambda p: Variable(np.stack([-p[:, 0], p[:, 0]], axis=1)) * 2.0,
    ],
)
def test_the_boundary_is_where_the_class_changes(predict):
    ax = plots.decision_boundary(predict, X, Y)
    assert np.abs(boundary_of(ax)[:, 0]).max() < 0.03
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x₁", "x₂")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["0", "1"]


def test_logits_classes_models_and_one_sided_answers():
    ax = plots.decision_boundary(lambda p: p[:, 0], X, Y, threshold=0.0, names=("a", "b"))
    assert np.abs(boundary_of(ax)[:, 0]).max() < 0.03
    assert ax.get_xlabel() == "a"
    three = Y + (X[:, 1] > 0)
    mine = plt.figure().subplots()
    model = MLP([2, 8, 3], rng=RNG)
    assert plots.decision_boundary(model, X, three, mine) is mine
    assert len(mine.get_legend().get_texts()) == 3
    plots.decision_boundary(lambda p: np.zeros(len(p), int), X, Y)
    words = np.where(Y, "in", "out")
    ax = plots.decision_boundary(lambda p: np.where(p[:, 0] > 0, "in", "out"), X, words)
    assert np.abs(boundary_of(ax)[:, 0]).max() < 0.03


def test_what_a_boundary_cannot_be_drawn_of():
    with pytest.raises(ValueError, match=r"X has shape \(60, 3\); it needs points \(n, 2\)"):
        plots.decision_boundary(Y.take, np.ones((60, 3)), Y)
    with pytest.raises(ValueError, match=r"y has shape \(59,\)"):
        plots.decision_boundary(Y.take, X, Y[1:])
    with pytest.raises(ValueError, match="3 classes; let it return labels"):
        plots.decision_boundary(lambda p: p[:, 0] * 1.5, X, Y + (X[:, 1] > 0))
    with pytest.raises(ValueError, match=r"predict gives \(40000, 4\)"):
        plots.decision_boundary(lambda p: np.ones((len(p), 4)), X, Y)


def test_histograms_hold_every_element():
    model = MLP([2, 5, 2], rng=RNG)
    axes = plots.histograms(model)
    assert axes.shape == (1, 4)
    F.cross_entropy(model(X), Y).backward()
    axes = plots.histograms(model)
    assert axes.shape == (2, 4)
    for ax, (name, p) in zip(axes[0], model.named_parameters(), strict=True):
        assert ax.get_title(loc="left") == name
        assert sum(bar.get_height() for bar in ax.patches) == p.size
    assert [ax.get_xlabel() for ax in axes[:, 0]] == ["weight", "adjoint"]


def test_histograms_of_gradients_and_many_variables():
    model = MLP([2, 5, 5, 5, 2], rng=RNG)
    with Tape() as tape:
        loss = F.cross_entropy(model(X), Y)
    gradients = tape.gradient(loss, model.parameters())
    axes = plots.histograms(model, gradients)
    assert axes.shape == (2, 8)
    assert len(axes[0, 0].figure.axes) == 16  # two blocks, the places that are over removed
    bad = Variable(np.array([1.0, np.nan, np.inf]), name="w")
    (texts,) = (ax.texts for ax in plots.histograms([bad]).ravel())
    assert texts[0].get_text() == "2 not finite"
    with pytest.raises(ValueError, match="1 gradients of 8 parameters"):
        plots.histograms(model, gradients[:1])
    with pytest.raises(TypeError, match="give a model with parameters"):
        plots.histograms([1.0])


def test_the_map_shows_the_weights():
    weights = RNG.dirichlet(np.ones(3), size=2)
    ax = plots.attention_map(Variable(weights[None, None]), ["a", "b"], ["the", "cat", "sat"])
    np.testing.assert_array_equal(ax.images[0].get_array(), weights)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["the", "cat", "sat"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("key", "query")
    assert {t.get_text() for t in ax.texts} == {f"{w:.2f}" for w in weights.ravel()}
    small = plots.attention_map(weights, ax=plt.figure(figsize=(1, 1)).subplots())
    assert not small.texts, "numbers would overlap"
    with pytest.raises(ValueError, match="pick one sequence and head"):
        plots.attention_map(np.ones((2, 3, 3)))
    with pytest.raises(ValueError, match="4 rows for weights"):
        plots.attention_map(weights, list("abcd"))


def test_memory_of_both_sweeps():
    x = Variable(np.ones(1000), name="x")
    ax = np.sum(np.sin(x) * x).cost().plot()
    assert ax.get_ylabel() == "memory / kB"
    assert [t.get_text().strip() for t in ax.texts] == ["forward", "reverse"]
    assert ax.get_xlim() == (0.5, 6.5)
    mine = plt.figure().subplots()
    assert np.sum(x).cost().plot(mine) is mine
    with pytest.raises(ValueError, match="no operation"):
        x.cost().plot()


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_they_can_be_drawn_in_any_style_and_place(style):
    with plt.style.context(style):
        fig = plt.figure(figsize=(9, 3))
        left, middle, right = fig.subplots(1, 3)
        plots.decision_boundary(lambda p: p[:, 0] + 0.5, X, Y, left)
        plots.attention_map(RNG.dirichlet(np.ones(3), size=2), ax=middle)
        np.sum(Variable(np.ones(9)) * 2.0).cost().plot(right)
        fig.canvas.draw()
        plots.histograms({"w": Variable(X)})[0, 0].figure.canvas.draw()


def test_matplotlib_is_optional_and_lazy():
    seen = run("import sys, autograd_tape as t; print('autograd_tape.view.plots' in sys.modules)")
    assert seen == "False"
    message = run(
        "import sys; sys.modules['matplotlib'] = None\n"
        "import autograd_tape\n"
        "try: autograd_tape.plots.attention_map([[1.0]])\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    assert "which is not installed: pip install matplotlib" in message
