"""Weights on disk: safetensors in and out, written so that a file is either old or new, never half.

Next to read: :mod:`nn.training`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .module import Module

__all__ = ["load", "load_file", "save"]


def save(
    what: Module | Mapping[str, Any], path: str | os.PathLike[str],
    metadata: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Write the state of a module, or a dict of arrays, to ``path`` as safetensors.

    The file is written beside its place and then moved there, so that a run that is killed leaves
    the old file or the new one.  PyTorch reads it with ``safetensors.torch.load_file``.
    """
    from safetensors.numpy import save as to_bytes

    state = what.state_dict() if isinstance(what, Module) else what
    arrays = {name: np.array(x, order="C") for name, x in state.items()}  # a shared one twice
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            file.write(to_bytes(arrays, None if metadata is None else dict(metadata)))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def load_file(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """(name -> array, metadata) of a safetensors file.

    Raises FileNotFoundError, and ValueError for a file that is truncated, tampered with, or not
    safetensors.
    """
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no weights file at {os.fspath(path)!r}")
    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{os.fspath(path)!r} is not a whole safetensors file ({error}); it was cut off or "
            "changed after it was written, or has a format or dtype that NumPy does not know"
        ) from error


def load(module: Module, path: str | os.PathLike[str]) -> dict[str, str]:
    """Give ``module`` the weights in the file at ``path``; returns the file's metadata.

    Raises ValueError for a bad file, or with all that does not fit listed at once; nothing of the
    module is changed then.
    """
    state, metadata = load_file(path)
    try:
        module.load_state_dict(state)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)!r}: {error}") from None
    return metadata
