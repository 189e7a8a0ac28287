"""`dataset review` at a terminal: keys in, decisions beside the file."""

import io
import json
import sys
from pathlib import Path

import pytest

from finetune.examples import read
from tests.assistant.command_line import Run


@pytest.fixture
def run(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Call `frontdesk dataset review a.jsonl` with keys that are pressed."""
    lines = [{"text": f"text {name}\x1b[2J", "label": name} for name in "abcd"]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))

    def call(keys: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
        return run("dataset", "review", "a.jsonl", *arguments)

    return call


def test_decisions_are_kept_and_the_next_time_goes_on(run: Run, tmp_path: Path) -> None:
    code, out, err = run("k\nx\na\nd\nq\n", "--out", "b.jsonl", "--json")
    assert code == 0
    assert json.loads(out) == {"examples": 4, "keep": 1, "drop": 1, "edit": 0, "undecided": 2, "out": "b.jsonl"}
    assert "1 of 4, 4 to go" in err
    assert "[user]" in err
    assert "\x1b" not in err
    assert [one.messages[-1]["content"] for one in read(tmp_path / "b.jsonl")] == ["a", "c", "d"]
    code, out, err = run("", "--json")
    assert json.loads(out)["undecided"] == 2
    assert "3 of 4, 2 to go" in err
    assert "1 of 4" not in err
    run("k\nb\nd\nk\n")
    _, out, _ = run("", "--out", "b.jsonl", "--kept-only", "--status")
    assert out == "2 kept, 0 edited, 2 dropped, 0 left: a.jsonl.review\n"
    assert [one.messages[-1]["content"] for one in read(tmp_path / "b.jsonl")] == ["a", "d"]


def test_a_reply_is_edited_in_the_persons_editor(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text("import sys\nopen(sys.argv[1], 'w').write('better\\n')\n")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    run("e\nq\n", "--out", "b.jsonl")
    assert [one.messages[-1]["content"] for one in read(tmp_path / "b.jsonl")] == ["better", "b", "c", "d"]
    editor.write_text("import sys\nopen(sys.argv[1], 'w').write(' \\n')\n")
    _, out, err = run("e\nq\n", "--json")
    assert "has an empty message" in err
    assert json.loads(out)["undecided"] == 3
    monkeypatch.setenv("EDITOR", str(tmp_path / "gone"))
    code, out, err = run("e\nq\n", "--json")
    assert (code, json.loads(out)["undecided"]) == (0, 3)
    assert "Next: set EDITOR" in err


def test_the_examples_themselves_are_never_written_over(run: Run) -> None:
    assert run("", "--out", "a.jsonl")[0] == 2
