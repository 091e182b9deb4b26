"""Embedding and the two kinds of positions: values by hand, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable
from autograd_tape.testing import check_grads
from nn.linear import Embedding, LearnedPositions, PositionalEncoding, one_hot

# -- tokens ----------------------------------------------------------------------------------------


def test_an_embedding_is_the_linear_map_of_the_one_hot_vector() -> None:
    layer = Embedding(5, 3)
    ids = np.array([[4, 0, 4], [1, 2, 3]])
    np.testing.assert_array_equal(layer(ids).value, np.eye(5)[ids] @ layer.weight.value)
    assert layer(2).shape == (3,)
    assert layer([[1, 2]]).shape == (1, 2, 3)
    assert layer(np.zeros((0, 4), int)).shape == (0, 4, 3)
    assert layer(np.array([1, 2], np.uint8)).dtype == np.float32
    assert repr(layer) == "Embedding(5, 3)"


def test_a_token_that_comes_twice_adds_up() -> None:
    layer = Embedding(4, 2, dtype=float)
    np.sum(layer([1, 3, 1])).backward()
    np.testing.assert_array_equal(layer.weight.adjoint, [[0, 0], [2, 2], [0, 0], [1, 1]])


def test_initial_values_are_pytorchs_and_follow_the_seed() -> None:
    layer = Embedding(300, 100, rng=np.random.default_rng(0))
    assert layer.weight.dtype == np.float32
    assert abs(np.mean(layer.weight.value)) < 0.02
    np.testing.assert_allclose(np.std(layer.weight.value), 1, rtol=0.02)
    same = Embedding(300, 100, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer.weight.value, same.weight.value)


def test_tokens_that_do_not_exist() -> None:
    layer = Embedding(5, 3)
    for bad in (5, -1):
        with pytest.raises(
            IndexError, match=f"Embedding: token id {bad} is not in the vocabulary of 5 tokens"
        ):
            layer([0, bad])
    with pytest.raises(TypeError, match="Embedding: token ids are integers, not float64"):
        layer(Variable([0.0, 1.0]))


# -- positions -------------------------------------------------------------------------------------


def sinusoids(length: int, d_model: int, dtype: Any = float) -> Any:
    return PositionalEncoding(d_model)(np.zeros((length, d_model), dtype))


def test_sinusoids_are_the_papers() -> None:
    table = sinusoids(50, 6)
    np.testing.assert_array_equal(table[0], [0, 1, 0, 1, 0, 1])
    for i in range(3):
        angle = 7 / 10000 ** (2 * i / 6)  # 10000, where the notes print 1000
        np.testing.assert_allclose(table[7, 2 * i : 2 * i + 2], [np.sin(angle), np.cos(angle)])
    odd = sinusoids(4, 5)[:, 4]  # the last sine has no cosine
    np.testing.assert_allclose(odd, np.sin(np.arange(4) / 10000 ** (4 / 5)))


def test_a_step_forward_turns_each_pair_of_waves() -> None:
    """What the paper chose them for: the encoding of pos + k is a linear map of that of pos."""
    table = sinusoids(40, 4)
    for i, frequency in enumerate([1, 10000**-0.5]):
        turn = np.array(
            [
                [np.cos(3 * frequency), np.sin(3 * frequency)],
                [-np.sin(3 * frequency), np.cos(3 * frequency)],
            ]
        )
        pair = table[:, 2 * i : 2 * i + 2]
        np.testing.assert_allclose(pair[3:], pair[:-3] @ turn.T, atol=1e-12)


def test_positions_are_added_to_each_sequence() -> None:
    learned = LearnedPositions(9, 6)
    for layer in (PositionalEncoding(6), learned):
        x = Variable(np.zeros((2, 9, 6), np.float32))
        whole = layer(x).value
        assert whole.dtype == np.float32
        np.testing.assert_array_equal(whole[0], whole[1])
        np.testing.assert_array_equal(layer(x[:, :4]).value, whole[:, :4])
    np.testing.assert_array_equal(whole[0], learned.weight.value)


def test_sinusoids_have_no_end_and_the_dtype_of_the_input() -> None:
    layer = PositionalEncoding(4)
    assert list(layer.state_dict()) == []
    for n, dtype in [(3, np.float32), (100, np.float64), (2, np.float32)]:
        y = layer(np.zeros((n, 4), dtype))
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, sinusoids(n, 4, dtype))
        np.testing.assert_array_equal(y, sinusoids(200, 4)[:n].astype(dtype))
    assert layer(np.zeros((0, 4), np.float16)).shape == (0, 4)


def test_learned_positions() -> None:
    layer = LearnedPositions(400, 50, rng=np.random.default_rng(0))
    np.testing.assert_allclose(np.std(layer.weight.value), 0.02, rtol=0.05)
    np.sum(layer(np.zeros((2, 3, 50), np.float32))).backward()
    np.testing.assert_array_equal(layer.weight.adjoint[:5, 0], [2, 2, 2, 0, 0])
    with pytest.raises(ValueError, match="LearnedPositions: 401 places, of only 400"):
        layer(np.zeros((401, 50), np.float32))


@pytest.mark.parametrize("layer", [PositionalEncoding(4), LearnedPositions(9, 4)])
def test_sequences_that_do_not_fit(layer: Any) -> None:
    for shape in [(3, 5), (4,)]:
        with pytest.raises(ValueError, match=r"must have \(\.\.\., T, 4\)"):
            layer(np.zeros(shape))
    with pytest.raises(TypeError, match="dtype int64"):
        layer(np.zeros((3, 4), int))


def test_gradients() -> None:
    layer = Embedding(7, 3, dtype=float)
    ids = np.array([[1, 2, 1], [6, 0, 2]])
    check_grads(lambda: layer(ids), (), variables=dict(layer.named_parameters()))
    x = np.random.default_rng(0).standard_normal((2, 3, 5))
    check_grads(PositionalEncoding(5), (x,))
    check_grads(LearnedPositions(4, 5, dtype=float), (x,))


def test_one_hot_is_what_an_embedding_multiplies() -> None:
    ids = np.array([[2, 0], [1, 2]])
    layer = Embedding(3, 4, rng=np.random.default_rng(0))
    assert one_hot(ids, 3).tolist() == [[[0, 0, 1], [1, 0, 0]], [[0, 1, 0], [0, 0, 1]]]
    np.testing.assert_array_equal(layer(ids).value, one_hot(ids, 3) @ layer.weight.value)
    assert one_hot(np.zeros((0,), int), 3).shape == (0, 3)
    with pytest.raises(IndexError, match="one_hot: token id 3 is not in the vocabulary of 3"):
        one_hot([3], 3)
    with pytest.raises(TypeError, match="integers, not float64"):
        one_hot([0.5], 3)
