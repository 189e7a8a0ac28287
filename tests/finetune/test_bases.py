import json
import os
from pathlib import Path

import pytest

from finetune import bases
from finetune.bases import HASHES, Base, open_base, read_base_config
from finetune.errors import FinetuneError


def test_a_folder_is_taken_as_it_is(tiny_base: Base, tmp_path: Path) -> None:
    base = open_base(str(tiny_base.folder), home=tmp_path)
    assert base == Base(str(tiny_base.folder), tiny_base.folder, "float32")
    assert not base.is_dequantized
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "its config.json cannot be read"),
        ({"config.json": "[]"}, "is no JSON object"),
        ({"config.json": '{"dtype": "float16"}'}, r"holds no \*\.safetensors"),
        ({"config.json": '{"dtype": "float16"}', "pytorch_model.bin": ""}, r"holds no \*\.safetensors"),
        (
            {"config.json": json.dumps({"quantization_config": {"quant_method": "bitsandbytes"}})},
            "bitsandbytes-quantized: an adapter must be merged onto 16-bit weights",
        ),
    ],
)
def test_a_folder_that_cannot_be_tuned_is_told(tmp_path: Path, files: dict[str, str], told: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FinetuneError, match=told):
        open_base(str(tmp_path), home=tmp_path / "home")


def test_what_is_nowhere_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match="frontdesk models get smollm2-135m-instruct"):
        open_base("embedded", home=tmp_path)
    with pytest.raises(FinetuneError, match="is no folder and no file"):
        open_base("./nowhere", home=tmp_path)
    with pytest.raises(FinetuneError, match="`offline` is set"):
        open_base("somebody/some-model", home=tmp_path, offline=True)


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF nothing")
    with pytest.raises(FinetuneError, match="is no complete GGUF file"):
        open_base(str(tmp_path / "broken.gguf"), home=tmp_path)
    assert [path.name for path in (tmp_path / "bases").iterdir()] == [HASHES]


def test_weights_exported_anew_under_the_old_name_are_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(file: Path, target: Path) -> str:
        target.mkdir(parents=True)
        (target / "config.json").write_text(json.dumps({"read": file.read_bytes()[-1]}), encoding="utf-8")
        return "dequantized Q4_K"

    monkeypatch.setattr(bases, "_dequantize", read)  # reading real weights: the test with the embedded model
    file = tmp_path / "model.gguf"
    file.write_bytes(bytes(2 << 20) + b"\x01")
    first = open_base(str(file), home=tmp_path)
    file.write_bytes(bytes(2 << 20) + b"\x02")
    os.utime(file, ns=(1, 1))  # clocks of files may be too coarse for two writes
    second = open_base(str(file), home=tmp_path)
    assert [read_base_config(base.folder)["read"] for base in (first, second)] == [1, 2]
    assert first.folder != second.folder
    monkeypatch.setattr(bases.hashlib, "file_digest", None)
    assert open_base(str(file), home=tmp_path) == second, "what has not changed is not hashed again"
    (tmp_path / "bases" / HASHES).write_text("[", encoding="utf-8")
    monkeypatch.undo()
    assert open_base(str(file), home=tmp_path).folder == second.folder


@pytest.mark.model
def test_the_embedded_model_is_dequantized_once_with_its_way_of_cutting_digits(
    models_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("transformers")
    from finetune.weights import load_tokenizer

    (tmp_path / "models").symlink_to(models_folder, target_is_directory=True)
    base = open_base("embedded", home=tmp_path)
    assert base.precision == "dequantized Q4_1"
    assert base.is_dequantized
    config = read_base_config(base.folder)
    assert "quantization_config" not in config
    assert config["pad_token_id"] != config["eos_token_id"], "what masks padding would mask each reply's end"
    tokenizer = load_tokenizer(base.folder)
    assert tokenizer.tokenize("2026") == ["2", "0", "2", "6"]
    assert (base.folder / "chat_template.jinja").is_file()
    made = (base.folder / "model.safetensors").stat().st_mtime_ns
    assert open_base("embedded", home=tmp_path) == base
    assert (base.folder / "model.safetensors").stat().st_mtime_ns == made


def test_a_folder_is_known_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run keeps it, and is exported from wherever."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert open_base("./model", home=tmp_path).folder == tmp_path / "model"
