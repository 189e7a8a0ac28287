import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finetune.errors import FinetuneError
from finetune.exporting.gguf_vocabulary import BATTERY, BYTE, CONTROL, NORMAL, UNUSED, check_vocabulary, read_vocabulary
from tests.finetune.small_models import TEMPLATE, byte_tokenizer, piece_tokenizer

pytest.importorskip("gguf")
pytest.importorskip("transformers")


def save(folder: Path, *, pieces: bool) -> Path:
    """Write a tokenizer as a model's folder has it."""
    from transformers import PreTrainedTokenizerFast

    names = ("<bos>", "<eos>", "<pad>") if pieces else ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
    PreTrainedTokenizerFast(
        tokenizer_object=piece_tokenizer() if pieces else byte_tokenizer(),
        bos_token=names[0],
        eos_token=names[1],
        pad_token=names[2],
        chat_template=TEMPLATE,
    ).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save(tmp_path / "bytes", pieces=False)


def size_of(folder: Path) -> int:
    data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    return len(data["model"]["vocab"].keys() | {token["content"] for token in data["added_tokens"]})


def edit(path: Path, change: Callable[[Any], object]) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def test_bytes(folder: Path) -> None:
    size = size_of(folder)
    found = read_vocabulary(folder, rows=size + 2)
    assert (found.model, found.rule, found.adds_space, found.opens_with_bos) == ("gpt2", "qwen2", False, False)
    assert len(found.tokens) == len(found.kinds) == size + 2
    assert found.tokens[-2:] == (f"[PAD{size}]", f"[PAD{size + 1}]")
    assert found.kinds[-1] == UNUSED
    assert found.kinds[found.tokens.index("<|im_end|>")] == CONTROL
    assert found.special["eos"] == found.tokens.index("<|im_end|>")
    assert found.merges
    assert not found.scores
    assert found.template == TEMPLATE


def test_pieces(tmp_path: Path) -> None:
    folder = save(tmp_path / "pieces", pieces=True)
    found = read_vocabulary(folder, rows=size_of(folder))
    assert (found.model, found.rule) == ("llama", "default")
    assert found.kinds[found.tokens.index("<0x41>")] == BYTE
    assert NORMAL in found.kinds
    assert len(found.scores) == len(found.tokens)
    assert not found.merges


@pytest.mark.parametrize("pieces", [False, True], ids=["bytes", "pieces"])
def test_llama_cpp_makes_the_same_tokens(pieces: bool, tmp_path: Path) -> None:
    folder = save(tmp_path / "model", pieces=pieces)
    found = read_vocabulary(folder, rows=size_of(folder))
    architecture = "gemma" if pieces else "qwen2"
    assert check_vocabulary(found, folder, architecture=architecture, more=("One text more.",)) > len(BATTERY)


def test_other_tokens_are_named_with_both(folder: Path) -> None:
    found = read_vocabulary(folder, rows=size_of(folder))
    edit(folder / "tokenizer.json", lambda data: data["model"]["merges"].reverse())
    with pytest.raises(FinetuneError, match=r"as other tokens than the model was trained with: from place \d+ on \["):
        check_vocabulary(found, folder, architecture="qwen2")


def test_all_faults_at_once(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    edit(folder / "tokenizer.json", lambda data: data["model"].update(merges=[]))
    edit(folder / "tokenizer.json", lambda data: data.update(normalizer={"type": "Lowercase"}))
    with pytest.raises(FinetuneError) as error:
        read_vocabulary(folder, rows=10)
    text = str(error.value)
    for fault in ("no chat template", "the embedding 10 rows", "no merges", "rule that is not known"):
        assert fault in text
    assert text.count("Next: ") == 4


def test_ends_of_a_turn_come_from_the_generation_config(folder: Path) -> None:
    (folder / "generation_config.json").write_text('{"eos_token_id": [2, 0]}', encoding="utf-8")
    found = read_vocabulary(folder, rows=size_of(folder))
    assert (found.special["eos"], found.special["eot"]) == (2, 0)


def test_another_kind_of_tokenizer_is_refused(folder: Path) -> None:
    edit(folder / "tokenizer.json", lambda data: data["model"].update(type="WordPiece"))
    with pytest.raises(FinetuneError, match="is a WordPiece; known is BPE"):
        read_vocabulary(folder, rows=10)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(FinetuneError, match="no tokenizer that can be read"):
        read_vocabulary(folder, rows=10)
