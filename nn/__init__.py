"""Networks, written only as compositions of the engine's primitives: no rule is derived here.

Names, shapes and initial values are PyTorch's.  Read :mod:`nn.module`, then :mod:`nn.linear`.
"""

from . import functional, generation, init, optim, schedules, scores
from .activations import (
    ELU,
    GELU,
    SELU,
    Abs,
    Hardtanh,
    Identity,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    Sigmoid,
    Sign,
    SiLU,
    Sinc,
    Softmax,
    Softmin,
    Softplus,
    Softsign,
    Step,
    Tanh,
)
from .attention import MultiheadAttention, scaled_dot_product_attention
from .convolution import Conv1d, Conv2d
from .dropout import Dropout
from .embedding import Embedding, LearnedPositions, PositionalEncoding, one_hot
from .gpt import GPT, GPTConfig
from .linear import MLP, Linear
from .losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HalfSquaredError,
    HuberLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    PerceptronLoss,
    RMSELoss,
    SmoothL1Loss,
)
from .module import Module, ModuleList, Sequential
from .normalization import BatchNorm1d, BatchNorm2d, LayerNorm, RMSNorm
from .pooling import AvgPool2d, Flatten, MaxPool2d
from .recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from .seq2seq import AdditiveAttention, Seq2Seq
from .state import load, save
from .training import History, evaluate, fit
from .transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)

__all__ = [
    "ELU", "GELU", "GPT", "GRU", "LSTM", "MLP", "RNN", "SELU", "Abs", "AdditiveAttention",
    "AvgPool2d", "BCELoss", "BCEWithLogitsLoss", "BatchNorm1d", "BatchNorm2d", "Conv1d", "Conv2d",
    "CrossEntropyLoss", "Dropout", "Embedding", "Flatten", "GPTConfig", "GRUCell",
    "HalfSquaredError", "Hardtanh", "History", "HuberLoss", "Identity", "L1Loss", "LSTMCell",
    "LayerNorm", "LeakyReLU", "LearnedPositions", "Linear", "LogSigmoid", "LogSoftmax", "MSELoss",
    "MaxPool2d", "Mish", "Module", "ModuleList", "MultiheadAttention", "NLLLoss", "PReLU",
    "PerceptronLoss", "PositionalEncoding", "RMSELoss", "RMSNorm", "RNNCell", "ReLU", "Seq2Seq",
    "Sequential", "SiLU", "Sigmoid", "Sign", "Sinc", "SmoothL1Loss", "Softmax", "Softmin",
    "Softplus", "Softsign", "Step", "Tanh", "Transformer", "TransformerDecoder",
    "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer", "evaluate", "fit",
    "functional", "generation", "init", "load", "one_hot", "optim", "save",
    "scaled_dot_product_attention", "schedules", "scores",
]  # fmt: skip
