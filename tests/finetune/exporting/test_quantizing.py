"""Quantized files: llama.cpp's bytes and mixes, sizes foretold, nothing quantized twice."""

from pathlib import Path

import numpy as np
import pytest

from finetune.errors import FinetuneError
from finetune.exporting import llama_library
from finetune.exporting.gguf import read_source, write_gguf
from finetune.exporting.llama_library import Reader, quantize
from finetune.exporting.quantizing import KINDS, forecast, parse, read_original, tensor_types, write_quantized
from tests.finetune.small_models import save_model

pytest.importorskip("torch")
ROWS = np.random.default_rng(0).normal(size=(16, 512)).astype(np.float32)


@pytest.fixture(scope="module", params=["qwen2", "gemma3"])
def half(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    save_model(folder / "model", request.param, width=512, size=600)
    write_gguf(read_source(folder / "model"), folder / "model-F16.gguf", name="small")
    return folder / "model-F16.gguf"


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"])
def test_plain_types_are_the_official_packages_byte_for_byte(kind: str) -> None:
    from gguf import GGMLQuantizationType, quants

    number = GGMLQuantizationType[kind]
    assert (quantize(ROWS, int(number)) == quants.quantize(ROWS, number)).all()


@pytest.mark.parametrize(("kind", "error"), [("Q4_K", 0.08), ("Q5_K", 0.04), ("Q6_K", 0.02)])
def test_k_types_come_back_close(kind: str, error: float) -> None:
    from gguf import GGMLQuantizationType, quants

    number = GGMLQuantizationType[kind]
    back = quants.dequantize(quantize(ROWS, int(number)), number)
    assert 0 < np.abs(back - ROWS).mean() < error


def test_importance_moves_the_error_away_from_what_matters() -> None:
    from gguf import GGMLQuantizationType, quants

    number = GGMLQuantizationType.Q4_K
    weights = np.where(np.arange(512) % 8 == 0, 100.0, 1.0).astype(np.float32)
    plain = quants.dequantize(quantize(ROWS, int(number)), number)
    weighed = quants.dequantize(quantize(ROWS, int(number), importance=weights), number)
    matters = weights > 1
    assert np.square(weighed - ROWS)[:, matters].mean() < np.square(plain - ROWS)[:, matters].mean()


@pytest.mark.parametrize("quantization", KINDS)
def test_each_file_is_as_large_as_foretold_and_loads(half: Path, quantization: str, tmp_path: Path) -> None:
    original = read_original(half)
    foretold = forecast(original, quantization, threads=1)
    made = write_quantized(original, tmp_path / "out.gguf", quantization, foretold=foretold, threads=1)
    assert made.bytes == (tmp_path / "out.gguf").stat().st_size
    assert abs(made.bytes - foretold.bytes) <= 0.01 * foretold.bytes
    with Reader(made.file) as reader, Reader(half) as before:
        ids = before.tokens("How long do I have to return a lamp?")
        ours, theirs = reader.logits(ids)[0], before.logits(ids)[0]
    assert np.corrcoef(ours, theirs)[0, 1] > 0.95


def test_q4_takes_at_most_45_percent_of_f16(half: Path) -> None:
    original = read_original(half)
    weights = half.stat().st_size - original.head_bytes
    for quantization in ("q4_0", "q4_K_S", "q4_K_M"):
        assert forecast(original, quantization, threads=1).bytes - original.head_bytes <= 0.45 * weights


def test_mixes_are_llama_cpps() -> None:
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (1000, 512), "output_norm.weight": (512,)}
    for layer in range(16):
        shapes |= {f"blk.{layer}.attn_v.weight": (512, 512), f"blk.{layer}.ffn_down.weight": (512, 1024)}
    types = tensor_types(dict(sorted(shapes.items())), "q4_K_M", layers=16)
    assert types["token_embd.weight"] == "Q6_K"  # it is the output too
    assert types["output_norm.weight"] == "F32"
    downs = [types[f"blk.{layer}.ffn_down.weight"] for layer in range(16)]
    assert [n for n, kind in enumerate(downs) if kind == "Q6_K"] == [0, 1, 4, 7, 10, 13, 14, 15]


def test_rows_of_576_fall_back_as_llama_cpps_do() -> None:
    types = tensor_types({"blk.0.attn_q.weight": (576, 576), "token_embd.weight": (9, 576)}, "q4_K_M", layers=1)
    assert types == {"blk.0.attn_q.weight": "Q5_0", "token_embd.weight": "Q8_0"}


def test_a_quantized_file_is_not_quantized_again(half: Path, tmp_path: Path) -> None:
    write_quantized(read_original(half), tmp_path / "q8.gguf", "q8_0", threads=1)
    with pytest.raises(FinetuneError, match="quantized already"):
        read_original(tmp_path / "q8.gguf")


def test_without_llama_cpps_functions_the_plain_types_remain(
    half: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = read_original(half)
    with_them = write_quantized(original, tmp_path / "a.gguf", "q8_0", threads=1)
    monkeypatch.setattr(llama_library, "problem", lambda *_: "no symbols here")
    assert parse("q8_0") == ("q8_0",)
    assert parse("F16") == ()
    assert parse("f16,q8_0") == ("q8_0",)
    with pytest.raises(FinetuneError, match="q4_K_M cannot be made here: no symbols here"):
        parse("q8_0,q4_K_M")
    without = write_quantized(original, tmp_path / "b.gguf", "q8_0", threads=1)
    assert with_them.file.read_bytes() == without.file.read_bytes()


def test_unknown_quantizations_are_all_named() -> None:
    with pytest.raises(FinetuneError, match="q3_X, q9"):
        parse("q3_X,q4_0,q9")
