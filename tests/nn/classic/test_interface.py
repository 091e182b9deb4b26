"""What all classic networks share: parameters, what they ask of data, dtypes, seeds, warnings.

None of this needs scikit-learn; :mod:`test_estimators` has what it says of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from nn import classic as C
from nn.classic.estimator import (
    ConvergenceWarning,
    DataConversionWarning,
    Estimator,
    NotFittedError,
    rounds,
    warn,
)
from nn.module import Module

ROOT = Path(__file__).parents[3]

CLASSIFIERS = [
    C.Perceptron(max_iter=3),
    C.RBFClassifier(4, epochs=2),
    C.ELMClassifier(4),
    C.DeepClassifier((4, 3), pretraining_epochs=1, epochs=2),
    C.DeepClassifier((4,), pretraining="autoassociator", pretraining_epochs=1, epochs=2),
    C.DeepBeliefNetwork((4,), n_top=3, pretraining_epochs=1, epochs=2),
]
REGRESSORS = [
    C.Adaline(max_iter=3),
    C.RBFRegressor(4, epochs=2, weights="lms"),
    C.RBFRegressor(4, epochs=2, weights="backprop"),
    C.ELMRegressor(4, alpha=0.1, n_draws=2),
]
TRANSFORMERS = [
    C.SelfOrganizingMap((2, 2), epochs=2),
    C.RBM(4, epochs=2, visible="gaussian"),
    C.DeepAutoencoder((4, 3), pretraining_epochs=1, epochs=2),
]
MEMORIES = [C.Hopfield(), C.BoltzmannMachine(2, steps=2, epochs=2)]
ALL = [*CLASSIFIERS, *REGRESSORS, *TRANSFORMERS, *MEMORIES]
each = pytest.mark.parametrize("net", ALL, ids=repr)

# Settings are small: not all networks come to an end of learning.
pytestmark = pytest.mark.filterwarnings("ignore:Perceptron|Adaline|HᵀH|RBF:UserWarning")


def fresh(net: Any, **parameters: Any) -> Any:
    return type(net)(**(net.get_params() | parameters))


def data(net: Any, n: int = 14, dtype: Any = np.float64) -> tuple[Any, Any]:
    rng = np.random.default_rng(8)
    X = rng.standard_normal((n, 5))
    if isinstance(net, C.Hopfield):
        X = np.where(X > 0, 1, -1)
    if isinstance(net, C.BoltzmannMachine):
        X = X > 0
    return X.astype(dtype), np.arange(n) % (2 if isinstance(net, C.Perceptron) else 3)


def answers(net: Any, X: Any) -> dict[str, Any]:
    """All that it says of ``X``, and its fitted attributes."""
    methods = ("predict", "decision_function", "predict_proba", "transform", "energy", "fields")
    found = {m: getattr(net, m)(X) for m in methods if hasattr(net, m)
             and not (m == "energy" and isinstance(net, C.BoltzmannMachine))}  # fmt: skip
    for name, x in vars(net).items():
        if name.endswith("_") and name != "classes_":
            found |= {f"{name}{i}": part for i, part in enumerate(leaves(x))}
    return found


def leaves(x: Any) -> list[Any]:
    if isinstance(x, (list, tuple)):
        return [leaf for part in x for leaf in leaves(part)]
    if isinstance(x, Module):
        return [p.value for p in x.parameters()]
    if isinstance(x, Estimator):
        return list(answers(x, np.zeros((1, x.n_features_in_), x.weights_.dtype)).values())
    return [x.value if isinstance(x, Variable) else x]


def same(a: dict[str, Any], b: dict[str, Any], rtol: float = 0.0) -> bool:
    return a.keys() == b.keys() and all(np.allclose(a[k], b[k], rtol, rtol) for k in a)


# -- without scikit-learn --------------------------------------------------------------------------


def run(code: str) -> str:
    """What a fresh interpreter prints, warnings and all."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_they_work_without_scikit_learn() -> None:
    code = """
import sys
sys.modules["sklearn"] = None  # importing it fails, as where it is not installed
import numpy as np, warnings
from nn import classic as C
from nn.classic import estimator as E
rng = np.random.default_rng(0)
X = np.concatenate([rng.standard_normal((20, 3)) + 3, rng.standard_normal((20, 3)) - 3])
y = np.repeat(["up", "down"], 20)
for net in (C.Perceptron(), C.RBFClassifier(5), C.ELMClassifier(10),
            C.DeepClassifier((4,), eta=0.05), C.DeepBeliefNetwork((4,), n_top=8, eta=0.1)):
    assert net.set_params(random_state=0).fit(X, y).score(X, y) == 1, net
    assert set(net.predict(X)) == {"up", "down"}
for net in (C.Adaline(tol=1e-3), C.RBFRegressor(20), C.ELMRegressor(10)):
    assert net.fit(X, X[:, 0]).score(X, X[:, 0]) > 0.9, net
for net in (C.SelfOrganizingMap((2, 2)), C.RBM(3, visible="gaussian"), C.DeepAutoencoder((2,))):
    assert net.fit_transform(X).shape[0] == 40
signs = np.where(X > 0, 1, -1)
assert (C.Hopfield().fit(signs).predict(signs) == signs).all()
assert C.BoltzmannMachine(1, epochs=2).fit(X > 0).predict(X > 0).shape == X.shape
try:
    C.ELMClassifier().predict(X)
except E.NotFittedError as error:
    print(type(error).__module__, isinstance(error, ValueError), error)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    C.Perceptron(max_iter=1).fit([[0.0], [0.0]], [[0], [1]])
print([w.category is k for w, k in zip(
    caught, (E.DataConversionWarning, E.ConvergenceWarning), strict=True)])
assert not any(m.startswith("sklearn.") for m in sys.modules)
"""
    unfitted, warned = run(code).splitlines()
    assert unfitted == (
        "nn.classic.estimator True This ELMClassifier instance is not fitted yet: call 'fit' first"
    )
    assert warned == "[True, True]"


