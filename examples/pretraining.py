"""Pre-training, then few labels: a GPT learns which page a passage is from (003 section 13.2).

    python examples/pretraining.py [--seed 0]

First L₁ on unlabelled text, Python's own help: foretell the next word.  Then, from 8 labelled
passages of each page, L₂: the page from a linear map of the last vector; or L₃ = L₂ + λ·L₁.
Prints the accuracy on passages from parts of the pages that neither has read, over 5 draws of the
labelled ones.  Exits with 1 if L₁ and L₃ are not better by 5 % than L₂ from scratch.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pydoc_data.topics import topics
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import nn
from autograd_tape import no_grad
from nn import functional as F

WANTED = 0.05
TOPICS, PARTS, TEST_PARTS = 8, 10, 3  # the longest pages; some parts of each are for the test
PASSAGE, WINDOW = 32, 128  # words of a passage, and of a piece of text in pre-training
WORDS = 1500  # the most frequent ones; the others are one and the same
EXTRACT = WORDS  # stands after a passage: from its vector the page is told
LABELLED, DRAWS = 8, 5
PRETRAIN = {"epochs": 50, "steps": 20, "batch": 6, "lr": 6e-3}
LAMBDA, EPOCHS, BATCH = 0.2, 20, 16
# (name, pre-trained?, λ, learning rate: the best of several for each)
RUNS = (("L₂ from scratch", False, 0.0, 2e-3), ("L₁, then L₂", True, 0.0, 3e-3),
        ("L₁, then L₃", True, LAMBDA, 3e-3))  # fmt: skip
DRAWN = re.compile(r"[*=~-]{4}|\|")  # in underlined headings and in tables, which are no text


class Corpus(NamedTuple):
    """text: (M,) ids of words; passages: (P, PASSAGE + 1), with EXTRACT at the end; pages: (P,)."""

    names: list[str]
    text: Any
    passages: Any
    pages: Any
    test_passages: Any
    test_pages: Any


def paragraphs(page: str) -> list[str]:
    parts = (" ".join(p.split()) for p in page.split("\n\n"))
    return [p for p in dict.fromkeys(parts) if p and not DRAWN.search(p)]


def words(paragraph: str) -> list[str]:
    """Words, marks, and the end of the paragraph."""
    return [*re.findall(r"\w+|[^\w\s]", paragraph.lower()), "\n"]


def corpus(rng: np.random.Generator) -> Corpus:
    """Everything is made from the text for training; the test passages have no part in it."""
    page = {name: paragraphs(text) for name, text in sorted(topics.items())}
    # A paragraph that stands in several pages belongs to none: it is text, without a label.
    count = Counter(p for ps in page.values() for p in ps)
    own = {name: [w for p in ps if count[p] == 1 for w in words(p)] for name, ps in page.items()}
    names = sorted(own, key=lambda name: -len(own[name]))[:TOPICS]
    text = [w for p in count if count[p] > 1 for w in words(p)]
    text += [w for name in own if name not in names for w in own[name]]
    found: tuple[list[Any], list[Any]] = ([], [])  # (passage, page) for training, for the test
    for k, name in enumerate(names):
        test_parts = rng.choice(PARTS, TEST_PARTS, replace=False)
        for i, ends in enumerate(np.array_split(np.arange(len(own[name])), PARTS)):
            part = own[name][ends[0] : ends[-1] + 1]
            starts = range(0, len(part) - PASSAGE + 1, PASSAGE)
            found[int(i in test_parts)].extend((part[j : j + PASSAGE], k) for j in starts)
            text += [] if i in test_parts else part
    # The manual repeats itself: no test passage may have ten words in a row of the text.
    known = {tuple(text[i : i + 10]) for i in range(len(text))}
    new = [(p, k) for p, k in found[1]
           if not any(tuple(p[i : i + 10]) in known for i in range(PASSAGE - 9))]  # fmt: skip
    number = {w: i for i, (w, _) in enumerate(Counter(text).most_common(WORDS - 1), start=1)}

    def ids(ws: list[str]) -> list[int]:
        return [number.get(w, 0) for w in ws]

    arrays = []
    for labelled in (found[0], new):
        arrays += [np.array([[*ids(p), EXTRACT] for p, _ in labelled])]
        arrays += [np.array([k for _, k in labelled])]
    return Corpus(names, np.array(ids(text)), *arrays)


class TopicGPT(nn.Module):
    """ids: (N, T + 1) -> (logits of the pages: (N, TOPICS), λ·L₁ of the T words)."""

    def __init__(self, gpt: nn.GPT, weight: float, rng: np.random.Generator) -> None:
        self.gpt, self.weight = gpt, weight
        self.head = nn.Linear(gpt.config.n_embd, TOPICS, rng=rng)

    def forward(self, ids: Any) -> Any:
        x = self.gpt.features(ids)
        if not self.weight:
            return self.head(x[:, -1]), 0.0
        logits = F.linear(x[:, :-2], self.gpt.transformer["wte"].weight)
        return self.head(x[:, -1]), self.weight * l1(logits, ids[:, 1:-1])


def l1(logits: Any, ids: Any) -> Any:
    """The mean negative log-likelihood of each next word; logits: (N, T, V), ids: (N, T)."""
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids.ravel())


def l2_or_l3(output: Any, pages: Any) -> Any:
    logits, auxiliary = output
    return F.cross_entropy(logits, pages) + auxiliary


def new_gpt(rng: np.random.Generator) -> nn.GPT:
    return nn.GPT(nn.GPTConfig(WORDS + 1, WINDOW, 64, 2, 4, dropout=0.1), rng=rng)


def warmed_up(optimizer: Any, epochs: int) -> Any:
    """A rate that grows for a tenth of the time, and then falls towards 0."""
    return nn.optim.LambdaLR(
        optimizer, lambda t: min((t + 1) / (0.1 * epochs), (epochs - t) / (0.9 * epochs))
    )


def pretrained(text: Any, rng: np.random.Generator, seed: int) -> tuple[nn.GPT, list[float]]:
    """A GPT that has learnt L₁, and its losses."""
    gpt, (epochs, steps, batch, lr) = new_gpt(rng), PRETRAIN.values()
    for p in gpt.parameters():
        if p.ndim > 1:  # GPT-2's N(0, 0.02²) is for wide vectors, and slow for these
            p.value = 4 * p.value

    def batches(rng: np.random.Generator) -> Iterator[tuple[Any, Any]]:
        for _ in range(int(steps)):
            starts = rng.integers(len(text) - WINDOW, size=(int(batch), 1))
            ids = text[starts + np.arange(WINDOW + 1)]
            yield ids[:, :-1], ids[:, 1:]

    optimizer = nn.optim.AdamW(gpt.parameters(), lr=lr)
    history = nn.fit(gpt, batches, l1, optimizer, epochs=int(epochs), clip_norm=1.0, seed=seed,
                     schedule=warmed_up(optimizer, int(epochs)))  # fmt: skip
    return gpt, history["loss"]


def accuracy(model: TopicGPT, passages: Any, pages: Any) -> float:
    with no_grad():
        return float(np.mean(np.argmax(model(passages)[0].value, axis=1) == pages))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    rng = np.random.default_rng(seed)
    data = corpus(rng)
    print(f"{len(data.text):,} words of text; {TOPICS} × {LABELLED} labelled passages out of "
          f"{len(data.pages)}, {len(data.test_pages)} for the test, "
          f"from {', '.join(data.names)}")  # fmt: skip
    reached: dict[str, list[float]] = {name: [] for name, *_ in RUNS}
    with threadpool_limits(1):  # small matrices: two threads would wait for each other
        gpt, losses = pretrained(data.text, rng, seed)
        print(f"L₁ falls from {losses[0]:.2f} to {losses[-1]:.2f} nats per word")
        for draw in tqdm(range(DRAWS), unit="draw"):
            rows = np.concatenate([rng.choice(np.flatnonzero(data.pages == k), LABELLED, False)
                                   for k in range(TOPICS)])  # fmt: skip
            for name, before, weight, lr in RUNS:
                start = np.random.default_rng([seed, draw])
                model = TopicGPT(new_gpt(start), weight, start)
                if before:
                    model.gpt.load_state_dict(gpt.state_dict())
                optimizer = nn.optim.AdamW(model.parameters(), lr=lr)
                nn.fit(model, (data.passages[rows], data.pages[rows]), l2_or_l3, optimizer,
                       epochs=EPOCHS, batch_size=BATCH, clip_norm=1.0, seed=seed + draw,
                       schedule=warmed_up(optimizer, EPOCHS), progress=False)  # fmt: skip
                reached[name].append(accuracy(model, data.test_passages, data.test_pages))
    most = np.bincount(data.test_pages).max() / len(data.test_pages)
    print(f"of the test passages, {most:.1%} are from one page; told right:")
    for name, each in reached.items():
        print(f"  {name}: {np.mean(each):.1%}  ({', '.join(f'{x:.1%}' for x in each)})")
    scratch, _, full = (float(np.mean(each)) for each in reached.values())
    print(f"pre-training gains {full - scratch:.1%} (wanted: {WANTED:.0%})")
    return int(full - scratch < WANTED)


if __name__ == "__main__":
    raise SystemExit(main())
