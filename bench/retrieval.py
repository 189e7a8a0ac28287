"""Are the documents that hold the answer found: by words, by meaning, by both fused, and what answers put first.

    data set -> frontdesk ingest -> the same questions four ways, as `frontdesk evaluate rag` asks -> one row each
    question by question -> fused against its better half · put first against fused · with history against without

The sentences below the table are computed. A topic switch is a question that stands alone after a conversation on
another article: what came before must not harm it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import product
from pathlib import Path

from agents.finding import search
from agents.quotes.nearness import forget
from bench.companies import BESIDE, HELD_OUT, INVENTED
from bench.datasets import DATASETS
from bench.homes import DEMO, Home, home_of, in_home
from bench.tables import Table, score
from knowledge.evaluation import Judged, RagScores, evaluate, judge, summarise
from knowledge.measures import DEPTH
from knowledge.questions import Question, Spoken, read
from knowledge.retrieval import RetrievalOptions
from knowledge.scores import Score, mean

SETS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in DATASETS if name not in (*INVENTED, *BESIDE)},
    DEMO: (DEMO,),
    "invented companies in English": tuple(name for name in HELD_OUT if not name.endswith("-zh")),
    "invented companies in Chinese": tuple(name for name in HELD_OUT if name.endswith("-zh")),
}
"""Those that are asked together; of the invented ones those that only measure."""
HALVES, FUSED, IN_USE = ("lexical", "dense"), "fused", "nearest first"
WAYS: Mapping[str, RetrievalOptions] = {
    "lexical": RetrievalOptions(mode="lexical"),
    "dense": RetrievalOptions(mode="dense"),
    FUSED: RetrievalOptions(nearness_weight=0.0),
    IN_USE: RetrievalOptions(),
}
SWITCHED = ("xquad-en", "xquad-zh")
"""Sets whose questions stand alone; their neighbours in the file are on other articles, or nearly always."""
EARLIER_TURNS = 2
TURN_MARK = "<::>"
"""Stands between a conversation and the turn in the ids of mtrag."""
DEEP = 40
"""Passages that are looked through where some are left out afterwards."""
COMPARED = {"recall_at_5": "recall@5", "mrr_at_10": "MRR@10"}


def run(folder: Path) -> Table:
    rows: list[tuple[str, ...]] = []
    shortfalls: list[str] = []
    differences: list[str] = []
    for name, parts in SETS.items():
        homes = [home_of(part, folder) for part in parts]
        judged = {way: _judged(homes, options) for way, options in WAYS.items()}
        found = {way: summarise(part) for way, part in judged.items()}
        differences += differences_of(name, judged)
        if name in SWITCHED:
            gain = _difference(_judged(homes, WAYS[IN_USE], switched=True), judged[IN_USE])
            differences.append(f"{name} after a talk on another subject against the same without it: {shown(gain)}")
        follow_ups = [j.question.history != () for j in judged[IN_USE]]
        if any(follow_ups):
            alone = _judged(homes, WAYS[IN_USE], history=False)
            pairs = [(w, a) for w, a, led in zip(judged[IN_USE], alone, follow_ups, strict=True) if led]
            gain = _difference([with_it for with_it, _ in pairs], [without for _, without in pairs])
            differences.append(f"{name}, questions with a history against the last turn alone: {shown(gain)}")
            differences += _without_rivals(name, homes)
        documents, seconds = (sum(getattr(home, key) for home in homes) for key in ("documents", "ingest_seconds"))
        rows += [_row(name, way, scores, ingested=f"{documents / seconds:.1f}") for way, scores in found.items()]
        shortfalls += shortfalls_of(name, found)
    return Table(
        columns=(
            "set",
            "found by",
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
        notes=(
            verdict(shortfalls, len(SETS)),
            f"Paired differences in recall@5 [95 % interval]: {'; '.join(differences)}.",
        ),
    )


def differences_of(name: str, judged: Mapping[str, Sequence[Judged]]) -> list[str]:
    """Return fused minus the half with the better recall, and what is put first minus both."""
    better = max(HALVES, key=lambda half: mean(_recalls(judged[half])).value or 0.0)
    pairs = ((FUSED, better), (IN_USE, FUSED), (IN_USE, better))
    return [f"{name}, {one} against {other}: {shown(_difference(judged[one], judged[other]))}" for one, other in pairs]


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


def _without_rivals(name: str, homes: Sequence[Home]) -> list[str]:
    """Return the sentence on what history gains where no other turn's passages stand in the library."""
    found: dict[bool, list[Judged]] = {True: [], False: []}
    for home in homes:
        questions = read(home.questions)
        rivals = rivals_of(questions)
        asked = [q for q in questions if q.history and q.answerable and TURN_MARK in q.id]
        with in_home(home.path) as library:
            for question, with_history in product(asked, found):
                retrieval = search(
                    library,
                    question.question,
                    history=question.history if with_history else (),
                    limit=DEEP,
                    collections=("default",),
                    audiences=("public",),
                )
                kept = tuple(p for p in retrieval.passages if p.document not in rivals[question.id])
                found[with_history].append(judge(question, replace(retrieval, passages=kept[:DEPTH])))
    if not found[True]:
        return []
    gain = shown(_difference(found[True], found[False]))
    return [f"{name}, the same without the documents that only other turns of a conversation ask for: {gain}"]


