"""What a model still knows: how likely it finds right answers among wrong ones, and ordinary text.

    retention items -> log-likelihood of each choice -> margin of each item
    text -> windows -> nats of each window -> perplexity

The margin is an item's mean log-likelihood per byte of the right choice, less that of the best wrong one: above 0 the
item is solved. A margin moves long before an answer flips, so that a hundred items show what they would not as right
and wrong. Per byte and not per token, so that models with other tokenizers can be compared. Prompt and choice are plain
text, without a chat template: what is asked is what the model knows, not how it converses. Texts open with BOS where
the tokenizer opens texts with it; without it such models are at a loss.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.errors import FinetuneError
from finetune.rendering import opening_ids

if TYPE_CHECKING:
    from finetune.weights import Loaded

SHIPPED = Path(__file__).with_name("retention.jsonl")
"""Items of our own, for whoever has no others: general knowledge and plain speech, English and Chinese."""
ANSWER = "\nAnswer:"
"""Stands between a question and a choice, where the prompt does not end with it already."""
WINDOW_TOKENS = 512
"""Perplexity is measured in windows of this length that do not overlap; each one's first token (BOS where there is one)
is not counted."""
MOST_TOKENS = 16_384
"""Of a text; beyond that the interval hardly narrows."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question with its choices."""

    id: str
    prompt: str
    choices: tuple[str, ...]
    gold: int
    """The right choice's place."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How likely a text is, window by window."""

    nats: tuple[float, ...]
    """Minus log-likelihood of each window."""
    tokens: tuple[int, ...]
    """Counted tokens of each window."""

    @property
    def per_token(self) -> tuple[float, ...]:
        """Mean nats a token of each window."""
        return tuple(nats / n for nats, n in zip(self.nats, self.tokens, strict=True))


def read_items(path: Path) -> tuple[Item, ...]:
    """Return the items of a retention file: {"id", "prompt", "choices", "gold"} a line.

    Raises:
        FinetuneError: the file cannot be read or holds none, or lines are no items; every faulty line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FinetuneError(f"The items in {path} cannot be read ({error}). Next: check path and encoding.") from error
    items, faults = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            items.append(_item(json.loads(line), number))
        except (ValueError, KeyError, TypeError) as error:
            faults.append(f"{path}:{number} is no item ({error!r}).")
    if faults or not items:
        faults = faults or [f"{path} holds no items."]
        wanted = '{"id", "prompt", "choices": ["…", "…"], "gold": 0}'
        raise FinetuneError("\n".join(faults) + f"\nNext: write one JSON object a line: {wanted}")
    return tuple(items)


def margins(
    loaded: "Loaded", items: Sequence[Item], *, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> tuple[float, ...]:
    """Return each item's margin: nats a byte by which the right choice is likelier than the best wrong one."""
    import torch

    found = []
    with torch.inference_mode():
        for done, item in enumerate(items, 1):
            values = _per_byte(loaded, item)
            wrong = [value for place, value in enumerate(values) if place != item.gold]
            found.append(values[item.gold] - max(wrong))
            progress(done, len(items))
    return tuple(found)


def windows(loaded: "Loaded", text: str, *, progress: Callable[[int, int], None] = lambda _done, _all: None) -> Windows:
    """Return how likely a text is, in windows of `WINDOW_TOKENS`, at most `MOST_TOKENS` of it.

    Raises:
        FinetuneError: the text is too short for two windows.
    """
    import torch

    ids, opening = _ids(loaded, text)[:MOST_TOKENS], opening_ids(loaded.tokenizer)
    room = WINDOW_TOKENS - len(opening)
    whole = [[*opening, *ids[at : at + room]] for at in range(0, len(ids) - room + 1, room)]
    if len(whole) < 2:
        raise FinetuneError(
            f"The text has {len(ids)} tokens and perplexity needs {2 * room}. Next: name a longer --text FILE."
        )
    nats = []
    with torch.inference_mode():
        for done, window in enumerate(whole, 1):
            tokens = torch.tensor([window], device=loaded.model.device)
            logits = loaded.model(input_ids=tokens, use_cache=False).logits[0, :-1].float()
            nats.append(float(torch.nn.functional.cross_entropy(logits, tokens[0, 1:], reduction="sum")))
            progress(done, len(whole))
    return Windows(tuple(nats), tuple(len(window) - 1 for window in whole))


def _per_byte(loaded: "Loaded", item: Item) -> list[float]:
    """Return the mean log-likelihood per byte of each choice after the prompt."""
    import torch

    prompt = item.prompt if item.prompt.rstrip().endswith("Answer:") else item.prompt + ANSWER
    start = [*opening_ids(loaded.tokenizer), *_ids(loaded, prompt)]
    texts = [_following(loaded, prompt, " " + choice) for choice in item.choices]
    widest = max(map(len, texts))
    # Padding stands after what is measured, where a causal model does not look.
    rows = [[*start, *text, *[0] * (widest - len(text))] for text in texts]
    tokens = torch.tensor(rows, device=loaded.model.device)
    logits = loaded.model(input_ids=tokens, use_cache=False, logits_to_keep=widest + 1).logits.float().log_softmax(-1)
    values = []
    for row, (text, choice) in enumerate(zip(texts, item.choices, strict=True)):
        said = logits[row, : len(text)].gather(1, tokens[row, len(start) : len(start) + len(text), None])
        values.append(float(said.sum()) / len((" " + choice).encode()))
    return values


def _following(loaded: "Loaded", prompt: str, text: str) -> list[int]:
    """Return a text's tokens after a prompt; alone some tokenizers would open it with a blank of their own."""
    before, through = _ids(loaded, prompt), _ids(loaded, prompt + text)
    return through[len(before) :] if through[: len(before)] == before else _ids(loaded, text)


def _ids(loaded: "Loaded", text: str) -> list[int]:
    return list(loaded.tokenizer(text, add_special_tokens=False)["input_ids"])


def _item(data: Any, number: int) -> Item:
    choices = tuple(str(choice) for choice in data["choices"])
    gold = data["gold"]
    if not isinstance(gold, int) or isinstance(gold, bool) or not 0 <= gold < len(choices):
        raise ValueError(f"gold {gold!r} is no place among {len(choices)} choices")
    if len(choices) < 2 or not all(choices):
        raise ValueError("it takes two choices or more, none of them empty")
    return Item(str(data.get("id", number)), str(data["prompt"]), choices, gold)
