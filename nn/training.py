"""Training: one step, and ``fit``, which repeats it.

What ``fit`` does can be written by hand in six lines (see the README); it adds the progress bar,
validation, early stopping, and checkpoints from which a killed run resumes to the last bit.

Next to read: :mod:`nn.generation`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd_tape import NonFiniteError, Tape, Variable, no_grad, stop_gradient
from autograd_tape.containers import map_leaves
from autograd_tape.variable import as_value

from . import state as files
from .module import Module
from .optim import clip_grad_norm, clip_grad_value

__all__ = ["History", "evaluate", "fit", "gradients_of"]

Batch = tuple[Any, ...]
Loss = Callable[[Any, Any], Any]
Data = Sequence[Any] | Callable[[np.random.Generator], Iterable[Batch]]


class History(dict[str, list[float]]):
    """Numbers by epoch: ``"loss"``, ``"val_loss"``, and each metric by its name."""

    def plot(self, ax: Any = None) -> Any:
        """Draw every series over the epochs (matplotlib); returns the axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        for name, values in self.items():
            ax.plot(range(1, len(values) + 1), values, label=name)
        ax.set_xlabel("epoch")
        ax.legend()
        return ax


def gradients_of(
    model: Module, loss: Loss, batch: Batch, params: list[Variable], truncate: int | None = None
) -> Iterator[tuple[float, list[Any]]]:
    """(loss, gradients of ``params``) for one batch ``(*inputs, target)``.

    truncate  truncated backpropagation through time (003 section 11): inputs and target are cut
              along axis 1 into pieces of this length, one result for each; the model is called as
              ``model(*inputs, state)`` and returns ``(output, state)``, and the state goes on to
              the next piece as a constant.
    Raises NonFiniteError where the loss or a gradient is NaN or inf, naming the primitive that made
    the first one.
    """
    *inputs, target = batch
    state: Any = None
    length = np.shape(target)[1] if truncate else 1
    for start in range(0, length, truncate or 1):
        piece = slice(start, start + truncate) if truncate else None
        xs = [x if piece is None else x[:, piece] for x in inputs]
        ys = target if piece is None else target[:, piece]
        carried = state

        def forward(xs: Any = xs, ys: Any = ys, carried: Any = carried) -> Any:
            if truncate is None:
                return loss(model(*xs), ys), None
            output, after = model(*xs, carried)
            return loss(output, ys), after

        with Tape() as tape:
            value, state = forward()
        state = map_leaves(stop_gradient, state)
        gradients = tape.gradient(value, params)
        # One inner product a gradient: any NaN or inf in it shows in the sum.
        sizes = [float(np.vdot(g, g).real) for g in gradients]
        if not np.isfinite([float(value.value), *sizes]).all():
            with Tape(check_finite=True):
                forward()
            names = [p.name or str(i) for i, p in enumerate(params) if not np.isfinite(sizes[i])]
            raise NonFiniteError(f"the gradient of {', '.join(names)} is not finite")
        yield float(value.value), gradients


