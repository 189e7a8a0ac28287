import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.models import ModelOptions
from assistant.cli import app
from finetune import averaging
from finetune.averaging import average
from finetune.bases import Base
from finetune.begun import BASE_CONTENT
from finetune.errors import FinetuneError
from finetune.examples import Example, write
from finetune.judging.predicting import Subject, predict
from finetune.runs import BEGUN, Run, open_run, runs
from finetune.training import Request, prepare, train

pytest.importorskip("peft")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def trained(home: Path, tiny_base: Base, intents: tuple[Example, ...]) -> list[Run]:
    """Return three runs: two of unlike rank and strength that can be averaged, and one of the whole model."""
    data = home / "labels.jsonl"
    write(intents, data)
    numbers = {
        "a": ("lora", ("rank=4", "alpha=8")),
        "b": ("lora", ("rank=2", "alpha=6", "variant=rslora")),
        "c": ("full", ()),
    }
    made = []
    for seed, (name, (recipe, given)) in enumerate(numbers.items()):
        overrides = ("max_steps=2", "precision=float32", "learning_rate=1e-2", *given)
        request = Request((data,), name, base=str(tiny_base.folder), recipe=recipe, seed=seed, overrides=overrides)
        made.append(train(prepare(request, home=home), home=home))
    return made


def test_the_mean_is_what_peft_makes_with_the_base_in_memory(home: Path, trained: list[Run]) -> None:
    import torch
    from peft import PeftModel

    from finetune.weights import load

    mean = average(["a", "b"], "mean", home=home)
    assert (mean.manifest["averaged"], mean.labels) == (["a", "b"], trained[0].labels)
    ours = load(mean.base, adapter=mean.adapter, dtype=torch.float32)
    alone = [load(run.base, adapter=run.adapter, dtype=torch.float32).model for run in trained[:2]]
    bare = load(mean.base, dtype=torch.float32).model
    theirs = PeftModel.from_pretrained(bare, trained[0].adapter, adapter_name="a")
    theirs.load_adapter(trained[1].adapter, adapter_name="b")
    theirs.add_weighted_adapter(["a", "b"], [0.5, 0.5], "mean", combination_type="cat")
    theirs.set_adapter("mean")
    ids = torch.tensor([[5, 9, 17, 30, 4]])
    with torch.no_grad():
        found, expected = (model(input_ids=ids).logits for model in (ours.model, theirs.eval()))
        others = [model(input_ids=ids).logits for model in alone]
    assert torch.allclose(found, expected, atol=1e-5)
    assert all((found - other).abs().max() > 1e-3 for other in others)


def test_a_mean_is_a_run_like_any_other(home: Path, trained: list[Run], intents: tuple[Example, ...]) -> None:
    words = ["finetune", "average", "a", "b", "--run", "mean2"]
    told = CliRunner().invoke(app, words, env={"FRONTDESK_HOME": str(home)})
    assert told.exit_code == 0, told.output
    assert "Next: frontdesk finetune compare a mean2 --examples FILE" in told.output
    run = open_run("mean2", home=home)
    said = predict(
        Subject("mean2", run.base, run.adapter, labels=run.labels),
        intents[:4],
        options=ModelOptions(models_folder=home),
    )
    assert {one.predicted for one in said} <= set(run.labels)


def test_cut_off_before_its_manifest_it_is_made_by_the_same_command(
    home: Path, trained: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> Run:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(averaging, "finish", cut_off)
        with pytest.raises(KeyboardInterrupt):
            average(["a", "b"], "late", home=home)
    assert "late" not in [run.name for run in runs(home)]
    assert average(["a", "b"], "late", home=home).manifest["run"] == "late"
    assert "late" in [run.name for run in runs(home)]


def test_a_training_of_the_same_name_is_not_taken_for_finished(home: Path, trained: list[Run]) -> None:
    """The mean would be shown, and exported, as what was learned from these data."""
    average(["a", "b"], "taken", home=home)
    request = Request((home / "labels.jsonl",), "taken", base=str(trained[0].base.folder), recipe="lora")
    with pytest.raises(FinetuneError, match=r"'taken' was begun with other recipe.*Next: choose another --run"):
        prepare(request, home=home)


def test_runs_between_which_the_base_was_changed_have_no_mean(home: Path, trained: list[Run]) -> None:
    begun = trained[1].folder / BEGUN
    was = begun.read_text(encoding="utf-8")
    begun.write_text(json.dumps({**json.loads(was), BASE_CONTENT: "another"}), encoding="utf-8")
    try:
        with pytest.raises(FinetuneError, match="was another one when they were trained"):
            average(["a", "b"], "mixed", home=home)
    finally:
        begun.write_text(was, encoding="utf-8")


def test_all_that_does_not_go_together_is_told_at_once(home: Path, trained: list[Run]) -> None:
    with pytest.raises(FinetuneError) as told:
        average(["a", "c"], "a", home=home)
    assert "c tuned the whole model" in str(told.value)
    assert "There is a run a already" in str(told.value)
    assert "Next: frontdesk finetune average RUN RUN --run NAME" in str(told.value)
    with pytest.raises(FinetuneError, match="two runs or more"):
        average(["a", "a"], "alone", home=home)
    assert not (home / "runs" / "alone").exists()
    with pytest.raises(FinetuneError, match="a is named more than once"):
        average(["a", "b", "a"], "lopsided", home=home)


@pytest.mark.parametrize(
    ("read", "told"),
    [
        ([({"one": {}}, []), ({"other": {}}, [])], "change other layers"),
        ([({"one": {}}, []), ({"one": {}}, ["embed_tokens.lora_embedding_A"])], "would lose: embed_tokens"),
    ],
)
def test_adapters_that_do_not_go_together_leave_nothing_behind(
    home: Path, trained: list[Run], monkeypatch: pytest.MonkeyPatch, read: list[object], told: str
) -> None:
    found = iter(read)
    monkeypatch.setattr(averaging, "read_halves", lambda adapter: next(found))
    with pytest.raises(FinetuneError, match=told):
        average(["a", "b"], "unlike", home=home)
    assert [path.name for path in home.iterdir() if "unlike" in path.name] == []


def test_readers_together_read_and_one_that_writes_makes_all_write() -> None:
    def run(name: str, *reads: str, task: str = "answer") -> Run:
        known = {"base": {}, "settings": {}, "seed": 0, "tasks": [task], "labels": [], "reads": reads, "steps": 1}
        counts = {"trainable_parameters": 1, "parameters": 9, "epochs": 1, "peak_memory_bytes": 1, "seconds": 1.0}
        return Run(name, Path(name), known | counts | {"data": {}})

    def reads(*runs: Run) -> list[str]:
        return list(averaging._manifest(runs, "mean", Path("mean"), rank=8)["reads"])

    assert reads(run("a", "zh"), run("b", "en"), run("c", task="voice")) == ["en", "zh"]
    assert reads(run("a", "en"), run("b")) == []
