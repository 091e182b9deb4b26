"""The models of characters.py in PyTorch, and their training: the same steps written again.

Names, shapes and sizes are taken from the state of our model, so that the twin can be given it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm


class CharacterLSTM(torch.nn.Module):
    """ids: (N, T) -> logits of the next character: (N, T, V)."""

    def __init__(self, vocabulary: int, width: int, hidden: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, width)
        self.lstm = torch.nn.LSTM(width, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, vocabulary)

    def forward(self, ids: Any) -> Any:
        return self.head(self.lstm(self.embedding(ids))[0])


class Conv1D(torch.nn.Module):
    """GPT-2's affine map, whose weight is (in, out)."""

    def __init__(self, nf: int, nx: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(nx, nf))
        self.bias = torch.nn.Parameter(torch.empty(nf))

    def forward(self, x: Any) -> Any:
        return x @ self.weight + self.bias


class Block(torch.nn.Module):
    """x: (N, T, E) -> the same shape."""

    def __init__(self, e: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = torch.nn.LayerNorm(e), torch.nn.LayerNorm(e)
        self.attn = torch.nn.ModuleDict({"c_attn": Conv1D(3 * e, e), "c_proj": Conv1D(e, e)})
        self.mlp = torch.nn.ModuleDict({"c_fc": Conv1D(4 * e, e), "c_proj": Conv1D(e, 4 * e)})

    def forward(self, x: Any) -> Any:
        n, t, e = x.shape
        parts = self.attn["c_attn"](self.ln_1(x)).split(e, dim=-1)
        q, k, v = (part.view(n, t, self.heads, -1).transpose(1, 2) for part in parts)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn["c_proj"](y.transpose(1, 2).reshape(n, t, e))
        inner = F.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh")
        return x + self.mlp["c_proj"](inner)


class CharacterGPT(torch.nn.Module):
    """ids: (N, T) -> logits of the next character: (N, T, V); the head is the embedding."""

    def __init__(self, vocabulary: int, length: int, e: int, layers: int, heads: int) -> None:
        super().__init__()
        self.transformer = torch.nn.ModuleDict(
            {
                "wte": torch.nn.Embedding(vocabulary, e),
                "wpe": torch.nn.Embedding(length, e),
                "h": torch.nn.ModuleList(Block(e, heads) for _ in range(layers)),
                "ln_f": torch.nn.LayerNorm(e),
            }
        )

    def forward(self, ids: Any) -> Any:
        body = self.transformer
        x = body["wte"](ids) + body["wpe"](torch.arange(ids.shape[1]))
        for block in body["h"]:
            x = block(x)
        return body["ln_f"](x) @ body["wte"].weight.T


def twin_of(model: Any) -> torch.nn.Module:
    """A twin with the weights that ``model`` has now."""
    state = {name: torch.from_numpy(x) for name, x in model.state_dict().items()}
    if hasattr(model, "config"):
        c = model.config
        twin: Any = CharacterGPT(c.vocab_size, c.n_positions, c.n_embd, c.n_layer, c.n_head)
    else:
        twin = CharacterLSTM(*state["embedding.weight"].shape, model.lstm.hidden_size)
    twin.load_state_dict(state)
    return twin


def train(twin: Any, batches: Any, rates: Any, clip: float) -> list[float]:
    """The loss of each step; batches: (steps, N, T + 1) ids, rates: (steps,)."""
    torch.set_num_threads(1)
    optimizer = torch.optim.AdamW(twin.parameters())
    losses = []
    for ids, rate in zip(tqdm(torch.from_numpy(batches), "PyTorch"), rates, strict=True):
        optimizer.param_groups[0]["lr"] = float(rate)
        optimizer.zero_grad()
        loss = F.cross_entropy(twin(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(twin.parameters(), clip)
        optimizer.step()
        losses.append(loss.item())
    return losses


def bits(twin: Any, windows: Any) -> float:
    """Bits per character; windows: (N, T + 1) ids."""
    total = 0.0
    with torch.no_grad():
        for ids in torch.from_numpy(windows).split(64):
            logits = twin(ids[:, :-1]).flatten(0, 1)
            total += F.cross_entropy(logits, ids[:, 1:].flatten(), reduction="sum").item()
    return total / windows[:, 1:].size / float(np.log(2))
