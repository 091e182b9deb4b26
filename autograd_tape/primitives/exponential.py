"""Exponentials, logarithms, powers and hyperbolic functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dispatch import elementwise
from .samples import both


def _tanh(ct: Any, output: Any, x: Any) -> Any:
    t = output * output  # in place from here: t is ours, and big arrays pay per pass of memory
    t -= 1.0
    t *= ct
    return -t


tanh = elementwise(np.tanh, _tanh, scalar=math.tanh, sample=both((3, 4)))
