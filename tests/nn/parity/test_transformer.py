"""The transformer's layers, stacks and whole equal PyTorch's; GPT equals GPT-2's layout by hand."""

from __future__ import annotations

import math
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import nn.attention as ours
from nn.gpt import GPT, GPTConfig
from nn.normalization import LayerNorm

from .torch_parity import FLOATS, as_torch, compare, torch

sizes = st.integers(1, 4)
fewer = settings(max_examples=max(settings().max_examples // 3, 5))


def head_sizes(dtype: Any) -> Any:
    """LayerNorm of few numbers enlarges rounding by up to 1/√ε: not for float32."""
    return sizes if dtype is np.float64 else st.integers(8, 12)


def random_parameters(module: Any) -> Any:
    """PyTorch's module with parameters that are all different and none 0."""
    torch.manual_seed(0)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return module


def draw_layer(draw: Any) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
    """(sizes, options, dtype) that both libraries take; some activations by name."""
    dtype, heads = draw(st.sampled_from(FLOATS)), draw(sizes)
    args = (heads * draw(head_sizes(dtype)), heads, draw(sizes))
    options = {
        "dropout": 0.0, "activation": draw(st.sampled_from(["relu", "gelu"])),
        "layer_norm_eps": draw(st.sampled_from([1e-5, 1e-2])), "batch_first": draw(st.booleans()),
        "norm_first": draw(st.booleans()), "bias": draw(st.booleans()),
    }  # fmt: skip
    return args, options, dtype


def draw_inputs(draw: Any, d: int, first: bool) -> tuple[Any, Any, dict[str, Any]]:
    """Two sequences, and masks of one kind for both of them."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    n, t, s = (draw(sizes) for _ in range(3))
    batch = draw(st.booleans())

    def lead(t: int) -> tuple[int, ...]:
        return (t,) if not batch else (n, t) if first else (t, n)

    masks: dict[str, Any] = {}
    kind = draw(st.sampled_from(["none", "boolean", "float"]))
    shapes = {"tgt": (t, t), "memory": (t, s), "src": (s, s)}
    for name, shape in shapes.items() if kind != "none" else ():
        for suffix in ("mask", "key_padding_mask"):
            at = shape if suffix == "mask" else (n, shape[1]) if batch else shape[1:]
            mask = rng.random(at) < 0.4
            mask[..., 0] = False
            added = np.where(mask, -np.inf, rng.standard_normal(at))
            masks[f"{name}_{suffix}"] = mask if kind == "boolean" else added
    x, memory = rng.standard_normal((*lead(t), d)), rng.standard_normal((*lead(s), d))
    return x, memory, masks


def with_masks(masks: dict[str, Any], dtype: Any) -> Any:
    """A call that passes masks, which are not differentiated, to either library."""
    masks = {n: m if m.dtype == bool else m.astype(dtype) for n, m in masks.items()}

    def call(module: Any, *inputs: Any) -> Any:
        kwargs = as_torch(masks) if isinstance(module, torch.nn.Module) else masks
        return module(*inputs, **kwargs)

    return call


@pytest.mark.parametrize("depth", [None, 1, 2])
@fewer
@given(st.data())
def test_encoder(depth: int | None, data: Any) -> None:
    args, options, dtype = draw_layer(data.draw)
    _, x, masks = draw_inputs(data.draw, args[0], options["batch_first"])
    mine: Any = ours.TransformerEncoderLayer(*args, dtype=dtype, **options)
    theirs = torch.nn.TransformerEncoderLayer(*args, **options)
    names = {"src_mask": "src_mask", "src_key_padding_mask": "src_key_padding_mask"}
    if depth is not None:
        norm, final = LayerNorm(args[0], dtype=dtype), torch.nn.LayerNorm(args[0])
        normed = depth == 2
        mine = ours.TransformerEncoder(mine, depth, norm if normed else None)
        theirs = torch.nn.TransformerEncoder(
            theirs, depth, final if normed else None, enable_nested_tensor=False
        )
        names["src_mask"] = "mask"
    masks = {names[n]: m for n, m in masks.items() if n in names}
    call = with_masks(masks, dtype)
    compare(mine, random_parameters(theirs), x, dtype=dtype, call=call)


@pytest.mark.parametrize("depth", [None, 2])
@fewer
@given(st.data())
def test_decoder(depth: int | None, data: Any) -> None:
    args, options, dtype = draw_layer(data.draw)
    x, memory, masks = draw_inputs(data.draw, args[0], options["batch_first"])
    mine: Any = ours.TransformerDecoderLayer(*args, dtype=dtype, **options)
    theirs = torch.nn.TransformerDecoderLayer(*args, **options)
    if depth is not None:
        mine = ours.TransformerDecoder(mine, depth, LayerNorm(args[0], dtype=dtype))
        theirs = torch.nn.TransformerDecoder(theirs, depth, torch.nn.LayerNorm(args[0]))
    masks = {n: m for n, m in masks.items() if not n.startswith("src")}
    call = with_masks(masks, dtype)
    compare(mine, random_parameters(theirs), x, memory, dtype=dtype, call=call)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@fewer
@given(st.data())
def test_transformer(data: Any) -> None:
    (d, heads, width), options, dtype = draw_layer(data.draw)
    tgt, src, masks = draw_inputs(data.draw, d, options["batch_first"])
    depths = data.draw(sizes.filter(lambda n: n < 3)), data.draw(sizes.filter(lambda n: n < 3))
    mine = ours.Transformer(d, heads, *depths, width, dtype=dtype, **options)
    theirs = torch.nn.Transformer(d, heads, *depths, width, **options)
    call = with_masks(masks, dtype)
    compare(mine, random_parameters(theirs), src, tgt, dtype=dtype, call=call)


# -- GPT-2's layout, written out in PyTorch --------------------------------------------------------


class Conv1D(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, n_out: int, n_in: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(0.2 * torch.randn(n_in, n_out))
        self.bias = torch.nn.Parameter(0.2 * torch.randn(n_out))

    def forward(self, x: Any) -> Any:
        return torch.addmm(self.bias, x.flatten(0, -2), self.weight).view(*x.shape[:-1], -1)


class Attention(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, e: int, heads: int) -> None:
        super().__init__()
        self.heads, self.c_attn, self.c_proj = heads, Conv1D(3 * e, e), Conv1D(e, e)

    def forward(self, x: Any) -> Any:
        b, t, e = x.shape
        q, k, v = (
            part.view(b, t, self.heads, e // self.heads).transpose(1, 2)
            for part in self.c_attn(x).split(e, dim=2)
        )
        scores = q @ k.transpose(2, 3) / math.sqrt(e // self.heads)
        scores = scores.masked_fill(~torch.ones(t, t, dtype=torch.bool).tril(), -math.inf)
        y = torch.softmax(scores, dim=-1) @ v
        return self.c_proj(y.transpose(1, 2).reshape(b, t, e))


class Block(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, e: int, heads: int, eps: float) -> None:
        super().__init__()
        self.ln_1, self.attn = torch.nn.LayerNorm(e, eps), Attention(e, heads)
        self.ln_2 = torch.nn.LayerNorm(e, eps)
        self.mlp = torch.nn.ModuleDict({"c_fc": Conv1D(4 * e, e), "c_proj": Conv1D(e, 4 * e)})

    def forward(self, x: Any) -> Any:
        x = x + self.attn(self.ln_1(x))
        hidden = torch.nn.functional.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh")
        return x + self.mlp["c_proj"](hidden)


class Torch(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, c: GPTConfig) -> None:
        super().__init__()
        blocks = [Block(c.n_embd, c.n_head, c.layer_norm_epsilon) for _ in range(c.n_layer)]
        self.transformer = torch.nn.ModuleDict({
            "wte": torch.nn.Embedding(c.vocab_size, c.n_embd),
            "wpe": torch.nn.Embedding(c.n_positions, c.n_embd),
            "h": torch.nn.ModuleList(blocks),
            "ln_f": torch.nn.LayerNorm(c.n_embd, c.layer_norm_epsilon),
        })  # fmt: skip

    def forward(self, ids: Any) -> Any:
        ids, t = torch.as_tensor(ids), self.transformer
        x = t["wte"](ids) + t["wpe"](torch.arange(ids.shape[1]))
        for block in t["h"]:
            x = block(x)
        return t["ln_f"](x) @ t["wte"].weight.T  # the head is the embedding


@fewer
@given(st.data())
def test_gpt(data: Any) -> None:
    draw = data.draw
    dtype, heads = draw(st.sampled_from(FLOATS)), draw(sizes)
    config = GPTConfig(
        vocab_size=draw(st.integers(2, 9)), n_positions=draw(st.integers(1, 6)),
        n_embd=heads * draw(head_sizes(dtype)), n_layer=draw(st.integers(1, 2)), n_head=heads,
        dropout=0.0, layer_norm_epsilon=draw(st.sampled_from([1e-5, 1e-2])),
    )  # fmt: skip
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    shape = draw(sizes), draw(st.integers(1, config.n_positions))
    ids = rng.integers(0, config.vocab_size, shape)
    theirs = random_parameters(Torch(config))
    compare(GPT(config, dtype=dtype), theirs, ids, dtype=dtype)


def test_a_checkpoint_that_pytorch_wrote(tmp_path: Any) -> None:
    """In the layout of the published files: no prefix, causal masks as buffers, half precision."""
    from safetensors.torch import save_file

    config = GPTConfig(11, 8, 6, 2, 3, 0.0)
    theirs = random_parameters(Torch(config)).half().float()
    state = {n.removeprefix("transformer."): x for n, x in theirs.state_dict().items()}
    state = {n: x.half() for n, x in state.items()}
    state["h.0.attn.bias"] = torch.ones(8, 8).tril().view(1, 1, 8, 8)
    save_file(state, tmp_path / "gpt2.safetensors")
    mine = GPT.from_pretrained(tmp_path / "gpt2.safetensors", config, dtype=np.float64)
    ids = np.arange(8)[None] % 11
    with torch.no_grad():
        np.testing.assert_allclose(
            mine(ids).value, theirs.double()(ids).numpy(), rtol=1e-9, atol=1e-9
        )  # fmt: skip
