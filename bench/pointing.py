"""How short answers are pointed at: fits the weights of `agents.quotes.pointing`, judged on unseen articles.

    development questions -> spans of their best sentences -> weights -> pointing_weights.json, and a table

What the table says is cross-validated by article: a question is answered with weights that saw no question about its
article. What is written saw all of them. It is for the page only when a model's answers were asked for; they take
some minutes.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.checks.overlap import token_f1
from agents.models import ModelOptions, resolve
from agents.quotes import ranking, short_answers
from agents.quotes.pointing import SENTENCES, WEIGHTS, Candidate, likeliest, with_likeness
from agents.quotes.spans import NAMES, asked_for, spans
from agents.quotes.statements import Statement
from agents.transcript import Language
from bench.homes import home_of, in_home, models_folder
from bench.tables import Table
from knowledge.embedders import Embedder, knows
from knowledge.library import Library
from knowledge.questions import Question, read

Array = NDArray[np.float64]

SETS: Mapping[str, Language] = {"xquad-en": "en", "xquad-zh": "zh"}
FOLDS = 5
RIDGE = 0.01
STEPS = 80
RATE = 0.05
MODEL_KNOWS: tuple[Language, ...] = ("en",)
"""Languages in which the embedded model is asked; its Chinese is none."""
CLEAR = 0.3
"""Questions whose best span is less like the answer than this teach nothing."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with every span of its best sentences."""

    question: Question
    ranked: tuple[Statement, ...]
    spans: tuple[Candidate, ...]
    features: Array
    """Shape (spans, features)."""
    right: Array
    """Token F1 of each span with the right answer."""
    fold: int


def run(folder: Path) -> Table:
    fitted: dict[str, dict[str, dict[str, float]]] = {}
    rows: list[tuple[str, ...]] = []
    for name, language in SETS.items():
        home = home_of(name, folder)
        with in_home(home.path) as library:
            embedder = library.embedder
            cases = collect(library, read(home.questions), language)
        forms = fit(cases, range(FOLDS))
        said = ask(cases, language, folder / name / "said.json") if language in MODEL_KNOWS else {}
        unseen = {fold: fit(cases, [other for other in range(FOLDS) if other != fold]) for fold in range(FOLDS)}
        second = [weighed(case, unseen[case.fold], embedder, language, said) for case in cases]
        others = fit(second, range(FOLDS))
        fitted[language] = {
            "features": dict(zip(NAMES, (forms * others[0]).round(4).tolist(), strict=True)),
            "others": dict(zip(("likeness", "asked", "said"), others[1:].round(4).tolist(), strict=True)),
        }
        rows += _rows(name, language, cases, second)
    WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    return Table(
        columns=("set", "what is quoted or pointed at", "n", "token F1", "exact"),
        rows=tuple(rows),
        cases="answerable questions",
        spread=f"cross-validated by article, {FOLDS} folds",
    )


def collect(library: Library, questions: Sequence[Question], language: Language) -> list[Case]:
    """Return the spans of the best sentences for every answerable question that asks for a short answer."""
    cases = []
    for question in questions:
        if not question.answerable or asked_for(question.question) is None:
            continue
        ranked = ranking.rank(library.search(question.question, limit=8), language=language, embedder=library.embedder)
        found: list[Candidate] = []
        features = []
        for rank, statement in enumerate(ranked[:SENTENCES]):
            behind = statement.score - ranked[0].score
            of_one = spans(question.question, statement.text, language=language, rank=rank, behind=behind)
            found += [Candidate(statement, start, end) for start, end in of_one.places]
            features.append(of_one.features)
        right = np.array([token_f1(c.text, question.answers, language=language) for c in found])
        article = question.gold[0].document.partition("_")[0]
        fold = sum(article.encode()) % FOLDS
        cases.append(Case(question, tuple(ranked), tuple(found), np.concatenate(features).astype(float), right, fold))
    return cases


def fit(cases: Sequence[Case], folds: Sequence[int]) -> Array:
    """Return the weights under which the best spans of the folds' questions are likeliest: softmax, ridge, Adam."""
    taught = [case for case in cases if case.fold in folds and case.right.max(initial=0.0) >= CLEAR]
    spread = np.concatenate([case.features for case in taught]).std(axis=0)
    scale = np.where(spread > 1e-9, spread + 1e-6, 1.0)  # what is the same for all spans tells none from another
    weights, mean, square = (np.zeros(len(scale)) for _ in range(3))
    for step in range(1, STEPS + 1):
        gradient = -RIDGE * weights
        for case in taught:
            rows = case.features / scale
            wanted = np.where(case.right >= 0.999 * case.right.max(), 1.0, case.right**4)
            gradient += (wanted / wanted.sum() - _softmax(rows @ weights)) @ rows / len(taught)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.99 * square + 0.01 * gradient**2
        weights += RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return weights / scale


def weighed(case: Case, forms: Array, embedder: Embedder | None, language: Language, said: Mapping[str, str]) -> Case:
    """Return the likeliest spans of a case with four features: form, likeness, asked, said."""
    scores = case.features @ forms
    kept = likeliest(case.spans, scores)
    chosen = [replace(case.spans[at], form=float(scores[at])) for at in kept]
    if embedder is not None and knows(embedder, language):
        chosen = with_likeness(case.question.question, chosen, embedder)
    words = said.get(case.question.id, "")
    features = [[c.form, c.likeness, c.asked, token_f1(c.text, [words], language=language)] for c in chosen]
    return replace(case, spans=tuple(chosen), features=np.array(features), right=case.right[kept])


def ask(cases: Sequence[Case], language: Language, kept: Path) -> dict[str, str]:
    """Return what the embedded model says to each question; answers are kept, because they take long."""
    said: dict[str, str] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    with closing(resolve("embedded", ModelOptions(models_folder()))) as model:
        for case in cases:
            if case.question.id not in said:
                said[case.question.id] = short_answers.said_by(
                    case.question.question, case.ranked[0], model=model, language=language
                )
    kept.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    return said


def _rows(name: str, language: Language, cases: Sequence[Case], second: Sequence[Case]) -> list[tuple[str, ...]]:
    """Return one row a way of answering; the weights of the second step are cross-validated too."""
    ways: dict[str, list[float]] = {
        "two sentences": [_f1(case, " ".join(s.text for s in case.ranked[:2]), language) for case in cases],
        "best sentence": [_f1(case, case.ranked[0].text, language) for case in cases],
        "span by form": [float(case.right[case.features[:, 0].argmax()]) for case in second],
        "and by meaning": _by(second, [0, 1, 2]),
    }
    if language in MODEL_KNOWS:
        ways["and by the model's words"] = _by(second, [0, 1, 2, 3])
        ways["the model's words alone"] = _by(second, [3])
    return [
        (name, way, str(len(marks)), f"{np.mean(marks):.3f}", f"{np.mean(np.array(marks) > 0.999):.3f}")
        for way, marks in ways.items()
    ]


def _by(cases: Sequence[Case], columns: Sequence[int]) -> list[float]:
    marks: list[float] = []
    for left_out in range(FOLDS):
        seen = [replace(case, features=case.features[:, columns]) for case in cases]
        fitted = fit(seen, [fold for fold in range(FOLDS) if fold != left_out])
        marks += [float(c.right[(c.features @ fitted).argmax()]) for c in seen if c.fold == left_out]
    return marks


def _f1(case: Case, text: str, language: Language) -> float:
    return token_f1(text, case.question.answers, language=language)


def _softmax(scores: Array) -> Array:
    likelihood = np.exp(scores - scores.max())
    return likelihood / likelihood.sum()
