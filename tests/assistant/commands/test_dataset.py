"""`dataset build` and `check` on the command line: a real store, a real library, a scripted model."""

import json
from pathlib import Path

import pytest

from agents.models import LoadedModel
from agents.transcript import Finished, step_to_data
from agents.turn import Request, Responder
from assistant import app
from assistant.desk_work import DeskWork
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets
from finetune.examples import read
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from tests.assistant.command_line import Run

ASKED = "How many days do I have to send a lamp back?"
RETURNS = "# Returns\n\nYou can send a lamp back within 30 days of delivery. Goods from the sale have 14 days.\n"
DELIVERY = "# Delivery\n\nStandard delivery costs 9.50 euros and takes 4 to 6 working days to any address.\n"
MADE = {
    "question": "How long do I have to send a lamp back after delivery?",
    "answer": "You can send a lamp back within 30 days of delivery.",
    "quote": "You can send a lamp back within 30 days of delivery.",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with two documents and a conversation that a customer liked."""
    home = tmp_path / "frontdesk-home"
    source = tmp_path / "documents"
    source.mkdir()
    (source / "returns.md").write_text(RETURNS)
    (source / "delivery.md").write_text(DELIVERY)
    library = Library(LibraryOptions(home=home), embedder=HashingEmbedder())
    assert not library.ingest([source]).failed
    store = Store(sqlite_url(home / "frontdesk.sqlite3"))
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, f"I am ada@example.com. {ASKED}")
    steps = list(Responder(library, LoadedModel("none", None, small=True)).respond(Request(ASKED)))
    assert isinstance(steps[-1], Finished)
    for step in steps:
        store.append_step(conversation, turn, step_to_data(step))
    store.add_feedback(conversation, turn, rating="up")
    store.close()
    library.close()
    make = Library

    def with_hashing(options: LibraryOptions) -> Library:
        return make(options, embedder=HashingEmbedder())

    monkeypatch.setattr("knowledge.library.Library", with_hashing)
    return home


def test_a_liked_conversation_labels_and_documents_become_one_set(run: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("text,label\nWhere is it?,arrival\nIs it on its way?,arrival\nHi,greeting\n")
    (tmp_path / "exam.jsonl").write_text('{"id": "1", "question": "is it on its way"}\n')
    (tmp_path / "script.jsonl").write_text(json.dumps(json.dumps(MADE)) + "\n" + json.dumps("no") + "\n")
    code, out, err = run(
        "dataset", "build", "--from", "transcripts", "--from", "labels.csv", "--from", "documents", "--model",
        "scripted:script.jsonl", "--evaluation", "exam.jsonl", "--out", "a.jsonl", "--heldout", "h.jsonl", "--json",
    )  # fmt: skip
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["tasks"] == {"intent": 2, "answer": told["tasks"]["answer"]}
    assert told["dropped"]["stands in an evaluation"] == 1
    assert told["labels"] == {"arrival": 1, "greeting": 1}
    found = [*read(tmp_path / "a.jsonl"), *(read(tmp_path / "h.jsonl") if told["heldout"] else ())]
    assert len(found) == told["examples"] + told["heldout"]
    texts = "".join(message["content"] for example in found for message in example.messages)
    assert "ada@example.com" not in texts
    assert "30 days" in texts
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run("dataset", "check", "a.jsonl")[0] == 0


def test_what_an_operator_answers_at_the_desk_is_learned_and_their_notes_are_not(
    run: Run, home: Path, tmp_path: Path
) -> None:
    store = Store(sqlite_url(home / "frontdesk.sqlite3"))
    conversation = store.start_conversation()
    store.end_turn(conversation, store.start_turn(conversation, "Until when may a lamp be sent back?"), "failed")
    turn = store.start_turn(conversation, "I would like to talk to a person.")
    number = Tickets(store).hand_over(conversation, turn, reason="asked")
    DeskWork(store).note(number, "A difficult customer.", by="Ada")
    DeskWork(store).reply(number, "You can send a lamp back within 30 days of delivery.", by="Ada")
    DeskWork(store).end(number, by="Ada", status="closed")
    store.close()
    assert run("dataset", "build", "--from", "transcripts", "--out", "a.jsonl", "--json")[0] == 0
    examples = read(tmp_path / "a.jsonl")
    learned = [one for one in examples if one.conversation == conversation]
    assert {one.task for one in learned} == {"voice", "answer"}
    for one in learned:
        assert "Until when may a lamp be sent back?" in one.messages[-2]["content"]
        assert one.messages[-1]["content"].startswith("You can send a lamp back within 30 days of delivery")
    assert "difficult" not in (tmp_path / "a.jsonl").read_text(encoding="utf-8")


def test_too_few_to_hold_any_back_is_told_with_what_to_do(run: Run, home: Path) -> None:
    code, out, _ = run("dataset", "build", "--out", "a.jsonl", "--heldout", "h.jsonl")
    assert code == 0
    assert "0 held out: h.jsonl; too few to hold any back. Next: train without --heldout" in out
    assert "too few" not in run("dataset", "build", "--out", "a.jsonl")[1]


def test_every_faulty_file_is_told_before_anything_is_opened(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("opened too early")

    monkeypatch.setattr(app, "open_application", opened)
    (tmp_path / "bad.jsonl").write_text("{broken\n")
    (tmp_path / "exam.jsonl").write_text('{"question": "a"}\n')
    sources = ("--from", "gone.csv", "--from", "bad.jsonl", "--evaluation", "exam.jsonl")
    code, out, err = run("dataset", "build", *sources, "--out", "a.jsonl")
    assert (code, out) == (1, "")
    for part in ("--from gone.csv: this is no file", "bad.jsonl:1 is not JSON", "exam.jsonl:1 lacks the key 'id'"):
        assert part in err
    assert not (tmp_path / "a.jsonl").exists()
    assert run("dataset", "build", "--out", "no/a.jsonl")[0] == 2
    assert run("dataset", "build", "--out", "a.jsonl", "--heldout", "a.jsonl")[0] == 2


@pytest.mark.parametrize(
    "options",
    [
        ["--from", "labels.csv", "--out", "labels.csv"],
        ["--evaluation", "labels.csv", "--out", "a", "--card", "labels.csv"],
    ],
)
def test_what_is_read_is_not_replaced(run: Run, tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "labels.csv").write_text("text,label\nWhere is it?,arrival\n")
    code, _, err = run("dataset", "build", *options)
    assert (code, "would be replaced" in " ".join(err.split())) == (2, True)
    assert (tmp_path / "labels.csv").read_text().startswith("text,label")


def test_documents_need_a_model_and_documents(run: Run, home: Path) -> None:
    code, _, err = run("dataset", "build", "--from", "documents", "--model", "none", "--out", "a.jsonl")
    assert code == 1
    assert "add --model embedded" in err


def test_check_names_every_fault_and_exits_with_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": "b"}\n{"text": "", "label": "b"}\n{"text": "c"}\n')
    code, out, _ = run("dataset", "check", "a.jsonl", "--json")
    told = json.loads(out)
    assert (code, told["ok"], told["examples"], told["tokens_are"]) == (1, False, 1, "estimated")
    assert [fault["line"] for fault in told["faults"]] == [2, 3]
    code, out, _ = run("dataset", "check", "a.jsonl")
    assert code == 1
    assert "fault: a.jsonl:2 has an empty message (user, message 1)." in out


def test_check_counts_as_a_base_does(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "<end>": 1, "a": 2, "b": 3}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", eos_token="<end>")
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m.role }} {{ m.content }} <end> {% endfor %}"
        "{% if add_generation_prompt %}assistant {% endif %}"
    )
    base = tmp_path / "base"
    tokenizer.save_pretrained(base)
    (base / "config.json").write_text("{}")
    (base / "model.safetensors").write_bytes(b"")
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": "b"}\n' + json.dumps({"text": "a " * 50, "label": "b"}))
    code, out, _ = run("dataset", "check", "a.jsonl", "--base", str(base), "--longest", "20", "--json")
    told = json.loads(out)
    assert (code, told["tokens_are"], told["longest_tokens"]) == (1, "counted", 55)
    assert [(fault["line"], fault["text"]) for fault in told["faults"]] == [(2, "has 55 tokens, more than 20")]


def test_a_home_without_conversations_leaves_no_empty_files(run: Run, tmp_path: Path) -> None:
    code, out, err = run("dataset", "build", "--out", "examples.jsonl", "--heldout", "heldout.jsonl")
    assert (code, out) == (1, "")
    assert "Nothing to learn was found in transcripts: no rated answer" in err
    assert "--from documents" in err
    assert not list(tmp_path.glob("*.jsonl")) + list(tmp_path.glob("*.html"))
