"""The activations and losses of :mod:`nn.functional` as modules.

Next to read: :mod:`nn.optim`.
"""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from autograd_tape import Variable

from . import functional as F
from .module import Module

__all__ = [
    "ELU", "GELU", "SELU", "Abs", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss",
    "HalfSquaredError", "Identity", "L1Loss", "LeakyReLU", "LogSigmoid", "LogSoftmax", "MSELoss",
    "Mish", "NLLLoss", "PReLU", "PerceptronLoss", "RMSELoss", "ReLU", "SiLU", "Sigmoid", "Sign",
    "Sinc", "Softmax", "Softplus", "Softsign", "Step", "Tanh",
]  # fmt: skip


class FunctionLayer(Module):
    """A layer that is a function: its options are attributes, arrays among them are buffers.

    ``class ELU(FunctionLayer, of=elu)`` takes those arguments of ``elu(x, alpha=1.0)`` that have
    defaults, and has its docstring if it has none.
    """

    __signature__: ClassVar[inspect.Signature]
    _function: ClassVar[Callable[..., Any]]

    def __init_subclass__(cls, of: Callable[..., Any] | None = None) -> None:
        if of is not None:  # else a subclass of a subclass
            given = inspect.signature(of).parameters.values()
            cls.__signature__ = inspect.Signature([p for p in given if p.default is not p.empty])
            cls._function, cls.__doc__ = staticmethod(of), cls.__doc__ or of.__doc__
            if not cls.__signature__.parameters:  # nothing to look up at each call
                cls.forward = staticmethod(of)  # type: ignore[method-assign]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            bound = self.__signature__.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}") from None
        bound.apply_defaults()
        for name, x in bound.arguments.items():
            setattr(self, name, np.array(x) if isinstance(x, (list, tuple)) else x)

    def forward(self, *operands: Any) -> Any:
        options = {name: getattr(self, name) for name in self.__signature__.parameters}
        return self._function(*operands, **options)


# fmt: off
class Step(FunctionLayer, of=F.step): ...
class Sign(FunctionLayer, of=F.sign): ...
class Identity(FunctionLayer, of=F.identity): ...
class Abs(FunctionLayer, of=F.abs): ...
class ReLU(FunctionLayer, of=F.relu): ...
class LeakyReLU(FunctionLayer, of=F.leaky_relu): ...
class ELU(FunctionLayer, of=F.elu): ...
class SELU(FunctionLayer, of=F.selu): ...
class Softplus(FunctionLayer, of=F.softplus): ...
class SiLU(FunctionLayer, of=F.silu): ...
class Mish(FunctionLayer, of=F.mish): ...
class GELU(FunctionLayer, of=F.gelu): ...
class Tanh(FunctionLayer, of=F.tanh): ...
class Sigmoid(FunctionLayer, of=F.sigmoid): ...
class LogSigmoid(FunctionLayer, of=F.logsigmoid): ...
class Softsign(FunctionLayer, of=F.softsign): ...
class Sinc(FunctionLayer, of=F.sinc): ...
class Softmax(FunctionLayer, of=F.softmax): ...
class LogSoftmax(FunctionLayer, of=F.log_softmax): ...

class MSELoss(FunctionLayer, of=F.mse_loss): ...
class HalfSquaredError(FunctionLayer, of=F.half_squared_error): ...
class RMSELoss(FunctionLayer, of=F.rmse_loss): ...
class L1Loss(FunctionLayer, of=F.l1_loss): ...
class PerceptronLoss(FunctionLayer, of=F.perceptron_loss): ...
class BCELoss(FunctionLayer, of=F.binary_cross_entropy): ...
class BCEWithLogitsLoss(FunctionLayer, of=F.binary_cross_entropy_with_logits): ...
class CrossEntropyLoss(FunctionLayer, of=F.cross_entropy): ...
class NLLLoss(FunctionLayer, of=F.nll_loss): ...
# fmt: on


class PReLU(Module):
    """:func:`nn.functional.prelu`; weight: (num_parameters,), ``init`` at first, is learnt."""

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = np.float32
    ) -> None:
        self.num_parameters = num_parameters
        self.weight = Variable(np.full(num_parameters, init, dtype))

    def forward(self, x: Any) -> Any:
        return F.prelu(x, self.weight)
