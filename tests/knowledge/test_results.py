import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowledge import results
from knowledge.errors import KnowledgeError
from knowledge.evaluation import RagReport, curve_of, judge, summarise
from knowledge.measures import RETRIEVAL
from knowledge.passages import Passage, Retrieval, Signals
from knowledge.questions import Gold, Question, Spoken

PASSAGE = Passage("default", "a.md", "", (), "", None, 0, 5, "lamps", "public", "en", 1.0)
SEARCH = Retrieval("", (PASSAGE, replace(PASSAGE, document="b.md"), PASSAGE), 0.75, Signals(0, 0, 0, None), {}, 0.01)
ASKED = Question("1", "What \u2028 \ud800?", gold=(Gold("b.md", 2, "lamps"),), language="zh", kind="plain")


@pytest.fixture
def report() -> RagReport:
    judged = (judge(ASKED, SEARCH),)
    points = curve_of(judged, refuse_below=0.5)
    scores = summarise(judged)
    return RagReport(scores, {"zh": scores}, {"plain": scores}, points, 0.5, (("1", "x.md"),), judged)


def write(path: Path, report: RagReport, **more: Any) -> None:
    rows, scores = results.rows_of(report), results.scores_of(report)
    results.write(path, RETRIEVAL, rows=rows, scores=scores, **({"label": "x", "settings": {}} | more))


def test_what_is_written_is_read_again(report: RagReport, tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    write(path, report, label="this run", settings={"mode": "fused"})
    stored = results.read(path, RETRIEVAL)
    (row,) = stored.rows
    assert stored.label == "this run"
    assert replace(row, question="") == replace(results.rows_of(report)[0], question="")
    assert row.documents == ("a.md", "b.md")
    assert (row.measures["mrr_at_10"], row.measures["page_recall_at_5"]) == (0.5, 0.0)
    data = json.loads(path.read_text("utf-8"))
    assert data["settings"] == {"mode": "fused"}
    assert data["overall"]["recall_at_5"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert data["kinds"].keys() == {"plain"}
    assert data["absent_gold"] == [{"id": "1", "document": "x.md"}]
    assert [point["threshold"] for point in data["refusal_curve"] if point["in_use"]] == [0.5]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (replace(ASKED, facts=(("5",),)), True),
        (replace(ASKED, kind="table"), True),
        (replace(ASKED, answers=("5",)), True),
        (replace(ASKED, question="Which?"), False),
        (replace(ASKED, history=(Spoken("user", "Hello"),)), False),
        (replace(ASKED, gold=()), False),
        (replace(ASKED, audience="staff"), False),
        (replace(ASKED, answerable=False), False),
    ],
)
def test_the_fingerprint_tells_whether_measures_mean_the_same(other: Question, same: bool) -> None:
    assert (results.fingerprint(other, RETRIEVAL) == results.fingerprint(ASKED, RETRIEVAL)) is same


def damaged(report: RagReport, path: Path, change: dict[str, Any]) -> None:
    write(path, report)
    data = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(data | change), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 9}, 'lacks "format": 1'),
        ({"evaluates": "answers"}, "is a result of `evaluate answers`"),
        ({"questions": None}, "damaged"),
        ({"questions": [{}]}, "damaged"),
        ({"questions": [7]}, "damaged"),
    ],
)
def test_a_damaged_result_is_named_with_the_command_that_makes_one(
    report: RagReport, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = tmp_path / "before.json"
    damaged(report, path, change)
    with pytest.raises(KnowledgeError, match=message) as caught:
        results.read(path, RETRIEVAL)
    assert str(path) in str(caught.value)
    assert "--out RESULT.json" in str(caught.value)


@pytest.mark.parametrize(("content", "message"), [(b"{", "not JSON"), (b"\xff", "cannot be read"), (b"[]", "lacks")])
def test_other_files_are_no_results(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(KnowledgeError, match=message):
        results.read(path, RETRIEVAL)
    with pytest.raises(KnowledgeError, match="cannot be read"):
        results.read(tmp_path / "none.json", RETRIEVAL)


def test_places_to_write_are_checked_before_the_work(tmp_path: Path) -> None:
    results.check_places(None, tmp_path / "new.json")
    with pytest.raises(KnowledgeError) as caught:
        results.check_places(tmp_path, tmp_path / "none" / "new.html")
    assert f"{tmp_path} is a folder" in str(caught.value)
    assert f"{tmp_path / 'none'} is no folder" in str(caught.value)


def test_a_file_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="none"):
        results.write_text(tmp_path / "none" / "x", "x")
