"""What all classic networks have in common: scikit-learn's interface, and one way to learn.

The networks take part in scikit-learn's pipelines and searches, but do not need it.

Next to read: :mod:`nn.classic.perceptron`.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from autograd_tape import Tape, Variable

__all__ = ["Classifier", "Estimator", "Regressor", "Transformer", "descend"]


def descend(scalar: Callable[[], Any], parameters: Sequence[Variable], rate: float) -> list[Any]:
    """One step of learning, which is the same for every network: down the tape's adjoint.

        p ← p - η·∂scalar/∂p

    scalar  computes the one number of which the network's learning rule is the gradient
    Returns the gradients.
    """
    with Tape() as tape:
        value = scalar()
    gradients: list[Any] = tape.gradient(value, parameters)
    for p, gradient in zip(parameters, gradients, strict=True):
        p.value = p.value - rate * gradient
    return gradients


def scikit(name: str, *bases: type[Exception]) -> Any:
    """scikit-learn's exception or warning of this name, for its tools to know; else one like it."""
    try:
        from sklearn import exceptions
    except ModuleNotFoundError:
        return type(name, bases, {})
    return getattr(exceptions, name)


def warn(message: str, name: str = "ConvergenceWarning") -> None:
    """Warn whoever called ``fit``."""
    warnings.warn(message, scikit(name, UserWarning), stacklevel=3)


class Estimator:
    """Base of all classic networks: a dataclass whose fields are the parameters, and a ``fit``.

    ``fit`` sets attributes that end with an underscore, and returns the estimator.
    """

    _type: ClassVar[str | None] = None  # as scikit-learn's estimator_type
    _tags: ClassVar[dict[str, Any]] = {}  # what else it should know, as "target.multi_output"
    n_features_in_: int

    # -- parameters ----------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; ValueError for unknown ones."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self!r}; it has {list(known)}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        parameters = inspect.signature(type(self)).parameters
        given = ((n, v, parameters[n].default) for n, v in self.get_params().items())
        changed = (f"{name}={value!r}" for name, value, d in given if repr(value) != repr(d))
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        from sklearn import utils

        tags = utils.Tags(
            estimator_type=self._type,
            target_tags=utils.TargetTags(required=self._type in ("classifier", "regressor")),
            classifier_tags=utils.ClassifierTags() if self._type == "classifier" else None,
            regressor_tags=utils.RegressorTags() if self._type == "regressor" else None,
            transformer_tags=utils.TransformerTags(preserves_dtype=["float64", "float32"])
            if self._type == "transformer" else None,
        )  # fmt: skip
        for path, value in self._tags.items():
            part, _, name = path.rpartition(".")
            setattr(getattr(tags, f"{part}_tags") if part else tags, name, value)
        return tags

    # -- what comes in -------------------------------------------------------------------------

    def _samples(self, X: Any, first: bool = False) -> Any:
        """``X`` as an array (samples, features) of float32 or float64.

        first  it decides how many features there are, and later ones must have as many
        Raises TypeError for sparse matrices, ValueError for complex numbers, NaN, inf and other
        shapes; NotFittedError if nothing came first.
        """
        name = type(self).__name__
        if not first and not hasattr(self, "n_features_in_"):
            raise scikit("NotFittedError", ValueError, AttributeError)(
                f"This {name} instance is not fitted yet: call 'fit' first"
            )
        if hasattr(X, "toarray"):
            raise TypeError(f"{name}: sparse data is not supported; give X.toarray()")
        X = np.asarray(X)
        if X.dtype.kind == "c":
            raise ValueError(f"{name}: Complex data not supported")
        if X.dtype not in (np.float32, np.float64):
            X = X.astype(np.float64)
        if X.ndim != 2:
            raise ValueError(
                f"{name}: Expected 2D array (samples, features), got {X.ndim}D array instead. "
                "Reshape your data: X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one "
                "sample"
            )
        for axis, what in enumerate(("sample(s)", "feature(s)")):
            if X.shape[axis] == 0:
                raise ValueError(
                    f"{name}: Found array with 0 {what} (shape={X.shape}) while a minimum of 1 is "
                    "required."
                )
        if not np.isfinite(X).all():
            raise ValueError(f"{name}: Input X contains NaN or inf (infinity)")
        if first:
            self.n_features_in_ = X.shape[1]
        elif X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {name} is expecting {self.n_features_in_} "
                "features as input"
            )
        return X

    def _targets(self, X: Any, y: Any, columns: bool = False) -> Any:
        """``y`` as an array with a target for each sample of ``X``.

        columns  several targets per sample are allowed: (samples, targets)
        """
        name = type(self).__name__
        if y is None:
            raise ValueError(f"{name} requires y to be passed, but the target y is None")
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1 and not columns:
            warn(
                "A column-vector y was passed when a 1d array was expected", "DataConversionWarning"
            )
            y = y.ravel()
        if y.ndim not in ((1, 2) if columns else (1,)):
            raise ValueError(
                f"{name}: y has shape {y.shape}; give one target per sample, (samples,)"
            )
        if len(y) != len(X):
            raise ValueError(
                f"{name}: Found input variables with inconsistent numbers of samples: "
                f"{[len(X), len(y)]}"
            )
        if y.dtype.kind == "c":
            raise ValueError(f"{name}: Complex data not supported")
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            raise ValueError(f"{name}: Input y contains NaN or infinity")
        return y

    def _rounds(self, n: int) -> Any:
        """``range(n)`` with a progress bar, which shows only if it takes longer than a second, and
        not at all with TQDM_DISABLE=1 in the environment.
        """
        from tqdm.auto import tqdm

        return tqdm(range(n), desc=type(self).__name__, delay=1, leave=False)


