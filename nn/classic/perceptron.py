"""Single units that learn: Rosenblatt's perceptron (003 §2) and Adaline (003 §3.1).

A sample is x = [1, x_1, ..., x_m], a unit's weights w = [b, w_1, ..., w_m], its field v = wᵀx.

Next to read: :mod:`nn.classic.rbf`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from autograd_tape import Variable

from .. import functional as F
from .domains import not_negative, optional, positive, whole
from .estimator import Classifier, Estimator, Regressor, descend, rounds, warn

__all__ = ["Adaline", "Perceptron", "lms_error", "perceptron_criterion"]


def perceptron_criterion(w: Any, x: Any, d: Any) -> Any:
    """max(0, -d·wᵀx), summed over units (and samples).

    w: (units, 1 + m), x: (..., 1 + m), d: (..., units) of ±1
    Its gradient in w is -d·x on mistakes and 0 elsewhere: the fixed-increment rule.
    """
    return F.perceptron_loss(x @ w.T, d, reduction="sum")


def lms_error(w: Any, x: Any, d: Any) -> Any:
    """½(d - wᵀx)², summed over units (and samples); shapes as of :func:`perceptron_criterion`.

    Its gradient in w is -(d - y)·x with y = wᵀx: the LMS or delta rule.
    """
    return F.half_squared_error(x @ w.T, d)


def with_bias(X: Any) -> Any:
    """(samples, m) -> (samples, 1 + m), of which the first is 1."""
    return np.concatenate([np.ones((len(X), 1), X.dtype), X], axis=1)


class _Units(Estimator):
    """What both have: ``weights_`` (units, 1 + m), and epochs of single samples."""

    random_state: Any
    weights_: Variable
    n_iter_: int

    @property
    def coef_(self) -> Any:
        """(units, m)"""
        return self.weights_.value[:, 1:]

    @property
    def intercept_(self) -> Any:
        """(units,)"""
        return self.weights_.value[:, 0]

    def _begin(self, units: int, X: Any) -> None:
        """Weights of 0, and a new order of samples."""
        self.weights_ = Variable(np.zeros((units, 1 + X.shape[1]), X.dtype), name="weights")
        self._rng, self.n_iter_ = np.random.default_rng(self.random_state), 0

    def _epoch(self, scalar: Any, X: Any, d: Any, rate: float, order: Any) -> int:
        """A step down ``scalar`` for each sample; returns the number of units' weights changed."""
        w, x, changed = self.weights_, with_bias(X), 0
        for i in order:
            (gradient,) = descend(lambda i=i: scalar(w, x[i], d[i]), [w], rate)  # type: ignore[misc]
            changed += int(np.count_nonzero(gradient.any(axis=1)))
        self.n_iter_ += 1
        return changed

    def _fields(self, X: Any) -> Any:
        """wᵀx of each unit: (samples, units)."""
        return with_bias(self._samples(X)) @ self.weights_.value.T


@dataclass(eq=False, repr=False)
class Perceptron(_Units, Classifier):
    """Rosenblatt's perceptron (1958): it corrects its weights by each sample that it takes wrongly.

    eta           η of w ← w + η·d·x
    max_iter      epochs after which it gives up
    random_state  of the order of the samples
    One unit tells two classes apart; more classes have a unit each, against all others.

    Learns by the gradient of :func:`perceptron_criterion`.  On separable data a unit makes at most
    β‖w*‖²/α² corrections, β = max‖x‖², α = min d·w*ᵀx (003 §2.1.1); on other data it stops after
    ``max_iter`` epochs with a ConvergenceWarning.
    Sets weights_, coef_, intercept_, n_corrections_ (of all units), n_iter_, converged_.
    """

    eta: float = 1.0
    max_iter: int = 200
    random_state: Any = None

    _domains: ClassVar = {"eta": positive, "max_iter": whole()}

    def fit(self, X: Any, y: Any) -> Self:
        """X: (samples, features), y: (samples,) of any classes; epochs until none is wrong."""
        X = self._samples(X, first=True)
        d = self._signs(self._labels(X, y), X.dtype)
        self._begin(d.shape[1], X)
        self.n_corrections_ = 0
        for _ in rounds(self.max_iter, "Perceptron"):
            self._learn(X, d)
            if self.converged_:
                return self
        warn(
            f"Perceptron: after {self.max_iter} epochs samples are still taken wrongly; the "
            "classes may not be linearly separable. More epochs (max_iter) or other features may "
            "help"
        )
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """One epoch more; the first call needs all ``classes`` that will ever come."""
        first = not hasattr(self, "weights_")
        X = self._samples(X, first)
        d = self._signs(self._labels(X, y, classes, first), X.dtype)
        if first:
            self._begin(d.shape[1], X)
            self.n_corrections_ = 0
        self._learn(X, d)
        return self

    def _learn(self, X: Any, d: Any) -> None:
        order = self._rng.permutation(len(X))
        corrections = self._epoch(perceptron_criterion, X, d, self.eta, order)
        self.n_corrections_ += corrections
        self.converged_ = not corrections

    def decision_function(self, X: Any) -> Any:
        """The field v = wᵀx of each unit: (samples,) for two classes, else (samples, classes)."""
        return self._margins(self._fields(X))


