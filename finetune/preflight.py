"""What would go wrong between training and serving, found before the first step.

    base folder + examples -> check -> Faults, all at once, each with its cause and what to do

Each number is that of a way in which tuned models are known to fail: the end never learned (3), beginnings doubled or
lost (5), an unknown pre-tokenizer (7), vocabulary and embedding of unlike size (8), no chat template (10), one that
ignores the generation prompt (11), lost merges (15). The tokenizer is the one that trains, rendering that of training.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.bases import read_base_config
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.exporting.gguf_vocabulary import rule_of
from finetune.rendering import Rendered, opening_ids, render
from finetune.weights import load_tokenizer
from knowledge.counting import counted
from knowledge.errors import cause_and_step

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LOOKED_AT = 200
"""How many examples are rendered here; what is wrong with a template is wrong with all of them."""
EMBEDDINGS = ("embed_tokens.weight", "wte.weight")
OUTPUT = "lm_head.weight"
PROBE = "The parcel arrives on Tuesday, 12 May: 2 boxes. 包裹周二送达，共两箱。"
TALK = ({"role": "user", "content": "Where is my parcel?"},)
REFETCH = "get the model's files again, or choose another base"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that must be mended before training."""

    number: int
    """Of the check, as above."""
    cause: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.cause} Next: {self.next_step}."


def check(folder: Path, examples: Iterable[Example]) -> tuple[Fault, ...]:
    """Return everything that is wrong with a base for these examples; empty when training may begin.

    Raises:
        FinetuneError: the folder has no config.json, or torch and transformers are missing.
    """
    return tuple(_faults(folder, tuple(islice(examples, LOOKED_AT))))


def require(folder: Path, examples: Iterable[Example]) -> None:
    """Refuse a base or examples with which training would be in vain.

    Raises:
        FinetuneError: naming all faults.
    """
    if faults := check(folder, examples):
        raise FinetuneError("\n".join(map(str, faults)))


def padding_rows(folder: Path) -> int:
    """Return how many rows of the embedding belong to no token: no fault, and named in reports.

    Raises:
        FinetuneError: the folder holds no embedding or tokenizer that can be read.
    """
    rows = min(_vocabulary_rows(folder).values(), default=0)
    return max(rows - _tokens(load_tokenizer(folder)), 0)


def _faults(folder: Path, examples: Sequence[Example]) -> Iterator[Fault]:
    config = read_base_config(folder)
    try:
        file = _read_tokenizer(folder)
    except FinetuneError as error:
        yield Fault(15, f"The base has no tokenizer that can be read: {error}", REFETCH)
        return
    yield from _merges(folder, file)
    yield from _cutting(folder, file)
    try:
        tokenizer = load_tokenizer(folder)
    except (ValueError, KeyError, TypeError) as error:
        yield Fault(15, f"The tokenizer in {folder} cannot be loaded: {error}", REFETCH)
        return
    yield from _sizes(folder, config, tokenizer)
    yield from _padding(folder, tokenizer)
    spoken = [example for example in examples if example.task != "text"]
    if not tokenizer.chat_template:
        if spoken or not examples:
            yield Fault(
                10,
                f"The base in {folder} has no chat template, so nobody knows how to ask it.",
                f"choose an instruction-tuned base, or put its chat_template.jinja into {folder}",
            )
        return
    yield from _generation_prompt(folder, tokenizer)
    yield from _rendered(folder, tokenizer, spoken)


def _read_tokenizer(folder: Path) -> Mapping[str, Any]:
    path = folder / "tokenizer.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{path} cannot be read ({error}).") from error
    if not isinstance(data, dict) or not isinstance(data.get("model"), dict):
        raise FinetuneError(f"{path} is no tokenizer.")
    return data


