"""Models side by side on the same examples: what each does, what it still knows, and which difference is real.

    subjects + examples (+ retention items, text) -> Standing of each -> Comparison: differences to the first, verdicts

The first model is what the others are held against: the base, or what serves today.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agents.models import ModelOptions
from finetune.evaluation import DECIDING, MEANINGS, Difference, Report, compare, judge, paired_marks
from finetune.examples import Example
from finetune.judging import likelihood
from finetune.judging.likelihood import Item, Windows
from finetune.judging.predicting import Prediction, Subject, load_for_likelihood, predict
from knowledge.scores import PairedScore, Score, mean, paired

MOST_FORGOTTEN = 0.05
"""Share by which perplexity on ordinary text may rise."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """One model, measured."""

    subject: Subject
    report: Report | None
    """None without examples."""
    margins: tuple[float, ...] = ()
    """One an item; () where retention was not measured."""
    windows: Windows | None = None
    seconds: float = 0.0
    """What its replies took altogether, loading included."""
    labels: tuple[str, ...] = ()
    """The closed set that its intents were taken from; () where it wrote freely."""

    @property
    def name(self) -> str:
        return self.subject.name

    @property
    def margin(self) -> Score:
        """Mean margin in nats a byte; higher is better."""
        return mean(self.margins)

    @property
    def solved(self) -> Score:
        """Share of items whose right choice is the likeliest."""
        return mean([float(margin > 0) for margin in self.margins])

    @property
    def perplexity(self) -> Score:
        """Of the text; the interval is over windows."""
        if self.windows is None:
            return Score(None, None, None, 0)
        nats = mean(self.windows.per_token)
        assert nats.value is not None
        assert nats.low is not None
        assert nats.high is not None
        value, low, high = (round(float(np.exp(part)), 3) for part in (nats.value, nats.low, nats.high))
        return Score(value, low, high, nats.n)


@dataclass(frozen=True, slots=True)
class Against:
    """One model against the first."""

    name: str
    other: str
    differences: tuple[Difference, ...]
    margin: PairedScore | None = None
    solved: PairedScore | None = None
    perplexity_ratio: Score | None = None
    """1.05 is five per cent worse on ordinary text; its interval is over paired windows."""
    same_tokens: bool = True
    """False where the tokenizers differ, so that perplexities cannot be set side by side."""

    @property
    def forgot(self) -> bool:
        """Whether it is shown to know less than before, beyond what is allowed."""
        worse = self.margin is not None and self.margin.is_shown and (self.margin.difference or 0.0) < 0
        ratio = self.perplexity_ratio
        if ratio is None or ratio.value is None or ratio.low is None:
            return worse
        return worse or (ratio.value > 1 + MOST_FORGOTTEN and ratio.low > 1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All models, and each but the first against the first."""

    standings: tuple[Standing, ...]
    against: tuple[Against, ...]
    verdicts: tuple[str, ...]
    """Sentences for whoever decides, in order of the models."""


def measure(
    subject: Subject,
    examples: Sequence[Example],
    *,
    home: Path,
    options: ModelOptions,
    labels: Sequence[str] | None = None,
    items: Sequence[Item] = (),
    text: str = "",
    style: Callable[[str], float | None] | None = None,
    progress: Progress = lambda _what, _done, _all: None,
) -> Standing:
    """Return what a model does and knows.

    Args:
        labels: the closed set of an intent's answers; None takes the model's own.
        items: what retention is measured on; () leaves it out.
        text: what perplexity is measured on; "" leaves it out.
        style: distance of a reply's style, for the task `voice`.

    Raises:
        FinetuneError: the model cannot be had, or tells no likelihoods where they are asked for.
        ModelUnavailable: a served model failed.
    """
    # First what fails in seconds where it fails, such as a text that is too short: replies take minutes.
    margins, read = _knows(subject, items, text, home=home, progress=progress)
    report, seconds = None, 0.0
    if examples:
        begun = time.monotonic()
        said: tuple[Prediction, ...] = predict(
            subject,
            examples,
            options=options,
            labels=labels,
            progress=lambda done, all_: progress("replies", done, all_),
        )
        seconds = time.monotonic() - begun
        report = judge(subject.name, examples, said, style=style)
    closed = subject.labels if labels is None else tuple(labels)
    return Standing(subject, report, margins, read, seconds, closed)


def _knows(
    subject: Subject, items: Sequence[Item], text: str, *, home: Path, progress: Progress
) -> tuple[tuple[float, ...], Windows | None]:
    """Return a model's margins and how likely the text is to it; the weights are given back before it is asked."""
    if not items and not text:
        return (), None
    loaded = load_for_likelihood(subject, home=home)
    read = likelihood.windows(loaded, text, progress=lambda done, all_: progress("text", done, all_)) if text else None
    margins = likelihood.margins(loaded, items, progress=lambda done, all_: progress("retention", done, all_))
    return margins, read


def set_side_by_side(standings: Sequence[Standing]) -> Comparison:
    """Return the differences of all models to the first."""
    first, *others = standings
    against = tuple(_against(one, first) for one in others)
    lines = (*(line for one in against for line in verdicts(one)), *_unlike(standings))
    return Comparison(tuple(standings), against, lines)


