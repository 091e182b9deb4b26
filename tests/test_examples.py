"""The examples reach what they promise; each exits with 1 if it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sklearn")
ROOT = Path(__file__).parent.parent


def run_example(script: str) -> str:
    """What it prints; an error if it falls short."""
    command = [sys.executable, ROOT / "examples" / script]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "script", ["images.py", "tables.py", "dates.py", "copying.py", "names.py", "pretraining.py"]
)
def test_example(script: str) -> None:
    assert run_example(script)
