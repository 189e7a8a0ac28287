"""What one answer is worth: a question with what is known to be right, and its answer in; marks out.

    question + answer -> facts, citation, token F1, support, strays, length -> AnswerMeasures, each for one question

It knows neither models nor searches: only what was said, what was cited, and what the cited documents hold.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from agents.figures import MARKER, exact_parts
from agents.quoting import count_words
from agents.support import support
from agents.transcript import Answer, Citation
from knowledge.errors import KnowledgeError
from knowledge.library import Excerpt, Library
from knowledge.passages import Passage
from knowledge.questions import Gold, Question
from knowledge.text import CJK_CLASS, locate, sentences

WHOLE_DOCUMENT = 10_000_000
ARTICLES = frozenset({"a", "an", "the"})
_SEPARATORS = re.compile(r"[\W_]+")
_TOKEN = re.compile(f"[{CJK_CLASS}]|[^\\s{CJK_CLASS}]+")
_CELLS = re.compile(r" – |; ")
"""What stands between the cells of a table row that is shown in an answer."""


@dataclass(frozen=True, slots=True)
class AnswerMeasures:
    """One answer's marks, 0-1 where nothing else is said; None where its question does not ask for it."""

    facts_held: float | None = None
    """1 when every group of facts has a hit in the answer; a refusal holds none."""
    held_and_cited: float | None = None
    """1 when every fact is held and a citation is right."""
    citation_right: float | None = None
    """1 when a citation overlaps a place that holds the answer; None for refusals."""
    pointed_f1: float | None = None
    """Token F1 of the pointed part against the best of the right answers; 0 for a refusal."""
    answer_f1: float | None = None
    """The same for the whole answer."""
    supported: float | None = None
    """Share of the answer's sentences that what it cites supports; None for refusals."""
    answered_when_answerable: float | None = None
    refused_when_unanswerable: float | None = None
    words: float | None = None
    """Words without markers, two Chinese characters as one; None for refusals."""
    first_text_seconds: float | None = None


MEANINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "facts_held": ("facts held", "answerable questions whose answer holds every fact that was asked for"),
        "held_and_cited": ("held and cited", "the same, and a citation points to where it stands"),
        "citation_right": ("citation right", "answers with a citation that overlaps the right place"),
        "pointed_f1": (
            "token F1, pointed",
            "how close the short answer that comes first is to the right one; 1 is equal",
        ),
        "answer_f1": ("token F1, whole", "the same for all that was said; more words make it smaller"),
        "supported": ("supported", "share of an answer's sentences that the cited text supports"),
        "answered_when_answerable": ("answered, answerable", "answerable questions that are answered"),
        "refused_when_unanswerable": ("refused, unanswerable", "questions without an answer that are refused"),
        "refusal_auroc": ("refusal AUROC", "how often an answerable question has more evidence than another"),
        "words": ("words", "mean length of an answer, two Chinese characters as one word"),
        "words_longest": ("words, longest", "length of the longest answer"),
        "unsupported": ("unsupported sentences", "sentences of all answers that the cited text does not support"),
        "sentences": ("sentences", "sentences of all answers"),
        "strays": ("strays", "numbers, dates, prices, links, addresses that the cited text does not hold; must be 0"),
        "first_text_seconds": ("seconds to first text", "mean time until something can be read"),
        "seconds": ("seconds", "mean time of a whole answer or refusal"),
        "seconds_median": ("seconds, median", "half of the answers take less"),
        "seconds_p95": ("seconds, 95 %", "95 of 100 answers take less"),
    }
)
"""Name -> how it is shown, and what it says to someone who runs a shop."""


def measure(
    question: Question, answer: Answer, library: Library, *, audiences: Sequence[str], unsupported: Sequence[str] = ()
) -> AnswerMeasures:
    """Compare an answer with what is known to be right.

    Args:
        audiences: who asked; gold that they may not read is never rightly cited.
        unsupported: the sentences without support, as `unsupported_sentences` finds them.
    """
    refused = answer.outcome == "refused"
    said = None if refused else said_sentences(answer.text)
    always = {
        "supported": None if said is None else 1.0 - len(unsupported) / max(len(said), 1),
        "words": None if refused else count_words(MARKER.sub("", answer.text)),
        "first_text_seconds": answer.first_token_seconds,
    }
    if not question.answerable:
        return AnswerMeasures(refused_when_unanswerable=float(refused), **always)
    held = float(not refused and not missing_facts(answer.text, question.facts)) if question.facts else None
    cited = any(is_right(citation, question.gold, library, audiences=audiences) for citation in answer.citations)
    right = float(cited) if question.gold and not refused else None
    pointed, whole = ("", "") if refused else (pointed_part(answer), answer.text)
    return AnswerMeasures(
        facts_held=held,
        held_and_cited=None if held is None or not question.gold else held * (right or 0.0),
        citation_right=right,
        pointed_f1=_best_f1(pointed, question),
        answer_f1=_best_f1(whole, question),
        answered_when_answerable=float(not refused),
        **always,
    )


