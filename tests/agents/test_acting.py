"""Conversations that act, on the demo's shop: what waits for a yes, and what answers it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from agents.actions import MemoryActionLog
from agents.approvals import NO, YES, MemoryApprovals, MemoryVisitors
from agents.asked import Acting
from agents.models import LoadedModel
from agents.prompts import acting as words
from agents.tools.company import load
from agents.transcript import Finished
from agents.turn import Request, Responder
from knowledge.library import Library
from tests.agents.talking import COMPANY, OPTIONS, Talk, call, order_in, rows, status


def test_cancel_waits_for_yes_and_then_acts(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    answer = talk.say(f"Please cancel {order}", call("cancel_order", order_number=order))
    assert answer.outcome == "awaiting_approval"
    assert f"Cancel order {order}" in answer.text
    assert YES["en"] in answer.text
    assert status(home, order) == "received"
    answer = talk.say(YES["en"], "I have cancelled your order.")
    assert answer.outcome == "acted"
    assert status(home, order) == "cancelled"
    assert answer.text.startswith(f"Order {order} is cancelled.")
    (action,) = talk.log.actions.values()
    assert (action.state, action.before, action.after) == ("done", {"status": "received"}, {"status": "cancelled"})


def test_chinese_conversation(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    answer = talk.say(f"请帮我取消订单 {order}", call("cancel_order", order_number=order))
    assert answer.outcome == "awaiting_approval"
    assert YES["zh"] in answer.text
    assert "取消订单" in answer.text
    answer = talk.say(YES["zh"], "好的。")
    assert (answer.outcome, status(home, order)) == ("acted", "cancelled")
    assert "已取消" in answer.text


def test_no_declines_and_anything_else_withdraws(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    ask = f"Please cancel {order}"
    assert talk.say(ask, call("cancel_order", order_number=order)).outcome == "awaiting_approval"
    answer = talk.say(NO["en"])
    assert words.DECLINED["en"] in answer.text
    assert talk.say(ask, call("cancel_order", order_number=order)).outcome == "awaiting_approval"
    answer = talk.say("How many days do I have to send a lamp back?", "You have 30 days [1].")
    assert answer.text.startswith(words.WITHDRAWN["en"])
    answer = talk.say(YES["en"])
    assert answer.text == words.NOT_WAITING["en"]
    assert status(home, order) == "received"
    assert talk.log.actions == {}


@pytest.mark.parametrize(
    "said", ["OK, one moment", "好的，稍等", "let me check", "稍等一下", "wait", "hold on", "等一下"]
)
def test_who_asks_for_a_moment_finds_it_still_waiting(talk: Talk, home: Path, said: str) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    asked = talk.say(f"Please cancel {order}", call("cancel_order", order_number=order))
    answer = talk.say(said)
    assert answer.outcome == "awaiting_approval"
    assert answer.text == asked.text  # in the language in which it was shown
    assert status(home, order) == "received"
    assert talk.say(YES["en"]).outcome == "acted"
    assert status(home, order) == "cancelled"


def test_a_yes_with_another_wish_does_nothing_in_the_old_form(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    old, new = "12 Castle Street, Oldholm", "5 Mill Lane, Oldholm"
    talk.say(f"Send {order} to {old}", call("change_address", order_number=order, address=old))
    asked = talk.say("yes but send it to another address", "Which address should it go to?")
    assert asked.text.startswith(words.WITHDRAWN["en"])
    offered = talk.say(new, call("change_address", order_number=order, address=new))
    assert (offered.outcome, old in offered.text, new in offered.text) == ("awaiting_approval", False, True)
    talk.say("yes", "Done.")
    assert rows(home, "SELECT address FROM addresses WHERE order_number = ?", order) == [(new,)]


def test_a_yes_that_says_the_deed_again_acts_and_another_deed_is_no_yes(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    talk.say(f"Please cancel {order}", call("cancel_order", order_number=order))
    assert talk.say("yes, refund it", "I cannot.").text.startswith(words.YES_AND_MORE["en"])
    assert status(home, order) == "received"
    talk.say(f"Please cancel {order}", call("cancel_order", order_number=order))
    assert talk.say("yes, cancel it please", "Done.").outcome == "acted"
    assert status(home, order) == "cancelled"


def test_a_yes_with_more_is_not_told_that_nobody_said_yes(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    cancel = call("cancel_order", order_number=order)
    talk.say(f"Please cancel {order}", cancel)
    answer = talk.say("yes please, and also send me an invoice", cancel)
    assert (answer.text.startswith(words.YES_AND_MORE["en"]), answer.outcome) == (True, "awaiting_approval")
    assert status(home, order) == "received"


@pytest.mark.parametrize(
    ("again", "told"),
    [
        ("yes", words.DONE_ALREADY["en"]),
        ("no wait", words.NOT_UNDONE["en"]),
        ("Cancel that", words.NOT_UNDONE["en"]),
        ("取消", words.NOT_UNDONE["zh"]),
        ("I changed my mind", words.NOT_UNDONE["en"]),
        ("don't do it", words.NOT_UNDONE["en"]),
        ("No, not yet", words.NOT_UNDONE["en"]),
        ("forget it", words.NOT_UNDONE["en"]),
        ("不要了", words.NOT_UNDONE["zh"]),
        ("还是算了", words.NOT_UNDONE["zh"]),
        ("Never mind, thanks", words.NOTHING_WAITS["en"]),
        ("算了，谢谢", words.NOTHING_WAITS["zh"]),
        ("no", words.NOTHING_WAITS["en"]),
        ("nope", words.NOTHING_WAITS["en"]),
        ("不需要", words.NOTHING_WAITS["zh"]),
    ],
)
def test_a_second_yes_is_told_that_it_is_done_and_a_late_no_that_it_is_not_undone(
    talk: Talk, home: Path, again: str, told: str
) -> None:
    """The model was asked what a yes to nothing means; "done already" to "cancel that" read as if that were undone."""
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    talk.say(f"Please cancel {order}", call("cancel_order", order_number=order))
    done = talk.say("yes", "Done.")
    talk.results.append(("cancel_order", done.text))
    assert talk.say(again).text == told


def test_of_two_writes_asked_at_once_the_refused_one_is_told_after_the_other_was_done(talk: Talk, home: Path) -> None:
    """The customer read that one was done, and of the other nothing."""
    order, email = order_in(home, "received")
    other, _ = order_in(home, "delivered")
    talk.sign_in(order, email)
    both = {"tool_calls": [*call("cancel_order", order_number=order)["tool_calls"]]}
    both["tool_calls"] += call("cancel_order", order_number=other)["tool_calls"]
    talk.say(f"Please cancel {order} and {other}", both)
    answer = talk.say("yes", "Done.")
    assert answer.text == f"Order {order} is cancelled.\n\nAmong this customer's orders there is none with this number."


def test_never_mind_where_nothing_waits_is_no_question(talk: Talk) -> None:
    told = [talk.say(said).text for said in ("never mind", "算了")]
    assert told == [words.NOTHING_WAITS["en"], words.NOTHING_WAITS["zh"]]


def test_thanks_and_a_nod_need_no_model_and_a_waiting_write_comes_first(talk: Talk, home: Path) -> None:
    assert talk.say("Hello").outcome == "answered", "a model that is asked has no reply here"
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    assert talk.say("thanks!").outcome == "answered"
    assert talk.say("ok").outcome == "answered"
    talk.say(f"Please cancel {order}", call("cancel_order", order_number=order))
    assert talk.say("ok", "").outcome == "acted"
    assert status(home, order) == "cancelled"


def test_an_offer_said_again_is_asked_again_or_not_said(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    asks = call("cancel_order", order_number=order)
    offer = talk.say(f"Please cancel {order}", asks).text.split("). ")[0] + ")."
    again = talk.say(f"Yes but keep the lamp, order {order}", offer, asks)
    assert again.outcome == "awaiting_approval", "the model is told that nobody was asked"
    stubborn = talk.say(f"Then cancel {order} whole", offer, offer)
    assert offer not in stubborn.text
    assert stubborn.outcome == "clarify"
    assert status(home, order) == "received"


def test_an_offer_with_another_value_is_asked_for_or_not_said(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    old, new = "12 Castle Street, Oldholm", "5 Mill Lane, Oldholm"
    talk.say(f"Send {order} to {old}", call("change_address", order_number=order, address=old))
    offer = f"Send order {order} to: {new}."
    stubborn = talk.say(f"yes, but send it to {new}", offer, offer)
    assert (stubborn.outcome, offer in stubborn.text) == ("handed_over", False), (
        "a person reads what was not understood"
    )
    assert stubborn.text.startswith(words.WITHDRAWN["en"])
    talk.say(f"Send {order} to {old}", call("change_address", order_number=order, address=old))
    told = talk.say(f"yes, but send it to {new}", offer, call("change_address", order_number=order, address=new))
    assert (told.outcome, offer in told.text) == ("awaiting_approval", True)


def test_model_that_cannot_act_says_so(shop: Library, home: Path) -> None:
    talk = Talk(shop, home)
    acting = Acting(
        load([str(COMPANY / "shop_tools.py")]), talk.log, talk.approvals, talk.visitors, talk.saver, home, None
    )
    small = LoadedModel("none", None, protocol="json", small=True)
    steps = list(Responder(shop, small, OPTIONS, acting=acting).respond(Request("Cancel my order B-10234")))
    last = steps[-1]
    assert isinstance(last, Finished)
    assert last.answer.text == f"{words.CANNOT_ACT['en']} {words.CONTACT['en'].format(contact='help@example.com')}"


def test_fifty_conversations_at_once(shop: Library, home: Path) -> None:
    orders = rows(
        home,
        "SELECT order_number, email FROM orders JOIN customers USING (customer_id) WHERE status = 'delivered'"
        " GROUP BY customer_id ORDER BY order_number DESC LIMIT 50",
    )
    shared: dict[str, Any] = {
        "log": MemoryActionLog(),
        "approvals": MemoryApprovals(),
        "visitors": MemoryVisitors(),
        "saver": InMemorySaver(),
    }
    gate = threading.Barrier(10)

    def converse(number: int) -> str:
        order, email = orders[number]
        talk = Talk(shop, home, conversation=f"c{number}", **shared)
        telephone = f"555 01{number:04}"
        if number < 10:
            gate.wait(timeout=60)
        talk.sign_in(order, email)
        booking = call("book_call_back", telephone=telephone, day="2026-11-03", part="morning")
        assert telephone in talk.say(f"Call me back on {telephone}, order {order}", booking).text
        return talk.say("yes", "Fine.").text

    with ThreadPoolExecutor(10) as pool:
        texts = list(pool.map(converse, range(50)))
    booked = rows(
        home,
        "SELECT telephone, email FROM call_backs JOIN customers USING (customer_id) ORDER BY telephone",
    )
    assert booked == [(f"555 01{number:04}", orders[number][1]) for number in range(50)]
    assert all(f"555 01{number:04}" in text for number, text in enumerate(texts))


def test_a_yes_in_another_language_answers_what_was_shown(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    asked = talk.say(f"请取消订单 {order}", call("cancel_order", order_number=order))
    assert (asked.outcome, asked.language) == ("awaiting_approval", "zh")
    done = talk.say("OK", "还有什么可以帮您？")
    assert (done.outcome, done.language) == ("acted", "zh")
    assert status(home, order) == "cancelled"


def test_chinese_request_for_a_call_reaches_the_tool(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    booked = call("book_call_back", telephone="555 0199 22", day="2026-11-03", part="morning")
    answer = talk.say("请给我回电话，555 0199 22", booked)
    assert answer.outcome == "awaiting_approval"
    assert "555 0199 22" in answer.text
    assert talk.say("好的，请办理", "好的。").outcome == "acted"
    assert len(rows(home, "SELECT * FROM call_backs")) == 1
