"""What a model sees and what it learns: messages in, token ids and a mask out, with any chat template.

    messages + template -> prompt ids
    Example -> Rendered(ids, labelled)

The mask is found by prefix difference: the text up to an assistant's message is rendered with the generation prompt,
the text through it without; what the second adds to the first is the assistant's. So no template needs marks of its
own. An assistant's message of weight 0 is read as the rest of the prompt is. The closing token is labelled, what the
template puts after it is not.

The whole text is cut into tokens at once, as it is when serving: tokenizers of SentencePiece's kind open each text that
they are given with a blank, so that tokens of parts are not those of the whole.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.prompts import without_turn_marks
from finetune.errors import FinetuneError
from finetune.examples import Example, is_learned

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BLANKS = ("\N{LOWER ONE EIGHTH BLOCK}", "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}")
"""How a token that begins with a blank is written: by SentencePiece, and by byte-level BPE."""
OTHERS = ("user", "tool")
"""Roles of what others wrote."""
SHOWN = 20
"""Characters of a text that a message shows."""


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

    What stands before a reply are the tokens that `prompt_ids` gives for it. Plain text (task `text`) has no template
    and is learned whole.

    Raises:
        FinetuneError: the template refuses the messages, or is not told apart by prefixes, or the tokenizer joins the
            end of a prompt with the beginning of its reply.
    """
    if example.task == "text":
        return _plain_text(str(example.messages[-1]["content"]), tokenizer)
    pieces = tuple(_pieces(example, tokenizer))
    return _at_once(pieces, tokenizer) or _one_by_one(pieces, tokenizer)


def opening_ids(tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    """Return what opens a text that no template writes: the tokenizer's BOS where it adds one itself, else nothing."""
    bos = tokenizer.bos_token_id
    return [int(bos)] if bos is not None and tokenizer("a")["input_ids"][:1] == [bos] else []


def _pieces(example: Example, tokenizer: "PreTrainedTokenizerBase") -> Iterator[tuple[str, bool]]:
    """Yield an example's text in pieces, and of each whether it is learned."""
    done = ""
    for place, message in enumerate(example.messages):
        if not is_learned(message):
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
        if lost := _unwritten(message, reply):
            raise FinetuneError(
                f"The chat template writes no calls of tools, so that the call of {lost[0]!r} would be learned as a "
                "reply without a word. Next: use a base whose template knows tool_calls, or drop these examples."
            )
        yield before[len(done) :], False
        yield reply, True
        yield rest, False
        done = through


def _at_once(pieces: Sequence[tuple[str, bool]], tokenizer: "PreTrainedTokenizerBase") -> Rendered | None:
    """Cut the whole text into tokens; None where a prompt's own tokens are not the beginning of them."""
    text = "".join(piece for piece, _ in pieces)
    if not text:
        return Rendered((), ())
    cut = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, spans, labelled = list(cut["input_ids"]), cut["offset_mapping"], [False] * len(cut["input_ids"])
    marks = dict(zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True))
    for start, end in _spans_of_replies(pieces):
        mark = _last_mark(text, ids, spans, marks=marks, before=start)
        prompt = _encode(tokenizer, text[spans[mark][0] if mark else 0 : start])
        if ids[mark : mark + len(prompt)] != prompt:
            return None
        for at in range(mark + len(prompt), len(ids)):
            # The second half of this: spans may leave blanks out, so that a last line end would lie behind the reply.
            if spans[at][0] >= end and (at == 0 or spans[at - 1][1] >= end):
                break
            labelled[at] = True
    return Rendered(tuple(ids), tuple(labelled))


def _last_mark(
    text: str, ids: Sequence[int], spans: Sequence[tuple[int, int]], *, marks: Mapping[int, str], before: int
) -> int:
    """Return where the last special token before a place in the text stands; 0 where there is none.

    Special tokens are looked for first, and each part between two of them is cut on its own: from there on a prompt's
    tokens are compared, which is cheaper than all of them. One that stands for what is not known is no mark.
    """
    last = bisect_right(spans, before, key=lambda span: span[1]) - 1
    return next((at for at in range(last, -1, -1) if text[slice(*spans[at])].strip() == marks.get(ids[at])), 0)


