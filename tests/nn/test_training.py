"""fit: what it minimises, when it stops, and that a killed run ends as one that never was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from autograd_tape import NonFiniteError, Tape, Variable
from nn import GRU, MLP, BatchNorm1d, Module, ReLU, Sequential, optim
from nn import functional as F
from nn.linear import Linear
from nn.module import load, save
from nn.normalization import Dropout
from nn.optim import SGD, Adam, CosineAnnealingLR, StepLR
from nn.training import evaluate, fit, gradients_of, piece_of


def points(n=96, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 2)).astype(np.float32)
    return x, (np.sum(x**2, axis=1) < 1.2).astype(int)


def accuracy(logits, target):
    return float(np.mean(np.argmax(logits, -1) == target))


def trained(**options):
    model = MLP([2, 16, 2], rng=0)
    optimizer = Adam(model.parameters(), lr=0.02)
    options = {"epochs": 3, "batch_size": 16, "progress": False, **options}
    return model, fit(model, points(), F.cross_entropy, optimizer, **options)


def same_weights(a, b):
    for name, x in a.state_dict().items():
        np.testing.assert_array_equal(x, b.state_dict()[name])


def test_it_learns_and_keeps_a_history():
    model, history = trained(
        epochs=40, validation=points(64, seed=1), metrics={"accuracy": accuracy}
    )
    assert set(history) == {"loss", "val_loss", "val_accuracy"}
    assert all(len(v) == 40 for v in history.values())
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["val_accuracy"][-1] > 0.9
    assert not model.training


def test_one_epoch_is_the_loop_one_would_write():
    model = MLP([2, 16, 2], rng=0)
    x, d = points()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(2):
        order = np.random.default_rng([0, epoch + 1]).permutation(96)
        for rows in np.split(order, 6):
            with Tape() as tape:
                loss = F.cross_entropy(model(x[rows]), d[rows])
            optimizer.step(tape.gradient(loss, model.parameters()))
    other = MLP([2, 16, 2], rng=0)
    fit(other, (x, d), F.cross_entropy, SGD(other.parameters(), lr=0.1, momentum=0.9), epochs=2,
        batch_size=16, progress=False)  # fmt: skip
    same_weights(model, other)


def test_accumulated_batches_are_one_large_batch():
    x, d = (a[:64].astype(a.dtype) for a in points())
    ends = []
    for batch_size, accumulate in ((32, 1), (8, 4)):
        model = Linear(2, 2, rng=0, dtype=np.float64)
        fit(model, (x.astype(float), d), F.cross_entropy, SGD(model.parameters(), lr=0.1), epochs=2,
            batch_size=batch_size, accumulate=accumulate, progress=False)  # fmt: skip
        ends.append(model.weight.value)
    np.testing.assert_allclose(*ends, rtol=1e-12)


def test_full_batch_and_single_sample():
    for batch_size, steps in ((None, 1), (1, 96)):
        model = Linear(2, 2, rng=0)
        counted = Counting(model.parameters(), lr=0.0)
        fit(model, points(), F.cross_entropy, counted, epochs=1, batch_size=batch_size,
            progress=False)  # fmt: skip
        assert counted.steps == steps


class Counting(SGD):
    steps = 0

    def step(self, gradients=None):
        self.steps += 1
        super().step(gradients)


def test_early_stopping_restores_the_best_weights():
    model = Linear(1, 1, rng=0, dtype=np.float64)
    x, y = np.ones((4, 1)), np.zeros((4, 1))
    # a step that overshoots more each time: the first epoch is the best
    history = fit(model, (x, y), F.mse_loss, SGD(model.parameters(), lr=1.1), epochs=50,
                  validation=(x, y), patience=3, progress=False)  # fmt: skip
    assert len(history["loss"]) == 4
    assert evaluate(model, (x, y), F.mse_loss)["loss"] == min(history["val_loss"])


def test_evaluate_puts_the_mode_back_whatever_happens():
    model = Sequential(Linear(2, 2, rng=0), Dropout(0.5, rng=0))
    first = evaluate(model, points(), F.cross_entropy)
    assert first == evaluate(model, points(), F.cross_entropy)  # nothing was dropped
    assert all(m.training for m in model.modules())
    with pytest.raises(ValueError, match="of 2 classes"):
        evaluate(model, (points()[0], np.full(96, 7)), F.cross_entropy)
    assert all(m.training for m in model.modules())


def test_it_stops_when_the_loss_settles():
    model = Linear(1, 1, rng=0, dtype=np.float64)
    x, y = np.ones((4, 1)), np.zeros((4, 1))
    history = fit(model, (x, y), F.mse_loss, SGD(model.parameters(), lr=0.2), epochs=500,
                  min_change=1e-9, progress=False)  # fmt: skip
    assert len(history["loss"]) < 100
    assert abs(history["loss"][-1] - history["loss"][-2]) < 1e-9


def test_schedules_are_stepped_once_an_epoch():
    model = Linear(2, 2, rng=0)
    optimizer = SGD(model.parameters(), lr=1.0)
    fit(model, points(), F.cross_entropy, optimizer, epochs=4, progress=False,
        schedule=StepLR(optimizer, step_size=2, gamma=0.1))  # fmt: skip
    assert optimizer.lr == pytest.approx(0.01)


def test_clipping():
    model = Linear(2, 2, rng=0, dtype=np.float64)
    x, y = np.full((4, 2), 1e3), np.full((4, 2), 1e6)
    before = model.weight.value
    fit(model, (x, y), F.mse_loss, SGD(model.parameters(), lr=1.0), epochs=1, batch_size=None,
        clip_norm=0.5, progress=False)  # fmt: skip
    assert np.linalg.norm(model.weight.value - before) < 0.5001
    before = model.weight.value
    fit(model, (x, y), F.mse_loss, SGD(model.parameters(), lr=1.0), epochs=1, batch_size=None,
        clip_value=0.25, progress=False)  # fmt: skip
    np.testing.assert_allclose(abs(model.weight.value - before), 0.25)


class Summing(Module):
    """A recurrent model: the state is the running sum of w·x."""

    def __init__(self):
        self.w = Variable(np.array(0.5))

    def forward(self, x, state):
        sums = np.cumsum(self.w * x, axis=1)
        sums = sums if state is None else sums + state[:, None]
        return sums, sums[:, -1]


def test_truncated_backpropagation_carries_the_state_as_a_constant():
    model = Summing()
    x, y = np.arange(1.0, 7.0).reshape(1, 6), np.zeros((1, 6))
    pieces = list(gradients_of(piece_of(model, F.mse_loss, model.parameters(), True), (x, y), 3))
    first, second = np.cumsum(x[0, :3]), np.cumsum(x[0, 3:])
    state = 0.5 * first[-1]
    assert pieces[0][1][0] == pytest.approx(np.mean(2 * 0.5 * first * first))
    assert pieces[1][1][0] == pytest.approx(np.mean(2 * (0.5 * second + state) * second))


def test_a_loss_that_is_not_finite_stops_with_the_last_good_weights():
    model = MLP([2, 4, 2], rng=0)
    x, d = points()
    x[40] = np.inf
    before = []

    class Watching(SGD):
        def step(self, gradients=None):
            super().step(gradients)
            before.append(model.state_dict())

    with np.errstate(invalid="ignore"), pytest.raises(NonFiniteError) as caught:
        fit(model, (x, d), F.cross_entropy, Watching(model.parameters(), lr=0.01), batch_size=8,
            progress=False)  # fmt: skip
    assert any(f"epoch 1, after {8 * len(before)} samples" in n for n in caught.value.__notes__)
    assert "matmul" in str(caught.value)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[-1][name])


def test_a_gradient_that_is_not_finite_is_named():
    model = Summing()
    model.w.value = np.array(0.0)
    x = np.ones((1, 1))
    with np.errstate(divide="ignore"), pytest.raises(NonFiniteError, match=r"\['w'\] not finite"):
        piece_of(model, lambda y, _: np.sqrt(model.w), [model.w])(None, x, None, x)


def test_a_large_gradient_is_clipped_and_no_error():
    model = Linear(1, 1, rng=0)
    x = np.full((2, 1), 1e12, np.float32)
    before = model.weight.value.copy()
    fit(model, (x, x * 1e12), lambda y, d: np.sum(y * d), SGD(model.parameters(), lr=1.0), epochs=1,
        clip_norm=0.5, progress=False)  # fmt: skip
    assert 0 < np.linalg.norm(model.weight.value - before) < 0.5001


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ((np.ones((4, 2)), np.ones(3, int)), r"lengths \[4, 3\]"),
        ((np.ones((0, 2)), np.ones(0, int)), "at least one"),
        (lambda rng: [], "gave no batch"),
    ],
)
def test_bad_data(data, words):
    model = Linear(2, 2)
    with pytest.raises(ValueError, match=words):
        fit(model, data, F.cross_entropy, SGD(model.parameters(), lr=0.1), progress=False)


# -- checkpoints -----------------------------------------------------------------------------------


def run_with_dropout(path, epochs, make_schedule=lambda optimizer: StepLR(optimizer, 3)):
    model = Sequential(Linear(2, 16, rng=0), Dropout(0.3, rng=5), Linear(16, 2, rng=1))
    optimizer = Adam(model.parameters(), lr=0.01)
    history = fit(
        model, points(), F.cross_entropy, optimizer, epochs=epochs, batch_size=16, patience=50,
        validation=points(32, 1), schedule=make_schedule(optimizer), checkpoint=path,
        progress=False,
    )  # fmt: skip
    return model, history


@pytest.mark.parametrize(
    "make_schedule",
    [
        lambda optimizer: None,
        lambda optimizer: StepLR(optimizer, 3),
        lambda optimizer: CosineAnnealingLR(optimizer, 8, eta_min=0.001),
    ],
)
def test_a_resumed_run_ends_as_one_that_was_never_interrupted(tmp_path, make_schedule):
    whole, history = run_with_dropout(None, 8, make_schedule)
    run_with_dropout(tmp_path / "run.safetensors", 3, make_schedule)
    resumed, again = run_with_dropout(tmp_path / "run.safetensors", 8, make_schedule)
    same_weights(whole, resumed)
    assert history == again


def test_the_same_objects_go_on_from_the_checkpoint(tmp_path):
    """As one does in a notebook, by running the cell again."""
    whole, history = run_with_dropout(None, 8)
    model = Sequential(Linear(2, 16, rng=0), Dropout(0.3, rng=5), Linear(16, 2, rng=1))
    optimizer = Adam(model.parameters(), lr=0.01)
    schedule = StepLR(optimizer, 3)
    for epochs in (3, 8):
        again = fit(
            model, points(), F.cross_entropy, optimizer, epochs=epochs, batch_size=16, patience=50,
            validation=points(32, 1), schedule=schedule, checkpoint=tmp_path / "run.safetensors",
            progress=False,
        )  # fmt: skip
    same_weights(whole, model)
    assert history == again


def test_a_run_that_stopped_early_stays_stopped(tmp_path):
    x, y = np.ones((4, 1)), np.zeros((4, 1))
    ends = []
    for _ in range(2):
        model = Linear(1, 1, rng=0, dtype=np.float64)
        history = fit(model, (x, y), F.mse_loss, SGD(model.parameters(), lr=1.1), epochs=50,
                      patience=3, checkpoint=tmp_path / "run.safetensors",
                      progress=False)  # fmt: skip
        assert len(history["loss"]) == 4
        ends.append(model)
    same_weights(*ends)


def test_killed_at_any_moment_it_resumes_to_the_last_bit(tmp_path):
    script = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from tests.nn.test_training import run_with_dropout
        print("ready", flush=True)
        model, _ = run_with_dropout({str(tmp_path / "run.safetensors")!r}, 12)
        from nn.module import save
        save(model, {str(tmp_path / "end.safetensors")!r})
        """
    )
    rng = np.random.default_rng(0)
    kills = 0
    for _ in range(9):
        if (tmp_path / "end.safetensors").exists():
            break
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        process.stdout.readline()
        try:
            process.wait(rng.uniform(0.005, 0.12) if kills < 6 else 60)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        process.stdout.close()
    assert kills > 0
    whole, _ = run_with_dropout(None, 12)
    end = Sequential(Linear(2, 16), Dropout(0.3), Linear(16, 2))
    load(end, tmp_path / "end.safetensors")
    same_weights(whole, end)


