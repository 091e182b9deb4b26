"""Extreme learning machines (003 §5): a random hidden layer, and output weights in closed form.

Next to read: :mod:`nn.classic.som`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from .. import functional as F
from .domains import not_negative, one_of, whole
from .estimator import Classifier, Estimator, Regressor, warn

__all__ = ["ELMClassifier", "ELMRegressor", "ridge_error", "ridge_solution"]

ACTIVATIONS: dict[str, Any] = {"sigmoid": F.sigmoid, "tanh": np.tanh, "sin": np.sin, "relu": F.relu}


def ridge_error(beta: Any, H: Any, T: Any, alpha: float = 0.0) -> Any:
    """‖Hβ - T‖² + λ‖β‖²; beta: (hidden, outputs), H: (samples, hidden), T: (samples, outputs).

    Its gradient in β is 0 at β = (HᵀH + λI)⁻¹HᵀT (003 §5.1).
    """
    return np.sum((H @ beta - T) ** 2) + alpha * np.sum(beta**2)


def ridge_solution(H: Any, T: Any, alpha: float = 0.0) -> Any:
    """Where the gradient of :func:`ridge_error` is 0: (hidden, outputs).

    With alpha = 0 the pseudo-inverse.  Where HᵀH + λI is singular this is the shortest of all
    solutions, and a warning says so.  Raises ValueError for a negative alpha.
    """
    if alpha < 0:
        raise ValueError(f"alpha, the λ of the ridge, must not be negative, but it is {alpha}")
    n, hidden = H.shape
    if alpha > 0:
        # ‖Hβ - T‖² + λ‖β‖² = ‖[H; √λI]β - [T; 0]‖², whose condition is the square root of HᵀH's
        H = np.concatenate([H, float(alpha) ** 0.5 * np.eye(hidden, dtype=H.dtype)])
        T = np.concatenate([T, np.zeros((hidden, T.shape[1]), T.dtype)])
    beta, _, rank, _ = np.linalg.lstsq(H, T)
    if rank < hidden:
        warn(
            f"HᵀH + λI is singular: rank {rank} for {hidden} hidden units on {n} samples, with λ = "
            f"{alpha:g}; the pseudo-inverse's shortest solution was taken. Fewer units, or a "
            "larger alpha, are safer"
        )
    return beta


@dataclass(eq=False, repr=False)
class _ELM(Estimator):
    n_hidden: int = 500
    _: KW_ONLY
    activation: str = "sigmoid"
    alpha: float = 0.0
    n_draws: int = 1
    random_state: Any = None

    _domains: ClassVar = {
        "n_hidden": whole(), "activation": one_of(*ACTIVATIONS), "alpha": not_negative,
        "n_draws": whole(),
    }  # fmt: skip

    def _learn(self, X: Any, T: Any) -> None:
        """Draw hidden weights, and solve for those of the output; T: (samples, outputs)."""
        rng = np.random.default_rng(self.random_state)
        shape = (X.shape[1] + 1, self.n_hidden)
        draws = [rng.uniform(-1, 1, shape).astype(X.dtype) for _ in range(self.n_draws)]
        self.hidden_weights_ = draws[0]
        if len(draws) > 1:
            # The draw whose solution on four fifths of the samples errs least on the others.
            order, errors = rng.permutation(len(X)), []
            held, rest = np.split(order, [max(len(X) // 5, 1)])
            for self.hidden_weights_ in draws:
                H = self._hidden(X)
                beta = ridge_solution(H[rest], T[rest], self.alpha)
                errors.append(float(ridge_error(beta, H[held], T[held])))
            self.hidden_weights_ = draws[int(np.argmin(errors))]
        self.beta_ = ridge_solution(self._hidden(X), T, self.alpha)

    def _hidden(self, X: Any) -> Any:
        """H = g(b + X·W): (samples, n_hidden)."""
        return ACTIVATIONS[self.activation](self.hidden_weights_[0] + X @ self.hidden_weights_[1:])

    def _outputs(self, X: Any) -> Any:
        return self._hidden(self._samples(X)) @ self.beta_


@dataclass(eq=False, repr=False)
class ELMClassifier(_ELM, Classifier):
    """An extreme learning machine (Huang et al. 2006) for classes: targets ±1, one output each.

    n_hidden    random units, whose weights and biases are drawn from U(-1, 1) and never learnt
    activation  g: "sigmoid", "tanh", "sin" or "relu"
    alpha       λ of the ridge; 0 for the pseudo-inverse
    n_draws     how many random layers are tried; the best on a fifth of the samples is kept

        H = g(b + X·W);  β = (HᵀH + λI)⁻¹HᵀT, where the gradient of ridge_error is 0

    With as many units as distinct samples it learns them by heart (003 §5).
    Sets hidden_weights_: (1 + features, n_hidden), beta_: (n_hidden, outputs).
    """

    def fit(self, X: Any, y: Any) -> Self:
        """X: (samples, features), scaled to about ±1; y: (samples,) of any classes."""
        X = self._samples(X, first=True)
        self._learn(X, self._signs(self._labels(X, y), X.dtype))
        return self

    def decision_function(self, X: Any) -> Any:
        """Hβ: (samples,) for two classes, else (samples, classes)."""
        return self._margins(self._outputs(X))


@dataclass(eq=False, repr=False)
class ELMRegressor(_ELM, Regressor):
    """An extreme learning machine for numbers; all as of :class:`ELMClassifier`."""

    _tags: ClassVar[dict[str, Any]] = {"target.multi_output": True}

    def fit(self, X: Any, y: Any) -> Self:
        """X: (samples, features), scaled to about ±1; y: (samples,) or (samples, targets)."""
        X = self._samples(X, first=True)
        y = self._numbers(X, y, columns=True)
        self._flat = y.ndim == 1
        self._learn(X, y.reshape(len(y), -1))
        return self

    def predict(self, X: Any) -> Any:
        """Hβ: (samples,) or (samples, targets)."""
        y = self._outputs(X)
        return y[:, 0] if self._flat else y
