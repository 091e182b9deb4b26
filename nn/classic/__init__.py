"""The classic networks of the notes, each one scalar whose adjoint is its learning rule.

Their interface is scikit-learn's.  Read :mod:`nn.classic.estimator`, then
:mod:`nn.classic.perceptron`.
"""

from .belief import *
from .boltzmann import *
from .deep import *
from .elm import *
from .hopfield import *
from .perceptron import *
from .rbf import *
from .som import *
