import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from agents.errors import ModelUnavailable
from agents.transcript import Answer, Citation, Delta, Finished, Searched, ShortAnswer, Step
from assistant import app as app_module
from assistant import cli, running
from assistant.app import Application
from assistant.pinned_models import PINNED
from tests.assistant.command_line import Run

ANSWER = Answer(
    text="You have 30 days [1].",
    citations=(Citation(1, "default", "returns.md", "Returns", 2, 10, 17, "30 days"),),
    outcome="answered",
    evidence=0.9,
    language="en",
    model="scripted",
    seconds=0.5,
    first_token_seconds=0.1,
)


class FakeResponder:
    """Answers every question alike, and fails at those that say so."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def respond(self, request: Any, *, stop: object = None) -> Iterator[Step]:
        self.requests.append(request)
        if "fail" in request.question:
            raise ModelUnavailable("The model does not answer. Next: frontdesk doctor")
        yield Searched("q", 0.9, (), 0.01)
        if "short" in request.question:
            text = "30 days [1]\nYou have 30 days. [1]"
            yield ShortAnswer("30 days")
            yield from map(Delta, ("30 days [1]", "\n", "You have ", "30 days. [1]"))
            yield Finished(replace(ANSWER, text=text, pointed="30 days"))
            return
        yield Delta("You have 30 days ")
        yield Delta("[1].")
        yield Finished(ANSWER)


@pytest.fixture
def run(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line with the embedder that needs no model."""
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    return run


@pytest.fixture
def responder(monkeypatch: pytest.MonkeyPatch) -> FakeResponder:
    fake = FakeResponder()
    monkeypatch.setattr(
        app_module,
        "open_application",
        lambda settings: Application(settings, responder=fake),  # type: ignore[arg-type]
    )
    return fake


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "returns.md").write_text("# Returns\n\nYou may return a lamp within 30 days.\n", encoding="utf-8")
    (folder / "shipping.md").write_text("# Shipping\n\nA parcel costs 5 euros.\n", encoding="utf-8")
    return folder


def test_ingest_and_search_print_what_the_design_says(run: Run, papers: Path) -> None:
    code, out, _ = run("ingest", str(papers), "--json")
    report = json.loads(out)
    counts = {"documents", "chunks", "unchanged", "removed"}
    others = {"failed", "seconds", "gone", "internal", "left_out", "forgotten", "foreign"}
    assert (code, report.keys()) == (0, counts | others)
    assert (report["documents"], report["failed"]) == (2, [])
    code, out, _ = run("ingest", str(papers))
    assert "2 unchanged" in out
    code, out, err = run("search", "return a lamp", "-k", "1", "--json")
    found = json.loads(out)
    assert code == 0
    assert err == ""
    assert found.keys() == {"passages", "evidence", "seconds"}
    assert found["passages"][0].keys() >= {"document", "title", "page", "start", "end", "text", "score"}
    assert found["passages"][0]["document"] == "returns.md"
    code, out, _ = run("search", "return a lamp")
    assert "[1] Returns (returns.md)" in out


def test_search_can_be_narrowed_by_language_and_date(run: Run, papers: Path) -> None:
    (papers / "灯.md").write_text("# 退货\n\n灯 lamp 可以在三十天内退回。\n", encoding="utf-8")
    past = papers / "past.md"
    past.write_text("# Old\n\nA lamp of old.\n")
    os.utime(past, (1_556_712_000, 1_556_712_000))  # the first of May 2019
    run("ingest", str(papers))

    def documents(*options: str) -> set[str]:
        code, out, _ = run("search", "lamp", *options, "--json")
        assert code == 0
        return {passage["document"] for passage in json.loads(out)["passages"]}

    assert documents("--language", "zh") == {"灯.md"}
    assert documents("--until", "2019-12-31") == {"past.md"}
    assert "past.md" not in documents("--since", "2020-01-01")
    assert documents("--since", "2019-05-01", "--until", "2019-05-01", "--language", "en") == {"past.md"}
    code, _, err = run("search", "lamp", "--since", "last year")
    assert (code, "since='last year' is no date. Next: write it as YYYY-MM-DD" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("lamp", "--language", "de"), "--language de: text is stored as en or zh only"), (("  ",), "QUESTION is empty")],
)
def test_a_search_that_can_find_nothing_is_wrong_usage(run: Run, arguments: tuple[str, ...], told: str) -> None:
    code, _, err = run("search", *arguments)
    assert code == 2
    assert told in " ".join(err.replace("│", " ").split())


