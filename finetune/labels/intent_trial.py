"""Every cheap way to read labels, measured on the same texts that none of them learned from; then any tuned model.

    labelled texts (+ held-out ones) -> words, embedder, the untuned model, tuned ones -> Method each, best first

Without held-out texts the classical ones are cross-validated. A tuned model saw all of the training data, so it is
measured on held-out texts only.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from agents.models import ModelOptions
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.judging.advice import Method
from finetune.judging.predicting import Subject, predict
from finetune.labels.classifier_training import (
    NEVER,
    Labelled,
    cross_validate,
    cross_validate_words,
    train,
    train_words,
)
from finetune.labels.tuned_intents import GGUF, TunedIntents
from knowledge.embedders import Embedder
from knowledge.scores import PairedScore, mean, paired

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
    marks: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict, repr=False)
    """Method -> 1 for a text it was right on, 0 for another, None for one it was not asked; in order."""
    chances: Mapping[str, tuple[float, ...]] = field(default_factory=dict, repr=False)
    """Method -> how sure it was of each text, 0-1; only for those that tell."""

    def gain(self, name: str, over: str) -> PairedScore:
        """Return how far a method lies above another, text by text."""
        return paired(self.marks[name], self.marks[over])


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
    said: dict[str, _Said] = {}

    def note(name: str, work: Callable[[], "_Said"]) -> None:
        begun = time.monotonic()
        found = work()
        said[name] = replace(found, seconds=time.monotonic() - begun)

    note(WORDS, lambda: _words(data, heldout))
    note(CLASSICAL, lambda: _classical(data, heldout, embedder))
    if untuned is not None:
        note(UNTUNED, lambda: _Said(_told(untuned, asked, labels=data.known, options=options, progress=progress)))
    for subject in tuned:
        note(
            TUNED + subject.name, partial(_tuned, subject, asked, known=data.known, options=options, progress=progress)
        )
    return _ranked(said, asked.labels, heldout=heldout is not None)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a method made of the texts."""

    labels: Sequence[str | None]
    chances: tuple[float, ...] = ()
    seconds: float = 0.0


def _ranked(said: Mapping[str, _Said], labels: Sequence[str], *, heldout: bool) -> Trial:
    """Return the methods, best first and of equals what stays; one asked only some of the texts is scored on these."""
    marks = {
        name: tuple(
            None if one is None else float(one == label) for one, label in zip(texts.labels, labels, strict=True)
        )
        for name, texts in said.items()
    }
    methods = [
        Method(name, mean([mark for mark in marks[name] if mark is not None]), texts.seconds)
        for name, texts in said.items()
    ]
    methods.sort(key=lambda one: (-(one.score.value or 0.0), one.name != CLASSICAL))
    best = methods[0].name
    rest = (replace(one, against_best=paired(marks[one.name], marks[best])) for one in methods[1:])
    chances = {name: texts.chances for name, texts in said.items() if texts.chances}
    return Trial((methods[0], *rest), heldout, marks, chances)


def _words(data: Labelled, heldout: Labelled | None) -> _Said:
    if heldout is not None:
        return _Said(train_words(data).predict(heldout.texts))
    found = cross_validate_words(data)
    return _Said(found.predicted, found.chances)


def _classical(data: Labelled, heldout: Labelled | None, embedder: Embedder) -> _Said:
    if heldout is not None:
        return _Said(train(data, embedder).predict(heldout.texts, embedder))
    found = cross_validate(data, embedder)
    return _Said(found.predicted, found.chances)


def _tuned(
    subject: Subject, asked: Labelled, *, known: Sequence[str], options: ModelOptions, progress: Progress
) -> _Said:
    """Return what a tuned model makes of every text; one that llama.cpp serves says how sure it is, too."""
    labels = subject.labels or tuple(known)
    if subject.setting.startswith(GGUF):
        return _as_served(subject, asked, labels=labels, options=options, progress=progress)
    examples = [_example(text, label, asked.opening) for text, label in zip(asked.texts, asked.labels, strict=True)]
    report = partial(progress, subject.name)
    found = predict(subject, examples, options=options, labels=labels, progress=report)
    return _Said([one.predicted for one in found])


def _as_served(
    subject: Subject, asked: Labelled, *, labels: Sequence[str], options: ModelOptions, progress: Progress
) -> _Said:
    file = Path(subject.setting.removeprefix(GGUF))
    model = TunedIntents(file, labels=labels, opening=asked.opening, sure_from=NEVER, options=options)
    readings = []
    with closing(model):
        for done, text in enumerate(asked.texts, 1):
            readings.append(model.read(text))
            progress(subject.name, done, len(asked.texts))
    return _Said([one.label for one in readings], tuple(one.chance for one in readings))


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


def _example(text: str, label: str, opening: str = "") -> Example:
    before = ({"role": "system", "content": opening},) if opening else ()
    messages = (*before, {"role": "user", "content": text}, {"role": "assistant", "content": label})
    return Example(messages, "intent", "", "")
