"""Customers who give a number and an address piece by piece, on the demo's shop."""

from pathlib import Path

import pytest

from agents.prompts import acting as words
from agents.transcript import ToolCalled
from tests.agents.talking import Talk, call, order_in, status


@pytest.mark.parametrize("first", [True, False])
def test_of_two_orders_in_a_message_the_one_that_fits_the_address_counts(talk: Talk, home: Path, first: bool) -> None:
    """The last one alone was tried, and the customer told that it did not belong to them."""
    (own, email), (other, _) = order_in(home, "received"), order_in(home, "received", number=1)
    both = f"{own} and {other}" if first else f"{other} and {own}"
    answer = talk.say(f"Please cancel {both}, {email}", call("cancel_order", order_number=own))
    assert (answer.outcome, own in answer.text) == ("awaiting_approval", True)
    assert talk.say("yes", call("cancel_order", order_number=other), "Done.").outcome == "acted"
    assert (status(home, own), status(home, other)) == ("cancelled", "received")


def test_the_order_that_is_named_last_is_tried_first(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    said = f"Not B-90001, B-90002 or B-90003 but please cancel {order}, {email}"
    assert talk.say(said, call("cancel_order", order_number=order)).outcome == "awaiting_approval"
    assert talk.visitors.load(talk.conversation).failed_attempts == 0


@pytest.mark.parametrize(
    "said",
    [
        "Please cancel {order}, the lamp HL2000 and the shade HS3000, {email}",
        "Cancel {order}, not B-90001 or B-90002. {email}",
        "Cancel {order}, {email}. The parcel number is DX90001 and my post code is BS1234",
    ],
)
def test_the_order_that_is_named_first_is_tried_among_others(talk: Talk, home: Path, said: str) -> None:
    """The last two alone were tried, and the customer told that number and address do not belong together."""
    order, email = order_in(home, "received")
    answer = talk.say(said.format(order=order, email=email), call("cancel_order", order_number=order))
    assert (answer.outcome, order in answer.text) == ("awaiting_approval", True)


def test_of_two_orders_named_before_the_address_the_one_that_fits_counts(talk: Talk, home: Path) -> None:
    (own, email), (other, _) = order_in(home, "received"), order_in(home, "received", number=1)
    talk.say(f"Please cancel {own} and {other}", "I need your e-mail address.")
    answer = talk.say(email, call("cancel_order", order_number=own))
    assert (answer.outcome, own in answer.text) == ("awaiting_approval", True)


def test_many_orders_in_a_message_are_not_all_tried(talk: Talk, home: Path) -> None:
    _, email = order_in(home, "received")
    answer = talk.say(f"Cancel B-90001, B-90002, B-90003, B-90004 and B-90005, {email}")
    assert answer.outcome == "clarify"
    assert len([step for step in talk.steps if isinstance(step, ToolCalled)]) == 2
    assert talk.visitors.load(talk.conversation).failed_attempts == 2


def test_who_gave_a_number_is_asked_for_the_address_alone(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    answer = talk.say(f"wheres my order {order}", "I would need to look.")
    assert (answer.text, answer.outcome) == (words.WHO_EMAIL["en"].format(order=order), "clarify")
    answer = talk.say(email, call("order_status", order_number=order), "It is received.")
    assert (answer.text, answer.outcome) == ("It is received.", "answered")


def test_who_gave_an_address_is_asked_for_the_number_alone(talk: Talk, home: Path) -> None:
    _, email = order_in(home, "received")
    answer = talk.say(f"我的邮箱{email}，我的订单到哪了", "我不知道。")
    assert (answer.text, answer.outcome) == (words.WHO_ORDER["zh"], "clarify")


def test_a_chinese_conversation_stays_so_when_only_an_address_is_given(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    assert talk.say(f"我的订单{order}到哪了", "我不知道。").text == words.WHO_EMAIL["zh"].format(order=order)
    answer = talk.say(email, call("cancel_order", order_number=order))
    assert "取消订单" in answer.text


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Where is my parcel? It is a lamp HL2000", words.WHO["en"]),
        ("HL2000", words.WHO_EMAIL["en"].format(order="HL2000")),
        ("wheres my order HL2000", words.WHO_EMAIL["en"].format(order="HL2000")),
        ("I want to cancel order b 11200", words.WHO["en"]),
        ("Please cancel my order, ada@example.com", words.WHO_ORDER["en"]),
        ("Cancel R10234 please", words.WHO_EMAIL["en"].format(order="R10234")),
        ("Where is R10234?", words.WHO_EMAIL["en"].format(order="R10234")),
        ("取消R10234", words.WHO_EMAIL["zh"].format(order="R10234")),
        ("R10234什么时候发货？", words.WHO_EMAIL["zh"].format(order="R10234")),
        ("R10234什么时候到？", words.WHO_EMAIL["zh"].format(order="R10234")),
        ("I want a refund, ada@example.com", words.WHO_ORDER["en"]),
        ("我要退货，ada@example.com", words.WHO_ORDER["zh"]),
        ("When will R10234 arrive?", words.WHO_EMAIL["en"].format(order="R10234")),
        ("取消R10234的订单", words.WHO_EMAIL["zh"].format(order="R10234")),
        ("Please unsubscribe me and cancel my last order, ada@example.com", words.WHO_ORDER["en"]),
        ("The newsletter discount code does not work on my order, ada@example.com", words.WHO_ORDER["en"]),
        ("我要退订单，ada@example.com", words.WHO_ORDER["zh"]),
        ("Does the lamp HL2000 have a warranty?", ""),
        ("where is HL2000 sold?", ""),
        ("When will HL2000 be back in stock?", ""),
        ("Please add ada@example.com to your newsletter", ""),
    ],
)
def test_only_what_is_an_order_is_called_one(talk: Talk, message: str, told: str) -> None:
    """The address "of order HL2000" was asked for, and the order of whoever wanted a newsletter."""
    lacking = words.with_contact(words.NO_ANSWER["en"], "en", "help@example.com")
    assert talk.say(message, "I would need to look.").text == (told or lacking)


def test_an_address_alone_is_understood_as_the_answer_to_who_it_is(talk: Talk) -> None:
    assert talk.say("Where is my order?", call("list_orders"), "I would need to look.").text == words.WHO["en"]
    assert talk.say("ada@example.com", "I would need to look.").text == words.WHO_ORDER["en"]


def test_an_address_alone_after_a_wish_is_asked_for_its_order(talk: Talk) -> None:
    talk.say("I want to send back the lamp", "I would need to look.")
    assert talk.say("ada@example.com", "I would need to look.").text == words.WHO_ORDER["en"]
