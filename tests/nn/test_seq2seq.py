"""Encoder-decoder, attention and copying against the notes' formulas written out as loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape, Variable
from autograd_tape.testing import check_grads
from nn import functional as F
from nn import optim
from nn.generation import beam_search, generate
from nn.recurrent import GRU, RNN
from nn.seq2seq import AdditiveAttention, Seq2Seq

SOURCE = np.array([[3, 1, 4, 1], [2, 6, 0, 0], [5, 0, 0, 0]])
LENGTHS = np.array([4, 2, 1])
TARGET = np.array([[1, 2, 3], [1, 5, 5], [1, 6, 2]])


def model(**options: Any) -> Seq2Seq:
    options = {"dtype": float, "rng": np.random.default_rng(0), **options}
    return Seq2Seq(7, 7, 3, 4, **options)


def cross_entropy(logits: Any, target: Any) -> Any:
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), target.reshape(-1))


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# -- attention -------------------------------------------------------------------------------------


def test_attention_is_the_notes_formula() -> None:
    layer = AdditiveAttention(3, 4, 5, dtype=float, rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    d, h = rng.standard_normal((2, 3, 3)), rng.standard_normal((2, 6, 4))
    mask = np.arange(6) < np.array([[6], [2]])
    context, a = layer(d, h, mask)
    assert context.shape == (2, 3, 4)
    w, u = layer.query.weight.value, layer.key.weight.value
    for n in range(2):
        for i in range(3):
            e = [(w @ d[n, i]) @ (u @ h[n, j]) for j in range(6) if mask[n, j]]
            expected = softmax(np.array(e))
            np.testing.assert_allclose(a.value[n, i, mask[n]], expected, rtol=1e-12)
            np.testing.assert_array_equal(a.value[n, i, ~mask[n]], 0)
            np.testing.assert_allclose(context.value[n, i], expected @ h[n, mask[n]], rtol=1e-12)


def test_gradients_of_attention() -> None:
    layer = AdditiveAttention(2, 3, 4, dtype=float, rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    mask = np.array([[True, True, False], [False] * 3])
    d, h = rng.standard_normal((2, 2, 2)), rng.standard_normal((2, 3, 3))
    variables = dict(layer.named_parameters())
    check_grads(lambda d, h: layer(d, h, mask), (d, h), variables=variables)


def test_a_row_that_is_masked_altogether_gives_zeros() -> None:
    layer, h = AdditiveAttention(2, 2, 2), Variable(np.ones((1, 3, 2), np.float32))
    context, a = layer(np.ones((1, 1, 2), np.float32), h, np.zeros((1, 3), bool))
    assert not a.value.any()
    assert not context.value.any()
    np.sum(context).backward()
    assert not h.adjoint.any()


def test_errors_of_attention() -> None:
    layer = AdditiveAttention(2, 2, 2)
    d, h = np.ones((1, 1, 2), np.float32), np.ones((1, 3, 2), np.float32)
    for mask in (np.ones((1, 2), bool), np.ones((1, 3))):
        with pytest.raises(ValueError, match=r"the mask must be booleans \(1, 3\)"):
            layer(d, h, mask)
    with pytest.raises(ValueError, match=r"memory has shape \(1, 3, 3\), .* \(N, S, 2\)"):
        layer(d, np.ones((1, 3, 3), np.float32))
    with pytest.raises(TypeError, match="dtype int64"):
        layer(np.ones((1, 1, 2), int), h)


# -- the model -------------------------------------------------------------------------------------

VARIANTS: list[dict[str, Any]] = [
    {}, {"cell": GRU}, {"cell": RNN, "num_layers": 2}, {"bidirectional": False},
    {"bidirectional": False, "num_layers": 2},
    {"copy": True, "unknown": 0}, {"copy": True, "unknown": 0, "cell": GRU, "num_layers": 2},
]  # fmt: skip


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_steps_give_what_teacher_forcing_gives(options: dict[str, Any]) -> None:
    net = model(**options)
    logits = net(SOURCE, LENGTHS, TARGET)
    assert logits.shape == (3, 3, 7)
    state = net.encode(SOURCE, LENGTHS)
    for t in range(3):
        one, state, a = net.decode(TARGET[:, t : t + 1], state)
        np.testing.assert_allclose(one.value[:, 0], logits.value[:, t], rtol=1e-10)
        np.testing.assert_allclose(a.value.sum(axis=2), 1, rtol=1e-12)
        np.testing.assert_array_equal(a.value[:, 0][np.arange(4) >= LENGTHS[:, None]], 0)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_padding_of_the_source_does_not_matter(options: dict[str, Any]) -> None:
    net = model(**options)
    logits = net(SOURCE, LENGTHS, TARGET).value
    for n, length in enumerate(LENGTHS):
        alone = net(SOURCE[n : n + 1, :length], None, TARGET[n : n + 1])
        np.testing.assert_allclose(alone.value[0], logits[n], rtol=1e-10)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_gradients_reach_every_parameter(options: dict[str, Any]) -> None:
    net = model(**options)
    with Tape() as tape:
        loss = cross_entropy(net(SOURCE, LENGTHS, TARGET), np.roll(TARGET, -1, axis=1))
    for (name, _), g in zip(
        net.named_parameters(), tape.gradient(loss, net.parameters()), strict=True
    ):
        assert np.isfinite(g).all(), name
        assert g.any(), name


@pytest.mark.parametrize("options", [{}, {"copy": True, "unknown": 0, "cell": GRU}], ids=str)
def test_the_gradient(options: dict[str, Any]) -> None:
    net = Seq2Seq(5, 5, 2, 2, dtype=float, rng=np.random.default_rng(0), **options)
    source, target = np.array([[1, 6, 1], [4, 2, 0]]), np.array([[1, 2], [1, 5]])
    if not options:
        source, target = source % 5, target % 5

    def loss() -> Any:
        return cross_entropy(net(source, [3, 2], target), np.array([[1, 3], [1, 2]]))

    check_grads(loss, (), order=1, variables=dict(net.named_parameters()))


def test_float32_stays_float32_and_empty_batches_pass() -> None:
    net = model(dtype=np.float32, copy=True, unknown=0)
    assert net(SOURCE, LENGTHS, TARGET).dtype == np.float32
    assert net(SOURCE[:0], LENGTHS[:0], TARGET[:0]).shape == (0, 3, 7)


def test_a_source_of_length_zero() -> None:
    logits = model()(SOURCE, np.array([4, 0, 1]), TARGET)
    np.sum(logits).backward()
    assert np.isfinite(logits.value).all()


# -- copying ---------------------------------------------------------------------------------------


def test_the_copy_distribution_is_the_notes_formula() -> None:
    net = model(copy=True, unknown=0)
    source = np.array([[3, 8, 3, 2], [7, 6, 0, 0]])  # 7 and 8 are in no vocabulary
    state = net.encode(source, [4, 2])
    log_p, after, a = net.decode(TARGET[:2], state)
    assert log_p.shape == (2, 3, 9)
    np.testing.assert_allclose(np.exp(log_p.value).sum(axis=-1), 1, rtol=1e-12)

    d, _ = net.decoder(net.target_embedding(TARGET[:2]), state.recurrent)
    d, memory, h0 = d.value, state.memory.value, state.recurrent[0].value[-1]
    w, b = net.switch.weight.value[0], net.switch.bias.value  # type: ignore[union-attr]
    for n in range(2):
        p_gen = 0.0
        for t in range(3):
            c = a.value[n, t] @ memory[n]
            p_out = softmax(net.output(np.concatenate([d[n, t], c])).value)
            before = d[n, t - 1] if t else h0[n]
            z = net.switch_before.weight.value * p_gen + w @ np.concatenate([before, c, d[n, t]])
            p_gen = (1 / (1 + np.exp(-z - b))).item()
            expected = np.append(p_gen * p_out, [0.0, 0.0])
            for j, word in enumerate(source[n]):
                expected[word] += (1 - p_gen) * a.value[n, t, j]
            np.testing.assert_allclose(np.exp(log_p.value[n, t]), expected, rtol=1e-10)
        np.testing.assert_allclose(after.p_gen.value[n], p_gen, rtol=1e-10)


def test_a_word_that_is_neither_known_nor_in_the_source_is_impossible() -> None:
    net = model(copy=True, unknown=0)
    log_p = net(np.array([[3, 8], [2, 2]]), None, TARGET[:2])
    assert np.isneginf(log_p.value[1, :, 7:]).all()
    assert np.isneginf(log_p.value[0, :, 7]).all()
    assert np.isfinite(log_p.value[0, :, 8]).all()
    cross_entropy(log_p, np.array([[3, 8, 8], [1, 1, 1]])).backward()
    assert all(np.isfinite(p.adjoint).all() for p in net.parameters())


def test_words_without_an_id_are_read_as_unknown() -> None:
    net = model(copy=True, unknown=6)
    target = np.where(TARGET == 5, 8, TARGET)
    one = net(np.array([[3, 8]] * 3), None, target).value[..., :7]
    assert np.isfinite(one).all()
    memory = [net.encode(np.array([[3, x]])).memory.value for x in (6, 7, 8)]
    np.testing.assert_array_equal(memory[0], memory[1])
    np.testing.assert_array_equal(memory[0], memory[2])


# -- learning and generating -----------------------------------------------------------------------


def trained(steps: int, lr: float, source: Any, target_in: Any, target: Any, **options: Any) -> Any:
    net = Seq2Seq(8, 8, 12, 24, rng=np.random.default_rng(0), **options)
    optimizer = optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    for _ in range(steps):
        with Tape() as tape:
            loss = cross_entropy(net(source, None, target_in), target)
        optimizer.step(tape.gradient(loss, net.parameters()))
    return net, float(loss)


def test_it_learns_to_reverse_and_generates_until_stop() -> None:
    start, stop = 0, 1
    source = np.random.default_rng(0).integers(2, 8, (24, 4))
    target = np.concatenate([source[:, ::-1], np.full((24, 1), stop)], axis=1)
    target_in = np.concatenate([np.full((24, 1), start), target[:, :-1]], axis=1)
    net, loss = trained(250, 0.2, source, target_in, target)
    assert loss < 0.1
    for row, wanted in zip(source[:6], target[:6], strict=True):
        state = net.encode(row[None])
        found = generate(net.next_log_probabilities, state, start, stop, 8)
        assert found.tokens == tuple(wanted[:-1])
        assert found.finished
        best = beam_search(net.next_log_probabilities, state, start, stop, 3, 8)[0]
        assert best.tokens == found.tokens


def test_it_learns_to_copy_words_that_it_has_never_had_an_id_for() -> None:
    start = 0
    rng = np.random.default_rng(0)
    source = np.concatenate([rng.integers(2, 8, (32, 3)), rng.integers(8, 12, (32, 1))], axis=1)
    source = rng.permuted(source, axis=1)  # one unknown word somewhere: say which
    target = source.max(axis=1)[:, None]
    net, loss = trained(
        150, 0.2, source, np.full((32, 1), start), target, copy=True, unknown=1, cell=GRU
    )
    assert loss < 0.1
    state = net.encode(np.array([[2, 15, 3, 4]]))  # an id never seen
    log_p, state, a = net.decode([[start]], state)
    assert log_p.shape == (1, 1, 16)
    assert np.argmax(log_p.value) == 15
    assert np.argmax(a.value) == 1
    assert state.p_gen.value < 0.5


# -- errors ----------------------------------------------------------------------------------------


def test_errors_say_what_is_wanted() -> None:
    net = model()
    with pytest.raises(IndexError, match="token id 7"):
        net(SOURCE + 1, LENGTHS, TARGET)
    with pytest.raises(TypeError, match="integers"):
        net(SOURCE * 1.0, LENGTHS, TARGET)
    with pytest.raises(IndexError, match="token id -1"):
        model(copy=True, unknown=0)(SOURCE - 1, LENGTHS, TARGET)
    for wrong in ((SOURCE[0], LENGTHS, TARGET), (SOURCE, LENGTHS, TARGET[0])):
        with pytest.raises(ValueError, match=r"token ids have shape .*must have \(N, T\)"):
            net(*wrong)
    with pytest.raises(ValueError, match=r"h_0 has shape \(1, 3, 4\), and must have \(1, 2, 4\)"):
        net(SOURCE, LENGTHS, TARGET[:2])
    with pytest.raises(ValueError, match="4 steps"):
        net(SOURCE, LENGTHS + 1, TARGET)
    with pytest.raises(ValueError, match="one vocabulary"):
        Seq2Seq(7, 8, 3, 4, copy=True, unknown=0)
    for unknown in (-1, 7):
        with pytest.raises(ValueError, match="and unknown= a word"):
            model(copy=True, unknown=unknown)


def test_without_attention_the_decoder_knows_the_summary_alone() -> None:
    net = Seq2Seq(9, 7, 4, 5, attention=None, rng=np.random.default_rng(0))
    source, target_in = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[0, 1], [0, 2]])
    state = net.encode(source)
    logits, _, weights = net.decode(target_in, state)
    d, _ = net.decoder(net.target_embedding(target_in), state.recurrent)
    np.testing.assert_array_equal(logits.value, net.output(d).value)
    assert logits.shape == (2, 2, 7)
    assert weights is None
    with pytest.raises(ValueError, match="copy needs attention"):
        Seq2Seq(9, 9, 4, 5, attention=None, copy=True, unknown=1)


def test_the_additive_score_is_bahdanau_s() -> None:
    layer = AdditiveAttention(3, 4, 5, "additive", dtype=np.float64, rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    d, h = rng.standard_normal((2, 3, 3)), rng.standard_normal((2, 4, 4))
    context, a = layer(d, h, np.array([[True] * 4, [True, True, False, False]]))
    w, u, v = (p.value for p in layer.parameters())
    for n, size in ((0, 4), (1, 2)):
        e = [[v[0] @ np.tanh(w @ d[n, i] + u @ h[n, j]) for j in range(size)] for i in range(3)]
        weights = np.exp(e) / np.exp(e).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(a.value[n, :, :size], weights)
        np.testing.assert_allclose(context.value[n], weights @ h[n, :size])
    with pytest.raises(ValueError, match="score is"):
        AdditiveAttention(3, 4, 5, "product")