def shown(difference: Score) -> str:
    """Return a difference in points with its interval."""
    if difference.value is None or difference.low is None or difference.high is None:
        return "–"
    return (
        f"{100 * difference.value:+.1f} points [{100 * difference.low:+.1f}, {100 * difference.high:+.1f}], "
        f"n={difference.n}"
    )


def _judged(
    homes: Sequence[Home], options: RetrievalOptions, *, history: bool = True, switched: bool = False
) -> tuple[Judged, ...]:
    judged: list[Judged] = []
    for home in homes:
        questions = list(read(home.questions))
        if switched:
            questions = switched_histories(questions)
        elif not history:
            questions = [replace(question, history=()) for question in questions]
        with in_home(home.path) as library:
            search(library, questions[0].question, limit=1, collections=("default",), audiences=("public",))
            forget()  # the model is loaded, and no way of searching profits from the one before
            judged += evaluate(library, questions, options=options, search=partial(search, library)).judged
    return tuple(judged)


def _difference(left: Sequence[Judged], right: Sequence[Judged]) -> Score:
    pairs = [(one.measures.recall_at_5, other.measures.recall_at_5) for one, other in zip(left, right, strict=True)]
    return mean([mine - theirs for mine, theirs in pairs if mine is not None and theirs is not None])


def _recalls(judged: Sequence[Judged]) -> list[float]:
    return [recall for case in judged if (recall := case.measures.recall_at_5) is not None]


def shortfalls_of(name: str, found: Mapping[str, RagScores]) -> list[str]:
    """Return where fused is below the better half."""
    missed = []
    for key, label in COMPARED.items():
        values = {way: getattr(scores, key).value or 0.0 for way, scores in found.items()}
        best = max(values[half] for half in HALVES)
        if values[FUSED] < best:
            missed.append(f"{name} ({label} {values[FUSED]:.3f} against {best:.3f})")
    return missed


def verdict(shortfalls: Iterable[str], sets: int) -> str:
    """Return the sentence below the table."""
    missed = list(shortfalls)
    if not missed:
        return f"Fused is at least as good as the better half on all {sets} sets, in recall@5 and in MRR@10."
    return f"Fused is below the better half on: {'; '.join(missed)}."


def _row(name: str, way: str, scores: RagScores, *, ingested: str) -> tuple[str, ...]:
    return (
        name,
        way,
        f"{scores.recall_at_5.n} + {scores.n - scores.recall_at_5.n}",
        *(score(asdict(value), digits=3) for value in (scores.recall_at_5, scores.mrr_at_10, scores.refusal_auroc)),
        f"{1000 * (scores.seconds.value or 0.0):.0f}",
        ingested,
    )
