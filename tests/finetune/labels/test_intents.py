import zlib
from pathlib import Path

import numpy as np
import pytest

from agents.models import ModelOptions
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.judging.advice import labelled
from finetune.judging.predicting import Subject
from finetune.labels import intents as in_use
from finetune.labels.classifier_training import Labelled
from finetune.labels.intent_trial import CLASSICAL, WORDS, Trial, measure
from finetune.labels.word_model import WordModel
from knowledge.embedders import Vectors
from knowledge.embedders.hashing import build

pytest.importorskip("sklearn")
EMBEDDER = build("", models_folder=Path(), ollama_url="", threads=None)


@pytest.fixture(scope="module")
def data(intents: tuple[Example, ...]) -> Labelled:
    return labelled(intents)


@pytest.fixture(scope="module")
def trial(data: Labelled, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return measure(data, embedder=EMBEDDER, options=ModelOptions(models_folder=tmp_path_factory.mktemp("models")))


def test_methods_are_measured_on_the_same_texts(trial: Trial, data: Labelled) -> None:
    assert {one.name for one in trial.methods} == {WORDS, CLASSICAL}
    assert {one.score.n for one in trial.methods} == {len(data.texts)}
    assert trial.methods[0].against_best is None
    assert trial.methods[1].against_best is not None
    assert trial.methods[0].score.value >= trial.methods[1].score.value  # type: ignore[operator]


def test_of_equals_none_is_ahead(tmp_path: Path) -> None:
    texts = tuple(f"{word} {number}" for word in ("order", "price") for number in range(6))
    data = Labelled(texts, ("order",) * 6 + ("price",) * 6)
    told = measure(data, heldout=data, embedder=EMBEDDER, options=ModelOptions(models_folder=tmp_path))

    assert [one.score.value for one in told.methods] == [1.0, 1.0]
    assert in_use.keep_best(told, data, embedder=EMBEDDER, home=tmp_path).note == ""


def test_a_tuned_model_needs_texts_that_it_has_not_seen(data: Labelled, tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match="--heldout FILE"):
        measure(data, embedder=EMBEDDER, tuned=[Subject("mine")], options=ModelOptions(models_folder=tmp_path))


def test_intents_come_back_and_lead_somewhere(trial: Trial, data: Labelled, tmp_path: Path) -> None:
    record = in_use.keep_best(trial, data, embedder=EMBEDDER, home=tmp_path)
    in_use.set_route("order_status", "tools", home=tmp_path)
    found = in_use.open_intents(tmp_path, options=ModelOptions(models_folder=tmp_path))

    assert found.record == record
    assert found.record.labels == ("order_status", "price", "returns")
    assert found.target("where is my order", EMBEDDER) in ("tools", None)
    sure = found.model.read("where is my order", EMBEDDER).sure
    assert (found.target("where is my order", EMBEDDER) == "tools") is sure
    assert found.target("what does a shade cost", EMBEDDER) is None
    assert found.target("  ", EMBEDDER) is None


def test_routes_outlive_training_and_go_with_their_label(trial: Trial, data: Labelled, tmp_path: Path) -> None:
    in_use.keep_best(trial, data, embedder=EMBEDDER, home=tmp_path)
    in_use.set_route("price", "documents", home=tmp_path)
    in_use.set_route("returns", "tools", home=tmp_path)
    in_use.set_route("returns", "none", home=tmp_path)
    kept = [at for at, label in enumerate(data.labels) if label != "returns"]
    fewer = Labelled(tuple(data.texts[at] for at in kept), tuple(data.labels[at] for at in kept))

    assert in_use.read_routes(tmp_path) == {"price": "documents"}
    in_use.keep_best(trial, fewer, embedder=EMBEDDER, home=tmp_path)
    assert in_use.read_routes(tmp_path) == {"price": "documents"}


def test_a_wrong_label_and_a_wrong_target_are_both_named(trial: Trial, data: Labelled, tmp_path: Path) -> None:
    in_use.keep_best(trial, data, embedder=EMBEDDER, home=tmp_path)

    with pytest.raises(FinetuneError, match=r"no intent 'prize'.*cannot lead to 'hand_over'"):
        in_use.set_route("prize", "hand_over", home=tmp_path)


def test_without_training_the_next_command_is_named(tmp_path: Path) -> None:
    assert not in_use.are_trained(tmp_path)
    with pytest.raises(FinetuneError, match="frontdesk intents train"):
        in_use.open_intents(tmp_path, options=ModelOptions(models_folder=tmp_path))


class StrangeEmbedder:
    """A fake that knows nothing of the language: every text gets a vector of its own, near to no other."""

    name = "strange"
    languages = None
    dimension = 64

    def embed(self, texts: list[str]) -> Vectors:
        return np.stack([self.embed_question(text) for text in texts])

    def embed_question(self, question: str) -> Vectors:
        drawn = np.random.default_rng(zlib.crc32(question.encode())).normal(size=self.dimension)
        return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)


def test_words_alone_serve_where_they_are_shown_to_be_better(tmp_path: Path) -> None:
    """Codes that are alike letter by letter, and an embedder that does not know the language."""
    codes = {"a": ("k17", "k71"), "b": ("k18", "k81"), "c": ("k19", "k91"), "d": ("k27", "k72")}
    rows = [(f"{code} {n}{n + 1} {code}", label) for label, pair in codes.items() for code in pair for n in range(8)]
    data = Labelled(tuple(text for text, _ in rows), tuple(label for _, label in rows))
    embedder = StrangeEmbedder()
    options = ModelOptions(models_folder=tmp_path)
    trial = measure(data, embedder=embedder, options=options)
    record = in_use.keep_best(trial, data, embedder=embedder, home=tmp_path)
    found = in_use.open_intents(tmp_path, options=options)

    assert trial.gain(WORDS, CLASSICAL).is_shown
    assert record.method == WORDS
    assert isinstance(found.model, WordModel)
    assert found.model.read("k18 please k18", EMBEDDER).label == "b"


def test_a_record_of_another_form_is_named(trial: Trial, data: Labelled, tmp_path: Path) -> None:
    in_use.keep_best(trial, data, embedder=EMBEDDER, home=tmp_path)
    (tmp_path / "intents" / "intents.json").write_text('{"record": {"score": {}}, "routes": {}}')

    with pytest.raises(FinetuneError, match="of another form"):
        in_use.open_intents(tmp_path, options=ModelOptions(models_folder=tmp_path))
