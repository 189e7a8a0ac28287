import json

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


def test_advice_in_the_terminal_gives_reasons(run: Run) -> None:
    code, out, _ = run("finetune", "advise", "--data", "examples.jsonl", "--heldout", "examples.jsonl", "--quick")

    assert code == 0
    assert "embedder with logistic regression" in out
