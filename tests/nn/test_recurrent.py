"""Recurrent cells and networks: by hand, with unequal lengths, and what the notes say of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape, Variable, stop_gradient
from autograd_tape import jacobian as recorded_jacobian
from autograd_tape.testing import check_grads
from autograd_tape.variable import as_value
from nn import init
from nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

CELLS: list[Any] = [RNNCell, LSTMCell, GRUCell]
NETWORKS: list[Any] = [RNN, LSTM, GRU]
PAIRS = list(zip(NETWORKS, CELLS, strict=True))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def randoms(*shapes: tuple[int, ...], seed: int = 0, dtype: Any = np.float64) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(s).astype(dtype) for s in shapes]


def jacobian(f: Any, x: Any) -> Any:
    """The plain matrix: with parameters of a layer in f, it could be differentiated again."""
    j = as_value(recorded_jacobian(f)(x))
    return j.reshape(int(np.sqrt(j.size)), -1)


def first(state: Any) -> Any:
    """h, whether the state is h or (h, c)."""
    return state[0] if isinstance(state, tuple) else state


def values(state: Any) -> list[Any]:
    return [s.value for s in (state if isinstance(state, tuple) else (state,))]


# -- by hand ---------------------------------------------------------------------------------------


def test_one_step_of_an_lstm_by_hand() -> None:
    cell = LSTMCell(1, 1, dtype=float)
    cell.load_state_dict({
        "weight_ih": [[1.0], [2.0], [3.0], [4.0]], "weight_hh": [[0.1], [0.2], [0.3], [0.4]],
        "bias_ih": np.zeros(4), "bias_hh": [0.5, 0.5, 0.5, 0.5],
    })  # fmt: skip
    h, c = cell(np.array([0.5]), (np.array([1.0]), np.array([2.0])))
    i, f, o = sigmoid(1.1), sigmoid(1.7), sigmoid(2.9)
    expected = f * 2 + i * np.tanh(2.3)
    np.testing.assert_allclose(c.value, [expected], rtol=1e-14)
    np.testing.assert_allclose(h.value, [o * np.tanh(expected)], rtol=1e-14)


def test_one_step_of_a_gru_by_hand() -> None:
    cell = GRUCell(1, 1, dtype=float)
    cell.load_state_dict({
        "weight_ih": [[1.0], [2.0], [3.0]], "weight_hh": [[0.1], [0.2], [0.3]],
        "bias_ih": np.zeros(3), "bias_hh": [0.0, 0.0, 0.7],
    })  # fmt: skip
    h = cell(np.array([0.5]), np.array([2.0]))
    r, z = sigmoid(0.7), sigmoid(1.4)
    n = np.tanh(1.5 + r * (0.6 + 0.7))  # the second bias is reset, too
    np.testing.assert_allclose(h.value, [(1 - z) * n + z * 2], rtol=1e-14)


@pytest.mark.parametrize(("nonlinearity", "phi"), [("tanh", np.tanh), ("relu", lambda z: z)])
def test_one_step_of_an_rnn_by_hand(nonlinearity: str, phi: Any) -> None:
    cell = RNNCell(2, 1, nonlinearity=nonlinearity, dtype=float)
    cell.load_state_dict({
        "weight_ih": [[1.0, -1.0]], "weight_hh": [[0.5]], "bias_ih": [0.1], "bias_hh": [0.2],
    })  # fmt: skip
    h = cell(np.array([[2.0, 1.0]]), np.array([[3.0]]))
    np.testing.assert_allclose(h.value, [[phi(1 + 1.5 + 0.3)]], rtol=1e-14)


@pytest.mark.parametrize(("network", "cell"), PAIRS)
def test_a_network_is_its_cell_at_each_step(network: Any, cell: Any) -> None:
    net, one = network(3, 4, dtype=float, rng=1), cell(3, 4, dtype=float)
    one.load_state_dict({n.removesuffix("_l0"): v for n, v in net.state_dict().items()})
    (x,) = randoms((5, 2, 3))
    outputs, last = net(x)
    state = None
    for t in range(5):
        state = one(x[t], state)
        np.testing.assert_allclose(outputs.value[t], first(state).value, rtol=1e-12)
    for mine, theirs in zip(values(last), values(state), strict=True):
        np.testing.assert_allclose(mine[0], theirs, rtol=1e-12)


# -- shapes, names, initial values -----------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_shapes_of_two_layers(network: Any, bidirectional: bool) -> None:
    d = 2 if bidirectional else 1
    net = network(3, 4, 2, bidirectional=bidirectional)
    x, start = randoms((5, 2, 3), (2 * d, 2, 4), dtype=np.float32)
    hx = (start, start) if network is LSTM else start
    y, last = net(x, hx)
    assert y.shape == (5, 2, 4 * d)
    assert y.dtype == first(last).dtype == np.float32
    assert [s.shape for s in values(last)] == [(2 * d, 2, 4)] * len(net.states)

    net.batch_first = True
    other, last = net(np.swapaxes(x, 0, 1), hx)
    np.testing.assert_array_equal(np.swapaxes(other.value, 0, 1), y.value)
    assert first(last).shape == (2 * d, 2, 4)

    single = (start[:, 0], start[:, 0]) if network is LSTM else start[:, 0]
    alone, last = net(x[:, 0], single)
    np.testing.assert_allclose(alone.value, y.value[:, 0], atol=1e-6)
    assert first(last).shape == (2 * d, 4)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (0, 3)])
def test_shapes_of_a_cell(cell: Any, shape: tuple[int, ...]) -> None:
    state = cell(3, 4)(np.ones(shape, np.float32))
    for s in values(state):
        assert s.shape == (*shape[:-1], 4)
        assert s.dtype == np.float32


def test_names_are_pytorchs() -> None:
    net = LSTM(3, 4, 2, bidirectional=True)
    kinds = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    parts = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    assert list(net.state_dict()) == [kind + part for part in parts for kind in kinds]
    assert net.state_dict()["weight_ih_l1_reverse"].shape == (16, 8)
    assert [p.name for p in net.parameters()] == list(net.state_dict())
    assert list(GRUCell(3, 4, bias=False).state_dict()) == ["weight_ih", "weight_hh"]
    assert repr(net) == "LSTM(3, 4, num_layers=2, bidirectional=True)"
    assert repr(GRUCell(3, 4)) == "GRUCell(3, 4)"


def test_initial_values_are_pytorchs_and_follow_the_seed() -> None:
    net = GRU(50, 100, rng=np.random.default_rng(0))
    for p in net.parameters():
        assert np.abs(p.value).max() <= 0.1
        np.testing.assert_allclose(np.std(p.value), 0.1 / 3**0.5, rtol=0.1)
    same = GRU(50, 100, rng=np.random.default_rng(0))
    for p, q in zip(net.parameters(), same.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)


def test_the_identity_as_initial_value_keeps_state_and_gradient() -> None:
    net = RNN(2, 3, nonlinearity="relu", bias=False, dtype=float)
    net.weight_hh_l0.value = init.eye((3, 3), dtype=float)  # type: ignore[attr-defined]
    start = np.array([[[1.0, 2.0, 3.0]]])
    _, last = net(np.zeros((40, 1, 2)), start)
    np.testing.assert_array_equal(last.value, start)
    j = jacobian(lambda h: net(np.zeros((40, 1, 2)), h)[1], start)
    np.testing.assert_array_equal(j, np.eye(3))


@pytest.mark.parametrize("network", NETWORKS)
def test_dropout_acts_between_layers_and_in_training_only(network: Any) -> None:
    (x,) = randoms((4, 2, 3))
    net = network(3, 8, 2, dropout=0.5, dtype=float, rng=np.random.default_rng(0))
    a, b = net(x)[0].value, net(x)[0].value
    assert not np.array_equal(a, b)
    net.eval()
    np.testing.assert_array_equal(net(x)[0].value, net(x)[0].value)
    one = network(3, 8, 1, dropout=0.5, dtype=float)
    np.testing.assert_array_equal(one(x)[0].value, one(x)[0].value)


# -- unequal lengths -------------------------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_each_sequence_is_as_if_alone(network: Any, bidirectional: bool) -> None:
    net = network(3, 4, 2, bidirectional=bidirectional, dtype=float)
    lengths = [3, 6, 0, 1]
    d = 2 if bidirectional else 1
    x, start = randoms((7, 4, 3), (2 * d, 4, 4))
    padded = x.copy()
    for n, length in enumerate(lengths):
        padded[length:, n] = np.nan  # what is behind the end is not looked at
    hx = (start, start / 2) if network is LSTM else start
    y, last = net(padded, hx, lengths=lengths)
    assert y.shape == (7, 4, 4 * d)
    for n, length in enumerate(lengths):
        np.testing.assert_array_equal(y.value[length:, n], 0)
        own = tuple(s[:, n] for s in hx) if network is LSTM else hx[:, n]
        alone, _ = net(padded[:, n], own, lengths=length)  # without the axis of the batch
        np.testing.assert_allclose(alone.value, y.value[:, n], rtol=1e-10)
        if length == 0:
            expected_last = [s[:, n] for s in (hx if network is LSTM else (hx,))]
        else:
            expected, state = net(x[:length, n], own)
            np.testing.assert_allclose(y.value[:length, n], expected.value, rtol=1e-10)
            expected_last = values(state)
        for mine, theirs in zip(values(last), expected_last, strict=True):
            np.testing.assert_allclose(mine[:, n], theirs, rtol=1e-10)


def test_padding_has_no_gradient() -> None:
    net = LSTM(2, 3, bidirectional=True, dtype=float)
    x = Variable(randoms((4, 2, 2))[0])
    y, (h, c) = net(x, lengths=np.array([1, 3]))
    (np.sum(y**2) + np.sum(h) + np.sum(c)).backward()
    assert not x.adjoint[1:, 0].any()
    assert not x.adjoint[3:, 1].any()
    assert x.adjoint[:3, 1].all()


@pytest.mark.parametrize("network", NETWORKS)
def test_a_batch_of_sequences_of_length_zero(network: Any) -> None:
    net = network(3, 4)
    (x,) = randoms((5, 2, 3), dtype=np.float32)
    y, last = net(x, lengths=[0, 0])
    assert not y.value.any()
    assert not any(s.any() for s in values(last))
    (np.sum(y) + np.sum(first(last))).backward()
    assert not any(p.adjoint.any() for p in net.parameters())


@pytest.mark.parametrize("network", NETWORKS)
def test_empty_batches(network: Any) -> None:
    net = network(3, 4)
    y, last = net(np.zeros((5, 0, 3), np.float32), lengths=np.zeros(0, int))
    assert y.shape == (5, 0, 4)
    assert first(last).shape == (1, 0, 4)


# -- errors ----------------------------------------------------------------------------------------


def test_errors_say_what_is_wanted() -> None:
    net, x = LSTM(3, 4), np.zeros((5, 2, 3), np.float32)
    shapes = r"must have \(T, N, 3\) or \(T, 3\)"
    with pytest.raises(ValueError, match=rf"LSTM: the input has shape \(5, 2, 4\), and {shapes}"):
        net(np.zeros((5, 2, 4), np.float32))
    with pytest.raises(ValueError, match=shapes):
        net(np.zeros(3, np.float32))
    with pytest.raises(ValueError, match=r"must have \(N, T, 3\) or \(T, 3\)"):
        RNN(3, 4, batch_first=True)(np.zeros(3, np.float32))
    with pytest.raises(ValueError, match=r"GRUCell: the input .* must have \(N, 3\) or \(3,\)"):
        GRUCell(3, 4)(x)
    with pytest.raises(TypeError, match="dtype int64"):
        net(np.zeros((5, 2, 3), int))
    with pytest.raises(ValueError, match="no steps"):
        net(np.zeros((0, 2, 3), np.float32))
    with pytest.raises(ValueError, match=r"the state is a pair \(h, c\), not ndarray"):
        net(x, np.zeros((1, 2, 4), np.float32))
    with pytest.raises(ValueError, match=r"c_0 has shape \(1, 2, 5\), and must have \(1, 2, 4\)"):
        net(x, (np.zeros((1, 2, 4), np.float32), np.zeros((1, 2, 5), np.float32)))
    with pytest.raises(TypeError, match=r"h_0.*int64"):
        GRU(3, 4)(x, np.zeros((1, 2, 4), int))
    with pytest.raises(ValueError, match="h_0 has shape"):
        GRUCell(3, 4)(x[0], np.zeros((2, 3), np.float32))
    for lengths in ([1], [1, 6], [-1, 2], [1.0, 2.0]):
        with pytest.raises(ValueError, match=r"integers from 0 to the 5 steps, shape \(2,\)"):
            net(x, lengths=lengths)
    with pytest.raises(ValueError, match="nonlinearity is 'tanh' or 'relu'"):
        RNN(3, 4, nonlinearity="sigmoid")
    with pytest.raises(TypeError, match="nonlinearity"):
        LSTM(3, 4, nonlinearity="relu")
    with pytest.raises(ValueError, match="num_layers"):
        GRU(3, 4, 0)
    with pytest.raises(ValueError, match=r"probability"):
        GRU(3, 4, dropout=1.5)


# -- gradients -------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_cells(cell: Any) -> None:
    x, h, c = randoms((2, 3), (2, 4), (2, 4))
    check_grads(cell(3, 4, dtype=float, rng=0), (x, (h, c) if cell is LSTMCell else h))


@pytest.mark.parametrize("network", NETWORKS)
def test_gradients_of_networks(network: Any) -> None:
    net = network(2, 3, 2, bidirectional=True, dtype=float, rng=0)
    check_grads(
        lambda x: net(x, lengths=[2, 3]), randoms((3, 2, 2)), variables={"w": net.weight_hh_l0}
    )


@pytest.mark.parametrize("network", NETWORKS)
def test_truncated_backpropagation_through_time(network: Any) -> None:
    """Windows with the state cut between them: the gradient is the sum of the windows' own."""
    net = network(2, 3, dtype=float, rng=0)
    (x,) = randoms((6, 1, 2))
    parameters = net.parameters()

    def gradients(cut: Any) -> list[Any]:
        with Tape() as tape:
            y, state = net(x[:3])
            state = tuple(map(cut, state)) if network is LSTM else cut(state)
            loss = np.sum(y**2) + np.sum(net(x[3:], state)[0] ** 2)
        return list(tape.gradient(loss, parameters))

    _, middle = net(x[:3])
    plain = tuple(values(middle)) if network is LSTM else middle.value
    with Tape() as tape:
        before = np.sum(net(x[:3])[0] ** 2)
    parts = tape.gradient(before, parameters)
    with Tape() as tape:
        after = np.sum(net(x[3:], plain)[0] ** 2)
    truncated = gradients(stop_gradient)
    for g, a, b in zip(truncated, parts, tape.gradient(after, parameters), strict=True):
        np.testing.assert_allclose(g, a + b, rtol=1e-10)
    full = gradients(lambda s: s)
    assert not np.allclose(truncated[1], full[1], rtol=1e-3)