def fit(
    model: Module, data: Data, loss: Loss, optimizer: Any, *, epochs: int = 10,
    batch_size: int | None = 32, validation: Batch | None = None,
    metrics: Mapping[str, Callable[[Any, Any], float]] | None = None, schedule: Any = None,
    clip_norm: float | None = None, clip_value: float | None = None, accumulate: int = 1,
    truncate: int | None = None, patience: int | None = None, min_change: float | None = None,
    checkpoint: str | os.PathLike[str] | None = None, seed: int = 0, progress: bool = True,
) -> History:  # fmt: skip
    """Train ``model`` by minimising ``loss(model(*inputs), target)``; returns the history.

    data         ``(*inputs, target)``, arrays with one row per sample; or a function of a random
                 generator that yields such batches for one epoch
    batch_size   rows per step; 1 is single-sample, None full-batch training (003 section 3.3)
    validation   ``(*inputs, target)``: its loss and metrics are part of the history
    metrics      name -> function of (prediction, target), plain arrays
    schedule     called after each epoch as ``schedule.step()`` (nn.schedules); a plateau schedule
                 is given the validation loss (without validation, the training loss)
    clip_norm, clip_value  limits of the gradients' common norm, and of each element
    accumulate   add up the gradients of so many batches before a step (their mean is taken)
    truncate     truncated backpropagation through time, see :func:`gradients_of`
    patience     stop after so many epochs without a better validation loss (training loss, if there
                 is none), and restore the best weights (003 section 3.3.1)
    min_change   stop when the loss changes by less than this from epoch to epoch (003 sec. 3.3.1)
    checkpoint   path of a safetensors file that is renewed after each epoch; if it exists, training
                 resumes from it and ends with the weights, to the last bit, of a run that was
                 never interrupted
    seed         of the order of the samples

    A loss or gradient that is not finite raises NonFiniteError, naming the step and the primitive
    that made the first NaN or inf; the model keeps the weights of the last good step.
    """
    from tqdm.auto import tqdm

    if accumulate < 1:
        raise ValueError(f"fit: accumulate is a number of batches, at least 1, not {accumulate}")
    run = _Run(model, optimizer, schedule, checkpoint)
    run.resume()
    params = optimizer.params
    bar = tqdm(range(run.epoch, epochs), initial=run.epoch, total=epochs, disable=not progress,
               unit="epoch")  # fmt: skip
    for epoch in bar:
        if run.stopped:
            break
        model.train()
        losses, weights, gathered = [], [], []
        batches = _batches(data, batch_size, np.random.default_rng([seed, epoch]))
        for step, batch in enumerate(batches):
            try:
                for value, gradients in gradients_of(model, loss, batch, params, truncate):
                    losses.append(value)
                    weights.append(len(batch[-1]))
                    gathered.append(gradients)
                    if len(gathered) == accumulate:
                        _update(optimizer, gathered, clip_norm, clip_value)
                        gathered = []
            except FloatingPointError as error:
                error.add_note(
                    f"fit: at epoch {epoch + 1}, batch {step + 1}; the model has the weights of "
                    "the last step before. A smaller learning rate or clip_norm may help"
                )
                raise
        if not losses:
            raise ValueError("fit: the data gave no batch; it needs at least one sample")
        if gathered:
            _update(optimizer, gathered, clip_norm, clip_value)
        numbers = {"loss": float(np.average(losses, weights=weights))}
        if validation is not None:
            for name, x in evaluate(model, validation, loss, metrics, batch_size).items():
                numbers[f"val_{name}"] = x
        run.finish(epoch, numbers, patience, min_change)
        bar.set_postfix({k: f"{v:.4g}" for k, v in numbers.items()})
    if run.best is not None:
        model.load_state_dict(run.best)
    model.eval()
    return run.history


def evaluate(
    model: Module, data: Batch, loss: Loss,
    metrics: Mapping[str, Callable[[Any, Any], float]] | None = None, batch_size: int | None = 256,
) -> dict[str, float]:  # fmt: skip
    """``"loss"`` and each metric over ``data``, in evaluation mode; the mode is put back after."""
    training = model.training
    model.eval()
    outputs, losses, weights = [], [], []
    with no_grad():
        for batch in _batches(data, batch_size, None):
            *inputs, target = batch
            y = model(*inputs)
            y = y[0] if isinstance(y, tuple) else y  # a recurrent model's state is not looked at
            losses.append(float(as_value(loss(y, target))))
            weights.append(len(target))
            outputs.append(as_value(y))
    model.train(training)
    numbers = {"loss": float(np.average(losses, weights=weights))}
    whole = np.concatenate(outputs) if metrics else None
    return numbers | {name: float(f(whole, data[-1])) for name, f in (metrics or {}).items()}


def _batches(
    data: Data, batch_size: int | None, rng: np.random.Generator | None
) -> Iterator[Batch]:
    """Batches of the rows of ``data``, shuffled by ``rng``."""
    if callable(data):
        yield from data(rng if rng is not None else np.random.default_rng(0))
        return
    sizes = {len(x) for x in data}
    if len(sizes) != 1:
        raise ValueError(
            f"fit: data is (*inputs, target) with one row per sample in each, but their lengths "
            f"are {[len(x) for x in data]}"
        )
    n = sizes.pop()
    order = np.arange(n) if rng is None else rng.permutation(n)
    for start in range(0, n, batch_size or max(n, 1)):
        rows = order[start : start + (batch_size or n)]
        yield tuple(x[rows] for x in data)


