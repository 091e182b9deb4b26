"""Each learning rule of the notes, as they print it, is the adjoint of one scalar on the tape.

In tests the printed rules are written out in NumPy; nowhere in ``nn`` are they.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from autograd_tape import Variable, grad, jacobian
from autograd_tape.variable import as_value
from nn import LSTMCell, RNNCell
from nn import classic as C
from nn import functional as F

from .draw import bits, numbers, signs, small
from .rules import proves


def equal(adjoint: Any, rule: Any) -> None:
    scale = max(1.0, float(np.max(np.abs(rule), initial=0.0)))
    assert_allclose(adjoint, rule, rtol=1e-12, atol=1e-12 * scale)


# -- single units ----------------------------------------------------------------------------------


@proves(
    "Rosenblatt's perceptron (003 §2)", C.perceptron_criterion, "max(0, -d·wᵀx), d = ±1",
    "w ← w + η·d·x on mistakes, w ← w otherwise",
)  # fmt: skip
@given(st.data(), small)
def test_the_perceptron_corrects_its_mistakes(data: Any, m: int) -> None:
    w, x = data.draw(numbers(1, 1 + m)), data.draw(numbers(1 + m))
    d, v = data.draw(signs(1)), w @ x
    assume(v[0] != 0)
    printed = np.where(d * v > 0, 0.0, -d * x)
    equal(grad(lambda w: C.perceptron_criterion(w, x, d))(w), printed[None])


@given(st.data(), small, st.integers(2, 6))
def test_the_perceptron_s_fit_applies_the_fixed_increment_rule(data: Any, m: int, n: int) -> None:
    X, d = data.draw(numbers(n, m)), data.draw(signs(n))
    d[:2] = 1, -1
    net = C.Perceptron(eta=0.5, random_state=3).partial_fit(X, d)
    w, order = np.zeros(1 + m), np.random.default_rng(3).permutation(n)
    for i in order:
        x = np.concatenate([[1.0], X[i]])
        w = w + 0.5 * d[i] * x * (d[i] * (w @ x) <= 0)
    equal(net.weights_.value[0], w)


@proves("Adaline (003 §3.1)", C.lms_error, "½(d - wᵀx)²", "w ← w + η(d - y)x, y = wᵀx")
@given(st.data(), small)
def test_adaline_learns_by_the_delta_rule(data: Any, m: int) -> None:
    w, x, d = (data.draw(numbers(*shape)) for shape in ((1, 1 + m), (1 + m,), (1,)))
    equal(grad(lambda w: C.lms_error(w, x, d))(w), -(d - w @ x)[:, None] * x)


@given(st.data(), small, small)
def test_adaline_s_fit_applies_the_delta_rule(data: Any, m: int, n: int) -> None:
    X, d = data.draw(numbers(n, m)), data.draw(numbers(n))
    net = C.Adaline(eta=0.1, random_state=5).partial_fit(X, d)
    w = np.zeros(1 + m)
    for i in np.random.default_rng(5).permutation(n):
        x = np.concatenate([[1.0], X[i]])
        w = w + 0.1 * (d[i] - w @ x) * x
    equal(net.weights_.value[0], w)


# -- multilayer perceptrons ------------------------------------------------------------------------


@proves(
    "MLP (003 §3.2)", "mlp", "E = ½Σ_j(d_j - y_j)², y = φ(W₂·φ(W₁x)), φ = σ(αv)",
    "δ_j = φ'(v_j)·(d_j - y_j) at the output, δ_j = φ'(v_j)·Σ_k δ_k·w_kj inside (003 prints one "
    "minus too many there); Δw_ji = η·δ_j·y_i",
)  # fmt: skip
@given(st.data(), small, small, small, st.sampled_from([0.5, 1.0, 2.0]))
def test_backpropagation_in_an_mlp(data: Any, n: int, h: int, m: int, alpha: float) -> None:
    x, d = data.draw(numbers(n)), data.draw(numbers(m))
    W1, W2 = Variable(data.draw(numbers(h, n))), Variable(data.draw(numbers(m, h)))
    v1 = W1 @ x
    y1 = F.sigmoid(v1, alpha)
    v2 = W2 @ y1
    y2 = F.sigmoid(v2, alpha)
    F.half_squared_error(y2, d).backward()

    def slope(y: Any) -> Any:
        return alpha * y * (1 - y)

    delta2 = slope(y2.value) * (d - y2.value)
    delta1 = slope(y1.value) * (W2.value.T @ delta2)
    equal(-v2.adjoint, delta2)
    equal(-v1.adjoint, delta1)
    equal(-W2.adjoint, delta2[:, None] * y1.value)
    equal(-W1.adjoint, delta1[:, None] * x)


@proves(
    "two layers, vectorised (002)", "net", "J = -(1/m)·Σ(Y·log A₂ + (1 - Y)·log(1 - A₂)), "
    "A₂ = σ(Z₂), Z₂ = W₂A₁ + b₂, A₁ = tanh(Z₁), Z₁ = W₁X + b₁",
    "dZ₂ = A₂ - Y; dW₂ = (1/m)·dZ₂A₁ᵀ; db₂ = (1/m)·Σ dZ₂; dZ₁ = W₂ᵀdZ₂ * g'(Z₁); "
    "dW₁ = (1/m)·dZ₁Xᵀ; db₁ = (1/m)·Σ dZ₁ (dZ is m times the adjoint: 002 keeps 1/m for later)",
)  # fmt: skip
@given(st.data(), small, small, small)
def test_the_two_layer_net_of_002_line_by_line(data: Any, n: int, h: int, m: int) -> None:
    X, Y = data.draw(numbers(n, m)), data.draw(bits(1, m))
    W1, b1, W2, b2 = (Variable(data.draw(numbers(*s))) for s in ((h, n), (h, 1), (1, h), (1, 1)))
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    F.binary_cross_entropy_with_logits(Z2, Y).backward()

    A2 = 1 / (1 + np.exp(-Z2.value))
    dZ2 = A2 - Y
    dW2 = 1 / m * dZ2 @ A1.value.T
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = W2.value.T @ dZ2 * (1 - A1.value**2)
    dW1 = 1 / m * dZ1 @ X.T
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    equal(m * Z2.adjoint, dZ2)
    equal(W2.adjoint, dW2)
    equal(b2.adjoint, db2)
    equal(m * Z1.adjoint, dZ1)
    equal(W1.adjoint, dW1)
    equal(b1.adjoint, db1)


@proves(
    "softmax and cross-entropy (004, 002)", F.cross_entropy, "-log softmax(z)_d", "∂/∂z = ŷ - y"
)
@given(st.data(), small, st.integers(2, 5))
def test_softmax_and_cross_entropy(data: Any, n: int, c: int) -> None:
    z = data.draw(numbers(n, c))
    d = data.draw(st.lists(st.integers(0, c - 1), min_size=n, max_size=n).map(np.array))
    y_hat = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    equal(grad(lambda z: F.cross_entropy(z, d, reduction="sum"))(z), y_hat - np.eye(c)[d])


@proves(
    "sigmoid and binary cross-entropy (004, 002)", F.binary_cross_entropy_with_logits,
    "-(d·log σ(z) + (1 - d)·log(1 - σ(z)))", "∂/∂z = ŷ - y",
)  # fmt: skip
@given(st.data(), small)
def test_sigmoid_and_binary_cross_entropy(data: Any, n: int) -> None:
    z, d = data.draw(numbers(n)), data.draw(bits(n))
    scalar = lambda z: F.binary_cross_entropy_with_logits(z, d, reduction="sum")  # noqa: E731
    equal(grad(scalar)(z), 1 / (1 + np.exp(-z)) - d)


# -- radial basis functions, extreme learning machines ---------------------------------------------


@proves(
    "RBF network: centres (003 §4.1.1)", C.clustering_error, "½‖x - t_k‖² of the nearest centre k",
    "t_k ← t_k + η(x - t_k), the others stay",
)  # fmt: skip
@given(st.data(), small, small)
def test_clustering_pulls_the_nearest_centre(data: Any, n: int, m: int) -> None:
    centers, x = data.draw(numbers(n, m)), data.draw(numbers(m))
    k = np.argmin(np.linalg.norm(x - centers, axis=1))
    printed = np.where(np.arange(n)[:, None] == k, x - centers, 0.0)
    equal(-grad(lambda t: C.clustering_error(t, x))(centers), printed)


@proves(
    "RBF network: weights by LMS (003 §4.1.3)", F.half_squared_error, "½(d - wᵀφ(x))²",
    "w ← w + η(d - y)·φ(x)",
)  # fmt: skip
@given(st.data(), small, small)
def test_rbf_weights_by_lms(data: Any, n: int, m: int) -> None:
    x, t, d = (data.draw(numbers(*s)) for s in ((1, m), (n, m), (1, 1)))
    w = data.draw(numbers(1 + n, 1))
    phi = np.concatenate([[[1.0]], np.exp(-np.sum((x - t) ** 2, axis=1) / 1.5**2)[None]], axis=1)
    equal(
        -grad(lambda w: F.half_squared_error(C.radial(x, t, 1.5) @ w, d))(w), phi.T * (d - phi @ w)
    )


@proves(
    "RBF network: end to end (003 §4)", C.radial,
    "½(d - Σ_i w_i·φ_i)², φ_i = exp(-‖x - t_i‖²/σ_i²)",
    "Δt_i = η·2(d - y)·w_i·φ_i·(x - t_i)/σ_i²; Δσ_i = η·2(d - y)·w_i·φ_i·‖x - t_i‖²/σ_i³",
)  # fmt: skip
@given(st.data(), small, small)
def test_rbf_centres_and_spreads_by_backpropagation(data: Any, n: int, m: int) -> None:
    x, t, w = (data.draw(numbers(*s)) for s in ((1, m), (n, m), (1 + n, 1)))
    s = data.draw(numbers(n, domain=(0.5, 2.0)))
    squares = np.sum((x - t) ** 2, axis=1)
    assume(squares.min() > 0)
    phi = np.exp(-squares / s**2)
    e = 0.3 - (w[0, 0] + w[1:, 0] @ phi)
    scalar = lambda t, s: F.half_squared_error(C.radial(x, t, s) @ w, [[0.3]])  # noqa: E731
    dt, ds = grad(scalar, argnums=(0, 1))(t, s)
    factor = 2 * e * w[1:, 0] * phi
    equal(-dt, factor[:, None] * (x - t) / s[:, None] ** 2)
    equal(-ds, factor * squares / s**3)


@proves(
    "extreme learning machine (003 §5.1); RBF network: weights by pseudo-inverse (003 §4.1.3)",
    C.ridge_error, "‖Hβ - T‖² + λ‖β‖²", "0 at β = (HᵀH + λI)⁻¹HᵀT, at β = H⁺T for λ = 0",
)  # fmt: skip
@given(st.data(), small, st.integers(4, 8), small, st.sampled_from([0.0, 0.1, 3.0]))
def test_the_ridge_s_gradient_vanishes_at_its_solution(
    data: Any, k: int, n: int, m: int, alpha: float
) -> None:
    H, T = data.draw(numbers(n, k)), data.draw(numbers(n, m))
    assume(np.linalg.cond(H) < 1e3)
    printed = np.linalg.inv(H.T @ H + alpha * np.eye(k)) @ H.T @ T
    beta = C.ridge_solution(H, T, alpha)
    assert_allclose(beta, printed, rtol=1e-8, atol=1e-8)
    slope = grad(lambda beta: C.ridge_error(beta, H, T, alpha))
    scale = np.max(np.abs(2 * H.T @ T), initial=1.0) * np.linalg.cond(H)
    assert_allclose(slope(beta), 0, atol=1e-12 * scale)
    equal(slope(beta + 1.0), 2 * (H.T @ (H @ (beta + 1.0) - T) + alpha * (beta + 1.0)))


# -- self-organising maps --------------------------------------------------------------------------


@proves(
    "self-organising map (003 §6)", C.som_error, "½Σ_j h_j·‖x - w_j‖², h held constant",
    "w_j ← w_j + η·h_j·(x - w_j), h_j = exp(-d_j²/2σ²)",
)  # fmt: skip
@given(st.data(), small, small)
def test_a_map_s_units_move_with_the_winner(data: Any, n: int, m: int) -> None:
    w, x = data.draw(numbers(n, m)), data.draw(numbers(m))
    winner = int(np.argmin(np.linalg.norm(x - w, axis=1)))
    places = np.stack([np.arange(n), np.zeros(n)], axis=1)
    h = C.neighbourhood(places, winner, 0.8)
    equal(h, np.exp(-((np.arange(n) - winner) ** 2) / (2 * 0.8**2)))
    equal(-grad(lambda w: C.som_error(w, x, h))(w), h[:, None] * (x - w))


@given(st.data(), st.integers(2, 4))
def test_the_map_s_fit_applies_its_rule(data: Any, m: int) -> None:
    X = data.draw(numbers(3, m))
    net = C.SelfOrganizingMap((1, 3), epochs=1, random_state=0).fit(X)
    w = net.weights_.value
    net.partial_fit(X[:1])
    winner = int(np.argmin(np.linalg.norm(X[0] - w, axis=1)))
    h = np.exp(-((np.arange(3) - winner) ** 2) / (2 * net.sigma_end**2))
    equal(net.weights_.value, w + net.eta_end * h[:, None] * (X[0] - w))


# -- energies --------------------------------------------------------------------------------------


@proves(
    "Hopfield network: storage (003 §7.0.2)", C.storage_energy, "-(1/2M)·Σ_k f_kᵀWf_k",
    "Hebb: w_ji = (1/M)·Σ_k f_k(i)·f_k(j), i ≠ j",
)  # fmt: skip
@given(st.data(), st.integers(1, 5), st.integers(2, 6))
def test_storage_is_hebb_s_rule(data: Any, m: int, n: int) -> None:
    f = data.draw(signs(m, n))
    hebb = f.T @ f / m
    np.fill_diagonal(hebb, 0.0)
    start = np.zeros(n * (n - 1) // 2)
    equal(-C.symmetric(grad(lambda w: C.storage_energy(w, f))(start), n), hebb)
    equal(C.Hopfield().fit(f).weights_, hebb)


@proves(
    "Hopfield network: retrieval (003 §7.0.3)", C.hopfield_energy, "E(y) = -½yᵀWy",
    "field v_j = Σ_i w_ij·y_i = -∂E/∂y_j",
)  # fmt: skip
@given(st.data(), st.integers(1, 4), st.integers(2, 6))
def test_the_field_is_the_energy_s_slope(data: Any, m: int, n: int) -> None:
    f, y = data.draw(signs(m, n)), data.draw(signs(2, n))
    net = C.Hopfield().fit(f)
    equal(net.fields(y), y @ net.weights_)


@proves(
    "Boltzmann machine (003 §8)", C.boltzmann_energy, "E(s) = -½sᵀWs - bᵀs, states 0 or 1",
    "gap ΔE_i = E(s_i = 0) - E(s_i = 1) = Σ_j w_ij·s_j + b_i = -∂E/∂s_i",
)  # fmt: skip
@given(st.data(), st.integers(1, 6))
def test_the_energy_gap_is_the_energy_s_slope(data: Any, n: int) -> None:
    W = C.symmetric(data.draw(numbers(n * (n - 1) // 2)), n)
    s, b = data.draw(bits(n)), data.draw(numbers(n))
    slope = -grad(lambda s: C.boltzmann_energy(s, W, b))(s)
    equal(slope, W @ s + b)
    for i in range(n):
        off, on = s.copy(), s.copy()
        off[i], on[i] = 0, 1
        equal(slope[i], C.boltzmann_energy(off, W, b) - C.boltzmann_energy(on, W, b))


@proves(
    "Boltzmann machine: learning (003 §8)", C.boltzmann_energy,
    "⟨E(s)⟩ clamped - ⟨E(s)⟩ free, states held constant",
    "Δw_ij = η(⟨s_i·s_j⟩ clamped - ⟨s_i·s_j⟩ free)",
)  # fmt: skip
@given(st.data(), st.integers(2, 5), small)
def test_boltzmann_learning_compares_correlations(data: Any, n: int, m: int) -> None:
    real, dream = data.draw(bits(m, n)), data.draw(bits(m, n))
    start = data.draw(numbers(n * (n - 1) // 2))

    def scalar(w: Any) -> Any:
        W, b = C.symmetric(w, n), np.zeros(n)
        return np.mean(C.boltzmann_energy(real, W, b)) - np.mean(C.boltzmann_energy(dream, W, b))

    printed = (real.T @ real - dream.T @ dream) / m
    np.fill_diagonal(printed, 0.0)
    equal(-C.symmetric(grad(scalar)(start), n), printed)


@proves(
    "restricted Boltzmann machine (003 §8)", C.joint_energy,
    "E(v⁰, h⁰) - E(v^k, h^k), sampled states held constant", "Δw = η(⟨vh⟩⁰ - ⟨vh⟩^k)",
)  # fmt: skip
@given(st.data(), small, small, small)
def test_contrastive_divergence_of_sampled_states(data: Any, n: int, h: int, m: int) -> None:
    v0, vk, h0, hk = (data.draw(bits(m, size)) for size in (n, n, h, h))
    W, b, c = (data.draw(numbers(*s)) for s in ((n, h), (n,), (h,)))

    def scalar(W: Any, b: Any, c: Any) -> Any:
        return np.mean(C.joint_energy(v0, h0, W, b, c) - C.joint_energy(vk, hk, W, b, c))

    dW, db, dc = grad(scalar, argnums=(0, 1, 2))(W, b, c)
    equal(-dW, (v0.T @ h0 - vk.T @ hk) / m)
    equal(-db, np.mean(v0 - vk, axis=0))
    equal(-dc, np.mean(h0 - hk, axis=0))


@proves(
    "restricted Boltzmann machine: free energy (003 §8)", C.free_energy,
    "F(v⁰) - F(v^k), v^k sampled and held constant",
    "Δw = η(⟨v·p(h|v)⟩⁰ - ⟨v·p(h|v)⟩^k), p(h_j = 1|v) = σ((c_j + vᵀw_j)/T)",
)  # fmt: skip
@given(st.data(), small, small, small, st.sampled_from([0.5, 1.0, 2.0]))
def test_contrastive_divergence_by_free_energies(
    data: Any, n: int, h: int, m: int, T: float
) -> None:
    v0, vk = data.draw(bits(m, n)), data.draw(bits(m, n))
    W, b, c = (data.draw(numbers(*s)) for s in ((n, h), (n,), (h,)))

    def scalar(W: Any, b: Any, c: Any) -> Any:
        return np.mean(C.free_energy(v0, W, b, c, T) - C.free_energy(vk, W, b, c, T))

    dW, db, dc = grad(scalar, argnums=(0, 1, 2))(W, b, c)
    p0, pk = (1 / (1 + np.exp(-(c + v @ W) / T)) for v in (v0, vk))
    equal(-dW, (v0.T @ p0 - vk.T @ pk) / m)
    equal(-db, np.mean(v0 - vk, axis=0))
    equal(-dc, np.mean(p0 - pk, axis=0))


@given(st.data(), small, small)
def test_the_free_energy_sums_over_all_hidden_states(data: Any, n: int, h: int) -> None:
    v, W, b, c = (data.draw(numbers(*s)) for s in ((n,), (n, h), (n,), (h,)))
    states = np.array(np.meshgrid(*[[0.0, 1.0]] * h)).reshape(h, -1).T
    energies = np.array([C.joint_energy(v, s, W, b, c) for s in states])
    equal(C.free_energy(v, W, b, c, 0.7), -0.7 * np.log(np.sum(np.exp(-energies / 0.7))))


@given(st.data(), small, small)
def test_the_machine_s_step_is_contrastive_divergence(data: Any, n: int, m: int) -> None:
    v0 = data.draw(bits(m, n))
    net = C.RBM(3, eta=0.2, momentum=0.0, random_state=1).partial_fit(v0)
    W, b, c = net.weights_.value, net.visible_bias_.value, net.hidden_bias_.value
    vk = net.contrast(v0)
    p0, pk = (1 / (1 + np.exp(-(c + v @ W))) for v in (v0, vk))
    equal(net.weights_.value, W + 0.2 * (v0.T @ p0 - vk.T @ pk) / m)
    equal(net.visible_bias_.value, b + 0.2 * np.mean(v0 - vk, axis=0))
    equal(net.hidden_bias_.value, c + 0.2 * np.mean(p0 - pk, axis=0))


@proves(
    "deep belief network: wake (003 §9.0.2)", C.local_error,
    "-log p(s_l | s_{l+1}), s's awake and held constant",
    "generative weights: Δg = η·s_{l+1}·(s_l - p_l), p_l = σ(s_{l+1}·g + a)",
)  # fmt: skip
@given(st.data(), small, small, small)
def test_wake_trains_the_generative_weights(data: Any, n: int, h: int, m: int) -> None:
    below, above = data.draw(bits(m, n)), data.draw(bits(m, h))
    g, a = data.draw(numbers(h, n)), data.draw(numbers(n))
    dg, da = grad(lambda g, a: C.local_error(below, above @ g + a), argnums=(0, 1))(g, a)
    delta = below - 1 / (1 + np.exp(-(above @ g + a)))
    equal(-dg, above.T @ delta / m)
    equal(-da, np.mean(delta, axis=0))


@proves(
    "deep belief network: sleep (003 §9.0.2)", C.local_error,
    "-log q(s_{l+1} | s_l), s's asleep and held constant",
    "recognition weights: Δr = η·s_l·(s_{l+1} - q_{l+1}), q_{l+1} = σ(s_l·r + a)",
)  # fmt: skip
@given(st.data(), st.sampled_from(["binary", "gaussian"]), st.integers(0, 1000))
def test_sleep_trains_the_recognition_weights(data: Any, visible: str, seed: int) -> None:
    X, labels = data.draw(bits(4, 5)), np.eye(2)[[0, 1, 0, 1]]
    net = C.DeepBeliefNetwork((3,), n_top=4, epochs=0, visible=visible, random_state=seed)
    net.fit(X, [0, 1, 0, 1])
    ((r, ra),), ((g, ga),) = net.recognition_, net.generative_
    before = [p.value for p in (r, ra, g, ga)]
    seen: dict[str, Any] = {}
    up, down = net._up, net._down
    net._up = lambda *a: seen.setdefault("awake", up(*a))  # type: ignore[method-assign]
    net._down = lambda *a: seen.setdefault("asleep", down(*a))  # type: ignore[method-assign]
    net._wake_and_sleep(X, labels)
    (v, h), (dream, hidden) = seen["awake"], seen["asleep"]
    z = h @ before[2] + before[3]
    delta = v - (z if visible == "gaussian" else 1 / (1 + np.exp(-z)))
    equal(g.value, before[2] + net.eta * h.T @ delta / 4)
    equal(ga.value, before[3] + net.eta * np.mean(delta, axis=0))
    delta = hidden - 1 / (1 + np.exp(-(dream @ before[0] + before[1])))
    equal(r.value, before[0] + net.eta * dream.T @ delta / 4)
    equal(ra.value, before[1] + net.eta * np.mean(delta, axis=0))


# -- recurrent networks ----------------------------------------------------------------------------


@proves(
    "recurrent network (003 §11, 000)", "rnn", "Σ_t loss_t; here h_T itself",
    "∂h_T/∂h_0 = Π_t diag(1 - h_t²)·W_hh: it vanishes or explodes with T",
)  # fmt: skip
@given(st.data(), small, st.integers(1, 6))
def test_the_state_s_jacobian_is_a_product(data: Any, n: int, steps: int) -> None:
    cell = RNNCell(2, n, dtype=np.float64, rng=np.random.default_rng(0))
    cell.weight_hh.value = data.draw(numbers(n, n))
    xs, h0 = data.draw(numbers(steps, 1, 2)), data.draw(numbers(1, n))

    def last(h: Any) -> Any:
        for x in xs:
            h = cell(x, h)
        return h[0]

    product, h = np.eye(n), h0
    for x in xs:
        h = cell(x, h).value
        product = np.diag(1 - h[0] ** 2) @ cell.weight_hh.value @ product
    equal(as_value(jacobian(last)(h0))[:, 0], product)


@proves(
    "LSTM (003 §12, 000)", "lstm", "c_t along the cell path, gates held constant",
    "∂c_t/∂c_{t-1} = f_t: the forget gate, and nothing else",
)  # fmt: skip
@given(st.data(), small)
def test_along_the_cell_path_the_slope_is_the_forget_gate(data: Any, n: int) -> None:
    cell = LSTMCell(2, n, dtype=np.float64, rng=np.random.default_rng(0))
    x, h, c = (data.draw(numbers(1, size)) for size in (2, n, n))
    # One step has no other path from c_{t-1} to c_t: the gates see h_{t-1} only.
    slope = as_value(jacobian(lambda c: cell(x, (h, c))[1][0])(c))[:, 0]
    z = x @ cell.weight_ih.value.T + h @ cell.weight_hh.value.T
    z = z + cell.bias_ih.value + cell.bias_hh.value
    equal(slope, np.diag(1 / (1 + np.exp(-z[0, n : 2 * n]))))