def test_what_importing_them_imports() -> None:
    code = """
import sys, nn
assert not any(m.startswith("nn.classic") for m in sys.modules)
import nn.classic
nn.classic.ELMClassifier(3, alpha=0.1).fit([[0.0], [1.0]], [0, 1]).predict([[1.0]])
print(sorted({m.partition(".")[0] for m in sys.modules} & {"sklearn", "tqdm", "scipy", "pandas"}))
"""
    assert run(code) == "[]"


# -- parameters ------------------------------------------------------------------------------------


@each
def test_parameters_can_be_read_set_and_shown(net: Any) -> None:
    assert list(net.get_params()) == [f.name for f in fields(net)]
    again = eval(repr(net), vars(C))
    assert again.get_params() == net.get_params() == net.get_params(deep=False)
    assert again.set_params(random_state=3) is again
    assert again.random_state == 3
    assert repr(type(net)()) == f"{type(net).__name__}()"
    with pytest.raises(ValueError, match=r"Invalid parameter 'etas' for .*it has \['"):
        again.set_params(etas=1)


@each
@pytest.mark.parametrize("value", [-1, float("nan"), "nonsense", (), (0, 1), Ellipsis], ids=repr)
def test_every_parameter_is_looked_at(net: Any, value: Any) -> None:
    X, y = data(net)
    for name in net.get_params():
        if name == "random_state":
            continue
        wrong = fresh(net, **{name: value})  # nothing is said before fit
        for learn in {"fit", "partial_fit"} & set(dir(net)):
            with pytest.raises(ValueError, match=f"^{type(net).__name__}: {name} must be .*, not "):
                getattr(wrong, learn)(X, y)


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (C.Perceptron(eta=0), "eta must be a number above 0, not 0"),
        (C.Perceptron(max_iter=2.0), "max_iter must be an integer of at least 1, not 2.0"),
        (C.Perceptron(max_iter=True), "max_iter must be an integer of at least 1, not True"),
        (C.Adaline(eta=float("inf")), "eta must be a number above 0, or None, not inf"),
        (C.ELMRegressor(activation="cos"), "activation must be one of .*'sin'.*, not 'cos'"),
        (C.RBFRegressor(centers=None), r"centers must be one of \('random', 'clustering'\), not N"),
        (C.SelfOrganizingMap((3, 0)), r"shape must be \(rows, columns\), .* not \(3, 0\)"),
        (C.SelfOrganizingMap((3,)), r"shape must be \(rows, columns\), .* not \(3,\)"),
        (C.RBM(momentum=1), "momentum must be a number of at least 0 and below 1, not 1"),
        (C.DeepClassifier(4), "hidden must be a tuple of widths, .* not 4"),
        (C.DeepBeliefNetwork(()), r"hidden must be a tuple of widths, .* not \(\)"),
    ],
    ids=repr,
)
def test_errors_of_parameters_say_what_may_be(net: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{type(net).__name__}: {words}"):
        net.fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])


@each
def test_numpy_s_numbers_are_numbers(net: Any) -> None:
    X, y = data(net, dtype=np.float32)
    as_numpy = {
        k: np.float64(v) if isinstance(v, float) else np.int64(v) if type(v) is int else v
        for k, v in net.get_params().items()
    }
    one = fresh(net, random_state=1).fit(X, y)
    other = fresh(net, **as_numpy | {"random_state": 1}).fit(X, y)
    assert same(answers(one, X), answers(other, X))
    assert_float32(other, X)


