"""Radial basis function networks (003 §4): hidden units that answer to what is near their centre.

Next to read: :mod:`nn.classic.elm`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from autograd_tape import Tape, Variable
from autograd_tape.variable import as_value

from .. import functional as F
from .. import optim
from .domains import not_negative, one_of, optional, positive, whole
from .elm import ridge_solution
from .estimator import Classifier, Estimator, Regressor, descend, rounds, warn

__all__ = ["RBFClassifier", "RBFRegressor", "clustering_error", "radial"]


def clustering_error(centers: Any, x: Any) -> Any:
    """½‖x - t_k‖² of the centre k that is nearest to x; centers: (units, m), x: (m,).

    Its gradient moves this centre alone, by t_k ← t_k + η(x - t_k) (003 §4.1.1).
    """
    values = centers.value if isinstance(centers, Variable) else centers
    k = int(np.argmin(np.sum((values - x) ** 2, axis=1)))
    return 0.5 * np.sum((x - centers[k]) ** 2)


def radial(X: Any, centers: Any, spread: Any) -> Any:
    """exp(-‖x - t_i‖²/σ²), after a 1 for the bias.

    X: (samples, m), centers: (units, m), spread σ: a number or (units,) -> (samples, 1 + units)
    """
    # ‖x - t‖² = ‖x‖² - 2x·t + ‖t‖², which rounding may take below 0; it is small around the origin
    origin = np.mean(as_value(centers), axis=0)
    X, centers = X - origin, centers - origin
    squares = np.sum(X**2, axis=1)[:, None] - 2.0 * (X @ centers.T) + np.sum(centers**2, axis=1)
    phi = np.exp(-np.maximum(squares, 0.0) / spread**2)
    return np.concatenate([np.ones((len(X), 1), X.dtype), phi], axis=1)


@dataclass(eq=False, repr=False)
class _RBF(Estimator):
    n_centers: int = 100
    _: KW_ONLY
    centers: str = "clustering"
    weights: str = "pseudoinverse"
    spread: float | None = None
    alpha: float = 0.0
    eta: float = 0.05
    epochs: int = 20
    random_state: Any = None

    _domains: ClassVar = {
        "n_centers": whole(), "centers": one_of("random", "clustering"), "alpha": not_negative,
        "weights": one_of("pseudoinverse", "lms", "backprop"), "eta": positive, "epochs": whole(0),
        "spread": optional(positive),
    }  # fmt: skip

    def _learn(self, X: Any, T: Any) -> None:
        """Centres, spread, then weights (003 §4.1.4); T: (samples, outputs)."""
        rng = np.random.default_rng(self.random_state)
        different = np.unique(X, axis=0)
        n = min(self.n_centers, len(different))
        if n < self.n_centers:
            warn(
                f"{type(self).__name__}: n_centers={self.n_centers} was cut down to {n}, the "
                "number of different samples"
            )
        self.centers_ = different[rng.choice(len(different), n, replace=False)]
        if self.centers == "clustering":
            self._cluster(X, rng)
        self.spread_ = self._spread()
        phi = radial(X, self.centers_, self.spread_)
        if self.weights == "lms":
            self._lms(phi, T, rng)
        else:
            self.weights_ = ridge_solution(phi, T, self.alpha)
        if self.weights == "backprop":
            self._backprop(X, T, rng)

    def _cluster(self, X: Any, rng: np.random.Generator) -> None:
        """Each sample draws its nearest centre, by a step that shrinks to 0 over the epochs."""
        centers = Variable(self.centers_, name="centers")
        for epoch in rounds(self.epochs, type(self).__name__):
            rate = self.eta * (1 - epoch / self.epochs)
            for i in rng.permutation(len(X)):
                descend(lambda i=i: clustering_error(centers, X[i]), [centers], rate)  # type: ignore[misc]
        self.centers_ = centers.value

    def _spread(self) -> float:
        """σ = d_max/√m₁, d_max the largest distance between two centres (003 §4.1.2)."""
        if self.spread is not None:
            return float(self.spread)
        t = self.centers_.astype(np.float64)
        t = t - np.mean(t, axis=0)
        squares = np.sum(t**2, axis=1)
        farthest = float(np.max(squares[:, None] - 2 * t @ t.T + squares))
        return (max(farthest, 0.0) / len(t)) ** 0.5 or 1.0  # 1 for a single centre

    def _lms(self, phi: Any, T: Any, rng: np.random.Generator) -> None:
        """The delta rule on single samples, as Adaline's; a step that cannot overshoot."""
        w = Variable(np.zeros((phi.shape[1], T.shape[1]), phi.dtype), name="weights")
        rate = min(self.eta, 1.0 / float(np.max(np.sum(phi**2, axis=1))))
        for _ in rounds(self.epochs, type(self).__name__):
            for i in rng.permutation(len(phi)):
                descend(lambda i=i: F.half_squared_error(phi[i] @ w, T[i]), [w], rate)  # type: ignore[misc]
        self.weights_ = w.value

    def _backprop(self, X: Any, T: Any, rng: np.random.Generator) -> None:
        """From the closed form on: weights, centres and a spread for each unit, end to end."""
        w, t = Variable(self.weights_, name="weights"), Variable(self.centers_, name="centers")
        spreads = np.full(len(self.centers_), np.log(self.spread_), X.dtype)
        log_spread = Variable(spreads, name="log_spread")
        optimizer = optim.Adam([w, t, log_spread], lr=0.1 * float(self.eta))
        for _ in rounds(self.epochs, type(self).__name__):
            for rows in np.array_split(rng.permutation(len(X)), max(len(X) // 32, 1)):
                with Tape() as tape:
                    phi = radial(X[rows], t, np.exp(log_spread))
                    loss = F.mse_loss(phi @ w, T[rows])
                optimizer.step(tape.gradient(loss, [w, t, log_spread]))
        self.weights_, self.centers_ = w.value, t.value
        self.spread_ = np.exp(log_spread.value)

    def _outputs(self, X: Any) -> Any:
        return radial(self._samples(X), self.centers_, self.spread_) @ self.weights_


@dataclass(eq=False, repr=False)
class RBFClassifier(_RBF, Classifier):
    """A network of radial units (003 §4) for classes: targets ±1, one output each.

    n_centers  units; at most as many as there are different samples
    centers    "random": some of the samples; "clustering": these, then drawn to what is near them
    weights    "pseudoinverse" (with alpha, the λ of a ridge), "lms" (the delta rule, step eta), or
               "backprop": from the pseudo-inverse on, through centres and spreads
    spread     σ; None for d_max/√m₁, d_max the largest distance between two centres, which is for
               few features: units in many dimensions then hardly overlap
    epochs     of clustering, of LMS and of backprop
    eta        step of clustering (it shrinks to 0) and of LMS; backprop (Adam) takes a tenth of it
    random_state  of the first centres and of the order of the samples

        y = w_0 + Σ_i w_i·exp(-‖x - t_i‖²/σ²),   σ = d_max/√m₁

    Sets centers_: (units, features), spread_ (after backprop one per unit), weights_: (1 + units,
    outputs), the bias first.  Warns where there are fewer different samples than centres, and where
    the pseudo-inverse is not unique, as with a unit for every sample.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """X: (samples, features), y: (samples,) of any classes."""
        X = self._samples(X, first=True)
        self._learn(X, self._signs(self._labels(X, y), X.dtype))
        return self

    def decision_function(self, X: Any) -> Any:
        """The network's outputs y: (samples,) for two classes, else (samples, classes)."""
        return self._margins(self._outputs(X))


@dataclass(eq=False, repr=False)
class RBFRegressor(_RBF, Regressor):
    """A network of radial units for numbers; all as of :class:`RBFClassifier`."""

    _tags: ClassVar[dict[str, Any]] = {"target.multi_output": True}

    def fit(self, X: Any, y: Any) -> Self:
        """X: (samples, features), y: (samples,) or (samples, targets)."""
        X = self._samples(X, first=True)
        y = self._numbers(X, y, columns=True)
        self._flat = y.ndim == 1
        self._learn(X, y.reshape(len(y), -1))
        return self

    def predict(self, X: Any) -> Any:
        """(samples,) or (samples, targets)"""
        y = self._outputs(X)
        return y[:, 0] if self._flat else y