class Classifier(Estimator):
    """An estimator with ``classes_``, a ``decision_function`` and the ``predict`` that follows."""

    _type = "classifier"
    classes_: Any

    def _labels(self, X: Any, y: Any, classes: Any = None) -> Any:
        """The index of each target in ``classes_``, which are set (by the first call)."""
        name, y = type(self).__name__, self._targets(X, y)
        if y.dtype.kind == "f" and (y != np.floor(y)).any():
            raise ValueError(
                f"{name}: Unknown label type: continuous. Maybe you are trying to fit a "
                "classifier, which expects discrete classes on a regression target"
            )
        self.classes_ = np.unique(y if classes is None else classes)
        if len(self.classes_) < 2:
            raise ValueError(f"{name}: there is one class in y, {self.classes_}; give at least two")
        index = np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1)
        if (self.classes_[index] != y).any():
            raise ValueError(f"{name}: y has other classes than {self.classes_}")
        return index

    def _signs(self, index: Any, dtype: Any) -> Any:
        """±1 for each output unit: (samples, 1) for two classes, else (samples, classes)."""
        n = len(self.classes_)
        right = index[:, None] == (np.arange(n) if n > 2 else np.array([1]))
        return np.where(right, 1.0, -1.0).astype(dtype)

    def decision_function(self, X: Any) -> Any:
        """(samples,) for two classes, positive for the second one; else (samples, classes)."""
        raise NotImplementedError

    def predict(self, X: Any) -> Any:
        """The class of each sample: (samples,)."""
        v = self.decision_function(X)
        return self.classes_[(v > 0).astype(int) if v.ndim == 1 else np.argmax(v, axis=1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of right classes."""
        return float(np.average(self.predict(X) == np.asarray(y), weights=sample_weight))


class Regressor(Estimator):
    """An estimator of numbers: ``predict`` gives (samples,), or (samples, targets)."""

    _type = "regressor"

    def predict(self, X: Any) -> Any:
        """The value for each sample."""
        raise NotImplementedError

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R²: 1 for right values, 0 for what the mean alone would reach."""
        y = np.asarray(y)
        w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        w = w.reshape((-1,) + (1,) * (y.ndim - 1))
        residual = np.sum(w * (y - self.predict(X)) ** 2, axis=0)
        total = np.sum(w * (y - np.average(y, axis=0, weights=sample_weight)) ** 2, axis=0)
        return float(np.mean(1 - residual / np.where(total == 0, 1, total)))


class Transformer(Estimator):
    """An estimator that makes other features: ``transform`` gives (samples, features)."""

    _type = "transformer"

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from ``X`` alone."""
        raise NotImplementedError

    def transform(self, X: Any) -> Any:
        """The new features of each sample."""
        raise NotImplementedError

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """``fit`` and ``transform`` of the same samples."""
        return self.fit(X).transform(X)
