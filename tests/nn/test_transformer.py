"""Transformer layers and stacks: equations by hand, masks, dropout, names, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.testing import check_grads
from nn import functional as F
from nn.activations import PReLU
from nn.attention import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
    causal_mask,
)
from nn.linear import Linear
from nn.normalization import LayerNorm

LAYERS: list[Any] = [TransformerEncoderLayer, TransformerDecoderLayer]


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def small(kind: Any, **options: Any) -> Any:
    options = {"dropout": 0.0, "batch_first": True, "dtype": float, "rng": 0, **options}
    return kind(4, 2, 6, **options)


def norm(x: Any) -> Any:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


@pytest.mark.parametrize("norm_first", [True, False])
def test_the_equations(norm_first: bool) -> None:
    layer = small(TransformerEncoderLayer, norm_first=norm_first)
    x = normal(2, 3, 4)

    def attend(x: Any) -> Any:
        return layer.self_attn(x, x, x)[0].value

    def network(x: Any) -> Any:
        hidden = np.maximum(x @ layer.linear1.weight.value.T + layer.linear1.bias.value, 0)
        return hidden @ layer.linear2.weight.value.T + layer.linear2.bias.value

    if norm_first:
        y = x + attend(norm(x))
        y = y + network(norm(y))
    else:
        y = norm(x + attend(x))
        y = norm(y + network(y))
    np.testing.assert_allclose(layer(x).value, y, rtol=1e-10)


def test_a_decoder_layer_reads_the_memory() -> None:
    layer = small(TransformerDecoderLayer)
    x, memory = Variable(normal(2, 3, 4)), Variable(normal(2, 5, 4, seed=1))
    hidden = np.array([[False] * 3 + [True] * 2] * 2)
    y = layer(x, memory, memory_key_padding_mask=hidden)
    np.testing.assert_allclose(y.value, layer(x, memory.value[:, :3]).value, rtol=1e-12)
    (y * normal(2, 3, 4, seed=2)).sum().backward()
    assert memory.adjoint[:, :3].all()
    assert not memory.adjoint[:, 3:].any()


@pytest.mark.parametrize("kind", LAYERS)
def test_a_causal_layer_does_not_look_ahead(kind: Any) -> None:
    layer = small(kind)
    x = Variable(normal(2, 4, 4))
    memory = () if kind is TransformerEncoderLayer else (normal(2, 5, 4, seed=1),)
    name = "src_mask" if not memory else "tgt_mask"
    y = layer(x, *memory, **{name: causal_mask(4)})
    causal = "is_causal" if not memory else "tgt_is_causal"
    np.testing.assert_array_equal(layer(x, *memory, **{causal: True}).value, y.value)
    (y * normal(2, 4, 4, seed=2))[:, 1].sum().backward()
    assert x.adjoint[:, :2].all()
    assert not x.adjoint[:, 2:].any()


def test_a_hidden_sequence_stays_finite() -> None:
    layer = small(TransformerEncoderLayer)
    x = Variable(normal(2, 3, 4))
    y = layer(x, src_key_padding_mask=np.array([[True] * 3, [False] * 3]))
    (y**2).sum().backward()
    assert np.isfinite(y.value).all()
    assert all(np.isfinite(v.adjoint).all() for v in (x, *layer.parameters()))


def test_stacks_are_copies_and_end_with_the_norm() -> None:
    layer = small(TransformerEncoderLayer)
    stack = TransformerEncoder(layer, 2, LayerNorm(4, dtype=float))
    x = normal(2, 3, 4)
    np.testing.assert_allclose(stack(x).value, norm(layer(layer(x)).value), rtol=1e-10)
    assert len(stack.parameters()) == 2 * 12 + 2
    assert not {id(p) for p in layer.parameters()} & {id(p) for p in stack.parameters()}
    assert list(stack.state_dict())[:2] == [
        "layers.0.self_attn.in_proj_weight", "layers.0.self_attn.in_proj_bias",
    ]  # fmt: skip
    assert {"layers.1.linear1.weight", "layers.1.norm2.bias", "norm.weight"} <= set(
        stack.state_dict()
    )
    np.testing.assert_array_equal(TransformerEncoder(layer, 0)(x), x)
    decoder = TransformerDecoder(small(TransformerDecoderLayer), 3)
    assert decoder(x, normal(2, 5, 4)).shape == x.shape


def test_copies_share_one_generator_and_forget_different_elements() -> None:
    layer = small(TransformerEncoderLayer, dropout=0.5)
    stack = TransformerEncoder(layer, 2)
    first, second = stack.layers
    assert first.dropout.rng is second.dropout.rng is first.self_attn.dropout.rng
    x = np.ones((2, 3, 4))
    assert (first.dropout(x) != second.dropout(x)).any()
    a, b = stack(x).value, stack(x).value
    assert (a != b).any()
    stack.eval()
    np.testing.assert_array_equal(stack(x).value, stack(x).value)
    np.testing.assert_array_equal(first.self_attn(x, x, x)[0].value,
                                  second.self_attn(x, x, x)[0].value)  # fmt: skip


def test_the_whole() -> None:
    net = Transformer(4, 2, 2, 1, 6, 0.0, batch_first=True, dtype=float, rng=0)
    src, tgt = normal(2, 3, 4), normal(2, 5, 4, seed=1)
    y = net(src, tgt, tgt_is_causal=True)
    np.testing.assert_array_equal(y.value, net.decoder(tgt, net.encoder(src), causal_mask(5)).value)
    assert y.shape == tgt.shape
    weights = [p.value for p in net.parameters() if p.ndim > 1]
    for w in weights:
        assert np.abs(w).max() <= (6 / sum(w.shape)) ** 0.5
    assert not np.array_equal(weights[0], weights[4])  # drawn for each layer by itself
    first = Transformer(4, 2, 2, 1, 6, 0.0, dtype=float, rng=0)
    same = first(src.swapaxes(0, 1), tgt.swapaxes(0, 1), tgt_is_causal=True)
    np.testing.assert_allclose(same.value.swapaxes(0, 1), y.value, rtol=1e-12)
    np.testing.assert_allclose(net(src[0], tgt[0], tgt_is_causal=True).value, y.value[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype: Any) -> None:
    net = Transformer(4, 2, 1, 1, 6, 0.1, "gelu", dtype=dtype)
    x = Variable(normal(3, 2, 4).astype(dtype))
    y = net(x, x, causal_mask(3, dtype=float))
    y.backward(np.ones(y.shape, dtype))
    assert y.dtype == x.adjoint.dtype == dtype
    assert all(p.adjoint.dtype == dtype for p in net.parameters())


def test_activations() -> None:
    x = normal(2, 3, 4)
    by_name = small(TransformerEncoderLayer, activation="relu")(x).value
    by_hand = small(TransformerEncoderLayer, activation=lambda x: np.maximum(x, 0))(x).value
    np.testing.assert_allclose(by_name, by_hand)
    learnt = small(TransformerEncoderLayer, activation=PReLU(dtype=float))
    assert "activation.weight" in learnt.state_dict()
    by_name = small(TransformerEncoderLayer, activation="elu")(x).value
    np.testing.assert_allclose(by_name, small(TransformerEncoderLayer, activation=F.elu)(x).value)
    with pytest.raises(AttributeError, match=r"nn\.functional' has no attribute 'rely"):
        small(TransformerEncoderLayer, activation="rely")


@pytest.mark.parametrize("norm_first", [True, False])
def test_gradients(norm_first: bool) -> None:
    options = {"norm_first": norm_first, "activation": "gelu"}
    check_grads(small(TransformerEncoderLayer, **options), (normal(2, 3, 4),))
    inputs = normal(2, 3, 4), normal(2, 2, 4, seed=1)
    check_grads(small(TransformerDecoderLayer, **options), inputs)


def test_sizes_of_0_and_errors() -> None:
    layer = small(TransformerEncoderLayer)
    for shape in [(0, 3, 4), (2, 0, 4)]:
        assert layer(np.zeros(shape)).shape == shape
    with pytest.raises(ValueError, match=r"query has shape \(2, 3, 5\), .*\(N, L, 4\)"):
        layer(np.zeros((2, 3, 5)))
    with pytest.raises(TypeError, match="dtype int64"):
        layer(np.zeros((2, 3, 4), int))
    with pytest.raises(ValueError, match="num_layers is -1"):
        TransformerEncoder(layer, -1)
    with pytest.raises(ValueError, match="num_heads=3 must divide embed_dim=4"):
        TransformerEncoderLayer(4, 3)


def test_learns_to_copy_the_last_of_a_sequence() -> None:
    """What only attention can do: bring the last vector to the first place."""
    from autograd_tape import Tape
    from nn import optim

    rng = np.random.default_rng(0)
    layer = TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True, norm_first=True, rng=rng)
    head = Linear(8, 1, rng=rng)
    parameters = layer.parameters() + head.parameters()
    optimizer = optim.Adam(parameters, lr=0.01)
    losses = []
    for _ in range(150):
        x = rng.standard_normal((32, 4, 8)).astype(np.float32)
        x[:, :, 0] = [0, 0, 0, 3]  # marks the last place
        with Tape() as tape:
            loss = np.mean((head(layer(x)[:, 0]) - x[:, 3, 1:2]) ** 2)
        optimizer.step(tape.gradient(loss, parameters))
        losses.append(float(loss.value))
    assert np.mean(losses[-10:]) < 0.4 * np.mean(losses[:10])
