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


def merged(said: Iterable[Said]) -> tuple[Said, ...]:
    """Return the messages with those that follow one another from one side joined, without empty ones.

    What comes before the customer's first message answers nothing and is left out.
    """
    turns: list[Said] = []
    for one in said:
        text = one.content.strip()
        if not text or (not turns and one.role == "assistant"):
            continue
        if turns and turns[-1].role == one.role:
            last = turns.pop()
            by_person = last.by_person and one.by_person
            turns.append(replace(last, content=f"{last.content}\n{text}", by_person=by_person))
        else:
            turns.append(replace(one, content=text))
    return tuple(turns)
