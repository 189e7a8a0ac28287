"""How long an answer of quotes is, and how often it holds what was asked for: `agents.quotes.quoting.further`, varied.

    development questions -> statements, best first -> quoted by each rule -> facts held, words

What evidence refuses holds nothing and counts no words, except with two sentences, which are the floor and never
refuse. No model is asked, and the few words that stand before the first sentence are not there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.answering import AnswerOptions
from agents.finding import find
from agents.quotes import quoting
from agents.quotes.choosing import choose
from agents.quotes.statements import Statement, count_words
from agents.transcript import Message
from agents.trials.measures import missing_facts
from bench.floor import PASSAGES, best_sentences
from bench.homes import library_with
from bench.ranking import EMBEDDERS, SETS
from bench.tables import Table
from knowledge.errors import EmbedderUnavailable
from knowledge.library import Library
from knowledge.passages import current
from knowledge.questions import Question, read
from knowledge.text import detect_language

VARIED: Mapping[str, float] = {"1/500": 1 / 500, "1/2000": 1 / 2000, "1/8000": 1 / 8000}
"""How likely a further sentence must be, for each word it takes."""
FLOOR = "two sentences"


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a rule quotes for one question."""

    held: bool
    words: float
    """Without markers; two Chinese characters count as one."""


def run(folder: Path) -> Table:
    rows, notes = [], []
    for embedder in EMBEDDERS:
        for name in SETS:
            try:
                rows.append(_row(name, folder, embedder=embedder))
            except EmbedderUnavailable as error:
                notes.append(f"{name} with `{embedder}` was not measured: {error}")
    in_use = next(rule for rule, likely in VARIED.items() if likely == quoting.LIKELY_A_WORD)
    return Table(
        columns=("questions", "n", FLOOR, *(f"{rule}, in use" if rule == in_use else rule for rule in VARIED)),
        rows=tuple(rows),
        cases="one answerable question is one case",
        spread="questions whose facts are held @ words of an answer, mean",
        notes=tuple(notes),
    )


def _row(name: str, folder: Path, *, embedder: str) -> tuple[str, ...]:
    with library_with(embedder, name, folder) as (library, questions):
        quoted = [quoted_for(question, library) for question in read(questions) if question.answerable]
    cells = [_cell(by_rule[rule] for by_rule in quoted if rule in by_rule) for rule in (FLOOR, *VARIED)]
    return f"{name}, {embedder}", str(len(quoted)), *cells


def quoted_for(question: Question, library: Library) -> dict[str, Quoted]:
    """Return what each rule quotes; the floor alone where the question is refused."""
    history = tuple(Message("user" if m.role == "user" else "assistant", m.content) for m in question.history)
    audiences = tuple(dict.fromkeys(["public", question.audience]))
    found = find(library, question.question, history, collections=("default",), audiences=audiences)
    options = AnswerOptions()
    choice = choose(
        question.question,
        found,
        history,
        model=None,
        language=detect_language(question.question),
        embedder=library.embedder,
        refuse_below=options.refuse_below,
    )
    by_rule = {FLOOR: _measured(question, best_sentences(found.asked, current(found.passages)[:PASSAGES]))}
    if found.evidence < options.refuse_below or not choice.found:
        return by_rule
    begun = quoting.lead(choice.ranked, max_words=options.max_words)
    for rule, likely in VARIED.items():
        more = quoting.further(
            choice.of_the_same,
            begun,
            most=options.sentences - 1,
            max_words=options.max_words,
            brief_words=options.brief_words,
            likely_a_word=likely,
        )
        by_rule[rule] = _measured(question, [*begun, *more])
    return by_rule


def _measured(question: Question, chosen: list[Statement]) -> Quoted:
    texts = [quoting.shown(statement.text) for statement in chosen]
    return Quoted(not missing_facts("\n".join(texts), question.facts), sum(map(count_words, texts)))


def _cell(quoted: Iterable[Quoted]) -> str:
    every = list(quoted)
    mean = sum(one.words for one in every) / len(every) if every else 0.0
    return f"{sum(one.held for one in every)} @ {mean:.1f}"
