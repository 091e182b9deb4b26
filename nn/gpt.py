"""GPT (003 §13.2): a transformer that says which token comes next, in the layout of GPT-2."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from autograd_tape import Variable, no_grad

from . import functional as F
from . import init
from .attention import attend, causal_mask, heads
from .check import expect, require
from .generation import greedy, sample
from .linear import Embedding, LearnedPositions
from .module import Module, load
from .normalization import Dropout, LayerNorm

__all__ = ["GPT", "Conv1D", "GPTConfig"]


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a :class:`GPT`, named as in GPT-2's config.json; by default GPT-2 small's."""

    vocab_size: int = 50257
    n_positions: int = 1024  # the longest sequence
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    dropout: float = 0.1  # of embeddings, of attention weights, and of what each block adds
    layer_norm_epsilon: float = 1e-5

    def __post_init__(self) -> None:
        sizes = self.vocab_size, self.n_positions, self.n_embd, self.n_layer, self.n_head
        fit = all(isinstance(n, int) and n > 0 for n in sizes) and self.n_embd % self.n_head == 0
        require(fit, f"{self}: the sizes are integers ≥ 1, and n_head divides n_embd")


class Conv1D(Module):
    """An affine map whose weight is stored as (in, out): GPT-2's name and layout.

    x: (..., nx) -> (..., nf);  weight: (nx, nf), drawn from N(0, 0.02²);  bias: (nf,), at first 0
    """

    def __init__(self, nf: int, nx: int, *, dtype: Any = np.float32, rng: Any = None) -> None:
        self.nf, self.nx = nf, nx
        self.weight = Variable(init.normal((nx, nf), rng, std=0.02, dtype=dtype))
        self.bias = Variable(np.zeros(nf, dtype))

    def forward(self, x: Any) -> Any:
        expect("Conv1D: the input", x, (..., self.nx))
        return x @ self.weight + self.bias


class _Block(Module):
    def __init__(self, config: GPTConfig, **make: Any) -> None:
        e, eps, self.n_head = config.n_embd, config.layer_norm_epsilon, config.n_head
        self.ln_1 = LayerNorm(e, eps, dtype=make["dtype"])
        self.attn = {"c_attn": Conv1D(3 * e, e, **make), "c_proj": Conv1D(e, e, **make)}
        self.ln_2 = LayerNorm(e, eps, dtype=make["dtype"])
        self.mlp = {"c_fc": Conv1D(4 * e, e, **make), "c_proj": Conv1D(e, 4 * e, **make)}
        self.dropout = Dropout(config.dropout, rng=make["rng"])
        for p in (self.attn["c_proj"].weight, self.mlp["c_proj"].weight):
            p.value = p.value / (2 * config.n_layer) ** 0.5  # the sum of all blocks keeps its size

    def forward(self, x: Any) -> Any:
        # x ← x + Attention(LayerNorm(x))
        q, k, v = heads(self.attn["c_attn"](self.ln_1(x)), 3, self.n_head, -3)  # (..., H, T, E/H)
        y, _ = attend(q, k, v, causal_mask(x.shape[-2], dtype=x.dtype), self.dropout)
        x = x + self.dropout(self.attn["c_proj"](y.swapaxes(-2, -3).reshape(x.shape)))
        # x ← x + W₂·gelu(W₁·LayerNorm(x) + b₁) + b₂
        y = F.gelu(self.mlp["c_fc"](self.ln_2(x)), "tanh")
        return x + self.dropout(self.mlp["c_proj"](y))


