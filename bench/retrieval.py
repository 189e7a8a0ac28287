"""Are the documents that hold the answer found: words alone, meaning alone, and both fused, on every set.

    data set -> frontdesk ingest -> frontdesk evaluate rag --mode … -> one row a set and mode
    the same searches, question by question -> fused against its better half · with history against without

The sentences below the table are computed. A topic switch is a question that stands alone after a conversation on
another article: what came before must not harm it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from agents.finding import search
from bench.datasets import DATASETS
from bench.homes import DEMO, Home, frontdesk, home_of, in_home
from bench.tables import Table, score
from knowledge.evaluation import Judged, evaluate, judge
from knowledge.measures import DEPTH
from knowledge.questions import Question, Spoken, read
from knowledge.retrieval import Mode, RetrievalOptions
from knowledge.scores import Score, mean

SETS = (*DATASETS, DEMO)
HALVES: tuple[Mode, ...] = ("lexical", "dense")
FUSED: Mode = "fused"
MODES: tuple[Mode, ...] = ("lexical", "dense", "fused")
SWITCHED = ("xquad-en", "xquad-zh")
"""Sets whose questions stand alone; their neighbours in the file are on other articles, or nearly always."""
EARLIER_TURNS = 2
TURN_MARK = "<::>"
"""Stands between a conversation and the turn in the ids of mtrag."""
DEEP = 40
"""Passages that are looked through where some are left out afterwards."""
COMPARED = {"recall_at_5": "recall@5", "mrr_at_10": "MRR@10"}

Scores = Mapping[str, Any]


def run(folder: Path) -> Table:
    rows: list[tuple[str, ...]] = []
    shortfalls: list[str] = []
    differences: list[str] = []
    for name in SETS:
        home = home_of(name, folder)
        found = {
            mode: frontdesk(home.path, "evaluate", "rag", "--questions", home.questions, "--mode", mode)["overall"]
            for mode in (*HALVES, FUSED)
        }
        judged = {mode: _judged(home, RetrievalOptions(mode=mode)) for mode in MODES}
        differences.append(difference_of(name, judged))
        unmoved = _judged(home, RetrievalOptions(nearness_weight=0.0))
        differences.append(
            f"{name}, what comes near to answering first against the order of the search: recall@5 "
            f"{shown(_difference(judged[FUSED], unmoved))}"
        )
        if name in SWITCHED:
            differences.append(
                f"{name} after a talk on another subject, fused against the same without it: recall@5 "
                f"{shown(_difference(_judged(home, RetrievalOptions(), switched=True), judged[FUSED]))}"
            )
        follow_ups = [j.question.history != () for j in judged[FUSED]]
        if any(follow_ups):
            alone = _judged(home, RetrievalOptions(), history=False)
            pairs = [(w, a) for w, a, led in zip(judged[FUSED], alone, follow_ups, strict=True) if led]
            gain = _difference([with_it for with_it, _ in pairs], [without for _, without in pairs])
            differences.append(f"{name}, questions with a history against the last turn alone: recall@5 {shown(gain)}")
            differences += _without_rivals(name, home)
        for mode, scores in found.items():
            rows.append(_row(name, mode, scores, ingested=f"{home.documents / home.ingest_seconds:.1f}"))
        shortfalls += shortfalls_of(name, found)
    return Table(
        columns=(
            "set",
            "mode",
            "answerable + not",
            "recall@5",
            "MRR@10",
            "refusal AUROC",
            "ms a search",
            "documents/s read",
        ),
        rows=tuple(rows),
        cases="one question is one case; recall and MRR over the answerable ones, AUROC over all",
        spread="[95 % bootstrap interval]",
        notes=(verdict(shortfalls, len(SETS)), f"Paired differences [95 % interval]: {'; '.join(differences)}."),
    )


def difference_of(name: str, judged: Mapping[Mode, Sequence[Judged]]) -> str:
    """Return fused minus the half with the better recall, question by question."""
    better = max(HALVES, key=lambda mode: mean(_recalls(judged[mode])).value or 0.0)
    return f"{name}, fused against {better}: recall@5 {shown(_difference(judged[FUSED], judged[better]))}"


def switched_histories(questions: Sequence[Question]) -> list[Question]:
    """Return each question after the questions that stand half the file away, with their answers."""
    count = len(questions)
    after = []
    for place, question in enumerate(questions):
        earlier = [questions[(place + count // 2 + turn) % count] for turn in range(EARLIER_TURNS)]
        said: list[Spoken] = []
        for other in earlier:
            told = other.facts[0][0] if other.facts else "I do not know."
            said += [Spoken("user", other.question), Spoken("assistant", told)]
        after.append(replace(question, history=tuple(said)))
    return after


def rivals_of(questions: Sequence[Question]) -> dict[str, frozenset[str]]:
    """Return question's id -> the documents that only other turns of its conversation ask for.

    They are on the topic and wrong, and in a set made of conversations they are most of what is there on a topic.
    """
    asked: dict[str, set[str]] = {}
    for question in questions:
        asked.setdefault(_conversation(question), set()).update(gold.document for gold in question.gold)
    return {
        question.id: frozenset(asked[_conversation(question)] - {gold.document for gold in question.gold})
        for question in questions
    }


def _conversation(question: Question) -> str:
    return question.id.partition(TURN_MARK)[0]


def _without_rivals(name: str, home: Home) -> list[str]:
    """Return the sentence on what history gains where no other turn's passages stand in the library."""
    questions = read(home.questions)
    rivals = rivals_of(questions)
    asked = [
        question for question in questions if question.history and question.answerable and TURN_MARK in question.id
    ]
    if not asked:
        return []
    found: dict[bool, list[Judged]] = {True: [], False: []}
    with in_home(home.path) as library:
        for question, with_history in product(asked, found):
            history = question.history if with_history else ()
            retrieval = search(
                library, question.question, history=history, limit=DEEP, collections=("default",), audiences=("public",)
            )
            kept = tuple(p for p in retrieval.passages if p.document not in rivals[question.id])
            found[with_history].append(judge(question, replace(retrieval, passages=kept[:DEPTH])))
    gain = shown(_difference(found[True], found[False]))
    return [f"{name}, the same without the documents that only other turns of a conversation ask for: recall@5 {gain}"]


