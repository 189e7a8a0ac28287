"""The second look of a model that reads: does the sentence that it chose say what is asked, or only something near it?

    questions about the stand-ins for companies -> search -> the larger embedded model reads, then is asked yes or no
    evidence of the search, likelihood of its yes -> logistic curve -> how well each tells answers from near misses

What the table says of both together is of a curve that saw none of that company's questions; the constants below it, of
one that saw all that are asked in English, can be put into `agents/quotes/verifying.py`.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.finding import find
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.loading import LARGER_EMBEDDED
from agents.quotes import ranking, reading, verifying
from agents.quotes.naming import is_of_another
from agents.transcript import Message
from bench.calibrate import REFUSE_BELOW
from bench.companies import COMPANIES
from bench.homes import larger_models_folder, library_with
from bench.ranking import is_right
from bench.tables import Table
from knowledge.library import Library
from knowledge.questions import Question, read
from knowledge.scores import auroc
from knowledge.text import detect_language

Array = NDArray[np.float64]

LEARNED = tuple(name for name in COMPANIES if not name.endswith("-zh"))
"""Sets that the curve is fitted on. Asked in Chinese the model is sure of less, and of Chinese there is one small set:
it is only reported on."""
EMBEDDER = "multilingual"
"""That of a shop whose customers write English and Chinese."""
RIDGE = 0.5
NEWTON_STEPS = 60
ANSWERED = 2 / 3
"""Share of the questions that get so far which the documents are taken to answer: a wrong answer counts as two
refusals, which show what comes nearest and offer a person."""
SILENT_SECONDS = 900.0
"""A busy machine must not end the measurement."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question that the search found something for."""

    answerable: bool
    found: float
    """Evidence of the search, 0-1."""
    agreed: float
    """Likelihood of the model's yes against its no, 0-1."""
    refused: bool
    """Whether it is refused whatever the model agrees to: it said "not stated", or the sentence is of another thing."""
    right: bool
    """Whether the sentence that comes first holds the answer."""


def run(folder: Path) -> Table:
    model = resolve(
        f"embedded:{LARGER_EMBEDDED}",
        ModelOptions(models_folder=larger_models_folder(), timeout_seconds=SILENT_SECONDS),
    )
    with closing(model):
        cases = {name: collect(name, folder, model) for name in COMPANIES}
    rows = []
    for name, mine in cases.items():
        rest = [case for other in LEARNED if other != name for case in cases[other]]
        rows.append(row(name, mine, fit(rest)))
    found = ", ".join(f"{value:.2f}" for value in fit([case for name in LEARNED for case in cases[name]]))
    in_use = ", ".join(f"{v:.2f}" for v in (verifying.INTERCEPT, verifying.OF_EVIDENCE, verifying.OF_AGREEMENT))
    return Table(
        columns=(
            "questions",
            "answerable + not",
            "AUROC, search",
            "AUROC, agreement",
            "AUROC, both, fitted elsewhere",
            "answered when answerable",
            "and the first sentence right",
            "refused when not",
            "the same without the second look",
        ),
        rows=tuple(rows),
        cases="one question is one case",
        spread="[95 % bootstrap interval]; shares with a curve that saw none of the company, at evidence "
        f"{REFUSE_BELOW}",
        notes=(f"Intercept, evidence, agreement: fitted {found}; in use {in_use}.",),
    )


def collect(name: str, folder: Path, model: LoadedModel) -> list[Case]:
    """Return the questions of a company as the assistant sees them after the model has read."""
    with library_with(EMBEDDER, name, folder) as (library, questions):
        return [case for question in read(questions) if (case := case_of(question, library, model)) is not None]


def case_of(question: Question, library: Library, model: LoadedModel) -> Case | None:
    """Return what a question comes to; None where nothing was found."""
    asked, language = question.question, detect_language(question.question)
    history = tuple(Message("user" if m.role == "user" else "assistant", m.content) for m in question.history)
    audiences = tuple(dict.fromkeys(["public", question.audience]))
    found = find(library, asked, history, collections=("default",), audiences=audiences)
    ranked = ranking.rank(found, language=language, embedder=library.embedder, history=history)
    if not ranked:
        return None
    of_another = partial(is_of_another, asked, passages=found.passages, weights=found.weights)
    seen = reading.read(asked, ranked, history=history, of_another=of_another, model=model, language=language)
    first = seen.ranked[0] if seen.ranked else ranked[0]
    agreed = verifying.agreement(asked, first, history=history, model=model, language=language)
    return Case(
        answerable=question.answerable,
        found=found.evidence,
        agreed=0.5 if agreed is None else agreed,
        refused=not seen.found or of_another(first),
        right=is_right(question, first),
    )


def fit(cases: Sequence[Case]) -> Array:
    """Return intercept and weights of the logits of evidence and agreement; both sides weigh the same in the fit."""
    design = _design(cases)
    answerable = np.array([case.answerable for case in cases], dtype=float)
    share = answerable.mean()
    weight = np.where(answerable == 1, 0.5 / share, 0.5 / (1 - share))
    ridge = RIDGE * np.diag([0.0, 1.0, 1.0])
    curve: Array = np.zeros(3)
    for _ in range(NEWTON_STEPS):
        likely = 1 / (1 + np.exp(-design @ curve))
        slope = design.T @ ((answerable - likely) * weight) - ridge @ curve
        curve += np.linalg.solve((design * (weight * likely * (1 - likely))[:, None]).T @ design + ridge, slope)
    curve[0] += log(ANSWERED / (1 - ANSWERED))
    return curve


def row(name: str, cases: Sequence[Case], curve: Array) -> tuple[str, ...]:
    """Return the table's row of one company, with a curve that did not see it."""
    logits = _design(cases) @ curve
    answered = [not case.refused and logit >= 0 for case, logit in zip(cases, logits, strict=True)]
    yes = [at for at, case in enumerate(cases) if case.answerable]
    no = [at for at, case in enumerate(cases) if not case.answerable]
    return (
        name,
        f"{len(yes)} + {len(no)}",
        *(_auroc([values[at] for at in yes], [values[at] for at in no]) for values in _signals(cases, logits)),
        _share(answered[at] for at in yes),
        _share(answered[at] and cases[at].right for at in yes),
        _share(not answered[at] for at in no),
        f"{_share(not cases[at].refused for at in yes)}, {_share(cases[at].refused for at in no)}",
    )


def _signals(cases: Sequence[Case], logits: Array) -> tuple[Sequence[float], ...]:
    return [case.found for case in cases], [case.agreed for case in cases], logits.tolist()


def _design(cases: Sequence[Case]) -> Array:
    return np.array([[1.0, verifying.logit_of(c.found), verifying.logit_of(c.agreed)] for c in cases])


def _auroc(yes: Sequence[float], no: Sequence[float]) -> str:
    score = auroc(yes, no)
    return "–" if score.value is None else f"{score.value:.2f} [{score.low:.2f}, {score.high:.2f}]"


def _share(wanted: Iterable[bool]) -> str:
    values = list(wanted)
    return f"{sum(values)}/{len(values)}"
