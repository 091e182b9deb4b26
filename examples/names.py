"""Which words are proper nouns?  One answer for each word: many-to-many (003 section 11).

    python examples/names.py [--seed 0]

The text is Python's own English: the topics of ``help()``, in which there are only some 140 proper
nouns, and the docstrings of the standard library.  The right answers are the capitals of the
original, which are then taken away: the network reads lower case.  Judged are words of letters
inside of a sentence.  With one capital, their first letter, they are proper nouns (Unicode, Vinay
Sajip, the class Message); without one they are not.  Not judged are words whose capital may be due
to their place (at the start of a sentence, a quotation, a title), acronyms, numbers, and code, of
which the network sees ``<code>``.  Sentences equal in lower case are kept once, and a quarter of
them is held out.  Exits with 1 unless the F1 score of a bidirectional LSTM on these is 0.03 above
the baseline's, which gives each word its usual answer in the other sentences.
"""

from __future__ import annotations

import argparse
import ast
import re
import sysconfig
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import nn
from autograd_tape import no_grad
from nn import functional as F
from nn.scores import precision_recall_f1

MARGIN = 0.03
EPOCHS, BATCH, RATE = 16, 64, 4e-3
KNOWN = 3  # words that training has so often get a vector of their own
UNKNOWN = 0  # stands for all others, and in training for a share FORGOTTEN of the known words
FORGOTTEN = 0.15
TRIGRAMS, LONGEST = 2048, 14  # vectors for parts of words, and how many parts a word has at most
IGNORED = -100  # the label of what is not judged
FOREIGN = {"test", "tests", "site-packages", "dist-packages", "idlelib", "lib2to3", "turtledemo"}

TOKEN = re.compile(  # quoted code, names and words, numbers, all other signs
    r"``[^`]*``|`[^`]*`|\"[^\"]*\"|'[^' ]*'(?!\w)|[A-Za-z_][\w.\-]*\w(?:\(\))?|[A-Za-z]|\d+|\S"
)
CODE = re.compile(r"[^A-Za-z-]|[a-z][A-Z]|[A-Z]{2}[a-z]|^(True|False|None)$")
# With a capital within a sentence, these show that two were run together, or that it is a title.
SMALL = re.compile(r"\b(A|An|And|By|For|If|In|It|Not|Note|Returns|See|The|This|To|When|With|You)\b")

Sentence = list[tuple[str, int]]  # (word as the network sees it, 1 for a proper noun, 0 or IGNORED)


def texts() -> Iterator[str]:
    """The help topics, and every docstring of the standard library."""
    yield from topics.values()
    library = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(library.rglob("*.py")):
        if FOREIGN.isdisjoint(path.relative_to(library).parts):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                    yield ast.get_docstring(node) or ""


def labelled(text: str) -> Sentence:
    """The words of a sentence with their labels."""
    sentence, start = [], True  # start: a capital would be due to the place
    for word in TOKEN.findall(text):
        if len(word) == 1 and not word.isalnum():
            sentence.append((word, IGNORED))
            start = word in "\"'(:*["
        elif CODE.search(word):
            sentence.append(("<number>" if word.isdecimal() else "<code>", IGNORED))
            start = False
        else:
            clear = not start and (word.islower() or re.fullmatch("[A-Z][a-z]+", word))
            sentence.append((word.lower(), int(word[0].isupper()) if clear else IGNORED))
            start = word.lower() in ("section", "see")  # the title of a section follows
    return sentence


def sentences() -> list[Sentence]:
    """All sentences of 4 to 40 words, each once as it looks in lower case."""
    found = {}
    for paragraph in (p for text in texts() for p in re.split(r"\n\s*\n", text)):
        indents = {len(line) - len(line.lstrip()) for line in paragraph.split("\n")}
        joined = " ".join(paragraph.split()) if len(indents) == 1 else ""  # no lists, no tables
        for part in re.split(r"(?<=[.!?:;])\s+(?=[A-Z\"'*`(])", joined):
            if re.fullmatch(r"[A-Z].*\.", part) and not SMALL.search(part, 1):
                sentence = labelled(part)
                found.setdefault(" ".join(word for word, _ in sentence), sentence)
    return [sentence for sentence in found.values() if 4 <= len(sentence) <= 40]


@cache
def trigrams(word: str) -> list[int]:
    """Numbers in [1, TRIGRAMS) of all three letters in a row, at most LONGEST, ends marked."""
    marked = f"<{word}>"
    parts = [marked[i : i + 3] for i in range(min(len(marked) - 2, LONGEST))]
    return [1 + zlib.crc32(part.encode()) % (TRIGRAMS - 1) for part in parts]


