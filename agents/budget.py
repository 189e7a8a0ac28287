"""What fits into a model's context: passages and results of tools are left out whole, from the end, never cut within.

Writing + model -> messages from the oldest, then passages from the last, left out -> Writing that fits
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from langchain_core.messages import BaseMessage

from agents.models import LoadedModel
from agents.prompts import Writing, render
from agents.transcript import Message

HISTORY_SHARE = 0.25
"""Most of the context, 0-1, that the conversation before a question may take."""
MESSAGE_TOKENS = 8
"""What a chat template puts around one message."""
_NUMBERED = re.compile(r"\n\n(?=\[\d{1,3}\] )")
"""Between the passages of a tool's result."""

Count = Callable[[str], int]


def fit(prompt: Writing, model: LoadedModel, *, reply_tokens: int) -> Writing:
    """Return the prompt with what fits beside the reply; the best passage always stays."""
    room = model.context_tokens - reply_tokens
    history = latest(prompt.history, count=model.count_tokens, room=int(HISTORY_SHARE * room))
    fitting = replace(prompt, history=history)
    while len(fitting.passages) > 1 and count_tokens(render(fitting), model.count_tokens) > room:
        fitting = replace(fitting, passages=fitting.passages[:-1])
    return fitting


def latest(history: Sequence[Message], *, count: Count, room: int) -> tuple[Message, ...]:
    """Return the latest messages that fit into `room` tokens, each whole; what was replied to goes with its reply."""
    chosen: list[Message] = []
    for message in reversed(history):
        room -= count(message.content) + MESSAGE_TOKENS
        if room < 0:
            break
        chosen.append(message)
    kept = tuple(reversed(chosen))
    return kept[1:] if kept and kept[0].role == "assistant" else kept


def fit_result(content: str, *, count: Count, room: int, cut: str) -> str:
    """Return a tool's result with the passages, or else the lines, that fit into `room` tokens, and `cut` for the rest.

    Only a single line that is too long is cut within.
    """
    if count(content) <= room:
        return content
    parts, between = _NUMBERED.split(content), "\n\n"
    if len(parts) == 1 and not content.startswith("["):
        parts, between = content.splitlines(), "\n"
    kept: list[str] = []
    for part in parts:
        room -= count(part + between)
        if room < 0:
            break
        kept.append(part)
    if not kept and len(parts) == 1:
        share = max(0, room + count(content)) / max(1, count(content))
        kept = [content[: int(share * len(content))]]
    return between.join(kept) + cut


def count_tokens(messages: Sequence[BaseMessage], count: Count) -> int:
    """Return the tokens of a prompt with its template."""
    return sum(count(message.text) + MESSAGE_TOKENS for message in messages)
