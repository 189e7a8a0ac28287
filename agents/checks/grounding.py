"""Is all that an answer says in what it cites?

    answer + citations -> sentences without support, numbers and links that nothing cited holds

It takes no account of what is right: an answer may be well grounded and wrong.
"""

import re
import unicodedata
from collections.abc import Sequence

from agents import courtesies
from agents.checks.figures import MARKER, exact_parts
from agents.checks.polarity import contradicts
from agents.checks.support import UNIT_TERMS, support
from agents.guard import MARKS
from agents.prompts import without_foreign, without_partly
from agents.quotes.draft_labels import label
from agents.quotes.expired import OVER
from agents.quotes.quoting import shown
from agents.quotes.statements import CELL_BREAK
from agents.transcript import Answer, Citation
from knowledge.drafts import says_draft
from knowledge.errors import KnowledgeError
from knowledge.excerpts import Excerpt
from knowledge.library import Library
from knowledge.passages import Passage
from knowledge.text import locate, sentences, tokens

WHOLE_DOCUMENT = 10_000_000
_CELL_BREAKS = (" – ", "; ")
"""What stands between the cells of a table row that is shown in an answer."""
_PIECES = re.compile(
    "|".join(map(re.escape, (*_CELL_BREAKS, *(mark for of in MARKS.values() for mark in of.values()))))
)
"""Where an answer's words may differ from what it quotes: a row is shown otherwise, a link is taken out."""
_DENIES_AMOUNT = re.compile(r"(?:\bnot|\bno longer|不是|不再|并非)(?: for| within)?\s*$", re.IGNORECASE)


def stray_parts(
    answer: Answer, library: Library | None = None, *, audiences: Sequence[str] = (), contact: str = ""
) -> set[str]:
    """Return the numbers, dates, prices, links and addresses that no quote, nor heading or draft's name above, holds.

    Args:
        library: where the headings are looked up; None takes quotes and titles only.
        audiences: who asked.
        contact: the company's own address, which refusals name.
    """
    said = (exact_parts(line) for line in answer.text.splitlines())  # "One", and "One case" below it, are no number
    parts = set().union(*said) - exact_parts(contact)
    for citation in answer.citations:
        parts -= exact_parts(citation.quote)
    for citation in answer.citations if parts else ():
        headings = _headings(citation, library, audiences) if library else ()
        name = citation.document.rpartition("/")[2] if says_draft(citation.document) else ""
        parts -= exact_parts("\n".join((citation.title, name, *headings)))
    return parts


def unsupported_sentences(answer: Answer, library: Library, *, audiences: Sequence[str]) -> tuple[str, ...]:
    """Return the sentences of an answer that nothing it cites says; none for a refusal or a courtesy.

    A sentence is supported when a quote holds it word for word (whole, or a part that the rest does not deny), alone or
    behind a heading above it, when it is a title or heading above one or a sentence of them, as a FAQ's question is
    before its yes or no, or when a quote under its headings passes the check that written answers go through
    (`agents.checks.support`). So are the few words that stand first, where the sentence that they are of follows.
    A denial without a word for it ("It is a myth that …") is not seen.
    """
    if answer.outcome == "refused" or courtesies.is_one(answer.text):
        return ()
    told = said_sentences(answer.text)
    doubtful = [
        text
        for text in told
        if not any(_is_quoted(text, citation.quote) for citation in answer.citations)
        and not (text.strip() == answer.pointed.strip() and any(locate(text, other) for other in told if other != text))
    ]
    if not doubtful:
        return ()
    cited = [_cited_passage(citation, library, audiences) for citation in answer.citations]
    states = {f"{shown(said)}: " for passage in cited if (said := label(passage))} | {
        f"{over}: " for over in OVER.values()
    }
    doubtful = [text for text in doubtful if not any(_is_quoted_from(text, state, cited) for state in states)]
    doubtful = [text for text in doubtful if not any(_is_quoted_under_its_heading(text, passage) for passage in cited)]
    places = {place.strip() for passage in cited for place in (passage.title, *passage.headings)}
    places |= {place[start:end].strip() for place in places for start, end in sentences(place)}
    return tuple(text for text in doubtful if text.strip() not in places and support(text, cited) is None)


def said_sentences(text: str) -> list[str]:
    """Return the sentences of an answer without their markers, and without word of what the documents do not answer,
    nor of which language they are in. Punctuation alone ("!!") says nothing; a sign such as a tick does.
    """
    unmarked = MARKER.sub("", without_foreign(without_partly(text)[0]))
    said = (unmarked[start:end] for start, end in sentences(unmarked))
    return [sentence for sentence in said if not all(_is_punctuation(sign) for sign in sentence)]


def _is_punctuation(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "PZ" or sign.isspace()


def _is_quoted(sentence: str, quote: str) -> bool:
    """Say whether a quote holds a sentence word for word, or all cells of a row, or all but what was taken out.

    A part of a sentence that the rest of it denies is not held: "closed on Sundays" of "not closed on Sundays".
    """
    if span := locate(sentence, quote):
        return not _is_denied(sentence, quote, *span)
    return all(locate(piece, quote) for piece in _PIECES.split(sentence) if piece.strip(" .,:;()"))


def _is_denied(words: str, quote: str, start: int, end: int) -> bool:
    """Say whether the sentences of a quote that hold these words deny them; of an amount, what is right before it.

    One cell of a row denies no other.
    """
    if all(term in UNIT_TERMS or term[0].isdecimal() for term in tokens(words)):
        return _DENIES_AMOUNT.search(quote[:start]) is not None
    around = [(begins, ends) for begins, ends in sentences(quote) if begins < end and start < ends]
    in_part = [quote[begins:ends] for begins, ends in around if begins < start or end < ends]
    return any(contradicts(words, sentence) for sentence in in_part if CELL_BREAK not in sentence)


def _is_quoted_from(sentence: str, state: str, cited: Sequence[Passage]) -> bool:
    """Say whether a sentence is the name of a draft, or that something is over, and what is quoted from it."""
    said = sentence.removeprefix(state)
    return said != sentence and any(_is_quoted(said, passage.text) for passage in cited)


def _is_quoted_under_its_heading(sentence: str, passage: Passage) -> bool:
    """Say whether a sentence is the nearest heading and a quoted sentence, whole: a part of it may say the opposite."""
    said = {passage.text[start:end] for start, end in sentences(passage.text)} | {passage.text}
    return any(sentence == f"{shown(heading)} – {shown(text)}" for heading in passage.headings[-1:] for text in said)


def _cited_passage(citation: Citation, library: Library, audiences: Sequence[str]) -> Passage:
    return Passage(
        collection=citation.collection,
        document=citation.document,
        title=citation.title,
        headings=_headings(citation, library, audiences),
        header="",
        page=citation.page,
        start=citation.start,
        end=citation.end,
        text=citation.quote,
        audience="public",
        language="",
        score=0.0,
    )


def _headings(citation: Citation, library: Library, audiences: Sequence[str]) -> tuple[str, ...]:
    around = document_around(citation, library, audiences)
    return around.headings if around else ()


def document_around(citation: Citation, library: Library, audiences: Sequence[str]) -> Excerpt | None:
    """Return the cited document around the citation; None when there is no such document for who asked."""
    try:
        return library.excerpt(
            citation.collection,
            citation.document,
            citation.start,
            citation.end,
            audiences=audiences,
            margin=WHOLE_DOCUMENT,
            quote=citation.quote,
        )
    except KnowledgeError:
        return None
