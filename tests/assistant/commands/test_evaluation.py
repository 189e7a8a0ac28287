import json
from pathlib import Path
from typing import Any

import pytest

from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from tests.assistant.command_line import Run

QUESTIONS: tuple[dict[str, Any], ...] = (
    {"id": "1", "question": "return a lamp", "gold": [{"document": "returns.md", "quote": "30 days"}], "kind": "plain"},
    {"id": "2", "question": "what does a parcel cost", "gold": [{"document": "shiping.md"}], "kind": "plain"},
    {"id": "3", "question": "一盏灯多少钱？", "answerable": False},
)


@pytest.fixture
def run(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call `frontdesk evaluate`, on a home that is empty yet."""
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    write(*QUESTIONS)
    return lambda *arguments: run("evaluate", *arguments)


@pytest.fixture
def papers(tmp_path: Path) -> None:
    """Fill the home with two documents, read with the embedder that needs no model."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "returns.md").write_text("# Returns\n\nYou may return a lamp within 30 days.\n", encoding="utf-8")
    (folder / "shipping.md").write_text("# Shipping\n\nA parcel costs 5 euros.\n", encoding="utf-8")
    library = Library(LibraryOptions(tmp_path / "frontdesk-home"), embedder=HashingEmbedder())
    library.ingest([folder])
    library.close()


def write(*questions: dict[str, Any]) -> None:
    Path("q.jsonl").write_text("".join(json.dumps(line) + "\n" for line in questions), encoding="utf-8")


@pytest.mark.usefixtures("papers")
def test_scores_as_json_have_n_and_interval(run: Run) -> None:
    code, out, _ = run("rag", "--questions", "q.jsonl", "--json")
    scores = json.loads(out)
    assert code == 0
    assert scores["overall"]["recall_at_5"] == {"value": 0.5, "low": 0.0, "high": 1.0, "n": 2}
    assert scores["overall"]["mrr_at_10"]["n"] == 2
    assert scores["languages"].keys() == {"en", "zh"}
    assert scores["kinds"]["plain"]["n"] == 2
    assert [point["threshold"] for point in scores["refusal_curve"] if point["in_use"]] == [0.5]
    assert scores["absent_gold"] == [{"id": "2", "document": "shiping.md"}]
    assert (scores["settings"]["mode"], scores["settings"]["embedder"]) == ("fused", "hashing")
    assert "comparison" not in scores


@pytest.mark.usefixtures("papers")
def test_a_person_reads_failures_first_and_then_a_table(run: Run) -> None:
    code, out, err = run("rag", "--questions", "q.jsonl")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "1 of 2 questions with a known place did not lead to the answer, the worst first:"
    assert lines[1] == "  2  what does a parcel cost"
    assert "      wanted  shiping.md  (not in the library)" in lines
    assert "1 gold document is not in the library, or not for who asks: shiping.md." in out
    assert out.index("did not lead") < out.index("recall@1 ")
    table = [line for line in lines if line.startswith(("recall@", "MRR@10", "nDCG@10"))]
    assert len({line.index("n=") for line in table}) == 1
    assert any(line.split() == ["recall@5", "0.500", "[0.000,", "1.000]", "n=2"] for line in table)
    assert "plain " in out
    assert "  2  what" not in run("rag", "--questions", "q.jsonl", "--failures", "0")[1]


@pytest.mark.usefixtures("papers")
def test_two_settings_are_compared(run: Run) -> None:
    code, out, _ = run("rag", "--questions", "q.jsonl", "--compare", "mode=lexical", "--compare", "history=off")
    assert code == 0
    assert "This run and mode=lexical, history=off are equal in how often the answer is found" in out
    assert "en  +0.000  [+0.000, +0.000]  n=2" in out
    code, out, _ = run("rag", "--questions", "q.jsonl", "--mode", "dense", "--compare", "mode=lexical", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["settings"]["mode"] == "dense"
    assert (data["comparison"]["left"], data["comparison"]["right"]) == ("mode=dense", "mode=lexical")
    assert data["comparison"]["scores"]["recall_at_5"]["n"] == 2
    assert data["comparison"]["languages"]["zh"]["refused_when_unanswerable"]["n"] == 1


@pytest.mark.usefixtures("papers")
def test_a_run_is_compared_with_a_stored_one(run: Run) -> None:
    assert run("rag", "--questions", "q.jsonl", "--set", "mode=lexical", "--out", "before.json")[0] == 0
    write(QUESTIONS[0], {**QUESTIONS[1], "gold": [{"document": "shipping.md"}]}, {**QUESTIONS[2], "id": "4"})
    code, out, _ = run("rag", "--questions", "q.jsonl", "--compare", "before.json")
    assert code == 0
    assert "This run and before.json are equal in how often the answer is found" in out
    assert "is the same on 1 question." in out
    assert "Only in this run, not compared (1): 4" in out
    assert "Only in before.json, not compared (1): 3" in out
    assert "Changed since, not compared (1): 2" in out


@pytest.mark.usefixtures("papers")
def test_a_page_is_written_beside_what_is_printed(run: Run) -> None:
    code, out, _ = run(
        "rag", "--questions", "q.jsonl", "--compare", "mode=lexical", "--report", "report.html", "--json"
    )
    page = Path("report.html").read_text("utf-8")
    assert (code, json.loads(out)["overall"]["n"]) == (0, 3)
    assert "This run against mode=lexical" in page
    assert "frontdesk evaluate rag --questions q.jsonl --compare mode=lexical --report report.html --json" in page
    assert "what does a parcel cost" in page
    assert "hashing" in page


def test_all_faults_of_settings_are_told_at_once(run: Run) -> None:
    code, out, err = run("rag", "--questions", "q.jsonl", "--set", "mode=all", "--set", "candidate=5")
    assert (code, out) == (1, "")
    assert "`mode` is 'all'" in err
    assert "did you mean `candidates`?" in err
    code, _, err = run("rag", "--questions", "q.jsonl", "--compare", "historry=off")
    assert (code, "did you mean `history`?" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--questions", "none.jsonl"), 1, "none.jsonl"),
        (("--questions", "q.jsonl", "--compare", "none.json"), 1, "The stored result none.json cannot be read"),
        (("--questions", "q.jsonl", "--compare", "q.jsonl"), 1, "q.jsonl is not a stored result"),
        (("--questions", "q.jsonl", "--compare", "q.jsonl", "--compare", "mode=dense"), 2, "but not both"),
        (("--questions", "q.jsonl", "--out", "none/result.json"), 1, "none is no folder"),
        (("--questions", "q.jsonl", "--report", "."), 1, ". is a folder"),
        (("--questions", "q.jsonl", "--failures", "-1"), 2, "--failures"),
        (("--questions", "q.jsonl", "--mode", "magic"), 2, "magic"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: tuple[str, ...], code: int, message: str) -> None:
    ended, out, err = run("rag", *arguments)
    assert (ended, out) == (code, "")
    assert message in err


def test_questions_without_any_gold_are_an_error(run: Run) -> None:
    write({"id": "1", "question": "return a lamp"})
    code, _, err = run("rag", "--questions", "q.jsonl")
    assert code == 1
    assert 'add "gold"' in err


ASKED: tuple[dict[str, Any], ...] = (
    {
        "id": "1",
        "question": "How many days may I return a lamp?",
        "gold": [{"document": "returns.md", "quote": "30 days"}],
        "facts": [["30 days", "thirty days"]],
        "kind": "plain",
    },
    {
        "id": "2",
        "question": "What does a parcel cost in euros?",
        "gold": [{"document": "shipping.md", "quote": "costs 5 euros"}],
        "facts": [["6 euros"]],
    },
    {"id": "3", "question": "一盏灯多少钱？", "answerable": False},
)


@pytest.mark.usefixtures("papers")
def test_of_answers_failures_are_read_first_and_then_a_table(run: Run) -> None:
    write(*ASKED)
    code, out, err = run("answers", "--questions", "q.jsonl")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "1 of 3 questions went wrong, the worst first:"
    assert lines[1:4] == [
        "  2  What does a parcel cost in euros?",
        "      expected  6 euros",
        "      said      5 euros [1] A parcel costs 5 euros. [1]",
    ]
    assert "      wanted    shipping.md: costs 5 euros" in lines
    assert "      why       lacks 6 euros; the right place was among the passages found" in lines
    scored = [line for line in lines if line.rstrip().endswith(("n=1", "n=2", "n=3"))]
    assert len(scored) > 5
    assert len({line.index("n=") for line in scored}) == 1
    assert any(line.split() == ["held", "and", "cited", "0.500", "[0.000,", "1.000]", "n=2"] for line in lines)
    assert any(line.split() == ["strays", "0"] for line in lines)
    assert any(line.startswith("plain ") for line in lines)


@pytest.mark.usefixtures("papers")
def test_gold_that_is_not_in_the_library_is_said_before_anything_is_scored(run: Run) -> None:
    """Ingested from one folder higher, every name differs, and no citation could be right."""
    write(ASKED[0] | {"gold": [{"document": "public/returns.md", "quote": "30 days"}]}, *ASKED[1:])
    code, out, err = run("answers", "--questions", "q.jsonl", "--json")

    assert code == 0
    assert err.startswith("Warning: 1 gold document is not in the library, or not for who asks: public/returns.md.")
    assert json.loads(out)["overall"]["n"] == 3


@pytest.mark.usefixtures("papers")
def test_answers_as_json_are_scored_by_language_and_kind(run: Run) -> None:
    write(*ASKED)
    code, out, _ = run("answers", "--questions", "q.jsonl", "--set", "max_words=40", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["overall"]["facts_held"] == {"value": 0.5, "low": 0.0, "high": 1.0, "n": 2}
    assert (data["overall"]["strays"], data["overall"]["unsupported"]) == (0, 0)
    assert (data["languages"].keys(), data["kinds"].keys()) == ({"en", "zh"}, {"plain"})
    assert [point["threshold"] for point in data["refusal_curve"] if point["in_use"]] == [0.5]
    assert (data["settings"]["model"], data["settings"]["max_words"]) == ("none", 40)


@pytest.mark.usefixtures("papers")
def test_two_ways_to_answer_are_compared(run: Run) -> None:
    write(*ASKED)
    code, out, _ = run("answers", "--questions", "q.jsonl", "--compare", "refuse_below=1", "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["comparison"]["left"], data["comparison"]["right"]) == ("this run", "refuse_below=1")
    score = data["comparison"]["scores"]["held_and_cited"]
    assert (score["difference"], score["n"], score["wins"]) == (0.5, 2, 1)
    assert data["comparison"]["won_by_left"] == ["1"]
    assert data["comparison"]["scores"]["words"]["n"] == 0
    script = [
        {"text": "You may return a lamp within 30 days. [1]", "when": "How many days may I"},
        {"text": "A parcel costs 5 euros. [1]", "when": "What does a parcel"},
        {"text": "I do not know.", "when": "."},
    ]
    Path("script.json").write_text(json.dumps(script), encoding="utf-8")
    code, out, _ = run("answers", "--questions", "q.jsonl", "--compare", "model=scripted:script.json")
    assert code == 0
    assert "This run and model=scripted:script.json are equal in how often an answer is right" in out


@pytest.mark.usefixtures("papers")
def test_a_model_that_fails_in_the_middle_loses_nothing_that_was_measured(run: Run) -> None:
    replies = ({"text": "You may return a lamp within 30 days [1]."}, {"error": "The model was silent."})
    Path("script.jsonl").write_text("".join(json.dumps(reply) + "\n" for reply in replies), encoding="utf-8")
    arguments = ("--model", "scripted:script.jsonl", "--set", "refuse_below=0", "--out", "part.json", "--json")
    code, out, err = run("answers", "--questions", "q.jsonl", *arguments)
    assert (code, json.loads(out)["overall"]["n"]) == (1, 1)
    assert "question 2 of 3" in json.loads(out)["settings"]["cut_short"]
    assert "The model was silent. That was at question 2 of 3; what was measured is of the 1 before it." in err
    code, out, _ = run("answers", "--questions", "q.jsonl", "--compare", "part.json", "--json")
    assert (code, json.loads(out)["comparison"]["n"]) == (0, 1)


@pytest.mark.usefixtures("papers")
def test_answers_are_compared_with_stored_ones_and_a_page_is_written(run: Run) -> None:
    write(*ASKED)
    assert run("answers", "--questions", "q.jsonl", "--out", "before.json")[0] == 0
    write(ASKED[0], {**ASKED[1], "facts": [["5 euros"]]}, ASKED[2])
    code, out, _ = run("answers", "--questions", "q.jsonl", "--compare", "before.json", "--report", "page.html")
    assert code == 0
    assert "Changed since, not compared (1): 2" in out
    assert "3 questions were answered, or refused, as is right." in out
    page = Path("page.html").read_text("utf-8")
    assert "This run against before.json" in page
    assert "frontdesk evaluate answers --questions q.jsonl --compare before.json --report page.html" in page
    code, _, err = run("rag", "--questions", "q.jsonl", "--compare", "before.json")
    assert (code, "before.json is a result of `evaluate answers`" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--set", "max_word=5"), 1, "did you mean `max_words`?"),
        (("--set", "max_words=5"), 1, "it must be 10 or more"),
        (("--set", "refuse_below=2"), 1, "it must be from 0 to 1"),
        (("--compare", "model=nothing"), 1, "nothing"),
        (("--compare", "none.json"), 1, "The stored result none.json cannot be read"),
        (("--out", "none/result.json"), 1, "none is no folder"),
        (("--report", "."), 1, ". is a folder"),
    ],
)
def test_what_cannot_be_done_with_answers_is_said(
    run: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    write(*ASKED)
    ended, out, err = run("answers", "--questions", "q.jsonl", *arguments)
    assert (ended, out) == (code, "")
    assert message in err


def test_questions_without_any_right_answer_are_an_error(run: Run) -> None:
    write({"id": "1", "question": "return a lamp"})
    code, _, err = run("answers", "--questions", "q.jsonl")
    assert code == 1
    assert 'add "facts"' in err