def shown(difference: Score) -> str:
    """Return a difference in points with its interval."""
    if difference.value is None or difference.low is None or difference.high is None:
        return "–"
    return (
        f"{100 * difference.value:+.1f} points [{100 * difference.low:+.1f}, {100 * difference.high:+.1f}], "
        f"n={difference.n}"
    )


def _judged(
    home: Home, options: RetrievalOptions, *, history: bool = True, switched: bool = False
) -> tuple[Judged, ...]:
    questions = list(read(home.questions))
    if switched:
        questions = switched_histories(questions)
    elif not history:
        questions = [replace(question, history=()) for question in questions]
    with in_home(home.path) as library:
        return evaluate(library, questions, options=options, search=partial(search, library)).judged


def _difference(left: Sequence[Judged], right: Sequence[Judged]) -> Score:
    pairs = [(one.measures.recall_at_5, other.measures.recall_at_5) for one, other in zip(left, right, strict=True)]
    return mean([mine - theirs for mine, theirs in pairs if mine is not None and theirs is not None])


def _recalls(judged: Sequence[Judged]) -> list[float]:
    return [recall for case in judged if (recall := case.measures.recall_at_5) is not None]


def shortfalls_of(name: str, found: Mapping[Mode, Scores]) -> list[str]:
    """Return where fused is below the better half."""
    missed = []
    for key, label in COMPARED.items():
        values = {mode: scores[key]["value"] for mode, scores in found.items()}
        best = max(values[mode] for mode in HALVES)
        if values[FUSED] < best:
            missed.append(f"{name} ({label} {values[FUSED]:.3f} against {best:.3f})")
    return missed


def verdict(shortfalls: Iterable[str], sets: int) -> str:
    """Return the sentence below the table."""
    missed = list(shortfalls)
    if not missed:
        return f"Fused is at least as good as the better half on all {sets} sets, in recall@5 and in MRR@10."
    return f"Fused is below the better half on: {'; '.join(missed)}."


def _row(name: str, mode: str, scores: Scores, *, ingested: str) -> tuple[str, ...]:
    return (
        name,
        mode,
        f"{scores['recall_at_5']['n']} + {scores['n'] - scores['recall_at_5']['n']}",
        score(scores["recall_at_5"], digits=3),
        score(scores["mrr_at_10"], digits=3),
        score(scores["refusal_auroc"], digits=3),
        f"{1000 * scores['seconds']['value']:.0f}",
        ingested,
    )
