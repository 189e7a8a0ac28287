"""A Hugging Face tokenizer in, the vocabulary of a GGUF out, proved equal on a battery of texts.

    tokenizer.json + template -> Vocabulary -> a GGUF's keys
    GGUF of the vocabulary alone -> llama.cpp's tokens == the tokenizer's, or refused

All that a tokenizer does stands in its tokenizer.json, so SentencePiece itself is not needed: its pieces' scores are
the order of the merges.
"""

import json
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.bases import TEMPLATE
from finetune.errors import FinetuneError
from finetune.exporting.cutting_rules import is_byte_level, recognise
from finetune.exporting.llama_library import Reader

if TYPE_CHECKING:
    from gguf import GGUFWriter

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
"""llama.cpp's kinds of tokens."""
SPACE = "▁"
BATTERY = (
    "How long do I have to return a lamp? 30 days, or 1,234.56 €.",
    "Order 20260117-00042, phone +44 20 7946 0018; it's £12.99, isn't it? We'll see — they've paid.",
    "退货期限是多少天？订单号 20260117，价格 ¥1,299.00。",
    "Straße, naïve, façade, e\u0301clair, 한국어, русский, עברית, العربية",
    "  two spaces,   three,\ttabs\n\nand\r\nlines \n  indented\n",
    "def f(x):\n    return {'a': [x**2, 0xFF], \"b\": None}  # note",
    '{"thought": "Look it up", "tool": "find_order", "arguments": {"order": "B-1001", "lines": [1, 2]}}',
    "Emoji 👍🏽 👩‍👩‍👧 ☕️ and CAPITALS iPhone15Pro http://example.com/a?b=c&d=%20",
    "x",
    "1 22 333 4444 55555 666666",
)
"""What tokenizers differ on: digits, accents composed and not, blanks, line ends, code, other scripts."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All tokens of a model and how text becomes them."""

    model: str
    """llama.cpp's kind: `gpt2` merges bytes, `llama` SentencePiece's pieces."""
    rule: str
    """How text is cut first; `default` for pieces."""
    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    scores: tuple[float, ...]
    """By how early a piece is merged, higher is earlier; empty for bytes."""
    merges: tuple[str, ...]
    """In order; empty for pieces."""
    adds_space: bool
    opens_with_bos: bool
    special: Mapping[str, int]
    """`bos`, `eos`, `unk`, `pad`, `eot` -> token, those that there are."""
    template: str

    def write(self, writer: "GGUFWriter") -> None:
        """Put the vocabulary into a GGUF's keys."""
        writer.add_tokenizer_model(self.model)
        writer.add_tokenizer_pre(self.rule)
        writer.add_token_list(list(self.tokens))
        writer.add_token_types(list(self.kinds))
        if self.scores:
            writer.add_token_scores(list(self.scores))
        if self.merges:
            writer.add_token_merges(list(self.merges))
        writer.add_add_space_prefix(self.adds_space)
        writer.add_add_bos_token(self.opens_with_bos)
        adders = {
            "bos": writer.add_bos_token_id,
            "eos": writer.add_eos_token_id,
            "unk": writer.add_unk_token_id,
            "pad": writer.add_pad_token_id,
            "eot": writer.add_eot_token_id,
        }
        for name, token in self.special.items():
            adders[name](token)
        writer.add_chat_template(self.template)


