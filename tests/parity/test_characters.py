"""The character models of the example end within 1 % of their twins in PyTorch."""

import pytest

from tests.test_examples import run_example

pytest.importorskip("torch")


@pytest.mark.slow
def test_characters() -> None:
    printed = run_example("characters.py")
    assert printed.count("wanted: within 1%") == 2, printed
