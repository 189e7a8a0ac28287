"""Two ways to retrieve, or to answer, compared question by question.

rows + rows -> matched by id -> paired test of each measure -> a sentence for each that a person can act on
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.counting import counted
from knowledge.results import Row
from knowledge.scores import PairedScore, paired
from knowledge.trial import THIS_RUN
from knowledge.yardstick import Yardstick


@dataclass(frozen=True, slots=True)
class Comparison:
    """One setting (left) against another (right), over the questions that both have."""

    left: str
    right: str
    n: int
    scores: dict[str, PairedScore]
    """Name in the yardstick -> left minus right; `seconds` as well."""
    languages: dict[str, dict[str, PairedScore]]
    """The same for each language, when the questions have several."""
    won_by_left: tuple[str, ...]
    """Ids of questions that went well on the left only: found, or answered rightly."""
    won_by_right: tuple[str, ...]
    only_left: tuple[str, ...]
    """Ids of questions that the right side does not have."""
    only_right: tuple[str, ...]
    changed: tuple[str, ...]
    """Ids that stand for another question, history or gold on the other side; not compared."""
    verdicts: tuple[str, ...]
    """One sentence for each measure that matters, the deciding one first."""


def compare(left: Sequence[Row], right: Sequence[Row], *, yardstick: Yardstick, names: tuple[str, str]) -> Comparison:
    """Compare two evaluations of the same questions.

    Args:
        names: what the two are called in the verdicts.
    """
    here, there = {row.id: row for row in left}, {row.id: row for row in right}
    shared = [name for name in here if name in there]
    changed = tuple(name for name in shared if here[name].fingerprint != there[name].fingerprint)
    pairs = [(here[name], there[name]) for name in shared if name not in set(changed)]
    scores = _paired(pairs, yardstick)
    languages = sorted({one.language for one, _ in pairs})
    won = [(one.id, one.measures[yardstick.won], other.measures[yardstick.won]) for one, other in pairs]
    return Comparison(
        left=names[0],
        right=names[1],
        n=len(pairs),
        scores=scores,
        languages={
            language: _paired([pair for pair in pairs if pair[0].language == language], yardstick)
            for language in (languages if len(languages) > 1 else ())
        },
        won_by_left=tuple(name for name, mine, other in won if mine == 1 and other == 0),
        won_by_right=tuple(name for name, mine, other in won if mine == 0 and other == 1),
        only_left=tuple(name for name in here if name not in there),
        only_right=tuple(name for name in there if name not in here),
        changed=changed,
        verdicts=tuple(
            verdict(name, scores[name], yardstick=yardstick, names=names) for name in _said(scores, yardstick)
        ),
    )


def verdict(measure: str, score: PairedScore, *, yardstick: Yardstick, names: tuple[str, str]) -> str:
    """Return one sentence on a measure: who is better and by how much, or that nothing can be shown."""
    left, right = names
    better, nothing = yardstick.said[measure]
    label, unit = yardstick.label(measure), yardstick.units.get(measure)
    if score.difference is None or score.low is None or score.high is None:
        return f"{label}: no question has it on both sides."
    if score.wins == score.losses == 0:
        return sentence(
            f"{left} and {right} are equal {nothing}: {label} is the same on {counted(score.n, 'question')}."
        )
    if not score.is_shown:
        return (
            f"No difference can be shown {nothing}: {_amount(score.difference, label, unit)} "
            f"[{_number(score.low, unit)}, {_number(score.high, unit)}], n={score.n}, p={score.p}; "
            f"{_questions(score.wins + score.losses)}."
        )
    is_left = (score.difference > 0) is (unit is None)
    best, other = (left, right) if is_left else (right, left)
    turned = 1 if is_left else -1
    low, high = sorted((turned * score.low, turned * score.high))
    return sentence(
        f"{best} {better} than {other}: {_amount(turned * score.difference, label, unit)} "
        f"[{_number(low, unit)}, {_number(high, unit)}], n={score.n}, p={score.p}."
    )


def sentence(text: str) -> str:
    """Begin with a capital, but leave a file's or a key's name as it is."""
    return text.replace(THIS_RUN, THIS_RUN.capitalize(), 1) if text.startswith(THIS_RUN) else text


def _paired(pairs: Sequence[tuple[Row, Row]], yardstick: Yardstick) -> dict[str, PairedScore]:
    scores = {
        name: paired([one.measures[name] for one, _ in pairs], [other.measures[name] for _, other in pairs])
        for name in yardstick.measures
    }
    return {**scores, "seconds": paired([one.seconds for one, _ in pairs], [other.seconds for _, other in pairs])}


def _said(scores: Mapping[str, PairedScore], yardstick: Yardstick) -> list[str]:
    """Return the measures worth a sentence."""
    repeats = yardstick.repeats
    return [
        name
        for name in yardstick.said
        if scores[name].n and not (name in repeats and scores[name] == scores[repeats[name]])
    ]


def _questions(differing: int) -> str:
    """Say how few questions stand behind a difference: an interval may exclude zero where four of them differ."""
    return counted(differing, "question differs", "questions differ")


def _amount(value: float, label: str, unit: str | None) -> str:
    return f"{_number(value, unit)} {f'points of {label}' if unit is None else unit}"


def _number(value: float, unit: str | None) -> str:
    """Return a share in points, anything else as it is."""
    return f"{100 * value:+.1f}" if unit is None else f"{value:+.1f}"
