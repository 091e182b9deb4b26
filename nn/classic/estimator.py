"""What all classic networks have in common: scikit-learn's interface, and one way to learn.

The networks take part in scikit-learn's pipelines and searches, but do not need it.

Next to read: :mod:`nn.classic.domains`.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from autograd_tape import Tape, Variable

from .domains import Domain

__all__ = [
    "Classifier", "ConvergenceWarning", "DataConversionWarning", "Estimator", "NotFittedError",
    "Regressor", "Transformer", "descend",
]  # fmt: skip


def descend(scalar: Callable[[], Any], parameters: Sequence[Variable], rate: float) -> list[Any]:
    """One step of learning, which is the same for every network: down the tape's adjoint.

        p ← p - η·∂scalar/∂p

    scalar  computes the one number of which the network's learning rule is the gradient
    Returns the gradients.
    """
    with Tape() as tape:
        value = scalar()
    gradients: list[Any] = tape.gradient(value, parameters)
    rate = float(rate)  # a NumPy scalar would make float32 parameters float64
    for p, gradient in zip(parameters, gradients, strict=True):
        p.value = p.value - rate * gradient
    return gradients


def rounds(n: int, what: str) -> Any:
    """``range(n)`` with a progress bar, which shows only if it takes longer than a second."""
    from tqdm.auto import tqdm

    return tqdm(range(n), desc=what, delay=1, leave=False)


# -- errors and warnings ---------------------------------------------------------------------------


class NotFittedError(ValueError, AttributeError):
    """Something was asked of a network that has not learnt yet."""


class ConvergenceWarning(UserWarning):
    """Learning stopped, or a solution was taken, short of what was asked for."""


class DataConversionWarning(UserWarning):
    """Data came in another form than it should."""


def scikit(own: Any) -> Any:
    """The class, or scikit-learn's of the same name where that is in use, for its tools to know."""
    return getattr(sys.modules.get("sklearn.exceptions"), own.__name__, own)


