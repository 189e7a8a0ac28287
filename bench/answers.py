"""Are the answers right: with the embedded model, without any model, and against a plain floor.

    demo, xquad, mtrag, stand-ins for companies -> frontdesk evaluate answers --model … -> one row a set and language
    the larger embedded model too, where `frontdesk models get` has put it below FRONTDESK_TEST_HOME/larger
    the same questions, the same retrieval -> the two sentences that BM25 likes best -> the floor's rows

The sentences below the table are computed: the settings compared question by question, and the strays of all runs.
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agents.evaluation import AnswerReport, evaluate, rows_of, scores_of
from agents.models.loading import LARGER_EMBEDDED
from agents.trials.measures import ANSWERS
from bench.companies import COMPANIES
from bench.floor import TwoSentences
from bench.homes import DEMO, Home, frontdesk, home_of, in_home, larger_models_folder
from bench.tables import Table, grid, score, share
from knowledge import results
from knowledge.comparison import compare
from knowledge.questions import read
from knowledge.results import Row
from knowledge.scores import PairedScore

SETS = (DEMO, "xquad-en", "xquad-zh", "mtrag", *COMPANIES)
FLOOR = "two sentences"
READER = "reader"
"""The larger embedded model; measured where it is."""
SEED = 7
COLUMNS = (
    "set",
    "language",
    "answered by",
    "n",
    "facts held",
    "held and cited",
    "citation right",
    "token F1, pointed",
    "token F1, whole",
    "answered when answerable",
    "refused when not",
    "AUROC",
    "unsupported sentences",
    "strays",
    "words (longest)",
    "s to first text",
    "s an answer, median (95 %)",
)
DIFFERENCES = ("facts_held", "held_and_cited", "pointed_f1", "answer_f1", "words")

Scores = Mapping[str, Any]


def run(folder: Path, *, limit: int | None = None) -> Table:
    """Ask all questions of every set, or a random part of them.

    Args:
        limit: how many questions of each set.
    """
    rows: list[tuple[str, ...]] = []
    differences: list[tuple[str, ...]] = []
    strays = answers = 0
    models = settings()
    for name in SETS:
        home = home_of(name, folder)
        questions = home.questions if limit is None else sample(home, folder / f"{name}-{limit}.jsonl", limit=limit)
        floor = _floor(home, questions)
        compared = {FLOOR: rows_of(floor)}
        rows += rows_for(name, FLOOR, scores_of(floor))
        for model, setting in models.items():
            stored = folder / f"{name}-{model}.json"
            found = frontdesk(
                home.path, "evaluate", "answers", "--questions", questions, "--model", setting, "--out", stored
            )
            compared[model] = results.read(stored, ANSWERS).rows
            rows += rows_for(name, model, found)
            strays += found["overall"]["strays"]
            answers += found["overall"]["words"]["n"]
        differences += differences_of(name, compared)
    part = "" if limit is None else f"; of each set {limit}, drawn with seed {SEED}"
    return Table(
        columns=COLUMNS,
        rows=tuple(rows),
        cases=f"one question is one case{part}",
        spread="right/all, or the mean, [95 % bootstrap interval]",
        notes=(
            f"Strays in the {answers} answers of the assistant: {strays}.",
            "Paired differences, the first less the second, in points of shares and of F1, or in words; bold where the "
            "interval excludes zero and p is below 0.05.",
            grid(("set", "language", "compared", *map(ANSWERS.label, DIFFERENCES)), differences),
        ),
    )


def settings() -> dict[str, str]:
    """Return the models that are measured, as the table names them, each with its setting."""
    files = sorted((larger_models_folder() / LARGER_EMBEDDED).glob("*.gguf"))
    return {"none": "none", "embedded": "embedded"} | ({READER: f"gguf:{files[0]}"} if files else {})


def sample(home: Home, target: Path, *, limit: int) -> Path:
    """Write a random part of the questions, the same on every run, in the file's order."""
    lines = home.questions.read_text(encoding="utf-8").splitlines()
    chosen = sorted(random.Random(SEED).sample(range(len(lines)), min(limit, len(lines))))
    target.write_text("".join(lines[number] + "\n" for number in chosen), encoding="utf-8")
    return target


def rows_for(name: str, setting: str, scores: Scores) -> list[tuple[str, ...]]:
    """Return the table's rows of one setting: all questions, then each language where there are several."""
    rows = [_row(name, "all", setting, scores["overall"])]
    if len(scores["languages"]) > 1:
        rows += [_row(name, language, setting, part) for language, part in scores["languages"].items()]
    return rows


def differences_of(name: str, rows: Mapping[str, Sequence[Row]]) -> list[tuple[str, ...]]:
    """Return how far apart the settings of a set are, question by question: a row for each pair and language."""
    found: list[tuple[str, ...]] = []
    pairs = [(model, FLOOR) for model in rows if model != FLOOR]
    pairs += [(model, "none") for model in rows if model not in (FLOOR, "none")]
    for left, right in pairs:
        comparison = compare(rows[left], rows[right], yardstick=ANSWERS, names=(left, right))
        parts = {"all": comparison.scores, **comparison.languages}
        for language, scores in parts.items():
            cells = [shown(scores[measure], in_points=measure not in ANSWERS.units) for measure in DIFFERENCES]
            found.append((name, language, f"{left} – {right}", *cells))
    return found


def shown(difference: PairedScore, *, in_points: bool) -> str:
    """Return a difference with its interval, bold where it is shown."""
    if difference.difference is None or difference.low is None or difference.high is None:
        return "–"
    factor = 100 if in_points else 1
    value, low, high = (factor * part for part in (difference.difference, difference.low, difference.high))
    mark = "**" if difference.is_shown else ""
    return f"{mark}{value:+.1f}{mark} [{low:+.1f}, {high:+.1f}], n={difference.n}"


def _floor(home: Home, questions: Path) -> AnswerReport:
    with in_home(home.path) as library:
        return evaluate(TwoSentences(library), library, read(questions))


def _row(name: str, language: str, setting: str, scores: Scores) -> tuple[str, ...]:
    first, words = scores["first_text_seconds"]["value"], scores["words"]["value"]
    return (
        name,
        language,
        setting,
        str(scores["n"]),
        share(scores["facts_held"]),
        share(scores["held_and_cited"]),
        share(scores["citation_right"]),
        score(scores["pointed_f1"]),
        score(scores["answer_f1"]),
        share(scores["answered_when_answerable"]),
        share(scores["refused_when_unanswerable"]),
        score(scores["refusal_auroc"]),
        f"{scores['unsupported']}/{scores['sentences']}",
        str(scores["strays"]),
        "–" if words is None else f"{words:.0f} ({scores['words_longest']:.0f})",
        "–" if first is None else f"{first:.2f}",
        f"{scores['seconds_median']:.2f} ({scores['seconds_p95']:.2f})",
    )
