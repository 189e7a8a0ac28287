"""The nouns of a conversation: messages, steps, citations, answers.

A turn is a stream of steps; screens, logs and replay only consume it. Every step is plain data, so that a store can
keep it as JSON and a second process can read it back.

    Searched -> ShortAnswer? -> Delta* -> Finished     the ordinary path
    (Thought? -> ToolCalled -> ToolReturned)* -> ...   the loop, for what needs steps
    ToolCalled -> ApprovalAsked -> Finished            a write: nothing is done before it is approved
    ApprovalDecided -> Acted -> ...                    the turn in which it is
    ... -> HandedOver -> Finished                      a person takes over
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from knowledge.passages import Retrieval

Role = Literal["user", "assistant"]
Outcome = Literal["failed", "handed_over", "awaiting_approval", "acted", "clarify", "answered", "refused"]
Language = Literal["en", "zh"]
Decision = Literal["approved", "declined", "withdrawn"]
"""`withdrawn`: the customer turned to something else."""


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


def in_turns(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Return the messages before a question in which the speakers take turns, the customer first.

    Many chat templates refuse any other order, and a person's reply may have come after the assistant's: then it is the
    one that counts, as is the later of two questions of which the first was not answered.
    """
    kept: list[Message] = []
    for message in messages:
        if kept and kept[-1].role == message.role:
            kept[-1] = message
        elif kept or message.role == "user":
            kept.append(message)
    return tuple(kept[:-1] if kept and kept[-1].role == "user" else kept)


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a statement stands; `quote` is exactly `text[start:end]` of the stored document."""

    number: int
    """The marker in the answer: 1 is shown as [1]."""
    collection: str
    document: str
    title: str
    page: int | None
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a turn."""

    text: str
    """With markers such as [1]; what the customer reads."""
    citations: tuple[Citation, ...]
    outcome: Outcome
    evidence: float
    language: Language
    model: str
    """The model that wrote it, such as `embedded`; "none" when only quotes were used."""
    seconds: float
    first_token_seconds: float | None
    """From the question to the first text a customer could see; None before there is any."""
    pointed: str = ""
    """The few words that `text` begins with when they answer the question alone; "" otherwise."""


@dataclass(frozen=True, slots=True)
class Searched:
    """The documents were searched."""

    query: str
    evidence: float
    passages: tuple[Mapping[str, Any], ...]
    """For the screen: document, title, page, start, end, text, score."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Thought:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolReturned:
    tool: str
    content: str
    ok: bool


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """A write waits: this is exactly what would be done."""

    key: str
    tool: str
    text: str
    """What a yes approves, in the customer's language."""
    operator: bool
    """Whether a person of the company must approve as well, after the customer."""


@dataclass(frozen=True, slots=True)
class ApprovalDecided:
    """Somebody said what is to become of a write."""

    key: str
    decision: Decision
    by: Literal["customer", "operator"]


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of a write that was approved."""

    key: str
    tool: str
    text: str
    state: Literal["done", "failed", "unknown"]
    """`failed`: it was refused and changed nothing; `unknown`: nobody knows, a person looks."""


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """The text that follows begins with a line of these few words, which answer alone; quotes come below it."""

    text: str
    """`Answer.pointed`; the deltas hold it too."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer, already checked: what was shown is never taken back."""

    text: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A person takes over; the ticket is stored, and from here on the assistant is silent."""

    ticket: str
    """Its number, as a customer reads it out on the telephone."""
    reason: str
    """One of `agents.handover.Reason`."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The last step of every turn that ran to its end."""

    answer: Answer


Step = (
    Searched
    | Thought
    | ToolCalled
    | ToolReturned
    | ApprovalAsked
    | ApprovalDecided
    | Acted
    | ShortAnswer
    | Delta
    | HandedOver
    | Finished
)


_FOLDERS = re.compile(r"^((?:gguf|scripted):).*[/\\]")
SHOWN_OF_A_PASSAGE = ("collection", "document", "title", "page", "start", "end", "text", "score")


def searched(retrieval: Retrieval) -> Searched:
    """Return the step that tells what a search found."""
    shown = tuple({key: getattr(p, key) for key in SHOWN_OF_A_PASSAGE} for p in retrieval.passages)
    return Searched(retrieval.asked, retrieval.evidence, shown, retrieval.seconds)


def step_to_data(step: Step) -> dict[str, Any]:
    """Return a step as JSON-ready data with its `kind` (`searched`, `tool_called`, …)."""
    return dict(without_folder({"kind": _kind(type(step).__name__), **asdict(step)}))


def without_folder(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a step's data as customers may read it: where a model is a file, without its folder on this machine."""
    if data["kind"] != "finished":
        return data
    answer = data["answer"]
    return {**data, "answer": {**answer, "model": _FOLDERS.sub(r"\1", answer["model"])}}


def _kind(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")
