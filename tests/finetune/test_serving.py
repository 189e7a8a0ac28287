import pytest

from agents.answering import HISTORY_MESSAGES, READ_PASSAGES, AnswerOptions
from agents.transcript import Message
from finetune.serving import Serving, in_turns
from knowledge.passages import Passage


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
        ("u1 a2 u3 u4 a5", "u4 a5"),
        ("a1 a2", ""),
    ],
)
def test_history_takes_turns_and_begins_with_the_customer(given: str, kept: str) -> None:
    assert marks(in_turns(said(given))) == kept


def test_history_is_as_long_as_a_turn_of_the_assistant_sends_it() -> None:
    turns = in_turns(said(" ".join(f"u{at} a{at}" for at in range(HISTORY_MESSAGES))))
    assert len(turns) == HISTORY_MESSAGES
    assert turns[-1].content == str(HISTORY_MESSAGES - 1)
    assert turns[0].role == "user"


def test_a_writer_reads_the_best_passages_only() -> None:
    passages = [
        Passage("default", f"{at}.md", "", (), "", None, 0, 1, "x", "public", "en", 1.0 / (at + 1)) for at in range(9)
    ]
    serving = Serving(lambda question, history: passages, AnswerOptions())
    assert serving.read_by_writer("?", ()) == tuple(passages[:READ_PASSAGES])
