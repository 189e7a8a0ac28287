import json
from pathlib import Path
from typing import Any

import pytest

from knowledge.texts import read_texts
from tests.assistant.command_line import Run

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "examples" / "brindlemoor" / "extraction"
SCHEMA = FOLDER / "spec-sheet.schema.json"
SHEET = FOLDER / "sheets" / "donglan-sheet-711.txt"


@pytest.fixture
def run(run: Run, tmp_path: Path) -> Run:
    """Call the command line with a model that says what a script tells it."""

    def call(*arguments: object, replies: tuple[Any, ...] = ()) -> tuple[int, str, str]:
        script = tmp_path / "script.jsonl"
        lines = [{"text": one} if isinstance(one, str) else one for one in replies]
        lines = [one if "text" in one else {"text": json.dumps(one)} for one in lines]
        script.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return run(*arguments, *(["--model", f"scripted:{script}"] if replies else []))

    return call


@pytest.mark.slow
def test_one_object_a_document_and_a_failing_one_stops_nothing(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing")
    said = {"article": "BM-711", "height_mm": 210, "weight_kg": 0.99}
    code, out, err = run("extract", "--schema", SCHEMA, broken, SHEET, "--json", replies=(said,))
    failed, found = map(json.loads, out.splitlines())
    assert code == 1
    assert "1 of 2 documents gave no object" in err
    assert failed["data"] is None
    assert "broken.pdf" in failed["error"]
    assert found["error"] is None
    assert (found["data"]["article"], found["data"]["height_mm"], found["data"]["weight_kg"]) == ("BM-711", 210, None)
    (read,) = read_texts([SHEET])
    text = read.text
    place = found["evidence"]["/height_mm"]
    assert place["quote"] == text[place["start"] : place["end"]] == "21.0"
    assert found["evidence"]["/weight_kg"] is None
    assert [one["field"] for one in found["unsupported"]] == ["/weight_kg"]


@pytest.mark.slow
def test_a_person_reads_values_and_their_words(run: Run) -> None:
    said = {"article": "BM-711", "height_mm": 210, "dimmable": {"quote": "never said", "value": True}}
    code, out, _ = run("extract", "--schema", SCHEMA, SHEET, replies=(said,))
    assert code == 0
    assert "/height_mm" in out
    assert "21.0" in out
    assert "dropped  /dimmable" in out


@pytest.mark.slow
def test_a_model_that_fails_at_one_document_goes_on_with_the_next(run: Run) -> None:
    other = FOLDER / "sheets" / "fenwick-sheet-rose.txt"
    failing = {"text": "{", "error": "The prompt is too long."}
    code, out, err = run(
        "extract", "--schema", SCHEMA, SHEET, other, "--json", replies=(failing, {"article": "BM-704"})
    )
    first, second = map(json.loads, out.splitlines())
    assert (code, first["data"], "too long" in first["error"]) == (1, None, True)
    assert (second["data"]["article"], second["error"]) == ("BM-704", None)
    assert "1 of 2 documents" in err


def test_bad_inputs_are_one_message(run: Run, tmp_path: Path) -> None:
    code, _, err = run("extract", "--schema", tmp_path / "no.json", SHEET, "--model", "none")
    assert (code, "cannot be read" in err, err.count("\n")) == (1, True, 1)
    code, _, err = run("extract", "--schema", SCHEMA, SHEET, "--model", "none")
    assert (code, "needs a model" in err) == (1, True)


def test_a_folder_without_files_is_no_success(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, out, err = run("extract", "--schema", SCHEMA, tmp_path / "empty", replies=("unused",))
    assert (code, out, "no file to read" in err) == (1, "", True)
