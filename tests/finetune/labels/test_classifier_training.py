from pathlib import Path

import pytest

from finetune.errors import FinetuneError
from finetune.labels import classifier_training
from finetune.labels.classifier import features
from finetune.labels.classifier_training import (
    NEVER,
    Labelled,
    Validated,
    cross_validate,
    figures,
    sure_from,
    train,
    train_words,
)
from knowledge.embedders.hashing import build

pytest.importorskip("sklearn")
EMBEDDER = build("", models_folder=Path(), ollama_url="", threads=None)


def test_validation_never_sees_what_it_measures(labelled: Labelled) -> None:
    for learned, left_out in classifier_training.folds(labelled.labels):
        assert not set(learned) & set(left_out)
    scrambled = Labelled(tuple(f"word{at}" for at in range(24)), labelled.labels)

    right = cross_validate(labelled, EMBEDDER).predicted
    assert sum(one == other for one, other in zip(right, labelled.labels, strict=True)) >= 20
    guessed = cross_validate(scrambled, EMBEDDER).predicted
    assert sum(one == other for one, other in zip(guessed, labelled.labels, strict=True)) <= 16


def test_sure_is_where_nine_of_ten_were_right() -> None:
    validated = Validated(tuple("a" * 12), tuple(1 - at / 100 for at in range(12)))

    assert sure_from(validated, "a" * 10 + "bb") == pytest.approx(0.90)  # 10 of 11; with the twelfth 10 of 12
    assert sure_from(validated, "b" * 12) == NEVER


@pytest.mark.parametrize(
    ("texts", "labels", "said"),
    [
        (("a", "b"), ("x", "x"), "two labels to choose from"),
        (("a", "b", "c"), ("x", "x", "y"), "one example only: y"),
    ],
)
def test_too_little_is_refused(texts: tuple[str, ...], labels: tuple[str, ...], said: str) -> None:
    with pytest.raises(FinetuneError, match=said):
        train(Labelled(texts, labels), EMBEDDER)


def test_chinese_is_told_by_its_letters() -> None:
    texts = ("退款什么时候到", "我要退款", "退款多久", "快递到哪里了", "快递什么时候发", "查一下快递")
    data = Labelled(texts, ("refund",) * 3 + ("parcel",) * 3)

    assert train(data, EMBEDDER).predict(("退款呢", "我的快递"), EMBEDDER) == ("refund", "parcel")
    assert train_words(data).predict(("退款呢", "我的快递")) == ("refund", "parcel")


def test_two_labels_are_told_apart(labelled: Labelled) -> None:
    """scikit-learn keeps one row of weights for two labels."""
    two = [at for at, label in enumerate(labelled.labels) if label != "price"]
    data = Labelled(tuple(labelled.texts[at] for at in two), tuple(labelled.labels[at] for at in two))
    model = train(data, EMBEDDER)

    assert model.predict(data.texts, EMBEDDER) == data.labels
    described = features(data.texts, EMBEDDER.embed(list(data.texts)), model.rarity)
    assert model.chances(described).sum(axis=1) == pytest.approx(1.0)


def test_labels_names_help_and_are_never_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Labelled(("red", "rot", "blue", "blau"), ("red_lamp", "red_lamp", "blue_lamp", "blue_lamp"))
    assert train(data, EMBEDDER).predict(("red lamp", "blue lamp"), EMBEDDER) == ("red_lamp", "blue_lamp")
    assert len(cross_validate(data, EMBEDDER).predicted) == 4


def test_figures_of_the_data(labelled: Labelled) -> None:
    assert figures(labelled) == {"n": 24, "labels": 3, "fewest": 8, "most": 8}


def test_without_scikit_learn_it_says_what_to_install(labelled: Labelled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.linear_model", None)
    with pytest.raises(FinetuneError, match=r"pip install .*\[train\]"):
        train(labelled, EMBEDDER)
