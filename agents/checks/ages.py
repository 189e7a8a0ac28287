"""Sentences that tell what an older document said, where a newer one says otherwise.

    "Earlier: 60 days." + dated passages -> the older one that says "60 days", when a newer one is on the subject

That a passage is the older of two stands in neither of them, so a check by words alone would drop such a sentence.
"""

import re
from collections.abc import Sequence

from agents.checks.support import Span, support
from knowledge.passages import Passage
from knowledge.text import STOP_WORDS, tokens

SHARED_TERMS = 0.5
"""Share 0-1 of a sentence's terms that a newer passage must hold to be on the same subject."""
_AGE = re.compile(
    r"\b(?:an?\s+|the\s+)?(?:earlier|older|previous(?:ly)?|former(?:ly)?|superseded|outdated)\b(?:\s+(?:one|version))?[:,]?"
    r"|(?:较早的?|更早的?|早先的?|以前的?|之前的?|此前的?|原先的?|旧版?的?)(?:规定|版本)?[:：，,]?",
    re.IGNORECASE,
)
_SAYS = re.compile(r"\b(?:sa(?:id|ys?)|stat(?:es?|ed)|g(?:ives?|ave)|was|were)\b|规定|写明|写的", re.IGNORECASE)


def support_by_older(
    text: str, passages: Sequence[Passage], *, named: Sequence[int] = ()
) -> tuple[Passage, tuple[Span, ...]] | None:
    """Return what `support.support` does, for a sentence that says of itself that it tells the older state.

    Args:
        named: the numbers that the sentence's markers name, 1 being the first passage; these are tried first.
    """
    plain = _SAYS.sub(" ", _AGE.sub(" ", text)).strip()
    if not _AGE.search(text):
        return None
    order = [passages[number - 1] for number in named if 0 < number <= len(passages)]
    for passage in dict.fromkeys([*order, *passages]):
        if any(_is_newer(other, passage, subject=_subject(plain)) for other in passages):
            found = support(plain, [passage])
            if found is not None:
                return found
    return None


def _is_newer(other: Passage, passage: Passage, *, subject: set[str]) -> bool:
    if not passage.dated or not other.dated > passage.dated:
        return False
    there = set(tokens("\n".join((other.title, *other.headings, other.header, other.text))))
    return len(subject & there) >= SHARED_TERMS * len(subject)


def _subject(text: str) -> set[str]:
    return {term for term in tokens(text) if not term[0].isdigit()} - STOP_WORDS
