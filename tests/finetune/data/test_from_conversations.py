from collections.abc import Sequence
from dataclasses import replace

from agents.checks.support import parts_of
from agents.transcript import Message
from finetune.data.candidates import Candidate, Dropped
from finetune.data.conversations import Conversation, Said
from finetune.data.from_conversations import candidates
from finetune.examples import is_learned
from finetune.serving import Serving
from knowledge.library import Library
from knowledge.passages import Passage


def test_replies_of_people_are_learned_with_what_was_said_before(serving: Serving) -> None:
    said = (
        Said("user", "Hello"),
        Said("user", "how much is standard delivery?"),
        Said("assistant", "Standard delivery costs 9.50 euros. Anything else?"),
        Said("user", "How long do I have to send a lamp back?"),
        Said("assistant", "I am a bot.", by_person=False),
        Said("user", "And the warranty of a lamp?"),
        Said("assistant", "We give you 7 years."),
    )
    found = list(candidates([Conversation("zendesk:1", "t.json", said)], serving))
    assert [one.reason if isinstance(one, Dropped) else one.example.task for one in found] == [
        "voice",
        "answer",
        "no person's reply",
        "voice",
    ]
    voice, answer, last = found[0], found[1], found[3]
    assert isinstance(voice, Candidate)
    assert isinstance(answer, Candidate)
    assert isinstance(last, Candidate)
    assert voice.asked == "Hello\nhow much is standard delivery?"
    assert answer.reply.startswith("Standard delivery costs 9.50 euros [")
    assert "Anything else" not in answer.reply
    assert [message["role"] for message in last.example.messages] == ["user", "assistant"] * 3
    # The machine's reply, and what has an example of its own, is there to be understood.
    assert [message["content"] for message in last.example.messages if is_learned(message)] == ["We give you 7 years."]
    assert [message["content"] for message in answer.example.messages if is_learned(message)] == [answer.reply]
    assert {one.example.conversation for one in (voice, answer, last)} == {"zendesk:1"}


def test_what_no_document_can_say_is_not_searched_for(serving: Serving, shop: Library) -> None:
    """A search for each reply of a large export takes hours; one that names an order's number is in no document."""
    asked: list[str] = []

    def search(question: str, history: Sequence[Message]) -> Sequence[Passage]:
        asked.append(question)
        return serving.search(question, history)

    parts = frozenset[str]().union(*(parts_of(passage) for passage in shop.passages()))
    known = replace(serving, search=search, exact_parts=parts)
    said = [Said("user", "Where is it?"), Said("assistant", "Order 48213 left on Monday.")]
    said += [Said("user", "How much is standard delivery?"), Said("assistant", "Standard delivery costs 9.50 euros.")]
    found = [Conversation("1", "t", tuple(said))]
    assert list(candidates(found, known)) == list(candidates(found, serving))
    assert asked == ["How much is standard delivery?"]


def test_signatures_go_and_names_are_handed_on(serving: Serving) -> None:
    said = (
        Said("user", "How long do I have to send a lamp back?\n\nMany thanks\nAda King\n+44 7700 900123"),
        Said(
            "assistant",
            "You have 30 days to send a lamp back.\n\nBest regards,\nTom Baker\nLumen Ltd\n+44 20 7946 0999",
        ),
    )
    voice, answer = candidates([Conversation("1", "t", said, names=frozenset({"Ada M. King"}))], serving)
    assert isinstance(voice, Candidate)
    assert isinstance(answer, Candidate), "a signature is nothing that documents would have to say"
    assert [message["content"] for message in voice.example.messages] == [
        "How long do I have to send a lamp back?\n\nMany thanks",
        "You have 30 days to send a lamp back.\n\nBest regards",
    ]
    assert voice.names == {"Ada King", "Ada M. King", "Tom Baker"}


def test_a_thing_below_the_closing_words_is_no_name(serving: Serving) -> None:
    said = (
        Said("user", "Which lamp is dimmable?\nThanks\nMoorlight Lamp"),
        Said("assistant", "The Moorlight Lamp is dimmable.\n\nBest regards\nTom Baker"),
    )
    found = [one for one in candidates([Conversation("1", "t", said)], serving) if isinstance(one, Candidate)]
    assert found
    assert {one.names for one in found} == {frozenset({"Tom Baker"})}


def test_a_reply_to_a_picture_is_no_reply_to_what_was_asked_before(serving: Serving) -> None:
    said = [("user", "a"), ("assistant", "b"), ("user", ""), ("assistant", "c"), ("user", "d"), ("assistant", "e")]
    found = list(candidates([Conversation("1", "t", tuple(Said(*one) for one in said))], serving))  # type: ignore[arg-type]
    first, dropped, last = found
    assert isinstance(first, Candidate)
    assert isinstance(last, Candidate)
    assert isinstance(dropped, Dropped)
    assert (first.reply, dropped.reason, dropped.asked) == ("b", "nothing said", "c")
    assert [message["content"] for message in last.example.messages] == ["d", "e"]


def test_what_nobody_answered_or_liked_is_left_out(serving: Serving) -> None:
    found = list(
        candidates(
            [
                Conversation("1", "t", (Said("user", "a"), Said("assistant", "b")), rating="down"),
                Conversation("2", "t", (Said("user", "a"),)),
                Conversation("3", "t", ()),
            ],
            serving,
        )
    )
    assert [one.reason for one in found if isinstance(one, Dropped)] == ["rated down", "not answered", "not answered"]
