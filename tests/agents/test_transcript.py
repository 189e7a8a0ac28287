import json
from dataclasses import replace

import pytest

from agents.transcript import (
    SHOWN_OF_A_PASSAGE,
    Answer,
    Citation,
    Delta,
    Finished,
    HandedOver,
    Message,
    Searched,
    Step,
    Thought,
    ToolCalled,
    ToolReturned,
    in_turns,
    searched,
    step_to_data,
)
from knowledge.passages import Passage, Retrieval, Signals

CITATION = Citation(1, "default", "a.md", "A", 3, 4, 9, "quote")
ANSWER = Answer("Text [1]", (CITATION,), "answered", 0.9, "en", "none", 1.5, 0.5)
PASSAGE = Passage("default", "a.md", "A", ("H",), "", None, 4, 8, "text", "staff", "en", 0.7)
SIGNALS = Signals(coverage=0.5, sentence_coverage=0.5, lead=0.0, cosine=None)
STEPS: dict[str, Step] = {
    "searched": Searched("q", 0.9, ({"document": "a.md"},), 0.1),
    "thought": Thought("Hm."),
    "tool_called": ToolCalled("search_knowledge", {"question": "q"}),
    "tool_returned": ToolReturned("search_knowledge", "[1] A", True),
    "delta": Delta("Text"),
    "handed_over": HandedOver("483-9206", "asked"),
    "finished": Finished(ANSWER),
}


def test_every_step_is_plain_data_with_its_kind() -> None:
    for kind, step in STEPS.items():
        data = step_to_data(step)
        assert data["kind"] == kind
        assert json.loads(json.dumps(data))["kind"] == kind


def test_finished_step_holds_the_whole_answer() -> None:
    answer = json.loads(json.dumps(step_to_data(STEPS["finished"])))["answer"]
    assert answer["text"] == "Text [1]"
    assert answer["citations"] == [
        {
            "number": 1,
            "collection": "default",
            "document": "a.md",
            "title": "A",
            "page": 3,
            "start": 4,
            "end": 9,
            "quote": "quote",
        }
    ]


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("gguf:/home/ada/models/ours.gguf", "gguf:ours.gguf"),
        ("gguf:C:\\Users\\ada\\ours.gguf", "gguf:ours.gguf"),
        ("gguf:ours.gguf", "gguf:ours.gguf"),
        ("openai:mistralai/Mistral-7B", "openai:mistralai/Mistral-7B"),
    ],
)
def test_what_customers_read_names_no_folder_of_this_machine(named: str, shown: str) -> None:
    data = step_to_data(Finished(replace(ANSWER, model=named)))
    assert data["answer"]["model"] == shown


def test_search_shows_what_a_screen_needs() -> None:
    step = searched(Retrieval("asked", (PASSAGE,), 0.8, SIGNALS, weights={"term": 1.0}, seconds=0.2))
    assert (step.query, step.evidence, step.seconds) == ("asked", 0.8, 0.2)
    assert [set(passage) for passage in step.passages] == [set(SHOWN_OF_A_PASSAGE)]
    assert step.passages[0]["text"] == "text"


def said(words: str) -> tuple[Message, ...]:
    """Return messages from marks: `u1 a2` is a customer's 1 and an assistant's 2."""
    roles = {"u": "user", "a": "assistant"}
    return tuple(Message(roles[word[0]], word[1:]) for word in words.split())  # type: ignore[arg-type]


def marks(messages: tuple[Message, ...]) -> str:
    return " ".join(message.role[0] + message.content for message in messages)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("u1 a2", "u1 a2"),
        ("a0 u1 a2", "u1 a2"),
        ("u1 a2 a3", "u1 a3"),  # a person's reply came after the assistant's
        ("u1 u2 a3", "u2 a3"),
        ("u1 a2 u3", "u1 a2"),  # what was not answered is no exchange
        ("u1 a2 u3 u4 a5", "u1 a2 u4 a5"),
        ("a1 a2", ""),
    ],
)
def test_history_takes_turns_and_begins_with_the_customer(given: str, kept: str) -> None:
    assert marks(in_turns(said(given))) == kept
