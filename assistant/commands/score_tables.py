"""Scores as text for a terminal: what failed first, then aligned tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from knowledge.comparison import Comparison
    from knowledge.evaluation import Failure, RagReport
    from knowledge.passages import Passage
    from knowledge.questions import Gold
    from knowledge.scores import PairedScore

SCORE_KEYS = {"value", "low", "high", "n"}
NOTHING = "–"
QUESTION_CHARACTERS = 100
TEXT_CHARACTERS = 70
DIFFERENCE_COLUMNS = ("recall_at_5", "mrr_at_10", "evidence_recall_at_5")
PART_COLUMNS = ("recall_at_5", "mrr_at_10", "ndcg_at_10", "refusal_auroc")


def flat_lines(scores: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines `name  value [low, high]  n` for scores as JSON-ready data."""
    rows: list[tuple[str, ...]] = []
    for name, value in _flat(scores):
        rows.append((name, interval(value), f"n={value['n']}") if isinstance(value, Mapping) else (name, str(value)))
    return table_lines(rows)


def report_lines(report: "RagReport", *, failures: int) -> Iterator[str]:
    """Yield what a person reads about retrieval: what was not found, then the scores.

    Args:
        failures: most questions shown that failed.
    """
    yield from failure_lines(report, limit=failures)
    yield from score_lines(report)


def failure_lines(report: "RagReport", *, limit: int) -> Iterator[str]:
    """Yield the questions whose answer was not found, worst first."""
    from knowledge.evaluation import failures

    failed = failures(report.judged)
    asked = report.overall.recall_at_5.n
    if failed:
        yield f"{len(failed)} of {asked} questions with a known place did not find their answer, the worst first:"
    elif asked:
        yield f"{asked} of {asked} questions with a known place found their answer."
    absent = set(report.absent)
    for failure in failed[:limit]:
        yield from _failure(failure, absent)
    if len(failed) > limit:
        yield f"  … and {len(failed) - limit} more: --failures {len(failed)}, or --report FILE.html"
    if report.absent:
        names = list(dict.fromkeys(document for _, document in report.absent))
        shown = ", ".join(one_line(name, limit=TEXT_CHARACTERS) for name in names[:5])
        yield (
            f"{len(names)} gold documents are not in the library, or not for who asks: {shown}"
            f"{', …' if len(names) > 5 else ''}. Next: ingest them, or mend their names in the question file."
        )
    if failed or report.absent:
        yield ""


def score_lines(report: "RagReport") -> Iterator[str]:
    """Yield the scores over all questions, and a line for each language and kind."""
    from knowledge.measures import MEANINGS

    overall = asdict(report.overall)
    rows = [(f"{report.overall.n} questions", "", "")]
    for name, (label, _meaning) in MEANINGS.items():
        value = overall[name]
        if isinstance(value, Mapping) and value["value"] is not None:
            rows.append((label, interval(value), f"n={value['n']}"))
        elif isinstance(value, float):
            rows.append((label, f"{value:.3f}", ""))
    yield from table_lines(rows)
    parts = {**(report.languages if len(report.languages) > 1 else {}), **report.kinds}
    if parts:
        yield ""
        head = ("", "n", *(MEANINGS[name][0] for name in PART_COLUMNS))
        lines = [
            (part, str(scores.n), *(interval(asdict(getattr(scores, name))) for name in PART_COLUMNS))
            for part, scores in parts.items()
        ]
        yield from table_lines([head, *lines])


def comparison_lines(comparison: "Comparison", *, limit: int) -> Iterator[str]:
    """Yield the verdicts of a comparison, what each side alone found, and what was left out."""
    from knowledge.measures import MEANINGS

    yield from comparison.verdicts
    if comparison.languages:
        head = ("", *(MEANINGS[name][0] for name in DIFFERENCE_COLUMNS))
        lines = [
            (language, *(difference(scores[name]) for name in DIFFERENCE_COLUMNS))
            for language, scores in comparison.languages.items()
        ]
        yield from ("", *table_lines([head, *lines]), "")
    yield from _named(f"Found by {comparison.left} only", comparison.found_by_left, limit)
    yield from _named(f"Found by {comparison.right} only", comparison.found_by_right, limit)
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


def _flat(scores: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in scores.items():
        if isinstance(value, Mapping) and value.keys() != SCORE_KEYS:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