@dataclass(eq=False, repr=False)
class Adaline(_Units, Regressor):
    """The adaptive linear element (Widrow and Hoff 1960): a unit without a step, for numbers.

    eta           η of w ← w + η·(d - y)·x; stable below 2/‖x‖² for every sample; None for half of
                  1/‖x‖² of the longest in the first data
    max_iter      epochs at most
    tol           it stops when the mean squared error changes by less than this (003 §3.3.1)
    random_state  of the order of the samples, the same in each epoch of a ``fit``: in a new one the
                  error of noisy data would never settle
    For two classes give targets ±1, and take the sign of what it predicts.

    Learns by the gradient of :func:`lms_error`.
    Sets weights_, coef_, intercept_, eta_, mse_, n_iter_.
    Raises FloatingPointError where eta is so large that the weights grow without bound.
    """

    eta: float | None = None
    max_iter: int = 200
    tol: float = 1e-6
    random_state: Any = None

    _domains: ClassVar = {"eta": optional(positive), "max_iter": whole(), "tol": not_negative}

    def fit(self, X: Any, y: Any) -> Self:
        """X: (samples, features), y: (samples,); epochs until the error stays as it is."""
        X = self._samples(X, first=True)
        d = self._numbers(X, y)[:, None]
        self._begin(1, X)
        self.mse_, order = float(np.mean(d**2)), self._rng.permutation(len(X))
        for _ in rounds(self.max_iter, "Adaline"):
            before = self.mse_
            self._learn(X, d, order)
            if abs(before - self.mse_) < self.tol:
                return self
        warn(
            f"Adaline: the error still changes after {self.max_iter} epochs; give more (max_iter), "
            "or standardise the features"
        )
        return self

    def partial_fit(self, X: Any, y: Any) -> Self:
        """One epoch more."""
        first = not hasattr(self, "weights_")
        X = self._samples(X, first)
        d = self._numbers(X, y)[:, None]
        if first:
            self._begin(1, X)
        self._learn(X, d, self._rng.permutation(len(X)))
        return self

    def _begin(self, units: int, X: Any) -> None:
        super()._begin(units, X)
        longest = 1.0 + float(np.max(np.sum(X.astype(np.float64) ** 2, axis=1)))
        self._stable = 0.5 / longest

    def _learn(self, X: Any, d: Any, order: Any) -> None:
        self.eta_ = self._stable if self.eta is None else self.eta
        with np.errstate(over="ignore", invalid="ignore"):
            self._epoch(lms_error, X, d, self.eta_, order)
            self.mse_ = float(np.mean((d - with_bias(X) @ self.weights_.value.T) ** 2))
        if not np.isfinite(self.mse_):
            raise FloatingPointError(
                f"Adaline: the weights grew without bound in epoch {self.n_iter_}; give a smaller "
                f"eta than {self.eta_:g}, or standardise the features"
            )

    def predict(self, X: Any) -> Any:
        """wᵀx for each sample: (samples,)."""
        return self._fields(X)[:, 0]
