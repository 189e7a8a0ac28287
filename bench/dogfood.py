"""Should the embedded model come tuned: it learns to read on some articles, and is asked about others and about shops.

    labelled questions, half of xquad -> examples of reading -> frontdesk finetune train -> frontdesk adapters add
    the other half, the demo company, mtrag -> frontdesk evaluate answers, without the adapter and with it -> a table

What is judged is the whole answer as a customer gets it. Nothing of the demo company or of mtrag is learned from, and
no question about an article that is judged. What is there in `--folder` already is not made again: examples, run and
answers each take a while.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.prompts import NOT_STATED
from agents.transcript import Language
from agents.trials.measures import ANSWERS
from bench.answers import shown
from bench.datasets import DATA
from bench.homes import DEMO, frontdesk, home_of, in_home, new_home
from bench.reading_examples import SOURCES, article, labelled_questions, make, nearest_article
from bench.tables import BenchError, Table, grid, score, share
from finetune.examples import Example, write
from finetune.examples import read as read_examples
from knowledge import results
from knowledge.comparison import compare
from knowledge.questions import Question, read
from knowledge.results import Row

RUN = "reading"
"""The run's name, and the adapter's."""
LEARNED: Mapping[str, Language] = {"xquad-en": "en"}
"""Sets whose articles are shared out between learning and judging."""
EXAMPLES: Mapping[str, int] = {"labelled": 150, "xquad-en": 90}
"""How many are learned from, of each source: what two cores that do other work too learn within an hour."""
SETTINGS = ("epochs=2", "batch_size=8", "keep=0")
"""KEY=VALUE words over the recipe's. Without `keep`: the adapter is laid over its base for this one task."""
FOLDS, JUDGED_FOLDS = 5, (0, 4)
"""Articles are dealt out by name; these fifths are judged."""
SETS = (DEMO, *LEARNED, "mtrag")
MOST_JUDGED = 80
"""Questions a set, drawn where there are more."""
SEED = 1
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
    home, learned = learn(folder)
    trained = frontdesk(home, "finetune", "train", "--data", folder / "reading.jsonl", "--run", RUN, *SETTINGS)
    rows: list[tuple[str, ...]] = []
    differences: list[tuple[str, ...]] = []
    size = 0
    for one in judged(folder):
        found = {TODAY: _asked(one, folder, TODAY)}
        size = frontdesk(one.home, "adapters", "add", home / "runs" / RUN)["bytes"]
        try:
            found[TUNED] = _asked(one, folder, TUNED)
        finally:
            frontdesk(one.home, "adapters", "remove", RUN)
        rows += [row for way, (scores, _) in found.items() for row in _rows(one.name, way, scores)]
        differences += _compared(one.name, found[TUNED][1], found[TODAY][1])
    refusals = sum(one.messages[-1]["content"] in NOT_STATED.values() for one in learned)
    return Table(
        columns=COLUMNS,
        rows=tuple(rows),
        cases=f"one question is one case, at most {MOST_JUDGED} a set; of xquad those about articles that were not "
        "learned from",
        spread="right/all, or the mean, [95 % bootstrap interval]",
        notes=(
            f"Learned from {len(learned)} examples, {refusals} of them not stated, in {trained['seconds'] / 60:.0f} "
            f"minutes at {trained['tokens_per_second']:.0f} tokens a second, at most "
            f"{trained['peak_memory_bytes'] / 1e9:.1f} GB; {' '.join(SETTINGS)}, else the recipe's defaults. The "
            f"adapter has {size / 1e6:.1f} MB.",
            "Paired differences in points, tuned less as it comes; bold where the interval excludes zero and p is "
            "below 0.05.",
            grid(("set", "language", *map(ANSWERS.label, DIFFERENCES)), differences),
        ),
    )


def learn(folder: Path) -> tuple[Path, Sequence[Example]]:
    """Write `reading.jsonl` below the folder, where it is not yet; return a home for the run, and the examples."""
    home, target = folder / "dogfood" / "home", folder / "reading.jsonl"
    if not target.exists():
        if not (home / "ingested").exists():
            new_home(home)
            frontdesk(home, "ingest", *(DATA / source for source in SOURCES))
            (home / "ingested").touch()
        write(_draw(_made(home, folder)), target)
    return home, read_examples(target)


def judged(folder: Path) -> Iterator[Judged]:
    """Yield what the models are asked."""
    for name in SETS:
        home = home_of(name, folder)
        questions = read(home.questions)
        if name in LEARNED:
            with in_home(home.path) as library:
                questions = tuple(q for q in questions if _is_judged(_article_of(q, library, LEARNED[name])))
        drawn = random.Random(SEED).sample(questions, min(MOST_JUDGED, len(questions)))
        wanted, target = {question.id for question in drawn}, folder / f"{name}-judged.jsonl"
        lines = home.questions.read_text(encoding="utf-8").splitlines()
        target.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["id"] in wanted), encoding="utf-8")
        yield Judged(name, home.path, target)


def _made(home: Path, folder: Path) -> Iterator[Example]:
    with in_home(home) as library:
        for one in make(library, labelled_questions(), language="en", source="labelled"):
            yield one.example
    for name, language in LEARNED.items():
        of_set = home_of(name, folder)
        with in_home(of_set.path) as library:
            learned = [q for q in read(of_set.questions) if not _is_judged(_article_of(q, library, language))]
            for one in make(library, learned, language=language, source=name):
                yield one.example


def _draw(made: Iterator[Example]) -> list[Example]:
    """Return as many examples of each source as are learned from, the same on every run."""
    shuffled = list(made)
    random.Random(SEED).shuffle(shuffled)
    return [
        one for source, most in EXAMPLES.items() for one in [each for each in shuffled if each.source == source][:most]
    ]


def _article_of(question: Question, library: Any, language: Language) -> str:
    """Return the article that a question is about; of one without an answer, the one that lies nearest."""
    if question.gold:
        return article(question.gold[0].document)
    return nearest_article(library, question, language)


def _is_judged(name: str) -> bool:
    return sum(name.encode()) % FOLDS in JUDGED_FOLDS


def _asked(one: Judged, folder: Path, way: str) -> tuple[Mapping[str, Any], Sequence[Row]]:
    """Return the scores of the answers, and a row for each; kept, because they take long."""
    rows = folder / f"{one.name}-{way.replace(' ', '-')}.json"
    kept = rows.with_suffix(".scores.json")
    if not kept.exists():
        asked = ("--questions", one.questions, "--model", "embedded", "--out", rows)
        kept.write_text(json.dumps(frontdesk(one.home, "evaluate", "answers", *asked)), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8")), results.read(rows, ANSWERS).rows


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
