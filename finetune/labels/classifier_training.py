"""Labelled texts in, a trained intent model and what it scores on texts it did not see out.

    texts + labels -> features -> folds -> LogisticRegression -> IntentModel, Validated
    a tuned model's states + labels -> LogisticRegression -> LabelHead

The only file that knows scikit-learn. The labels' own names count as one more example each where they are words: with
five examples a label, that is a fifth more to learn from. They are never in what is measured.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from finetune.errors import FinetuneError
from finetune.labels.classifier import IntentModel, Matrix, features, letter_counts
from finetune.labels.label_head import LabelHead, evened
from finetune.labels.word_model import PATTERN, WordModel
from knowledge.embedders import Embedder
from knowledge.environment import get_extra

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

STRENGTH = 30.0
"""scikit-learn's C: the inverse of how much weights are held down. 10 to 100 score alike."""
FOLDS = 5
SEED = 0
LEAST_EXAMPLES = 2
"""Of each label: one to learn from and one to measure on."""
RIGHT_WHEN_SURE = 0.9
NEVER = 2.0
"""A chance that nothing reaches: a tuned model may be as good as certain and wrong."""
ROUNDS = 500
GET_EXTRA = f"Training intents needs scikit-learn, which serving does not. Next: {get_extra('train')}"


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with what they want, in order."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    opening: str = ""
    """The system message that a model is given before each; "" for none. Classical models do not read it."""

    @property
    def known(self) -> tuple[str, ...]:
        """The closed set of labels, sorted."""
        return tuple(sorted(set(self.labels)))


@dataclass(frozen=True, slots=True)
class Validated:
    """What models that did not see a text said of it, for all texts in order."""

    predicted: tuple[str, ...]
    chances: tuple[float, ...]
    """Of the predicted label, 0-1."""


def check(data: Labelled) -> None:
    """Refuse what nothing can be learned or measured from; all faults at once.

    Raises:
        FinetuneError: fewer than two labels, or labels with a single example.
    """
    counts = Counter(data.labels)
    faults = []
    if len(counts) < 2:
        faults.append(f"It takes two labels to choose from; here: {len(counts)}.")
    if single := sorted(label for label, n in counts.items() if n < LEAST_EXAMPLES):
        faults.append(f"These labels have one example only: {', '.join(single)}.")
    if faults:
        raise FinetuneError(" ".join(faults) + " Next: add examples, or join labels that mean the same.")


def train(data: Labelled, embedder: Embedder, *, sure_from: float = NEVER) -> IntentModel:
    """Return a model of all the texts.

    Raises:
        FinetuneError: scikit-learn is missing, or the data does not do.
    """
    check(data)
    vectors = embedder.embed(list(data.texts))
    names = _names(data.known)
    return _fit(data, vectors, names, embedder.embed(names), embedder=embedder.name, sure_from=sure_from)


def cross_validate(data: Labelled, embedder: Embedder) -> Validated:
    """Return what each text is taken for by a model that was trained without it, in folds that keep the labels' shares.

    Raises:
        FinetuneError: scikit-learn is missing, or the data does not do.
    """
    check(data)
    vectors = embedder.embed(list(data.texts))
    names = _names(data.known)
    name_vectors = embedder.embed(names)
    predicted, chances = [""] * len(data.texts), [0.0] * len(data.texts)
    for learned, left_out in folds(data.labels):
        part = Labelled(tuple(data.texts[at] for at in learned), tuple(data.labels[at] for at in learned))
        model = _fit(part, vectors[learned], names, name_vectors, embedder=embedder.name, sure_from=NEVER)
        seen = features([data.texts[at] for at in left_out], vectors[left_out], model.rarity)
        for at, row in zip(left_out, model.chances(seen), strict=True):
            predicted[at], chances[at] = model.labels[int(row.argmax())], float(row.max())
    return Validated(tuple(predicted), tuple(chances))


def train_words(data: Labelled, *, sure_from: float = NEVER, checked: bool = False) -> WordModel:
    """Return a model of the texts' words alone: TF-IDF with logistic regression, the plainest of all.

    Args:
        checked: whether `check` was passed already, of a whole that this is a fold of.

    Raises:
        FinetuneError: scikit-learn is missing, or the data does not do.
    """
    if not checked:
        check(data)
    regression = _regression()
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(sublinear_tf=True, token_pattern=PATTERN)
    regression.fit(words.fit_transform(data.texts), np.asarray(data.labels))
    weights, offsets = _of_each_label(regression)
    known = tuple(str(label) for label in regression.classes_)
    places = {str(word): int(place) for word, place in words.vocabulary_.items()}
    rarity = words.idf_.astype(np.float32)
    return WordModel(known, places, rarity, weights, offsets, sure_from)


