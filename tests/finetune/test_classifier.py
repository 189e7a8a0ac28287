import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from finetune import classifier, classifier_training
from finetune.classifier import features, letter_counts, load, save
from finetune.classifier_training import NEVER, Labelled, Validated, cross_validate, sure_from, train, train_words
from finetune.errors import FinetuneError
from finetune.examples import Example
from knowledge.embedders.hashing import build

pytest.importorskip("sklearn")
EMBEDDER = build("", models_folder=Path(), ollama_url="", threads=None)


@pytest.fixture
def labelled(intents: tuple[Example, ...]) -> Labelled:
    return Labelled(
        *zip(*((str(e.messages[0]["content"]), str(e.messages[1]["content"])) for e in intents), strict=True)
    )


def test_a_trained_model_comes_back_from_its_file_unchanged(labelled: Labelled, tmp_path: Path) -> None:
    model = train(labelled, EMBEDDER, sure_from=0.25)
    save(model, tmp_path)
    again = load(tmp_path)

    assert again.labels == model.labels == ("order_status", "price", "returns")
    assert again.predict(labelled.texts, EMBEDDER) == model.predict(labelled.texts, EMBEDDER) == labelled.labels
    read = again.read("where is my order please", EMBEDDER)
    assert read.label == "order_status"
    assert read.sure is (read.chance >= 0.25)


def test_two_labels_are_told_apart(labelled: Labelled) -> None:
    """scikit-learn keeps one row of weights for two labels."""
    two = [at for at, label in enumerate(labelled.labels) if label != "price"]
    data = Labelled(tuple(labelled.texts[at] for at in two), tuple(labelled.labels[at] for at in two))
    model = train(data, EMBEDDER)

    assert model.predict(data.texts, EMBEDDER) == data.labels
    described = features(data.texts, EMBEDDER.embed(list(data.texts)), model.rarity)
    assert model.chances(described).sum(axis=1) == pytest.approx(1.0)


def test_validation_never_sees_what_it_measures(labelled: Labelled) -> None:
    for learned, left_out in classifier_training.folds(labelled.labels):
        assert not set(learned) & set(left_out)
    scrambled = Labelled(tuple(f"word{at}" for at in range(24)), labelled.labels)

    right = cross_validate(labelled, EMBEDDER).predicted
    assert sum(one == other for one, other in zip(right, labelled.labels, strict=True)) >= 20
    guessed = cross_validate(scrambled, EMBEDDER).predicted
    assert sum(one == other for one, other in zip(guessed, labelled.labels, strict=True)) <= 16


def test_chinese_is_told_by_its_letters() -> None:
    texts = ("退款什么时候到", "我要退款", "退款多久", "快递到哪里了", "快递什么时候发", "查一下快递")
    data = Labelled(texts, ("refund",) * 3 + ("parcel",) * 3)

    assert train(data, EMBEDDER).predict(("退款呢", "我的快递"), EMBEDDER) == ("refund", "parcel")
    assert train_words(data).predict(("退款呢", "我的快递")) == ("refund", "parcel")


def test_sure_is_where_nine_of_ten_were_right() -> None:
    validated = Validated(tuple("a" * 12), tuple(1 - at / 100 for at in range(12)))

    assert sure_from(validated, "a" * 10 + "bb") == pytest.approx(0.90)  # 10 of 11; with the twelfth 10 of 12
    assert sure_from(validated, "b" * 12) == NEVER


def test_another_embedder_is_refused(labelled: Labelled) -> None:
    class Other:
        name, dimension, languages = "other", 8, None

        def embed(self, texts: list[str]) -> np.ndarray:
            return np.zeros((len(texts), 8), dtype=np.float32)

        def embed_question(self, question: str) -> np.ndarray:
            return np.zeros(8, dtype=np.float32)

    with pytest.raises(FinetuneError, match="frontdesk intents train"):
        train(labelled, EMBEDDER).read("?", Other())


@pytest.mark.parametrize(
    ("texts", "labels", "said"),
    [(("a", "b"), ("x", "x"), "1 labels"), (("a", "b", "c"), ("x", "x", "y"), "one example only: y")],
)
def test_too_little_is_refused(texts: tuple[str, ...], labels: tuple[str, ...], said: str) -> None:
    with pytest.raises(FinetuneError, match=said):
        train(Labelled(texts, labels), EMBEDDER)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / classifier.FILE).write_bytes(b"\x08\0\0\0\0\0\0\0{}")

    with pytest.raises(FinetuneError, match="frontdesk intents train"):
        load(tmp_path)
    with pytest.raises(FinetuneError, match="No intents were trained"):
        load(tmp_path / "none")


def test_letters_do_not_depend_on_case_or_width() -> None:
    assert (letter_counts(["Order"]) == letter_counts(["ＯＲＤＥＲ"])).all()
    assert letter_counts([""]).sum() == 0


def test_serving_needs_neither_scikit_learn_nor_torch(labelled: Labelled, tmp_path: Path) -> None:
    save(train(labelled, EMBEDDER), tmp_path)
    code = (
        "import sys; from pathlib import Path; from finetune.classifier import load;"
        "from knowledge.embedders.hashing import build;"
        f"e = build('', models_folder=Path(), ollama_url='', threads=None); m = load(Path({str(tmp_path)!r}));"
        "print(m.read('where is my order', e).label);"
        "print(sorted({'torch', 'sklearn', 'scipy', 'transformers'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")

    assert said[:2] == ["order_status", "[]"]
