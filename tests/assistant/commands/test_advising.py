import json
from pathlib import Path

import pytest

from tests.assistant.commands.test_judging import Run, intents, run, tiny_base

pytest.importorskip("torch")
pytest.importorskip("sklearn")
__all__ = ["intents", "run", "tiny_base"]


def test_advice_on_labels_is_measured(run: Run) -> None:
    code, out, _ = run("finetune", "advise", "--data", "examples.jsonl", "--quick", "--json")
    advice = json.loads(out)

    assert code == 0
    assert advice["tune"] is False
    assert advice["verdict"].startswith("Do not tune")
    [task] = advice["tasks"]
    assert {method["score"]["n"] for method in task["methods"]} == {24}
    assert "Nothing is held out" in advice["warnings"][0]


def test_intents_are_trained_shown_and_routed(run: Run) -> None:
    code, out, _ = run("intents", "train", "--data", "examples.jsonl", "--json")
    assert code == 0
    assert json.loads(out)["labels"] == ["order_status", "price", "returns"]

    code, out, _ = run("intents", "route", "order_status", "tools", "--json")
    assert json.loads(out) == {"routes": {"order_status": "tools"}}

    code, out, _ = run("intents", "show", "--text", "where is my order", "--json")
    assert json.loads(out)["reading"]["label"] == "order_status"

    code, _, err = run("intents", "route", "order_status", "elsewhere")
    assert code == 1
    assert "tools|documents|none" in err


def test_advice_in_the_terminal_gives_reasons_and_a_page_the_same(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "advice.html"
    files = ("--data", "examples.jsonl", "--heldout", "examples.jsonl", "--html", str(page))
    code, out, _ = run("finetune", "advise", *files, "--quick")

    assert code == 0
    assert "embedder with logistic regression" in out
    assert str(page) in out
    assert out.splitlines()[0] in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_told_before_the_work(run: Run) -> None:
    code, _, err = run("finetune", "advise", "--data", "examples.jsonl", "--html", "nowhere/advice.html")

    assert code == 1
    assert "nowhere is no folder" in err