# -- what the notes say ----------------------------------------------------------------------------


def test_along_the_cell_path_the_derivative_is_the_forget_gate() -> None:
    """∂c_t/∂c_{t-1} = f_t (003 §12), and so ∂c_T/∂c_0 = Π f_t with the gates held constant."""
    cell = LSTMCell(3, 4, dtype=float, rng=0)
    weights = cell.state_dict()
    xs, h0, c0 = randoms((6, 3), (4,), (4,))

    forgets, h = [], h0
    state = (h0, c0)
    for x in xs:
        z = weights["weight_ih"] @ x + weights["weight_hh"] @ h
        forgets.append(sigmoid((z + weights["bias_ih"] + weights["bias_hh"])[4:8]))
        state = tuple(values(cell(x, state)))
        h = state[0]

    one = jacobian(lambda c: cell(xs[0], (h0, c))[1], c0)
    np.testing.assert_allclose(one, np.diag(forgets[0]), rtol=1e-12)

    def path(c: Any) -> Any:
        h = h0
        for x in xs:
            h, c = cell(x, (stop_gradient(h), c))
        return c

    np.testing.assert_allclose(jacobian(path, c0), np.diag(np.prod(forgets, axis=0)), rtol=1e-12)


@pytest.mark.parametrize("radius", [0.5, 0.9, 1.0, 1.1, 1.5])
def test_the_product_of_jacobians_goes_with_the_spectral_radius(radius: float) -> None:
    """At rest ∂h_t/∂h_0 = Wᵗ, whose norm goes like ρᵗ: it vanishes or explodes (003 §11)."""
    net = RNN(1, 6, bias=False, dtype=float)
    (w,) = randoms((6, 6))
    w *= radius / np.abs(np.linalg.eigvals(w)).max()
    net.weight_hh_l0.value = w  # type: ignore[attr-defined]

    def norm(steps: int) -> float:
        x = np.zeros((steps, 1, 1))
        j = jacobian(lambda h: net(x, h)[1], np.zeros((1, 1, 6)))
        np.testing.assert_allclose(j, np.linalg.matrix_power(w, steps), rtol=1e-8, atol=1e-12)
        return float(np.linalg.norm(j, 2))

    growth = (norm(60) / norm(20)) ** (1 / 40)
    np.testing.assert_allclose(growth, radius, rtol=0.05)
    assert norm(60) < 1e-10 if radius == 0.5 else norm(60) > 1e8 if radius == 1.5 else True


def test_away_from_rest_tanh_makes_gradients_vanish_faster() -> None:
    """‖∂h_t/∂h_0‖ ≤ Π ‖W‖·max tanh' ≤ ‖W‖ᵗ."""
    net = RNN(3, 6, dtype=float, rng=0)
    w = net.state_dict()["weight_hh_l0"]
    bound = np.linalg.norm(w, 2)
    (x, h) = randoms((20, 1, 3), (1, 1, 6))
    for steps in (1, 5, 20):
        j = jacobian(lambda h, n=steps: net(x[:n], h)[1], h)
        assert np.linalg.norm(j, 2) <= bound**steps * (1 + 1e-9)
