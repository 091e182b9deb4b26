"""Each function that the project promises, called as a user would, to second order, both modes."""

import numpy as np
import pytest

from tests.helpers import check
from tests.operations import FIRST, METHODS, SECOND

ALL = {**FIRST, **SECOND, **{f"ndarray.{k}": v for k, v in METHODS.items()}}


@pytest.mark.parametrize(("f", "args"), ALL.values(), ids=ALL)
def test_operation(f, args):
    check(f, *args, rtol=1e-5, float32=f is not np.angle)
