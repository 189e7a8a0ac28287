"""Should the embedded model come tuned: it learns to read on some articles, and is asked about others and about shops.

    labelled questions, half of xquad -> examples of reading -> frontdesk finetune train -> frontdesk adapters add
    the other half, the demo company, mtrag -> frontdesk evaluate answers, without the adapter and with it -> a table

What is judged is the whole answer as a customer gets it. Nothing of the demo company or of mtrag is learned from, and
no question about an article that is judged.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.measures import ANSWERS
from agents.transcript import Language
from bench.answers import shown
from bench.datasets import DATA
from bench.homes import DEMO, frontdesk, home_of, in_home, new_home
from bench.reading_examples import SOURCES, Made, article, labelled_questions, make, nearest_article
from bench.tables import BenchError, Table, grid, score, share
from finetune.examples import write
from knowledge import results
from knowledge.comparison import compare
from knowledge.questions import Question, read
from knowledge.results import Row

RUN = "reading"
"""The run's name, and the adapter's."""
LEARNED: Mapping[str, Language] = {"xquad-en": "en"}
"""Sets that half of the articles are learned from."""
FOLDS, JUDGED_FOLDS = 5, (0, 4)
"""Articles are dealt out by name; these fifths are judged."""
SETS: Mapping[str, Language] = {"xquad-en": "en", "xquad-zh": "zh"}
"""Sets whose other articles are judged."""
WHOLE = (DEMO, "mtrag")
"""Sets that are judged whole."""
SETTINGS: tuple[str, ...] = ()
"""KEY=VALUE words over the recipe's."""
TODAY, TUNED = "as it comes", "tuned to read"
DIFFERENCES = ("facts_held", "held_and_cited", "pointed_f1", "answered_when_answerable", "refused_when_unanswerable")
COLUMNS = (
    "set",
    "language",
    "the model",
    "n",
    "facts held",
    "held and cited",
    "token F1, pointed",
    "token F1, whole",
    "answered when answerable",
    "refused when not",
    "s an answer, median (95 %)",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A set of questions over a library."""

    name: str
    home: Path
    questions: Path


def run(folder: Path) -> Table:
    """Make examples, train, and ask the questions without and with the adapter.

    Raises:
        BenchError: the data is not there, or a command failed.
    """
    if not DATA.is_dir():
        raise BenchError(f"The data sets are not at {DATA}.")
    home, made = learn(folder)
    trained = frontdesk(home, "finetune", "train", "--data", folder / "reading.jsonl", "--run", RUN, *SETTINGS)
    rows: list[tuple[str, ...]] = []
    differences: list[tuple[str, ...]] = []
    for one in judged(folder):
        found = {TODAY: _asked(one, folder, TODAY)}
        added = frontdesk(one.home, "adapters", "add", home / "runs" / RUN)
        try:
            found[TUNED] = _asked(one, folder, TUNED)
        finally:
            frontdesk(one.home, "adapters", "remove", RUN)
        rows += [row for way, (scores, _) in found.items() for row in _rows(one.name, way, scores)]
        differences += _compared(one.name, found[TUNED][1], found[TODAY][1])
    stated = sum(each.stated for each in made)
    return Table(
        columns=COLUMNS,
        rows=tuple(rows),
        cases="one question is one case; of xquad those about articles that were not learned from",
        spread="right/all, or the mean, [95 % bootstrap interval]",
        notes=(
            f"Learned from {len(made)} examples, {len(made) - stated} of them not stated, in "
            f"{trained['seconds'] / 60:.0f} minutes at {trained['tokens_per_second']:.0f} tokens a second, at most "
            f"{trained['peak_memory_bytes'] / 1e9:.1f} GB. The adapter has {added['bytes'] / 1e6:.1f} MB.",
            "Paired differences in points, tuned less as it comes; bold where the interval excludes zero and p is "
            "below 0.05.",
            grid(("set", "language", *map(ANSWERS.label, DIFFERENCES)), differences),
        ),
    )


def learn(folder: Path) -> tuple[Path, list[Made]]:
    """Write `reading.jsonl` below the folder; return a home for the run, and the examples."""
    home = folder / "dogfood" / "home"
    if not (home / "ingested").exists():
        new_home(home)
        frontdesk(home, "ingest", *(DATA / source for source in SOURCES))
        (home / "ingested").touch()
    made: list[Made] = []
    with in_home(home) as library:
        made += make(library, labelled_questions(), language="en", source="labelled")
    for name, language in LEARNED.items():
        of_set = home_of(name, folder)
        with in_home(of_set.path) as library:
            learned = [q for q in read(of_set.questions) if not _is_judged(_article_of(q, library, language))]
            made += make(library, learned, language=language, source=name)
    write((each.example for each in made), folder / "reading.jsonl")
    return home, made


def judged(folder: Path) -> Iterator[Judged]:
    """Yield what the models are asked."""
    for name, language in SETS.items():
        home = home_of(name, folder)
        with in_home(home.path) as library:
            wanted = {q.id for q in read(home.questions) if _is_judged(_article_of(q, library, language))}
        lines = home.questions.read_text(encoding="utf-8").splitlines()
        target = folder / f"{name}-judged.jsonl"
        target.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["id"] in wanted), encoding="utf-8")
        yield Judged(name, home.path, target)
    for name in WHOLE:
        home = home_of(name, folder)
        yield Judged(name, home.path, home.questions)


def _article_of(question: Question, library: Any, language: Language) -> str:
    """Return the article that a question is about; of one without an answer, the one that lies nearest."""
    if question.gold:
        return article(question.gold[0].document)
    return nearest_article(library, question, language)


def _is_judged(name: str) -> bool:
    return sum(name.encode()) % FOLDS in JUDGED_FOLDS


def _asked(one: Judged, folder: Path, way: str) -> tuple[Mapping[str, Any], Sequence[Row]]:
    stored = folder / f"{one.name}-{way.replace(' ', '-')}.json"
    asked = ("--questions", one.questions, "--model", "embedded", "--out", stored)
    scores = frontdesk(one.home, "evaluate", "answers", *asked)
    return scores, results.read(stored, ANSWERS).rows


def _rows(name: str, way: str, scores: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a row of all questions, and one for each language where there are several."""
    languages = scores["languages"] if len(scores["languages"]) > 1 else {}
    parts = {"all": scores["overall"], **languages}
    return [_row(name, language, way, part) for language, part in parts.items()]


def _row(name: str, language: str, way: str, scores: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        name,
        language,
        way,
        str(scores["n"]),
        share(scores["facts_held"]),
        share(scores["held_and_cited"]),
        score(scores["pointed_f1"]),
        score(scores["answer_f1"]),
        share(scores["answered_when_answerable"]),
        share(scores["refused_when_unanswerable"]),
        f"{scores['seconds_median']:.2f} ({scores['seconds_p95']:.2f})",
    )


def _compared(name: str, tuned: Sequence[Row], today: Sequence[Row]) -> list[tuple[str, ...]]:
    """Return how far apart both are, question by question: a row for all, and for each language."""
    comparison = compare(tuned, today, yardstick=ANSWERS, names=(TUNED, TODAY))
    parts = {"all": comparison.scores, **comparison.languages}
    return [
        (name, language, *(shown(scores[measure], in_points=True) for measure in DIFFERENCES))
        for language, scores in parts.items()
    ]
