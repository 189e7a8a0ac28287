import json
import sys
from pathlib import Path

import pytest

from agents.models.llama_engine import Engine
from finetune.bases import Base
from finetune.examples import Example
from finetune.examples import write as write_examples
from finetune.judging import as_served, comparing
from tests.assistant.command_line import Run
from tests.conftest import free_port
from tests.finetune.conftest import TEXT, intents, tiny_base
from tests.finetune.served_releases import tiny_file

pytest.importorskip("torch")
pytest.importorskip("sklearn")
__all__ = ["intents", "tiny_base", "tiny_file"]


@pytest.fixture
def run(run: Run, monkeypatch: pytest.MonkeyPatch, tiny_base: Base, intents: tuple[Example, ...]) -> Run:
    """Call `frontdesk` beside a small model and examples."""
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    monkeypatch.setattr(as_served, "LONGEST", 4)
    write_examples(intents, Path("examples.jsonl"))
    Path("model").symlink_to(tiny_base.folder, target_is_directory=True)
    Path("text.txt").write_text(" ".join([TEXT] * 60), encoding="utf-8")
    return run


def test_a_model_is_judged_and_its_predictions_written(run: Run) -> None:
    arguments = ("evaluate", "model", "model", "--examples", "examples.jsonl", "--labels", "examples.jsonl")
    code, out, _ = run(*arguments, "--out", "said.jsonl", "--json")
    scores = json.loads(out)
    lines = [json.loads(line) for line in Path("said.jsonl").read_text(encoding="utf-8").splitlines()]

    assert code == 0
    assert scores["n"] == len(lines) == 24
    assert set(lines[0]) == {"index", "expected", "predicted"}
    right = sum(line["expected"] == line["predicted"] for line in lines) / 24
    assert scores["exact_match"] == pytest.approx(right, abs=1e-4)
    assert scores["exact_match_interval"]["low"] <= right <= scores["exact_match_interval"]["high"]
    assert "macro_f1" in scores["tasks"]["intent"]


def test_models_are_compared_on_a_page(run: Run) -> None:
    more = ("--examples", "examples.jsonl", "--retention", "shipped", "--text", "text.txt")
    code, out, _ = run("finetune", "compare", "model", "model", *more, "--out", "report.html", "--json")
    found = json.loads(out)

    assert code == 0
    assert [one["n"] for one in found["models"]] == [24, 24]
    assert found["against"][0]["perplexity_ratio"]["value"] == 1.0
    assert found["against"][0]["margin"]["n"] >= 40
    assert Path("report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("second", "more", "said"),
    [
        ("openai:any", ("--text", "text.txt"), "openai:any tells no likelihoods"),
        ("ollama:any", (), "Ollama does not answer"),
        ("embedded", (), "frontdesk models get"),
        ("nothing", (), "no model 'nothing'"),
    ],
)
def test_what_cannot_be_measured_is_told_before_the_first_one_is(
    run: Run, monkeypatch: pytest.MonkeyPatch, second: str, more: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("FRONTDESK_OLLAMA_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(comparing, "measure", lambda subject, *_, **__: pytest.fail(f"{subject.name} was measured"))
    code, out, err = run("finetune", "compare", "model", second, "--examples", "examples.jsonl", *more)

    assert (code, out) == (1, "")
    assert said in err


@pytest.mark.model
def test_how_likely_a_text_is_to_a_file_is_told_by_torch_alone(
    run: Run, tiny_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "load", lambda path, *_, **__: pytest.fail(f"{path} was loaded by llama.cpp"))
    code, out, _ = run("finetune", "compare", tiny_file, "--text", "text.txt", "--json")

    assert code == 0
    assert json.loads(out)["models"][0]["perplexity"]["value"] > 1


def test_where_torch_is_missing_no_server_is_measured_first(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "measure", lambda subject, *_, **__: pytest.fail(f"{subject.name} was measured"))
    monkeypatch.setitem(sys.modules, "transformers.utils", None)
    code, _, err = run("finetune", "compare", "openai:any", "model", "--examples", "examples.jsonl")

    assert code == 1
    assert "This needs torch" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("finetune", "compare", "model"), 2, "say what to compare on"),
        (("evaluate", "model", "model"), 2, "--examples FILE"),
        (("evaluate", "model", "nothing", "--examples", "examples.jsonl"), 1, "no model 'nothing'"),
        (("finetune", "compare", "model", "--retention", "none.jsonl"), 1, "none.jsonl"),
        (("finetune", "compare", "model", "--text", "none.txt"), 1, "none.txt"),
        (("finetune", "advise"), 2, "--data FILE"),
        (("intents", "train"), 2, "--data FILE"),
        (("intents", "show"), 1, "frontdesk intents train"),
    ],
)
def test_wrong_calls_say_what_is_missing(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    ended, _, err = run(*arguments)

    assert ended == code
    assert said in err
