import json
from pathlib import Path

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from finetune.errors import FinetuneError
from finetune.pretokenizers import PATTERNS, SENTENCEPIECE, describe, find_name, read_tokenizer_file


def written(cutting: "pre_tokenizers.PreTokenizer | None", *, byte_fallback: bool = False) -> "dict[str, object]":
    """Return what a real tokenizer with these steps writes down."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=byte_fallback))
    if cutting is not None:
        tokenizer.pre_tokenizer = cutting
    tokenizer.decoder = decoders.ByteLevel()
    return dict(json.loads(tokenizer.to_str()))


def by_pattern(pattern: str, behavior: str = "isolated") -> "pre_tokenizers.PreTokenizer":
    split = pre_tokenizers.Split(Regex(pattern), behavior=behavior)
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


@pytest.mark.parametrize("name", PATTERNS)
def test_known_patterns_are_named_and_really_cut(name: str) -> None:
    cutting = by_pattern(PATTERNS[name])
    assert find_name(written(cutting)) == name
    pieces = [piece for piece, _ in cutting.pre_tokenize_str("They're 1234 boxes, 包裹!")]
    assert pieces[:2] == ["They", "'re"] if name != "tekken" else pieces[0] == "They"
    assert ("123" in pieces) == (name == "llama-bpe")


def test_steps_of_bytes_and_digits_are_named() -> None:
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False)
    assert find_name(written(plain)) == "gpt-2"
    both = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), plain])
    assert find_name(written(both)) == "smollm"


def test_texts_that_are_not_cut_are_sentencepieces() -> None:
    assert find_name(written(None, byte_fallback=True)) == SENTENCEPIECE
    space = pre_tokenizers.Split(" ", behavior="merged_with_previous")
    assert find_name(written(space, byte_fallback=True)) == SENTENCEPIECE


@pytest.mark.parametrize(
    "cutting",
    [
        by_pattern(r"\d{2}|\p{L}+"),
        by_pattern(PATTERNS["qwen2"], "removed"),
        pre_tokenizers.ByteLevel(add_prefix_space=True),
        pre_tokenizers.Whitespace(),
    ],
)
def test_other_steps_have_no_name_and_are_described(cutting: "pre_tokenizers.PreTokenizer") -> None:
    assert find_name(written(cutting)) is None
    assert describe(written(cutting)) != "none"


def test_what_is_no_tokenizer_is_told(tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match=r"cannot be read.*Next"):
        read_tokenizer_file(tmp_path)
    (tmp_path / "tokenizer.json").write_text("[]")
    with pytest.raises(FinetuneError, match="no tokenizer"):
        read_tokenizer_file(tmp_path)


def test_a_normalizer_does_not_change_the_name() -> None:
    data = written(by_pattern(PATTERNS["qwen2"]))
    data["normalizer"] = json.loads(normalizers.NFC().__getstate__())
    assert find_name(data) == "qwen2"
