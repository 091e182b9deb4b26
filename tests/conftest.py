"""Two profiles of the property tests: ``quick`` as a rule, ``HYPOTHESIS_PROFILE=thorough`` by hand.

Both print what is needed to see a failure again.  ``quick`` draws the same examples each time, so a
run in CI is repeatable; ``thorough`` draws new ones.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

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
