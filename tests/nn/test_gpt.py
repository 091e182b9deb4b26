"""GPT: what it computes, how it generates, and what it says about bad files."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from autograd_tape import Tape, Variable
from autograd_tape.testing import check_grads
from nn import functional as F
from nn import optim
from nn.gpt import GPT, Conv1D, GPTConfig
from nn.module import save

CONFIG = GPTConfig(7, 6, 8, 2, 2, 0.0)
IDS = np.array([[1, 2, 3, 4], [0, 6, 5, 5]])


def model(config: GPTConfig = CONFIG, **options: Any) -> GPT:
    return GPT(config, **{"rng": np.random.default_rng(0), **options})


def lively(**options: Any) -> GPT:
    """A model whose logits differ enough to have favourites."""
    gpt = model(**options)
    for p in gpt.parameters():
        p.value = 8 * p.value if p.ndim > 1 else p.value
    return gpt


# -- what it computes ------------------------------------------------------------------------------


def test_names_and_shapes_are_gpt2s() -> None:
    gpt = model()
    shapes = {name: x.shape for name, x in gpt.state_dict().items()}
    assert shapes.pop("transformer.wte.weight") == (7, 8)
    assert shapes.pop("transformer.wpe.weight") == (6, 8)
    assert shapes.pop("transformer.ln_f.weight") == shapes.pop("transformer.ln_f.bias") == (8,)
    block = {
        "ln_1.weight": (8,), "ln_1.bias": (8,),
        "attn.c_attn.weight": (8, 24), "attn.c_attn.bias": (24,),
        "attn.c_proj.weight": (8, 8), "attn.c_proj.bias": (8,),
        "ln_2.weight": (8,), "ln_2.bias": (8,),
        "mlp.c_fc.weight": (8, 32), "mlp.c_fc.bias": (32,),
        "mlp.c_proj.weight": (32, 8), "mlp.c_proj.bias": (8,),
    }  # fmt: skip
    assert shapes == {f"transformer.h.{i}.{n}": s for i in range(2) for n, s in block.items()}
    assert len(gpt.parameters()) == 28


def test_the_head_is_the_embedding() -> None:
    gpt = model(dtype=float)
    logits, x = gpt(IDS), gpt.features(IDS)
    weight = gpt.transformer["wte"].weight
    np.testing.assert_allclose(logits.value, x.value @ weight.value.T, rtol=1e-12)
    assert logits.shape == (2, 4, 7)
    assert x.shape == (2, 4, 8)
    np.sum(logits**2).backward()
    assert weight.adjoint.any(axis=1).all()  # tokens that were not read, too: by the head


def test_conv1d() -> None:
    layer = Conv1D(3, 2, dtype=float)
    layer.weight.value = np.array([[1.0, 2, 3], [4, 5, 6]])
    layer.bias.value = np.array([0.5, 0, 0])
    np.testing.assert_array_equal(layer(np.array([1.0, 10])).value, [41.5, 52, 63])
    check_grads(layer, (np.ones((2, 2)),))
    assert repr(layer) == "Conv1D(3, 2)"
    with pytest.raises(ValueError, match=r"Conv1D: the input has shape \(3,\).*\(\.\.\., 2\)"):
        layer(np.ones(3))


def test_no_token_sees_those_after_it() -> None:
    gpt = lively(dtype=float)
    logits = gpt(IDS).value
    for t in range(1, 5):
        np.testing.assert_allclose(gpt(IDS[:, :t]).value, logits[:, :t], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gpt(IDS[0]).value, logits[0], rtol=1e-9, atol=1e-12)  # no batch


def test_initial_values() -> None:
    config = GPTConfig(50, 20, 64, 8, 4)
    state = model(config).state_dict()
    for name, x in state.items():
        if "ln_" in name:
            assert (x == float(name.endswith("weight"))).all()
        elif name.endswith("bias"):
            assert not x.any()
        else:
            std = 0.02 / 4 if "c_proj" in name else 0.02  # √(2·8) = 4
            np.testing.assert_allclose(x.std(), std, rtol=0.1)
    logits = model(config).eval()(np.arange(20)).value
    loss = F.cross_entropy(Variable(logits), np.arange(1, 21)).value
    np.testing.assert_allclose(loss, np.log(50), rtol=0.02)


def test_gradients_of_all_parameters() -> None:
    gpt = model(replace(CONFIG, n_layer=1), dtype=float)
    check_grads(lambda table: gpt(IDS) * np.sum(table), (np.ones(2),))
    covector = np.random.default_rng(0).standard_normal((2, 4, 7))
    parameters = gpt.parameters()

    def loss(*values: Any) -> Any:
        for p, value in zip(parameters, values, strict=True):
            p.value = value
        return float(np.sum(gpt(IDS).value * covector))

    values = [p.value for p in parameters]
    np.sum(gpt(IDS) * covector).backward()
    adjoints = [p.adjoint for p in parameters]
    direction = [np.random.default_rng(1).standard_normal(v.shape) for v in values]
    steps = [
        loss(*(v + h * d for v, d in zip(values, direction, strict=True))) for h in (1e-5, -1e-5)
    ]
    slope = sum(np.sum(a * d) for a, d in zip(adjoints, direction, strict=True))
    np.testing.assert_allclose((steps[0] - steps[1]) / 2e-5, slope, rtol=1e-6)


def test_dropout_in_training_only() -> None:
    gpt = model(replace(CONFIG, dropout=0.5))
    assert (gpt(IDS).value != gpt(IDS).value).any()
    gpt.eval()
    np.testing.assert_array_equal(gpt(IDS).value, gpt(IDS).value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype: Any) -> None:
    gpt = model(dtype=dtype)
    y = gpt(IDS)
    y.backward(np.ones(y.shape, dtype))
    assert y.dtype == dtype
    assert all(p.adjoint.dtype == dtype for p in gpt.parameters())
    assert gpt(np.zeros((0, 3), int)).shape == (0, 3, 7)


def test_bad_input() -> None:
    gpt = model()
    for bad in (np.zeros(7, int), np.array(3)):
        with pytest.raises(ValueError, match="LearnedPositions"):
            gpt(bad)
    with pytest.raises(IndexError, match="token id 7 is not in the vocabulary of 7"):
        gpt(np.array([7]))
    with pytest.raises(TypeError, match="token ids are integers, not float64"):
        gpt(np.array([1.0]))
    with pytest.raises(ValueError, match=r"n_head=3.* n_head divides n_embd"):
        GPTConfig(n_embd=8, n_head=3)
    with pytest.raises(ValueError, match=r"n_layer=0.* sizes are integers ≥ 1"):
        GPTConfig(n_layer=0)


# -- generation ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def counter() -> GPT:
    """A model that has learnt to count 0 1 2 3 4 5 6 0 1 ..."""
    gpt = model(replace(CONFIG, n_embd=16))
    optimizer, rng = optim.Adam(gpt.parameters(), lr=0.01), np.random.default_rng(0)
    for _ in range(80):
        ids = (rng.integers(0, 7, (16, 1)) + np.arange(7)) % 7
        with Tape() as tape:
            logits = gpt(ids[:, :-1])
            loss = F.cross_entropy(logits.reshape((-1, 7)), ids[:, 1:].reshape(-1))
        optimizer.step(tape.gradient(loss, gpt.parameters()))
    assert float(loss.value) < 0.05
    return gpt


def test_it_counts_beyond_its_window(counter: GPT) -> None:
    out = counter.generate(np.array([2, 3]), 20, temperature=0)
    np.testing.assert_array_equal(out, (2 + np.arange(22)) % 7)
    batch = counter.generate(np.array([[2, 3], [6, 0]]), 5, temperature=0)
    np.testing.assert_array_equal(batch, (np.array([[2], [6]]) + np.arange(7)) % 7)


def test_stop_ends_each_sequence(counter: GPT) -> None:
    out = counter.generate(np.array([2, 3]), 20, temperature=0, stop=6)
    assert out.tolist() == [2, 3, 4, 5, 6]
    batch = counter.generate(np.array([[2, 3], [4, 5]]), 20, temperature=0, stop=6)
    assert batch.tolist() == [[2, 3, 4, 5, 6], [4, 5, 6, 6, 6]]


def test_sampling() -> None:
    gpt = lively()
    runs = [gpt.generate(IDS, 12, rng=seed).tolist() for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]
    greedy = gpt.generate(IDS, 12, temperature=0)
    for options in [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-6}]:
        np.testing.assert_array_equal(gpt.generate(IDS, 12, rng=0, **options), greedy)
    generator = np.random.default_rng(0)
    first = gpt.generate(IDS, 12, rng=generator)
    assert first.tolist() == runs[0]
    assert gpt.generate(IDS, 12, rng=generator).tolist() != runs[0]


def test_generation_leaves_the_model_as_it_was() -> None:
    gpt = model(replace(CONFIG, dropout=0.5))
    with Tape() as tape:
        a = gpt.generate(IDS, 5, temperature=0)
    assert len(tape.entries) == 0
    assert gpt.training
    assert gpt.transformer["h"][0].dropout.training
    np.testing.assert_array_equal(gpt.generate(IDS, 5, temperature=0), a)
    with pytest.raises(IndexError):
        gpt.generate(np.array([9]), 1)
    assert gpt.training
    gpt.eval().generate(IDS, 1)  # type: ignore[attr-defined]
    assert not gpt.training


def test_odd_prompts() -> None:
    gpt = model()
    np.testing.assert_array_equal(gpt.generate(IDS, 0), IDS)
    assert gpt.generate([1, 2], 2).shape == (4,)
    assert gpt.generate(np.zeros((0, 2), int), 2).shape == (0, 4)
    bad: Any
    for bad in [(np.zeros((2, 0), int), 1), (3, 1), (IDS[None], 1)]:
        with pytest.raises(ValueError, match=r"GPT\.generate: ids has shape"):
            gpt.generate(*bad)


# -- on disk ---------------------------------------------------------------------------------------


def test_a_file_in_bfloat16_says_so(tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises((ValueError, TypeError), match="bfloat16"):
        GPT.from_pretrained(file, CONFIG)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "gpt"
    folder.mkdir()
    save(model(), folder / "model.safetensors", {"format": "pt"})
    told = {**asdict(CONFIG), "model_type": "gpt2", "activation_function": "gelu_new"}
    del told["dropout"]
    (folder / "config.json").write_text(json.dumps({**told, "resid_pdrop": 0.25, "n_ctx": 6}))
    return folder


def test_there_and_back(folder: Path) -> None:
    back = GPT.from_pretrained(folder)
    assert back.config == replace(CONFIG, dropout=0.25)
    assert not back.training
    np.testing.assert_array_equal(back(IDS).value, model().eval()(IDS).value)
    same = GPT.from_pretrained(str(folder / "model.safetensors"), dtype=float)
    assert same(IDS).dtype == np.float64


def rewrite(folder: Path, change: Any) -> None:
    arrays = load_file(folder / "model.safetensors")
    change(arrays)
    save(arrays, folder / "model.safetensors")


def test_the_published_layout(folder: Path) -> None:
    expected = GPT.from_pretrained(folder)(IDS).value

    def old(arrays: Any) -> None:
        for name in list(arrays):
            arrays[name.removeprefix("transformer.")] = arrays.pop(name)
        arrays["h.0.attn.bias"] = np.tri(6, dtype=np.float32)[None, None]
        arrays["h.0.attn.masked_bias"] = np.array(-1e4, np.float32)
        arrays["lm_head.weight"] = arrays["wte.weight"]

    rewrite(folder, old)
    np.testing.assert_array_equal(GPT.from_pretrained(folder)(IDS).value, expected)


def test_everything_that_does_not_fit_is_named_at_once(folder: Path) -> None:
    def spoil(arrays: Any) -> None:
        del arrays["transformer.ln_f.bias"]
        arrays["transformer.h.2.ln_1.bias"] = np.zeros(8, np.float32)
        name = "transformer.h.1.attn.c_attn.weight"
        arrays[name] = arrays[name].T

    rewrite(folder, spoil)
    with pytest.raises(ValueError, match=r"model\.safetensors.*cannot load this state") as caught:
        GPT.from_pretrained(folder)
    for text in (
        "missing: transformer.ln_f.bias, shape (8,)",
        "unexpected: transformer.h.2.ln_1.bias",
        "h.1.attn.c_attn.weight: shape (24, 8), but the module has (8, 24)",
    ):
        assert text in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.update({"lm_head.weight": a["transformer.wte.weight"] + 1}), "lm_head.weight"),
        (
            lambda a: a.update({"transformer.ln_f.bias": np.full(8, np.nan, np.float32)}),
            r"gpt.*finite floating-point numbers, but not transformer\.ln_f\.bias",
        ),
        (
            lambda a: a.update({"transformer.ln_f.bias": np.zeros(8, np.int32)}),
            r"gpt.*finite floating-point numbers, but not transformer\.ln_f\.bias",
        ),
    ],
)
def test_tensors_that_are_not_a_gpts(folder: Path, change: Any, message: str) -> None:
    rewrite(folder, change)
    with pytest.raises(ValueError, match=message):
        GPT.from_pretrained(folder)


@pytest.mark.parametrize("size", [0, 4, 100, -1, -400])
def test_a_file_that_was_cut_off(folder: Path, size: int) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(ValueError, match="is not a whole safetensors file"):
        GPT.from_pretrained(folder)


def test_a_file_that_was_changed(folder: Path) -> None:
    file = folder / "model.safetensors"
    whole = file.read_bytes()
    for bad in (b"\xff" + whole[1:], whole[:8] + b"x" + whole[9:], whole + b"more"):
        file.write_bytes(bad)
        with pytest.raises(ValueError, match="is not a whole safetensors file"):
            GPT.from_pretrained(folder)


def test_configurations(folder: Path) -> None:
    file = folder / "config.json"
    told = json.loads(file.read_text())
    for change, message in [
        ({"activation_function": "relu"}, "activation_function is 'relu', not 'gelu_new'"),
        ({"n_head": 3}, "n_head divides n_embd"),
        ({"n_embd": "8"}, r"n_embd=.8.,.* sizes are integers ≥ 1"),
        ({"model_type": "llama"}, "model_type is 'llama'"),
    ]:
        file.write_text(json.dumps({**told, **change}))
        with pytest.raises(ValueError, match=message):
            GPT.from_pretrained(folder)
    file.write_text("{")
    with pytest.raises(ValueError, match="line 1 column 2"):
        GPT.from_pretrained(folder)
    file.unlink()
    with pytest.raises(FileNotFoundError, match=r"gpt/config\.json"):
        GPT.from_pretrained(folder)
    assert GPT.from_pretrained(folder, CONFIG).config == CONFIG
    with pytest.raises(FileNotFoundError, match=r"other\.safetensors"):
        GPT.from_pretrained(folder / "other.safetensors", CONFIG)
