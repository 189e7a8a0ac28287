"""How a tokenizer cuts a text before it merges bytes: the tokenizers library's way in, llama.cpp's name for it out.

    tokenizer.json -> "smollm" | "qwen2" | ... | refused
    FILE.gguf's name -> the rule, put back into a tokenizer.json that lost it

A model whose digits are cut otherwise than in training answers, only worse, and nothing says so. So an unknown rule is
refused. Reading a GGUF, transformers keeps the vocabulary and forgets the rule: `restore` puts it back.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finetune.errors import FinetuneError

Rule = Mapping[str, Any]
BYTES: Rule = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
BYTES_AND_WORDS: Rule = {**BYTES, "use_regex": True}


def _cut(pattern: str) -> Rule:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
DIGITS: Rule = {"type": "Digits", "individual_digits": True}
COMPOSED: Rule = {"type": "NFC"}

RULES: Mapping[str, tuple[Rule | None, tuple[Rule, ...]]] = {
    "gpt-2": (None, (BYTES_AND_WORDS,)),
    "smollm": (None, (DIGITS, BYTES_AND_WORDS)),
    "qwen2": (COMPOSED, (_cut(QWEN2), BYTES)),
    "llama-bpe": (None, (_cut(LLAMA3), BYTES)),
}
"""llama.cpp's name -> the normalizer, and the steps one after another, as tokenizer.json spells them."""
IRRELEVANT = ("trim_offsets",)
"""What moves offsets and no token."""


def recognise(tokenizer: Mapping[str, Any]) -> str:
    """Return llama.cpp's name of the rule in a tokenizer.json of byte-level BPE.

    Raises:
        FinetuneError: no rule of this table.
    """
    found = (
        _plain(tokenizer.get("normalizer")),
        tuple(_plain(step) for step in _steps(tokenizer.get("pre_tokenizer"))),
    )
    for name, (normalizer, steps) in RULES.items():
        if found == (_plain(normalizer), tuple(_plain(step) for step in steps)):
            return name
    raise FinetuneError(
        "The tokenizer cuts text by a rule that is not known here: "
        f"normalizer {json.dumps(tokenizer.get('normalizer'))}, pre_tokenizer "
        f"{json.dumps(tokenizer.get('pre_tokenizer'), ensure_ascii=False)[:300]}. A model exported with another rule "
        f"would answer worse without an error. Next: use a base of a known kind ({', '.join(RULES)}, or one with "
        "SentencePiece's pieces)."
    )


def restore(file: Path, folder: Path) -> str | None:
    """Put the rule that a GGUF names into the tokenizer.json that was made from it, and return its name.

    None where the file names none that this table knows, or has no byte-level vocabulary; then nothing is changed.
    """
    from gguf import GGUFReader

    named = GGUFReader(file).get_field("tokenizer.ggml.pre")
    name = str(named.contents()) if named is not None else ""
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    if name not in RULES or not any(_is_byte_level(step) for step in _steps(tokenizer.get("pre_tokenizer"))):
        return None
    normalizer, steps = RULES[name]
    tokenizer["normalizer"] = normalizer and dict(normalizer)
    tokenizer["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [{**step, **_offsets(step)} for step in steps]}
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    part.replace(path)
    return name


def is_byte_level(tokenizer: Mapping[str, Any]) -> bool:
    """Whether a tokenizer.json merges bytes, and not SentencePiece's pieces."""
    return any(_is_byte_level(step) for step in _steps(tokenizer.get("pre_tokenizer")))


def _is_byte_level(step: Rule) -> bool:
    return step.get("type") == "ByteLevel"


def _offsets(step: Rule) -> Mapping[str, Any]:
    return {"trim_offsets": True} if _is_byte_level(step) else {}


def _steps(rule: Rule | None) -> tuple[Rule, ...]:
    if rule is None:
        return ()
    if rule.get("type") != "Sequence":
        return (rule,)
    return tuple(step for part in rule["pretokenizers"] for step in _steps(part))


def _plain(rule: Rule | None) -> str:
    if rule is None:
        return ""
    if rule.get("type") == "Sequence" and len(rule.get("normalizers", ())) == 1:
        return _plain(rule["normalizers"][0])
    kept = {key: value for key, value in rule.items() if key not in IRRELEVANT}
    if kept.get("type") == "ByteLevel":
        kept.setdefault("use_regex", True)
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)
