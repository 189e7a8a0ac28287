"""Scores as text for a terminal: what failed first, then aligned tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from knowledge.counting import counted

if TYPE_CHECKING:
    from agents.evaluation import AnswerReport
    from agents.trials.failures import Failure as AnswerFailure
    from knowledge.comparison import Comparison
    from knowledge.evaluation import Failure, RagReport
    from knowledge.passages import Passage
    from knowledge.questions import Gold
    from knowledge.scores import PairedScore
    from knowledge.yardstick import Yardstick

NOTHING = "–"
QUESTION_CHARACTERS = 100
TEXT_CHARACTERS = 70
PART_COLUMNS = 4
"""Columns of the table by language and kind, which a terminal has room for; the page shows more."""


def report_lines(report: "RagReport", *, failures: int) -> Iterator[str]:
    """Yield what a person reads about retrieval: what was not found, then the scores.

    Args:
        failures: most questions shown that failed.
    """
    from knowledge.measures import RETRIEVAL

    yield from failure_lines(report, limit=failures)
    yield from score_lines(report, RETRIEVAL)


def answer_lines(report: "AnswerReport", *, failures: int) -> Iterator[str]:
    """Yield what a person reads about answers: what went wrong, then the scores.

    Args:
        failures: most questions shown that failed.
    """
    from agents.trials.failures import failures as failures_of
    from agents.trials.measures import ANSWERS

    failed = failures_of(report.judged)
    if failed:
        yield f"{len(failed)} of {counted(report.overall.n, 'question')} went wrong, the worst first:"
    elif report.judged:
        asked = counted(report.overall.n, "question was", "questions were")
        yield f"{asked} answered, or refused, as is right."
    for failure in failed[:failures]:
        yield from _answer_failure(failure)
    if len(failed) > failures:
        yield f"  … and {len(failed) - failures} more: --failures {len(failed)}, or --report FILE.html"
    if failed:
        yield ""
    yield from score_lines(report, ANSWERS)


def failure_lines(report: "RagReport", *, limit: int) -> Iterator[str]:
    """Yield the questions whose answer was not found, worst first."""
    from knowledge.evaluation import failures

    failed = failures(report.judged)
    asked = report.overall.recall_at_5.n
    known = counted(asked, "question with a known place", "questions with a known place")
    if failed:
        yield f"{len(failed)} of {known} did not lead to the answer, the worst first:"
    elif asked:
        yield f"{asked} of {known} led to the answer."
    absent = set(report.absent)
    for failure in failed[:limit]:
        yield from _failure(failure, absent)
    if len(failed) > limit:
        yield f"  … and {len(failed) - limit} more: --failures {len(failed)}, or --report FILE.html"
    if report.absent:
        yield absent_line(report.absent)
    if failed or report.absent:
        yield ""


def absent_line(absent: Sequence[tuple[str, str]]) -> str:
    """Return what is said of gold documents that are not there, given as (question id, document)."""
    names = list(dict.fromkeys(document for _, document in absent))
    shown = ", ".join(one_line(name, limit=TEXT_CHARACTERS) for name in names[:5])
    missing = counted(len(names), "gold document is", "gold documents are")
    return (
        f"{missing} not in the library, or not for who asks: {shown}"
        f"{', …' if len(names) > 5 else ''}. Next: ingest what is missing, or mend the names in the question file."
    )


def score_lines(report: "RagReport | AnswerReport", yardstick: "Yardstick") -> Iterator[str]:
    """Yield the scores over all questions, and a line for each language and kind."""
    overall = asdict(report.overall)
    rows = [(counted(report.overall.n, "question"), "", "")]
    for name, (label, _meaning) in yardstick.meanings.items():
        value = overall[name]
        if isinstance(value, Mapping) and value["value"] is not None:
            rows.append((label, interval(value), f"n={value['n']}"))
        elif isinstance(value, int | float):
            rows.append((label, str(value) if isinstance(value, int) else f"{value:.3f}", ""))
    yield from table_lines(rows)
    parts: dict[str, Any] = {**(report.languages if len(report.languages) > 1 else {}), **report.kinds}
    if parts:
        yield ""
        columns = yardstick.by_part[:PART_COLUMNS]
        lines = [
            (part, str(scores.n), *(interval(asdict(getattr(scores, name))) for name in columns))
            for part, scores in parts.items()
        ]
        yield from table_lines([("", "n", *map(yardstick.label, columns)), *lines])


def comparison_lines(comparison: "Comparison", yardstick: "Yardstick", *, limit: int) -> Iterator[str]:
    """Yield the verdicts of a comparison, what each side alone did well, and what was left out."""
    yield from comparison.verdicts
    if comparison.languages:
        lines = [
            (language, *(difference(scores[name]) for name in yardstick.compared))
            for language, scores in comparison.languages.items()
        ]
        yield from ("", *table_lines([("", *map(yardstick.label, yardstick.compared)), *lines]), "")
    won = yardstick.winning
    yield from _named(f"{won} by {comparison.left} only", comparison.won_by_left, limit)
    yield from _named(f"{won} by {comparison.right} only", comparison.won_by_right, limit)
    yield from _named(f"Only in {comparison.left}, not compared", comparison.only_left, limit)
    yield from _named(f"Only in {comparison.right}, not compared", comparison.only_right, limit)
    yield from _named("Changed since, not compared", comparison.changed, limit)


def interval(score: Mapping[str, Any]) -> str:
    """Return `value  [low, high]`."""
    if score["value"] is None:
        return NOTHING
    return f"{score['value']:.3f}  [{score['low']:.3f}, {score['high']:.3f}]"


def difference(score: "PairedScore") -> str:
    """Return `difference  [low, high]  n`."""
    if score.difference is None:
        return NOTHING
    return f"{score.difference:+.3f}  [{score.low:+.3f}, {score.high:+.3f}]  n={score.n}"


def table_lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows with their columns aligned to the left."""
    columns = max(map(len, rows), default=0)
    widths = [max((len(row[place]) for row in rows if place < len(row)), default=0) for place in range(columns)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()


def one_line(text: str, *, limit: int) -> str:
    """Return text on one line, cut, without anything that a terminal would obey."""
    line = "".join(character if character.isprintable() else " " for character in " ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _failure(failure: "Failure", absent: set[tuple[str, str]]) -> Iterator[str]:
    question, retrieval = failure.judged.question, failure.judged.retrieval
    asked = one_line(question.question, limit=QUESTION_CHARACTERS)
    yield f"  {one_line(question.id, limit=TEXT_CHARACTERS)}  {asked}"
    for place in question.gold[:2]:
        missing = "  (not in the library)" if (question.id, place.document) in absent else ""
        yield f"      wanted  {_place(place)}{missing}"
    came = _passage(retrieval.passages[0]) if retrieval.passages else "nothing"
    yield f"      came    {came}"
    yield f"      why     {failure.reason}; evidence {retrieval.evidence:.2f}"


def _answer_failure(failure: "AnswerFailure") -> Iterator[str]:
    from agents.trials.failures import expected

    judged = failure.judged
    question, answer = judged.question, judged.answer
    asked = one_line(question.question, limit=QUESTION_CHARACTERS)
    yield f"  {one_line(question.id, limit=TEXT_CHARACTERS)}  {asked}"
    for fact in expected(question)[:2]:
        yield f"      expected  {one_line(fact, limit=TEXT_CHARACTERS)}"
    yield f"      said      {one_line(answer.text, limit=QUESTION_CHARACTERS)}"
    for citation in answer.citations[:2]:
        page = "" if citation.page is None else f", page {citation.page}"
        yield f"      cited     {one_line(citation.document, limit=TEXT_CHARACTERS)}{page}"
    for place in question.gold[:2]:
        yield f"      wanted    {_place(place)}"
    yield f"      why       {one_line(failure.reason, limit=2 * QUESTION_CHARACTERS)}"


def _place(place: "Gold") -> str:
    page = "" if place.page is None else f", page {place.page}"
    quote = f": {one_line(place.quote, limit=TEXT_CHARACTERS)}" if place.quote else ""
    return f"{one_line(place.document, limit=TEXT_CHARACTERS)}{page}{quote}"


def _passage(passage: "Passage") -> str:
    page = "" if passage.page is None else f", page {passage.page}"
    return f"{one_line(passage.document, limit=TEXT_CHARACTERS)}{page}: {one_line(passage.text, limit=TEXT_CHARACTERS)}"


def _named(what: str, names: Sequence[str], limit: int) -> Iterator[str]:
    if names:
        shown: Iterable[str] = (one_line(name, limit=TEXT_CHARACTERS) for name in names[:limit])
        yield f"{what} ({len(names)}): {', '.join(shown)}{', …' if len(names) > limit else ''}"
