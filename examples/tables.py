"""Regression and a yes-or-no question on measurements, beside scikit-learn's MLP on the same split.

    python examples/tables.py [--seed 0]

Diabetes (442 patients, 10 numbers each; the progression after a year) and breast cancer (569
tumours, 30 numbers each; benign or not).  Exits with 1 if ours is worse than scikit-learn's by more
than 2 % (of R², of accuracy).
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import nn
from nn import functional as F

HIDDEN, EPOCHS, RATE, DECAY = 32, 200, 1e-3, 1e-2
MARGIN = 0.02


def prepared(load: Any, seed: int) -> list[Any]:
    """Training and test inputs, standardised by the training ones, and targets."""
    x, y = load(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.25, random_state=seed)
    scaler = StandardScaler().fit(x)
    return [
        a.astype(np.float32) for a in (scaler.transform(x), scaler.transform(x_test), y, y_test)
    ]


def trained(x: Any, y: Any, loss: Any, seed: int) -> nn.Module:
    model = nn.MLP([x.shape[1], HIDDEN, 1], rng=np.random.default_rng(seed))
    optimizer = nn.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    nn.fit(model, (x, y[:, None]), loss, optimizer, epochs=EPOCHS, batch_size=32, seed=seed)
    return model


def regression(seed: int) -> tuple[float, float]:
    """R² on the test patients: (ours, scikit-learn's)."""
    x, x_test, y, y_test = prepared(load_diabetes, seed)
    mean, std = y.mean(), y.std()
    model = trained(x, (y - mean) / std, F.mse_loss, seed)
    theirs = MLPRegressor(
        hidden_layer_sizes=[HIDDEN], alpha=DECAY, batch_size=32, max_iter=EPOCHS, random_state=seed
    )
    theirs.fit(x, (y - mean) / std)
    ours = model(x_test).value[:, 0]
    return tuple(r2_score(y_test, p * std + mean) for p in (ours, theirs.predict(x_test)))


def classification(seed: int) -> tuple[float, float]:
    """Share of the test tumours that are told right: (ours, scikit-learn's)."""
    x, x_test, y, y_test = prepared(load_breast_cancer, seed)
    model = trained(x, y, F.binary_cross_entropy_with_logits, seed)
    theirs = MLPClassifier(
        hidden_layer_sizes=[HIDDEN], alpha=DECAY, batch_size=32, max_iter=EPOCHS, random_state=seed
    )
    theirs.fit(x, y)
    ours = model(x_test).value[:, 0] > 0
    return tuple(accuracy_score(y_test, p) for p in (ours, theirs.predict(x_test)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    short = False
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's: not converged, as ours
        for name, run in (
            ("diabetes, R²", regression),
            ("breast cancer, accuracy", classification),
        ):
            ours, theirs = run(seed)
            print(f"{name}: {ours:.3f}, scikit-learn {theirs:.3f}")
            short |= ours < theirs - MARGIN
    return int(short)


if __name__ == "__main__":
    raise SystemExit(main())