def read_vocabulary(folder: Path, *, rows: int, template: str | None = None) -> Vocabulary:
    """Return the vocabulary of a model's folder.

    Args:
        rows: How many rows the embedding has; what is beyond the tokenizer's own becomes unused tokens.
        template: The chat template; None reads the folder's.

    Raises:
        FinetuneError: a file is missing, tokens and rows disagree, merges are missing, or text is cut by an unknown
            rule; all that can be told at once.
    """
    data, tokens, special_tokens = _read_tokenizer(folder)
    faults = []
    template = template if template is not None else _read_template(folder)
    if not template:
        faults.append(
            f"There is no chat template in {folder}. Next: put the one used in training at {folder / TEMPLATE}"
        )
    if len(tokens) > rows:
        faults.append(
            f"The tokenizer has {len(tokens)} tokens and the embedding {rows} rows: tokens without a row would crash "
            "the model. Next: resize the embeddings in training, or use the tokenizer that belongs to the model."
        )
    if sorted(tokens.values()) != list(range(len(tokens))):
        faults.append("The tokenizer's numbers have gaps or doubles. Next: download the model's tokenizer again.")
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in data["model"].get("merges") or ()]
    if not merges:
        faults.append(f"{folder / 'tokenizer.json'} has no merges. Next: download the model's tokenizer again.")
    rule = "default"
    bytes_merged = is_byte_level(data)
    try:
        rule = rule_of(data)
    except FinetuneError as error:
        faults.append(str(error))
    if faults:
        raise FinetuneError("\n".join(faults))
    ordered = sorted(tokens, key=lambda token: tokens[token])
    texts = (*ordered, *(f"[PAD{number}]" for number in range(len(ordered), rows)))
    return Vocabulary(
        model="gpt2" if bytes_merged else "llama",
        rule=rule,
        tokens=texts,
        kinds=_kinds(data, texts, len(ordered), bytes_merged=bytes_merged),
        scores=() if bytes_merged else _scores(texts, data["model"]["merges"]),
        merges=tuple(merges) if bytes_merged else (),
        adds_space=not bytes_merged and _adds_space(data),
        opens_with_bos=_opens_with_bos(folder, special_tokens),
        special=special_tokens,
        template=template or "",
    )


def rule_of(tokenizer: Mapping[str, Any]) -> str:
    """Return llama.cpp's name for how a tokenizer.json cuts text; training asks before its first step, export too.

    Raises:
        FinetuneError: llama.cpp has none, or none that is known here.
    """
    return recognise(tokenizer) if is_byte_level(tokenizer) else _check_pieces(tokenizer)


def require_equal_tokens(file: Path, folder: Path, *, more: Sequence[str] = ()) -> int:
    """Compare llama.cpp's tokens with the tokenizer's own on the battery and `more`, and return how many texts agree.

    Raises:
        FinetuneError: a text becomes other tokens; it is named with both.
    """
    from tokenizers import Tokenizer

    own = Tokenizer.from_file(str(folder / "tokenizer.json"))
    own.no_truncation()
    texts = (*BATTERY, *(f"{mark}{BATTERY[0]}{mark}" for mark in _marks(own)), *more)
    composes = "NFC" in repr(own.normalizer)
    with Reader(file, vocabulary_only=True) as reader:
        for written in texts:
            # llama.cpp composes no accents: whoever serves such a vocabulary sends composed text, as keyboards write it
            text = unicodedata.normalize("NFC", written) if composes else written
            theirs, ours = reader.tokens(text), own.encode(text, add_special_tokens=False).ids
            if theirs != ours:
                raise FinetuneError(
                    f"llama.cpp reads {text!r} as other tokens than the model was trained with: "
                    f"{_first_difference(theirs, ours)}. Next: use a base whose tokenizer llama.cpp knows."
                )
    return len(texts)