def missing_facts(text: str, facts: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Return the groups without a hit, compared after NFKC, casefold and removal of separators."""
    plain = _plain(text)
    return [group for group in facts if not any(_plain(fact) in plain for fact in group)]


def is_right(citation: Citation, gold: Sequence[Gold], library: Library, *, audiences: Sequence[str]) -> bool:
    """Say whether a citation overlaps a gold quote or, without a quote, lies on the gold page or in the document."""
    for place in gold:
        if place.document != citation.document:
            continue
        if not place.quote:
            if place.page is None or place.page == citation.page:
                return True
        elif (around := _around(citation, library, audiences)) and _overlaps(
            citation, place.quote, around.before + around.quote + around.after
        ):
            return True
    return False


def token_f1(text: str, references: Sequence[str], *, language: str) -> float:
    """Return the harmonic mean of precision and recall of tokens, for the best of the right answers.

    As in SQuAD (Rajpurkar et al. 2016): case, punctuation and English articles do not count. A token is a word, but
    each Chinese character is one, as in CMRC 2018 (Cui et al. 2019). Markers such as [1] are no part of the text.

    Args:
        references: the right answers; with none the mark is 0.
        language: of the question, `en` or `zh`.
    """
    return max((_f1(_tokens(text, language), _tokens(other, language)) for other in references), default=0.0)


def pointed_part(answer: Answer) -> str:
    """Return the short answer that comes first; all of it where an answer has no such part."""
    return answer.text


def stray_parts(answer: Answer, library: Library, *, audiences: Sequence[str], contact: str = "") -> set[str]:
    """Return the numbers, dates, prices, links and addresses that neither quotes nor the headings above them hold.

    Args:
        contact: the company's own address, which refusals name.
    """
    parts = exact_parts(answer.text) - exact_parts(contact)
    for citation in answer.citations:
        parts -= exact_parts(citation.quote)
    for citation in answer.citations if parts else ():
        parts -= exact_parts("\n".join((citation.title, *_headings(citation, library, audiences))))
    return parts


def unsupported_sentences(answer: Answer, library: Library, *, audiences: Sequence[str]) -> tuple[str, ...]:
    """Return the sentences of an answer that nothing it cites says; none for a refusal, which says nothing.

    A sentence is supported when a quote holds it word for word, or when a quote under its headings passes the check
    that written answers go through (`agents.support`).
    """
    if answer.outcome == "refused":
        return ()
    quotes = [_plain(citation.quote) for citation in answer.citations]
    doubtful = [text for text in said_sentences(answer.text) if not any(_is_quoted(text, quote) for quote in quotes)]
    if not doubtful:
        return ()
    cited = [_cited_passage(citation, library, audiences) for citation in answer.citations]
    return tuple(text for text in doubtful if support(text, cited) is None)


def said_sentences(text: str) -> list[str]:
    """Return the sentences of an answer without their markers."""
    plain = MARKER.sub("", text)
    return [plain[start:end] for start, end in sentences(plain)]


def _is_quoted(sentence: str, quote: str) -> bool:
    """Say whether a quote holds a sentence, or all cells of a table row."""
    return _plain(sentence) in quote or all(_plain(cell) in quote for cell in _CELLS.split(sentence))


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
    around = _around(citation, library, audiences)
    return around.headings if around else ()


def _around(citation: Citation, library: Library, audiences: Sequence[str]) -> Excerpt | None:
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


def _overlaps(citation: Citation, quote: str, text: str) -> bool:
    """Say whether one of the places where the quote stands in the text overlaps the citation."""
    begun = 0
    while span := locate(quote, text[begun:]):
        start, end = begun + span[0], begun + span[1]
        if end > citation.start:
            return start < citation.end
        begun = end
    return False


def _best_f1(text: str, question: Question) -> float | None:
    """Return the token F1 against the right answers, or against the nearest spelling of each fact, in their order."""
    language = question.language
    if question.answers:
        return token_f1(text, question.answers, language=language)
    if not question.facts:
        return None
    nearest = [max(group, key=lambda fact: token_f1(text, [fact], language=language)) for group in question.facts]
    return token_f1(text, [" ".join(nearest)], language=language)


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted))


def _tokens(text: str, language: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", MARKER.sub("", text)).casefold()
    kept = "".join(character for character in plain if unicodedata.category(character)[0] not in "PS")
    found = _TOKEN.findall(kept)
    return [token for token in found if token not in ARTICLES] if language == "en" else found


def _plain(text: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).casefold())