def cross_validate_words(data: Labelled) -> Validated:
    """Return what each text is taken for by its words alone, by a model that was trained without it.

    Raises:
        FinetuneError: scikit-learn is missing, or the data does not do.
    """
    check(data)
    predicted, chances = [""] * len(data.texts), [0.0] * len(data.texts)
    for learned, left_out in folds(data.labels):
        part = Labelled(tuple(data.texts[at] for at in learned), tuple(data.labels[at] for at in learned))
        model = train_words(part, checked=True)
        for at, row in zip(left_out, model.chances([data.texts[at] for at in left_out]), strict=True):
            predicted[at], chances[at] = model.labels[int(row.argmax())], float(row.max())
    return Validated(tuple(predicted), tuple(chances))


def train_head(states: Matrix, labels: Sequence[str]) -> LabelHead:
    """Return what tells labels by the states that a tuned model is in.

    Args:
        states: `(len(labels), width)`, of the texts that it learned from.

    Raises:
        FinetuneError: scikit-learn is missing.
    """
    regression = _regression()
    centre = states.mean(axis=0)
    spread = np.maximum(states.std(axis=0), 1e-6)
    regression.fit(evened(states, centre=centre, spread=spread), np.asarray(labels))
    weights, offsets = _of_each_label(regression)
    return LabelHead(tuple(str(label) for label in regression.classes_), centre, spread, weights, offsets)


def folds(labels: Sequence[str]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return (learned, left out) places of each fold, the same on every run.

    Raises:
        FinetuneError: scikit-learn is missing.
    """
    _regression()
    from sklearn.model_selection import StratifiedKFold

    most = min(FOLDS, max(Counter(labels).values()))
    with warnings.catch_warnings():
        # Rare labels stand in some folds only; two examples of one still never stand in the same fold.
        warnings.simplefilter("ignore", UserWarning)
        split = list(StratifiedKFold(most, shuffle=True, random_state=SEED).split(np.zeros(len(labels)), list(labels)))
    return [(np.asarray(learned), np.asarray(left_out)) for learned, left_out in split]


def sure_from(validated: Validated, labels: Sequence[str]) -> float:
    """Return the least chance from which on nine of ten predictions were right; `NEVER` where there is none."""
    right = np.asarray([one == other for one, other in zip(validated.predicted, labels, strict=True)])
    order = np.argsort(-np.asarray(validated.chances), kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(share >= RIGHT_WHEN_SURE)
    return float(validated.chances[order[enough[-1]]]) if len(enough) else NEVER


def _fit(
    data: Labelled,
    vectors: Matrix,
    names: Sequence[str],
    name_vectors: Matrix,
    *,
    embedder: str,
    sure_from: float,
) -> IntentModel:
    texts = [*data.texts, *names]
    counted = letter_counts(texts)
    holding = (counted > 0).sum(axis=0)
    rarity = (np.log((1 + len(texts)) / (1 + holding)) + 1).astype(np.float32)
    described = features(texts, np.vstack([vectors, name_vectors]), rarity)
    labels = [*data.labels, *data.known]
    regression = _regression()
    from scipy.sparse import csr_matrix

    regression.fit(csr_matrix(described), np.asarray(labels))
    weights, offsets = _of_each_label(regression)
    known = tuple(str(label) for label in regression.classes_)
    return IntentModel(known, weights, offsets, rarity, embedder, sure_from)


def _of_each_label(regression: "LogisticRegression") -> tuple[Matrix, Matrix]:
    """Return weights and offsets with a row for each label; scikit-learn keeps one row for two labels."""
    weights, offsets = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:
        weights, offsets = np.vstack([-weights, weights]) / 2, np.concatenate([-offsets, offsets]) / 2
    return weights.astype(np.float32), offsets.astype(np.float32)


def _regression() -> "LogisticRegression":
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise FinetuneError(GET_EXTRA) from error
    return LogisticRegression(C=STRENGTH, max_iter=ROUNDS)


def _names(known: Sequence[str]) -> list[str]:
    """Return the labels as a person would say them.

    >>> _names(["card_arrival", "topUp?"])
    ['card arrival', 'topUp?']
    """
    return [label.replace("_", " ").replace("-", " ") for label in known]


def figures(data: Labelled) -> dict[str, Any]:
    """Return how much there is of each label: {"n", "labels", "fewest", "most"}."""
    counts = Counter(data.labels)
    return {"n": len(data.texts), "labels": len(counts), "fewest": min(counts.values()), "most": max(counts.values())}
