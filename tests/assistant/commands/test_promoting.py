"""`release compare|promote|rollback` on a tiny model of random weights, in llama.cpp and on a real Ollama."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from agents.errors import ModelUnavailable
from agents.models import resolve
from agents.models.ollama_raw import ReleaseChatOllama
from agents.models.promotion import RELEASES
from assistant.app import model_options
from assistant.cli import app
from assistant.settings import load
from finetune.examples import Example
from finetune.judging import as_served
from finetune.judging.predicting import open_subject, predict
from finetune.promoting import changes
from knowledge.library import Library, LibraryOptions
from tests.conftest import ROOT
from tests.finetune.served_releases import Live
from tests.finetune.small_releases import save_release

QUESTIONS = tuple(f"Question {number}: where is it?" for number in range(8))
LABELS = ["returns", "delivery", "price"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["release", *arguments])


def told(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exception is not None
    return str(result.exception)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a home of its own, where Ollama does not answer."""
    home = tmp_path / "home"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTDESK_HOME", str(home))
    monkeypatch.setenv("FRONTDESK_OLLAMA_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("FRONTDESK_THREADS", "1")
    monkeypatch.setenv("FRONTDESK_CONTEXT_TOKENS", "512")
    return home


def test_without_a_comparison_the_command_that_makes_one_is_told(home: Path) -> None:
    save_release(home, "one")
    save_release(home, "two")
    assert told("promote", "one", "--without-proof", "tried by hand")["reason"] == "tried by hand"
    (home / "runs" / "two").mkdir(parents=True)
    kept = home / "runs" / "two" / "heldout.jsonl"
    kept.touch()
    error = refused("promote", "two")
    assert "was not compared with 'one', which serves now" in error
    assert error.endswith(f"Next: frontdesk release compare two one --examples {kept}")
    assert [line["to"] for line in changes(home)] == ["one"]


def test_what_serves_already_and_what_was_made_anew_under_its_name(home: Path) -> None:
    release = save_release(home, "one")
    told("promote", "one", "--without-proof", "x")
    assert refused("promote", "one").startswith("'one' is what serves now. Next: frontdesk release rollback")
    shutil.rmtree(release.folder)
    save_release(home, "one", recipe="other")
    assert "is what serves now, and was made anew since" in refused("promote", "one")
    assert "serves already" in run("compare", "one", "--examples", "x").output


def test_a_reason_is_needed_where_proof_is_missing(home: Path) -> None:
    save_release(home, "one")
    result = run("promote", "one", "--without-proof", " ")
    assert result.exit_code == 2


def test_rolled_back_though_the_present_one_is_gone(home: Path) -> None:
    for name in ("one", "two"):
        save_release(home, name)
        told("promote", name, "--without-proof", "x")
    assert [one["serving"] for one in told("list")["releases"]] == [False, True]
    shutil.rmtree(home / RELEASES / "two")
    assert "two is promoted and no longer there" in run("list").output
    line = told("rollback", "--reason", "gone")
    assert (line["from"], line["to"], line["serves"]) == ("two", "one", True)
    assert "one" in run("list").output.split("serves")[0]


def test_another_model_in_the_settings_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_release(home, "one")
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    assert told_beside("promote", "one", "--without-proof", "x") == 'Note: model = "none" is set'


def told_beside(*arguments: str) -> str:
    return run(*arguments).stderr.partition(", so")[0]


@pytest.mark.slow
def test_a_server_does_not_start_on_a_release_that_is_gone(home: Path) -> None:
    """It says what is wrong and how to go back, though an embedded model may be there to answer."""
    release = save_release(home, "one")
    told("promote", "one", "--without-proof", "x")
    shutil.rmtree(release.folder)
    environment = {name: value for name, value in os.environ.items() if name != "FRONTDESK_MODEL"}
    environment |= {"PYTHONPATH": str(ROOT), "FRONTDESK_EMBEDDER": "hashing"}
    command = [sys.executable, "-m", "assistant.cli", "serve", "--port", "0"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert ended.returncode == 1, ended.stderr
    assert "The release 'one' cannot serve" in ended.stderr
    assert "frontdesk release rollback" in ended.stderr
    assert "Frontdesk is at" not in ended.stdout


@pytest.mark.model
@pytest.mark.timeout(300)
def test_compared_promoted_and_refused_once_made_anew(
    home: Path, tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new one is asked what it says, and these are the right answers: so it is better, and really measured."""
    monkeypatch.setattr(as_served, "LONGEST", 6)
    save_release(home, "one", tiny_file)
    two = save_release(home, "two", tiny_file, labels=LABELS)
    told("promote", "one", "--without-proof", "the first")
    heldout = tmp_path / "heldout.jsonl"
    write_right_answers(heldout, home)
    data = told("compare", "two", "--examples", str(heldout))
    assert data["current"]["name"] == "one"
    assert data["passes"], data["verdict"]
    assert data["measures"][0]["n"] == len(QUESTIONS)
    assert data["speed"] == {"new": 50.0, "current": 50.0}
    assert "retention" in data["verdict"]["unmeasured"]
    promoted = told("promote", "two", "--reason", "labels")
    assert promoted["proof"]["better"] == data["verdict"]["better"]
    assert promoted["proof"]["on"][0]["file"] == "heldout.jsonl"
    assert resolve("auto", model_options(load())).name == "release:two"

    told("rollback")
    manifest = two.folder / "manifest.json"
    manifest.write_text(json.dumps({**two.manifest, "created": "another day"}), encoding="utf-8")
    assert "compares another 'two' than the present one" in refused("promote", "two")
    equal = told("compare", "two", "one", "--examples", str(heldout))
    assert equal["passes"]
    worse = told("compare", "one", "two", "--examples", str(heldout))
    assert not worse["passes"]
    assert any("is worse: intent" in fault or "not shown" in fault for fault in worse["verdict"]["faults"])


@pytest.mark.model
@pytest.mark.timeout(300)
def test_answers_over_the_documents_are_compared_too(
    home: Path, tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_served, "LONGEST", 4)
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    for name in ("one", "two"):
        save_release(home, name, tiny_file, labels=LABELS)
    (tmp_path / "returns.md").write_text("# Returns\n\nYou can send a lamp back within 30 days.\n", encoding="utf-8")
    library = Library(LibraryOptions(home, embedder="hashing"))
    library.ingest([tmp_path / "returns.md"])
    library.close()
    asked = [
        {"id": "1", "question": "Within how many days can I send a lamp back?", "facts": [["30 days"]]},
        {"id": "2", "question": "Who won the race on Sunday?", "answerable": False},
    ]
    questions, heldout = tmp_path / "questions.jsonl", tmp_path / "heldout.jsonl"
    questions.write_text("".join(json.dumps(line) + "\n" for line in asked), encoding="utf-8")
    write_right_answers(heldout, home)
    result = run("compare", "two", "one", "--examples", str(heldout), "--questions", str(questions))
    assert result.exit_code == 0, result.output
    assert "It may not take over." in result.output, "the same model is no better than itself"
    assert "not compared: citations, tool calls, injection, retention" in result.output
    kept = json.loads((home / RELEASES / "two" / "comparisons" / "one.json").read_text(encoding="utf-8"))
    found = {row["measure"]: row["n"] for row in kept["answers"]}
    assert (found["facts_held"], found["refused_when_unanswerable"]) == (1, 1)
    assert [one["file"] for one in kept["on"]] == ["heldout.jsonl", "questions.jsonl"]


def write_right_answers(path: Path, home: Path) -> None:
    def example(question: str, label: str) -> Example:
        said = ({"role": "user", "content": question}, {"role": "assistant", "content": label})
        return Example(said, "intent", "test", question)

    asked = [example(question, LABELS[0]) for question in QUESTIONS]
    said = predict(open_subject("two", home=home), asked, options=model_options(load()))
    lines = [
        {
            "messages": list(example(one, reply.predicted).messages),
            "meta": {"task": "intent", "source": "t", "conversation": one},
        }
        for one, reply in zip(QUESTIONS, said, strict=True)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.mark.ollama
@pytest.mark.model
def test_through_ollama_while_it_has_this_very_file(
    home: Path, live: Live, tiny_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune.ollama.reference import Reference
    from finetune.ollama.register import plan, register
    from tests.finetune.ollama.test_template_shape import UNSEEN

    release = save_release(home, "shop", tiny_file)
    (release.folder / "chat_template.jinja").write_text(UNSEEN, encoding="utf-8")
    reference = Reference.load(release.file(), context_tokens=512, threads=1)
    try:
        planned = plan(release, reference, file=release.file(), context_tokens=512)
    finally:
        reference.close()
    register(planned, model="by-promotion", url=live.url, folder=home / "registered")
    monkeypatch.setenv("FRONTDESK_OLLAMA_URL", live.url)
    options = model_options(load())
    with pytest.raises(ModelUnavailable, match="embedded"):
        resolve("auto", options)
    error = refused("promote", "shop", "--without-proof", "x")
    assert "chat_template.jinja was changed" in error
    shutil.rmtree(release.folder)
    save_release(home, "shop", tiny_file)
    told("promote", "shop", "--without-proof", "x")
    through = resolve("auto", options)
    assert isinstance(through.chat, ReleaseChatOllama)
    assert through.name == "ollama:by-promotion"
    through.close()
    (home / "registered").rename(home / "unregistered")
    embedded = resolve("auto", options)
    assert embedded.name == "release:shop"
    embedded.close()
    shutil.rmtree(home / RELEASES / "shop")
    with pytest.raises(ModelUnavailable, match=r"frontdesk release rollback"):
        resolve("auto", options)
