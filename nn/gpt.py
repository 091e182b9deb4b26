"""GPT (003 §13.2): a transformer that says which token comes next, in the layout of GPT-2.

Names, shapes and orientation of all tensors are those of the published GPT-2 weights.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from autograd_tape import Variable, no_grad
from autograd_tape.variable import as_value

from . import functional as F
from . import generation, init
from . import state as files
from .attention import scaled_dot_product_attention
from .check import expect_float
from .dropout import Dropout
from .embedding import Embedding, LearnedPositions
from .module import Module
from .normalization import LayerNorm

__all__ = ["GPT", "Conv1D", "GPTConfig"]

# What config.json may say beside the numbers; another value would mean another computation.
_FIXED = {
    "model_type": "gpt2", "activation_function": "gelu_new", "n_inner": None,
    "scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False, "tie_word_embeddings": True,
}  # fmt: skip


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a :class:`GPT`, named as in GPT-2's config.json; these are those of GPT-2 small.

    vocab_size   tokens
    n_positions  the context window: the longest sequence
    n_embd       width of the vectors, n_head of them beside each other in n_layer blocks
    dropout      after the embeddings, on attention weights, and at the end of both halves of a
                 block, in training
    """

    vocab_size: int = 50257
    n_positions: int = 1024
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    dropout: float = 0.1
    layer_norm_epsilon: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head"):
            n = getattr(self, name)
            if not isinstance(n, int) or n < 1:
                raise ValueError(f"GPTConfig: {name} is an integer ≥ 1, not {n!r}")
        if self.n_embd % self.n_head:
            raise ValueError(f"GPTConfig: n_head={self.n_head} must divide n_embd={self.n_embd}")


