"""When a person must take over: decided by code alone, never by a language model.

    the customer's words, and what they mean        -> asked, safety, legal, anger   before anything is looked up
    how this turn and those before it ended         -> low_evidence, repeated_failure, tool
    the model cannot answer at all                  -> model_failed

Words are told apart by what they do: "I got an electric shock" reports an injury, "is there a risk of electric shock?"
asks about one; "let me talk to a person" asks for one, "does a person have to sign?" does not. Dangers are of more
sorts than any words foresee, so `agents.danger` listens too. What happens then is the business of whoever implements
`Desk`.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from agents import hurt_elsewhere
from agents.danger_words import DANGER
from agents.hand_over_words import ANGER, ASKED, CALL_BACK, LEGAL, NOT_ASKED, NOT_SAFETY, SAFETY
from agents.transcript import Outcome
from knowledge.traditional import simplified

Reason = Literal["asked", "safety", "legal", "anger", "low_evidence", "repeated_failure", "tool", "model_failed"]
REASONS: tuple[Reason, ...] = (
    "asked",
    "safety",
    "legal",
    "anger",
    "low_evidence",
    "repeated_failure",
    "tool",
    "model_failed",
)
REFUSALS_IN_A_ROW = 2
FAILURES_IN_A_ROW = 2
SHOUTED_WORDS = 4
"""Words in capitals, with a mark of exclamation, that are shouting."""
_MANNERS = re.compile(
    r"\b(?:i|i'd|me|can|could|may|would|will|like|want|need|wish|let|to|a|now|just|hello|hi|hey|please|pls|thanks|thank"
    r"|you)\b|客服|您好|你好|请|帮我|我想|我要|谢谢|一下|吗|[\W_]+"
)
_SHOUT = re.compile(r"\b[A-Z]{3,}\b")


class Desk(Protocol):
    """Where conversations go that need a person; durable before it returns."""

    def is_held(self, conversation: str) -> bool:
        """Say whether a person has this conversation now, so that the assistant is silent."""
        ...

    def hand_over(self, conversation: str, turn: int, *, reason: Reason) -> str:
        """Make the ticket, pause the assistant, tell the customer; return the number, the same for every try."""
        ...


def from_words(
    question: str, *, books_calls: bool = False, hears_danger: Callable[[str], bool] = lambda message: False
) -> Reason | None:
    """Return why a customer's message needs a person, the gravest reason first; None when it does not.

    Args:
        question: What the customer wrote.
        books_calls: Whether a tool can book a call-back: who asks for one then needs no person now.
        hears_danger: Says whether a message reports a danger, beside the wordings for it (`agents.danger`).
    """
    text = plain(question)
    left = hurt_elsewhere.without(text)
    if DANGER.search(text) or SAFETY.search(NOT_SAFETY.sub(" ", left)):
        return "safety"
    if hears_danger(question if left == text else left):
        return "safety"
    if LEGAL.search(text):
        return "legal"
    if ASKED.search(NOT_ASKED.sub(" ", text)) or (not books_calls and _wants_chinese_call(text)):
        return "asked"
    if ANGER.search(text) or _is_shouted(question):
        return "anger"
    return None


def only_asks(question: str) -> bool:
    """Return whether a message asks for a person and says nothing of what it is about.

    >>> [only_asks(said) for said in ("Can I speak to a human, please?", "转人工客服", "It broke, get me a human")]
    [True, True, False]
    """
    text = plain(question)
    return ASKED.search(text) is not None and not _MANNERS.sub("", ASKED.sub(" ", text))


def asks_for_call(text: str) -> bool:
    """Return whether somebody asks to be called by telephone.

    >>> [asks_for_call(text) for text in ("请给我回电话", "Please call me back", "我打电话给客服了")]
    [True, True, False]
    """
    return CALL_BACK.search(plain(text)) is not None


def from_outcomes(outcomes: Sequence[Outcome]) -> Reason | None:
    """Return why the way turns ended needs a person.

    Args:
        outcomes: of the conversation's turns since the assistant last had it, in order; the last is this turn's.
    """
    if not outcomes:
        return None
    if outcomes[-1] == "handed_over":
        return "tool"
    if _ends_with(outcomes, "failed", FAILURES_IN_A_ROW):
        return "repeated_failure"
    return "low_evidence" if _ends_with(outcomes, "refused", REFUSALS_IN_A_ROW) else None


def plain(text: str) -> str:
    """Return a text as the patterns read it: lower case, simplified signs, one kind of quotes, spaces and widths."""
    text = simplified(unicodedata.normalize("NFKC", text)).casefold().translate({0x2019: "'", 0x2018: "'", 0x60: "'"})
    return " ".join(text.split())


def _wants_chinese_call(text: str) -> bool:
    """English call-backs go to the tools as any request; where there are none, what follows of it is handed over."""
    return CALL_BACK.search(text) is not None and re.search(r"[\u3400-\u9fff]", text) is not None


def _ends_with(outcomes: Sequence[Outcome], outcome: Outcome, times: int) -> bool:
    return len(outcomes) >= times and all(each == outcome for each in outcomes[-times:])


def _is_shouted(question: str) -> bool:
    return "!" in question.replace("！", "!") and len(_SHOUT.findall(question)) >= SHOUTED_WORDS
