"""Dates as people write them to ISO 8601, character by character: LSTMs, and a transformer.

    python examples/dates.py [--model lstm|transformer|both] [--seed 0] [--out DIR]

Both learn that "Monday, March 3rd, 1997", "3.3.1997" and "the third of march, 1997" are 1997-03-03,
in twenty formats.  Counts the dates that are generated without a mistake, of 2,000 days that
occurred in training in no format, and exits with 1 below 99 %.  With --out it draws which
characters they looked at (003 sections 12.1.3 and 13.1.2).
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import date_strings as data
import numpy as np
from threadpoolctl import threadpool_limits

import nn
from autograd_tape import no_grad
from nn import functional as F

WANTED = 0.99
HELD_OUT = 2000
WIDTH = 64
STEPS, BATCH = 50, 64  # steps of an epoch
EPOCHS = {"lstm": 32, "transformer": 30}
RATE = 4e-3  # the highest


class Transformer(nn.Module):
    """nn.Transformer, and what it leaves to its user; called as nn.Seq2Seq is.

    source: (N, S) ids, lengths: (N,), target_in: (N, T) ids -> logits (N, T, TARGET_SIZE)
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.source = nn.Embedding(data.SOURCE_SIZE, WIDTH, rng=rng)
        self.target = nn.Embedding(data.TARGET_SIZE, WIDTH, rng=rng)
        self.positions = nn.PositionalEncoding(WIDTH)
        self.transformer = nn.Transformer(
            WIDTH, 4, 2, 2, 2 * WIDTH, dropout=0.0, batch_first=True, norm_first=True, rng=rng
        )
        self.output = nn.Linear(WIDTH, data.TARGET_SIZE, rng=rng)

    def forward(self, source: Any, lengths: Any, target_in: Any) -> Any:
        return self.decode(target_in, self.encode(source, lengths))

    def encode(self, source: Any, lengths: Any) -> tuple[Any, Any]:
        """(memory: (N, S, WIDTH), padding: (N, S), True behind the end of a text)"""
        padding = np.arange(source.shape[1]) >= lengths[:, None]
        x = self.positions(self.source(source))
        return self.transformer.encoder(x, src_key_padding_mask=padding), padding

    def decode(self, target_in: Any, state: tuple[Any, Any]) -> Any:
        x, (memory, padding) = self.positions(self.target(target_in)), state
        masks = {"memory_key_padding_mask": padding, "tgt_is_causal": True}
        return self.output(self.transformer.decoder(x, memory, **masks))

    def attention(self, target_in: Any, state: tuple[Any, Any]) -> Any:
        """What the last layer looks at in the source, the mean of its heads: (N, T, S)."""
        x, (memory, padding) = self.positions(self.target(target_in)), state
        *before, last = self.transformer.decoder.layers
        for layer in before:
            x = layer(x, memory, memory_key_padding_mask=padding, tgt_is_causal=True)
        y = last.norm1(x)
        x = x + last.self_attn(y, y, y, is_causal=True)[0]
        return last.multihead_attn(last.norm2(x), memory, memory, padding)[1]