def check_vocabulary(vocabulary: Vocabulary, folder: Path, *, architecture: str, more: Sequence[str] = ()) -> int:
    """Prove a vocabulary on its own, before any weight is written, and return how many texts agreed.

    Raises:
        FinetuneError: llama.cpp reads a text as other tokens than the tokenizer, or refuses the vocabulary.
    """
    from gguf import GGUFWriter

    with tempfile.TemporaryDirectory(prefix="frontdesk-vocabulary-") as temporary:
        file = Path(temporary) / "vocabulary.gguf"
        writer = GGUFWriter(file, architecture)
        writer.add_vocab_size(len(vocabulary.tokens))
        vocabulary.write(writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        return require_equal_tokens(file, folder, more=more)


def _marks(tokenizer: Any) -> list[str]:
    added = tokenizer.get_added_tokens_decoder().values()
    return [token.content for token in added if token.special][:8]


def _first_difference(theirs: Sequence[int], ours: Sequence[int]) -> str:
    place = next((n for n, pair in enumerate(zip(theirs, ours, strict=False)) if pair[0] != pair[1]), 0)
    return f"from place {place} on {list(theirs[place : place + 6])}, not {list(ours[place : place + 6])}"


def _read_tokenizer(folder: Path) -> tuple[dict[str, Any], dict[str, int], dict[str, int]]:
    try:
        data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FinetuneError(
            f"{folder} has no tokenizer that can be read ({error}). Next: save it beside the model, with "
            "tokenizer.json and tokenizer_config.json."
        ) from error
    if data.get("model", {}).get("type") != "BPE":
        raise FinetuneError(
            f"The tokenizer in {folder} is a {data.get('model', {}).get('type')}; known is BPE. Next: use a base of "
            "the llama, mistral, qwen2, qwen3, gemma or phi family."
        )
    tokens = dict(data["model"]["vocab"]) | {added["content"]: added["id"] for added in data.get("added_tokens", ())}
    return data, tokens, _special_tokens(folder, settings, tokens)


def _special_tokens(folder: Path, settings: Mapping[str, Any], tokens: Mapping[str, int]) -> dict[str, int]:
    named = {name: settings.get(f"{name}_token") for name in ("bos", "eos", "unk", "pad")}
    texts = {name: text.get("content") if isinstance(text, dict) else text for name, text in named.items()}
    found = {name: tokens[str(text)] for name, text in texts.items() if text in tokens}
    try:
        generation = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        generation = {}
    ends = generation.get("eos_token_id")
    others = [end for end in (ends if isinstance(ends, list) else [ends]) if isinstance(end, int)]
    if others and "eos" not in found:
        found["eos"] = others[0]
    if turn := [end for end in others if end != found.get("eos")]:
        found["eot"] = turn[0]
    return found


def _read_template(folder: Path) -> str:
    path = folder / TEMPLATE
    if path.is_file():
        return path.read_text(encoding="utf-8")
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    template = settings.get("chat_template")
    return template if isinstance(template, str) else ""


def _check_pieces(data: Mapping[str, Any]) -> str:
    if not data["model"].get("byte_fallback"):
        raise FinetuneError(
            "The tokenizer merges neither bytes nor pieces that fall back to bytes. Next: use a base whose tokenizer "
            "llama.cpp knows."
        )
    if SPACE not in json.dumps([data.get("normalizer"), data.get("pre_tokenizer")], ensure_ascii=False):
        raise FinetuneError(f"The tokenizer does not write spaces as {SPACE}. Next: use a base that llama.cpp knows.")
    return "default"


def _kinds(data: Mapping[str, Any], texts: Sequence[str], own: int, *, bytes_merged: bool) -> tuple[int, ...]:
    added = {token["content"]: token for token in data.get("added_tokens", ())}
    unknown = data["model"].get("unk_token")

    def kind(number: int, text: str) -> int:
        if number >= own:
            return UNUSED
        if text == unknown and not bytes_merged:
            return UNKNOWN
        if text in added:
            return CONTROL if added[text]["special"] else USER_DEFINED
        if not bytes_merged and len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
            return BYTE
        return NORMAL

    return tuple(kind(number, text) for number, text in enumerate(texts))


def _scores(texts: Sequence[str], merges: Sequence[Any]) -> tuple[float, ...]:
    """Return for each piece how early it is made: minus the place of the first merge that makes it."""
    place: dict[str, int] = {}
    for number, pair in enumerate(merges):
        left, right = pair.split(" ") if isinstance(pair, str) else pair
        place.setdefault(left + right, number)
    return tuple(-float(place.get(text, len(merges))) for text in texts)


def _adds_space(data: Mapping[str, Any]) -> bool:
    text = json.dumps([data.get("normalizer"), data.get("pre_tokenizer")])
    scheme = any(f'"prepend_scheme": "{name}"' in text for name in ("always", "first"))
    return '"Prepend"' in text or scheme


def _opens_with_bos(folder: Path, special: Mapping[str, int]) -> bool:
    from tokenizers import Tokenizer

    ids = Tokenizer.from_file(str(folder / "tokenizer.json")).encode("a").ids
    return bool(ids) and "bos" in special and ids[0] == special["bos"]