def test_search_names_copies_and_older_versions(run: Run, papers: Path) -> None:
    text = "# Rules\n\nA broken lamp is repaired within {} weeks, and the repair of a broken lamp is free of charge.\n"
    for name, weeks in (("rules-2023.md", 3), ("rules-2024.md", 2), ("copy/rules-2024.md", 2)):
        (papers / name).parent.mkdir(exist_ok=True)
        (papers / name).write_text(text.format(weeks), encoding="utf-8")
    run("ingest", str(papers))
    _, out, _ = run("search", "When is a broken lamp repaired?")
    assert "    newer than: rules-2023.md" in out.splitlines()
    assert out.index("within 2 weeks") < out.index("within 3 weeks")


def test_ingest_writes_alone_and_says_so_when_it_may_not(
    run: Run, papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "WAIT_SECONDS", 0.0)
    home = tmp_path / "shared-home"
    monkeypatch.setenv("FRONTDESK_HOME", str(home))
    with running.sole_writer(home, say=print) as server:
        assert server is None
        code, _, err = run("ingest", str(papers))
    assert (code, "still writes to" in err, "Next: wait" in err) == (1, True, True)
    assert run("ingest", str(papers))[0] == 0


def test_an_ingest_that_waits_for_another_says_so_in_a_pipe_too(
    run: Run, papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "shared-home"
    home.mkdir()
    monkeypatch.setenv("FRONTDESK_HOME", str(home))
    other = FileLock(home / running.LOCK_FILE, thread_local=False)
    other.acquire()
    monkeypatch.setattr(running.time, "sleep", lambda _: other.release())
    code, out, err = run("ingest", str(papers), "--json")
    assert (code, json.loads(out)["failed"]) == (0, [])
    assert err.count("waiting for it") == 1


def test_ingest_without_a_path_reads_the_documents_of_the_settings(run: Run, papers: Path, tmp_path: Path) -> None:
    code, _, err = run("ingest")
    assert (code, "documents" in err) == (2, True)
    (tmp_path / "frontdesk.toml").write_text('documents = "papers"\n')
    code, out, _ = run("ingest")
    assert (code, out.startswith("2 documents")) == (0, True)


def test_reindex_mends_an_index_of_another_embedder(
    run: Run, papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ingest", str(papers))
    monkeypatch.setattr("knowledge.embedders.hashing.HashingEmbedder.name", "newer")
    code, _, err = run("search", "return a lamp")
    assert code == 1
    assert "made with the embedder 'hashing', but 'newer' is in use" in err
    assert err.rstrip().endswith("frontdesk ingest --reindex")
    code, out, _ = run("ingest", "--reindex", "--json")
    assert (code, json.loads(out)["chunks"]) == (0, 2)
    code, out, _ = run("search", "return a lamp")
    assert code == 0
    assert "[1] Returns (returns.md)" in out


def test_ingest_says_which_files_failed_and_goes_on(run: Run, papers: Path) -> None:
    (papers / "empty.md").write_text("")
    assert run("ingest", str(papers), "--json")[0] == 3
    code, out, _ = run("ingest", str(papers))
    assert (code, "1 failed" in out) == (3, True), "a job by night notices"
    assert "empty.md" in out


@pytest.mark.parametrize("json_flag", [[], ["--json"]])
def test_a_missing_folder_is_one_message_with_the_next_command(run: Run, json_flag: list[str]) -> None:
    code, out, err = run("ingest", "nowhere", *json_flag)
    assert code == 1
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert "nowhere" in err
    assert "frontdesk ingest" in err
    assert (json.loads(out)["error"] in err) if json_flag else (out == "")


def test_broken_settings_end_every_command_alike(run: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text("prot = 1\n")
    for command in (["search", "x"], ["ingest", "."], ["ask", "x"], ["serve"], ["models", "list"]):
        code, _, err = run(*command)
        assert (code, "unknown key `prot`" in err) == (1, True)


def test_an_index_of_another_embedder_is_told(run: Run, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("ingest", str(papers))
    monkeypatch.setattr("knowledge.embedders.hashing.HashingEmbedder.name", "other", raising=False)
    code, _, err = run("search", "lamp")
    assert code == 1
    assert "embedder" in err


@pytest.mark.parametrize(
    ("number", "next_step"),
    [(errno.ENOSPC, "free some space"), (errno.EACCES, "see whose it is"), (errno.EROFS, "see whose it is")],
)
def test_a_full_disk_and_a_closed_folder_are_one_message_wherever_they_are_met(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: int, next_step: str
) -> None:
    def refused(**_: object) -> None:
        raise OSError(number, os.strerror(number), "/srv/home/releases/.serving.lock")

    monkeypatch.setattr("finetune.promoting.roll_back", refused)
    told = f"/srv/home/releases/.serving.lock cannot be written or read ({os.strerror(number)}). Next: {next_step}"
    code, out, err = run("release", "rollback", "--json")
    assert code == 1
    assert json.loads(out)["error"].startswith(told)
    assert err.startswith(f"Error: {told}")


def test_another_fault_of_the_system_is_a_bug(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr("finetune.promoting.roll_back", broken)
    monkeypatch.setattr(sys, "argv", ["frontdesk", "release", "rollback"])
    with pytest.raises(OSError, match="Bad file descriptor"):
        cli.main()


def test_a_bug_keeps_its_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_settings: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(app_module, "open_application", broken)
    monkeypatch.setattr(sys, "argv", ["frontdesk", "search", "x"])
    with pytest.raises(RuntimeError, match="a bug"):
        cli.main()


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["ask", "x", "--questions", "q.jsonl", "--out", "o.jsonl"],
        ["ask", "--questions", "q.jsonl"],
        ["search", "x", "-k", "0"],
        ["search", "x", "--colection", "c"],
        ["serve", "--port", "70000"],
        ["nonsense"],
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert "Usage" in err


def test_ask_prints_the_answer_and_its_sources(run: Run, responder: FakeResponder) -> None:
    code, out, err = run("ask", "How long?", "--audience", "staff", "--collection", "shop")
    assert (code, err) == (0, "")
    assert out == "You have 30 days [1].\n  [1] Returns (returns.md, page 2): “30 days”\n"
    request = responder.requests[0]
    assert (request.audiences, request.collections) == (("public", "staff"), ("shop",))


def test_what_is_no_character_is_asked_as_a_mark(run: Run, responder: FakeResponder) -> None:
    code, _, _ = run("ask", "caf\udce9, how long?")  # as Python reads an argument in another encoding
    assert code == 0
    assert responder.requests[0].question == "caf?, how long?"


def test_ask_streams_on_a_terminal_and_repeats_nothing(
    run: Run, responder: FakeResponder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.commands.answers.is_terminal", lambda: True)
    _, out, _ = run("ask", "How long?")
    assert out.count("30 days [1]") == 1


@pytest.mark.parametrize("terminal", [True, False])
def test_ask_sets_a_short_answer_apart(
    run: Run, responder: FakeResponder, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr("assistant.commands.answers.is_terminal", lambda: terminal)
    _, out, _ = run("ask", "In short, how long?")
    assert out.startswith("30 days [1]\n\nYou have 30 days. [1]\n  [1] Returns")
    _, out, _ = run("ask", "In short, how long?", "--json")
    result = json.loads(out)
    assert (result["pointed"], result["answer"]) == ("30 days", "30 days [1]\nYou have 30 days. [1]")
    assert [step["kind"] for step in result["steps"]] == ["searched"]


def test_ask_as_json_is_exactly_one_object(run: Run, responder: FakeResponder) -> None:
    code, out, _ = run("ask", "How long?", "--json")
    result = json.loads(out)
    assert code == 0
    wanted = {"answer", "citations", "outcome", "evidence", "steps", "model", "seconds", "first_token_seconds"}
    assert result.keys() >= wanted
    assert result["citations"][0].keys() >= {"document", "page", "start", "end", "quote"}
    assert [step["kind"] for step in result["steps"]] == ["searched"]


def test_a_model_that_does_not_answer_is_told(run: Run, responder: FakeResponder) -> None:
    code, out, err = run("ask", "fail", "--json")
    assert code == 1
    assert json.loads(out) == {"error": "The model does not answer. Next: frontdesk doctor"}
    assert err == "Error: The model does not answer. Next: frontdesk doctor\n"


def test_ask_in_batch_keeps_order_and_goes_on(run: Run, responder: FakeResponder, tmp_path: Path) -> None:
    lines = [{"id": "2", "question": "one"}, {"id": "1", "question": "fail"}, {"id": "3", "question": "three"}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    code, out, _ = run("ask", "--questions", "in.jsonl", "--out", "out.jsonl", "--json")
    results = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert code == 0
    assert json.loads(out)["failed"] == 1
    assert [result["id"] for result in results] == ["2", "1", "3"]
    assert results[0]["answer"] == ANSWER.text
    assert results[1].keys() == {"id", "error"}


def test_search_in_batch(run: Run, papers: Path, tmp_path: Path) -> None:
    run("ingest", str(papers))
    (tmp_path / "in.jsonl").write_text('{"id": 1, "question": "lamp", "history": []}\n', encoding="utf-8")
    code, out, _ = run("search", "--questions", "in.jsonl", "--out", "out.jsonl")
    assert (code, "1 question in" in out) == (0, True)
    result = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert result.keys() == {"id", "passages", "evidence", "seconds"}


def test_chat_carries_the_conversation_on(run: Run, responder: FakeResponder, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = iter(["How long?", "And in winter?", ""])
    monkeypatch.setattr("builtins.input", lambda _prompt="": next(lines))
    code, out, _ = run("chat")
    assert code == 0
    assert out.count(ANSWER.text) == 2
    assert [message.content for message in responder.requests[1].history] == ["How long?", ANSWER.text]


def test_models_list_shows_state_and_licence(run: Run) -> None:
    code, out, _ = run("models", "list")
    assert code == 0
    states = [line.index(" missing ") for line in out.splitlines() if " missing " in line]
    assert (len(states), len(set(states))) == (len(PINNED), 1)
    assert "smollm2-135m-instruct" in out
    assert "Apache-2.0" in out
    assert "frontdesk models get all-minilm-l6-v2" in out
    models = json.loads(run("models", "list", "--json")[1])["models"]
    assert {model["state"] for model in models} == {"missing"}


def test_models_get_with_an_unknown_name(run: Run) -> None:
    code, out, err = run("models", "get", "gpt-17", "--json")
    assert (code, "Known names" in json.loads(out)["error"], "Known names" in err) == (1, True, True)


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    heavy = ("torch", "chromadb", "langchain_core", "langgraph", "gradio", "sqlalchemy", "openvino", "numpy")
    code = f"import sys; import assistant.cli; print([name for name in {heavy!r} if name in sys.modules])"
    started = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
    assert time.monotonic() - started < 10


def test_the_version_is_the_packages(run: Run) -> None:
    code, out, _ = run("--version")
    assert code == 0
    assert out.startswith("frontdesk ")
