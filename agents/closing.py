"""What a model says at the end of its steps in, as much of it as may be shown out.

    text -> sentences with a marker -> checked against the passages that were looked up -> cited
         -> the others -> as far as the tools' results and the customer's own words bear them out

A sentence that offers again what was offered, or says again what stands there with its citation, is left out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agents import replies
from agents.answering import check_text
from agents.checks.figures import MARKER
from agents.loop_state import LoopResult
from agents.transcript import Citation, Language, Message


@dataclass(frozen=True, slots=True)
class Closing:
    """What may be shown of a model's last words; "" is nothing."""

    text: str
    citations: tuple[Citation, ...] = ()

    @property
    def asks(self) -> bool:
        return self.text.rstrip().endswith(("?", "？"))


def closing(
    result: LoopResult,
    *,
    said: Sequence[str],
    tools: Collection[str],
    acted: bool,
    history: Sequence[Message],
    language: Language,
    max_words: int,
) -> Closing:
    """Return as much of a model's last words as may be shown.

    Args:
        said: what the customer wrote, which bears out as well as the tools' results.
        tools: names that no customer should read.
        acted: whether something was done, which the words may then say.
    """
    marked = [sentence for sentence in replies.sentences(result.text) if MARKER.search(sentence)]
    cited, citations = _cited(marked, result, language=language, max_words=max_words)
    sources = (*result.records, *result.results, *said)
    kept = replies.borne_out(MARKER.sub("", result.text), sources, acted=acted, tools=tools)
    new = [sentence for sentence in kept if not replies.repeats_an_offer(sentence, history)]
    plain = [sentence for sentence in new if not any(replies.says_again(sentence, one) for one in marked)]
    return Closing(replies.joined([*plain, *([cited] if cited else [])], language), citations)


def _cited(
    marked: Sequence[str], result: LoopResult, *, language: Language, max_words: int
) -> tuple[str, tuple[Citation, ...]]:
    """Return what the passages hold of the sentences with a marker, and what it cites."""
    if not marked or not result.passages:
        return "", ()
    checked, draft = check_text(" ".join(marked), result.passages, language=language, max_words=max_words)
    return (checked, draft.citations) if draft.found else ("", ())
