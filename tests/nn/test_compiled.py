"""Every module as a program: what the engine gives to the last bit, dropout and all."""

import inspect

import numpy as np
import pytest

import nn
from autograd_tape import Tape, Variable, compile
from autograd_tape.containers import flatten
from autograd_tape.program.random import Drawing
from autograd_tape.tape import TapeError
from autograd_tape.variable import as_value
from tests.program.agreement import assert_same

rng = np.random.default_rng(0)


def f4(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def unit(*shape):
    return rng.uniform(0.1, 0.9, shape).astype(np.float32)


IDS, LENGTHS = rng.integers(0, 7, (3, 5)), np.array([5, 2, 4])
LABELS, SIGNS = rng.integers(0, 4, 6), np.sign(f4(6))
IMAGES, SEQUENCE, TOKENS = f4(2, 3, 8, 8), f4(5, 3, 4), f4(3, 5, 8)
OPTIONS = {"rng": 1, "batch_first": True}
LAYERS = {"num_layers": 2, "dropout": 0.4, "rng": 1}
CONFIG = nn.GPTConfig(vocab_size=7, n_positions=5, n_embd=8, n_layer=2, n_head=2, dropout=0.1)

# class -> (makes one, arguments of its forward)
CASES = {
    nn.MLP: (lambda: nn.MLP([4, 6, 2], nn.Tanh, rng=1), (f4(5, 4),)),
    nn.Sequential: (lambda: nn.Sequential(nn.Linear(4, 6, rng=1), nn.ELU()), (f4(5, 4),)),
    nn.Linear: (lambda: nn.Linear(4, 3, rng=1), (f4(5, 4),)),
    nn.Conv1D: (lambda: nn.Conv1D(3, 4, rng=1), (f4(5, 4),)),
    nn.Flatten: (nn.Flatten, (IMAGES,)),
    nn.Conv1d: (lambda: nn.Conv1d(3, 4, 3, 2, 1, rng=1), (f4(2, 3, 9),)),
    nn.Conv2d: (lambda: nn.Conv2d(3, 4, 3, padding=1, rng=1), (IMAGES,)),
    nn.MaxPool2d: (lambda: nn.MaxPool2d(3, 2, 1), (IMAGES,)),
    nn.AvgPool2d: (lambda: nn.AvgPool2d(2), (IMAGES,)),
    nn.BatchNorm1d: (lambda: nn.BatchNorm1d(4), (f4(6, 4),)),
    nn.BatchNorm2d: (lambda: nn.BatchNorm2d(3), (IMAGES,)),
    nn.LayerNorm: (lambda: nn.LayerNorm(4), (f4(6, 4),)),
    nn.RMSNorm: (lambda: nn.RMSNorm(4), (f4(6, 4),)),
    nn.Dropout: (lambda: nn.Dropout(0.3, rng=1), (f4(6, 4),)),
    nn.Embedding: (lambda: nn.Embedding(7, 4, rng=1), (IDS,)),
    nn.PositionalEncoding: (lambda: nn.PositionalEncoding(8), (TOKENS,)),
    nn.LearnedPositions: (lambda: nn.LearnedPositions(9, 8, rng=1), (TOKENS,)),
    nn.RNNCell: (lambda: nn.RNNCell(4, 3, rng=1), (f4(5, 4),)),
    nn.GRUCell: (lambda: nn.GRUCell(4, 3, rng=1), (f4(5, 4),)),
    nn.LSTMCell: (lambda: nn.LSTMCell(4, 3, rng=1), (f4(5, 4),)),
    nn.RNN: (lambda: nn.RNN(4, 3, **LAYERS), (SEQUENCE,)),
    nn.GRU: (lambda: nn.GRU(4, 3, bidirectional=True, **LAYERS), (SEQUENCE,)),
    nn.LSTM: (lambda: nn.LSTM(4, 3, bidirectional=True, **LAYERS), (SEQUENCE, None, LENGTHS)),
    nn.MultiheadAttention: (
        lambda: nn.MultiheadAttention(8, 2, 0.2, **OPTIONS), (TOKENS, TOKENS, TOKENS)
    ),
    nn.AdditiveAttention: (lambda: nn.AdditiveAttention(8, 8, 6, rng=1), (TOKENS, TOKENS)),
    nn.TransformerEncoderLayer: (
        lambda: nn.TransformerEncoderLayer(8, 2, 12, 0.2, **OPTIONS), (TOKENS,)
    ),
    nn.TransformerEncoder: (
        lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(8, 2, 12, 0.2, norm_first=True, **OPTIONS), 2
        ),
        (TOKENS,),
    ),
    nn.TransformerDecoderLayer: (
        lambda: nn.TransformerDecoderLayer(8, 2, 12, 0.2, **OPTIONS), (TOKENS, TOKENS)
    ),
    nn.TransformerDecoder: (
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 12, 0.2, **OPTIONS), 2),
        (TOKENS, TOKENS),
    ),
    nn.Transformer: (
        lambda: nn.Transformer(8, 2, 1, 1, 12, 0.2, activation="gelu", **OPTIONS),
        (TOKENS, TOKENS),
    ),
    nn.GPT: (lambda: nn.GPT(CONFIG, rng=1), (IDS,)),
    nn.Seq2Seq: (
        lambda: nn.Seq2Seq(7, 7, 4, 3, 2, copy=True, unknown=1, dropout=0.2, rng=1),
        (IDS, LENGTHS, IDS),
    ),
    nn.CrossEntropyLoss: (nn.CrossEntropyLoss, (f4(6, 4), LABELS)),
    nn.NLLLoss: (nn.NLLLoss, (-unit(6, 4), LABELS)),
    nn.BCELoss: (nn.BCELoss, (unit(6), unit(6))),
    nn.BCEWithLogitsLoss: (nn.BCEWithLogitsLoss, (f4(6), unit(6))),
    nn.PerceptronLoss: (nn.PerceptronLoss, (f4(6), SIGNS)),
}  # fmt: skip
LOSSES = (nn.L1Loss, nn.MSELoss, nn.RMSELoss, nn.HalfSquaredError)
CASES |= {loss: (loss, (f4(6, 4), f4(6, 4))) for loss in LOSSES}
CASES |= {
    c: (c, (f4(6, 4),)) for c in vars(nn).values()
    if inspect.isclass(c) and c.__module__ == "nn.activations" and c not in CASES
}  # fmt: skip


