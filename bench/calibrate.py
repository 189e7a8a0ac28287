"""The curves of `knowledge/evidence.py`, fitted on development questions.

    questions -> search -> signals -> logistic curve -> constants to paste, and how well they separate

Answerable and unanswerable questions weigh the same in all; ridge on standardised features; Newton steps. Then the
intercept is moved to a base rate of four answerable questions in five, as in a shop whose customers know what it sells;
across languages and in answers of two in three, each set weighing the same. What a missing name costs can be learned
only where products are nearly alike: with the rest of the curve as it is, on questions about the documents that stand
in for companies. Curves over what an adapter says are fitted on questions that it never saw (`bench.splits`). The
questions of the companies that only measure, and the demo company's, are never fitted, only reported on.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.finding import find
from agents.transcript import Message
from bench.companies import ABROAD, COMPANIES, FOLLOW_UPS, HELD_OUT, LARGER, QUESTIONS, WEIGHED, across
from bench.homes import DEMO, library_with
from bench.splits import teaches
from bench.tables import Table
from knowledge.errors import EmbedderUnavailable
from knowledge.evidence import ACROSS, ANSWERS, ANSWERS_ACROSS, MEANING, WORDS, Curve
from knowledge.library import Library
from knowledge.passages import Signals
from knowledge.questions import Question, read
from knowledge.scores import auroc

Array = NDArray[np.float64]

RIDGE = 1e-2
NAME_RIDGE = 1e-4
NEWTON_STEPS = 50
BASE_RATE = 0.8
BASE_RATE_TWICE = 2 / 3
"""Where a wrong answer counts as two refusals: across languages, where whoever asks can hardly tell that it is none,
and in answers, where a refusal still shows what comes nearest."""
REFUSE_BELOW = 0.5


@dataclass(frozen=True, slots=True)
class Recipe:
    """One curve: what it is fitted on and from which signals."""

    name: str
    features: tuple[str, ...]
    sets: tuple[str, ...]
    demo_language: str = ""
    """The demo company's questions that are reported on beside; "" for none."""
    embedder: str = "embedded"
    alike: tuple[str, ...] = ()
    """Sets that say what a missing name costs."""
    base_rate: float = BASE_RATE
    """Share of questions that the documents answer."""
    even: bool = False
    """Whether each set weighs the same, however many questions it has."""
    tuned: bool = False
    """Whether it is about what an adapter says, so that no question may be asked that taught it."""
    measured: tuple[str, ...] = ()
    """Sets that are reported on beside."""


