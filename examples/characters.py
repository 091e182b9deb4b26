"""A character LSTM and a character GPT, beside twins in PyTorch that do the same (003 section 12).

    python examples/characters.py [--seed 0] [--out DIR]

Both learn to foretell the next character of Python's own help texts.  Each twin (torch_twins.py)
starts from our weights and reads our batches, so that the two loss curves lie upon each other;
--out draws them as characters.png.  Prints the bits per character on pages that no model has read,
and what ours write.  Exits with 1 if ours and its twin's are further apart than 1 %, or if a table
of the pairs of characters does better.  Without PyTorch the twins are left out.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import nn
from autograd_tape import Tape, no_grad
from nn import functional as F

WANTED = 0.01  # of the twin's bits per character
STEPS, BATCH, LENGTH = 800, 16, 64
WARM_UP, CLIP = 100, 1.0  # the rate grows for so many steps, then falls to 0
DRAWN = re.compile(r"[*=~-]{4}|\|")  # in underlined headings and in tables, which are no text
RARE = 20  # characters with fewer occurrences are one and the same
HELD_OUT = 0.1
TEMPERATURE = 0.5


class CharacterLSTM(nn.Module):
    """ids: (N, T) -> logits of the next character: (N, T, V)."""

    def __init__(self, vocabulary: int, rng: np.random.Generator) -> None:
        self.embedding = nn.Embedding(vocabulary, 32, rng=rng)
        self.lstm = nn.LSTM(32, 128, batch_first=True, rng=rng)
        self.head = nn.Linear(128, vocabulary, rng=rng)

    def forward(self, ids: Any) -> Any:
        return self.head(self.lstm(self.embedding(ids))[0])

    def write(self, prompt: Any, length: int, rng: np.random.Generator) -> Any:
        """The prompt and ``length`` characters after it: (T,) -> (T + length,)."""

        def step(tokens: tuple[int, ...], state: Any) -> tuple[Any, Any]:
            read = tokens if state is None else tokens[-1:]  # the state knows the others
            y, state = self.lstm(self.embedding(np.array([read])), state)
            return F.log_softmax(self.head(y[0, -1])), state

        def choose(log_p: Any) -> Any:
            return nn.generation.sample(log_p, TEMPERATURE, rng=rng)

        written = nn.generation.generate(step, None, prompt, None, length, choose)
        return np.array([*prompt, *written.tokens])


class CharacterGPT(nn.GPT):
    """ids: (N, T) -> logits of the next character: (N, T, V), with T up to LENGTH."""

    def __init__(self, vocabulary: int, rng: np.random.Generator) -> None:
        super().__init__(nn.GPTConfig(vocabulary, LENGTH, 64, 2, 4, dropout=0.0), rng=rng)
        for p in self.parameters():
            if p.ndim > 1:  # GPT-2's N(0, 0.02²) is for wide vectors; these are 64 wide
                p.value = 4 * p.value

    def write(self, prompt: Any, length: int, rng: np.random.Generator) -> Any:
        return self.generate(prompt, length, TEMPERATURE, rng=rng)


MODELS: dict[str, Any] = {"LSTM": (CharacterLSTM, 8e-3), "GPT": (CharacterGPT, 4e-3)}  # and rates


def split(seed: int) -> tuple[Any, Any, Any]:
    """(ids of the training text, ids of the held-out text, characters by id).

    Whole pages are held out.  Pages repeat paragraphs of others, and only the first of equal ones
    is kept, so that none is in both texts.
    """
    names = np.random.default_rng(seed).permutation(sorted(topics))
    seen: set[str] = set()
    pages = []
    for name in names:
        paragraphs = [" ".join(p.split()) for p in topics[name].split("\n\n")]
        new = [p for p in dict.fromkeys(paragraphs) if p not in seen and not DRAWN.search(p)]
        seen.update(new)
        pages.append("\n".join(new))
    sizes = np.cumsum([len(page) for page in pages])
    first = int(np.searchsorted(sizes, HELD_OUT * sizes[-1])) + 1
    held_out, train = "\n".join(pages[:first]), "\n".join(pages[first:])
    known = sorted(c for c in set(train) if train.count(c) >= RARE)
    number = {c: i for i, c in enumerate(known, start=1)}
    ids, held_out_ids = (np.array([number.get(c, 0) for c in text]) for text in (train, held_out))
    return ids, held_out_ids, np.array(["\N{REPLACEMENT CHARACTER}", *known])


def train(model: Any, batches: Any, rates: Any) -> list[float]:
    """The loss of each step; batches: (steps, N, T + 1) ids, rates: (steps,)."""
    optimizer = nn.optim.AdamW(model.parameters())
    losses = []
    for ids, rate in zip(tqdm(batches, "ours"), rates, strict=True):
        optimizer.lr = float(rate)
        with Tape() as tape:
            logits = model(ids[:, :-1])
            loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].ravel())
        gradients = tape.gradient(loss, optimizer.params)
        nn.optim.clip_grad_norm(gradients, CLIP)
        optimizer.step(gradients)
        losses.append(float(loss.value))
    return losses


def bits(model: Any, windows: Any) -> float:
    """Bits per character; windows: (N, T + 1) ids."""
    total = 0.0
    with no_grad():
        for i in range(0, len(windows), 64):
            ids = windows[i : i + 64]
            logits = model(ids[:, :-1])
            logits = logits.reshape(-1, logits.shape[-1])
            total += float(F.cross_entropy(logits, ids[:, 1:].ravel(), reduction="sum").value)
    return total / windows[:, 1:].size / float(np.log(2))


def bits_of_pairs(text: Any, windows: Any, vocabulary: int) -> float:
    """Bits per character of a table of how often which character follows which in ``text``."""
    counts = np.full((vocabulary, vocabulary), 0.1)  # so that no pair is impossible
    np.add.at(counts, (text[:-1], text[1:]), 1.0)
    p = counts / counts.sum(axis=1, keepdims=True)
    return float(-np.log2(p[windows[:, :-1], windows[:, 1:]]).mean())


def draw(curves: dict[str, list[list[float]]], path: Path) -> None:
    """The losses of ours, and of the twins if there are any, a panel for each kind of model."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(curves), figsize=(11, 4), sharey=True, layout="tight")
    styles = [
        {"color": "#9ecae1", "linewidth": 3.5, "label": "ours"},
        {"color": "#a50f15", "linewidth": 0.9, "linestyle": "--", "label": "PyTorch"},
    ]
    for ax, (name, losses) in zip(axes, curves.items(), strict=True):
        for loss, style in zip(losses, styles, strict=False):
            ax.plot(loss, **style)
        ax.set(title=f"character {name}", xlabel="step")
        ax.legend()
    axes[0].set_ylabel("loss of the batch (nats per character)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    try:
        import torch_twins as twins
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        twins = None
        print("PyTorch is not installed: the twins are left out")

    text, held_out, characters = split(arguments.seed)
    starts = np.arange(0, len(held_out) - LENGTH, LENGTH)[:, None]
    windows = held_out[starts + np.arange(LENGTH + 1)]
    rng = np.random.default_rng(arguments.seed)
    starts = rng.integers(len(text) - LENGTH, size=(STEPS, BATCH, 1))
    batches, steps = text[starts + np.arange(LENGTH + 1)], np.arange(STEPS)
    rise_and_fall = np.minimum((steps + 1) / WARM_UP, (STEPS - steps) / (STEPS - WARM_UP))
    pairs = bits_of_pairs(text, windows, len(characters))
    print(f"{len(text):,} characters to read, {windows[:, 1:].size:,} held out, "
          f"{len(characters)} kinds")  # fmt: skip

    short, curves = False, {}
    for name, (kind, rate) in MODELS.items():
        model = kind(len(characters), rng)
        twin = twins and twins.twin_of(model)
        with threadpool_limits(1):  # small matrices: two threads would wait for each other
            ours = train(model, batches, rate * rise_and_fall)
            reached = bits(model, windows)
        curves[name] = [ours]
        print(f"{name}: {reached:.4f} bits per character (wanted: below {pairs:.4f})")
        short |= not reached < pairs
        if twins:
            theirs = twins.train(twin, batches, rate * rise_and_fall, CLIP)
            other, gap = twins.bits(twin, windows), np.abs(np.subtract(ours, theirs))
            curves[name].append(theirs)
            print(f"  PyTorch: {other:.4f}, ours {reached / other - 1:+.4%} (wanted: within "
                  f"{WANTED:.0%}); the losses differ by {gap[:100].max():.1e} at most in the first "
                  f"100 steps, by {gap.max():.1e} in all")  # fmt: skip
            short |= not abs(reached / other - 1) <= WANTED
        written = model.write(held_out[:20], 180, rng)
        print(f"  it writes: {''.join(characters[written])!r}")
    if arguments.out:
        draw(curves, arguments.out / "characters.png")
        print(f"loss curves: {arguments.out / 'characters.png'}")
    return int(short)


if __name__ == "__main__":
    raise SystemExit(main())
