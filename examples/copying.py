"""Answers with names that are in no vocabulary, by the copy mechanism (003 section 12.1.5).

    python examples/copying.py [--seed 0] [--out DIR]

"hi , i am qmfro and my home is tulgz" wants the answer "hello qmfro from tulgz".  Most names and
towns are random letters, new in every sentence; a few are words like all others.  As in See, Liu
and Manning 2017, a word outside of the vocabulary has a number behind it, for its sentence only.
Held out are all names of the test and all its combinations of phrases.  Exits with 1 unless 95 % of
the answers are right to the word with copying, and at most 1 % without: the same network then says
<unknown>, for it has no word for the name.  Prints one answer step by step; ``--out`` draws it.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import nn
from nn import functional as F
from nn.generation import generate

WANTED, AT_MOST = 0.95, 0.01  # with copying, and without
TRAIN, TEST, HELD_OUT = 3000, 300, 0.2  # sentences, and the share of the patterns for the test
KNOWN_SHARE = 0.2  # of the names in training
EPOCHS, BATCH, RATE = 10, 32, 5e-3
IGNORED = -100  # the target behind the end of an answer

OPENINGS = ["", "hi , ", "good morning , ", "well , ", "excuse me , "]
NAMED = ["my name is N", "i am N", "they call me N", "N is my name", "you may call me N"]
PLACED = {
    "i live in T": "hello N from T", "my home is T": "hello N from T",
    "i was born in T": "hello N , born in T", "i work in T": "how is work in T , N ?",
    "T is where i work": "how is work in T , N ?", "i want to see T": "N , go to T !",
}  # fmt: skip
KNOWN = {"N": ["anna", "ben", "clara", "david"], "T": ["berlin", "london", "paris", "rome"]}

START, STOP, UNKNOWN = 0, 1, 2
TEXT = " ".join([*OPENINGS, *NAMED, *PLACED, *PLACED.values(), "and", *KNOWN["N"], *KNOWN["T"]])
VOCABULARY = ["<start>", "<stop>", "<unknown>", *sorted(set(TEXT.split()) - {"N", "T"})]
SIZE = len(VOCABULARY)

Pair = tuple[str, str]  # a sentence, and the answer to it


def patterns() -> list[Pair]:
    """All sentences and answers, with N and T for the name and the town."""
    return [
        (f"{opening}{one} and {other}", PLACED[place])
        for opening, name, place in product(OPENINGS, NAMED, PLACED)
        for one, other in ((name, place), (place, name))
    ]


def filled(pair: Pair, known: float, rng: np.random.Generator, taken: set[str]) -> Pair:
    """A pattern with names, a share ``known`` of them from the vocabulary, the others invented.

    taken  all words so far; an invented name is none of them, and is added
    """
    names = {}
    for kind in "NT":
        name = str(rng.choice(KNOWN[kind]))
        if rng.random() >= known:
            while name in taken:
                name = "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), rng.integers(4, 9)))
            taken.add(name)
        names[kind] = name
    source, target = (" ".join(names.get(word, word) for word in text.split()) for text in pair)
    return source, target


def extended(source: str) -> list[str]:
    """The vocabulary, and behind it the words of the sentence that it lacks."""
    return VOCABULARY + [word for word in source.split() if word not in VOCABULARY]


def encoded(pairs: list[Pair], copy: bool) -> tuple[Any, Any, Any, Any]:
    """source: (N, S), lengths: (N,), target_in: (N, T), target: (N, T)."""
    rows = []
    for pair in pairs:
        words = extended(pair[0])
        ids = [[words.index(word) for word in text.split()] for text in pair]
        rows.append(ids if copy else [[i if i < SIZE else UNKNOWN for i in x] for x in ids])
    lengths = np.array([len(source) for source, _ in rows])
    steps = max(len(target) for _, target in rows) + 1
    source = np.full((len(rows), lengths.max()), UNKNOWN)
    target_in, target = np.full((len(rows), steps), STOP), np.full((len(rows), steps), IGNORED)
    for n, (x, y) in enumerate(rows):
        source[n, : len(x)] = x
        target_in[n, : len(y) + 1] = [START, *y]
        target[n, : len(y) + 1] = [*y, STOP]
    return source, lengths, target_in, target


def trained(pairs: list[Pair], copy: bool, seed: int) -> nn.Seq2Seq:
    model = nn.Seq2Seq(SIZE, SIZE, 24, 48, attention="additive", copy=copy, unknown=UNKNOWN,
                       rng=np.random.default_rng(seed))  # fmt: skip
    optimizer = nn.optim.Adam(model.parameters(), lr=RATE)

    def loss(logits: Any, target: Any) -> Any:  # (N, T, V), (N, T)
        return F.cross_entropy(np.swapaxes(logits, 1, 2), target, ignore_index=IGNORED)

    nn.fit(model, encoded(pairs, copy), loss, optimizer, epochs=EPOCHS, batch_size=BATCH, seed=seed,
           clip_norm=1.0, schedule=nn.optim.CosineAnnealingLR(optimizer, EPOCHS))  # fmt: skip
    return model


def answer(model: nn.Seq2Seq, source: str) -> tuple[str, list[Any], list[Any]]:
    """The most likely word each time; and for each, STOP included, p_gen and attention: (S,)."""
    switches, attention = [], []

    def step(tokens: tuple[int, ...], state: Any) -> tuple[Any, Any]:
        logits, state, a = model.decode([tokens[-1:]], state)
        if model.copy:
            switches.append(state.p_gen.value.item())
            attention.append(a.value[0, 0])
        return F.log_softmax(logits[0, 0]), state

    state = model.encode(encoded([(source, "")], model.copy)[0])
    found = generate(step, state, START, STOP, 12)
    return " ".join(extended(source)[i] for i in found.tokens), switches, attention


def show(model: nn.Seq2Seq, source: str, out: Path | None) -> None:
    """Print an answer word by word; draw its attention as ``out/copying.png``."""
    text, switches, attention = answer(model, source)
    words, said = source.split(), [*text.split(), "<stop>"][: len(switches)]
    for word, p, a in zip(said, switches, attention, strict=True):
        most = words[int(a.argmax())]
        print(f"    {word:10} p_gen {p:.3f}, attends most to {most} ({a.max():.3f})")
    if out is None:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.5), layout="constrained")
    ax = figure.subplots()
    image = ax.imshow(np.array(attention), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(words)), words, rotation=45, ha="right")
    ax.set_yticks(range(len(said)), [f"{w}   {p:.2f}" for w, p in zip(said, switches, strict=True)])
    ax.set_xlabel("sentence")
    ax.set_ylabel("answer, and p_gen of each word", labelpad=12)
    ax.set_title("p_gen is near 1 where a word is generated, near 0 where it is copied")
    figure.colorbar(image, label="attention")
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "copying.png", dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for the picture")
    options = parser.parse_args()
    rng, taken = np.random.default_rng(options.seed), set(VOCABULARY)
    kinds = patterns()
    rng.shuffle(kinds)
    cut = int(HELD_OUT * len(kinds))
    asked, seen = kinds[:cut], kinds[cut:]
    train = [filled(seen[i % len(seen)], KNOWN_SHARE, rng, taken) for i in range(TRAIN)]
    test = [filled(asked[i % len(asked)], 0, rng, taken) for i in range(TEST)]
    example = max((source for source, _ in test), key=len)
    print(f"{TRAIN} sentences of {len(seen)} patterns to learn from, {TEST} of {len(asked)} others "
          f"held out; {SIZE} words in the vocabulary")  # fmt: skip
    right = {}
    with threadpool_limits(1):  # small matrices: two threads would wait for each other
        for copy, name in ((True, "with"), (False, "without")):
            model = trained(train, copy, options.seed)
            given = [answer(model, source)[0] for source, _ in test]
            right[copy] = np.mean([a == target for a, (_, target) in zip(given, test, strict=True)])
            bound = f"wanted: {WANTED:.0%}" if copy else f"at most: {AT_MOST:.0%}"
            print(f"{name} copying: {right[copy]:.1%} of the answers are right ({bound})")
            print(f"    {example}  ->  {answer(model, example)[0]}")
            if copy:
                show(model, example, options.out)
    return int(right[True] < WANTED or right[False] > AT_MOST)


if __name__ == "__main__":
    raise SystemExit(main())
