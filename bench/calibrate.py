"""The curves of `knowledge/evidence.py`, fitted on development questions.

    questions -> search -> signals -> logistic curve -> constants to paste, and how well they separate

Answerable and unanswerable questions weigh the same in all; ridge on standardised features; Newton steps. Then the
intercept is moved to a base rate of four answerable questions in five, as in a shop whose customers know what it
sells. The demo company's questions are never fitted, only reported on.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import datasets
from bench.homes import DEMO, home_of, in_home, new_home
from bench.tables import Table
from knowledge.errors import EmbedderUnavailable
from knowledge.evidence import ACROSS, MEANING, WORDS, Curve
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Signals
from knowledge.questions import read
from knowledge.scores import auroc

Array = NDArray[np.float64]

RIDGE = 1e-2
NEWTON_STEPS = 50
BASE_RATE = 0.8
"""Share of questions that the documents answer."""
REFUSE_BELOW = 0.5
PASSAGES = 5


@dataclass(frozen=True, slots=True)
class Recipe:
    """One curve: what it is fitted on and from which signals."""

    name: str
    features: tuple[str, ...]
    sets: tuple[str, ...]
    demo_language: str = ""
    """The demo company's questions that are reported on beside; "" for none."""
    embedder: str = "embedded"


RECIPES = (
    Recipe("WORDS", ("coverage", "lead"), ("xquad-zh", "stard-zh"), "zh"),
    Recipe("MEANING", ("coverage", "sentence_coverage", "cosine"), ("mtrag", "xquad-en"), "en"),
    Recipe(
        "MEANING, multilingual",
        ("coverage", "sentence_coverage", "cosine"),
        ("mtrag", "xquad-en", "xquad-zh", "stard-zh"),
        embedder="multilingual",
    ),
    Recipe("ACROSS, multilingual", ("cosine",), ("xquad-zh-asks-en", "xquad-en-asks-zh"), embedder="multilingual"),
)
E5 = "multilingual-e5-small"
CURVES_IN_USE = {
    "WORDS": WORDS,
    "MEANING": MEANING["all-MiniLM-L6-v2"],
    "MEANING, multilingual": MEANING[E5],
    "ACROSS, multilingual": ACROSS[E5],
}


@dataclass(frozen=True, slots=True)
class Case:
    """One question of a development set."""

    signals: Signals
    answerable: bool


Cases = Mapping[str, Sequence[Case]]
"""Data set -> its cases."""


def run(folder: Path) -> Table:
    rows: list[tuple[str, ...]] = []
    notes = []
    for recipe in RECIPES:
        try:
            cases = {name: collect(name, folder, embedder=recipe.embedder) for name in recipe.sets}
        except EmbedderUnavailable as error:
            notes.append(f"`{recipe.name}` was not measured: {error}")
            continue
        curve = fit(cases, recipe.features)
        in_use = CURVES_IN_USE[recipe.name]
        fitted, used = as_code(curve, recipe.features), as_code(in_use, recipe.features)
        notes.append(f"`{recipe.name}`: `{fitted}`, " + ("in use." if fitted == used else f"but in use: `{used}`."))
        for name in recipe.sets:
            rows.append(_row(recipe, name, "fitted on", curve, cases[name]))
            rest = {other: cases[other] for other in cases if other != name}
            rows.append(_row(recipe, name, "left out", fit(rest, recipe.features), cases[name]))
            rows.append(_row(recipe, name, "in use", in_use, cases[name]))
        if recipe.demo_language:
            demo = collect(DEMO, folder, language=recipe.demo_language)
            rows.append(_row(recipe, f"demo company, {recipe.demo_language}", "never fitted", curve, demo))
            rows.append(_row(recipe, f"demo company, {recipe.demo_language}", "in use", in_use, demo))
    return Table(
        columns=("curve", "questions", "in the fit", "AUROC", "answered when answerable", "refused when not"),
        rows=tuple(rows),
        cases="one question is one case; n beside each share",
        spread=f"[95 % bootstrap interval]; shares at evidence {REFUSE_BELOW}",
        notes=tuple(notes),
    )