# -- dtypes ----------------------------------------------------------------------------------------


def assert_float32(net: Any, X: Any) -> None:
    found = {k: x.dtype for k, x in answers(net, X).items() if hasattr(x, "dtype")}
    if hasattr(net, "classes_"):
        assert found.pop("predict") == net.classes_.dtype
    wide = {k for k, dtype in found.items() if dtype == np.float64}
    assert any(dtype == np.float32 for dtype in found.values())
    # Places on a lattice are no data, and sums of whole numbers must not be rounded.
    assert {k.rstrip("0") for k in wide} <= {"positions_", "weights_", "energy", "fields"}, found
    assert "weights_0" not in wide or isinstance(net, C.Hopfield)


@each
def test_float32_stays_float32(net: Any) -> None:
    X, y = data(net, dtype=np.float32)
    net = fresh(net, random_state=1).fit(X, y.astype(np.float64))
    assert_float32(net, X)
    if hasattr(net, "partial_fit"):
        assert_float32(net.partial_fit(X, y), X)
    for back in {"inverse_transform"} & set(dir(net)):
        assert getattr(net, back)(net.transform(X)).dtype == np.float32


@each
@pytest.mark.parametrize("kind", ["list", "int", "float16", "fortran", "strided", "object"])
def test_other_arrays_are_as_good_as_float64(net: Any, kind: str) -> None:
    X, y = data(net)
    X = np.rint(X)
    other: Any = {
        "list": X.tolist(), "int": X.astype(np.int64), "float16": X.astype(np.float16),
        "fortran": np.asfortranarray(X), "strided": np.repeat(X, 2, axis=1)[:, ::2],
        "object": X.astype(object),
    }[kind]  # fmt: skip
    one, two = (fresh(net, random_state=1).fit(x, y) for x in (X, other))
    assert same(answers(one, X), answers(two, other), 1e-9)  # sums may be taken in another order


@each
def test_data_are_not_written_to(net: Any) -> None:
    X, y = data(net)
    X.flags.writeable = y.flags.writeable = False
    net = fresh(net).fit(X, y)
    answers(net, X)
    if hasattr(net, "partial_fit"):
        net.partial_fit(X, y)


# -- seeds, and learning on ------------------------------------------------------------------------


@each
def test_random_state_reproduces(net: Any) -> None:
    X, y = data(net)
    first, again, other = (fresh(net, random_state=s).fit(X, y) for s in (5, 5, 6))
    assert same(answers(first, X), answers(again, X))
    assert same(answers(first, X), answers(first, X))  # asking changes nothing
    if not isinstance(net, C.Hopfield):  # (its storage draws nothing)
        assert not same(answers(first, X), answers(other, X))
    assert same(answers(first.fit(X, y), X), answers(again, X))  # fit begins anew
    rng = fresh(net, random_state=np.random.default_rng(5)).fit(X, y)
    if not isinstance(net, C.BoltzmannMachine):  # (its predict goes on drawing)
        assert same(answers(rng, X), answers(again, X))


EPOCHS = [
    net for net in ALL
    # (A map's rates depend on the number of epochs.)
    if hasattr(net, "epochs") and hasattr(net, "partial_fit") and net not in TRANSFORMERS[:1]
]  # fmt: skip


@pytest.mark.parametrize("net", EPOCHS, ids=repr)
def test_partial_fit_goes_on_where_fit_stopped(net: Any) -> None:
    X, y = data(net)
    whole = fresh(net, random_state=2, epochs=3).fit(X, y)
    parts = fresh(net, random_state=2, epochs=1).fit(X, y).partial_fit(X, y).partial_fit(X, y)
    alone = fresh(net, random_state=2)
    for _ in range(3):
        alone.partial_fit(X, y)
    assert same(answers(whole, X), answers(parts, X))
    assert same(answers(whole, X), answers(alone, X))


def test_epochs_of_a_perceptron_add_up() -> None:
    net = C.Perceptron(max_iter=3, random_state=2)
    X, y = data(net)
    whole, parts = fresh(net).fit(X, y), fresh(net)
    for _ in range(3):
        parts.partial_fit(X, y)
    assert same(answers(whole, X), answers(parts, X))


# -- bad data --------------------------------------------------------------------------------------


class Sparse:
    """Like a sparse matrix."""

    def toarray(self) -> Any:
        raise AssertionError("nobody asked for this")