ENGLISH = tuple(name for name in (*WEIGHED, *COMPANIES, *FOLLOW_UPS) if "-zh" not in name)
RECIPES = (
    Recipe("WORDS", ("coverage", "lead"), ("xquad-zh", "stard-zh"), "zh"),
    Recipe(
        "MEANING",
        ("coverage", "sentence_coverage", "cosine"),
        ("mtrag", "xquad-en"),
        "en",
        alike=tuple(name for name in COMPANIES if not name.endswith("-zh")),
    ),
    Recipe(
        "MEANING, multilingual",
        ("coverage", "sentence_coverage", "cosine"),
        ("mtrag", "xquad-en", "xquad-zh", "stard-zh"),
        embedder="multilingual",
        alike=tuple(COMPANIES),
    ),
    Recipe(
        "ACROSS, multilingual",
        ("cosine", "cosine_lead"),
        ("xquad-zh-asks-en", "xquad-en-asks-zh", *ABROAD),
        embedder="multilingual",
        base_rate=BASE_RATE_TWICE,
        even=True,
    ),
    Recipe(
        "ANSWERS",
        ("coverage", "closest"),
        (*ENGLISH, "mtrag", "xquad-en"),
        "en",
        base_rate=BASE_RATE_TWICE,
        even=True,
        tuned=True,
        measured=tuple(name for name in (*HELD_OUT, *LARGER) if not name.endswith("-zh")),
    ),
    Recipe(
        "ANSWERS, multilingual",
        ("coverage", "closest"),
        (*WEIGHED, *COMPANIES, *FOLLOW_UPS, "mtrag", "xquad-en", "xquad-zh"),
        embedder="multilingual",
        base_rate=BASE_RATE_TWICE,
        even=True,
        tuned=True,
        measured=(*HELD_OUT, *LARGER),
    ),
    Recipe(
        "ANSWERS ACROSS, multilingual",
        ("closest",),
        (*across(WEIGHED), "xquad-zh-asks-en", "xquad-en-asks-zh", *ABROAD),
        embedder="multilingual",
        base_rate=BASE_RATE_TWICE,
        even=True,
        tuned=True,
        measured=across(HELD_OUT),
    ),
)
E5 = "multilingual-e5-small"
CURVES_IN_USE = {
    "WORDS": WORDS,
    "MEANING": MEANING["all-MiniLM-L6-v2"],
    "MEANING, multilingual": MEANING[E5],
    "ACROSS, multilingual": ACROSS[E5],
    "ANSWERS": ANSWERS["all-MiniLM-L6-v2"],
    "ANSWERS, multilingual": ANSWERS[E5],
    "ANSWERS ACROSS, multilingual": ANSWERS_ACROSS[E5],
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
            every = dict.fromkeys((*recipe.sets, *recipe.alike, *recipe.measured))
            asked = {n: collect(n, folder, embedder=recipe.embedder, tuned=recipe.tuned) for n in every}
        except EmbedderUnavailable as error:
            notes.append(f"`{recipe.name}` was not measured: {error}")
            continue
        cases = {name: part for name, part in asked.items() if name not in recipe.measured}
        curve = fitted(recipe, cases)
        in_use = CURVES_IN_USE[recipe.name]
        found, used = as_code(curve, recipe), as_code(in_use, recipe)
        notes.append(f"`{recipe.name}`: `{found}`, " + ("in use." if found == used else f"but in use: `{used}`."))
        for name, mine in cases.items():
            rows.append(_row(recipe, name, "fitted on", curve, mine))
            rest = {other: cases[other] for other in cases if company_of(other) != company_of(name)}
            rows.append(_row(recipe, name, "left out", fitted(recipe, rest), mine))
            rows.append(_row(recipe, name, "in use", in_use, mine))
        for name in recipe.measured:
            rows.append(_row(recipe, name, "never fitted", curve, asked[name]))
            rows.append(_row(recipe, name, "in use", in_use, asked[name]))
        if recipe.demo_language:
            demo = collect(DEMO, folder, language=recipe.demo_language, tuned=recipe.tuned)
            rows.append(_row(recipe, f"demo company, {recipe.demo_language}", "never fitted", curve, demo))
            rows.append(_row(recipe, f"demo company, {recipe.demo_language}", "in use", in_use, demo))
    return Table(
        columns=("curve", "questions", "in the fit", "AUROC", "answered when answerable", "refused when not"),
        rows=tuple(rows),
        cases="one question is one case; n beside each share",
        spread=f"[95 % bootstrap interval]; shares at evidence {REFUSE_BELOW}",
        notes=tuple(notes),
    )


def collect(
    name: str, folder: Path, *, language: str | None = None, embedder: str = "embedded", tuned: bool = False
) -> list[Case]:
    """Return what an answer's search saw for each question of a set.

    Args:
        tuned: leave out what an adapter learned from, and what it says nothing of; else forget what it says.

    Raises:
        EmbedderUnavailable: the embedder's model is not among the models of `make models`.
    """
    cases = [(q, case) for q, case in _cases(name, folder, embedder) if language in (None, q.language)]
    if tuned:
        return [case for q, case in cases if case.signals.closest is not None and not teaches(q, name)]
    return [replace(case, signals=replace(case.signals, closest=None)) for _, case in cases]


@cache
def _cases(name: str, folder: Path, embedder: str) -> tuple[tuple[Question, Case], ...]:
    """Return the questions of a set with what an answer's search saw; several curves go by the same sets."""
    with library_with(embedder, name, folder) as (library, questions):
        return tuple((question, _case(question, library)) for question in read(questions))


def company_of(name: str) -> str:
    """Return whose documents a set asks about: what is fitted on some of its questions is not tried on others."""
    return QUESTIONS[name].company if name in QUESTIONS else name


def _case(question: Question, library: Library) -> Case:
    history = tuple(Message("user" if m.role == "user" else "assistant", m.content) for m in question.history)
    audiences = tuple(dict.fromkeys(["public", question.audience]))
    found = find(library, question.question, history, collections=("default",), audiences=audiences)
    return Case(found.signals, question.answerable)


def fit(cases: Cases, features: Sequence[str], *, base_rate: float = BASE_RATE, even: bool = False) -> Curve:
    """Return the curve that separates answerable from unanswerable best.

    Args:
        even: whether each set weighs the same, and within it both kinds of questions.
    """
    data = np.vstack([_matrix(part, features) for part in cases.values()])
    wanted = np.concatenate([_answerable(part) for part in cases.values()])
    weights = _kind_weights(wanted)
    if even:
        weights = np.concatenate([_kind_weights(_answerable(part)) for part in cases.values()]) / len(cases)
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


def fitted(recipe: Recipe, cases: Cases) -> Curve:
    """Return a recipe's curve, fitted on those of its sets that are among the cases."""
    taught = {name: cases[name] for name in recipe.sets if name in cases}
    curve = fit(taught, recipe.features, base_rate=recipe.base_rate, even=recipe.even)
    alike = [case for name in recipe.alike for case in cases.get(name, ())]
    return replace(curve, unnamed=cost_of_a_missing_name(curve, alike)) if alike else curve


def cost_of_a_missing_name(curve: Curve, cases: Sequence[Case]) -> float:
    """Return the coefficient of `unnamed`, 0 or below, that separates best when all else of a curve stays.

    An intercept is fitted beside it and let go: it would only say how many of these questions have an answer.
    """
    wanted = _answerable(cases)
    weights = _kind_weights(wanted)
    design = np.column_stack([np.ones(len(cases)), [case.signals.unnamed for case in cases]])
    known = np.array([curve.logit(case.signals) for case in cases])
    solution = np.zeros(2)
    ridge = np.diag([0.0, NAME_RIDGE])
    for _ in range(NEWTON_STEPS):
        chance = 1.0 / (1.0 + np.exp(-(known + design @ solution)))
        gradient = design.T @ (weights * (chance - wanted)) + ridge @ solution
        hessian = (design * (weights * chance * (1.0 - chance))[:, None]).T @ design + ridge
        solution -= np.linalg.solve(hessian, gradient)
    return min(float(solution[1]), 0.0)


def as_code(curve: Curve, recipe: Recipe) -> str:
    """Return the line to paste."""
    features = (*recipe.features, *(("unnamed",) if recipe.alike else ()))
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