def _unlike(standings: Sequence[Standing]) -> Iterator[str]:
    """Yield what makes a comparison of intents unfair: who may say anything rarely says a label."""
    asked = [one for one in standings if one.report is not None and "intent" in one.report.tasks]
    free, bound = [one.name for one in asked if not one.labels], [one.name for one in asked if one.labels]
    if free and bound:
        yield (
            f"mind: {', '.join(free)} wrote freely where {', '.join(bound)} may only say labels, which decides much of "
            "it. Next: --labels FILE binds all models to the same labels."
        )


def verdicts(against: Against) -> tuple[str, ...]:
    """Return what a comparison says: what got better, what got worse, what was forgotten."""
    lines = []
    for difference in against.differences:
        if difference.measure != DECIDING.get(difference.task):  # type: ignore[call-overload]
            continue
        label = MEANINGS[difference.measure][0]
        if difference.better is None:
            lines.append(
                f"{difference.task}: no difference can be shown between {against.name} and {against.other}: "
                f"{_points(difference.score, label)}."
            )
        else:
            word = "better" if difference.better else "worse"
            lines.append(
                f"{difference.task}: {against.name} is {word} than {against.other}: {_points(difference.score, label)}."
            )
    if against.margin is not None or against.perplexity_ratio is not None or not against.same_tokens:
        lines.append(_memory(against))
    return tuple(lines)


def plain(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON-ready data."""
    return {
        "models": [_plain_standing(one) for one in comparison.standings],
        "against": [
            {
                "model": one.name,
                "other": one.other,
                "differences": [
                    {"task": found.task, "measure": found.measure, **asdict(found.score), "better": found.better}
                    for found in one.differences
                ],
                "margin": asdict(one.margin) if one.margin else None,
                "solved": asdict(one.solved) if one.solved else None,
                "perplexity_ratio": asdict(one.perplexity_ratio) if one.perplexity_ratio else None,
                "forgot": one.forgot,
            }
            for one in comparison.against
        ],
        "verdicts": list(comparison.verdicts),
    }


def plain_report(report: Report) -> dict[str, Any]:
    """Return a model's scores as JSON-ready data."""
    return {
        "model": report.model,
        "n": report.n,
        "exact_match": asdict(report.exact_match),
        "tasks": {
            task: {"n": scores.n, **{name: asdict(score) for name, score in scores.measures.items()}}
            for task, scores in report.tasks.items()
        },
    }


def _plain_standing(standing: Standing) -> dict[str, Any]:
    data: Mapping[str, Any] = plain_report(standing.report) if standing.report else {"model": standing.name, "n": 0}
    return {
        **data,
        "seconds": round(standing.seconds, 1),
        "margin": asdict(standing.margin),
        "solved": asdict(standing.solved),
        "perplexity": asdict(standing.perplexity),
    }


def _against(one: Standing, first: Standing) -> Against:
    differences = compare(one.report, first.report) if one.report and first.report else ()
    margin = solved = ratio = None
    if one.margins and first.margins:
        margin = paired(one.margins, first.margins)
        solved = paired_marks([float(m > 0) for m in one.margins], [float(m > 0) for m in first.margins])
    same_tokens = True
    if one.windows is not None and first.windows is not None:
        same_tokens = one.windows.tokens == first.windows.tokens
        if same_tokens:
            gaps = paired(one.windows.per_token, first.windows.per_token)
            assert gaps.difference is not None
            assert gaps.low is not None
            assert gaps.high is not None
            value, low, high = (round(float(np.exp(part)), 4) for part in (gaps.difference, gaps.low, gaps.high))
            ratio = Score(value, low, high, gaps.n)
    return Against(one.name, first.name, differences, margin, solved, ratio, same_tokens)


def _memory(against: Against) -> str:
    parts = []
    if (margin := against.margin) is not None and margin.difference is not None:
        parts.append(
            f"retention margin {margin.difference:+.4f} nats a byte [{margin.low:+.4f}, {margin.high:+.4f}], "
            f"n={margin.n}, {chance(margin.p)}"
        )
    if (ratio := against.perplexity_ratio) is not None and ratio.value is not None:
        assert ratio.low is not None
        assert ratio.high is not None
        parts.append(
            f"perplexity {100 * (ratio.value - 1):+.1f} % [{100 * (ratio.low - 1):+.1f}, {100 * (ratio.high - 1):+.1f}]"
        )
    elif not against.same_tokens:
        parts.append("perplexities are not set side by side: the tokenizers differ")
    said = "knows less than" if against.forgot else "is not shown to have forgotten against"
    return f"memory: {against.name} {said} {against.other}: {'; '.join(parts)}."


def _points(score: PairedScore, label: str) -> str:
    assert score.difference is not None
    assert score.low is not None
    assert score.high is not None
    return (
        f"{100 * score.difference:+.1f} points of {label} [{100 * score.low:+.1f}, {100 * score.high:+.1f}], "
        f"n={score.n}, {chance(score.p)}"
    )


def chance(p: float | None) -> str:
    """Return a p as it is read: four decimals, or that it is smaller.

    >>> chance(0.04), chance(0.0)
    ('p=0.0400', 'p<0.0001')
    """
    return "" if p is None else f"p={p:.4f}" if p >= 0.0001 else "p<0.0001"
