"""Every cheap way to read labels, measured on the same texts that none of them learned from; then any tuned model.

    labelled texts (+ held-out ones) -> words, embedder, the untuned model, tuned ones -> Method each, best first

Without held-out texts the classical ones are cross-validated. A tuned model saw all of the training data, so it is
measured on held-out texts only.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from agents.models import ModelOptions
from finetune.advice import Method
from finetune.classifier_training import Labelled, cross_validate, folds, train, words_only
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.predicting import Subject, predict
from knowledge.embedders import Embedder
from knowledge.scores import mean, paired

WORDS = "words (TF-IDF) with logistic regression"
CLASSICAL = "embedder with logistic regression"
UNTUNED = "the untuned model, told the labels"
TUNED = "tuned: "
MOST_ASKED = 60
"""Texts that the untuned model is asked; it takes a second or more for each."""
TELL = "Say which of these labels fits the customer's message. Reply with the label only.\n{labels}"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured, and on what."""

    methods: tuple[Method, ...]
    """Best first."""
    heldout: bool
    """Whether on held-out texts; else by cross-validation."""


def measure(
    data: Labelled,
    *,
    embedder: Embedder,
    heldout: Labelled | None = None,
    untuned: Subject | None = None,
    tuned: Sequence[Subject] = (),
    options: ModelOptions,
    progress: Progress = lambda _what, _done, _all: None,
) -> Trial:
    """Measure all methods on the same texts.

    Args:
        heldout: texts that nothing learns from; None cross-validates.
        untuned: a model to be asked without training; None leaves it out.
        tuned: models that were tuned on this task.

    Raises:
        FinetuneError: the data does not do, or a tuned model is named without held-out texts.
    """
    if tuned and heldout is None:
        names = ", ".join(one.name for one in tuned)
        raise FinetuneError(
            f"{names} learned from the data, so its score there would say nothing. Next: name texts that it has not "
            "seen: --heldout FILE"
        )
    asked = heldout or data
    said: dict[str, tuple[tuple[str | None, ...], float]] = {}

    def note(name: str, work: Callable[[], Sequence[str | None]]) -> None:
        begun = time.monotonic()
        said[name] = (tuple(work()), time.monotonic() - begun)

    note(WORDS, lambda: words_only(data, heldout.texts) if heldout else _words_in_folds(data))
    note(
        CLASSICAL,
        lambda: (
            train(data, embedder).predict(heldout.texts, embedder)
            if heldout
            else cross_validate(data, embedder).predicted
        ),
    )
    if untuned is not None:
        note(UNTUNED, lambda: _told(untuned, asked, labels=data.known, options=options, progress=progress))
    for subject in tuned:
        labels = subject.labels or data.known
        note(TUNED + subject.name, partial(_said, subject, asked, labels=labels, options=options, progress=progress))
    return Trial(_ranked(said, asked.labels), heldout is not None)


def _ranked(said: dict[str, tuple[tuple[str | None, ...], float]], labels: Sequence[str]) -> tuple[Method, ...]:
    """Return the methods, best first; one that was asked only some of the texts is scored on these."""
    marks = {
        name: [None if one is None else float(one == label) for one, label in zip(texts, labels, strict=True)]
        for name, (texts, _) in said.items()
    }
    methods = [
        Method(name, mean([mark for mark in marks[name] if mark is not None]), seconds)
        for name, (_, seconds) in said.items()
    ]
    methods.sort(key=lambda one: -(one.score.value or 0.0))
    best = methods[0].name
    rest = (replace(one, against_best=paired(marks[one.name], marks[best])) for one in methods[1:])
    return (methods[0], *rest)


def _words_in_folds(data: Labelled) -> list[str]:
    predicted = [""] * len(data.texts)
    for learned, left_out in folds(data.labels):
        part = Labelled(tuple(data.texts[at] for at in learned), tuple(data.labels[at] for at in learned))
        for at, label in zip(
            left_out, words_only(part, [data.texts[at] for at in left_out], checked=True), strict=True
        ):
            predicted[at] = label
    return predicted


def _said(
    subject: Subject, asked: Labelled, *, labels: Sequence[str], options: ModelOptions, progress: Progress
) -> list[str]:
    """Return what a tuned model makes of every text."""
    examples = [_example(text, label) for text, label in zip(asked.texts, asked.labels, strict=True)]
    report = partial(progress, subject.name)
    found = predict(subject, examples, options=options, labels=labels, progress=report)
    return [one.predicted for one in found]


def _told(
    subject: Subject, asked: Labelled, *, labels: Sequence[str], options: ModelOptions, progress: Progress
) -> list[str | None]:
    """Ask a model that was not trained for it, with the labels in its prompt; None for the texts it is not asked."""
    step = max(1, len(asked.texts) // MOST_ASKED)
    places = list(range(0, len(asked.texts), step))[:MOST_ASKED]
    system = {"role": "system", "content": TELL.format(labels="\n".join(labels))}
    examples = [
        Example((system, *_example(asked.texts[at], asked.labels[at]).messages), "intent", "", "") for at in places
    ]
    report = partial(progress, subject.name)
    found = predict(subject, examples, options=options, labels=labels, progress=report)
    said: list[str | None] = [None] * len(asked.texts)
    for at, one in zip(places, found, strict=True):
        said[at] = one.predicted
    return said


def _example(text: str, label: str) -> Example:
    messages = ({"role": "user", "content": text}, {"role": "assistant", "content": label})
    return Example(messages, "intent", "", "")
