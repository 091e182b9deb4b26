"""Training: ``fit``, the README's six lines over and over.  Next to read: :mod:`nn.generation`."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from autograd_tape import NonFiniteError, Tape, Variable, no_grad, plots
from autograd_tape import compile as program_of
from autograd_tape.containers import map_leaves
from autograd_tape.variable import as_value

from .check import require
from .module import Module, load, save
from .optim import Optimizer, clip_grad_norm, clip_grad_value

__all__ = ["History", "evaluate", "fit"]

Batch = tuple[Any, ...]
Loss = Callable[[Any, Any], Any]
Metrics = Mapping[str, Callable[[Any, Any], float]] | None


class History(dict[str, list[float]]):
    """Numbers by epoch: ``"loss"``, ``"val_loss"``, and each metric by its name."""

    plot = plots.history


def gradients_of(piece: Any, batch: Batch, truncate: int | None) -> Iterator[tuple[float, Any]]:
    """(loss, gradients) of a batch; to ``truncate`` it (003 §11) cuts axis 1, a state goes on."""
    state = None
    for i in range(0, np.shape(batch[-1])[1], truncate) if truncate else [0]:
        part = [x[:, i : i + truncate] for x in batch] if truncate else batch
        value, gradients, state = piece(state, *part)
        yield float(value), gradients


def piece_of(model: Module, loss: Loss, params: Sequence[Variable], stateful: bool = False) -> Any:
    """The function (state, *inputs, target) -> (loss, gradients of params, state), of arrays.

    stateful  the model is called as ``model(*inputs, state)`` and returns ``(output, state)``
    It raises NonFiniteError for NaN and inf, naming the primitive that made the first one.
    """

    def piece(state: Any, *batch: Any) -> tuple[Any, list[Any], Any]:
        *inputs, target = batch
        for again in (False, True):  # a second time only to find what is not finite
            with Tape(check_finite=again) as tape:
                output, after = model(*inputs, state) if stateful else (model(*inputs), None)
                value = loss(output, target)
            gradients = tape.gradient(value, params)
            finite = [np.isfinite(x).all() for x in (value.value, *gradients)]
            if all(finite) and not again:
                return value.value, gradients, map_leaves(as_value, after)
        bad = [p.name for p, ok in zip(params, finite[1:], strict=True) if not ok]
        raise NonFiniteError(f"the loss is {value.value}, the gradients of {bad} not finite")

    return piece


def fit(
    model: Module, data: Any, loss: Loss, optimizer: Optimizer, *, epochs: int = 10, seed: int = 0,
    batch_size: int | None = 32, validation: Batch | None = None, metrics: Metrics = None,
    schedule: Any = None, clip_norm: float | None = None, clip_value: float | None = None,
    accumulate: int = 1, truncate: int | None = None, patience: int | None = None,
    min_change: float = 0.0, checkpoint: str | Path | None = None, progress: bool = True,
    compile: bool = False,
) -> History:  # fmt: skip
    """Train ``model`` by minimising ``loss(model(*inputs), target)``; returns the history.

    data         ``(*inputs, target)``, arrays with one row per sample; or a function of a random
                 generator that yields such batches for one epoch
    batch_size   rows per step; 1 is single-sample, None full-batch training (003 §3.3)
    validation   ``(*inputs, target)``: its loss and metrics are part of the history
    metrics      name -> function of (prediction, target), plain arrays
    schedule     of nn.optim, stepped after each epoch
    clip_norm, clip_value  limits of the gradients' common norm, and of each element
    accumulate   so many batches make a step, with the mean of their gradients
    truncate     truncated backpropagation through time: pieces of this length, see :func:`piece_of`
    patience     stop after so many epochs without a better validation loss (training loss, if there
                 is none), and restore the best weights (003 §3.3.1)
    min_change   stop when the loss changes by less than this from epoch to epoch (003 §3.3.1)
    checkpoint   path of a safetensors file, written after each epoch; if it exists, training goes
                 on from it, and ends to the last bit as if never interrupted
    seed         of the order of the samples
    compile      run forward, reverse sweep and update as programs, see autograd_tape.compile
    Raises NonFiniteError for a loss or gradient that is NaN or inf, naming the step and the first
    primitive that made one; the model keeps the weights of the last good step.
    """
    from tqdm.auto import tqdm

    require(accumulate >= 1, f"fit: accumulate must be at least 1 batch, not {accumulate}")
    run = Run(model, optimizer, schedule, {} if patience is None else model.state_dict())
    if checkpoint is not None and Path(checkpoint).exists():
        run.resume(checkpoint)
    history, done = run.history, len(run.history["loss"])
    watched = history.setdefault("loss" if validation is None else "val_loss", [])
    update: Any = optimizer.step
    piece = piece_of(model, loss, optimizer.params, truncate is not None)
    if compile:
        piece = program_of(piece, argnums=None, state=[model])
        update = program_of(update, argnums=None, state=[optimizer])
    bar = tqdm(range(done, epochs), initial=done, total=epochs, disable=not progress, unit="epoch")
    for epoch in bar:
        waited = watched[::-1].index(min(watched)) if watched else -1
        settled = (abs(np.diff(history["loss"][-2:])) < min_change).any()
        if settled or (patience is not None and waited >= patience):
            break
        model.train()
        losses: list[float] = []  # a number for each row
        rng = np.random.default_rng([seed, epoch + 1])  # (a 0 at the end would not count)
        results = (
            ([value] * len(batch[-1]), gradients)
            for batch in (data(rng) if callable(data) else _batches(data, batch_size, rng))
            for value, gradients in gradients_of(piece, batch, truncate)
        )
        try:
            while chunk := list(islice(results, accumulate)):
                values, several = zip(*chunk, strict=True)
                gradients = several[0]
                if len(several) > 1:
                    gradients = [sum(gs) / len(several) for gs in zip(*several, strict=True)]
                if clip_value is not None:
                    clip_grad_value(gradients, clip_value)
                if clip_norm is not None:
                    clip_grad_norm(gradients, clip_norm)
                update(gradients)
                losses += chain(*values)
        except FloatingPointError as error:
            where = f"fit: in epoch {epoch + 1}, after {len(losses)} samples, whose weights stay"
            error.add_note(f"{where}. A smaller learning rate or clip_norm may help")
            raise
        require(losses, "fit: the data gave no batch")
        numbers = {"loss": float(np.mean(losses))}
        if validation is not None:
            scores = evaluate(model, validation, loss, metrics, batch_size)
            numbers |= {f"val_{name}": x for name, x in scores.items()}
        for name, x in numbers.items():
            history.setdefault(name, []).append(x)
        if patience is not None and watched[-1] <= min(watched):
            run.best = model.state_dict()
        if schedule is not None:
            schedule.step()
        if checkpoint is not None:
            run.save(checkpoint)
        bar.set_postfix({name: f"{x:.4g}" for name, x in numbers.items()})
    if patience is not None:
        model.load_state_dict(run.best)
    model.eval()
    return history


def evaluate(
    model: Module, data: Batch, loss: Loss, metrics: Metrics = None, batch_size: int | None = 256
) -> dict[str, float]:
    """``"loss"`` and each metric over ``data``, in evaluation mode; the mode is put back after."""
    training, outputs, losses = model.training, [], []
    model.eval()
    try:
        with no_grad():
            for *inputs, target in _batches(data, batch_size):
                y = model(*inputs)
                y = y[0] if isinstance(y, tuple) else y  # a recurrent model's state is left out
                losses += [float(as_value(loss(y, target)))] * len(target)
                outputs.append(as_value(y))
    finally:
        model.train(training)
    y = np.concatenate(outputs)
    scores = {name: float(metric(y, data[-1])) for name, metric in (metrics or {}).items()}
    return {"loss": float(np.mean(losses))} | scores


def _batches(data: Batch, size: int | None, rng: Any = None) -> Iterator[Batch]:
    lengths = [len(x) for x in data]
    fits = min(lengths) == max(lengths) > 0
    require(fits, f"fit: data is arrays of as many rows, at least one, but of lengths {lengths}")
    order = np.arange(lengths[0]) if rng is None else rng.permutation(lengths[0])
    for rows in np.split(order, range(size or len(order), len(order), size or len(order))):
        yield tuple(x[rows] for x in data)


class Run(Module):
    """What a run of ``fit`` needs to go on: arrays, as those of any module, and numbers."""

    def __init__(self, model: Module, optimizer: Optimizer, schedule: Any, best: Any) -> None:
        self.model, self.optimizer, self.best = model, optimizer.state, best
        self.history = History(loss=[])
        self._others = [vars(x) for x in (optimizer, schedule) if x is not None]
        found = {id(x): x for m in model.modules() for x in vars(m).values()}
        self._generators = [x for x in found.values() if isinstance(x, np.random.Generator)]

    def save(self, path: str | Path) -> None:
        plain = [{n: x for n, x in y.items() if isinstance(x, (int, float))} for y in self._others]
        states = [g.bit_generator.state for g in self._generators]
        save(self, path, {"fit": json.dumps([self.history, plain, states])})

    def resume(self, path: str | Path) -> None:
        history, plain, states = json.loads(load(self, path)["fit"])
        for own, saved in zip([self.history, *self._others], [history, *plain], strict=True):
            own.update(saved)
        for generator, state in zip(self._generators, states, strict=True):
            generator.bit_generator.state = state
