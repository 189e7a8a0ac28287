"""What a model is shown of earlier turns: whose words they were, and where they end."""

from agents.said import Said, messages
from agents.transcript import Message, in_turns

TOLD = Said("A person, please", "A person takes over. Your ticket is 123-4567.", "handed_over")


def test_what_a_person_adds_to_an_answer_stands_below_it_as_theirs() -> None:
    said = messages(
        (
            Said("Refund it", "Thank you. A person must approve this.", "awaiting_approval"),
            Said("", "€5 was refunded.", "acted"),
            Said("", "As a courtesy.", "handed_over", by_person=True),
            Said("", "下次请先联系我们。", "handed_over", by_person=True),
        )
    )
    assert in_turns((*said, Message("user", "Thanks")))[-1:] == (
        Message(
            "assistant",
            "€5 was refunded.\n\n(A person of our team wrote: “As a courtesy.”)"
            "\n\n（我们的工作人员写道：“下次请先联系我们。”）",
        ),
    )


def test_what_a_person_replies_counts_and_not_the_notices_around_it() -> None:
    said = messages((TOLD, Said("", "I am Ada.", "handed_over", by_person=True), Said("", "Closed.", "handed_over")))
    assert in_turns((*said, Message("user", "Thanks"))) == (
        Message("user", "A person, please"),
        Message("assistant", "(A person of our team wrote: “I am Ada.”)"),
    )


def test_a_turn_without_words_says_nothing() -> None:
    assert messages((Said(" ", " ", "answered"), Said("Hm?", "", "answered"))) == (Message("user", "Hm?"),)
