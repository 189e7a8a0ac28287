import json
from dataclasses import replace
from pathlib import Path

import pytest

from agents.errors import ModelUnavailable
from agents.models import ModelOptions
from agents.models.llama_engine import Engine
from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.judging import as_served, torch_replies
from finetune.judging.predicting import Prediction, Subject, load_for_likelihood, open_subject, predict, require, write
from finetune.labels import label_head
from finetune.runs import finish, open_run
from finetune.training import learn_to_tell

pytest.importorskip("torch")


@pytest.fixture
def options(tmp_path: Path) -> ModelOptions:
    return ModelOptions(models_folder=tmp_path / "models")


@pytest.fixture
def run(tiny_base: Base, tmp_path: Path) -> Path:
    """Put a finished run of a whole tuned model into the home, and return the home."""
    folder = tmp_path / "runs" / "mine"
    folder.mkdir(parents=True)
    base = {"name": tiny_base.name, "folder": str(tiny_base.folder), "precision": tiny_base.precision}
    finish(
        folder,
        {
            "run": "mine",
            "base": base,
            "parameters": 100_000,
            "labels": ["order_status", "price", "returns"],
            "created": "now",
        },
    )
    return tmp_path


def test_a_run_answers_with_its_labels_and_its_base_freely(
    run: Path, intents: tuple[Example, ...], options: ModelOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_served, "LONGEST", 5)
    tuned = predict(open_subject("mine", home=run), intents[:4], options=options)
    untuned = predict(open_subject("base:mine", home=run), intents[:4], options=options)

    assert [one.index for one in tuned] == [0, 1, 2, 3]
    assert {one.predicted for one in tuned} <= {"order_status", "price", "returns"}
    assert [one.expected for one in untuned] == [one.expected for one in tuned]
    assert not {one.predicted for one in untuned} & {"order_status", "price", "returns"}


def test_a_run_tells_its_labels_by_its_state_where_it_learned_to(
    run: Path, intents: tuple[Example, ...], options: ModelOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_words = predict(open_subject("mine", home=run), intents, options=options)
    learn_to_tell(open_run("mine", home=run), intents)
    monkeypatch.setattr(torch_replies, "replies", None)  # nothing is written
    by_state = predict(open_subject("mine", home=run), intents, options=options)
    right = [sum(one.predicted == one.expected for one in said) for said in (by_words, by_state)]
    assert right[1] > right[0], "a random model says one label of all; its states still differ"
    monkeypatch.undo()
    labels = ("order_status", "price")  # of others than it learned it has no state
    fewer = predict(open_subject("mine", home=run), intents[:6], options=options, labels=labels)
    assert {one.predicted for one in fewer} <= set(labels)


def test_a_model_that_does_not_fit_into_memory_does_not_learn_to(run: Path, intents: tuple[Example, ...]) -> None:
    mine = open_run("mine", home=run)
    large = replace(mine, manifest={**mine.manifest, "parameters": 10**13})
    assert not learn_to_tell(large, intents)
    assert label_head.load(mine.folder) is None
    assert learn_to_tell(mine, intents)


def test_the_base_of_a_whole_tuned_model_is_what_it_was_before(run: Path, tiny_base: Base) -> None:
    whole = run / "runs" / "mine" / "model"
    whole.mkdir()
    tuned, untuned = open_subject("mine", home=run), open_subject("base:mine", home=run)
    assert tuned.base is not None
    assert untuned.base is not None
    assert (tuned.base.folder, untuned.base.folder) == (whole, tiny_base.folder)


def test_only_intents_are_bound_to_labels(
    run: Path, intents: tuple[Example, ...], options: ModelOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_served, "LONGEST", 5)
    asked = ({"role": "user", "content": "where"}, {"role": "assistant", "content": "there"})
    mixed = (Example(asked, "voice", "", ""), *intents[:2], Example(asked, "answer", "", ""))
    said = predict(open_subject("mine", home=run), mixed, options=options)

    labels = {"order_status", "price", "returns"}
    assert [one.predicted in labels for one in said] == [False, True, True, False]


def test_a_scripted_model_is_asked_as_it_serves(options: ModelOptions, tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text("", encoding="utf-8")

    assert open_subject(f"scripted:{script}", home=tmp_path).setting == f"scripted:{script}"
    assert open_subject("ollama:frontdesk", home=tmp_path).setting == "ollama:frontdesk"


@pytest.mark.model
def test_the_embedded_model_chooses_among_labels(models_folder: Path, intents: tuple[Example, ...]) -> None:
    subject = open_subject("embedded", home=models_folder.parent)
    labels = ("order_status", "price", 'with "quotes" and 中文')
    said = predict(subject, intents[:2], options=ModelOptions(models_folder=models_folder), labels=labels)

    assert {one.predicted for one in said} <= set(labels)


def test_a_plain_text_is_refused(run: Path, options: ModelOptions) -> None:
    text = Example(({"role": "assistant", "content": "once"},), "text", "", "")

    with pytest.raises(FinetuneError, match="--text FILE"):
        predict(open_subject("mine", home=run), [text], options=options)


def test_an_unknown_model_names_those_that_are_here(run: Path) -> None:
    with pytest.raises(FinetuneError, match=r"no model 'yours'.*mine"):
        open_subject("yours", home=run)


def test_a_server_tells_no_likelihoods(tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match="leave out --retention and --text"):
        load_for_likelihood(Subject("ollama:x", setting="ollama:x"), home=tmp_path)


@pytest.mark.parametrize(("replies", "likelihoods"), [(True, False), (False, True), (True, True)])
def test_a_file_is_looked_for_and_not_loaded(
    options: ModelOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, replies: bool, likelihoods: bool
) -> None:
    monkeypatch.setattr(Engine, "load", lambda path, *_, **__: pytest.fail(f"{path} was loaded"))
    file = tmp_path / "x.gguf"
    file.touch()
    subject = open_subject(str(file), home=tmp_path)
    require([subject], options=options, replies=replies, likelihoods=likelihoods)
    file.unlink()
    with pytest.raises(ModelUnavailable, match=r"no model file at .*x\.gguf"):
        require([subject], options=options, replies=replies, likelihoods=likelihoods)


def test_a_server_that_is_not_asked_need_not_be_there(options: ModelOptions, tmp_path: Path) -> None:
    missing = open_subject(f"scripted:{tmp_path / 'none.jsonl'}", home=tmp_path)
    require([missing], options=options, replies=False, likelihoods=False)
    with pytest.raises(ModelUnavailable):
        require([missing], options=options, replies=True, likelihoods=False)


def test_a_release_is_asked_with_its_recommended_file(tmp_path: Path) -> None:
    folder = tmp_path / "releases" / "r"
    folder.mkdir(parents=True)
    for kind in ("f16", "q4_K_M", "q8_0"):
        (folder / f"model-{kind}.gguf").write_bytes(b"")
    files = [{"quantization": kind, "file": f"model-{kind}.gguf"} for kind in ("f16", "q4_K_M", "q8_0")]
    manifest = {"recommended": "q4_K_M", "files": files, "labels": ["a"]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    found = open_subject("r", home=tmp_path)

    assert found.source == str(folder / "model-q4_K_M.gguf")
    assert found.labels == ("a",)


def test_predictions_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write([Prediction(0, "灯", "lamp")], path)

    assert json.loads(path.read_text(encoding="utf-8")) == {"index": 0, "expected": "灯", "predicted": "lamp"}
    with pytest.raises(FinetuneError, match="folder that exists"):
        write([], tmp_path / "none" / "out.jsonl")
