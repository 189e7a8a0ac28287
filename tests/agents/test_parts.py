import time

import pytest

from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.parts import MOST, parts_of
from agents.transcript import Answer, Finished, Searched
from agents.turn import Request, Responder, ResponderOptions
from knowledge.library import Library

BOTH = "How many days do I have to send a lamp back, and how much is standard delivery?"


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            "What's the price and how far ahead do we have to book?",
            ("What's the price", "how far ahead do we have to book?"),
        ),
        ("how long does it take and do I need an account", ("how long does it take", "do I need an account")),
        (
            "Where is order 1001? Can I still cancel it?",
            ("Where is order 1001?", "Can I still cancel it?"),
        ),
        (
            "It arrived broken. What do you need from me and how quick are you?",
            ("It arrived broken. What do you need from me", "how quick are you?"),
        ),
        ("I want to know what it costs and how long it lasts", ("I want to know what it costs", "how long it lasts")),
        ("如果坏了怎么办，能退吗", ("如果坏了怎么办", "能退吗")),
        ("下单后几天能拿？能给我留几天？", ("下单后几天能拿？", "能给我留几天？")),
        ("最晚什么时候登记，能多保多久", ("最晚什么时候登记", "能多保多久")),
    ],
)
def test_two_questions_are_told_from_one(message: str, parts: tuple[str, ...]) -> None:
    assert parts_of(message) == parts


@pytest.mark.parametrize(
    "message",
    [
        "",
        "?",
        "What happens if it breaks and is still under warranty?",
        "What happens when I cancel and when I come back?",
        "What is the price and the delivery time?",
        "Is it free or do I pay?",
        "When and where can I pick it up?",
        "I have a VAT number, can you take the VAT off?",
        "My lamp broke and I have no receipt. What now?",
        "What did Mr. Costa lose?",
        "Hello, how are you? Do you ship to Malta?",
        "Can you help me? How do I return a lamp?",
        "你好，请问怎么退货？",
        "几天能到，比如到德国？",
        "Do you ship? " * (MOST + 1),
    ],
)
def test_what_is_not_surely_several_questions_stays_one(message: str) -> None:
    assert parts_of(message) == ()


def test_parts_hold_words_of_the_message_alone_and_in_order() -> None:
    message = "Gold card: what do I get back, and what does it cost abroad? Do I need a PIN?"
    parts = parts_of(message)
    assert len(parts) == MOST
    assert [message.index(part) for part in parts] == sorted(message.index(part) for part in parts)


@pytest.mark.parametrize("piece", ["and how ", "什么，", "is it? ", ", what ", "can you help "])
def test_long_messages_take_no_time(piece: str) -> None:
    began = time.process_time()
    parts_of(piece * (4000 // len(piece)))
    assert time.process_time() - began < 2


def answered(shop: Library, model: LoadedModel) -> Answer:
    """Return the answer to `BOTH`, for which the whole and each of the two questions was searched for."""
    *steps, last = Responder(shop, model, ResponderOptions(max_words=30)).respond(Request(BOTH))
    assert [type(step) for step in steps[:4]].count(Searched) == 3
    assert isinstance(last, Finished)
    return last.answer


def test_each_of_two_questions_gets_its_sentence(shop: Library) -> None:
    quotes = [
        citation.quote for citation in answered(shop, LoadedModel("none", None, protocol="json", small=True)).citations
    ]
    assert any("30 days" in quote for quote in quotes), quotes
    assert any("€9.50" in quote for quote in quotes), quotes


def test_a_larger_model_reads_what_is_found_for_either_question(shop: Library) -> None:
    chat = ScriptedChat(["You can send a lamp back within 30 days of delivery [1]."])
    answered(shop, LoadedModel("scripted:test", chat, "native", small=False))
    asked = str(chat.calls[0])
    assert "within 30 days of delivery" in asked
    assert "€9.50" in asked
