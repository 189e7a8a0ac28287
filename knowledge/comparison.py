"""Two ways to retrieve, compared question by question.

rows + rows -> matched by id -> paired test of each measure -> a sentence for each that a person can act on
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.evaluation import MEASURES
from knowledge.measures import MEANINGS
from knowledge.results import Row
from knowledge.scores import PairedScore, paired
from knowledge.trial import THIS_RUN

SAID: Mapping[str, tuple[str, str]] = {
    "hit_at_5": ("finds the answer more often", "in how often the answer is found"),
    "recall_at_5": ("finds more of the documents that hold the answer", "in how many of these documents are found"),
    "mrr_at_10": ("ranks the answer higher", "in how high the answer stands"),
    "evidence_recall_at_5": ("brings the very sentence more often", "in how often the very sentence is found"),
    "answered_when_answerable": ("answers more of the answerable questions", "in what is answered"),
    "refused_when_unanswerable": ("refuses more of the unanswerable questions", "in what is refused"),
}
"""Measure -> what the better one does, and where nothing can be shown; the first one decides."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One setting (left) against another (right), over the questions that both have."""

    left: str
    right: str
    n: int
    scores: dict[str, PairedScore]
    """Name in `Measures` -> left minus right; `seconds` as well."""
    languages: dict[str, dict[str, PairedScore]]
    """The same for each language, when the questions have several."""
    found_by_left: tuple[str, ...]
    """Ids of questions with a gold document among the first five on the left only."""
    found_by_right: tuple[str, ...]
    only_left: tuple[str, ...]
    """Ids of questions that the right side does not have."""
    only_right: tuple[str, ...]
    changed: tuple[str, ...]
    """Ids that stand for another question, history or gold on the other side; not compared."""
    verdicts: tuple[str, ...]
    """One sentence for each measure that matters, the deciding one first."""


def compare(left: Sequence[Row], right: Sequence[Row], *, names: tuple[str, str]) -> Comparison:
    """Compare two evaluations of the same questions.

    Args:
        names: what the two are called in the verdicts.
    """
    here, there = {row.id: row for row in left}, {row.id: row for row in right}
    shared = [name for name in here if name in there]
    changed = tuple(name for name in shared if here[name].fingerprint != there[name].fingerprint)
    pairs = [(here[name], there[name]) for name in shared if name not in set(changed)]
    scores = _paired(pairs)
    languages = sorted({one.language for one, _ in pairs})
    hits = [(one.id, one.measures["hit_at_5"], other.measures["hit_at_5"]) for one, other in pairs]
    return Comparison(
        left=names[0],
        right=names[1],
        n=len(pairs),
        scores=scores,
        languages={
            language: _paired([pair for pair in pairs if pair[0].language == language])
            for language in (languages if len(languages) > 1 else ())
        },
        found_by_left=tuple(name for name, mine, other in hits if mine == 1 and other == 0),
        found_by_right=tuple(name for name, mine, other in hits if mine == 0 and other == 1),
        only_left=tuple(name for name in here if name not in there),
        only_right=tuple(name for name in there if name not in here),
        changed=changed,
        verdicts=tuple(verdict(name, scores[name], names=names) for name in _said(scores)),
    )


def verdict(measure: str, score: PairedScore, *, names: tuple[str, str]) -> str:
    """Return one sentence on a measure: who is better and by how much, or that nothing can be shown."""
    left, right = names
    better, nothing = SAID[measure]
    label = MEANINGS[measure][0]
    if score.difference is None or score.low is None or score.high is None:
        return f"{label}: no question has it on both sides."
    if score.wins == score.losses == 0:
        return sentence(f"{left} and {right} are equal {nothing}: {label} is the same on all {score.n} questions.")
    if not score.is_shown:
        return (
            f"No difference can be shown {nothing}: {_points(score.difference)} points of {label} "
            f"[{_points(score.low)}, {_points(score.high)}], n={score.n}, p={score.p}; "
            f"{_questions(score.wins + score.losses)}."
        )
    if score.difference > 0:
        best, other, size, low, high = left, right, score.difference, score.low, score.high
    else:
        best, other, size, low, high = right, left, -score.difference, -score.high, -score.low
    return sentence(
        f"{best} {better} than {other}: {_points(size)} points of {label} "
        f"[{_points(low)}, {_points(high)}], n={score.n}, p={score.p}."
    )


def sentence(text: str) -> str:
    """Begin with a capital, but leave a file's or a key's name as it is."""
    return text.replace(THIS_RUN, THIS_RUN.capitalize(), 1) if text.startswith(THIS_RUN) else text


def _paired(pairs: Sequence[tuple[Row, Row]]) -> dict[str, PairedScore]:
    scores = {
        name: paired([one.measures[name] for one, _ in pairs], [other.measures[name] for _, other in pairs])
        for name in MEASURES
    }
    return {**scores, "seconds": paired([one.seconds for one, _ in pairs], [other.seconds for _, other in pairs])}


def _said(scores: Mapping[str, PairedScore]) -> list[str]:
    """Return the measures worth a sentence; where each question has one gold document, recall says what hits say."""
    return [
        name for name in SAID if scores[name].n and not (name == "recall_at_5" and scores[name] == scores["hit_at_5"])
    ]


def _questions(differing: int) -> str:
    """Say how few questions stand behind a difference: an interval may exclude zero where four of them differ."""
    return "1 question differs" if differing == 1 else f"{differing} questions differ"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
