"""Self-organising maps (003 §6): units on a lattice that compete for samples, and pull their
neighbours along.

Next to read: :mod:`nn.classic.hopfield`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from autograd_tape import Variable

from ..check import require
from .domains import one_of, optional, positive, several, whole
from .estimator import Transformer, descend, rounds

__all__ = ["SelfOrganizingMap", "lattice", "neighbourhood", "som_error"]


def som_error(w: Any, x: Any, h: Any) -> Any:
    """½Σ_j h_j·‖x - w_j‖²; w: (units, m), x: (m,), h: (units,), held constant.

    Its gradient moves each unit by w_j ← w_j + η·h_j·(x - w_j) (003 §6).
    """
    return 0.5 * np.sum(h * np.sum((x - w) ** 2, axis=1))


def lattice(rows: int, columns: int, topology: str) -> Any:
    """Where the units stand, (rows·columns, 2); neighbours have distance 1.

    topology  "grid" (up to 4 neighbours; a line with one row), or "hexagonal" (up to 6)
    """
    require(topology in ("grid", "hexagonal"), f'lattice: "grid" or "hexagonal", not {topology!r}')
    i, j = np.divmod(np.arange(rows * columns), columns)
    if topology == "grid":
        return np.stack([i, j], axis=1).astype(float)
    return np.stack([i * 3**0.5 / 2, j + 0.5 * (i % 2)], axis=1)  # every other row half a step on


def neighbourhood(positions: Any, winner: int, sigma: float) -> Any:
    """h_j = exp(-d_j²/2σ²), d_j the lattice distance from unit j to the winner: (units,)."""
    squares = np.sum((positions - positions[winner]) ** 2, axis=1)
    return np.exp(-squares / (2 * sigma**2))


@dataclass(eq=False, repr=False)
class SelfOrganizingMap(Transformer):
    """Kohonen's map (1982): similar samples find their best matching units close to each other.

    shape         (rows, columns) of the lattice; one row makes a line
    topology      "grid" or "hexagonal"
    epochs        how often each sample is shown
    eta, sigma    learning rate and width of the neighbourhood at first; sigma None: half of the
                  longer side
    eta_end, sigma_end  and at the end; both decay exponentially, step by step (003 §6)
    random_state  of the first weights (samples) and of the order

    Each sample moves every unit down the gradient of :func:`som_error`.
    ``transform`` gives the distance to each unit, ``predict`` the best matching one.
    Sets weights_: (units, features), positions_: (units, 2).
    """

    shape: tuple[int, int] = (8, 8)
    _: KW_ONLY
    topology: str = "grid"
    epochs: int = 20
    eta: float = 0.5
    eta_end: float = 0.01
    sigma: float | None = None
    sigma_end: float = 0.3
    random_state: Any = None

    _domains: ClassVar = {
        "shape": several("(rows, columns), each at least 1", whole(), 2),
        "topology": one_of("grid", "hexagonal"), "epochs": whole(), "eta": positive,
        "eta_end": positive, "sigma": optional(positive), "sigma_end": positive,
    }  # fmt: skip

    def fit(self, X: Any, y: Any = None) -> Self:
        """X: (samples, features)."""
        X = self._samples(X, first=True)
        self.positions_ = lattice(*self.shape, self.topology)
        self._rng = np.random.default_rng(self.random_state)
        units = len(self.positions_)
        start = X[self._rng.choice(len(X), units, replace=units > len(X))]
        # (A little apart, or units that begin as one sample would stay one.)
        start = start + 1e-3 * X.std() * self._rng.standard_normal(start.shape)
        self.weights_ = Variable(start.astype(X.dtype), name="weights")
        sigma = max(self.shape) / 2 if self.sigma is None else self.sigma
        sigma, steps, n = max(sigma, self.sigma_end), self.epochs * len(X), 0
        for _ in rounds(self.epochs, "SelfOrganizingMap"):
            for i in self._rng.permutation(len(X)):
                # η(n) = η₀·exp(-n/τ), σ(n) = σ₀·exp(-n/τ'), with τ such that the end is reached
                done = n / max(steps - 1, 1)
                self._show(X[i], self.eta * (self.eta_end / self.eta) ** done,
                           sigma * (self.sigma_end / sigma) ** done)  # fmt: skip
                n += 1
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Show each sample once more, with the rate and neighbourhood of the end.

        The first call is a whole ``fit``, which a map needs to unfold.
        """
        if not hasattr(self, "weights_"):
            return self.fit(X)
        X = self._samples(X)
        for i in self._rng.permutation(len(X)):
            self._show(X[i], self.eta_end, self.sigma_end)
        return self

    def _show(self, x: Any, rate: float, sigma: float) -> None:
        w = self.weights_
        winner = int(np.argmin(np.sum((x - w.value) ** 2, axis=1)))
        h = neighbourhood(self.positions_, winner, sigma).astype(x.dtype)
        descend(lambda: som_error(w, x, h), [w], rate)

    def transform(self, X: Any) -> Any:
        """‖x - w_j‖: (samples, units)."""
        X, w = self._samples(X), self.weights_.value
        return np.stack([np.linalg.norm(x - w, axis=1) for x in X])

    def predict(self, X: Any) -> Any:
        """The best matching unit of each sample: (samples,), indices."""
        return np.argmin(self.transform(X), axis=1)

    def quantization_error(self, X: Any) -> float:
        """The mean distance of a sample to its best matching unit (003 §6.0.1)."""
        return float(np.mean(np.min(self.transform(X), axis=1)))

    def topographic_error(self, X: Any) -> float:
        """The share of samples whose two best units are not neighbours.

        (003 §6.0.1 says "are"; the standard, and the sense, is that they are not.)
        """
        if len(self.positions_) < 2:
            return 0.0
        first, second = np.argsort(self.transform(X), axis=1, kind="stable")[:, :2].T
        apart = np.linalg.norm(self.positions_[first] - self.positions_[second], axis=1)
        return float(np.mean(apart > 1.001))

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the quantisation error: higher is better."""
        return -self.quantization_error(X)
