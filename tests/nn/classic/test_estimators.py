"""scikit-learn's own checks of the classic networks, and its tools around them."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest

from nn import classic as C

checks = pytest.importorskip("sklearn.utils.estimator_checks")
sklearn = pytest.importorskip("sklearn")
metrics = pytest.importorskip("sklearn.metrics")
search = pytest.importorskip("sklearn.model_selection")
pipeline = pytest.importorskip("sklearn.pipeline")
preprocessing = pytest.importorskip("sklearn.preprocessing")

# Small settings: too few epochs for noise, more units than samples.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLASSIFIERS = [
    C.Perceptron(max_iter=5),
    C.RBFClassifier(20, epochs=3),
    C.RBFClassifier(20, centers="random", weights="backprop", epochs=3),
    C.ELMClassifier(50),
    C.ELMClassifier(50, alpha=0.1, n_draws=2),
    C.DeepClassifier((16,), pretraining=None, epochs=10, eta=0.03),
    C.DeepClassifier((16, 8), pretraining_epochs=2, epochs=10, eta=0.03),
    C.DeepBeliefNetwork((16,), n_top=32, eta=0.1),
]
REGRESSORS = [
    C.Adaline(max_iter=10),
    C.RBFRegressor(200, centers="random"),
    C.ELMRegressor(30),
]
TRANSFORMERS = [
    C.SelfOrganizingMap((3, 3), epochs=2),
    C.RBM(8, epochs=2, visible="gaussian"),
    C.DeepAutoencoder((8, 4), pretraining_epochs=2, epochs=5),
]
ALL = CLASSIFIERS + REGRESSORS + TRANSFORMERS


with warnings.catch_warnings():
    # scikit-learn would like them to inherit from its BaseEstimator; they work without it.
    warnings.filterwarnings("ignore", ".* does not inherit from `sklearn.base.BaseEstimator`")
    each_check = checks.parametrize_with_checks(ALL)


@each_check
def test_scikit_learn_s_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def moons(n: int = 120) -> tuple[Any, Any]:
    """Two classes of points that no line separates."""
    rng = np.random.default_rng(0)
    angle, y = np.pi * rng.random(n), np.arange(n) % 2
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    X = np.where(y[:, None] == 1, [1.0, 0.5] - X, X) + 0.05 * rng.standard_normal((n, 2))
    return X, np.array(["inner", "outer"])[y]


def test_they_are_what_they_say() -> None:
    assert all(sklearn.base.is_classifier(e) for e in CLASSIFIERS)
    assert all(sklearn.base.is_regressor(e) for e in REGRESSORS)
    tags = [e.__sklearn_tags__() for e in TRANSFORMERS]
    assert all(t.estimator_type == "transformer" and t.transformer_tags for t in tags)
    assert [t.target_tags.required for t in tags] == [False] * len(tags)
    for net in (C.Hopfield(), C.BoltzmannMachine()):
        assert net.__sklearn_tags__().estimator_type is None
    assert C.ELMRegressor().__sklearn_tags__().target_tags.multi_output
    assert not C.Adaline().__sklearn_tags__().target_tags.multi_output


def test_in_a_pipeline_and_a_search() -> None:
    X, y = moons()
    net = pipeline.make_pipeline(
        preprocessing.StandardScaler(),
        C.SelfOrganizingMap((4, 4), epochs=5, random_state=0),
        C.ELMClassifier(20, random_state=0),
    )
    grid = {
        "elmclassifier__alpha": np.logspace(-3, 0, 2),
        "selforganizingmap__shape": [(1, 2), (4, 4)],
    }
    found = search.GridSearchCV(net, grid, cv=3).fit(X, y)
    assert found.best_params_["selforganizingmap__shape"] == (4, 4)
    assert found.score(X, y) > 0.95
    assert not np.isnan(found.cv_results_["mean_test_score"]).any()
    assert "ELMClassifier" in found._repr_html_() if hasattr(found, "_repr_html_") else True


def test_folds_are_stratified_for_classifiers() -> None:
    X, y = moons()
    order = np.argsort(y)  # folds in this order would lack one class each
    scores = search.cross_val_score(C.ELMClassifier(40, alpha=0.01), X[order], y[order], cv=2)
    assert scores.min() > 0.8


@pytest.mark.parametrize("net", [*ALL, C.Hopfield(3), C.BoltzmannMachine(2)], ids=repr)
def test_clones_have_the_parameters_and_nothing_else(net: Any) -> None:
    X = np.where(np.random.default_rng(0).random((12, 6)) < 0.5, -1.0, 1.0)
    X = X if not isinstance(net, C.BoltzmannMachine) else (X + 1) / 2
    fitted = sklearn.base.clone(net).fit(X, np.arange(12) % 3)
    assert fitted.n_features_in_ == 6
    copy = sklearn.base.clone(fitted)
    assert copy.get_params() == net.get_params()
    assert vars(copy) == vars(net)
    assert not hasattr(copy, "n_features_in_")


@pytest.mark.parametrize("net", ALL, ids=repr)
def test_a_pickled_one_answers_the_same_and_learns_on(net: Any) -> None:
    X, y = moons(30)
    y = (y == "inner").astype(float)
    fitted = sklearn.base.clone(net).set_params(random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))
    method = "transform" if net in TRANSFORMERS else "predict"
    np.testing.assert_array_equal(getattr(again, method)(X), getattr(fitted, method)(X))
    if hasattr(net, "partial_fit"):
        for one in (fitted, again):
            one.partial_fit(X, y)
        np.testing.assert_array_equal(getattr(again, method)(X), getattr(fitted, method)(X))


@pytest.mark.parametrize("targets", [(), (1,), (3,)])
@pytest.mark.parametrize("weighted", [False, True])
def test_r2_is_scikit_learn_s(targets: tuple[int, ...], weighted: bool) -> None:
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((20, 3)), rng.standard_normal((20, *targets))
    w = rng.random(20) if weighted else None
    net = C.ELMRegressor(5, random_state=0).fit(X, y)
    expected = metrics.r2_score(y, net.predict(X), sample_weight=w)
    assert net.score(X, y, w) == pytest.approx(expected, rel=1e-12)
    if targets != (3,):  # a column against a row of numbers is still one number per sample
        assert net.score(X, y.reshape(-1, 1), w) == pytest.approx(expected, rel=1e-12)
        assert net.score(X, y.reshape(-1), w) == pytest.approx(expected, rel=1e-12)


def test_r2_of_constant_targets_is_scikit_learn_s() -> None:
    X = np.arange(4.0)[:, None]
    net = C.Adaline(max_iter=1, tol=1e9, random_state=0).fit(X, [0.0, 0.0, 0.0, 0.0])
    for y in (np.zeros(4), np.ones(4)):
        assert net.score(X, y) == metrics.r2_score(y, net.predict(X))


@pytest.mark.parametrize("weighted", [False, True])
def test_accuracy_is_scikit_learn_s(weighted: bool) -> None:
    X, y = moons()
    w = np.random.default_rng(2).random(len(y)) if weighted else None
    net = C.Perceptron(max_iter=2, random_state=0).fit(X, y)
    expected = metrics.accuracy_score(y, net.predict(X), sample_weight=w)
    assert 0.5 < expected < 1
    assert net.score(X, y, w) == pytest.approx(expected, rel=1e-12)
    assert net.score(X, y[:, None], w) == pytest.approx(expected, rel=1e-12)


def test_errors_and_warnings_are_scikit_learn_s() -> None:
    with pytest.raises(sklearn.exceptions.NotFittedError):
        C.RBM().transform(np.zeros((2, 2)))
    with pytest.warns(sklearn.exceptions.ConvergenceWarning):
        C.Perceptron(max_iter=1).fit([[0.0], [0.0]], [0, 1])
    with pytest.warns(sklearn.exceptions.DataConversionWarning):
        C.ELMClassifier(1).fit([[0.0], [1.0]], [[0], [1]])