def _one_by_one(pieces: Sequence[tuple[str, bool]], tokenizer: "PreTrainedTokenizerBase") -> Rendered:
    """Cut piece by piece: a prompt is then what it is when serving, though a reply could be joined to its end."""
    first = tokenizer.convert_ids_to_tokens(_encode(tokenizer, "a"))[0]
    if first.startswith(BLANKS):
        prompt, reply = next((pieces[at - 1][0], piece) for at, (piece, learned) in enumerate(pieces) if learned)
        raise FinetuneError(
            f"The base's tokenizer joins the end of a prompt ({prompt[-SHOWN:]!r}) with the beginning of its reply "
            f"({reply[:SHOWN]!r}), so the model would be trained on other tokens than it is asked with. Next: have "
            "chat_template.jinja end its generation prompt without a blank, or use another base."
        )
    ids: list[int] = []
    labelled: list[bool] = []
    for text, learned in pieces:
        piece = _encode(tokenizer, text)
        ids += piece
        labelled += [learned] * len(piece)
    return Rendered(tuple(ids), tuple(labelled))


def _spans_of_replies(pieces: Sequence[tuple[str, bool]]) -> Iterator[tuple[int, int]]:
    at = 0
    for text, learned in pieces:
        if learned:
            yield at, at + len(text)
        at += len(text)


def _plain_text(text: str, tokenizer: "PreTrainedTokenizerBase") -> Rendered:
    opening, ids = opening_ids(tokenizer), _encode(tokenizer, text)
    if not ids or ids[-1] != tokenizer.eos_token_id:
        ids.append(int(tokenizer.eos_token_id))
    return Rendered((*opening, *ids), (False,) * len(opening) + (True,) * len(ids))


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
            [_for_template(message) for message in messages],
            tools=[dict(tool) for tool in tools] or None,
            add_generation_prompt=generation,
            enable_thinking=False,  # as it is served
            tokenize=False,
        )
    except (TemplateError, ValueError, TypeError) as error:
        roles = ", ".join(str(message["role"]) for message in messages)
        raise FinetuneError(
            f"The base's chat template refuses messages of the roles {roles} ({error}). Next: use roles that it "
            "knows, or another base."
        ) from error
    return str(text)


def _for_template(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as templates want it, and as it is served: a call's arguments are an object.

    OpenAI's format has them as text, which a template would write as a text within quotes. What customers and tools
    said may come from any export, and begins no turn here either.
    """
    plain = {key: value for key, value in message.items() if key != "weight"}
    if message["role"] in OTHERS and isinstance(message.get("content"), str):
        plain["content"] = without_turn_marks(message["content"])
    if message.get("tool_calls"):
        plain["tool_calls"] = [_with_object(call) for call in message["tool_calls"]]
    return plain


def _with_object(call: Any) -> Any:
    if not isinstance(call, Mapping):
        return call
    changed = dict(call)
    if "function" in changed:
        changed["function"] = _with_object(changed["function"])
    if isinstance(changed.get("arguments"), str):
        try:
            changed["arguments"] = json.loads(changed["arguments"] or "{}")
        except ValueError:
            raise FinetuneError(
                f"The arguments of a call are no JSON: {changed['arguments'][:SHOWN]!r}. Next: mend the example."
            ) from None
    return changed


def _unwritten(message: Mapping[str, Any], reply: str) -> list[str]:
    """Return the tools that a message calls and of which its text says nothing."""
    calls = [call.get("function", call) for call in message.get("tool_calls") or () if isinstance(call, Mapping)]
    return [str(call["name"]) for call in calls if str(call.get("name", "")) not in reply]


def _encode(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return a text's tokens; what opens a text (BOS) is the template's to write, so nothing is added."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []
