"""Recurrent layers equal PyTorch's, packed sequences included."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

from .torch_parity import FLOATS, compare, torch

FAMILIES: list[Any] = [RNN, LSTM, GRU]


def nonlinear(draw: Any, kind: Any) -> dict[str, Any]:
    return (
        {"nonlinearity": draw(st.sampled_from(["tanh", "relu"]))} if kind in (RNN, RNNCell) else {}
    )


@pytest.mark.parametrize("kind", [RNNCell, LSTMCell, GRUCell])
@given(st.data())
def test_cells(kind: Any, data: Any) -> None:
    draw = data.draw
    n, width, hidden = (draw(st.integers(1, 5)) for _ in range(3))
    lead = () if draw(st.booleans()) else (n,)
    dtype = draw(st.sampled_from(FLOATS))
    options = {"bias": draw(st.booleans()), **nonlinear(draw, kind)}
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    inputs: list[Any] = [rng.standard_normal((*lead, width))]
    if draw(st.booleans()):
        h, c = rng.standard_normal((2, *lead, hidden))
        inputs.append((h, c) if kind is LSTMCell else h)
    ours = kind(width, hidden, dtype=dtype, **options)
    compare(ours, getattr(torch.nn, kind.__name__)(width, hidden, **options), *inputs, dtype=dtype)


def draw_network(draw: Any, kind: Any, dtype: Any) -> tuple[Any, Any, int, dict[str, Any]]:
    """(ours, PyTorch's, input width, options)"""
    width, hidden = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    options = {
        "num_layers": draw(st.integers(1, 3)), "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()), "bidirectional": draw(st.booleans()),
        **nonlinear(draw, kind),
    }  # fmt: skip
    ours = kind(width, hidden, dtype=dtype, **options)
    return ours, getattr(torch.nn, kind.__name__)(width, hidden, **options), width, options


def initial(rng: Any, kind: Any, ours: Any, options: dict[str, Any], batch: tuple[int, ...]) -> Any:
    layers = options["num_layers"] * (2 if options["bidirectional"] else 1)
    h, c = rng.standard_normal((2, layers, *batch, ours.hidden_size))
    return (h, c) if kind is LSTM else h


@pytest.mark.parametrize("kind", FAMILIES)
@given(st.data())
def test_networks(kind: Any, data: Any) -> None:
    draw = data.draw
    dtype = draw(st.sampled_from(FLOATS))
    ours, theirs, width, options = draw_network(draw, kind, dtype)
    steps, n = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    batch = (n,) if draw(st.booleans()) else ()
    lead = (*batch, steps) if options["batch_first"] else (steps, *batch)
    inputs: list[Any] = [rng.standard_normal((*lead, width))]
    if draw(st.booleans()):
        inputs.append(initial(rng, kind, ours, options, batch))
    compare(ours, theirs, *inputs, dtype=dtype)


def packed(net: Any, x: Any, hx: Any, lengths: Any, first: bool) -> Any:
    """Our network with lengths, PyTorch's with the sequences packed."""
    if not isinstance(net, torch.nn.Module):
        return net(x, hx, lengths=lengths)
    rnn = torch.nn.utils.rnn
    pack = rnn.pack_padded_sequence(x, torch.as_tensor(lengths), first, enforce_sorted=False)
    y, last = net(pack, hx)
    steps = x.shape[1 if first else 0]
    return rnn.pad_packed_sequence(y, first, total_length=steps)[0], last


@pytest.mark.parametrize("kind", FAMILIES)
@given(st.data())
def test_lengths_are_packed_sequences(kind: Any, data: Any) -> None:
    draw = data.draw
    dtype = draw(st.sampled_from(FLOATS))
    ours, theirs, width, options = draw_network(draw, kind, dtype)
    first = options["batch_first"]
    steps, n = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    lengths = np.array(draw(st.lists(st.integers(1, steps), min_size=n, max_size=n)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.standard_normal((n, steps, width) if first else (steps, n, width))
    hx = initial(rng, kind, ours, options, (n,)) if draw(st.booleans()) else None
    compare(
        ours, theirs, x, hx, dtype=dtype, call=packed, kwargs={"lengths": lengths, "first": first}
    )
