"""The main job in short: it writes its files, and tells by its exit code if it fell short."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from safetensors.numpy import load_file

pytest.importorskip("sklearn")
SCRIPT = Path(__file__).parent.parent / "examples" / "digits.py"


@pytest.fixture
def digits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("digits", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["digits.py", "--out", str(tmp_path / "out")])
    return module


def test_it_reaches_97_percent_and_says_where_its_files_are(
    digits: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert digits.main() == 0
    printed = capsys.readouterr().out
    assert "multiply(v2, b)" in printed
    for name in ("example.svg", "example.png", "digits.safetensors"):
        assert str(tmp_path / "out" / name) in printed
        assert (tmp_path / "out" / name).stat().st_size > 1000
    weights = load_file(tmp_path / "out" / "digits.safetensors")
    assert weights["0.weight"].shape == (128, 64)


def test_falling_short_is_an_exit_code(digits: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "EPOCHS", 1)
    monkeypatch.setattr(digits, "WANTED", 1.0)
    assert digits.main() == 1


def test_without_graphviz_svg_has_to_do(
    digits: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    assert digits.show_example(tmp_path) == [tmp_path / "example.svg"]
    assert "no Graphviz was found" in capsys.readouterr().err


def test_the_split_is_fixed_by_its_seed(digits: ModuleType) -> None:
    for first, again in zip(digits.split(3), digits.split(3), strict=True):
        np.testing.assert_array_equal(first, again)
    assert len(digits.split(0)[0]) + len(digits.split(0)[2]) == 1797