class GPT(Module):
    """A language model: the logits of the next token after each token of a sequence.

    ids: (..., T) integers, T ≤ n_positions -> (..., T, vocab_size)
    x = W_e[ids] + W_p;  in each block x ← x + Attention(LayerNorm(x)), x ← x + MLP(LayerNorm(x));
    logits = LayerNorm(x)·W_eᵀ, with the token embedding W_e again (weight tying)
    State names, shapes and orientation are those of the published GPT-2 weights.
    Source: Radford et al. 2019, "Language models are unsupervised multitask learners"; 003 §13.2.
    Raises ValueError for longer sequences, IndexError for ids outside of the vocabulary.
    """

    def __init__(self, config: GPTConfig, *, dtype: Any = np.float32, rng: Any = None) -> None:
        make: Any = {"dtype": dtype, "rng": np.random.default_rng(rng)}
        wte = Embedding(config.vocab_size, config.n_embd, **make)
        wte.weight.value = 0.02 * wte.weight.value
        wpe = LearnedPositions(config.n_positions, config.n_embd, **make)
        blocks = [_Block(config, **make) for _ in range(config.n_layer)]
        last = LayerNorm(config.n_embd, config.layer_norm_epsilon, dtype=dtype)
        self.transformer: Any = {"wte": wte, "wpe": wpe, "h": blocks, "ln_f": last}
        self.config, self.dropout = config, Dropout(config.dropout, rng=make["rng"])

    def features(self, ids: Any) -> Any:
        """The vectors (..., T, n_embd) before the head, for another head: 003 §13.2's L₂."""
        x = self.dropout(self.transformer["wpe"](self.transformer["wte"](ids)))
        for block in self.transformer["h"]:
            x = block(x)
        return self.transformer["ln_f"](x)

    def forward(self, ids: Any) -> Any:
        return F.linear(self.features(ids), self.transformer["wte"].weight)

    def generate(
        self, ids: Any, max_new_tokens: int, temperature: float = 1.0, top_k: int | None = None,
        top_p: float | None = None, rng: Any = None, stop: int | None = None,
    ) -> Any:  # fmt: skip
        """The sequences that begin with ``ids``, without dropout: (T,) or (B, T) -> (..., T + new).

        temperature, top_k, top_p, rng  as of :func:`nn.generation.sample`; temperature 0 is greedy
        stop  a token that ends a sequence: it is kept, and repeated in a batch until all have ended
        """
        ids, rng, ended = np.asarray(ids), np.random.default_rng(rng), False
        wrong = f"GPT.generate: ids has shape {ids.shape}; give (T,) or (B, T) with T ≥ 1"
        require(ids.ndim in (1, 2) and ids.shape[-1], wrong)
        training = self.training
        self.eval()
        try:
            for _ in range(max_new_tokens):
                with no_grad():
                    x = self.features(ids[..., -self.config.n_positions :])[..., -1, :]
                    z = F.linear(x, self.transformer["wte"].weight)
                new = sample(z, temperature, top_k, top_p, rng) if temperature else greedy(z)
                if stop is not None:
                    new = np.where(ended, stop, new)
                    ended = new == stop
                ids = np.concatenate([ids, new[..., None]], axis=-1)
                if ids.size and np.all(ended):
                    break
        finally:
            self.train(training)
        return ids

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """As of Module; names may lack ``transformer.``, and masks in old files are passed over."""
        own = {
            f"transformer.{name.removeprefix('transformer.')}": np.asarray(x)
            for name, x in state.items()
            if not name.endswith((".attn.bias", ".attn.masked_bias", "lm_head.weight"))
        }
        bad = [n for n, x in own.items() if x.dtype.kind != "f" or not np.isfinite(x).all()]
        require(not bad, f"weights are finite floating-point numbers, but not {', '.join(bad)}")
        table = own.get("transformer.wte.weight")
        tied = table is None or np.array_equal(state.get("lm_head.weight", table), table)
        require(tied, "lm_head.weight is not wte.weight; the head of a GPT is the token embedding")
        super().load_state_dict(own)

    @classmethod
    def from_pretrained(
        cls, path: str | Path, config: GPTConfig | None = None, *, dtype: Any = np.float32
    ) -> Self:
        """A GPT in ``eval()`` with the weights of a safetensors file, or of that in a directory.

        config  by default what config.json beside the weights says
        Raises FileNotFoundError, and ValueError for damaged files and tensors that do not fit.
        """
        file = Path(path, "model.safetensors") if Path(path).is_dir() else Path(path)
        if config is None:
            told = json.loads(file.with_name("config.json").read_text(encoding="utf-8"))
            for name, value in {"model_type": "gpt2", "activation_function": "gelu_new"}.items():
                given = told.get(name, value)
                require(given == value, f"config.json: {name} is {given!r}, not {value!r}")
            told = {"dropout": told.get("resid_pdrop", GPTConfig.dropout), **told}
            config = GPTConfig(**{n: x for n, x in told.items() if n in GPTConfig.__annotations__})
        model = cls(config, dtype=dtype)
        load(model, file)
        return model.eval()