def made(name: str, rng: np.random.Generator) -> nn.Module:
    if name == "transformer":
        return Transformer(rng)
    sizes = (data.SOURCE_SIZE, data.TARGET_SIZE, WIDTH // 2, WIDTH)
    return nn.Seq2Seq(*sizes, bidirectional=True, attention="additive", rng=rng)


def loss(logits: Any, target: Any) -> Any:
    return F.cross_entropy(logits.reshape(-1, data.TARGET_SIZE), target.reshape(-1))


def trained(name: str, days: Sequence[datetime.date], seed: int) -> nn.Module:
    model, epochs = made(name, np.random.default_rng(seed)), EPOCHS[name]
    optimizer = nn.optim.Adam(model.parameters(), lr=RATE)
    schedule = nn.optim.LambdaLR(  # four epochs up, then down along a cosine
        optimizer, lambda t: min((t + 1) / 4, 0.5 + 0.5 * np.cos(np.pi * t / epochs))
    )
    nn.fit(model, data.batches(days, STEPS, BATCH), loss, optimizer, epochs=epochs,
           schedule=schedule, clip_norm=1.0, seed=seed)  # fmt: skip
    return model


def generated(model: Any, texts: Sequence[str]) -> Any:
    """(N, LENGTH) ids: of all texts at once, each time the most likely next character."""
    tokens = np.full((len(texts), 1), data.START)
    with no_grad():
        state = model.encode(*data.source_ids(texts))
        for _ in range(data.LENGTH):
            if isinstance(model, nn.Seq2Seq):
                logits, state, _ = model.decode(tokens[:, -1:], state)
            else:  # it has no memory of its own steps, and reads again what it wrote
                logits = model.decode(tokens, state)
            tokens = np.column_stack([tokens, nn.generation.greedy(logits[:, -1])])
    return tokens[:, 1:]


def compare(model: Any, texts: Sequence[str], right: Sequence[str]) -> float:
    """The share of exact dates; prints five of them and up to ten of the others."""
    got = [data.target_text(ids) for ids in generated(model, texts)]
    rows = [*zip(texts, got, right, strict=True)]
    wrong = [row for row in rows if row[1] != row[2]]
    for text, iso, _ in [row for row in rows if row[1] == row[2]][:5]:
        print(f"  {text:<38}{iso}")
    for text, iso, truth in wrong[:10]:
        print(f"  {text:<38}{iso}  wrong, it is {truth}")
    return 1 - len(wrong) / len(rows)


def draw_attention(models: Sequence[Any], text: str, path: Path) -> None:
    """Where each network looks in ``text`` for each character that it writes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    size = {"figsize": (8, 3.4 * len(models)), "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(len(models), **size)
    for ax, model in zip(axes[:, 0], models, strict=True):
        tokens = generated(model, [text])
        target_in = np.insert(tokens, 0, data.START, axis=1)[:, :-1]
        with no_grad():
            state = model.encode(*data.source_ids([text]))
            if isinstance(model, nn.Seq2Seq):
                title, weights = "LSTM decoder", model.decode(target_in, state)[2]
            else:
                title, weights = "transformer, last layer", model.attention(target_in, state)
        written = [*data.target_text(tokens[0]), "stop"][: data.LENGTH]
        image = ax.imshow(weights.value[0, : len(written)], cmap="Blues", vmin=0, vmax=1)
        ax.set_xticks(range(len(text)), list(text.replace(" ", "␣")))
        ax.set_yticks(range(len(written)), written)
        ax.set(title=f"{title}: where it looks for each character", xlabel="read", ylabel="written")
        figure.colorbar(image, ax=ax, label="weight", shrink=0.8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)
    print(path.resolve())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", choices=[*EPOCHS, "both"], default="both")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for the picture of the attention")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    training, held_out = data.split(HELD_OUT, rng)
    texts, right = data.draw(held_out, rng), [day.isoformat() for day in held_out]
    print(f"{len(data.FORMATS)} formats; {len(training):,} days to learn, {HELD_OUT:,} held out")
    models: dict[str, Any] = {}
    short = False
    for name in EPOCHS if options.model == "both" else [options.model]:
        with threadpool_limits(1):  # small matrices: two threads would wait for each other
            start = time.perf_counter()
            models[name] = trained(name, training, options.seed)
            seconds, steps = time.perf_counter() - start, EPOCHS[name] * STEPS
            print(f"{name}: {steps:,} steps of {BATCH} dates in {seconds:.0f} s")
            reached = compare(models[name], texts, right)
        print(f"{name}: {reached:.2%} of the held-out dates are exact (wanted: {WANTED:.0%})")
        short |= reached < WANTED
    if options.out:
        text = data.written(held_out[0], "{weekday}, {month} {nth}, {year}")
        draw_attention([*models.values()], text, options.out / "dates.png")
    return int(short)


if __name__ == "__main__":
    raise SystemExit(main())