def warn(message: str, category: type[Warning] = ConvergenceWarning) -> None:
    """Warn at the line outside of this package that led here."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").startswith(str(__package__)):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, scikit(category), stacklevel=level)


# -- estimators ------------------------------------------------------------------------------------


class Estimator:
    """Base of all classic networks: a dataclass whose fields are the parameters, and a ``fit``.

    ``fit`` sets attributes that end with an underscore, and returns the estimator; where there is a
    ``partial_fit`` it goes on from there, and the first one begins.
    A ``random_state`` is what ``np.random.default_rng`` takes: a seed, or a generator.
    """

    _type: ClassVar[str | None] = None  # as scikit-learn's estimator_type
    _tags: ClassVar[dict[str, Any]] = {}  # what else it should know, as "target.multi_output"
    _domains: ClassVar[dict[str, Domain]] = {}  # of the parameters; ``fit`` looks at them
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

    def _expect_fitted(self) -> None:
        if not hasattr(self, "n_features_in_"):
            raise scikit(NotFittedError)(
                f"This {type(self).__name__} instance is not fitted yet: call 'fit' first"
            )

    def _samples(self, X: Any, first: bool = False, width: int | None = None) -> Any:
        """``X`` as an array (samples, features) of float32 or float64.

        first  it decides how many features there are, and later ones must have as many (and, of a
               data frame, the same names); the parameters are looked at, too
        width  another number of features than that of the first ones
        Raises TypeError for sparse matrices, ValueError for complex numbers, NaN, inf, other shapes
        and wrong parameters; NotFittedError if nothing came first.
        """
        name = type(self).__name__
        if first:
            for key, domain in self._domains.items():
                if not domain.holds(getattr(self, key)):
                    raise ValueError(
                        f"{name}: {key} must be {domain.words}, not {getattr(self, key)!r}"
                    )
        else:
            self._expect_fitted()
        if hasattr(X, "toarray"):
            raise TypeError(f"{name}: sparse data is not supported; give X.toarray()")
        columns = list(getattr(X, "columns", []))
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
        self._expect_finite("X", X)
        if first:
            self.n_features_in_ = X.shape[1]
        elif X.shape[1] != (width or self.n_features_in_):
            raise ValueError(
                f"X has {X.shape[1]} features, but {name} is expecting "
                f"{width or self.n_features_in_} features as input"
            )
        if width is None:
            self._expect_columns(columns, first)
        return X

    def _expect_columns(self, columns: list[Any], first: bool) -> None:
        """The columns of a data frame, if they have names, are those of the first one."""
        names = columns if all(isinstance(c, str) for c in columns) else []
        if first:
            self.__dict__.pop("feature_names_in_", None)
            if names:
                self.feature_names_in_ = np.array(names, object)
        elif names and names != list(getattr(self, "feature_names_in_", names)):
            raise ValueError(
                f"{type(self).__name__}: X has the columns {names}, but fit saw "
                f"{list(self.feature_names_in_)}; give the same ones in the same order"
            )

    def _expect_finite(self, what: str, x: Any) -> None:
        if x.dtype.kind == "f" and not np.isfinite(x).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
            raise ValueError(
                f"{type(self).__name__}: Input {what} contains NaN or infinity (inf), first at "
                f"{list(place)}: {x[place]}; leave these samples out, or fill in values"
            )

    def _targets(self, X: Any, y: Any, columns: bool = False) -> Any:
        """``y`` as an array with a target for each sample of ``X``.

        columns  several targets per sample are allowed: (samples, targets)
        """
        name = type(self).__name__
        if y is None:
            raise ValueError(f"{name} requires y to be passed, but the target y is None")
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1 and not columns:
            warn("A column-vector y was passed when a 1d array was expected", DataConversionWarning)
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
        self._expect_finite("y", y)
        return y


class Classifier(Estimator):
    """An estimator with ``classes_``, a ``decision_function`` and the ``predict`` that follows."""

    _type = "classifier"
    classes_: Any

    def _labels(self, X: Any, y: Any, classes: Any = None, first: bool = True) -> Any:
        """The index of each target in ``classes_``.

        first    ``classes_`` are set: to ``classes``, or without them to those in ``y``
        classes  later they may be given again, but must be the same
        """
        name, y = type(self).__name__, self._targets(X, y)
        if y.dtype.kind == "f" and (y != np.floor(y)).any():
            raise ValueError(
                f"{name}: Unknown label type: continuous. Maybe you are trying to fit a "
                "classifier, which expects discrete classes on a regression target"
            )
        try:
            known = np.unique(y if classes is None else classes)
        except TypeError as error:
            raise ValueError(
                f"{name}: Unknown label type: y has labels of several kinds"
            ) from error
        if first:
            self.classes_ = known
        elif classes is not None and not np.array_equal(known, self.classes_):
            raise ValueError(
                f"{name}: classes are {known}, but at first they were {self.classes_}; leave them "
                "out, or call fit to begin anew"
            )
        if len(self.classes_) < 2:
            raise ValueError(f"{name}: there is one class in y, {self.classes_}; give at least two")
        index = np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1)
        if (self.classes_[index] != y).any():
            raise ValueError(
                f"{name}: y has other classes than {self.classes_}; give all of them as classes in "
                "the first call"
            )
        return index

    def _signs(self, index: Any, dtype: Any) -> Any:
        """±1 for each output unit: (samples, 1) for two classes, else (samples, classes)."""
        n = len(self.classes_)
        right = index[:, None] == (np.arange(n) if n > 2 else np.array([1]))
        return np.where(right, 1.0, -1.0).astype(dtype)

    def _margins(self, z: Any) -> Any:
        """The outputs ``z`` as decision_function gives them; of two units the difference."""
        if z.shape[1] > 2:
            return z
        return z[:, 0] if z.shape[1] == 1 else z[:, 1] - z[:, 0]

    def decision_function(self, X: Any) -> Any:
        """(samples,) for two classes, positive for the second one; else (samples, classes)."""
        raise NotImplementedError

    def predict(self, X: Any) -> Any:
        """The class of each sample: (samples,)."""
        v = self.decision_function(X)
        return self.classes_[(v > 0).astype(int) if v.ndim == 1 else np.argmax(v, axis=1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of right classes; y: (samples,)."""
        right = self.predict(X) == np.ravel(self._targets(X, y, columns=True))
        return float(np.average(right, weights=sample_weight))


class Regressor(Estimator):
    """An estimator of numbers: ``predict`` gives (samples,), or (samples, targets)."""

    _type = "regressor"

    def _numbers(self, X: Any, y: Any, columns: bool = False) -> Any:
        """``y`` as an array of numbers of the dtype of ``X``; columns as of ``_targets``."""
        y = self._targets(X, y, columns)
        try:
            y = y.astype(X.dtype)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{type(self).__name__}: y must hold numbers: {error}") from error
        self._expect_finite("y", y)
        return y

    def predict(self, X: Any) -> Any:
        """The value for each sample."""
        raise NotImplementedError

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R², the mean over targets: 1 for right values, 0 for what the mean alone would reach.

        (Of a constant target: 1 if it is met, else 0.)  y: (samples,) or (samples, targets)
        """
        y = self._targets(X, y, columns=True).reshape(len(X), -1)
        values = np.reshape(self.predict(X), (len(y), -1))
        if values.shape != y.shape:
            raise ValueError(
                f"{type(self).__name__}: y has {y.shape[1]} targets per sample, but it predicts "
                f"{values.shape[1]}"
            )
        w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        residual = w @ (y - values) ** 2
        total = w @ (y - np.average(y, axis=0, weights=w)) ** 2
        constant = total == 0
        r2 = 1 - residual / np.where(constant, 1, total)
        return float(np.mean(np.where(constant, residual == 0, r2)))


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
