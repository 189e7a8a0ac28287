"""Folders of every family become GGUFs that say what transformers says of the folder; what would not is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.exporting.gguf import planned_bytes, read_source, write_gguf
from finetune.exporting.llama_library import Reader
from tests.finetune.small_models import LINES, save_model

torch = pytest.importorskip("torch")
FAMILIES = ("llama", "llama3", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi", "phi3")


def edit(path: Path, change: Any) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("qwen") / "model", "qwen2")


@pytest.fixture
def copied(qwen: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    for file in qwen.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_llama_cpp_says_what_transformers_says(family: str, tmp_path: Path) -> None:
    from finetune.weights import load

    folder = save_model(tmp_path / "model", family, spare=3)
    source, file = read_source(folder), tmp_path / "model.gguf"
    write_gguf(source, file, name="small")
    loaded = load(Base("small", folder, "bfloat16"))
    text = " ".join(LINES)
    ids = loaded.tokenizer(text, add_special_tokens=False)["input_ids"][:120]
    with torch.inference_mode():
        theirs = loaded.model(input_ids=torch.tensor([ids])).logits[0].float().numpy()
    with Reader(file, context_tokens=128) as reader:
        ours = reader.logits(ids, wanted=[True] * len(ids))
        assert reader.tokens(text)[:120] == ids
    assert np.abs(ours - theirs).max() < 0.03 * theirs.std()
    assert abs(file.stat().st_size - planned_bytes(source)) < 0.2 * file.stat().st_size


def test_an_unknown_rule_of_cutting_is_refused_before_anything_is_written(copied: Path, tmp_path: Path) -> None:
    edit(
        copied / "tokenizer.json", lambda data: data["pre_tokenizer"]["pretokenizers"][0]["pattern"].update(Regex="x+")
    )
    with pytest.raises(FinetuneError, match="cuts text by a rule that is not known"):
        write_gguf(read_source(copied), tmp_path / "out.gguf", name="small")
    assert not list(tmp_path.glob("out*"))


def test_a_rule_under_another_name_is_caught_by_the_proof(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.exporting.gguf_vocabulary.recognise", lambda _: "gpt-2")
    with pytest.raises(FinetuneError, match="as other tokens than the model was trained with"):
        write_gguf(read_source(copied), copied / "out.gguf", name="small")


def test_config_and_embedding_that_disagree_are_refused(copied: Path) -> None:
    edit(copied / "config.json", lambda data: data.update(vocab_size=data["vocab_size"] + 8))
    with pytest.raises(FinetuneError, match="vocab_size"):
        read_source(copied)


def test_more_tokens_than_rows_and_lost_merges_are_told_together(copied: Path) -> None:
    def change(data: Any) -> None:
        data["model"]["merges"] = []
        data["added_tokens"].append(dict(data["added_tokens"][0], id=len(data["model"]["vocab"]), content="<|extra|>"))

    edit(copied / "tokenizer.json", change)
    with pytest.raises(FinetuneError, match=r"(?s)tokens without a row.*no merges"):
        write_gguf(read_source(copied), copied / "out.gguf", name="small")


def test_a_model_without_template_is_refused(copied: Path) -> None:
    (copied / "chat_template.jinja").unlink()
    with pytest.raises(FinetuneError, match="no chat template"):
        write_gguf(read_source(copied), copied / "out.gguf", name="small")


def test_an_unknown_architecture_is_refused(copied: Path) -> None:
    edit(copied / "config.json", lambda data: data.update(architectures=["MambaForCausalLM"]))
    with pytest.raises(FinetuneError, match="MambaForCausalLM"):
        read_source(copied)


def test_quantized_weights_are_refused(copied: Path) -> None:
    edit(copied / "config.json", lambda data: data.update(quantization_config={"quant_method": "bitsandbytes"}))
    with pytest.raises(FinetuneError, match="quantized"):
        read_source(copied)
