"""What a model sees and what it learns: messages in, token ids and a mask out, with any chat template.

    messages + template -> prompt ids
    Example -> Rendered(ids, labelled)

The mask is found by prefix difference: the text up to an assistant's message is rendered with the generation prompt,
the text through it without; what the second adds to the first is the assistant's. So no template needs marks of its
own. The closing token is labelled, what the template puts after it is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune.errors import FinetuneError
from finetune.examples import Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Rendered:
    """One example in tokens."""

    ids: tuple[int, ...]
    labelled: tuple[bool, ...]
    """As long as `ids`; True where the model should learn to say the token."""

    @property
    def learned(self) -> int:
        """How many tokens carry loss."""
        return sum(self.labelled)


def prompt_ids(
    messages: Sequence[Mapping[str, Any]],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    tools: Sequence[Mapping[str, Any]] = (),
) -> list[int]:
    """Return the tokens of what stands before a reply, generation prompt included.

    Raises:
        FinetuneError: the template refuses the messages.
    """
    return _encode(tokenizer, _text(messages, tokenizer, tools=tools, generation=True))


def render(example: Example, tokenizer: "PreTrainedTokenizerBase") -> Rendered:
    """Return an example's tokens and which of them are learned.

    Plain text (task `text`) has no template and is learned whole.

    Raises:
        FinetuneError: the template refuses the messages, or is not told apart by prefixes.
    """
    if example.task == "text":
        return _plain_text(str(example.messages[-1]["content"]), tokenizer)
    ids: list[int] = []
    labelled: list[bool] = []
    done = ""
    for place, message in enumerate(example.messages):
        if message["role"] != "assistant":
            continue
        before = _text(example.messages[:place], tokenizer, tools=example.tools, generation=True)
        through = _text(example.messages[: place + 1], tokenizer, tools=example.tools, generation=False)
        if not before.startswith(done) or not through.startswith(before):
            raise FinetuneError(
                "The chat template writes earlier turns otherwise once later ones follow, so the assistant's words "
                f"cannot be told from the rest (message {place + 1}). Next: end the example at its first reply, or "
                "use another base."
            )
        reply, rest = _split_closing(through[len(before) :], tokenizer)
        for text, learned in ((before[len(done) :], False), (reply, True), (rest, False)):
            piece = _encode(tokenizer, text)
            ids += piece
            labelled += [learned] * len(piece)
        done = through
    return Rendered(tuple(ids), tuple(labelled))


def _plain_text(text: str, tokenizer: "PreTrainedTokenizerBase") -> Rendered:
    ids = _encode(tokenizer, text)
    if not ids or ids[-1] != tokenizer.eos_token_id:
        ids.append(int(tokenizer.eos_token_id))
    return Rendered(tuple(ids), (True,) * len(ids))


def _split_closing(text: str, tokenizer: "PreTrainedTokenizerBase") -> tuple[str, str]:
    """Return an assistant's text through its closing token, and what the template puts after (often a line end)."""
    bare = text.rstrip()
    closing = [token for token in tokenizer.all_special_tokens if bare.endswith(token)]
    return (bare, text[len(bare) :]) if closing else (text, "")


def _text(
    messages: Sequence[Mapping[str, Any]],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    tools: Sequence[Mapping[str, Any]],
    generation: bool,
) -> str:
    from jinja2.exceptions import TemplateError

    try:
        text = tokenizer.apply_chat_template(
            [dict(message) for message in messages],
            tools=[dict(tool) for tool in tools] or None,
            add_generation_prompt=generation,
            tokenize=False,
        )
    except (TemplateError, ValueError) as error:
        roles = ", ".join(str(message["role"]) for message in messages)
        raise FinetuneError(
            f"The base's chat template refuses messages of the roles {roles} ({error}). Next: use roles that it "
            "knows, or another base."
        ) from error
    return str(text)


def _encode(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return a text's tokens; what opens a text (BOS) is the template's to write, so nothing is added."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []
