"""Attention: values by hand, what each mask means, hidden rows, errors; no other library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.testing import check_grads
from nn.attention import MultiheadAttention, attend, causal_mask
from nn.normalization import Dropout

INF = np.inf


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def identity(heads: int = 1, **options: Any) -> MultiheadAttention:
    """Q = K = V = x and output = heads, so that only the attention is left."""
    layer = MultiheadAttention(2, heads, dtype=float, **options)
    layer.in_proj_weight.value = np.tile(np.eye(2), (3, 1))
    layer.out_proj.weight.value = np.eye(2)
    return layer


# -- scaled dot product ----------------------------------------------------------------------------


def test_values_by_hand() -> None:
    q, k = np.array([[2.0]]), np.array([[0.0], [np.log(3) / 2]])
    v = np.array([[1.0, 0.0], [0.0, 1.0]])
    # scores 0 and log 3: weights 1/4 and 3/4
    y, weights = attend(q, k, v)
    np.testing.assert_allclose(y, [[0.25, 0.75]])
    np.testing.assert_allclose(weights, [[0.25, 0.75]])
    wide = attend(np.full((1, 4), 2.0), np.eye(2, 4), v)[0]
    np.testing.assert_allclose(wide, [[0.5, 0.5]])


def test_the_score_is_divided_by_the_root_of_the_width() -> None:
    q = np.ones((1, 16))
    k = np.stack([np.zeros(16), np.full(16, np.log(3) / 4)])  # q·k = 4 log 3, and √16 = 4
    np.testing.assert_allclose(attend(q, k, np.eye(2))[0], [[0.25, 0.75]])


def test_the_causal_mask() -> None:
    mask = causal_mask(3)
    np.testing.assert_array_equal(mask, [[0, -INF, -INF], [0, 0, -INF], [0, 0, 0]])
    assert mask.dtype == np.float32
    assert causal_mask(2, 3, dtype=float).shape == (2, 3)
    q, k, v = normal(3, 4), normal(3, 4, seed=1), normal(3, 2, seed=2)
    y, weights = attend(q, k, v, causal_mask(3, dtype=float))
    np.testing.assert_allclose(y[0], v[0])
    np.testing.assert_array_equal(np.triu(weights, 1), 0)


def test_a_mask_may_be_learnt() -> None:
    q, k, v = (normal(2, 3, 4, seed=i) for i in range(3))
    check_grads(attend, (q, k, v, normal(3, 3)))
    layer = MultiheadAttention(4, 2, dtype=float)
    check_grads(lambda mask: layer(q, k, v, attn_mask=mask)[0], (normal(2, 2),))
    layer = MultiheadAttention(4, 2)
    x, mask = q.astype(np.float32), Variable(np.zeros((2, 2)))
    y = layer(x, x, x, attn_mask=mask)[0]
    y.backward(np.ones(y.shape, np.float32))
    assert y.dtype == np.float32
    assert mask.adjoint.dtype == np.float64


def test_dropout_of_weights() -> None:
    q, k, v = np.zeros((1, 2)), np.zeros((1000, 2)), np.ones((1000, 1))
    values = [attend(q, k, v, None, Dropout(0.5, rng=i))[0][0, 0] for i in range(3)]
    assert len(set(values)) == 3
    np.testing.assert_allclose(values, 1, atol=0.2)
    assert attend(q, k, v, None, Dropout(0.5, rng=0))[0][0, 0] == values[0]
    assert attend(q, k, v, None, Dropout(1.0))[0][0, 0] == 0


# -- several heads ---------------------------------------------------------------------------------


def test_each_head_sees_its_own_part() -> None:
    layer = identity(heads=2)
    x = normal(3, 2)
    y, weights = layer(x, x, x, average_attn_weights=False)
    for i in range(2):
        part = x[:, i : i + 1]
        np.testing.assert_allclose(y.value[:, i : i + 1], attend(part, part, part)[0])
    assert weights.shape == (2, 3, 3)
    np.testing.assert_allclose(weights.value.sum(axis=-1), 1)
    np.testing.assert_allclose(layer(x, x, x)[1].value, weights.value.mean(axis=0))
    assert layer(x, x, x, need_weights=False)[1] is None


def test_the_ways_to_make_q_k_and_v_agree() -> None:
    """One product for all three, for two of them, or one each: equal arrays give equal results."""
    layer = MultiheadAttention(6, 3, dtype=float, rng=np.random.default_rng(0))
    assert layer.in_proj_bias is not None
    layer.in_proj_bias.value = normal(18)
    x = normal(4, 2, 6)
    expected = layer(x, x, x)[0].value
    memory = x.copy()
    np.testing.assert_allclose(layer(x, memory, memory)[0].value, expected, rtol=1e-12)
    np.testing.assert_allclose(layer(x, memory, x.copy())[0].value, expected, rtol=1e-12)
    np.testing.assert_allclose(layer(x, x, memory)[0].value, expected, rtol=1e-12)


def test_batch_first_and_no_batch() -> None:
    x = normal(4, 2, 6)  # (L, N, E)
    memory = normal(5, 2, 6, seed=1)
    layer = MultiheadAttention(6, 2, dtype=float)
    first = MultiheadAttention(6, 2, batch_first=True, dtype=float)
    first.load_state_dict(layer.state_dict())
    y, w = layer(x, memory, memory)
    yf, wf = first(x.swapaxes(0, 1), memory.swapaxes(0, 1), memory.swapaxes(0, 1))
    np.testing.assert_allclose(y.value, yf.value.swapaxes(0, 1), rtol=1e-12)
    np.testing.assert_allclose(w.value, wf.value, rtol=1e-12)
    for net in (layer, first):
        one, weights = net(x[:, 0], memory[:, 0], memory[:, 0])
        np.testing.assert_allclose(one.value, y.value[:, 0], rtol=1e-12)
        np.testing.assert_allclose(weights.value, w.value[0], rtol=1e-12)


def test_causal_attention_does_not_look_ahead() -> None:
    layer = MultiheadAttention(4, 2, batch_first=True, dtype=float)
    x = Variable(normal(1, 5, 4))
    y, _ = layer(x, x, x, is_causal=True)
    np.sum(y[:, 2]).backward()
    assert x.adjoint[:, :3].all()
    assert not x.adjoint[:, 3:].any()
    mask = np.triu(np.ones((5, 5), bool), 1)
    for other in (mask, causal_mask(5)):
        np.testing.assert_array_equal(layer(x, x, x, attn_mask=other)[0].value, y.value)


def test_padding_is_not_seen() -> None:
    layer = MultiheadAttention(4, 2, batch_first=True, dtype=float)
    x = normal(2, 5, 4)
    padding = np.array([[False] * 3 + [True] * 2, [False] * 5])
    y, w = layer(x, x, x, key_padding_mask=padding)
    short = layer(x[:1, :3], x[:1, :3], x[:1, :3])[0]
    np.testing.assert_allclose(y.value[0, :3], short.value[0], rtol=1e-12)
    assert not w.value[0, :, 3:].any()
    added = np.where(padding, -INF, 0.0)
    np.testing.assert_array_equal(layer(x, x, x, added)[0].value, y.value)


def test_a_mask_for_each_head() -> None:
    layer = MultiheadAttention(4, 2, dtype=float)
    x = normal(3, 2, 4)
    mask = normal(4, 3, 3)  # (N·H, L, S)
    w = layer(x, x, x, attn_mask=mask, average_attn_weights=False)[1].value
    free = layer(x, x, x, average_attn_weights=False)[1].value
    expected = free * np.exp(mask.reshape(2, 2, 3, 3))
    np.testing.assert_allclose(w, expected / expected.sum(axis=-1, keepdims=True), rtol=1e-10)


@pytest.mark.parametrize("boolean", [True, False])
def test_a_query_that_sees_nothing_gives_0_and_finite_gradients(boolean: bool) -> None:
    layer = MultiheadAttention(4, 2, batch_first=True, dtype=float)
    x = Variable(normal(2, 3, 4))
    hidden = np.array([[True] * 3, [False] * 3])
    padding = hidden if boolean else np.where(hidden, -INF, 0.0)
    y, w = layer(x, x, x, padding)
    assert not y.value[0].any()  # the bias of out_proj is 0 at first
    assert not w.value[0].any()
    np.sum(y**2).backward()
    for v in (x, *layer.parameters()):
        assert np.isfinite(v.adjoint).all()
    assert not x.adjoint[0].any()
    assert x.adjoint[1].any()


def test_dropout_only_in_training() -> None:
    layer = MultiheadAttention(4, 2, dropout=0.5, rng=np.random.default_rng(0))
    x = normal(3, 2, 4).astype(np.float32)
    a, b = (layer(x, x, x)[0].value for _ in range(2))
    assert (a != b).any()
    layer.eval()
    a, b = (layer(x, x, x)[0].value for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_sizes_of_0() -> None:
    layer = MultiheadAttention(4, 2, batch_first=True)
    for n, length, s in [(0, 3, 3), (2, 0, 3), (2, 3, 0)]:
        q, k = Variable(np.ones((n, length, 4), np.float32)), np.ones((n, s, 4), np.float32)
        y, w = layer(q, k, k)
        assert (y.shape, w.shape) == ((n, length, 4), (n, length, s))
        np.sum(y).backward()
        assert not q.adjoint.any()


def test_initial_values_and_names() -> None:
    layer = MultiheadAttention(60, 3, rng=np.random.default_rng(0))
    assert {n: x.shape for n, x in layer.state_dict().items()} == {
        "in_proj_weight": (180, 60), "in_proj_bias": (180,),
        "out_proj.weight": (60, 60), "out_proj.bias": (60,),
    }  # fmt: skip
    bound = (6 / 240) ** 0.5
    assert 0.99 * bound < np.abs(layer.in_proj_weight.value).max() <= bound
    assert layer.in_proj_bias is not None
    assert not layer.in_proj_bias.value.any()
    other = MultiheadAttention(6, 3, bias=False, batch_first=True)
    assert list(other.state_dict()) == ["in_proj_weight", "out_proj.weight"]
    assert layer.extra_repr() == "60, 3"
    assert other.extra_repr() == "6, 3, batch_first=True"
    same = MultiheadAttention(60, 3, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer.in_proj_weight.value, same.in_proj_weight.value)


def test_gradients() -> None:
    layer = MultiheadAttention(4, 2, dtype=float, rng=np.random.default_rng(0))
    check_grads(layer, (normal(3, 2, 4), normal(2, 2, 4), normal(2, 2, 4)))
    check_grads(lambda x: layer(x, x, x, is_causal=True)[0], (normal(3, 2, 4),))


def test_errors() -> None:
    for options in [(6, 4), (6, 0), (0, 1)]:
        with pytest.raises(ValueError, match=r"num_heads=\d must divide embed_dim=\d"):
            MultiheadAttention(*options)
    with pytest.raises(ValueError, match="probability"):
        MultiheadAttention(6, 3, dropout=1.5)
    layer = MultiheadAttention(4, 2)
    x = normal(3, 2, 4).astype(np.float32)
    wrong: Any
    for wrong in [(x[..., :3], x, x), (x[0, 0], x, x)]:
        with pytest.raises(ValueError, match=r"query has shape .* \(L, N, 4\) or \(L, 4\)"):
            layer(*wrong)
    for wrong in [(x, x[:, 0], x[:, 0]), (x, x[:, :1], x[:, :1]), (x, x[..., :3], x)]:
        with pytest.raises(ValueError, match=r"key has shape .* must have \(S, 2, 4\)"):
            layer(*wrong)
    with pytest.raises(ValueError, match=r"value has shape \(2, 2, 4\), .* \(3, 2, 4\)"):
        layer(x, x, x[:2])
    first = MultiheadAttention(4, 2, batch_first=True)
    with pytest.raises(ValueError, match=r"key has shape \(2, 2, 4\), and must have \(3, S, 4\)"):
        first(x, x[:2], x[:2])
    with pytest.raises(ValueError, match=r"key has shape \(3, 2, 4\), and must have \(S, 4\)"):
        first(x[0], x, x)
    with pytest.raises(ValueError, match=r"attn_mask .* shape \(3, 4\).*\(3, 3\) or \(4, 3, 3\)"):
        layer(x, x, x, attn_mask=np.zeros((3, 4), bool))
    with pytest.raises(ValueError, match=r"key_padding_mask .* has shape \(3, 2\).*\(2, 3\)"):
        layer(x, x, x, np.zeros((3, 2), bool))
    with pytest.raises(TypeError, match=r"key_padding_mask \(boolean, .*\) has dtype int64"):
        layer(x, x, x, np.zeros((2, 3), int))
    with pytest.raises(TypeError, match=r"MultiheadAttention: query has dtype int64"):
        layer(np.ones((3, 2, 4), int), x, x)
