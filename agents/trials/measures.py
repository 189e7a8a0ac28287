"""What one answer is worth: a question with what is known to be right, and its answer in; marks out.

    question + answer -> facts, citation, token F1, support, strays, length -> AnswerMeasures, each for one question

It knows neither models nor searches: only what was said, what was cited, and what the cited documents hold.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType

from agents.checks.figures import MARKER
from agents.checks.grounding import document_around, said_sentences
from agents.checks.overlap import token_f1
from agents.quotes.statements import count_words
from agents.transcript import Answer, Citation
from knowledge.library import Library
from knowledge.questions import Gold, Question
from knowledge.text import locate
from knowledge.yardstick import Yardstick

_SEPARATORS = re.compile(r"[\W_]+")


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
ANSWERS = Yardstick(
    command="answers",
    measures=tuple(field.name for field in fields(AnswerMeasures)),
    meanings=MEANINGS,
    said=MappingProxyType(
        {
            "held_and_cited": (
                "answers rightly, with the right citation, more often",
                "in how often an answer is right",
            ),
            "facts_held": ("holds the facts more often", "in how often the facts are held"),
            "citation_right": ("cites the right place more often", "in how often the right place is cited"),
            "pointed_f1": ("comes closer to the right answers in what it says first", "in what is said first"),
            "answer_f1": ("comes closer to the right answers in all that it says", "in all that is said"),
            "supported": ("says more of what its citations support", "in how much is supported"),
            "answered_when_answerable": ("answers more of the answerable questions", "in what is answered"),
            "refused_when_unanswerable": ("refuses more of the unanswerable questions", "in what is refused"),
            "words": ("uses fewer words", "in length"),
        }
    ),
    repeats=MappingProxyType({"facts_held": "held_and_cited", "answer_f1": "pointed_f1"}),
    won="held_and_cited",
    winning="Right",
    by_part=(
        "held_and_cited",
        "pointed_f1",
        "answered_when_answerable",
        "refused_when_unanswerable",
        "refusal_auroc",
        "facts_held",
        "citation_right",
        "answer_f1",
        "supported",
        "words",
    ),
    compared=("held_and_cited", "facts_held", "pointed_f1", "words"),
    beside=frozenset({"kind"}),
    units=MappingProxyType({"words": "words", "seconds": "seconds", "first_text_seconds": "seconds"}),
)


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
    said = _plain(text)
    return [group for group in facts if not any(_plain(fact) in said for fact in group)]


def is_right(citation: Citation, gold: Sequence[Gold], library: Library, *, audiences: Sequence[str]) -> bool:
    """Say whether a citation overlaps a gold quote or, without a quote, lies on the gold page or in the document."""
    for place in gold:
        if place.document != citation.document:
            continue
        if not place.quote:
            if place.page is None or place.page == citation.page:
                return True
        elif (around := document_around(citation, library, audiences)) and _overlaps(
            citation, place.quote, around.before + around.quote + around.after
        ):
            return True
    return False


def pointed_part(answer: Answer) -> str:
    """Return the short answer that comes first; all of it where an answer has no such part."""
    return answer.pointed or answer.text


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


def _plain(text: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).casefold())
