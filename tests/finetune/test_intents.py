from pathlib import Path

import pytest

from agents.models import ModelOptions
from finetune import intents as in_use
from finetune.advice import labelled
from finetune.classifier_training import Labelled
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.intent_trial import CLASSICAL, WORDS, Trial, measure
from finetune.predicting import Subject
from knowledge.embedders.hashing import build

pytest.importorskip("sklearn")
EMBEDDER = build("", models_folder=Path(), ollama_url="", threads=None)


@pytest.fixture
def data(intents: tuple[Example, ...]) -> Labelled:
    return labelled(intents)


@pytest.fixture
def trial(data: Labelled, tmp_path: Path) -> Trial:
    return measure(data, embedder=EMBEDDER, options=ModelOptions(models_folder=tmp_path))


def test_methods_are_measured_on_the_same_texts(trial: Trial, data: Labelled) -> None:
    assert {one.name for one in trial.methods} == {WORDS, CLASSICAL}
    assert {one.score.n for one in trial.methods} == {len(data.texts)}
    assert trial.methods[0].against_best is None
    assert trial.methods[1].against_best is not None
    assert trial.methods[0].score.value >= trial.methods[1].score.value  # type: ignore[operator]


def test_a_tuned_model_needs_texts_that_it_has_not_seen(data: Labelled, tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match="--heldout FILE"):
        measure(data, embedder=EMBEDDER, tuned=[Subject("mine")], options=ModelOptions(models_folder=tmp_path))


def test_intents_come_back_and_lead_somewhere(trial: Trial, data: Labelled, tmp_path: Path) -> None:
    record = in_use.keep_best(trial, data, embedder=EMBEDDER, home=tmp_path)
    in_use.set_route("order_status", "tools", home=tmp_path)
    found = in_use.open_intents(tmp_path)

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

    assert dict(in_use.open_intents(tmp_path).routes) == {"price": "documents"}
    in_use.keep_best(trial, fewer, embedder=EMBEDDER, home=tmp_path)
    assert dict(in_use.open_intents(tmp_path).routes) == {"price": "documents"}


def test_a_wrong_label_and_a_wrong_target_are_both_named(trial: Trial, data: Labelled, tmp_path: Path) -> None:
    in_use.keep_best(trial, data, embedder=EMBEDDER, home=tmp_path)

    with pytest.raises(FinetuneError, match=r"no intent 'prize'.*cannot lead to 'hand_over'"):
        in_use.set_route("prize", "hand_over", home=tmp_path)


def test_without_training_the_next_command_is_named(tmp_path: Path) -> None:
    assert not in_use.are_trained(tmp_path)
    with pytest.raises(FinetuneError, match="frontdesk intents train"):
        in_use.open_intents(tmp_path)