def _update(
    optimizer: Any, gathered: list[list[Any]], clip_norm: float | None, clip_value: float | None
) -> None:
    gradients = gathered[0]
    if len(gathered) > 1:
        gradients = [sum(gs[1:], gs[0]) / len(gathered) for gs in zip(*gathered, strict=True)]
    if clip_value is not None:
        clip_grad_value(gradients, clip_value)
    if clip_norm is not None:
        clip_grad_norm(gradients, clip_norm)
    optimizer.step(gradients)


class _Run:
    """What a run needs to go on: epoch, history, best weights; and its checkpoint."""

    def __init__(self, model: Module, optimizer: Any, schedule: Any, path: Any) -> None:
        self.model, self.optimizer, self.schedule = model, optimizer, schedule
        self.path = None if path is None else Path(path)
        self.epoch = 0
        self.history = History()
        self.best: dict[str, Any] | None = None
        self.best_epoch = 0
        self.stopped = False

    def finish(
        self, epoch: int, numbers: dict[str, float], patience: int | None, min_change: float | None
    ) -> None:
        for name, x in numbers.items():
            self.history.setdefault(name, []).append(x)
        self.epoch = epoch + 1
        watched = self.history.get("val_loss", self.history["loss"])
        if patience is not None:
            if watched[-1] <= min(watched):
                self.best, self.best_epoch = self.model.state_dict(), epoch
            self.stopped = epoch - self.best_epoch >= patience
        trained = self.history["loss"]
        if min_change is not None and len(trained) > 1:
            self.stopped |= abs(trained[-1] - trained[-2]) < min_change
        if self.schedule is not None:
            self.schedule.step(*([watched[-1]] if hasattr(self.schedule, "patience") else []))
        if self.path is not None:
            self.save()

    def save(self) -> None:
        parts = {
            "model": self.model.state_dict(), "best": self.best or {},
            "optimizer": self.optimizer.state_dict(),
            "schedule": {} if self.schedule is None else self.schedule.state_dict(),
        }  # fmt: skip
        arrays = {f"{part}.{k}": x for part, xs in parts.items() for k, x in xs.items()}
        about = {
            "epoch": self.epoch, "history": self.history, "best_epoch": self.best_epoch,
            "stopped": self.stopped,
            "generators": [g.bit_generator.state for g in _generators(self.model)],
        }  # fmt: skip
        assert self.path is not None
        files.save(arrays, self.path, {"fit": json.dumps(about)})

    def resume(self) -> None:
        if self.path is None or not self.path.exists():
            return
        arrays, metadata = files.load_file(self.path)
        if "fit" not in metadata:
            raise ValueError(
                f"{str(self.path)!r} holds weights but is no checkpoint of fit; load it with "
                "nn.load(model, path), or give another path"
            )
        about = json.loads(metadata["fit"])
        parts: dict[str, dict[str, Any]] = {
            "model": {}, "best": {}, "optimizer": {}, "schedule": {}
        }  # fmt: skip
        for name, x in arrays.items():
            part, _, key = name.partition(".")
            parts[part][key] = x
        self.model.load_state_dict(parts["model"])
        self.optimizer.load_state_dict(parts["optimizer"])
        if self.schedule is not None:
            self.schedule.load_state_dict(parts["schedule"])
        for generator, state in zip(_generators(self.model), about["generators"], strict=True):
            generator.bit_generator.state = state
        self.epoch, self.best_epoch = about["epoch"], about["best_epoch"]
        self.history, self.stopped = History(about["history"]), about["stopped"]
        self.best = parts["best"] or None


def _generators(model: Module) -> list[np.random.Generator]:
    """The random generators of layers (dropout's), each once."""
    found = [x for m in model.modules() for x in vars(m).values()]
    return list({id(g): g for g in found if isinstance(g, np.random.Generator)}.values())
