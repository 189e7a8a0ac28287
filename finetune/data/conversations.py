"""What was said between a customer and a company, whoever kept it.

export or store -> Conversation(said) -> merged: the speakers take turns
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from agents.transcript import Role

Rating = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Said:
    """One message."""

    role: Role
    content: str
    by_person: bool = True
    """Of an assistant's: whether a person of the company wrote it, and no machine."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One matter of one customer."""

    id: str
    source: str
    """The file that it is from."""
    said: tuple[Said, ...]
    rating: Rating | None = None
    """What the customer thought of it."""
    names: frozenset[str] = frozenset()
    """Of those who take part, as far as the export tells them."""


def merged(said: Iterable[Said]) -> tuple[Said, ...]:
    """Return the messages with those that follow one another from one side joined.

    What comes before the customer's first message answers nothing and is left out. A customer's message without
    words, such as a picture, is a turn with empty content: the reply to it is no reply to what was asked before.
    Where a person of the company wrote beside a machine, the person's words count.
    """
    turns: list[Said] = []
    for one in said:
        text = one.content.strip()
        if one.role == "assistant" and (not text or not turns):
            continue
        if turns and turns[-1].role == one.role:
            turns.append(_joined(turns.pop(), replace(one, content=text)))
        else:
            turns.append(replace(one, content=text))
    return tuple(turns[:-1] if turns and not turns[-1].content else turns)


def _joined(first: Said, second: Said) -> Said:
    if first.by_person != second.by_person:
        return first if first.by_person else second
    return replace(first, content="\n".join(text for text in (first.content, second.content) if text))