class Conv1D(Module):
    """An affine map whose weight is stored as (in, out): GPT-2's name and layout.

    x: (..., nx) -> (..., nf);  weight: (nx, nf), drawn from N(0, std²);  bias: (nf,), at first 0

        y = x·W + b
    """

    def __init__(
        self, nf: int, nx: int, *, std: float = 0.02, dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.nf, self.nx = nf, nx
        values = init.normal((nx, nf), rng, std=std, dtype=dtype)
        self.weight = Variable(values, name="weight")
        self.bias = Variable(np.zeros(nf, dtype), name="bias")

    def forward(self, x: Any) -> Any:
        expect_float("Conv1D", x)
        if x.ndim < 1 or x.shape[-1] != self.nx:
            raise ValueError(
                f"Conv1D: the input has shape {x.shape}, and must have (..., {self.nx})"
            )
        return x @ self.weight + self.bias

    def extra_repr(self) -> str:
        return f"nf={self.nf}, nx={self.nx}"


class _Attention(Module):
    """Each token attends to itself and to those before it; x: (..., T, E) -> the same."""

    def __init__(self, config: GPTConfig, std: float, dtype: Any, rng: np.random.Generator) -> None:
        e = config.n_embd
        self.n_head, self.dropout, self.rng = config.n_head, config.dropout, rng
        self.c_attn = Conv1D(3 * e, e, dtype=dtype, rng=rng)
        self.c_proj = Conv1D(e, e, std=std, dtype=dtype, rng=rng)
        self.resid_dropout = Dropout(config.dropout, rng=rng)

    def forward(self, x: Any) -> Any:
        e, h = x.shape[-1], self.n_head
        qkv = self.c_attn(x)  # (..., T, 3E)
        q, k, v = (
            qkv[..., i * e : (i + 1) * e].reshape((*x.shape[:-1], h, e // h)).swapaxes(-2, -3)
            for i in range(3)
        )  # (..., H, T, E/H)
        dropout = self.dropout if self.training else 0.0
        y = scaled_dot_product_attention(q, k, v, None, dropout, is_causal=True, rng=self.rng)
        return self.resid_dropout(self.c_proj(y.swapaxes(-2, -3).reshape(x.shape)))


class _MLP(Module):
    """W₂·gelu(W₁·x + b₁) + b₂ with four times the width inside; x: (..., E) -> the same."""

    def __init__(self, config: GPTConfig, std: float, dtype: Any, rng: np.random.Generator) -> None:
        e = config.n_embd
        self.c_fc = Conv1D(4 * e, e, dtype=dtype, rng=rng)
        self.c_proj = Conv1D(e, 4 * e, std=std, dtype=dtype, rng=rng)
        self.dropout = Dropout(config.dropout, rng=rng)

    def forward(self, x: Any) -> Any:
        return self.dropout(self.c_proj(F.gelu(self.c_fc(x), "tanh")))


class _Block(Module):
    def __init__(self, config: GPTConfig, std: float, dtype: Any, rng: np.random.Generator) -> None:
        eps = config.layer_norm_epsilon
        self.ln_1 = LayerNorm(config.n_embd, eps, dtype=dtype)
        self.attn = _Attention(config, std, dtype, rng)
        self.ln_2 = LayerNorm(config.n_embd, eps, dtype=dtype)
        self.mlp = _MLP(config, std, dtype, rng)

    def forward(self, x: Any) -> Any:
        # x ← x + Attention(LayerNorm(x));  x ← x + MLP(LayerNorm(x))
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class _Body(Module):
    """Everything but the head; ids: (..., T) -> (..., T, n_embd)."""

    def __init__(self, config: GPTConfig, dtype: Any, rng: np.random.Generator) -> None:
        self.n_positions = config.n_positions
        self.wte = Embedding(config.vocab_size, config.n_embd, dtype=dtype, rng=rng)
        self.wte.weight.value = init.normal(self.wte.weight.shape, rng, std=0.02, dtype=dtype)
        self.wpe = LearnedPositions(
            config.n_positions, config.n_embd, config.dropout, dtype=dtype, rng=rng
        )
        std = 0.02 / (2 * config.n_layer) ** 0.5  # so that the sum of all blocks keeps its size
        self.h = [_Block(config, std, dtype, rng) for _ in range(config.n_layer)]
        self.ln_f = LayerNorm(config.n_embd, config.layer_norm_epsilon, dtype=dtype)

    def forward(self, ids: Any) -> Any:
        ids = np.asarray(as_value(ids))
        if ids.ndim < 1 or ids.shape[-1] > self.n_positions:
            raise ValueError(
                f"GPT: the token ids have shape {ids.shape}, and must have (..., T) with T at most "
                f"n_positions = {self.n_positions}; give the last ones, ids[..., -n_positions:]"
            )
        x = self.wpe(self.wte(ids))
        for block in self.h:
            x = block(x)
        return self.ln_f(x)


class GPT(Module):
    """A language model: the logits of the next token after each token of a sequence.

    ids: (..., T) integers, T ≤ n_positions -> (..., T, vocab_size)

        x = W_e[ids] + W_p;  then n_layer times
        x ← x + Attention(LayerNorm(x)), x ← x + MLP(LayerNorm(x));  and at last
        logits = LayerNorm(x)·W_eᵀ

    The head is the token embedding (weight tying).  ``model.transformer(ids)`` gives the vectors
    (..., T, n_embd) before it, for another head: 003 §13.2's L₂.
    State names are those of GPT-2: ``transformer.h.0.attn.c_attn.weight`` of shape (in, out), ...
    Source: Radford et al. 2019, "Language models are unsupervised multitask learners"; 003 §13.2.
    Raises ValueError for longer sequences, IndexError for ids outside of the vocabulary.
    """

    def __init__(
        self, config: GPTConfig, *, dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.config = config
        self.transformer = _Body(config, dtype, np.random.default_rng(rng))

    def forward(self, ids: Any) -> Any:
        # logits = x·W_eᵀ
        return F.linear(self.transformer(ids), self.transformer.wte.weight)

    def generate(
        self, ids: Any, max_new_tokens: int, temperature: float = 1.0, top_k: int | None = None,
        top_p: float | None = None, rng: np.random.Generator | int | None = None,
        stop: int | None = None,
    ) -> Any:  # fmt: skip
        """The sequences that begin with ``ids``, without dropout: (T,) or (B, T) -> (..., T + new).

        temperature, top_k, top_p  as of :func:`nn.generation.sample`; temperature 0 takes the most
                                   likely token
        stop  a token that ends a sequence: it is kept, and repeated in a batch until all have ended

        Only the last n_positions tokens are looked at.  Each token costs a pass over all of them.
        """
        ids = np.asarray(as_value(ids))
        if ids.ndim not in (1, 2) or not ids.shape[-1] or max_new_tokens < 0:
            raise ValueError(
                f"GPT.generate: ids has shape {ids.shape} and max_new_tokens is {max_new_tokens}; "
                "give a prompt (T,) or (B, T) of at least one token, and a number ≥ 0"
            )
        rng = np.random.default_rng(rng)
        ended = np.zeros(ids.shape[:-1], bool)
        training = self.training
        self.eval()
        try:
            for _ in range(max_new_tokens):
                with no_grad():
                    x = self.transformer(ids[..., -self.config.n_positions :])[..., -1, :]
                    logits = F.linear(x, self.transformer.wte.weight)
                if temperature == 0:
                    new = generation.greedy(logits)
                else:
                    new = generation.sample(logits, temperature, top_k, top_p, rng)
                if stop is not None:
                    new = np.where(ended, stop, new)
                    ended |= new == stop
                ids = np.concatenate([ids, np.asarray(new, ids.dtype)[..., None]], axis=-1)
                if ended.all() and ended.size:
                    break
        finally:
            self.train(training)
        return ids

    # -- on disk -----------------------------------------------------------------------------------

    def save_pretrained(self, directory: str | os.PathLike[str]) -> None:
        """Write model.safetensors and config.json, as Hugging Face's GPT2LMHeadModel reads them."""
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        config = asdict(self.config)
        dropout = config.pop("dropout")
        config |= dict.fromkeys(("embd_pdrop", "attn_pdrop", "resid_pdrop"), dropout)
        text = json.dumps({**_FIXED, "architectures": ["GPT2LMHeadModel"], **config}, indent=2)
        (folder / "config.json").write_text(text + "\n", encoding="utf-8")
        files.save(self, folder / "model.safetensors", {"format": "pt"})

    @classmethod
    def from_pretrained(
        cls, path: str | os.PathLike[str], config: GPTConfig | None = None, *,
        dtype: Any = np.float32,
    ) -> GPT:  # fmt: skip
        """A GPT with the weights of a safetensors file, or of model.safetensors in a directory.

        config  what config.json beside the weights says by default; the number of heads cannot be
                seen from the weights
        Names may begin with ``transformer.`` or not; causal masks, which old files hold, are passed
        over, and ``lm_head.weight`` must be the token embedding.  Returns the model in ``eval()``.
        Raises FileNotFoundError, and ValueError for files that are cut off or changed, and for
        tensors that are missing, unexpected or of another shape: all of them in one message.
        """
        file = Path(path)
        file = file / "model.safetensors" if file.is_dir() else file
        arrays, _ = files.load_file(file)
        if config is None:
            config = _read_config(file.with_name("config.json"))
        model = cls(config, dtype=dtype, rng=np.random.default_rng(0))
        try:
            model.load_state_dict(_renamed(arrays))
        except ValueError as error:
            raise ValueError(f"{os.fspath(file)!r}: {error}") from None
        model.eval()
        return model


def _renamed(arrays: dict[str, Any]) -> dict[str, Any]:
    """Tensors of a file under the names that :class:`GPT` has for them."""
    head = arrays.get("lm_head.weight")
    state: dict[str, Any] = {}
    for name, x in arrays.items():
        if name == "lm_head.weight" or name.endswith((".attn.bias", ".attn.masked_bias")):
            continue
        if x.dtype.kind != "f" or not np.isfinite(x).all():
            raise ValueError(f"{name} of dtype {x.dtype} holds what is no finite real number")
        full = name if name.startswith("transformer.") else f"transformer.{name}"
        if full in state:
            raise ValueError(f"{full} is there twice, with its prefix and without")
        state[full] = x
    if head is not None and not np.array_equal(head, state.get("transformer.wte.weight", head)):
        raise ValueError(
            "lm_head.weight differs from wte.weight; the head of a GPT is the token embedding"
        )
    return state


def _read_config(path: Path) -> GPTConfig:
    where = os.fspath(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no {where!r}, and the weights do not tell the number of heads; give "
            "config=GPTConfig(...)"
        )
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(told, dict):
            raise ValueError("it is no JSON object")
        for name, value in _FIXED.items():
            if told.get(name, value) != value:
                raise ValueError(f"{name} is {told[name]!r}, and only {value!r} is computed here")
        known = {f.name: told[f.name] for f in fields(GPTConfig) if f.name in told}
        return GPTConfig(**{"dropout": told.get("resid_pdrop", GPTConfig.dropout), **known})
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where!r} is no configuration of a GPT-2: {error}") from error
