"""No test depends on chance: ``conftest.py`` seeds what draws random numbers unasked."""

import numpy as np

from nn.linear import Linear
from tests.conftest import chance


def test_generators_without_a_seed_follow_the_seed_of_the_tests():
    def drawn():
        chance.seed(3)
        return np.random.default_rng().random(4), Linear(2, 3).weight.value

    for first, second in zip(drawn(), drawn(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert np.random.default_rng().random() != np.random.default_rng().random()