@each
@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        ([[0.0, np.nan]], ValueError, r"Input X contains NaN or .*first at \[0, 1\]: nan; leave"),
        ([[0.0, 1.0], [-np.inf, 1.0]], ValueError, r"first at \[1, 0\]: -inf"),
        ([[1j, 0]], ValueError, "Complex data not supported"),
        ([1.0, -1.0], ValueError, r"Expected 2D array .* got 1D array instead.*X.reshape\(-1, 1\)"),
        (np.ones((2, 2, 2)), ValueError, "got 3D array"),
        (np.ones((0, 2)), ValueError, r"0 sample\(s\) \(shape=\(0, 2\)\)"),
        (np.ones((2, 0)), ValueError, r"0 feature\(s\) \(shape=\(2, 0\)\)"),
        ([["a", "b"]], ValueError, "could not convert string"),
        (Sparse(), TypeError, r"sparse data is not supported; give X.toarray\(\)"),
    ],
    ids=lambda x: str(x)[:20],
)
def test_bad_samples(net: Any, bad: Any, error: Any, words: str) -> None:
    X, y = data(net)
    fitted = fresh(net).fit(X, y)
    ways = [fresh(net).fit, getattr(fitted, "partial_fit", fitted.fit)]
    ask = fitted.transform if hasattr(fitted, "transform") else fitted.predict
    for call in (lambda: ways[0](bad, [0, 1]), lambda: ways[1](bad, [0, 1]), lambda: ask(bad)):
        with pytest.raises(error, match=words):
            call()


@each
def test_other_numbers_of_features(net: Any) -> None:
    X, y = data(net)
    fitted = fresh(net).fit(X, y)
    names = ("transform", "predict", "decision_function", "predict_proba", "score", "partial_fit",
             "energy", "fields", "stable", "free_energy", "quantization_error", "gaps")  # fmt: skip
    for name in set(names) & set(dir(net)):
        call = getattr(fitted, name)
        given = (X[:, 1:],) if name not in ("partial_fit", "score") else (X[:, 1:], y)
        with pytest.raises(ValueError, match=rf"X has 4 features, but {type(net).__name__} is exp"):
            call(*given)
        if name == "partial_fit":
            continue  # which may come first
        with pytest.raises(ValueError, match=f"This {type(net).__name__} instance is not fitted"):
            getattr(fresh(net), name)(X, *given[1:])


class Frame:
    """Like a data frame."""

    def __init__(self, X: Any, columns: list[Any]) -> None:
        self.X, self.columns = X, columns

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.X, dtype)


@each
def test_columns_of_data_frames_keep_their_order(net: Any) -> None:
    X, y = data(net)
    names = list("abcde")
    net = fresh(net, random_state=0).fit(Frame(X, names), y)
    assert net.feature_names_in_.tolist() == names
    ask = net.transform if hasattr(net, "transform") else net.predict
    plain = fresh(net, random_state=0).fit(X, y)
    expected = plain.transform(X) if hasattr(net, "transform") else plain.predict(X)
    np.testing.assert_array_equal(ask(Frame(X, names)), expected)
    ask(X), ask(Frame(X, list(range(5))))  # without names nothing can be said
    with pytest.raises(
        ValueError, match=r"columns \['e', .*'a'\], but fit saw \['a', .*same order"
    ):
        ask(Frame(X, names[::-1]))
    net.fit(X, y)
    assert not hasattr(net, "feature_names_in_")
    ask(Frame(X, names[::-1]))


@pytest.mark.parametrize("net", [*CLASSIFIERS, *REGRESSORS], ids=repr)
def test_bad_targets(net: Any) -> None:
    X, y = data(net)
    name = type(net).__name__
    nan = np.where(np.arange(len(y)) == 3, np.nan, y)
    for bad, words in [
        (None, f"{name} requires y to be passed, but the target y is None"),
        (y[:-1], r"inconsistent numbers of samples: \[14, 13\]"),
        (y * 1j, "Complex data not supported"),
        (nan, r"Input y contains NaN or .*first at \[3\]: nan"),
        (np.zeros((14, 2, 1)), r"y has shape \(14, 2, 1\); give one target per sample"),
    ]:
        with pytest.raises(ValueError, match=words):
            fresh(net).fit(X, bad)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        fresh(net).fit(X, y).score(X, y[:-1])


