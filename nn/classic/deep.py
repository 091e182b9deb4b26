"""Deep networks that are trained layer by layer before backpropagation (003 §9).

Next to read: :mod:`nn.classic.belief`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from autograd_tape import no_grad
from autograd_tape.variable import as_value

from .. import functional as F
from .. import init, optim
from ..activations import Sigmoid
from ..linear import Linear
from ..module import Module, Sequential
from ..training import fit
from .boltzmann import RBM, expect_probabilities
from .domains import kinds_of_units, one_of, positive, several, whole
from .estimator import Classifier, Estimator, Transformer, rounds

__all__ = ["DeepAutoencoder", "DeepClassifier", "Layer", "pretrain"]


# -- pre-training ----------------------------------------------------------------------------------


@dataclass
class Layer:
    """What pre-training knows of one layer: weights (in, out), and the biases on both sides."""

    weights: Any
    bias: Any  # (out,)
    back_bias: Any  # (in,), to go back to what came in


def pretrain(
    X: Any, sizes: tuple[int, ...], method: str | None, rng: np.random.Generator, *,
    epochs: int = 10, eta: float = 0.05, visible: str = "binary",
) -> list[Layer]:  # fmt: skip
    """Layers for the widths (features, sizes...), each trained on what the one before makes of X.

    method  "rbm" (contrastive divergence), "autoassociator" (each layer learns to reproduce its own
            input through itself, by backpropagation), or None: drawn at random, Glorot's way
    """
    if method not in ("rbm", "autoassociator", None):
        raise ValueError(f'pretraining is "rbm", "autoassociator" or None, not {method!r}')
    layers: list[Layer] = []
    for size in sizes:
        n = X.shape[1]
        if method == "rbm":
            rbm = RBM(size, epochs=epochs, eta=eta, visible=visible, random_state=rng).fit(X)
            parts = (rbm.weights_, rbm.hidden_bias_, rbm.visible_bias_)
            layers.append(Layer(*(p.value for p in parts)))
        else:
            weights = init.xavier_uniform((n, size), rng, dtype=X.dtype)
            layers.append(Layer(weights, np.zeros(size, X.dtype), np.zeros(n, X.dtype)))
            if method == "autoassociator":
                model, loss = autoencoder(layers[-1:]), reconstruction_loss(visible)
                optimizer = optim.Adam(model.parameters(), lr=0.01)
                for _ in rounds(epochs, "autoassociator"):
                    backprop(model, X, X, loss, optimizer, rng)
                inner, outer = model[0], model[2]
                layers[-1] = Layer(inner.weight.value.T, inner.bias.value, outer.bias.value)
        X, visible = F.sigmoid(X @ layers[-1].weights + layers[-1].bias), "binary"
    return layers


def linear(weights: Any, bias: Any) -> Linear:
    """A linear layer that begins with these values; weights: (in, out)."""
    layer = Linear(*weights.shape, dtype=weights.dtype, rng=np.random.default_rng(0))
    layer.weight.value, layer.bias.value = np.array(weights.T), np.array(bias)
    return layer


def autoencoder(layers: list[Layer]) -> Sequential:
    """Through all layers and back by their transposes; for binary data it ends in logits."""
    up: list[Module] = []
    for layer in layers:
        up += [linear(layer.weights, layer.bias), Sigmoid()]
    down: list[Module] = []
    for layer in reversed(layers):
        down += [linear(layer.weights.T, layer.back_bias), Sigmoid()]
    return Sequential(*up, *down[:-1])


def reconstruction_loss(visible: str) -> Callable[[Any, Any], Any]:
    return F.mse_loss if visible == "gaussian" else F.binary_cross_entropy_with_logits


def backprop(
    model: Module, X: Any, target: Any, loss: Callable[[Any, Any], Any], optimizer: Any,
    rng: np.random.Generator,
) -> float:  # fmt: skip
    """One epoch of batches of 32; returns the mean loss."""
    seed = int(rng.integers(2**31))
    history = fit(model, (X, target), loss, optimizer, epochs=1, seed=seed, progress=False)
    return history["loss"][0]


# -- networks --------------------------------------------------------------------------------------

widths = several("a tuple of widths, at least one, each at least 1", whole())


@dataclass(eq=False, repr=False)
class _Deep(Estimator):
    """What DeepClassifier and DeepAutoencoder have in common: all but the network and its loss."""

    hidden: tuple[int, ...] = (64, 32)
    _: KW_ONLY
    pretraining: str | None = "rbm"
    pretraining_epochs: int = 10
    pretraining_eta: float = 0.1
    epochs: int = 30
    eta: float = 0.005
    visible: str = "gaussian"
    random_state: Any = None

    _domains: ClassVar = {
        "hidden": widths, "pretraining": one_of("rbm", "autoassociator", None),
        "pretraining_epochs": whole(0), "pretraining_eta": positive, "epochs": whole(0),
        "eta": positive, "visible": kinds_of_units,
    }  # fmt: skip

    def _network(self, layers: list[Layer], dtype: Any) -> Sequential:
        """The network that goes on from these layers."""
        raise NotImplementedError

    def _loss(self, output: Any, target: Any) -> Any:
        raise NotImplementedError

    def _data(self, X: Any, first: bool = False) -> Any:
        X = self._samples(X, first)
        expect_probabilities(type(self).__name__, X, self.visible)
        return X

    def _begin(self, X: Any) -> None:
        """A network of pre-trained layers."""
        self._rng = np.random.default_rng(self.random_state)
        layers = pretrain(
            X, tuple(self.hidden), self.pretraining, self._rng, epochs=self.pretraining_epochs,
            eta=self.pretraining_eta, visible=self.visible,
        )  # fmt: skip
        self.network_, self.losses_ = self._network(layers, X.dtype), list[float]()
        self._optimizer = optim.Adam(self.network_.parameters())

    def _tune(self, X: Any, target: Any, epochs: int) -> None:
        """Backpropagation through all layers at once."""
        self._optimizer.lr = float(self.eta)
        for _ in rounds(epochs, type(self).__name__):
            loss = backprop(self.network_, X, target, self._loss, self._optimizer, self._rng)
            self.losses_.append(loss)

    def _through(self, x: Any, first: int = 0, last: int | None = None) -> Any:
        """Through the layers from ``first`` to before ``last``, without recording."""
        with no_grad():
            for layer in list(self.network_)[first:last]:
                x = layer(x)
        return as_value(x)


@dataclass(eq=False, repr=False)
class DeepClassifier(_Deep, Classifier):
    """Sigmoid layers, pre-trained one after another, then fine-tuned with a softmax on top.

    hidden        widths of the hidden layers
    pretraining   "rbm", "autoassociator" or None
    pretraining_epochs, pretraining_eta  for each layer; the step is contrastive divergence's
    epochs, eta   of fine-tuning by backpropagation (Adam), on cross-entropy
    visible       of the data: "binary" for values in [0, 1], "gaussian" for any numbers
    random_state  of all that is drawn
    Source: 003 §9; Hinton and Salakhutdinov 2006.
    Sets network_ (an nn.Sequential), losses_ (of fine-tuning, one per epoch).
    Raises ValueError for binary data outside of [0, 1].
    """

    def fit(self, X: Any, y: Any) -> Self:
        """X: (samples, features), y: (samples,) of any classes."""
        X = self._data(X, first=True)
        index = self._labels(X, y)
        self._begin(X)
        self._tune(X, index, self.epochs)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """One epoch more of fine-tuning; the first call pre-trains on its samples before.

        It needs all ``classes`` that will ever come.
        """
        first = not hasattr(self, "network_")
        X = self._data(X, first)
        index = self._labels(X, y, classes, first)
        if first:
            self._begin(X)
        self._tune(X, index, 1)
        return self

    def _network(self, layers: list[Layer], dtype: Any) -> Sequential:
        parts: list[Module] = []
        for layer in layers:
            parts += [linear(layer.weights, layer.bias), Sigmoid()]
        top = Linear(self.hidden[-1], len(self.classes_), dtype=dtype, rng=self._rng)
        return Sequential(*parts, top)

    def _loss(self, output: Any, target: Any) -> Any:
        return F.cross_entropy(output, target)

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class: (samples, classes)."""
        return F.softmax(self._through(self._data(X)))

    def decision_function(self, X: Any) -> Any:
        """Logits: (samples, classes), or their difference (samples,) for two classes."""
        return self._margins(self._through(self._data(X)))


