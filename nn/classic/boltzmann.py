"""Boltzmann machines (003 §8): stochastic units 0 or 1, whose energy is lowered at the data and
raised at what the machine dreams.

Next to read: :mod:`nn.classic.deep`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from autograd_tape import Tape, Variable, grad

from .. import functional as F
from .. import init, optim
from .domains import fraction, kinds_of_units, not_negative, positive, whole
from .estimator import Estimator, Transformer, descend, rounds
from .hopfield import symmetric

__all__ = [
    "RBM", "BoltzmannMachine", "boltzmann_energy", "free_energy", "joint_energy", "sampled",
]  # fmt: skip


def sampled(p: Any, rng: np.random.Generator) -> Any:
    """1 with probability ``p``, else 0; the shape and dtype of ``p``."""
    return (rng.random(p.shape) < p).astype(p.dtype)


def expect_probabilities(name: str, X: Any, visible: str) -> None:
    """Raise ValueError for data of binary visible units outside of [0, 1]."""
    if visible == "binary" and (X.min() < 0 or X.max() > 1):
        raise ValueError(
            f"{name}: binary visible units take values in [0, 1], and these are {X.min():g} to "
            f'{X.max():g}; scale them (X / X.max()), or give visible="gaussian"'
        )


def boltzmann_energy(s: Any, W: Any, b: Any) -> Any:
    """E(s) = -½sᵀWs - bᵀs of states 0 or 1; s: (..., units), W: (units, units) symmetric with a
    diagonal of 0, b: (units,).

    The energy gap of unit i is ΔE_i = E(s_i = 0) - E(s_i = 1) = Σ_j w_ij·s_j + b_i = -∂E/∂s_i.
    """
    return -0.5 * np.sum((s @ W) * s, axis=-1) - s @ b


def joint_energy(v: Any, h: Any, W: Any, b: Any, c: Any) -> Any:
    """E(v, h) = -vᵀWh - bᵀv - cᵀh of a restricted machine; v: (..., visible), h: (..., hidden),
    W: (visible, hidden), b: (visible,), c: (hidden,).
    """
    return -np.sum((v @ W) * h, axis=-1) - v @ b - h @ c


def free_energy(
    v: Any, W: Any, b: Any, c: Any, temperature: float = 1.0, visible: str = "binary"
) -> Any:
    """F(v) = -T·log Σ_h exp(-E(v, h)/T) = -bᵀv - T·Σ_j log(1 + exp((c_j + vᵀw_j)/T)).

    Shapes as of :func:`joint_energy`.  For "gaussian" visible units ½‖v - b‖² stands for -bᵀv.
    The gradient of F(v⁰) - F(v^k) in W, v's held constant, is -(⟨vh⟩⁰ - ⟨vh⟩^k) with
    h = σ((c + vᵀW)/T): contrastive divergence (003 §8; Hinton 2002).
    """
    own = 0.5 * np.sum((v - b) ** 2, axis=-1) if visible == "gaussian" else -(v @ b)
    return own - temperature * np.sum(F.softplus((c + v @ W) / temperature), axis=-1)


class _ByEpochs:
    """What both machines do alike: their states come in, and each epoch is a step or more."""

    epochs: int
    _states: Any
    _begin: Any
    _epoch: Any

    def fit(self, X: Any, y: Any = None) -> Self:
        """X: (samples, visible), states of the kind that the class names."""
        X = self._states(X, first=True)
        self._begin(X)
        for _ in rounds(self.epochs, type(self).__name__):
            self._epoch(X)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One epoch more."""
        first = not hasattr(self, "weights_")
        X = self._states(X, first)
        if first:
            self._begin(X)
        self._epoch(X)
        return self


