import json
from pathlib import Path

import pytest

from finetune.examples import read
from tests.assistant.commands.test_extract import ROOT, Run, run

__all__ = ["run"]
FOLDER = ROOT / "examples" / "brindlemoor" / "voice"
PAIRS, GUIDE = FOLDER / "pairs.jsonl", FOLDER / "guide.md"


def test_pairs_are_told_apart(run: Run) -> None:
    code, out, _ = run("evaluate", "voice", "--pairs", PAIRS, "--json")
    data = json.loads(out)
    assert (code, data["train"], data["heldout"]) == (0, 26, 14)
    assert data["auroc"]["value"] >= data["auroc_body"]["low"] > 0.8


def test_texts_get_a_distance_with_its_interval(run: Run, tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl"
    loud = {"text": "Hi there!! We're sooo sorry!! Your parcel's on its way!!"}
    calm = {"predicted": "Dear Maya,\nyes, it leaves today. I write on Friday.\nKind regards from the net loft,\nPia"}
    texts.write_text("\n".join(map(json.dumps, (loud, calm))), encoding="utf-8")
    code, out, _ = run("evaluate", "voice", "--pairs", PAIRS, "--texts", texts, "--json")
    data = json.loads(out)
    assert (code, data["n"], data["distance"]["n"]) == (0, 2, 2)
    assert data["values"][0] > 1
    assert data["values"][1] < 0.5
    assert data["in_voice"]["value"] == 0.5
    texts.write_text('{"text": ""}\n{', encoding="utf-8")
    code, _, err = run("evaluate", "voice", "--pairs", PAIRS, "--texts", texts)
    assert code == 1
    assert ":1 has no reply" in err
    assert ":2 has no reply" in err


def test_a_model_is_measured_beside_the_person(run: Run) -> None:
    given = ("evaluate", "voice", "--pairs", PAIRS, "--guide", GUIDE, "--json")
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    afters = tuple(pair["after"] for pair in pairs if pair["split"] == "heldout")
    code, out, _ = run(*given, replies=afters)
    data = json.loads(out)
    assert code == 0
    assert data["distance"]["model"] == data["distance"]["after"]
    assert data["facts_kept"]["value"] == 1.0
    assert data["nearer"]["low"] > 0
    _, out, _ = run(*given, replies=("Yes!! 99 euros!!",) * 14)
    assert json.loads(out)["facts_kept"]["value"] == 0.0


def test_pairs_become_training_examples(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "voice.jsonl"
    code, out, _ = run("evaluate", "voice", "--pairs", PAIRS, "--guide", GUIDE, "--examples", target, "--json")
    assert (code, json.loads(out)["examples"]) == (0, 26)
    assert {example.task for example in read(target)} == {"voice"}


@pytest.mark.parametrize("extra", [("--model", "none"), ("--guide", GUIDE, "--model", "none", "--texts", PAIRS)])
def test_what_does_not_go_together_is_wrong_usage(run: Run, extra: tuple[str, ...]) -> None:
    assert run("evaluate", "voice", "--pairs", PAIRS, *extra)[0] == 2
