"""Weights on disk: a file is either old or new, never half.  Next to read: :mod:`nn.training`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .module import Module

__all__ = ["load", "save"]


def save(what: Module | Mapping[str, Any], path: str | Path, metadata: Any = None) -> None:
    """Write the state of a module, or a dict of arrays, as safetensors; metadata: a dict of str."""
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


def load(module: Module, path: str | Path) -> dict[str, str]:
    """Give ``module`` the weights in a safetensors file, all or none; returns the metadata.

    Raises FileNotFoundError, and ValueError for a damaged file or weights that do not fit.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            module.load_state_dict({name: file.get_tensor(name) for name in [*file.keys()]})
            return file.metadata() or {}
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None
    except (SafetensorError, KeyError, TypeError) as error:
        what = f"{str(path)!r} is not a whole safetensors file with dtypes that NumPy knows"
        raise ValueError(f"{what} ({error}); was it cut off or changed?") from error
