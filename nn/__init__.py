"""Networks, written only as compositions of the engine's primitives: no rule is derived here.

Names, shapes and initial values are PyTorch's.  Read :mod:`nn.module`, then :mod:`nn.linear`.
"""

from . import functional, generation, init, optim, scores
from .activations import *
from .attention import *
from .convolution import *
from .gpt import *
from .linear import *
from .module import *
from .normalization import *
from .recurrent import *
from .seq2seq import *
from .training import *
