"""How the sentence that answers is chosen: the weights of `agents.quotes.ranking`, beside those that a fit would take.

    development questions -> statements in numbers -> weights -> a table, and the weights as JSON to compare

What the table says of fitted weights is cross-validated: a company's questions are answered with weights that saw none
of that company, xquad's with weights that saw none about the same article. The weights below the table saw all of them,
but those of the companies that only measure, and of the demo company. No question is asked that taught an embedder's
adapter (`bench.splits`). Each company counts as much as each xquad set. The weights are not written by themselves.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.finding import find
from agents.quotes.ranking import (
    AGAINST,
    NAMES,
    Weighing,
    describe,
    sharpness_of,
    weighing_with,
    weights_of,
    with_meaning,
)
from agents.quotes.statements import Statement
from agents.transcript import Message
from agents.trials.measures import missing_facts
from bench.companies import COMPANIES, FOLLOW_UPS, HELD_OUT, WEIGHED
from bench.homes import library_with
from bench.splits import group_of, teaches
from bench.tables import Table
from knowledge.embedders import Embedder
from knowledge.errors import EmbedderUnavailable
from knowledge.library import Library
from knowledge.questions import Question, read
from knowledge.text import detect_language, locate

Array = NDArray[np.float64]

MEASURED = HELD_OUT[::3]
"""Companies that nothing is fitted on; all of them would take long, and `bench companies` asks all."""
SETS = (*WEIGHED, *COMPANIES, *FOLLOW_UPS, "xquad-en", "xquad-zh")
EMBEDDERS = ("embedded", "multilingual")
WEIGHINGS: tuple[Weighing, ...] = ("answers", "meaning", "words")
RIDGE = 0.02
STEPS = 300
RATE = 0.05
COMPARED_AT_MOST = 40
"""Statements of a question that are learned from: those that are right, and the likeliest others."""
TOP = (1, 2, 4)
SHARPNESSES = np.arange(1.0, 25.0, 0.1)
UNRANKED = 0.05
"""The part of all questions whose answer the ranking is taken to know nothing of, so that no likelihood is 0."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question that the documents answer, with the statements that were found, in numbers of one way of weighing."""

    features: Array
    """Shape (statements, `NAMES`)."""
    right: NDArray[np.bool_]
    weighing: Weighing
    group: str
    """What must not be learned from when this is asked."""
    weight: float = 1.0


def run(folder: Path) -> Table:
    cases: dict[tuple[str, Weighing], list[Case]] = {}
    notes = []
    for embedder in EMBEDDERS:
        for name in (*SETS, *MEASURED):
            try:
                for weighing, found in collect(name, folder, embedder=embedder).items():
                    cases[f"{name}, {embedder}", weighing] = found
            except EmbedderUnavailable as error:
                notes.append(f"{name} with `{embedder}` was not measured: {error}")
    rows = [_row(name, cases) for name in cases]
    for weighing in WEIGHINGS:
        sets = {name: part for (name, way), part in cases.items() if way == weighing and not _measures(name)}
        every = [case for part in sets.values() for case in part]
        in_use, found = (json.dumps(_named(w)) for w in (weights_of(weighing), fit(every)))
        notes.append(f"`{weighing}`: in use `{in_use}`, fitted `{found}`.")
        apart = ", ".join(f"{name} {fitted_sharpness(part):.1f}" for name, part in sets.items())
        sharp, together = sharpness_of(weighing), fitted_sharpness(every)
        notes.append(f"Sharpness of `{weighing}`: in use {sharp}, fitted {together:.1f}; to each set alone: {apart}.")
    return Table(
        columns=(
            "questions",
            "weighed by",
            "n",
            *(f"in use, first {k}" for k in TOP),
            *(f"fitted elsewhere, first {k}" for k in TOP),
        ),
        rows=tuple(rows),
        cases="one answerable question is one case; right: among its first statements is one that holds the answer",
        spread="shares",
        notes=tuple(notes),
    )


def collect(name: str, folder: Path, *, embedder: str) -> dict[Weighing, list[Case]]:
    """Return the answerable questions of a set with what an assistant finds for them, by each way of weighing.

    Raises:
        EmbedderUnavailable: the embedder's model is not among the models of `make models`.
    """
    found: dict[Weighing, list[Case]] = {}
    with library_with(embedder, name, folder) as (library, questions):
        for question in read(questions):
            if question.answerable and not teaches(question, name):
                for case in cases_of(question, library, name):
                    found.setdefault(case.weighing, []).append(case)
    return {way: [replace(case, weight=1.0 / len(part)) for case in part] for way, part in found.items()}


