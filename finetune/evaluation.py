"""What a model's replies are worth, task by task: examples and predictions in, marks and scores out.

    example + predicted -> marks of one reply -> means with 95 % intervals, by task

    every task   exact match: the same text, or the same JSON
    intent       macro-F1: the mean over labels, so that a rare label counts as much as a frequent one
    answer       token F1; facts: numbers, dates, prices and links of the right answer; what it cites; refusals
    agent        the next call: tool, and tool with all arguments
    extract      F1 of fields, valid JSON
    voice        token F1, and the distance of its style where a voice was learnt

It knows no models: whoever said it, a reply is a text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from agents.checks.figures import MARKER, exact_parts
from agents.checks.overlap import token_f1
from agents.prompts import NOT_FOUND, NOT_STATED
from agents.protocols import first_object
from agents.trials.differences import same
from finetune.examples import TASKS, Example, Task
from finetune.judging.field_scores import counted
from finetune.judging.predicting import Prediction
from knowledge.scores import RESAMPLES, SEED, PairedScore, Score, mcnemar, mean, paired
from knowledge.text import detect_language

Marks = Mapping[str, float]
MEANINGS: Mapping[str, tuple[str, str]] = {
    "exact_match": ("exact match", "replies that are equal to the right one, as text or as JSON"),
    "macro_f1": ("macro-F1", "mean over labels of precision and recall together; a rare label counts as much"),
    "token_f1": ("token F1", "how many words are shared with the right reply; 1 is equal"),
    "facts": ("facts held", "answers that hold every number, date, price and link of the right one"),
    "strays": ("invented figures", "numbers, dates, prices and links an answer, which the right one does not hold"),
    "citations": ("citations F1", "the cited passages against the right ones"),
    "refusal": ("refusals right", "refused when the passages do not answer, answered when they do"),
    "tool": ("right tool", "next calls that name the right tool"),
    "arguments": ("right call", "next calls with the right tool and all its arguments"),
    "style_distance": ("style distance", "0 is like the company's own replies, 1 like those it rewrote"),
    "valid": ("valid JSON", "replies that are a JSON object"),
    "fields": ("fields F1", "fields of the object that are right, against those given and those wanted"),
}
LESS_IS_BETTER = frozenset({"strays", "style_distance"})
COUNTED = frozenset({"strays"})
"""How many an answer; all others are shares of one."""
DECIDING: Mapping[Task, str] = {
    "intent": "exact_match",
    "answer": "facts",
    "agent": "arguments",
    "extract": "fields",
    "voice": "token_f1",
}
"""The measure that decides which model is better at a task."""
_CALL = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Judged:
    """One reply and its marks."""

    prediction: Prediction
    task: Task
    marks: Marks


@dataclass(frozen=True, slots=True)
class TaskScores:
    """How a model does at one task."""

    n: int
    measures: Mapping[str, Score]
    """By the names of `MEANINGS`."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a model does."""

    model: str
    n: int
    exact_match: Score
    tasks: Mapping[str, TaskScores]
    judged: tuple[Judged, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Difference:
    """Two models at one measure of one task, reply by reply."""

    task: str
    measure: str
    score: PairedScore
    """Left minus right; p of marks that are 0 or 1 is McNemar's exact one."""

    @property
    def better(self) -> bool | None:
        """Whether left is shown to be better; None where no difference is shown."""
        if not self.score.is_shown:
            return None
        return ((self.score.difference or 0.0) > 0) is (self.measure not in LESS_IS_BETTER)


def judge(
    model: str,
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    *,
    style: Callable[[str], float | None] | None = None,
) -> Report:
    """Return the scores of a model's replies.

    Args:
        style: how far a reply of the task `voice` is from the company's voice, None where that is not known; less is
            better.
    """
    judged = tuple(
        Judged(prediction, example.task, marks_of(example, prediction, style=style))
        for example, prediction in zip(examples, predictions, strict=True)
    )
    return Report(
        model=model,
        n=len(judged),
        exact_match=mean([one.marks["exact_match"] for one in judged]),
        tasks={task: _scores(part) for task in TASKS if (part := [one for one in judged if one.task == task])},
        judged=judged,
    )


def compare(left: Report, right: Report) -> tuple[Difference, ...]:
    """Return how far the left model lies above the right one, at each measure of each task.

    Both must have been judged on the same examples in the same order.
    """
    found = []
    for task in left.tasks:
        ours = [one for one in left.judged if one.task == task]
        theirs = [one for one in right.judged if one.task == task]
        for measure in left.tasks[task].measures:
            if measure == "macro_f1":
                score = _paired_macro_f1(ours, theirs)
            else:
                score = paired_marks(
                    [one.marks.get(measure) for one in ours], [one.marks.get(measure) for one in theirs]
                )
            found.append(Difference(task, measure, score))
    return tuple(found)


def marks_of(
    example: Example, prediction: Prediction, *, style: Callable[[str], float | None] | None = None
) -> dict[str, float]:
    """Return the marks of one reply, by the names of `MEANINGS`."""
    expected, said = prediction.expected, prediction.predicted
    marks = {"exact_match": float(_equal(expected, said))}
    more: Mapping[Task, Callable[[str, str], dict[str, float]]] = {
        "answer": _answer_marks,
        "agent": _call_marks,
        "extract": _field_marks,
        "voice": lambda wanted, given: {"token_f1": _shared_words(wanted, given)},
    }
    if example.task == "voice" and style is not None and (distance := style(said)) is not None:
        marks["style_distance"] = distance
    return marks | (more[example.task](expected, said) if example.task in more else {})


def paired_marks(left: Sequence[float | None], right: Sequence[float | None]) -> PairedScore:
    """Compare two models mark by mark; where every mark is 0 or 1, p is McNemar's exact one (McNemar 1947).

    Args:
        left: A mark for each case, or None for a case without one.
        right: The other model's marks, in the same order.
    """
    score = paired(left, right)
    both = [pair for pair in zip(left, right, strict=True) if None not in pair]
    if not both or any(mark not in (0.0, 1.0) for pair in both for mark in pair):
        return score
    return replace(score, p=mcnemar(score.wins, score.losses))


def macro_f1(expected: Sequence[str], predicted: Sequence[str]) -> float:
    """Return the mean of the F1 of every label that stands on either side."""
    codes, labels = _coded(expected, predicted)
    return float(_macro(codes[0][None], codes[1][None], labels)[0]) if len(expected) else 0.0


def read_call(text: str) -> tuple[str, Any] | None:
    """Return tool and arguments of a call, whether as a step of the `json` protocol or between a template's marks."""
    tagged = _CALL.search(text)
    found = first_object(tagged.group(1) if tagged else text)
    if found is None:
        return None
    inner = found.get("function") if isinstance(found.get("function"), Mapping) else found
    assert isinstance(inner, Mapping)
    name = inner.get("tool") or inner.get("name")
    return (str(name), inner.get("arguments", inner.get("parameters", {}))) if name else None


def _scores(judged: Sequence[Judged]) -> TaskScores:
    names = dict.fromkeys(name for one in judged for name in one.marks)
    measures = {name: mean([one.marks[name] for one in judged if name in one.marks]) for name in names}
    if judged[0].task == "intent":
        measures["macro_f1"] = _macro_score(judged)
    return TaskScores(len(judged), measures)


def _equal(expected: str, said: str) -> bool:
    if expected.strip() == said.strip():
        return True
    wanted = first_object(expected) if expected.lstrip().startswith("{") else None
    given = first_object(said) if wanted is not None else None
    return wanted is not None and given is not None and same(wanted, given)


def _shared_words(expected: str, said: str) -> float:
    return token_f1(said, [expected], language=detect_language(expected))


def _answer_marks(expected: str, said: str) -> dict[str, float]:
    refuses, should = NOT_FOUND in said, _refuses(expected)
    marks = {"token_f1": _shared_words(expected, said), "refusal": float(_refuses(said) is should)}
    if should:
        return marks
    wanted, given = exact_parts(expected), exact_parts(said)
    if wanted:
        marks["facts"] = float(wanted <= given and not (refuses and NOT_FOUND not in expected))
    marks["strays"] = float(len(given - wanted))
    cited, right = _cited(said), _cited(expected)
    if right:
        marks["citations"] = 2 * len(cited & right) / (len(cited) + len(right))
    return marks


def _refuses(text: str) -> bool:
    """Return whether an answer says that there is none: as one that is written does, or one that is copied."""
    said = text.strip()
    return said == NOT_FOUND or said.casefold().startswith(tuple(words.casefold() for words in NOT_STATED.values()))


def _cited(text: str) -> set[str]:
    return {number for group in MARKER.findall(text) for number in re.findall(r"\d+", group)}


def _call_marks(expected: str, said: str) -> dict[str, float]:
    wanted, given = read_call(expected), read_call(said)
    if wanted is None:  # the right step is an answer, so any call is wrong
        return {"tool": float(given is None), "arguments": float(given is None)}
    right = given is not None and given[0] == wanted[0]
    return {"tool": float(right), "arguments": float(right and given is not None and same(given[1], wanted[1]))}


def _field_marks(expected: str, said: str) -> dict[str, float]:
    given, wanted = first_object(said), first_object(expected) or {}
    fields = counted(given or {}, wanted)
    both = fields.given + fields.stated
    return {"valid": float(given is not None), "fields": 2 * fields.right / both if both else 1.0}


def _macro_score(judged: Sequence[Judged]) -> Score:
    expected, predicted = _sides(judged)
    codes, labels = _coded(expected, predicted)
    drawn = _draws(len(judged))
    samples = _macro(codes[0][drawn], codes[1][drawn], labels)
    low, high = np.quantile(samples, [0.025, 0.975])
    value = macro_f1(expected, predicted)
    # Drawing some labels not at all shifts the samples a little: the interval is kept around the value itself.
    return Score(round(value, 4), round(min(float(low), value), 4), round(max(float(high), value), 4), len(judged))


def _paired_macro_f1(left: Sequence[Judged], right: Sequence[Judged]) -> PairedScore:
    (expected, ours), (_, theirs) = _sides(left), _sides(right)
    codes, labels = _coded(expected, ours, theirs)
    drawn = _draws(len(left))
    gaps = _macro(codes[0][drawn], codes[1][drawn], labels) - _macro(codes[0][drawn], codes[2][drawn], labels)
    low, high = np.quantile(gaps, [0.025, 0.975])
    difference = macro_f1(expected, ours) - macro_f1(expected, theirs)
    hits = [(one == wanted) - (other == wanted) for wanted, one, other in zip(expected, ours, theirs, strict=True)]
    # Two-sided bootstrap p; 1 where both say the same.
    p = min(1.0, 2 * (min(int((gaps <= 0).sum()), int((gaps >= 0).sum())) + 1) / (len(gaps) + 1))
    return PairedScore(
        round(difference, 4), round(float(low), 4), round(float(high), 4), len(left),
        hits.count(1), hits.count(-1), hits.count(0), round(p, 4),
    )  # fmt: skip


def _sides(judged: Sequence[Judged]) -> tuple[list[str], list[str]]:
    return [one.prediction.expected.strip() for one in judged], [one.prediction.predicted.strip() for one in judged]


def _coded(*sides: Sequence[str]) -> tuple[list["np.ndarray"], int]:
    labels = {label: code for code, label in enumerate(sorted({text for side in sides for text in side}))}
    return [np.asarray([labels[text] for text in side], dtype=np.intp) for side in sides], len(labels)


def _draws(n: int) -> "np.ndarray":
    return np.random.default_rng(SEED).integers(0, n, size=(RESAMPLES, n))


def _macro(expected: "np.ndarray", predicted: "np.ndarray", labels: int) -> "np.ndarray":
    """Return macro-F1 of each row, over the labels that stand in it."""
    values = np.empty(len(expected))
    for row, (wanted, given) in enumerate(zip(expected, predicted, strict=True)):
        stated = np.bincount(wanted, minlength=labels) + np.bincount(given, minlength=labels)
        hits = np.bincount(wanted[wanted == given], minlength=labels)
        present = stated > 0
        values[row] = (2 * hits[present] / stated[present]).mean()
    return values
