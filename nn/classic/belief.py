"""A deep belief network (003 §9.0.2): it learns to make data of a class, awake and asleep.

Next to read: ``docs/rules.md``, which sets every learning rule beside its scalar.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from autograd_tape import Variable

from .. import functional as F
from .boltzmann import RBM, expect_probabilities, sampled
from .deep import pretrain, widths
from .domains import kinds_of_units, positive, whole
from .estimator import Classifier, descend, rounds

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

    _domains: ClassVar = {
        "hidden": widths, "n_top": whole(), "pretraining_epochs": whole(0), "epochs": whole(0),
        "eta": positive, "k": whole(), "batch_size": whole(), "visible": kinds_of_units,
    }  # fmt: skip

    def fit(self, X: Any, y: Any) -> Self:
        """X: (samples, features), y: (samples,) of any classes."""
        X = self._data(X, first=True)
        labels = self._one_hot(self._labels(X, y), X)
        self._begin(X, labels)
        for _ in rounds(self.epochs, "DeepBeliefNetwork"):
            self._epoch(X, labels)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """One epoch more of wake-sleep; the first call pre-trains on its samples before.

        It needs all ``classes`` that will ever come.
        """
        first = not hasattr(self, "top_")
        X = self._data(X, first)
        labels = self._one_hot(self._labels(X, y, classes, first), X)
        if first:
            self._begin(X, labels)
        self._epoch(X, labels)
        return self

    def _begin(self, X: Any, labels: Any) -> None:
        """RBMs, one on top of the other."""
        self._rng = np.random.default_rng(self.random_state)
        sizes, epochs = tuple(self.hidden), self.pretraining_epochs
        layers = pretrain(X, sizes, "rbm", self._rng, epochs=epochs, visible=self.visible)
        self.recognition_ = [(Variable(x.weights), Variable(x.bias)) for x in layers]
        self.generative_ = [(Variable(x.weights.T), Variable(x.back_bias)) for x in layers]
        top = RBM(self.n_top, k=self.k, epochs=epochs, random_state=self._rng)
        self.top_ = top.fit(np.concatenate([self._up(X)[-1], labels], axis=1))

    def _epoch(self, X: Any, labels: Any) -> None:
        self.top_.set_params(eta=self.eta, k=self.k)
        batches = -(-len(X) // self.batch_size)
        for rows in np.array_split(self._rng.permutation(len(X)), batches):
            self._wake_and_sleep(X[rows], labels[rows])

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

    def _data(self, X: Any, first: bool = False) -> Any:
        X = self._samples(X, first)
        expect_probabilities("DeepBeliefNetwork", X, self.visible)
        return X

    def _one_hot(self, index: Any, X: Any) -> Any:
        """The label units: (samples, classes), of the dtype of ``X``."""
        return np.eye(len(self.classes_), dtype=X.dtype)[index]

    def _scores(self, X: Any) -> Any:
        """-F at the top with each label, (samples, classes): log p(label | data) and a constant."""
        x, n = self._up(self._data(X))[-1], len(self.classes_)
        labels = [self._one_hot(np.full(len(x), k), x) for k in range(n)]
        states = (np.concatenate([x, label], axis=1) for label in labels)
        return np.stack([-self.top_.free_energy(state) for state in states], axis=1)

    def decision_function(self, X: Any) -> Any:
        """Minus the free energy at the top with each label: (samples, classes); for two classes
        the difference, (samples,).
        """
        return self._margins(self._scores(X))

    def predict_proba(self, X: Any) -> Any:
        """The probability that the topmost machine gives to each class: (samples, classes)."""
        return F.softmax(self._scores(X))

    def generate(self, y: Any, steps: int = 200, random_state: Any = None) -> Any:
        """One dream of each class in ``y``: (len(y), features), means of the visible units.

        steps  of Gibbs sampling at the top with the label held
        Raises ValueError for unknown classes.
        """
        self._expect_fitted()
        rng, y = np.random.default_rng(random_state), np.asarray(y)
        if y.ndim != 1 or not np.isin(y, self.classes_).all():
            raise ValueError(
                f"DeepBeliefNetwork: generate wants a list of classes out of {self.classes_}, not "
                f"{y}"
            )
        x = np.full((len(y), self.hidden[-1]), 0.5, self.top_.weights_.dtype)
        labels = self._one_hot(np.searchsorted(self.classes_, y), x)
        x = sampled(x, rng)
        for _ in range(steps):
            x = self.top_.gibbs(np.concatenate([x, labels], axis=1), 1, rng)[:, : x.shape[1]]
        return self._down(x, rng)[0]