def cases_of(question: Question, library: Library, name: str) -> list[Case]:
    """Return a question's statements in numbers, by each way of weighing; none where nothing was found."""
    history = tuple(Message("user" if m.role == "user" else "assistant", m.content) for m in question.history)
    audiences = tuple(dict.fromkeys(["public", question.audience]))
    previous = next((message.content for message in reversed(history) if message.role == "user"), "")
    embedder: Embedder = library.embedder
    best = weighing_with(embedder, detect_language(question.question))
    cases = []
    for weighing in WEIGHINGS[WEIGHINGS.index(best) :]:
        found = find(
            library,
            question.question,
            history,
            collections=("default",),
            audiences=audiences,
            nearness_weight=None if weighing == "answers" else 0.0,  # the other two serve where no adapter orders
        )
        described = describe(found, previous)
        if not described.statements:
            return []
        right = np.array([is_right(question, statement) for statement in described.statements])
        features = described.features
        if weighing != "words":
            features = with_meaning(found.asked, described, embedder, previous=previous, weighing=weighing)
        likely = np.argsort(-(features @ weights_of(weighing)), kind="stable")[:COMPARED_AT_MOST]
        kept = np.union1d(likely, np.flatnonzero(right))
        cases.append(Case(features[kept], right[kept], weighing, group_of(question, name)))
    return cases


def is_right(question: Question, statement: Statement) -> bool:
    """Say whether a statement stands where the answer does and holds one of its facts."""
    return any(_stands_at(place.document, place.quote, statement) for place in question.gold) and (
        not question.facts or len(missing_facts(statement.text, question.facts)) < len(question.facts)
    )


def fit(cases: Iterable[Case]) -> Array:
    """Return the weights under which a right statement is likeliest to come first, the first feature's being 1.

    Softmax over each question's statements, ridge on standardised features, Adam; a feature of `AGAINST` stays at 0 or
    below, the others at 0 or above.
    """
    used = [case for case in cases if case.right.any() and not case.right.all()]
    features = np.vstack([case.features for case in used])
    scale = features.std(axis=0) + 1e-6
    design = features / scale
    starts = np.cumsum([0, *(len(case.right) for case in used[:-1])])
    question = np.repeat(np.arange(len(used)), [len(case.right) for case in used])
    right = np.concatenate([case.right for case in used])
    weight = np.array([case.weight for case in used])
    weight /= weight.sum()
    sign = np.array([-1.0 if name in AGAINST else 1.0 for name in NAMES])
    solution, mean, square = (np.zeros(len(NAMES)) for _ in range(3))
    for step in range(1, STEPS + 1):
        scores = design @ solution
        likelihood = np.exp(scores - np.maximum.reduceat(scores, starts)[question])
        among_all = likelihood / np.add.reduceat(likelihood, starts)[question]
        wanted = likelihood * right
        among_right = wanted / np.maximum(np.add.reduceat(wanted, starts)[question], 1e-12)
        gradient = design.T @ ((among_all - among_right) * weight[question]) + RIDGE * solution
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        solution -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        solution = sign * np.maximum(sign * solution, 0.0)
    found = solution / scale
    return np.asarray(found / found[0] if found[0] > 0 else found)


def fitted_sharpness(cases: Iterable[Case]) -> float:
    """Return under which sharpness, with the weights in use, the right statements are likeliest in all."""
    used = [case for case in cases if case.right.any()]
    likely = np.zeros(len(SHARPNESSES))
    for case in used:
        scores = case.features @ weights_of(case.weighing)
        shares = np.exp(SHARPNESSES[:, None] * (scores - scores.max()))
        right = shares[:, case.right].sum(axis=1) / shares.sum(axis=1)
        likely += case.weight * np.log(UNRANKED / len(scores) + (1.0 - UNRANKED) * right)
    return float(SHARPNESSES[int(np.argmax(likely))])


def place_of(case: Case, weights: Array) -> int:
    """Return the place of the first right statement, 0 and up; beyond the last where none is."""
    order = np.argsort(-(case.features @ weights), kind="stable")
    return int(np.argmax(case.right[order])) if case.right.any() else len(order)


def _row(name: tuple[str, Weighing], cases: Mapping[tuple[str, Weighing], Sequence[Case]]) -> tuple[str, ...]:
    mine, weighing = cases[name], name[1]
    every = [case for (other, way), part in cases.items() if way == weighing and not _measures(other) for case in part]
    used = [place_of(case, weights_of(weighing)) for case in mine]
    unseen = {group: fit(case for case in every if case.group != group) for group in {case.group for case in mine}}
    after = [place_of(case, unseen[case.group]) for case in mine]
    shares = [f"{sum(place < count for place in places) / len(mine):.2f}" for places in (used, after) for count in TOP]
    return *name, str(len(mine)), *shares


def _measures(name: str) -> bool:
    """Say whether a set is never learned from."""
    return name.partition(",")[0] in MEASURED


def _named(weights: Array) -> dict[str, float]:
    return dict(zip(NAMES, weights.round(3).tolist(), strict=True))


def _stands_at(document: str, quote: str, statement: Statement) -> bool:
    """Say whether one of the places where a quote stands in the statement's passage overlaps it."""
    if document != statement.passage.document:
        return False
    text, begun = statement.passage.text, 0
    if not quote:
        return True
    while span := locate(quote, text[begun:]):
        start, end = (statement.passage.start + begun + offset for offset in span)
        if start < statement.end and statement.start < end:
            return True
        begun += span[1]
    return False