def test_all_modules_are_here():
    modules = {
        c for c in vars(nn).values() if inspect.isclass(c) and issubclass(c, nn.Module)
    }  # fmt: skip
    assert modules - set(CASES) == {nn.Module, nn.ModuleList}


def reset(module):
    """The random numbers of a module, from the beginning."""
    for m in module.modules():
        if isinstance(getattr(m, "rng", None), np.random.Generator):
            m.rng.bit_generator.state = np.random.default_rng(5).bit_generator.state


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("training", [True, False])
def test_a_module_is_the_same_as_a_program(kind, training):
    make, args = CASES[kind]
    module, same = make(), make()
    changes = kind in (nn.BatchNorm1d, nn.BatchNorm2d)

    def step_of(model):
        model.train(training)
        params = list(model.parameters())

        def step(*args):
            leaves = [Variable(x) if getattr(x, "dtype", None) == np.float32 else x for x in args]
            with Tape() as tape:
                y = flatten(model(*leaves))[0]
                loss = sum(np.mean(part * part) for part in y if part is not None)
            values = [as_value(part) for part in y]
            if not isinstance(loss, Variable):  # a step function
                return loss, values
            inputs = [x for x in leaves if isinstance(x, Variable)]
            return loss.value, values, tape.gradient(loss, params + inputs)

        return step

    reset(module), reset(same)
    program = compile(step_of(module), argnums=None, state=[module] if changes else [])
    engine = step_of(same)
    for move in (np.copy, lambda x: np.flip(x).copy(), np.copy):
        moved = [move(x) if getattr(x, "dtype", None) == np.float32 else x for x in args]
        assert_same(flatten(program(*moved))[0], flatten(engine(*moved))[0])
    assert program.recordings < 3
    assert_same(module.state_dict(), same.state_dict())


def test_a_generator_is_one_for_default_rng():
    numbers, same = np.random.default_rng(3), np.random.default_rng(3)

    def f(x):
        return x * np.random.default_rng(numbers).random(4)

    program = compile(f, np.ones(4), argnums=None)
    np.testing.assert_array_equal(program(np.ones(4)) * 0, np.zeros(4))
    same.random(4)
    assert_same(program(np.ones(4)), (same.random(4), same.random(4))[1])


def test_a_bit_generator_is_refused():
    numbers = np.random.default_rng(3)
    with pytest.raises(TapeError, match="the bit generator"):
        compile(lambda x: np.sum(x) * numbers.bit_generator.random_raw(), np.ones(4))
    assert not isinstance(numbers, Drawing)
