"""Does a layer of ours do what PyTorch's does, with PyTorch's own weights?

Importing this module skips the tests of the importing one where PyTorch is not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from autograd_tape import Tape, Variable
from autograd_tape.variable import as_value

torch: Any = pytest.importorskip("torch")

__all__ = [
    "FLOATS", "as_torch", "assert_close", "assert_same_distribution", "compare", "load", "torch",
]  # fmt: skip

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
FLOATS = (np.float32, np.float64)


def as_torch(x: Any) -> Any:
    """The tensor of an array; tuples and lists of arrays keep their structure, None stays."""
    return _mapped(lambda a: torch.tensor(a) if isinstance(a, np.ndarray) else a, x)


def load(ours: Any, theirs: Any) -> None:
    """Give our module the state of PyTorch's: the same names, shapes and mode."""
    state = {name: value.numpy().copy() for name, value in theirs.state_dict().items()}
    mine = {name: value.shape for name, value in ours.state_dict().items()}
    assert mine == {name: value.shape for name, value in state.items()}
    ours.load_state_dict(state)
    ours.train(theirs.training)


def compare(
    ours: Any, theirs: Any, *inputs: Any, dtype: Any = np.float64, tol: float | None = None,
    call: Callable[..., Any] | None = None, kwargs: Mapping[str, Any] | None = None, seed: int = 0,
) -> None:  # fmt: skip
    """Assert equal keys, outputs, gradients of inputs and parameters, and buffers afterwards.

    ours, theirs  modules made with the same options; ours already has ``dtype``
    inputs        arrays, None, numbers, or tuples and lists of them; float arrays are cast to
                  ``dtype`` and differentiated, integers and booleans passed as they are
    tol           allowed error relative to the largest magnitude of what is compared (at least 1:
                  the covector is of size 1, and a gradient that vanishes leaves its rounding);
                  1e-5 for float32 and 1e-10 for float64 by default
    call          ``call(module, *inputs, **kwargs)`` in place of ``module(*inputs, **kwargs)``
    kwargs        keyword arguments, treated as the inputs are
    seed          of the random covector
    """
    name = np.dtype(dtype).name
    tol = TOLERANCE[name] if tol is None else tol
    theirs = theirs.to(getattr(torch, name))
    load(ours, theirs)
    wrong = {n: str(p.dtype) for n, p in ours.named_parameters() if p.dtype != dtype}
    assert not wrong, f"make our module with dtype={name}: {wrong}"

    def run(module: Any, args: Any, options: Any) -> Any:
        return module(*args, **options) if call is None else call(module, *args, **options)

    given = _mapped(lambda a: _cast(a, dtype), [list(inputs), dict(kwargs or {})])
    variables, tensors = _mapped(_variable, given), _mapped(_tensor, given)
    with Tape() as tape:
        mine = _leaves(run(ours, *variables))
    expected = _leaves(run(theirs, *tensors))
    assert len(mine) == len(expected)
    for i, (y, t) in enumerate(zip(mine, expected, strict=True)):
        assert_close(as_value(y), t.detach().numpy(), tol, f"output {i}")

    rng = np.random.default_rng(seed)
    covectors = [np.asarray(rng.standard_normal(y.shape), dtype) for y in mine]
    pairs = [
        (f"input {i}", v, t)
        for i, (v, t) in enumerate(zip(_leaves(variables), _leaves(tensors), strict=True))
        if isinstance(v, Variable)
    ]
    own = dict(ours.named_parameters())
    pairs += [(n, own[n], p) for n, p in theirs.named_parameters()]
    with tape:
        target = sum(np.sum(y * c) for y, c in zip(mine, covectors, strict=True))
    goal = sum((t * torch.tensor(c)).sum() for t, c in zip(expected, covectors, strict=True))
    if not pairs:
        return
    target.backward()
    gradients = torch.autograd.grad(goal, [t for _, _, t in pairs], allow_unused=True)
    for (n, v, t), g in zip(pairs, gradients, strict=True):
        zeros = np.zeros(tuple(t.shape), dtype)
        got = zeros if v.adjoint is None else v.adjoint
        assert_close(got, zeros if g is None else g.numpy(), tol, f"gradient of {n}")
    after = ours.state_dict()
    for n, t in theirs.state_dict().items():
        assert_close(after[n], t.numpy(), tol, f"{n} afterwards")


def assert_close(got: Any, expected: Any, tol: float, what: str) -> None:
    """Equal shapes, dtypes, and values to ``tol`` of the largest magnitude (at least 1)."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, PyTorch {expected.shape}"
    assert got.dtype == expected.dtype, f"{what}: dtype {got.dtype}, PyTorch {expected.dtype}"
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, float(finite.max())) if finite.size else 1.0
    np.testing.assert_allclose(got, expected, rtol=0, atol=tol * scale, err_msg=what)


def assert_same_distribution(ours: Any, theirs: Any) -> None:
    """The initial values of each parameter are drawn as PyTorch draws them (Kolmogorov-Smirnov).

    Give layers of some thousand values a parameter: 1/14 of the probability may then lie elsewhere.
    """
    own = dict(ours.named_parameters())
    for name, p in theirs.named_parameters():
        test = stats.ks_2samp(own[name].value.ravel(), p.detach().numpy().ravel())
        assert test.pvalue > 1e-6, f"{name}: {test}"


def _cast(x: Any, dtype: Any) -> Any:
    return x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def _variable(x: Any) -> Any:
    return Variable(x) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def _tensor(x: Any) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    return torch.tensor(x, requires_grad=x.dtype.kind == "f")


def _mapped(f: Callable[[Any], Any], x: Any) -> Any:
    if isinstance(x, dict):
        return {key: _mapped(f, part) for key, part in x.items()}
    if isinstance(x, (tuple, list)):
        return type(x)(_mapped(f, part) for part in x)
    return f(x)


def _leaves(x: Any) -> list[Any]:
    """The arrays of nested containers in order; None and plain numbers are left out."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, Sequence) and not isinstance(x, str):
        return [leaf for part in x for leaf in _leaves(part)]
    return [] if not hasattr(x, "shape") else [x]
