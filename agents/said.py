"""Earlier turns in, messages out: as a model is shown them when it answers, and when it learns.

    (question, text, by a person) -> user, assistant, …

What people of the company wrote comes from the assistant's side, marked with who it was and where it ends: a model else
takes their words, and what they did, for its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from agents.prompts.said import BY_PERSON
from agents.transcript import Message
from knowledge.text import detect_language


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier turn."""

    question: str
    """"" where nobody asked."""
    text: str
    outcome: str
    """One of `agents.transcript.Outcome`."""
    by_person: bool = False
    """Whether a person of the company wrote `text`."""


def messages(turns: Iterable[Said]) -> tuple[Message, ...]:
    """Return what was said, oldest first.

    What a person adds to an answer stands below it; a notice that one takes over gives way to what they write
    (`agents.transcript.in_turns`), and one that they are done, which nobody asked for, is left out.
    """
    said: list[Message] = []
    answered = False
    for turn in turns:
        if turn.question.strip():
            said.append(Message("user", turn.question))
            answered = False
        elif turn.outcome == "handed_over" and not turn.by_person:
            continue
        if not turn.text.strip():
            continue
        text = BY_PERSON[detect_language(turn.text)].format(text=turn.text) if turn.by_person else turn.text
        if turn.by_person and answered:
            said[-1] = Message("assistant", f"{said[-1].content}\n\n{text}")
        else:
            said.append(Message("assistant", text))
        answered = turn.outcome != "handed_over" or turn.by_person
    return tuple(said)
