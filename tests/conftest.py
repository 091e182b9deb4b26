"""Two profiles of the property tests: ``quick`` as a rule, ``HYPOTHESIS_PROFILE=thorough`` by hand.

Both print what is needed to see a failure again.  ``quick`` draws the same examples each time, so a
run in CI is repeatable; ``thorough`` draws new ones.

Nothing is left to chance besides: each test finds the generators of NumPy, PyTorch and the standard
library in the state that ``TEST_SEED`` (0) gives, whichever tests ran before it, also where it asks
for no seed, as ``nn.Linear(2, 3)`` does.  What should hold for every seed is run with a few.
"""

from __future__ import annotations

import os
import random
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, register_random, settings

settings.register_profile(
    "quick",
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
settings.register_profile(
    "thorough", settings.get_profile("quick"), max_examples=600, derandomize=False
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

SEED = int(os.environ.get("TEST_SEED", "0"))


class Chance(random.Random):
    """What seeds a generator that is made without a seed; PyTorch's generator follows it."""

    def seed(self, a: Any = None, version: int = 2) -> None:
        super().seed(a, version)
        if "torch" in sys.modules:  # (only the tests beside PyTorch import it)
            sys.modules["torch"].manual_seed(a)

    def getstate(self) -> Any:
        torch = sys.modules.get("torch")
        return super().getstate(), torch and torch.random.get_rng_state()

    def setstate(self, state: Any) -> None:
        super().setstate(state[0])
        if state[1] is not None:
            sys.modules["torch"].random.set_rng_state(state[1])


chance = Chance(SEED)
# np.random.default_rng() asks the operating system for 128 bits; there is no other way to seed it
np.random.bit_generator.randbits = chance.getrandbits  # type: ignore[attr-defined]
register_random(chance)  # Hypothesis seeds and restores it around each example


@pytest.hookimpl(tryfirst=True)
def pytest_collectstart() -> None:  # (modules make layers too)
    chance.seed(SEED)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    chance.seed(SEED)
    random.seed(SEED)
    np.random.seed(SEED)
