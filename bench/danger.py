"""Reports of danger: fits what hears them by their meaning, and says how many it hears that it was not taught.

    messages that teach, questions about companies -> the embedder's vectors -> logistic regression -> its weights
    messages held out, ordinary questions          -> heard or not, by wordings alone and with each embedder

`python -m bench.danger` fits, `python -m bench danger` measures. Whoever wrote the messages that are held out saw
neither those that teach nor the wordings.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import compress
from pathlib import Path

import numpy as np

from agents.danger import LIKELY, WEIGHTS, DangerClassifier, classifier_for
from agents.handover import from_words
from bench.companies import HELD_OUT, TAUGHT
from bench.hand_over import ordinary
from bench.homes import models_folder
from bench.labelled import FOLDER, Report, reports
from bench.tables import BenchError, Table, share
from bench.teaching import EMBEDDERS
from knowledge.embedders import Embedder, knows, resolve
from knowledge.questions import read
from knowledge.scores import mean
from knowledge.text import detect_language

INVERSE_RIDGE = 10.0
"""Of the regression; a third of it hears fewer of the messages that teach, each told by the others."""
ORDINARY_WEIGHT = 0.5
"""Of a question about a company beside a message that was written to be told apart."""
DIGITS = 5


def run(folder: Path) -> Table:
    """Return how many messages are heard as reports, by set.

    Raises:
        BenchError: an embedder is missing, or the development sets are not beside the checkout.
    """
    ways: dict[str, Callable[[str], bool]] = {"wordings alone": _by_wordings}
    for name in EMBEDDERS:
        classifier = classifier_for(embedder_of(name))
        if classifier is None:
            raise BenchError(f"Nothing was fitted for {name}. Next: python -m bench.danger")
        ways[f"and by meaning, {name}"] = partial(_is_heard, classifier)
    held_out = [report for report in reports() if report.part == "held-out"]
    sets: dict[str, list[str]] = {}
    for language, called in (("en", "English"), ("zh", "Chinese")):
        mine = [report for report in held_out if detect_language(report.text) == language]
        sets[f"{called}: reports"] = [report.text for report in mine if report.is_danger]
        sets[f"{called}: what only sounds like one"] = [report.text for report in mine if _is_near(report)]
        sets[f"{called}: other messages"] = [r.text for r in mine if not r.is_danger and not _is_near(r)]
    sets["invented companies"] = questions_of(HELD_OUT)
    sets |= ordinary()
    return Table(
        columns=("messages", "n", *ways),
        rows=tuple(
            (name, str(len(texts)), *(_share(map(hears, texts)) for hears in ways.values()))
            for name, texts in sets.items()
        ),
        cases="one message each; in English and Chinese held out, whoever wrote them saw neither those that teach nor "
        "the wordings; below them ordinary questions of customers and readers",
        spread="brackets: 95 % interval",
    )


def fit(embedder: Embedder) -> list[float]:
    """Return the weights of the regression over an embedder's vectors, and its bias behind them.

    Needs the extra `train`.
    """
    from sklearn.linear_model import LogisticRegression

    texts, told, weights = zip(*lessons(), strict=True)
    told, weights = np.array(told), np.array(weights)
    known = [knows(embedder, detect_language(text)) for text in texts]
    vectors = np.stack([embedder.embed_question(text) for text in compress(texts, known)])
    model = LogisticRegression(C=INVERSE_RIDGE, max_iter=1000).fit(vectors, told[known], sample_weight=weights[known])
    return [round(float(value), DIGITS) for value in (*model.coef_[0], model.intercept_[0])]


def lessons() -> list[tuple[str, bool, float]]:
    """Return what teaches: messages and questions, whether each reports a danger, and its weight."""
    messages = [(report.text, report.is_danger, 1.0) for report in reports() if report.part == "taught"]
    return [*messages, *((question, False, ORDINARY_WEIGHT) for question in questions_of(TAUGHT))]


def digest_of(taught: Sequence[tuple[str, bool, float]]) -> str:
    """Return what stands beside the weights for all that they were fitted with."""
    return hashlib.sha256(json.dumps([INVERSE_RIDGE, taught]).encode()).hexdigest()


def questions_of(companies: Sequence[str]) -> list[str]:
    """Return what is asked about invented companies."""
    return [each.question for name in companies for each in read(FOLDER / "companies" / name / "questions.jsonl")]


def embedder_of(name: str) -> Embedder:
    """Load an embedder that the bench has got."""
    return resolve(name, models_folder=models_folder(), ollama_url="")


def _is_near(report: Report) -> bool:
    return not report.is_danger and report.kind.startswith("near-")


def _by_wordings(message: str) -> bool:
    return from_words(message) == "safety"


def _is_heard(classifier: DangerClassifier, message: str) -> bool:
    return from_words(message, hears_danger=lambda said: classifier.likelihood(said) >= LIKELY) == "safety"


def _share(hits: "Sequence[bool] | map[bool]") -> str:
    each = [float(hit) for hit in hits]
    score = mean(each)
    return share({"value": score.value, "n": len(each), "low": score.low, "high": score.high})


if __name__ == "__main__":
    fitted = {each.name: fit(each) for each in map(embedder_of, EMBEDDERS)}
    contents = {"lessons_sha256": digest_of(lessons()), "fitted": fitted}
    WEIGHTS.write_text(json.dumps(contents, separators=(",", ":")).replace("],", "],\n") + "\n", encoding="utf-8")
    print(WEIGHTS)
