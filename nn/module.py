"""Module: attributes hold the parameters; to disk and back.  Next to read: :mod:`nn.check`."""

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from autograd_tape.scope import finish, now
from autograd_tape.variable import Variable, as_value

from . import init
from .check import require

__all__ = ["Module", "ModuleList", "Sequential", "load", "save"]


class Module:
    """Base of all layers and models: give it attributes, and a ``forward``.

    Parameters are the leaf Variables among the attributes, those of attributes that are Modules,
    and those in lists, tuples and dicts of either.  Arrays among the attributes are buffers: part
    of the state (running averages, say), but not learnt.  Attributes that begin with an underscore
    are not looked at.  A leaf without a name takes that of the attribute.
    """

    training = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no forward(self, ...)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        start, result = now(), self.forward(*args, **kwargs)
        finish(start, self)  # so that diagrams can show the module
        return result

    def __setattr__(self, name: str, value: Any) -> None:
        if value.__class__ is Variable and value.is_leaf and value.name is None:
            value.name = name
        super().__setattr__(name, value)

    def named_parameters(self) -> Iterator[tuple[str, Variable]]:
        """(``"layer.0.weight"``, variable) for every parameter; a shared one once."""
        seen: set[int] = set()
        for name, p in _walk(self):
            if isinstance(p, Variable) and id(p) not in seen:
                seen.add(id(p))
                yield name, p

    def parameters(self) -> list[Variable]:
        """Every parameter once, in the order in which the attributes were made."""
        return [p for _, p in self.named_parameters()]

    def modules(self) -> "list[Module]":
        """This module and all modules inside it."""
        return [self, *(m for _, m in _walk(self) if isinstance(m, Module))]

    def train(self, mode: bool = True) -> Self:
        """Set ``training`` here and in all modules inside; returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """The contrary of :meth:`train`: layers such as dropout do nothing."""
        return self.train(False)

    def state_dict(self) -> dict[str, Any]:
        """Name and a copy of the value of every parameter and buffer, as safetensors saves them."""
        return {n: np.array(as_value(x)) for n, x in _walk(self) if not isinstance(x, Module)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Give every parameter and buffer the value of its name in ``state``, in its own dtype.

        Raises ValueError, with every missing name, unexpected name and wrong shape in one message,
        and then changes nothing.
        """
        own = {name: x for name, x in _walk(self) if not isinstance(x, Module)}
        new = {name: np.asarray(state[name]) for name in own if name in state}
        problems = [
            *(f"missing: {n}, shape {p.shape}" for n, p in own.items() if n not in state),
            *(f"unexpected: {name}" for name in state if name not in own),
            *(f"{n}: shape {value.shape}, but the module has {own[n].shape}"
              for n, value in new.items() if value.shape != own[n].shape),
        ]  # fmt: skip
        what = f"{type(self).__name__} cannot load this state (nothing was changed):"
        require(not problems, "\n  ".join([what, *problems]))
        for name, value in new.items():
            if isinstance(x := own[name], Variable):
                x.value = value.astype(x.dtype)
            else:
                x[...] = value  # in place: whoever holds the buffer sees it

    def extra_repr(self) -> str:
        """The arguments it was made with, as attributes of their names tell, but for defaults."""
        parts = []
        for name, p in inspect.signature(type(self)).parameters.items():
            value = getattr(self, name, p.empty)
            if isinstance(p.default, bool) and (value is None or isinstance(value, Variable)):
                value = value is not None  # bias=True made the bias
            if name == "rng" or isinstance(value, (Variable, Module, np.ndarray)):
                continue
            text = getattr(value, "__name__", repr(value))
            if value is not p.empty and text != repr(p.default):
                parts.append(text if p.default is p.empty else f"{name}={text}")
        return ", ".join(parts)

    def __repr__(self) -> str:
        name, extra = type(self).__name__, self.extra_repr()
        inside = [f"({n}): {m!r}" for n, m in _walk(self, deep=False) if isinstance(m, Module)]
        if not inside:
            return f"{name}({extra})"
        lines = [extra] * bool(extra) + [text.replace("\n", "\n  ") for text in inside]
        return "\n  ".join([f"{name}(", *lines]) + "\n)"


class ModuleList(Module, list[Any]):
    """A list of layers that are found; it has no forward of its own.  Names are numbers."""

    __hash__ = object.__hash__  # type: ignore[assignment]


class Sequential(ModuleList):
    """The layers one after another; their names are their numbers, as in PyTorch."""

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        super().__init__(layers)

    def forward(self, x: Any) -> Any:
        for layer in self:
            x = layer(x)
        return x


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


def drawn(fan_in: int, dtype: Any, rng: Any, *shapes: Any) -> list[Any]:
    """PyTorch's first parameters, from U(-r, r), r = 1/√fan_in; None where a shape is None."""
    rng, r = np.random.default_rng(rng), 1 / max(fan_in, 1) ** 0.5
    return [s and Variable(init.uniform(s, rng, -r, r, dtype=dtype)) for s in shapes]


def _walk(x: Any, prefix: str = "", deep: bool = True, *around: int) -> Iterator[tuple[str, Any]]:
    """(dotted name, Variable, array or Module) in ``x``; and in the Modules there, if ``deep``."""
    parts: list[tuple[Any, Any]] = []
    if isinstance(x, Module):
        parts = [(name, part) for name, part in vars(x).items() if name[0] != "_"]
    if isinstance(x, (dict, list, tuple)):
        parts += x.items() if isinstance(x, dict) else enumerate(x)
    for key, part in parts:
        name, module = f"{prefix}{key}", isinstance(part, Module)
        if part is x or id(part) in around:  # a reference to what is around it
            continue
        if module or part.__class__ is np.ndarray or (part.__class__ is Variable and part.is_leaf):
            yield name, part
        if deep if module else isinstance(part, (dict, list, tuple)):
            yield from _walk(part, f"{name}.", deep, id(x), *around)
