"""Answers about invented companies that nothing was learned from, without a model.

    companies that only measure -> every question answered -> facts held, refusals, the few words that stand first

Documents and questions were written without sight of Frontdesk's code, in customers' own words. A quarter to a third
of the questions look as if the documents answered them. Those of `HELD_OUT` have a dozen documents each, and no fault
that was seen there alone is mended; those of `LARGER` have 45.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from agents.evaluation import JudgedAnswer, evaluate
from agents.models import ModelOptions, resolve
from agents.trials.measures import missing_facts
from agents.turn import Responder
from bench.companies import ACROSS, HELD_OUT, LARGER, across, broad
from bench.homes import library_with, models_folder
from bench.tables import Table
from knowledge.questions import read
from knowledge.scores import Score, auroc, mean

EMBEDDERS = ("embedded", "multilingual")


def run(folder: Path) -> Table:
    """Return what is answered about companies of a dozen documents each."""
    return _table((*HELD_OUT, *across(HELD_OUT)), {"all": HELD_OUT, "all across languages": ACROSS}, folder)


def run_larger(folder: Path) -> Table:
    """Return the same of companies of 45 documents each."""
    return _table(LARGER, {"all": LARGER}, folder)


def run_broad(folder: Path) -> Table:
    """Return what is answered to the plainest questions about companies that only measure."""
    names = broad((*HELD_OUT, *LARGER))
    english = [name for name in names if "-zh" not in name]
    return _table(names, {"all in English": english, "all in Chinese": set(names) - set(english)}, folder, each=False)


def _table(names: Sequence[str], parts: Mapping[str, Collection[str]], folder: Path, *, each: bool = True) -> Table:
    """Ask sets of questions; a row is of a set, or of several together.

    Args:
        parts: name of a row -> its sets.
        each: whether each set has a row of its own.
    """
    rows = []
    for embedder in EMBEDDERS:
        judged = {name: answers(name, folder, embedder=embedder) for name in known(embedder, names)}
        rows += [_row(name, embedder, part) for name, part in judged.items() if each]
        for name, sets in parts.items():
            if both := [one for asked_of, part in judged.items() if asked_of in sets for one in part]:
                rows.append(_row(name, embedder, both))
    return Table(
        columns=(
            "company",
            "embedder",
            "held and cited",
            "answered when answerable",
            "refused when not",
            "AUROC",
            "few words first, right",
            "words",
            "unsupported, strays",
            "s an answer, mean",
        ),
        rows=tuple(rows),
        cases="one question is one case",
        spread="right/all; AUROC with its [95 % bootstrap interval]",
    )


def known(embedder: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the sets of which an embedder knows the languages."""
    if embedder == "multilingual":
        return tuple(names)
    return tuple(name for name in names if "-zh" not in name and name not in ACROSS)


def answers(name: str, folder: Path, *, embedder: str) -> Sequence[JudgedAnswer]:
    """Ask a company's questions, without a model."""
    with (
        library_with(embedder, name, folder) as (library, questions),
        closing(resolve("none", options=ModelOptions(models_folder=models_folder()))) as model,
    ):
        return evaluate(Responder(library, model), library, read(questions)).judged


def is_right(judged: JudgedAnswer) -> bool:
    """Say whether the few words that stand first hold one of the facts that were asked for; a near miss has none."""
    facts = judged.question.facts
    return bool(facts) and len(missing_facts(judged.answer.pointed, facts)) < len(facts)


def _row(name: str, embedder: str, judged: Sequence[JudgedAnswer]) -> tuple[str, ...]:
    area = auroc(*([j.answer.evidence for j in judged if j.question.answerable is wanted] for wanted in (True, False)))
    pointed = [j for j in judged if j.answer.pointed]
    words = mean([j.measures.words for j in judged if j.measures.words is not None])
    return (
        name,
        embedder,
        _share([j.measures.held_and_cited for j in judged]),
        _share([j.measures.answered_when_answerable for j in judged]),
        _share([j.measures.refused_when_unanswerable for j in judged]),
        _with_interval(area),
        f"{sum(is_right(j) for j in pointed)}/{len(pointed)}",
        f"{words.value:.0f}" if words.value is not None else "–",
        f"{sum(len(j.unsupported) for j in judged)}, {sum(len(j.strays) for j in judged)}",
        f"{sum(j.answer.seconds for j in judged) / len(judged):.2f}",
    )


def _share(marks: Sequence[float | None]) -> str:
    counted = [mark for mark in marks if mark is not None]
    return f"{sum(mark == 1 for mark in counted)}/{len(counted)}"


def _with_interval(area: Score) -> str:
    return f"{area.value:.2f} [{area.low:.2f}, {area.high:.2f}]" if area.value is not None else "–"
