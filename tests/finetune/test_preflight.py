"""Each test breaks a real small folder in one way and sees exactly that caught."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.preflight import check, padding_rows, require

pytest.importorskip("transformers")

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(tiny_base: Base, tmp_path: Path) -> Path:
    """Return a copy that may be broken."""
    return Path(shutil.copytree(tiny_base.folder, tmp_path / "base"))


def change(path: Path, how: Change) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    how(data)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def numbers(folder: Path, examples: tuple[Example, ...]) -> set[int]:
    faults = check(folder, examples)
    assert all("Next: " in str(fault) for fault in faults)
    return {fault.number for fault in faults}


def test_a_good_base_passes(folder: Path, intents: tuple[Example, ...]) -> None:
    assert check(folder, intents) == ()
    require(folder, intents)
    assert padding_rows(folder) == 0


def test_number_3_padding_is_the_closing_token(folder: Path, intents: tuple[Example, ...]) -> None:
    change(folder / "tokenizer_config.json", lambda data: data.update(pad_token=data["eos_token"]))
    assert numbers(folder, intents) == {3}


def test_number_3_the_template_does_not_close_a_reply(folder: Path, intents: tuple[Example, ...]) -> None:
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|im_end|>", ""))
    assert numbers(folder, intents) == {3}
    (fault,) = check(folder, intents)
    assert f"{len(intents)} of {len(intents)} examples" in fault.cause


def test_number_3_what_generation_stops_at_counts_as_closing(folder: Path, intents: tuple[Example, ...]) -> None:
    """Llama 3 ends turns with another token than texts; its generation_config.json says so."""
    change(
        folder / "tokenizer_config.json",
        lambda data: data.update(eos_token="<|im_start|>", extra_special_tokens=["<|im_end|>"]),
    )
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": 1}))
    assert numbers(folder, intents) == {3}
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [1, 2]}))
    assert numbers(folder, intents) == set()


def opened(folder: Path, *, times: int, adds: bool) -> None:
    """Give the model an opening token, and a template that writes it so many times."""
    change(folder / "tokenizer_config.json", lambda data: data.update(bos_token="<|endoftext|>", pad_token="Ġ"))
    template = folder / "chat_template.jinja"
    template.write_text("{{ bos_token }}" * times + template.read_text())
    if adds:
        single = [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
        pair = [*single, {"Sequence": {"id": "B", "type_id": 1}}]
        token = {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}}
        processor = {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": token}
        change(folder / "tokenizer.json", lambda data: data.update(post_processor=processor))


@pytest.mark.parametrize(
    ("times", "adds", "wrong"), [(1, True, False), (1, False, False), (2, False, True), (0, True, True)]
)
def test_number_5_texts_open_once(
    folder: Path, intents: tuple[Example, ...], times: int, adds: bool, wrong: bool
) -> None:
    opened(folder, times=times, adds=adds)
    assert numbers(folder, intents) == ({5} if wrong else set())


def test_number_7_nobody_knows_how_text_is_cut(folder: Path, intents: tuple[Example, ...]) -> None:
    digits = {"type": "Split", "pattern": {"Regex": r"\d{2}"}, "behavior": "Isolated", "invert": False}

    def cut(data: dict[str, Any]) -> None:
        data["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, data["pre_tokenizer"]]}

    change(folder / "tokenizer.json", cut)
    assert numbers(folder, intents) == {7}
    (fault,) = check(folder, intents)
    assert r"\d{2}" in fault.cause


def test_number_8_config_and_embedding_disagree(folder: Path, intents: tuple[Example, ...]) -> None:
    change(folder / "config.json", lambda data: data.update(vocab_size=data["vocab_size"] + 1))
    assert numbers(folder, intents) == {8}


def test_number_8_tokens_without_a_row(folder: Path, intents: tuple[Example, ...]) -> None:
    def add(data: dict[str, Any]) -> None:
        last = max(data["model"]["vocab"].values()) + 1
        token = {"id": last, "content": "<|new|>", "special": True, "normalized": False}
        data["added_tokens"].append(token | {"single_word": False, "lstrip": False, "rstrip": False})

    change(folder / "tokenizer.json", add)
    assert numbers(folder, intents) == {8}
    assert any("1 token has none" in fault.cause for fault in check(folder, intents))


def test_rows_that_pad_the_embedding_are_named_and_no_fault(folder: Path, intents: tuple[Example, ...]) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    weights = load_file(path)
    for name in [name for name in weights if name.endswith(("embed_tokens.weight", "lm_head.weight"))]:
        weights[name] = torch.cat([weights[name], torch.zeros(7, weights[name].shape[1])])
    save_file(weights, path, metadata={"format": "pt"})
    change(folder / "config.json", lambda data: data.update(vocab_size=data["vocab_size"] + 7))
    assert check(folder, intents) == ()
    assert padding_rows(folder) == 7


def test_number_10_no_template(folder: Path, intents: tuple[Example, ...]) -> None:
    (folder / "chat_template.jinja").unlink()
    assert numbers(folder, intents) == {10}
    plain = Example(({"role": "assistant", "content": "Only text."},), "text", "a.md", "a")
    assert check(folder, [plain]) == ()


def test_number_11_the_generation_prompt_is_ignored(folder: Path, intents: tuple[Example, ...]) -> None:
    template = folder / "chat_template.jinja"
    head, _, _ = template.read_text().partition("{% if add_generation_prompt %}")
    template.write_text(head)
    assert 11 in numbers(folder, intents)


def test_number_15_the_merges_are_lost(folder: Path, intents: tuple[Example, ...]) -> None:
    change(folder / "tokenizer.json", lambda data: data["model"].update(merges=[]))
    assert numbers(folder, intents) == {15}


def test_number_15_the_tokenizer_cannot_be_read(folder: Path, intents: tuple[Example, ...]) -> None:
    (folder / "tokenizer.json").write_text("{")
    assert numbers(folder, intents) == {15}


def test_all_faults_are_told_at_once(folder: Path, intents: tuple[Example, ...]) -> None:
    change(folder / "tokenizer.json", lambda data: data["model"].update(merges=[]))
    change(folder / "config.json", lambda data: data.update(vocab_size=9))
    change(folder / "tokenizer_config.json", lambda data: data.update(pad_token=data["eos_token"]))
    assert numbers(folder, intents) == {3, 8, 15}
    with pytest.raises(FinetuneError) as error:
        require(folder, intents)
    assert str(error.value).count("Next: ") == len(check(folder, intents))
