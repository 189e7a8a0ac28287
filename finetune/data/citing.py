"""A reply and passages in, the reply with markers that the passages bear out; or nothing.

    what a person wrote + passages      -> the sentences that a passage supports, each with its marker
    an answer with citations + passages -> the same answer, its markers counting these passages

What is learned may say only what stands there, as serving checks it (`agents.checks.citations`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.answering import check_text
from agents.checks.figures import MARKER, exact_parts
from agents.checks.support import support
from agents.prompts import NOT_FOUND, without_foreign, without_partly
from agents.transcript import Language
from knowledge.passages import Passage
from knowledge.text import sentences

PLEASANTRY_WORDS = 12
"""A sentence without support of up to so many words, and without a number, is a courtesy and is left out."""
MOST_WORDS = 10_000
"""No limit: `fits` says whether an answer is too long."""


def cited(reply: str, passages: Sequence[Passage]) -> str | None:
    """Return what passages support of a person's reply, with markers; None when it says something that none does."""
    kept: list[str] = []
    for start, end in sentences(MARKER.sub("", reply)):
        sentence = MARKER.sub("", reply)[start:end]
        found = support(sentence, passages)
        if found is not None:
            kept.append(with_marker(sentence, passages.index(found[0]) + 1))
        elif exact_parts(sentence) or len(sentence.split()) > PLEASANTRY_WORDS or len(sentence) > 6 * PLEASANTRY_WORDS:
            return None
    return " ".join(kept) or None


def may_be_cited(reply: str, parts: frozenset[str]) -> bool:
    """Say whether passages with these exact parts could support a reply: `cited` needs every one in a passage.

    Most replies of a help desk name an order, a day or an amount that stands in no document, and to search for each
    question is what takes long.
    """
    plain = MARKER.sub("", reply)
    return all(exact_parts(plain[start:end]) <= parts for start, end in sentences(plain))


def renumbered(
    text: str, citations: Sequence[Mapping[str, Any]], passages: Sequence[Passage], *, language: Language
) -> str | None:
    """Return an answer as a model should write it today; None when the documents no longer say all of it.

    Args:
        citations: As they were stored with the answer: number, collection, document, start, end, quote.
    """
    said, is_part = without_partly(text)
    said = without_foreign(said)
    places = {int(citation["number"]): place_of(citation, passages) for citation in citations}
    numbers = [int(number) for marker in MARKER.findall(said) for number in re.findall(r"\d+", marker)]
    if not numbers or any(places.get(number) is None for number in numbers):
        return None
    renewed = MARKER.sub(lambda found: _marker(found[1], places), said).strip()
    if not is_borne_out(renewed, passages, language=language):
        return None
    return f"{renewed} {NOT_FOUND}" if is_part else renewed


def is_borne_out(text: str, passages: Sequence[Passage], *, language: Language) -> bool:
    """Say whether serving would show every sentence of an answer."""
    _, draft = check_text(text, passages, language=language, max_words=MOST_WORDS)
    return draft.found and not draft.dropped


def fits(text: str, passages: Sequence[Passage], *, language: Language, max_words: int) -> bool:
    """Say whether serving would show an answer to its end: the prompt asks for no more words, and code holds to it."""
    shown, whole = (
        check_text(text, passages, language=language, max_words=most)[0] for most in (max_words, MOST_WORDS)
    )
    return shown == whole


def place_of(citation: Mapping[str, Any], passages: Sequence[Passage]) -> int | None:
    """Return the number, from 1, of the passage that holds what is cited; the text decides, not the offset."""
    for number, passage in enumerate(passages, 1):
        same = passage.collection == citation["collection"] and passage.document == citation["document"]
        if same and str(citation["quote"]) in passage.text:
            return number
    return None


def with_marker(sentence: str, number: int) -> str:
    """Return a sentence that ends with its passage's number, before its full stop."""
    end = re.search(r"[.!?。！？]+[\"'”’)）」』》]*$", sentence)
    place = end.start() if end else len(sentence)
    return f"{sentence[:place]} [{number}]{sentence[place:]}"


def _marker(numbers: str, places: Mapping[int, int | None]) -> str:
    new = dict.fromkeys(places[int(number)] for number in re.findall(r"\d+", numbers))
    return " " + "".join(f"[{number}]" for number in new)