@dataclass(eq=False, repr=False)
class RBM(_ByEpochs, Transformer):
    """A restricted Boltzmann machine: visible and hidden units, connected across only.

    n_hidden      hidden units
    k             steps of Gibbs sampling in CD-k
    eta, momentum, decay  η, α, λ of w ← w + Δ, Δ ← αΔ + η(⟨vh⟩⁰ - ⟨vh⟩^k - λw)
    epochs, batch_size    samples are shown so often, so many at a time
    temperature   T of p = σ(ΔE/T): how little the energy counts
    visible       "binary": values in [0, 1], as probabilities; "gaussian": any numbers, best
                  standardised
    random_state  of weights, order and sampling

    Learns by the gradient of the mean of F(v⁰) - F(v^k), see :func:`free_energy`; v^k is sampled,
    and held constant.  (Gaussian units reconstruct without noise: that of their unit variance would
    hide what standardised data have to teach; Hinton 2010, "A practical guide", §13.2.)
    ``transform`` gives p(h = 1 | v).
    Sets weights_: (visible, hidden), visible_bias_, hidden_bias_, reconstruction_errors_ (one per
    epoch: the mean square of v⁰ - v^k).
    Raises ValueError for binary visible units outside of [0, 1].
    """

    n_hidden: int = 64
    _: KW_ONLY
    k: int = 1
    eta: float = 0.05
    momentum: float = 0.5
    decay: float = 0.0
    epochs: int = 10
    batch_size: int = 10
    temperature: float = 1.0
    visible: str = "binary"
    random_state: Any = None

    _domains: ClassVar = {
        "n_hidden": whole(), "k": whole(), "eta": positive, "momentum": fraction,
        "decay": not_negative, "epochs": whole(0), "batch_size": whole(), "temperature": positive,
        "visible": kinds_of_units,
    }  # fmt: skip

    def _begin(self, X: Any) -> None:
        self._rng = np.random.default_rng(self.random_state)
        shape = (X.shape[1], self.n_hidden)
        weights = init.normal(shape, self._rng, std=0.01, dtype=X.dtype)
        self.weights_ = Variable(weights, name="weights")
        self.visible_bias_ = Variable(np.zeros(shape[0], X.dtype), name="visible_bias")
        self.hidden_bias_ = Variable(np.zeros(shape[1], X.dtype), name="hidden_bias")
        parameters = [self.weights_, self.visible_bias_, self.hidden_bias_]
        self._optimizer = optim.SGD(parameters)
        self.reconstruction_errors_: list[float] = []

    def _epoch(self, X: Any) -> None:
        total, batches = 0.0, -(-len(X) // self.batch_size)
        for rows in np.array_split(self._rng.permutation(len(X)), batches):
            error = np.mean((X[rows] - self.contrast(X[rows])) ** 2)
            total += float(error) * len(rows)
        self.reconstruction_errors_.append(total / len(X))

    def contrast(self, v0: Any) -> Any:
        """One step of contrastive divergence on a batch; returns v^k, all: (samples, visible)."""
        vk = self._gibbs(v0, self.k, self._rng, noise=False)
        with Tape() as tape:
            # the mean of F(v⁰) - F(v^k), and ½λ‖W‖²
            scalar = np.mean(self._free_energy(v0) - self._free_energy(vk))
            if self.decay:
                scalar = scalar + 0.5 * self.decay * np.sum(self.weights_**2)
        self._optimizer.lr, self._optimizer.momentum = float(self.eta), float(self.momentum)
        self._optimizer.step(tape.gradient(scalar, self._optimizer.params))
        return vk

    def _free_energy(self, v: Any) -> Any:
        w, b, c = self._optimizer.params
        return free_energy(v, w, b, c, float(self.temperature), self.visible)

    def free_energy(self, X: Any) -> Any:
        """F of each sample, the lower the likelier; (samples,)."""
        return self._free_energy(self._states(X)).value

    def transform(self, X: Any) -> Any:
        """p(h = 1 | v) = σ((c + vᵀW)/T): (samples, n_hidden)."""
        return self._up(self._states(X))

    def inverse_transform(self, H: Any) -> Any:
        """The mean of v given hidden states, σ((b + W·h)/T) or b + W·h: (samples, visible)."""
        self._expect_fitted()
        return self._down(self._samples(H, width=self.hidden_bias_.size))

    def gibbs(self, V: Any, steps: int = 1, rng: np.random.Generator | None = None) -> Any:
        """Visible states after so many steps v → h → v, all sampled; (samples, visible)."""
        return self._gibbs(self._states(V), steps, self._rng if rng is None else rng)

    def _gibbs(self, V: Any, steps: int, rng: np.random.Generator, noise: bool = True) -> Any:
        for _ in range(steps):
            V = self._down(sampled(self._up(V), rng))
            if self.visible == "binary":
                V = sampled(V, rng)
            elif noise:  # p(v | h) ∝ exp(-½‖v - mean‖²/T)
                V = V + (self.temperature**0.5 * rng.standard_normal(V.shape)).astype(V.dtype)
        return V

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the mean square of what ``transform`` and ``inverse_transform`` lose."""
        X = self._states(X)
        return -float(np.mean((X - self._down(self._up(X))) ** 2))

    def _up(self, v: Any) -> Any:
        c, w = self.hidden_bias_.value, self.weights_.value
        return F.sigmoid((c + v @ w) / float(self.temperature))

    def _down(self, h: Any) -> Any:
        z = self.visible_bias_.value + h @ self.weights_.value.T
        return z if self.visible == "gaussian" else F.sigmoid(z / float(self.temperature))

    def _states(self, X: Any, first: bool = False) -> Any:
        X = self._samples(X, first)
        expect_probabilities("RBM", X, self.visible)
        return X


@dataclass(eq=False, repr=False)
class BoltzmannMachine(_ByEpochs, Estimator):
    """Binary units, all connected, of which some see the data and the others are hidden.

    n_hidden      hidden units beside the visible ones
    steps         sweeps of Gibbs sampling in each phase
    eta, epochs   learning rate, and how often the samples are shown (all at once)
    temperature   T of p(s_i = 1) = σ(ΔE_i/T)
    random_state  of weights and sampling

    Learns by the gradient of ⟨E(s)⟩ with the visible units clamped to the data, less ⟨E(s)⟩ running
    freely, the states held constant: Δw_ij = η(⟨s_i s_j⟩_clamped - ⟨s_i s_j⟩_free), Hebb's rule
    awake and unlearning asleep (003 §8; Ackley, Hinton and Sejnowski 1985).
    Sets weights_: (units, units) symmetric, biases_: (units,); visible units come first.
    Raises ValueError for states other than 0 and 1.
    """

    n_hidden: int = 0
    _: KW_ONLY
    steps: int = 10
    eta: float = 0.05
    epochs: int = 100
    temperature: float = 1.0
    random_state: Any = None

    _domains: ClassVar = {
        "n_hidden": whole(0), "steps": whole(), "eta": positive, "epochs": whole(0),
        "temperature": positive,
    }  # fmt: skip

    def _begin(self, X: Any) -> None:
        n = X.shape[1] + self.n_hidden
        self._rng = np.random.default_rng(self.random_state)
        weights = 0.01 * self._rng.standard_normal(n * (n - 1) // 2)
        self._w = Variable(weights.astype(X.dtype), name="weights")
        self._b = Variable(np.zeros(n, X.dtype), name="biases")
        self.weights_, self.biases_ = symmetric(self._w.value, n), self._b.value
        self._free = sampled(np.full((len(X), n), 0.5, X.dtype), self._rng)

    def _epoch(self, X: Any) -> None:
        w, b, n = self._w, self._b, len(self.biases_)
        clamped = self.gibbs(self._beside(X, self._rng), self.steps, fixed=X.shape[1])
        free = self._free = self.gibbs(self._free, self.steps)  # on from where the last dream ended
        descend(
            lambda: np.mean(boltzmann_energy(clamped, symmetric(w, n), b))
            - np.mean(boltzmann_energy(free, symmetric(w, n), b)),
            [w, b], self.eta,
        )  # fmt: skip
        self.weights_, self.biases_ = symmetric(w.value, n), b.value

    def energy(self, S: Any) -> Any:
        """E of states of all units, (samples, units): (samples,)."""
        return boltzmann_energy(self._units(S), self.weights_, self.biases_)

    def gaps(self, S: Any) -> Any:
        """ΔE_i = -∂E/∂s_i of each unit, read off the tape; S, result: (samples, units)."""
        return -grad(lambda s: np.sum(boltzmann_energy(s, self.weights_, self.biases_)))(
            self._units(S)
        )

    def gibbs(
        self, S: Any, steps: int = 1, temperature: float | None = None, fixed: int = 0,
        rng: np.random.Generator | None = None,
    ) -> Any:  # fmt: skip
        """States after so many sweeps over the units; S, result: (samples, units) of 0 and 1.

        temperature  another one than the machine's
        fixed        so many of the first units stay as they are
        """
        S, rng = np.array(self._units(S)), self._rng if rng is None else rng
        T = float(self.temperature if temperature is None else temperature)
        for _ in range(steps):
            for i in fixed + rng.permutation(S.shape[1] - fixed):
                # p(s_i = 1) = σ(ΔE_i/T)
                gap = S @ self.weights_[:, i] + self.biases_[i]
                S[:, i] = sampled(F.sigmoid(gap / T), rng)
        return S

    def predict(self, X: Any) -> Any:
        """Visible states completed: after ``steps`` free sweeps that cool down to T/10."""
        X, rng = self._states(X), np.random.default_rng(self.random_state)
        S = self.gibbs(self._beside(X, rng), fixed=X.shape[1], rng=rng)
        for T in self.temperature * np.geomspace(1.0, 0.1, self.steps):
            S = self.gibbs(S, temperature=T, rng=rng)
        return S[:, : X.shape[1]]

    def _beside(self, X: Any, rng: np.random.Generator) -> Any:
        """States of all units: the visible ones, and hidden ones at random."""
        hidden = np.full((len(X), len(self.biases_) - X.shape[1]), 0.5, X.dtype)
        return np.concatenate([X, sampled(hidden, rng)], axis=1)

    def _units(self, S: Any) -> Any:
        self._expect_fitted()
        return self._samples(S, width=len(self.biases_))

    def _states(self, X: Any, first: bool = False) -> Any:
        X = self._samples(X, first)
        if not ((X == 0) | (X == 1)).all():
            raise ValueError(
                "BoltzmannMachine: states are 0 or 1, and others were given; for -1 and 1 give "
                "(X + 1) / 2, for grey values X > threshold"
            )
        return X
