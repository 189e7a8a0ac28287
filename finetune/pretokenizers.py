"""Whether llama.cpp knows how a tokenizer cuts text before it looks for tokens.

    tokenizer.json -> steps of cutting -> the name that llama.cpp has for them, or None

A GGUF holds tokens and merges, but the cutting only as a name (`tokenizer.ggml.pre`), of which llama.cpp knows a list.
With a wrong name everything loads, and texts become other tokens than those trained on. llama.cpp's converter finds
the name by hashing the tokens of one text, which depends on the vocabulary: one of one's own is never known. What
matters is the cutting, and that stands in tokenizer.json: equal steps cut every text alike. So the steps are compared.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from finetune.errors import FinetuneError

SENTENCEPIECE = "default"
"""llama.cpp's name where nothing is cut: tokens of Llama 2, Mistral and Gemma are sought in the whole text."""
_ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_LOWER, _UPPER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_OPENING = r"[^\r\n\p{L}\p{N}]?"
PATTERNS = {
    "llama-bpe": rf"{_ENDINGS}|{_OPENING}\p{{L}}+|\p{{N}}{{1,3}}|{_REST}",
    "qwen2": rf"{_ENDINGS}|{_OPENING}\p{{L}}+|\p{{N}}|{_REST}",
    "tekken": (
        rf"{_OPENING}{_UPPER}*{_LOWER}+|{_OPENING}{_UPPER}+{_LOWER}*|\p{{N}}|"
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
"""llama.cpp's name -> the pattern that its src/llama-vocab.cpp cuts by; `llama-bpe` is Llama 3's, and Phi 4's."""
STEPS: dict[tuple[tuple[str, str], ...], str] = {
    (("bytes", "cut"),): "gpt-2",
    (("digits", "each"), ("bytes", "cut")): "smollm",
    **{(("pattern", pattern), ("bytes", "whole")): name for name, pattern in PATTERNS.items()},
}
"""Steps of cutting -> llama.cpp's name."""


def read_tokenizer_file(folder: Path) -> Mapping[str, Any]:
    """Return a model folder's tokenizer.json.

    Raises:
        FinetuneError: it is missing or no JSON object.
    """
    path = folder / "tokenizer.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{path} cannot be read ({error}). Next: get the tokenizer's files again.") from error
    if not isinstance(data, dict) or not isinstance(data.get("model"), dict):
        raise FinetuneError(f"{path} is no tokenizer. Next: get the tokenizer's files again.")
    return data


def find_name(tokenizer: Mapping[str, Any]) -> str | None:
    """Return llama.cpp's name for how a tokenizer cuts; None when it has none.

    Args:
        tokenizer: what its tokenizer.json holds.
    """
    steps = tuple(_steps(tokenizer.get("pre_tokenizer")))
    is_bytes = any(kind == "bytes" for kind, _ in steps)
    if not is_bytes and (tokenizer["model"].get("byte_fallback") or tokenizer["model"].get("type") == "Unigram"):
        return SENTENCEPIECE
    return STEPS.get(steps)


def describe(tokenizer: Mapping[str, Any]) -> str:
    """Return the steps of cutting in words, for a message."""
    return ", then ".join(f"{kind}: {detail}" for kind, detail in _steps(tokenizer.get("pre_tokenizer"))) or "none"


def _steps(cutting: Any) -> Iterator[tuple[str, str]]:
    """Yield what a pre-tokenizer does, in a form that does not depend on how it was written down."""
    if not isinstance(cutting, Mapping):
        return
    match cutting.get("type"):
        case "Sequence":
            for step in cutting.get("pretokenizers", ()):
                yield from _steps(step)
        case "ByteLevel":
            before = "after a space, " if cutting.get("add_prefix_space") else ""
            yield "bytes", before + ("cut" if cutting.get("use_regex", True) else "whole")
        case "Digits":
            yield "digits", "each" if cutting.get("individual_digits") else "together"
        case "Split":
            pattern = cutting.get("pattern", {})
            how = "" if cutting.get("behavior") == "Isolated" and not cutting.get("invert") else "otherwise "
            yield "pattern", how + str(pattern.get("Regex", pattern.get("String")))
        case kind:
            yield str(kind), json.dumps({key: value for key, value in cutting.items() if key != "type"})
