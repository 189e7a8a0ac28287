"""Questions whose answer is known in, examples of reading out: what a turn would show the model, and what to copy.

    question + library -> statements as a turn ranks them -> what fits into a prompt -> the words that answer
                          the same without the documents that answer               -> "not stated"

An example is kept only where serving would understand its reply as it is meant: as words of the right document, or as
a refusal of excerpts that do not hold the answer.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from agents.finding import find
from agents.prompts import NOT_STATED
from agents.quotes import ranking
from agents.quotes.quoting import shown
from agents.quotes.reading import FEW_EXCERPT_WORDS, excerpted, understood
from agents.quotes.statements import Statement
from agents.transcript import Language
from bench import labelled
from bench.datasets import DATA
from bench.labelled import Asked
from finetune.examples import Example, reading_example
from knowledge.library import Library
from knowledge.questions import Gold, Question
from knowledge.text import locate

SOURCES = (
    "kb_bank_tau2/docs_md",
    "kb_37signals_policies",
    "kb_telecom_tau2/main_policy.md",
    "kb_telecom_tau2/tech_support_manual.md",
    *(f"kb_sqlite_docs_html/{page}.html" for page in ("about", "autoinc", "faq", "limits", "lts", "wal")),
)
"""What the labelled questions are asked of, below the folder of the data sets; each has its licence beside it."""
TWIN_SHARE = 0.25
"""Of how many answered questions an example is made too in which their documents are missing."""


@dataclass(frozen=True, slots=True)
class Made:
    """An example, and what it is worth to know of it."""

    example: Example
    stated: bool
    """Whether its excerpts answer."""


def labelled_questions() -> tuple[Question, ...]:
    """Return the questions of `bench/labelled/reading.tsv` with their answers, read in place from the data sets."""
    return tuple(_question(number, one) for number, one in enumerate(labelled.asked()))


def make(library: Library, questions: Sequence[Question], *, language: Language, source: str) -> Iterator[Made]:
    """Yield the examples that questions give, the answered ones first with, for some, their twin without an answer.

    Args:
        questions: without a conversation before them.
        source: what stands in the examples' `meta`; documents of it are kept together as conversations.
    """
    for question in questions:
        ranked = _ranked(library, question, language)
        documents = {gold.document for gold in question.gold}
        given = excerpted(ranked, words=FEW_EXCERPT_WORDS)
        reply = _reply(question, ranked, given, language) if question.answerable else None
        where = next(iter(sorted(documents)), ranked[0].passage.document if ranked else question.id)
        meta = {"source": source, "conversation": f"{source}:{article(where)}"}
        asked = question.question
        if reply is not None:
            yield Made(reading_example(asked, given, reply=reply, language=language, **meta), True)
        if not question.answerable or _share(asked) < TWIN_SHARE:
            missing = [each for each in ranked if each.passage.document not in documents]
            others = excerpted(missing, words=FEW_EXCERPT_WORDS)
            if others and not any(_holds(statement, question.answers) for statement in others):
                reply = NOT_STATED[language]
                yield Made(reading_example(asked, others, reply=reply, language=language, **meta), False)


def article(document: str) -> str:
    """Return what a document is a part of: `xq07` of `xq07_02`, the other documents themselves."""
    return document.partition("_")[0] if document.startswith("xq") else document


def nearest_article(library: Library, question: Question, language: Language) -> str:
    """Return the article of the document that stands first in what is found."""
    ranked = _ranked(library, question, language)
    return article(ranked[0].passage.document) if ranked else ""


def _question(number: int, one: Asked) -> Question:
    source = next(each for each in SOURCES if one.file.startswith(each))
    below = one.file.removeprefix(source).lstrip("/")
    raw = (DATA / one.file).read_text(encoding="utf-8")[one.start : one.end]
    answer = " ".join(unescape(raw).split())
    document = below or source.rpartition("/")[2]
    return Question(f"labelled-{number}", one.question, gold=(Gold(document),), answers=(answer,))


def _ranked(library: Library, question: Question, language: Language) -> list[Statement]:
    found = find(library, question.question, collections=("default",), audiences=("public",))
    return ranking.rank(found, language=language, embedder=library.embedder)


def _reply(
    question: Question, ranked: Sequence[Statement], given: Sequence[Statement], language: Language
) -> str | None:
    """Return the answer as the model is shown it; None when it is not among the excerpts, or would be misunderstood."""
    documents = {gold.document for gold in question.gold}
    for statement in given:
        if statement.passage.document not in documents:
            continue
        text = shown(statement.text)
        for answer in question.answers:
            if span := locate(answer, text):
                reply = text[slice(*span)].strip(" .,;:。，；：")
                read = understood(reply, question.question, ranked, given=given, language=language)
                meant = read.ranked[:1]
                return reply if read.found and meant and meant[0].passage.document in documents else None
    return None


def _holds(statement: Statement, answers: Sequence[str]) -> bool:
    return any(locate(answer, shown(statement.text)) for answer in answers)


def _share(text: str) -> float:
    """Return a number 0-1 that a text always draws."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