def _merges(folder: Path, file: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield number 15: a tokenizer that knows its tokens, but not how to put them together."""
    model = file["model"]
    if model.get("type") == "BPE" and not model.get("merges"):
        size = len(model.get("vocab") or ())
        yield Fault(
            15,
            f"The tokenizer in {folder} has {size:,} tokens and no merges: every text would fall apart into letters.",
            "get tokenizer.json of the original model",
        )


def _cutting(folder: Path, file: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield number 7: the rule by which text is cut is one that export would refuse."""
    try:
        rule_of(file)
    except FinetuneError as error:
        cause, next_step = cause_and_step(str(error))
        yield Fault(7, f"{cause} It stands in {folder / 'tokenizer.json'}.", next_step.removesuffix("."))


def _sizes(folder: Path, config: Mapping[str, Any], tokenizer: "PreTrainedTokenizerBase") -> Iterator[Fault]:
    text = config.get("text_config")
    said = {**config, **(text if isinstance(text, Mapping) else {})}.get("vocab_size")
    tokens = _tokens(tokenizer)
    for name, rows in _vocabulary_rows(folder).items():
        if rows != said:
            yield Fault(8, f"config.json in {folder} says vocab_size {said}, {name} has {rows} rows.", REFETCH)
        if tokens > rows:
            yield Fault(
                8,
                f"The tokenizer in {folder} has {tokens} tokens, {name} only {rows} rows: "
                f"{counted(tokens - rows, 'token has', 'tokens have')} none.",
                "use the tokenizer that came with these weights",
            )


def _padding(folder: Path, tokenizer: "PreTrainedTokenizerBase") -> Iterator[Fault]:
    if tokenizer.eos_token_id is None:
        yield Fault(
            3, f"The tokenizer in {folder} names no eos_token.", "name the closing token in tokenizer_config.json"
        )
    elif tokenizer.pad_token_id == tokenizer.eos_token_id:
        yield Fault(
            3,
            f"The tokenizer in {folder} pads with its closing token {tokenizer.eos_token!r}: masking one masks the "
            "other, and the model would never learn to end.",
            "name another special token as pad_token in tokenizer_config.json",
        )


def _generation_prompt(folder: Path, tokenizer: "PreTrainedTokenizerBase") -> Iterator[Fault]:
    asked, plain = (
        _said(
            lambda wanted=wanted: tokenizer.apply_chat_template(  # type: ignore[misc]
                [dict(message) for message in TALK],
                add_generation_prompt=wanted,
                enable_thinking=False,
                tokenize=False,
            )
        )
        for wanted in (True, False)
    )
    if asked is None or plain is None:
        yield Fault(
            10, f"The chat template in {folder} cannot write a plain question.", "get the model's own template again"
        )
    elif asked == plain:
        yield Fault(
            11,
            f"The chat template in {folder} ignores add_generation_prompt: the model would not be told to reply.",
            "get the model's own chat_template.jinja, which ends with a block `if add_generation_prompt`",
        )


def _rendered(folder: Path, tokenizer: "PreTrainedTokenizerBase", examples: Sequence[Example]) -> Iterator[Fault]:
    rendered: list[Rendered] = []
    for example in examples:
        try:
            rendered.append(render(example, tokenizer))
        except FinetuneError as error:
            cause, next_step = cause_and_step(str(error))
            yield Fault(11, cause, next_step.removesuffix("."))
            return
    yield from _endings(folder, tokenizer, rendered)
    yield from _beginnings(folder, tokenizer, rendered)


def _endings(folder: Path, tokenizer: "PreTrainedTokenizerBase", rendered: Sequence[Rendered]) -> Iterator[Fault]:
    """Yield number 3: the last learned token of each reply must be one that ends it."""
    endings = set(_ending_ids(folder, tokenizer))
    open_ended = [place for place, item in enumerate(rendered) if _last_learned(item) not in endings]
    if open_ended:
        token = tokenizer.decode([_last_learned(rendered[open_ended[0]])])
        names = ", ".join(repr(tokenizer.decode([number])) for number in sorted(endings))
        yield Fault(
            3,
            f"{len(open_ended)} of {counted(len(rendered), 'example')} cannot teach the model to end: the last token "
            f"learned is {token!r}, the closing ones are {names or 'unknown'} (first: example {open_ended[0] + 1}).",
            "get the model's own chat_template.jinja and tokenizer_config.json",
        )


def _beginnings(folder: Path, tokenizer: "PreTrainedTokenizerBase", rendered: Sequence[Rendered]) -> Iterator[Fault]:
    """Yield number 5: the token that opens a text stands there once, as the template says."""
    opening = tokenizer.bos_token_id
    if opening is None or not rendered:
        return
    counts = [next((n for n, token in enumerate(item.ids) if token != opening), len(item.ids)) for item in rendered]
    if max(counts) > 1:
        yield Fault(
            5,
            f"The prompts of the base in {folder} begin with {max(counts)} times {tokenizer.bos_token!r}, not one.",
            "take the doubled one out of chat_template.jinja",
        )
    elif min(counts) == 0 and opening_ids(tokenizer):
        yield Fault(
            5,
            f"The chat template in {folder} does not write {tokenizer.bos_token!r}, with which this model's texts "
            "begin: the server would add it, and training would not.",
            "begin chat_template.jinja with {{ bos_token }}",
        )


def _last_learned(rendered: Rendered) -> int:
    return next(
        (token for token, learned in zip(reversed(rendered.ids), reversed(rendered.labelled), strict=True) if learned),
        -1,
    )


def _ending_ids(folder: Path, tokenizer: "PreTrainedTokenizerBase") -> Iterator[int]:
    """Yield the tokens at which generation stops: the tokenizer's, and those of generation_config.json."""
    if tokenizer.eos_token_id is not None:
        yield int(tokenizer.eos_token_id)
    if (folder / "generation_config.json").is_file():
        from transformers import GenerationConfig

        ends = GenerationConfig.from_pretrained(folder).eos_token_id
        yield from ends if isinstance(ends, list) else [] if ends is None else [ends]


def _tokens(tokenizer: "PreTrainedTokenizerBase") -> int:
    """Return one more than the highest token: what the embedding must have rows for."""
    return max(tokenizer.get_vocab().values(), default=-1) + 1


def _vocabulary_rows(folder: Path) -> Mapping[str, int]:
    """Return the rows of the embedding and of the output layer, from the heads of the weights' files."""
    from safetensors import SafetensorError, safe_open

    found: dict[str, int] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="numpy") as file:
                for name in file.keys():  # noqa: SIM118 (no mapping)
                    if name.endswith((*EMBEDDINGS, OUTPUT)):
                        found[name] = int(file.get_slice(name).get_shape()[0])
        except (SafetensorError, OSError) as error:
            raise FinetuneError(f"{path} cannot be read ({error}). Next: get the file again.") from error
    return found


def _said(write: Callable[[], Any]) -> str | None:
    from jinja2.exceptions import TemplateError

    try:
        return str(write())
    except (TemplateError, ValueError):
        return None
