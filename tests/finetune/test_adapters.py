"""Adapters are added whole or not at all, for the served model and no other; what is wrong is told at once."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agents.models.adapters import ADAPTERS, read_adapters, usable
from finetune.adapters import PART, Request, add, remove
from finetune.errors import FinetuneError
from finetune.exporting.gguf import read_source, write_gguf
from finetune.runs import Run
from tests.finetune.exported_runs import make_run
from tests.finetune.small_models import TEMPLATE

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    home = tmp_path_factory.mktemp("made")
    run = make_run(home, width=64, std=0.1)
    run = replace(run, manifest={**run.manifest, "heldout_loss": 0.5, "tasks": ["agent", "answer", "text"]})
    write_gguf(read_source(run.base.folder), home / "base.gguf", name="base", template=TEMPLATE)
    return run, home / "base.gguf"


def test_an_adapter_is_added_and_read_without_torch(made: tuple[Run, Path], tmp_path: Path) -> None:
    run, served = made
    added = add(Request(run, served, "shop", collections=("returns",)), home=tmp_path)
    assert (added.tasks, added.collections, added.fault()) == (("agent", "answer"), ("returns",), "")
    assert usable(tmp_path / ADAPTERS, served) == (added,)
    manifest = json.loads((added.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["scores"] == {"heldout_loss": 0.5}
    assert manifest["reads"] == []
    assert manifest["base"]["agreement"]["error"] < 0.01
    assert manifest["moved_logits"] > 0
    assert manifest["bytes"] == added.file.stat().st_size
    assert sorted(path.name for path in (tmp_path / ADAPTERS).iterdir()) == ["shop"]


def test_what_learned_to_read_is_added_as_a_reader_of_its_languages(made: tuple[Run, Path], tmp_path: Path) -> None:
    run = replace(made[0], manifest={**made[0].manifest, "reads": ["en"]})
    assert add(Request(run, made[1], "reader", tasks=("answer",)), home=tmp_path).reads == ("en",)
    assert add(Request(run, made[1], "steps", tasks=("agent",)), home=tmp_path).reads == ()


def test_two_for_the_same_and_wrong_names_are_told_together(made: tuple[Run, Path], tmp_path: Path) -> None:
    run, served = made
    add(Request(run, served, "shop", tasks=("answer",)), home=tmp_path)
    with pytest.raises(FinetuneError, match=r"(?s)'sh/op' cannot name.*not trained on voice, but on agent, answer"):
        add(Request(run, served, "sh/op", tasks=("voice",)), home=tmp_path)
    with pytest.raises(FinetuneError, match=r"'shop' is there for answer: frontdesk adapters remove shop"):
        add(Request(run, served, "other"), home=tmp_path)
    with pytest.raises(FinetuneError, match="'shop' already"):
        add(Request(run, served, "shop", tasks=("agent",)), home=tmp_path)
    with pytest.raises(FinetuneError, match="no task sing"):
        add(Request(run, served, "other", tasks=("sing",)), home=tmp_path)
    added = add(Request(run, served, "other", collections=("returns",)), home=tmp_path)
    assert [one.name for one in read_adapters(tmp_path / ADAPTERS)] == [added.name, "shop"]


def test_a_run_without_an_adapter_or_of_plain_text_is_sent_to_export(made: tuple[Run, Path], tmp_path: Path) -> None:
    run, served = made
    whole = replace(run, folder=tmp_path, manifest={**run.manifest, "tasks": ["text"]})
    with pytest.raises(FinetuneError, match=r"(?s)has no adapter: frontdesk export tuned.*learned text, which"):
        add(Request(whole, served, "shop"), home=tmp_path)


def test_nothing_is_left_of_what_was_refused(
    made: tuple[Run, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, served = made
    other = make_run(tmp_path / "other", width=128)
    with pytest.raises(FinetuneError, match="another model than"):
        add(Request(other, served, "shop"), home=tmp_path)

    def fail(*_: object) -> float:
        raise FinetuneError("llama.cpp refuses it")

    monkeypatch.setattr("finetune.adapters.try_out", fail)
    with pytest.raises(FinetuneError, match="refuses it"):
        add(Request(run, served, "shop"), home=tmp_path)
    assert list((tmp_path / ADAPTERS).iterdir()) == []


def test_an_adapter_that_learned_nothing_is_refused(made: tuple[Run, Path], tmp_path: Path) -> None:
    run = make_run(tmp_path, width=64, std=0.0)
    with pytest.raises(FinetuneError, match="moves the model's logits by 0: it learned nothing"):
        add(Request(run, made[1], "shop"), home=tmp_path)


def test_a_release_with_another_adapter_in_it_is_no_base(made: tuple[Run, Path], tmp_path: Path) -> None:
    folder = tmp_path / "releases" / "earlier"
    folder.mkdir(parents=True)
    (folder / "model-q4_0.gguf").write_bytes(made[1].read_bytes())
    (folder / "manifest.json").write_text(json.dumps({"release": "earlier", "run": "old", "merge": {"tokens": 1}}))
    with pytest.raises(FinetuneError, match="the release earlier, which has the adapter of the run old in it"):
        add(Request(made[0], folder / "model-q4_0.gguf", "shop"), home=tmp_path)


def test_removing_takes_damaged_ones_too(made: tuple[Run, Path], tmp_path: Path) -> None:
    added = add(Request(made[0], made[1], "shop"), home=tmp_path)
    (added.folder / "manifest.json").unlink()
    (tmp_path / ADAPTERS / f"{PART}half").mkdir()
    remove("shop", home=tmp_path)
    assert read_adapters(tmp_path / ADAPTERS) == ()
    for name in ("shop", f"{PART}half", "../runs"):
        with pytest.raises(FinetuneError, match="adapters: none"):
            remove(name, home=tmp_path)


def test_calls_in_the_templates_own_form_are_not_served_as_json_steps(made: tuple[Run, Path], tmp_path: Path) -> None:
    native = replace(made[0], manifest={**made[0].manifest, "tasks": ["agent"], "protocol": "native"})
    with pytest.raises(FinetuneError, match=r"template's own form.*asked for JSON steps.*frontdesk export"):
        add(Request(native, made[1], "shop", tasks=("agent",)), home=tmp_path)
    with pytest.raises(FinetuneError, match="which the app asks no adapter for"):
        add(Request(native, made[1], "shop"), home=tmp_path)


def test_an_adapter_for_intents_is_measured_on_what_was_held_out(made: tuple[Run, Path], tmp_path: Path) -> None:
    run = replace(made[0], manifest={**made[0].manifest, "tasks": ["intent"], "labels": ["ask", "cancel"]})
    with pytest.raises(FinetuneError, match="kept 0 held-out intents"):
        add(Request(run, made[1], "intents"), home=tmp_path)
    assert list((tmp_path / ADAPTERS).iterdir()) == []
    messages = [
        [{"role": "user", "content": f"message {number}"}, {"role": "assistant", "content": "ask"}]
        for number in range(20)
    ]
    meta = {"task": "intent", "source": "test", "conversation": "c"}
    lines = [json.dumps({"messages": both, "meta": meta}) for both in messages]
    (run.folder / "heldout.jsonl").write_text("\n".join(lines), encoding="utf-8")
    added = add(Request(run, made[1], "intents"), home=tmp_path)
    (run.folder / "heldout.jsonl").unlink()
    assert added.labels == ("ask", "cancel")
    told = added.manifest["intent"]
    assert told["n"] == 20
    assert told["right"] in range(21)
    assert (told["sure_share"] > 0) == (told["sure_from"] <= 1)
    mixed = replace(run, manifest={**run.manifest, "labels": []})
    with pytest.raises(FinetuneError, match="may say more than labels: name another --task, or train a run of intents"):
        add(Request(mixed, made[1], "mixed", tasks=("intent",)), home=tmp_path / "other")
    mixed = replace(run, manifest={**run.manifest, "labels": [], "tasks": ["answer", "intent"]})
    assert add(Request(mixed, made[1], "mixed"), home=tmp_path / "other").tasks == ("answer",)
