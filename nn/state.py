"""Weights on disk: safetensors in and out, written so that a file is either old or new, never half.

Next to read: :mod:`nn.training`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .check import require
from .module import Module

__all__ = ["load", "load_file", "save"]


def save(what: Module | Mapping[str, Any], path: str | Path, metadata: Any = None) -> None:
    """Write the state of a module, or a dict of arrays, to ``path``; metadata is a dict of str."""
    from safetensors.numpy import save as to_bytes

    state = what.state_dict() if isinstance(what, Module) else what
    data = to_bytes({name: np.array(x, order="C") for name, x in state.items()}, metadata)
    beside = Path(path).with_name(f".{Path(path).name}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def load_file(path: str | Path) -> tuple[dict[str, Any], dict[str, str]]:
    """(name -> array, metadata); FileNotFoundError, or ValueError for a damaged file."""
    from safetensors import SafetensorError, safe_open

    require(Path(path).is_file(), f"there is no weights file at {str(path)!r}", FileNotFoundError)
    try:
        with safe_open(path, framework="numpy") as file:
            return {x: file.get_tensor(x) for x in [*file.keys()]}, file.metadata() or {}
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        what = f"{str(path)!r} is not a whole safetensors file with dtypes that NumPy knows"
        raise ValueError(f"{what} ({error}); was it cut off or changed?") from error


def load(module: Module, path: str | Path) -> dict[str, str]:
    """Give ``module`` the weights in a file, all or, with a ValueError, none; returns metadata."""
    state, metadata = load_file(path)
    try:
        module.load_state_dict(state)
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None
    return metadata
