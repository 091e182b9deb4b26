"""Weights on disk: what is written is read, and a bad file changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from nn import MLP, Linear
from nn.module import load, save


def test_what_is_written_is_read(tmp_path):
    model, other = MLP([3, 4, 2], rng=0), MLP([3, 4, 2], rng=1)
    save(model, tmp_path / "w.safetensors", {"about": "a test"})
    assert load(other, tmp_path / "w.safetensors") == {"about": "a test"}
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, other.state_dict()[name])
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_pytorch_reads_it(tmp_path):
    pytest.importorskip("torch")
    torch_files = pytest.importorskip("safetensors.torch")
    model = Linear(3, 2, rng=0)
    save(model, tmp_path / "w.safetensors")
    read = torch_files.load_file(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(read["weight"].numpy(), model.weight.value)


@pytest.mark.parametrize("damage", ["cut", "header", "empty", "text"])
def test_a_damaged_file_is_an_error_and_changes_nothing(tmp_path, damage):
    model = Linear(3, 2, rng=0)
    before = model.state_dict()
    path = tmp_path / "w.safetensors"
    save(Linear(3, 2, rng=1), path)
    data = path.read_bytes()
    path.write_bytes(
        {"cut": data[:-5], "header": b"\xff" * 8 + data[8:], "empty": b"", "text": b"hello"}[damage]
    )
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        load(model, path)
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, before[name])


def test_what_does_not_fit_is_listed_with_the_file(tmp_path):
    save({"weight": np.zeros((1, 1)), "extra": np.zeros(2)}, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"(?s)w.safetensors.*missing: bias.*unexpected: extra.*"):
        load(Linear(3, 2), tmp_path / "w.safetensors")


def test_no_file():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.safetensors"):
        load(Linear(3, 2), "nowhere.safetensors")


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "w.safetensors"
    save({"x": np.ones(3)}, path)
    with pytest.raises(Exception):  # noqa: B017, PT011 (safetensors' own)
        save({"x": np.array(["no", "numbers"], object)}, path)
    np.testing.assert_array_equal(load_file(path)["x"], 1)
    assert len(list(tmp_path.iterdir())) == 1
