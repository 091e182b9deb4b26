"""A deep belief network (003 §9.0.2): it learns to make data of a class, awake and asleep.

Next to read: ``docs/rules.md``, which sets every learning rule beside its scalar.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np

from autograd_tape import Variable

from .. import functional as F
from .boltzmann import RBM, sampled
from .deep import pretrain
from .estimator import Classifier, descend

__all__ = ["DeepBeliefNetwork", "local_error"]


def local_error(states: Any, z: Any, visible: str = "binary") -> Any:
    """-log p(states) of one layer given another, the mean over samples; constants are left out.

    states: (samples, n), held constant; z: (samples, n), what the other layer says of them
        -Σ_i (s_i·z_i - log(1 + e^z_i)) for binary units, ½‖s - z‖² for gaussian ones
    Its gradient in z is p - s with p = σ(z), or z - s: the delta of wake and of sleep.
    """
    loss = F.half_squared_error if visible == "gaussian" else F.binary_cross_entropy_with_logits
    return loss(z, states, reduction="sum") / len(states)


@dataclass(eq=False, repr=False)
class DeepBeliefNetwork(Classifier):
    """A generative network: RBMs stacked, with the label beside the data of the topmost one.

    hidden        widths of the layers below the top
    n_top         hidden units of the topmost RBM, which joins the last layer and the label
    pretraining_epochs    of each RBM
    epochs, eta   of contrastive wake-sleep, on batches of ``batch_size``
    k             steps of Gibbs sampling at the top, between wake and sleep
    visible       of the data: "binary" for values in [0, 1], "gaussian" for any numbers
    random_state  of all that is drawn

    Wake: states go up by recognition weights, and generative weights learn to make each layer from
    the one above.  At the top, contrastive divergence.  Sleep: states come down by generative
    weights, and recognition weights learn to tell what they came from.  Both are the gradient of
    :func:`local_error` (003 §9.0.2, whose closing remark blurs which is which; Hinton, Osindero and
    Teh 2006).
    ``predict`` takes the label of the lowest free energy; ``generate`` dreams of one.
    Sets recognition_ and generative_ (a pair of weights and bias per layer), top_ (an RBM).
    """

    hidden: tuple[int, ...] = (64,)
    _: KW_ONLY
    n_top: int = 128
    pretraining_epochs: int = 10
    epochs: int = 10
    eta: float = 0.01
    k: int = 3
    batch_size: int = 20
    visible: str = "gaussian"
    random_state: Any = None

    def fit(self, X: Any, y: Any) -> Self:
        """X: (samples, features), y: (samples,) of any classes."""
        X = self._samples(X, first=True)
        index, self._rng = self._labels(X, y), np.random.default_rng(self.random_state)
        labels = np.eye(len(self.classes_), dtype=X.dtype)[index]
        sizes, epochs = tuple(self.hidden), self.pretraining_epochs
        layers = pretrain(X, sizes, "rbm", self._rng, epochs=epochs, visible=self.visible)
        self.recognition_ = [(Variable(x.weights), Variable(x.bias)) for x in layers]
        self.generative_ = [(Variable(x.weights.T), Variable(x.back_bias)) for x in layers]
        self.top_ = RBM(self.n_top, k=self.k, epochs=epochs, random_state=self._rng)
        self.top_.fit(np.concatenate([self._up(X)[-1], labels], axis=1)).set_params(eta=self.eta)
        for _ in self._rounds(self.epochs):
            batches = -(-len(X) // self.batch_size)
            for rows in np.array_split(self._rng.permutation(len(X)), batches):
                self._wake_and_sleep(X[rows], labels[rows])
        return self

    def _wake_and_sleep(self, X: Any, labels: Any) -> None:
        kinds = [self.visible] + ["binary"] * len(self.hidden)
        awake = self._up(X, self._rng)
        weights = [p for pair in self.generative_ for p in pair]
        descend(lambda: sum(
            local_error(below, above @ w + b, kind)
            for (w, b), below, above, kind in zip(
                self.generative_, awake, awake[1:], kinds, strict=False)
        ), weights, self.eta)  # fmt: skip

        top = self.top_.contrast(np.concatenate([awake[-1], labels], axis=1))

        asleep = self._down(top[:, : self.hidden[-1]], self._rng)
        weights = [p for pair in self.recognition_ for p in pair]
        descend(lambda: sum(
            local_error(above, below @ w + b)
            for (w, b), below, above in zip(self.recognition_, asleep, asleep[1:], strict=False)
        ), weights, self.eta)  # fmt: skip

    def _up(self, x: Any, rng: np.random.Generator | None = None) -> list[Any]:
        """States of all layers from the data on, by recognition; probabilities without ``rng``."""
        states = [x]
        for w, b in self.recognition_:
            p = F.sigmoid(states[-1] @ w.value + b.value)
            states.append(p if rng is None else sampled(p, rng))
        return states

    def _down(self, x: Any, rng: np.random.Generator) -> list[Any]:
        """States of all layers, the data first, by generation from the last one; data as means."""
        states = [x]
        for i, (w, b) in reversed(list(enumerate(self.generative_))):
            z = states[0] @ w.value + b.value
            if i:
                states.insert(0, sampled(F.sigmoid(z), rng))
            else:
                states.insert(0, z if self.visible == "gaussian" else F.sigmoid(z))
        return states

    def decision_function(self, X: Any) -> Any:
        """Minus the free energy at the top with each label: (samples, classes); for two classes
        the difference, (samples,).
        """
        x = self._up(self._samples(X))[-1]
        scores = []
        for label in np.eye(len(self.classes_), dtype=x.dtype):
            labels = np.broadcast_to(label, (len(x), len(label)))
            scores.append(-self.top_.free_energy(np.concatenate([x, labels], axis=1)))
        z = np.stack(scores, axis=1)
        return z[:, 1] - z[:, 0] if z.shape[1] == 2 else z

    def generate(self, y: Any, steps: int = 200, random_state: Any = None) -> Any:
        """One dream of each class in ``y``: (len(y), features), means of the visible units.

        steps  of Gibbs sampling at the top with the label held
        Raises ValueError for unknown classes.
        """
        rng, y = np.random.default_rng(random_state), np.asarray(y)
        if not np.isin(y, self.classes_).all():
            raise ValueError(f"generate: classes are {self.classes_}, and others were asked for")
        n = self.hidden[-1]
        state = np.concatenate([
            sampled(np.full((len(y), n), 0.5), rng), np.eye(len(self.classes_))[
                np.searchsorted(self.classes_, y)]
        ], axis=1)  # fmt: skip
        for _ in range(steps):
            state[:, :n] = self.top_.gibbs(state, 1, rng)[:, :n]
        return self._down(state[:, :n], rng)[0]
