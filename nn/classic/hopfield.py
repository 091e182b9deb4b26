"""Hopfield's network (003 §7): memories are the valleys of an energy, recalled by rolling down.

Next to read: :mod:`nn.classic.boltzmann`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from autograd_tape import Variable, grad

from .estimator import Estimator, descend

__all__ = ["Hopfield", "hopfield_energy", "storage_energy", "symmetric"]


def hopfield_energy(y: Any, W: Any) -> Any:
    """E(y) = -½yᵀWy of a state y: (..., units); W: (units, units), symmetric, diagonal 0.

    The field of unit j is v_j = Σ_i w_ij·y_i = -∂E/∂y_j.
    """
    return -0.5 * np.sum((y @ W) * y, axis=-1)


def symmetric(w: Any, n: int) -> Any:
    """The (n, n) matrix with diagonal 0 whose n(n - 1)/2 entries above it are ``w``."""
    above = np.triu_indices(n, 1)
    place = np.zeros((n, n), int)
    place[above] = place.T[above] = np.arange(1, len(above[0]) + 1)
    return np.concatenate([np.zeros(1, w.dtype), w])[place]


def storage_energy(w: Any, memories: Any) -> Any:
    """(1/M)Σ_k E(f_k), the mean energy of the memories: (M, units) of ±1; w as of ``symmetric``.

    One step from w = 0 down its gradient, of rate 1, is Hebb's rule w_ji = (1/M)Σ_k f_k(i)·f_k(j).
    """
    return np.mean(hopfield_energy(memories, symmetric(w, memories.shape[1])))


@dataclass(eq=False, repr=False)
class Hopfield(Estimator):
    """An associative memory of ±1 patterns (Hopfield 1982): each unit is connected to all others.

    random_state  of the order in which units are asked

    ``fit`` stores patterns, by one step down :func:`storage_energy`; ``partial_fit`` stores more.
    ``predict`` recalls: units in random order take the sign of their field, until none changes.
    Every change lowers the energy, so that this always ends (003 §7.0.3).
    About 0.14·units random patterns can be stored; more of them disturb each other.  The negative
    of a stable state is stable, and mixtures of memories may be, too.
    Sets weights_: (units, units), n_memories_.
    """

    random_state: Any = None

    def fit(self, X: Any, y: Any = None) -> Self:
        """X: (memories, units) of -1 and 1; ValueError for other values."""
        X = self._states(X, first=True)
        self._total, self.n_memories_ = np.zeros((X.shape[1],) * 2), 0
        return self.partial_fit(X)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Store more memories, as if all had come at once."""
        if not hasattr(self, "n_memories_"):
            return self.fit(X)
        X = self._states(X)
        w = Variable(np.zeros(X.shape[1] * (X.shape[1] - 1) // 2), name="weights")
        # With rate M the sum over the memories: whole numbers, so that fields are exact, and a
        # field of 0 is 0.
        descend(lambda: storage_energy(w, X), [w], len(X))
        self._total += np.rint(symmetric(w.value, X.shape[1]))
        self.n_memories_ += len(X)
        self.weights_ = self._total / self.n_memories_
        return self

    def energy(self, X: Any) -> Any:
        """E of each state: (samples,)."""
        return hopfield_energy(self._states(X), self.weights_)

    def fields(self, X: Any) -> Any:
        """v_j = -∂E/∂y_j of each state, read off the tape: (samples, units)."""
        return self._pull(self._states(X)) / self.n_memories_

    def _pull(self, y: Any) -> Any:
        """n_memories_ times the fields: whole numbers."""
        return -grad(lambda y: np.sum(hopfield_energy(y, self._total)))(y)

    def stable(self, X: Any) -> Any:
        """Would no unit of a state change? (samples,), booleans."""
        X = self._states(X)
        return np.all(X * self._pull(X) >= 0, axis=1)

    def predict(self, X: Any) -> Any:
        """The stable state that each one rolls down to: (samples, units)."""
        rng = np.random.default_rng(self.random_state)
        return np.stack([self._recall(y.copy(), rng) for y in self._states(X)])

    def _recall(self, y: Any, rng: np.random.Generator) -> Any:
        field, changed = self._pull(y), True
        while changed:
            changed = False
            for j in rng.permutation(len(y)):
                if field[j] * y[j] < 0:  # a field of 0 leaves the unit as it is
                    y[j] = -y[j]
                    field, changed = self._pull(y), True
        return y

    def _states(self, X: Any, first: bool = False) -> Any:
        X = self._samples(X, first)
        if not (np.abs(X) == 1).all():
            raise ValueError(
                "Hopfield: states are -1 or 1, and others were given; for 0 and 1 give 2·X - 1, "
                "for grey values np.where(X > threshold, 1, -1)"
            )
        return X