def collect(name: str, folder: Path, *, language: str | None = None, embedder: str = "embedded") -> list[Case]:
    """Return what retrieval saw for each question of a set.

    Raises:
        EmbedderUnavailable: the embedder's model is not among the models of `make models`.
    """
    if embedder == "embedded":
        home = home_of(name, folder)
        with in_home(home.path) as library:
            return _cases(library, home.questions, language)
    place = folder / f"{name}-{embedder}"
    home_path = place / "home" if (place / "home").exists() else new_home(place / "home")
    corpus, questions = datasets.write(name, place / "data")
    with closing(Library(LibraryOptions(home_path, embedder=embedder))) as library:
        library.ingest([corpus])
        return _cases(library, questions, language)


def _cases(library: Library, questions: Path, language: str | None) -> list[Case]:
    cases = []
    for question in read(questions):
        if language in (None, question.language):
            retrieval = library.search(
                question.question,
                history=question.history,
                limit=PASSAGES,
                audiences=tuple(dict.fromkeys(["public", question.audience])),
            )
            cases.append(Case(retrieval.signals, question.answerable))
    return cases


def fit(cases: Cases, features: Sequence[str], *, base_rate: float = BASE_RATE) -> Curve:
    """Return the curve that separates answerable from unanswerable best."""
    data = np.vstack([_matrix(part, features) for part in cases.values()])
    wanted = np.concatenate([_answerable(part) for part in cases.values()])
    weights = _kind_weights(wanted)
    mean, deviation = data.mean(axis=0), data.std(axis=0) + 1e-9
    design = np.column_stack([np.ones(len(data)), (data - mean) / deviation])
    ridge = RIDGE * np.diag([0.0] + [1.0] * len(features))
    solution = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = 1.0 / (1.0 + np.exp(-design @ solution))
        gradient = design.T @ (weights * (chance - wanted)) + ridge @ solution
        hessian = (design * (weights * chance * (1.0 - chance))[:, None]).T @ design + ridge
        solution -= np.linalg.solve(hessian, gradient)
    slopes = solution[1:] / deviation
    intercept = float(solution[0] - slopes @ mean) + math.log(base_rate / (1.0 - base_rate))
    return Curve(intercept=intercept, **{key: float(slope) for key, slope in zip(features, slopes, strict=True)})


def as_code(curve: Curve, features: Iterable[str]) -> str:
    """Return the line to paste."""
    values = [f"{key}={getattr(curve, key):.2f}" for key in ("intercept", *features)]
    return f"Curve({', '.join(values)})"


def _row(recipe: Recipe, name: str, role: str, curve: Curve, cases: Sequence[Case]) -> tuple[str, ...]:
    positive = [curve.at(case.signals) for case in cases if case.answerable]
    negative = [curve.at(case.signals) for case in cases if not case.answerable]
    area = auroc(positive, negative)
    held = sum(value >= REFUSE_BELOW for value in positive)
    refused = sum(value < REFUSE_BELOW for value in negative)
    shown = f"{area.value:.2f} [{area.low:.2f}, {area.high:.2f}]" if area.value is not None else "–"
    return recipe.name, name, role, shown, _share(held, len(positive)), _share(refused, len(negative))


def _share(hits: int, n: int) -> str:
    return f"{hits / n:.2f} (n={n})" if n else "–"


def _matrix(cases: Sequence[Case], features: Sequence[str]) -> Array:
    return np.array([[getattr(case.signals, key) or 0.0 for key in features] for case in cases], dtype=np.float64)


def _answerable(cases: Sequence[Case]) -> NDArray[np.bool_]:
    return np.array([case.answerable for case in cases], dtype=bool)


def _kind_weights(answerable: NDArray[np.bool_]) -> Array:
    weights: Array = np.where(answerable, 1.0 / max(answerable.sum(), 1), 1.0 / max((~answerable).sum(), 1))
    return weights / weights.sum()