def padded(data: list[Sentence], known: dict[str, int]) -> list[Any]:
    """Batches of sentences about equally long: the inputs of :class:`Tagger`, and labels (N, T)."""
    data, batches = sorted(data, key=len), []
    for rows in (data[i : i + BATCH] for i in range(0, len(data), BATCH)):
        lengths = np.array([len(row) for row in rows])
        words = np.full((len(rows), lengths.max()), UNKNOWN)
        labels, parts = np.full(words.shape, IGNORED), np.zeros((*words.shape, LONGEST), int)
        for n, row in enumerate(rows):
            for t, (word, label) in enumerate(row):
                words[n, t], labels[n, t] = known.get(word, UNKNOWN), label
                parts[n, t, : len(trigrams(word))] = trigrams(word)
        batches.append((words, parts, lengths, labels))
    return batches


class Tagger(nn.Module):
    """words: (N, T) ids, parts: (N, T, K) trigrams, 0 for none, lengths: (N,) -> (N, T, 2)."""

    def __init__(self, vocabulary: int, rng: np.random.Generator) -> None:
        self.word = nn.Embedding(vocabulary, 48, rng=rng)
        self.part = nn.Embedding(TRIGRAMS, 32, rng=rng)
        self.drop = nn.Dropout(0.2, rng=rng)
        self.lstm = nn.LSTM(80, 64, batch_first=True, bidirectional=True, rng=rng)
        self.output = nn.Linear(128, 2, rng=rng)
        self.rng = rng

    def forward(self, words: Any, parts: Any, lengths: Any) -> Any:
        if self.training:
            words = np.where(self.rng.random(words.shape) < FORGOTTEN, UNKNOWN, words)
        here = (parts > 0)[..., None].astype(np.float32)
        count = np.sum(here, axis=2).clip(1)
        spelling = np.sum(self.part(parts) * here, axis=2) / np.sqrt(count)
        x = np.concatenate([self.word(words), spelling], axis=-1)  # (N, T, 80)
        y, _ = self.lstm(self.drop(x), None, lengths)
        return self.output(self.drop(y))


def loss(logits: Any, labels: Any) -> Any:
    """Cross-entropy of the judged words; the rare proper nouns count threefold."""
    weight = np.array([1, 3], np.float32)
    return F.cross_entropy(np.swapaxes(logits, 1, 2), labels, weight, ignore_index=IGNORED)


def trained(batches: list[Any], vocabulary: int, seed: int) -> Tagger:
    model = Tagger(vocabulary, np.random.default_rng(seed))
    optimizer = nn.optim.Adam(model.parameters(), lr=RATE)
    schedule = nn.optim.CosineAnnealingLR(optimizer, EPOCHS)
    nn.fit(model, lambda rng: (batches[i] for i in rng.permutation(len(batches))), loss, optimizer,
           epochs=EPOCHS, schedule=schedule, seed=seed)  # fmt: skip
    return model


def judged(data: list[Sentence]) -> list[tuple[str, int]]:
    return [pair for sentence in data for pair in sentence if pair[1] != IGNORED]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's sources: invalid escape sequences
        data = sentences()
    data = [data[i] for i in np.random.default_rng(seed).permutation(len(data))]
    test, train = sorted(data[: len(data) // 4], key=len), data[len(data) // 4 :]
    asked = [word for word, _ in judged(test)]
    wanted = np.array([label for _, label in judged(test)])
    print(f"{len(train)} sentences to learn from, {len(test)} held out, in which {wanted.sum()} of "
          f"{len(wanted)} words are proper nouns")  # fmt: skip

    counts = Counter(word for sentence in train for word, _ in sentence)
    frequent = [word for word, count in counts.items() if count >= KNOWN]
    known = {word: i for i, word in enumerate(frequent, UNKNOWN + 1)}
    with threadpool_limits(1):  # small matrices: two threads would wait for each other
        model = trained(padded(train, known), len(known) + 1, seed)
    with no_grad():
        found = np.concatenate([
            np.argmax(model(words, parts, lengths).value, axis=-1)[labels != IGNORED]
            for words, parts, lengths, labels in padded(test, known)
        ])  # fmt: skip
    votes: Counter[str] = Counter()
    for word, label in judged(train):
        votes[word] += 2 * label - 1
    usual = np.array([int(votes[word] > 0) for word in asked])  # a new word is no proper noun
    new = np.array([word not in votes for word in asked])
    missed = (wanted == 1) & (usual == 0)  # by the baseline
    for kind, those in (("new words", missed & new), ("usually something else", missed & ~new)):
        print(f"{found[those].sum()} of {those.sum()} proper nouns that are {kind} are found")
    scores = [precision_recall_f1(x, wanted) for x in (found, usual)]
    for name, (precision, recall, f1) in zip(("network", "baseline"), scores, strict=True):
        print(f"{name}: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}")
    print(f"F1 is better by {scores[0].f1 - scores[1].f1:.3f} (wanted: {MARGIN})")
    return int(scores[0].f1 < scores[1].f1 + MARGIN)


if __name__ == "__main__":
    raise SystemExit(main())
