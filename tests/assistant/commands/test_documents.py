"""What is read, and what is forgotten, on the command line."""

import json
import shlex
from pathlib import Path

import pytest

from knowledge.embedders.hashing import HashingEmbedder
from tests.assistant.command_line import Run


@pytest.fixture
def run(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line with the embedder that needs no model."""
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    return run


def test_a_folder_that_was_renamed_is_told_with_the_command_that_forgets_it(run: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "our handbook", tmp_path / "manual"
    old.mkdir()
    (old / "returns.md").write_text("# Returns\n\nWithin 45 days.", encoding="utf-8")
    assert run("ingest", str(old), "--collection", "shop")[0] == 0
    old.rename(new)
    code, out, _ = run("ingest", str(new), "--collection", "shop")
    command = f"ingest --forget '{old}' --collection shop"
    assert code == 0
    assert out.rstrip().endswith(f"still answer: 1. If they should not: frontdesk {command}")
    code, out, _ = run(*shlex.split(command))
    assert (code, "1 removed" in out, f"  forgotten: {old}\n" in out) == (0, True, True)
    assert run(*shlex.split(command))[0] == 1
    assert run("ingest", "--forget")[0] == 2
    assert run("ingest", "--forget", "--prune", str(new))[0] == 2


def test_a_refusal_says_when_nothing_was_read_at_all(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    for command in (("ask", "How long?"), ("ask", "How long?", "--json"), ("search", "How long?")):
        code, _, err = run(*command)
        assert code == 0
        assert err.startswith("Nothing was read into the collection 'default' of ")
        assert err.rstrip().endswith("for public. Next: frontdesk ingest PATH")
    (tmp_path / "returns.md").write_text("# Returns\n\nWithin 45 days.", encoding="utf-8")
    assert run("ingest", "returns.md", "--audience", "staff")[0] == 0
    assert "for public. Next" in run("ask", "Within how many days?")[2]
    assert run("ask", "Within how many days?", "--audience", "staff")[2] == ""
    _, _, err = run("ask", "Within how many days?", "--audience", "staff", "--collection", "shop")
    assert err.rstrip().endswith("for public and staff. Next: frontdesk ingest PATH --collection shop")


def test_a_refusal_says_when_nothing_was_read_for_who_asks(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    for name, audience in (("returns", "public"), ("pay", "hr")):
        (tmp_path / f"{name}.md").write_text(f"# Of {name}\n\nWithin 45 days.", encoding="utf-8")
        assert run("ingest", f"{name}.md", "--audience", audience)[0] == 0
    assert run("ask", "Who owns a zebra?", "--audience", "HR")[2].rstrip().endswith("Next: the same with --audience hr")
    _, _, err = run("ask", "Who owns a zebra?", "--audience", "the board")
    assert err.startswith("Nothing was read for 'the board': ")
    assert "Next: frontdesk ingest PATH --audience 'the board'" in err
    for audience in ("hr", "public"):
        assert run("ask", "Who owns a zebra?", "--audience", audience)[2] == ""


def test_an_empty_question_is_wrong_usage(run: Run) -> None:
    for command in ("ask", "search"):
        code, _, err = run(command, " ")
        assert code == 2
        assert "QUESTION is empty" in err


def test_a_folder_named_for_the_staff_is_told_in_one_line_with_the_command_that_opens_it(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "docs/staff").mkdir(parents=True)
    (tmp_path / "docs/returns.md").write_text("# Returns\n\nWithin 45 days.", encoding="utf-8")
    (tmp_path / "docs/staff/rules.md").write_text("# Rules\n\nA discount of 15 %.", encoding="utf-8")
    code, out, _ = run("ingest", "docs")
    summary, told = out.splitlines()
    assert (code, summary.startswith("2 documents")) == (0, True)
    assert "rules.md" not in run("search", "discount")[1]
    command = told.partition("frontdesk ")[2]
    assert command == f"ingest {tmp_path}/docs/staff --audience public"
    assert run(*shlex.split(command))[1].count("\n") == 1, "what was asked for is not remarked on"
    assert "rules.md" in run("search", "discount")[1]
    assert run("ingest", "docs")[1].splitlines()[1].endswith("docs/staff --audience staff")


def test_documents_that_the_embedder_does_not_know_end_the_report_with_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "退货.md").write_text("# 退货\n\n三十天内可以退货。", encoding="utf-8")
    assert run("ingest", "退货.md")[1].count("\n") == 1, "this embedder knows all languages"
    monkeypatch.setattr(HashingEmbedder, "languages", frozenset({"en"}))
    told = run("ingest", "退货.md")[1].splitlines()[-1]
    assert told.startswith("  1 of 1 document is in Chinese, Japanese or Korean, which the embedder does not know")
    assert 'embedder = "multilingual"' in told
    assert "frontdesk models get multilingual-e5-small" in told
    assert told.endswith("frontdesk ingest --reindex")
    assert json.loads(run("ingest", "退货.md", "--json")[1])["foreign"] == {"documents": 1, "of": 1}
