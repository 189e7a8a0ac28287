import json
from pathlib import Path
from typing import Any

import pytest

from finetune.errors import FinetuneError
from finetune.exporting.cutting_rules import RULES, is_byte_level, recognise, restore
from tests.finetune.small_models import byte_tokenizer, piece_tokenizer

pytest.importorskip("gguf")


def data_of(tokenizer: Any) -> dict[str, Any]:
    return dict(json.loads(tokenizer.to_str()))


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_is_recognised_as_the_library_writes_it(rule: str) -> None:
    data = data_of(byte_tokenizer(rule=rule))
    assert is_byte_level(data)
    assert recognise(data) == rule


@pytest.mark.parametrize(
    ("rule", "text", "pieces"), [("smollm", "2026", 4), ("qwen2", "2026", 4), ("llama-bpe", "2026", 2)]
)
def test_what_the_rules_do_to_digits(rule: str, text: str, pieces: int) -> None:
    assert len(byte_tokenizer(rule=rule).pre_tokenizer.pre_tokenize_str(text)) == pieces


def test_a_rule_one_sign_off_is_another_rule() -> None:
    data = data_of(byte_tokenizer(rule="qwen2"))
    cut = data["pre_tokenizer"]["pretokenizers"][0]["pattern"]
    cut["Regex"] = cut["Regex"].replace(r"\p{N}|", r"\p{N}{1,2}|")
    with pytest.raises(FinetuneError, match=r"not known here.*Next: use a base of a known kind \(gpt-2, smollm"):
        recognise(data)


def test_pieces_are_no_bytes() -> None:
    assert not is_byte_level(data_of(piece_tokenizer()))


@pytest.mark.parametrize("rule", ["smollm", "llama-bpe"])
def test_a_lost_rule_is_put_back(rule: str, tmp_path: Path) -> None:
    """As after reading a GGUF: the vocabulary is there, and digits are cut in some other way."""
    file, folder = named(rule, tmp_path), tmp_path
    lost = data_of(byte_tokenizer(rule="gpt-2"))
    (folder / "tokenizer.json").write_text(json.dumps(lost), encoding="utf-8")
    assert restore(file, folder) == rule
    found = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    assert recognise(found) == rule
    assert found["model"] == lost["model"]


@pytest.mark.parametrize("rule", ["of-another-world", ""])
def test_what_the_table_does_not_know_is_left_alone(rule: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(byte_tokenizer(rule="gpt-2").to_str(), encoding="utf-8")
    before = (tmp_path / "tokenizer.json").read_bytes()
    assert restore(named(rule, tmp_path), tmp_path) is None
    assert (tmp_path / "tokenizer.json").read_bytes() == before


def named(rule: str, folder: Path) -> Path:
    """Write a GGUF that names a rule and holds nothing else."""
    from gguf import GGUFWriter

    path = folder / "named.gguf"
    writer = GGUFWriter(path, "llama")
    if rule:
        writer.add_tokenizer_pre(rule)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path