@dataclass(eq=False, repr=False)
class DeepAutoencoder(_Deep, Transformer):
    """Sigmoid layers that narrow to a code, and their mirror image that leads back (003 §9.0.1).

    hidden  widths from the first hidden layer to the code; the others as of DeepClassifier

    The decoder begins as the transpose of the encoder; both are then fine-tuned on the loss of
    reconstruction: cross-entropy for binary data, squared error for gaussian.
    ``transform`` gives the code, ``inverse_transform`` what it stands for.
    Sets network_ (an nn.Sequential), losses_.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """X: (samples, features)."""
        X = self._data(X, first=True)
        self._begin(X)
        self._tune(X, X, self.epochs)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One epoch more of fine-tuning; the first call pre-trains on its samples before."""
        first = not hasattr(self, "network_")
        X = self._data(X, first)
        if first:
            self._begin(X)
        self._tune(X, X, 1)
        return self

    def _network(self, layers: list[Layer], dtype: Any) -> Sequential:
        return autoencoder(layers)

    def _loss(self, output: Any, target: Any) -> Any:
        return reconstruction_loss(self.visible)(output, target)

    def transform(self, X: Any) -> Any:
        """The codes: (samples, hidden[-1])."""
        return self._through(self._data(X), last=2 * len(self.hidden))

    def inverse_transform(self, codes: Any) -> Any:
        """What the codes stand for: (samples, features)."""
        self._expect_fitted()
        codes = self._samples(codes, width=self.hidden[-1])
        z = self._through(codes, first=2 * len(self.hidden))
        return z if self.visible == "gaussian" else F.sigmoid(z)

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the mean squared error of reconstruction."""
        X = self._data(X)
        return -float(np.mean((X - self.inverse_transform(self.transform(X))) ** 2))