@pytest.mark.parametrize("net", CLASSIFIERS, ids=repr)
def test_bad_classes(net: Any) -> None:
    X, y = data(net)
    net = fresh(net)
    for bad, words in [
        (np.zeros(14), "there is one class in y, .*give at least two"),
        (y + 0.5, "Unknown label type: continuous"),
        (np.stack([y, y], 1), r"y has shape \(14, 2\); give one target per sample"),
        (np.array(["a", 1] * 7, object), "y has labels of several kinds"),
    ]:
        with pytest.raises(ValueError, match=words):
            net.fit(X, bad)
    with pytest.raises(ValueError, match="one class"):  # one sample has one
        net.fit(X[:1], y[:1])
    if hasattr(net, "partial_fit"):
        net.partial_fit(X[:2], [3, 4], classes=[3, 4, 5]).partial_fit(X[:1], [5])
        assert net.classes_.tolist() == [3, 4, 5]
        with pytest.raises(ValueError, match=r"other classes than \[3 4 5\]; give all of them as"):
            net.partial_fit(X[:1], [6])
        net.partial_fit(X[:1], [5], classes=[5, 4, 3])
        with pytest.raises(ValueError, match=r"classes are \[3 4\], but at first .*\[3 4 5\]"):
            net.partial_fit(X[:1], [3], classes=[3, 4])


@pytest.mark.parametrize(
    "net",
    [
        C.Perceptron(),
        C.RBFClassifier(10),
        C.ELMClassifier(20),
        C.DeepClassifier((8,), eta=0.05),
        C.DeepBeliefNetwork((8,), n_top=20, pretraining_epochs=40, epochs=20, eta=0.1),
    ],
    ids=repr,
)
@pytest.mark.parametrize("classes", [("no", "yes"), (7, -7), (True, False), ("a", "b", "c")])
def test_classes_of_any_kind(net: Any, classes: Any) -> None:
    rng = np.random.default_rng(0)
    index = np.arange(60) % len(classes)
    X = 4 * np.eye(5)[index] + 0.1 * rng.standard_normal((60, 5))
    net = fresh(net, random_state=0).fit(X, np.array(classes)[index])
    assert net.classes_.tolist() == sorted(classes)
    assert net.decision_function(X).shape == ((60,) if len(classes) == 2 else (60, 3))
    assert net.predict(X).dtype == np.array(classes).dtype
    if hasattr(net, "predict_proba"):
        p = net.predict_proba(X)
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_array_equal(net.classes_[p.argmax(axis=1)], net.predict(X))
    assert net.score(X, np.array(classes)[index]) == 1


@pytest.mark.parametrize("net", REGRESSORS, ids=repr)
def test_bad_numbers(net: Any) -> None:
    X, y = data(net)
    with pytest.raises(ValueError, match="y must hold numbers: could not convert string"):
        fresh(net).fit(X, y.astype(str).astype(object) + "x")
    with pytest.raises(ValueError, match=r"Input y contains .*first at \[1\]: nan"):
        fresh(net).fit(X, np.array([1.0, np.nan, *y[2:]], object))
    fitted = fresh(net).fit(X, y)
    with pytest.raises(ValueError, match="y has 2 targets per sample, but it predicts 1"):
        fitted.score(X, np.stack([y, y], 1))


@pytest.mark.parametrize("net", ALL, ids=repr)
def test_constant_features_and_one_sample(net: Any) -> None:
    X, y = data(net)
    for few in (np.ones_like(X), X[:1]):
        if len(few) == 1 and net in CLASSIFIERS:
            continue  # which need two classes
        fitted = fresh(net).fit(few, y[: len(few)])
        assert all(np.isfinite(np.asarray(x, float)).all() for x in answers(fitted, few).values())


# -- warnings, errors, progress --------------------------------------------------------------------


def test_warnings_point_to_the_line_that_asked() -> None:
    X, y = [[0.0], [0.0]], [[0], [1]]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        C.Perceptron(max_iter=1).fit(X, y)
        C.ELMClassifier(5).fit(X, [0, 1])  # from some calls further down
        warn("here")
    assert [Path(w.filename).name for w in caught] == [Path(__file__).name] * 4
    names = ["DataConversionWarning", "ConvergenceWarning", "ConvergenceWarning"]
    assert [w.category.__name__ for w in caught[:3]] == names
    assert all(issubclass(w.category, UserWarning) for w in caught)


def test_own_errors_and_warnings_are_of_the_usual_kinds() -> None:
    assert issubclass(NotFittedError, ValueError)
    assert issubclass(NotFittedError, AttributeError)
    assert issubclass(ConvergenceWarning, UserWarning)
    assert issubclass(DataConversionWarning, UserWarning)


def test_only_long_fits_show_progress(capfd: pytest.CaptureFixture[str]) -> None:
    for _ in rounds(3, "quick"):
        pass
    for _ in rounds(3, "slow"):
        time.sleep(0.6)
    err = capfd.readouterr().err
    assert "slow" in err
    assert "quick" not in err