def test_a_file_of_weights_is_no_checkpoint(tmp_path):
    model = Linear(2, 2)
    save(model, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"(?s)w.safetensors.*missing: model.weight"):
        fit(model, points(), F.cross_entropy, SGD(model.parameters(), lr=0.1), progress=False,
            checkpoint=tmp_path / "w.safetensors")  # fmt: skip


def test_the_history_plots(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    _, history = trained(epochs=2)
    ax = history.plot()
    assert [line.get_label() for line in ax.get_lines()] == ["loss"]
    matplotlib.pyplot.close("all")


# -- compiled -------------------------------------------------------------------------------------


class WithEverything(Module):
    """Dropout (random numbers), batch normalisation (running averages) and a ReLU."""

    def __init__(self):
        self.layers = Sequential(
            Linear(2, 16, rng=0), BatchNorm1d(16), ReLU(), Dropout(0.3, rng=1), Linear(16, 3, rng=2)
        )

    def forward(self, x):
        return self.layers(x)


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        (optim.Adagrad, {}), (optim.Adadelta, {}), (optim.RMSprop, {}),
        (optim.Adam, {"weight_decay": 0.01}), (optim.AdamW, {}),
    ],
)  # fmt: skip
def test_compiled_training_is_the_same_to_the_last_bit(optimizer, options):
    rng = np.random.default_rng(0)
    x, d = rng.standard_normal((50, 2), dtype=np.float32), rng.integers(0, 3, 50)
    results = []
    for compiled in (False, True):
        model = WithEverything()
        o = optimizer(model.parameters(), **options)
        history = fit(
            model, (x, d), F.cross_entropy, o, epochs=4, batch_size=16, clip_norm=0.8,
            schedule=StepLR(o, 2), validation=(x, d), progress=False, compile=compiled,
        )  # fmt: skip
        results.append((history, model.state_dict(), o.state_dict()))
    plain, compiled = results
    assert plain[0] == compiled[0]
    for a, b in zip(plain[1:], compiled[1:], strict=True):
        assert a.keys() == b.keys()
        for name in a:
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_compiled_truncated_and_accumulated_training_is_the_same():
    rng = np.random.default_rng(0)
    x, d = rng.standard_normal((8, 6, 2)), rng.standard_normal((8, 6, 4))
    states = []
    for compiled in (False, True):
        model = GRU(2, 4, batch_first=True, dtype=np.float64, rng=0)
        fit(model, (x, d), F.mse_loss, SGD(model.parameters(), lr=0.1), epochs=3, batch_size=4,
            truncate=2, accumulate=3, progress=False, compile=compiled)  # fmt: skip
        states.append(model.state_dict())
    for name, value in states[0].items():
        np.testing.assert_array_equal(value, states[1][name])


def test_compiled_training_stops_with_the_last_good_weights():
    model = MLP([2, 4, 2], rng=0)
    x, d = points()
    x[40] = np.inf
    with np.errstate(invalid="ignore"), pytest.raises(NonFiniteError, match="matmul") as caught:
        fit(model, (x, d), F.cross_entropy, SGD(model.parameters(), lr=0.01), batch_size=8,
            progress=False, compile=True)  # fmt: skip
    assert "samples, whose weights stay" in caught.value.__notes__[0]
    assert all(np.isfinite(p.value).all() for p in model.parameters())


def test_compiled_training_goes_on_from_a_checkpoint(tmp_path):
    x, d = points()
    states = []
    for stops in ((4,), (2, 4)):
        path = tmp_path / f"{len(stops)}.safetensors"
        for epochs in stops:
            model = MLP([2, 8, 2], rng=0)
            o = optim.Adam(model.parameters(), lr=0.05)
            fit(model, (x, d), F.cross_entropy, o, epochs=epochs, checkpoint=path, progress=False,
                compile=True)  # fmt: skip
        states.append(model.state_dict())
    for name, value in states[0].items():
        np.testing.assert_array_equal(value, states[1][name])
