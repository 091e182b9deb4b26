"""The first real job: show the tape and its picture, then learn to read scanned digits.

    python examples/digits.py [--out out] [--seed 0]

Prints the tape of f = (a + b)·b, draws it, and trains a multilayer perceptron on scikit-learn's
1,797 scanned digits.  Exits with 1 if the accuracy on the test images falls short of 97 %.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits
from tqdm import trange

from autograd_tape import Tape, Variable, no_grad
from nn import MLP
from nn import functional as F
from nn.optim import SGD

WANTED = 0.97
EPOCHS = 30
PEAK = 0.1  # the first step size
BATCH = 32
NOISE = 0.15  # on every image, new each time: worth a percent on images never seen


def show_example(out: Path) -> list[Path]:
    """Print and draw the example of 003 section 14; returns the files written."""
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    f = (a + b) * b
    f.name = "f"
    f.backward()
    print(f.tape, end="\n\n")
    diagram = f.diagram()
    written = [Path(diagram.render(out / "example.svg"))]
    try:
        written.append(Path(diagram.render(out / "example.png")))
    except RuntimeError as problem:  # no Graphviz: SVG has to do
        print(f"{problem}\n", file=sys.stderr)
    return written


def split(seed: int) -> tuple[Any, Any, Any, Any]:
    """(train images, train labels, test images, test labels); images: (N, 64) float32 in [0, 1]."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(images))
    test, train = order[:360], order[360:]
    return images[train], labels[train], images[test], labels[test]


def accuracy(model: MLP, images: Any, labels: Any) -> float:
    with no_grad():
        logits = model(images)
    return float(np.mean(np.argmax(logits.value, axis=1) == labels))


def train(model: MLP, images: Any, labels: Any, rng: np.random.Generator) -> None:
    """Mini-batches, cross-entropy, and a step size that falls to zero along a cosine."""
    params = model.parameters()
    optimizer = SGD(params, lr=PEAK, momentum=0.9, weight_decay=1e-4, nesterov=True)
    bar = trange(EPOCHS, desc="training", unit="epoch")
    for epoch in bar:
        optimizer.lr = PEAK / 2 * (1 + np.cos(np.pi * epoch / EPOCHS))
        total = 0.0
        order = rng.permutation(len(images))
        for i in range(0, len(order), BATCH):
            batch = order[i : i + BATCH]
            noise = NOISE * rng.standard_normal((len(batch), 64), dtype=np.float32)
            with Tape() as tape:
                loss = F.cross_entropy(model(images[batch] + noise), labels[batch])
            optimizer.step(tape.gradient(loss, params))
            total += float(loss.value) * len(batch)
        bar.set_postfix(loss=f"{total / len(order):.4f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the files")
    parser.add_argument("--seed", type=int, default=0, help="of split, initial values and batches")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    files = show_example(options.out)
    train_images, train_labels, test_images, test_labels = split(options.seed)
    rng = np.random.default_rng(options.seed)
    model = MLP([64, 128, 128, 10], rng=rng)
    start = time.perf_counter()
    with threadpool_limits(1):  # for matrices this small a second thread costs more than it gives
        train(model, train_images, train_labels, rng)
    seconds = time.perf_counter() - start
    reached = accuracy(model, test_images, test_labels)

    weights = options.out / "digits.safetensors"
    save_file(model.state_dict(), weights)
    print(f"\ntrained on {len(train_images)} images in {seconds:.1f} s")
    print(f"test accuracy {reached:.2%} on {len(test_images)} images never trained on")
    print("files:", *(f"  {path.resolve()}" for path in [*files, weights]), sep="\n")
    if reached < WANTED:
        print(f"this falls short of {WANTED:.0%}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
