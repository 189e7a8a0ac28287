"""Conversations that act: what waits for the team, goes on after a crash, or is handed over."""

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.actions import Action, Preview
from agents.approvals import YES, OperatorDecision
from agents.errors import HandOver, LoopsUnavailable, ModelUnavailable, ToolError
from agents.prompts import acting as words
from agents.tools import Tool, ToolContext
from agents.tools.company import load
from agents.transcript import Acted, Delta, Finished
from knowledge.library import Library
from tests.agents.talking import COMPANY, Away, Talk, call, order_in, returned_for_much, rows, status


@pytest.mark.parametrize(
    "message",
    ["yes but send it to another address", "好的，但是退到另一张卡", "ok, but only half", "Yes, but to my card"],
)
def test_another_wish_takes_back_what_waits_for_the_team(talk: Talk, home: Path, message: str) -> None:
    order, email, sku = returned_for_much(home)
    talk.sign_in(order, email)
    refund = (call("order_status", order_number=order), call("refund", order_number=order, article=sku))
    talk.say(f"Refund my return of {order}", *refund)
    talk.say("yes")
    ((key, waiting),) = talk.approvals.kept.items()
    assert waiting.stage == "operator"
    answer = talk.say(message, "Which one do you mean?")
    assert talk.approvals.kept[key].stage == "withdrawn"
    assert answer.text.startswith((words.DECLINED["en"], words.DECLINED["zh"]))


@pytest.mark.parametrize(
    "message",
    [
        *("ok, but how long does that take?", "好的，但是要多久？", "ok but please hurry", "好的，只要3天到账就行"),
        *("好的，只要一周就到账就行", "好的，只要三个工作日能退款就行"),
    ],
)
def test_who_only_says_how_long_takes_back_nothing(talk: Talk, home: Path, message: str) -> None:
    order, email, sku = returned_for_much(home)
    talk.sign_in(order, email)
    refund = (call("order_status", order_number=order), call("refund", order_number=order, article=sku))
    talk.say(f"Refund my return of {order}", *refund)
    talk.say("yes")
    talk.say(message, "I cannot say.")
    assert [one.stage for one in talk.approvals.kept.values()] == ["operator"]


@pytest.mark.parametrize(
    "message",
    ["ok wait", "OK, hold on please", "OK, one moment", "好的，等一下", "嗯，稍等"],
)
def test_who_wants_to_wait_is_told_that_it_still_waits_for_the_team(talk: Talk, home: Path, message: str) -> None:
    order, email, sku = returned_for_much(home)
    talk.sign_in(order, email)
    refund = (call("order_status", order_number=order), call("refund", order_number=order, article=sku))
    talk.say(f"Refund my return of {order}", *refund)
    talk.say("yes")
    assert talk.say(message).text in words.STILL_WAITS.values()
    assert [one.stage for one in talk.approvals.kept.values()] == ["operator"]


@pytest.mark.parametrize("message", ["wait", "Wait!", "hold on", "等一下", "慢着"])
def test_a_bare_wait_stops_what_the_team_would_do(talk: Talk, home: Path, message: str) -> None:
    """The team approved, and the money was paid after the customer's "Wait!"."""
    order, email, sku = returned_for_much(home)
    talk.sign_in(order, email)
    refund = (call("order_status", order_number=order), call("refund", order_number=order, article=sku))
    talk.say(f"Refund my return of {order}", *refund)
    talk.say("yes")
    talk.say(message)
    assert [one.stage for one in talk.approvals.kept.values()] == ["withdrawn"]


def test_two_writes_wait_one_after_the_other(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    both = {
        "tool_calls": [
            {"name": "change_address", "arguments": {"order_number": order, "address": "7 Pine Lane, Oldholm"}},
            {
                "name": "book_call_back",
                "arguments": {"telephone": "555 0199 22", "day": "2026-11-03", "part": "morning"},
            },
        ]
    }
    answer = talk.say(f"Send {order} to 7 Pine Lane, Oldholm and call me on 555 0199 22", both)
    assert "7 Pine Lane" in answer.text
    assert "555 0199 22" not in answer.text
    answer = talk.say("yes")
    assert answer.outcome == "awaiting_approval"
    assert "goes to: 7 Pine Lane" in answer.text
    assert "555 0199 22" in answer.text
    answer = talk.say("no thanks", "Fine.")
    assert rows(home, "SELECT address FROM addresses") == [("7 Pine Lane, Oldholm",)]
    assert rows(home, "SELECT * FROM call_backs") == []


def test_operator_must_approve_as_well(talk: Talk, home: Path) -> None:
    order, email, sku = returned_for_much(home)
    talk.sign_in(order, email)
    answer = talk.say(
        f"Refund my return of {order}",
        call("order_status", order_number=order),
        call("refund", order_number=order, article=sku),
    )
    assert words.OPERATOR_TOO["en"] in answer.text
    answer = talk.say(YES["en"])
    assert (answer.outcome, answer.text) == ("awaiting_approval", words.WAITS_FOR_TEAM["en"])
    paid = "SELECT status FROM returns WHERE order_number = ? AND sku = ?"
    assert rows(home, paid, order, sku) == [("received",)]
    assert talk.say(YES["en"]).text == words.STILL_WAITS["en"]
    (key,) = talk.approvals.kept
    answer = talk.say("", "Done.", decision=OperatorDecision(key, approved=True), language="en")
    assert answer.outcome == "acted"
    assert rows(home, paid, order, sku) == [("refunded",)]
    again = talk.say("", decision=OperatorDecision(key, approved=True), language="en")
    assert again.text == words.NOT_WAITING["en"]


def test_what_the_team_declines_is_told(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    (key,) = talk.approvals.kept
    assert talk.approvals.move(key, before="customer", after="operator")
    answer = talk.say("", decision=OperatorDecision(key, approved=False), language="en")
    assert answer.text.startswith(words.TEAM_DECLINED["en"].partition("{")[0])
    assert (answer.outcome, status(home, order)) == ("answered", "received")


@pytest.mark.parametrize(("language", "yes"), [("en", "yes"), ("zh", "好的")])
def test_a_yes_while_no_loop_can_be_reached_changes_nothing_and_may_be_said_again(
    talk: Talk, home: Path, caplog: pytest.LogCaptureFixture, language: Any, yes: str
) -> None:
    order, email = order_in(home, "received")
    talk.saver = away = Away()
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order), language=language)
    (key,) = talk.approvals.kept
    away.answers = 0
    for _ in range(2):
        answer = talk.say(yes)
        assert (answer.outcome, answer.text) == ("awaiting_approval", words.NOT_NOW[language])
    assert [type(step) for step in talk.steps] == [Delta, Finished]
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        f"the write {key} cannot go on now"
    ] * 2
    assert (talk.approvals.kept[key].stage, status(home, order)) == ("customer", "received")
    away.answers = None
    assert talk.say(yes, "Done.").outcome == "acted"
    assert talk.say(yes, "Done.").outcome != "acted"
    assert [action.state for action in talk.log.actions.values()] == ["done"]


@pytest.mark.parametrize("after", range(1, 18))
def test_where_the_server_of_loops_goes_away_during_a_write_the_truth_is_told_and_it_is_done_once(
    talk: Talk, home: Path, after: int
) -> None:
    order, email = order_in(home, "received")
    talk.saver = away = Away()
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    (key,) = talk.approvals.kept
    away.answers = after
    answer = talk.say("yes", "Done.")
    if status(home, order) == "received":
        assert (answer.outcome, answer.text) == ("awaiting_approval", words.NOT_NOW["en"])
        assert talk.approvals.kept[key].stage == "customer"
    else:
        assert (answer.outcome, talk.approvals.kept[key].stage) == ("acted", "done")
        assert f"Order {order} is cancelled" in answer.text
    away.answers = None
    talk.say("yes", "Done.")
    assert (status(home, order), [action.state for action in talk.log.actions.values()]) == ("cancelled", ["done"])


@pytest.mark.parametrize("lacking", ["loops", "model"])
def test_a_new_request_is_not_answered_by_what_was_told_before_it(talk: Talk, home: Path, lacking: str) -> None:
    """It ended as answered with what had become of the write before, and nobody heard of the request."""
    order, email = order_in(home, "received")
    talk.saver = away = Away()
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    away.answers = 0 if lacking == "loops" else None
    with pytest.raises(LoopsUnavailable if lacking == "loops" else ModelUnavailable):
        talk.say(f"Where is my order {order}?")  # a scripted model without a reply is unavailable
    assert [one.stage for one in talk.approvals.kept.values()] == ["withdrawn"]


def test_a_write_that_cannot_go_on_is_told_beside_one_that_was_cut_off(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.saver = away = Away()
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    (key,) = talk.approvals.kept
    cut = replace(talk.approvals.kept[key], key="cut", stage="approved")
    talk.approvals.ask(cut)
    talk.log.actions["cut"] = Action("cut", "done", cut.tool, {}, cut.conversation, cut.customer, "It was sent.")
    away.answers = 1
    answer = talk.say("yes")
    assert answer.text == f"{words.INTERRUPTED_DONE['en'].format(text='It was sent.')}\n\n{words.NOT_NOW['en']}"
    assert (answer.outcome, status(home, order)) == ("awaiting_approval", "received")


@pytest.mark.parametrize("after", range(1, 7))
def test_a_yes_that_is_cut_off_on_its_way_to_the_team_still_waits_for_them(talk: Talk, home: Path, after: int) -> None:
    order, email, sku = returned_for_much(home)
    talk.saver = away = Away()
    talk.sign_in(order, email)
    talk.say(
        f"Refund my return of {order}",
        call("order_status", order_number=order),
        call("refund", order_number=order, article=sku),
    )
    (key,) = talk.approvals.kept
    away.answers = after
    answer = talk.say("yes")
    assert (answer.outcome, answer.text) == ("awaiting_approval", words.WAITS_FOR_TEAM["en"])
    away.answers = None
    assert talk.say("", "Done.", decision=OperatorDecision(key, approved=True), language="en").outcome == "acted"
    assert [action.state for action in talk.log.actions.values()] == ["done"]


def test_what_the_team_approves_while_no_loop_can_be_reached_waits_for_the_team_again(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.saver = away = Away()
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    (key,) = talk.approvals.kept
    assert talk.approvals.move(key, before="customer", after="operator")
    away.answers = 0
    answer = talk.say("", decision=OperatorDecision(key, approved=True), language="en")
    assert (answer.outcome, answer.text) == ("awaiting_approval", words.TEAM_NOT_NOW["en"])
    assert (talk.approvals.kept[key].stage, status(home, order)) == ("operator", "received")
    away.answers = None
    assert talk.say("", "Done.", decision=OperatorDecision(key, approved=True), language="en").outcome == "acted"


def test_where_a_person_has_the_conversation_an_approved_write_is_told_and_the_model_is_silent(
    talk: Talk, home: Path
) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    (key,) = talk.approvals.kept
    assert talk.approvals.move(key, before="customer", after="operator")
    spoken = ("What can I do for you?", call("cancel_order", order_number=order))
    answer = talk.say("", *spoken, decision=OperatorDecision(key, approved=True, person_speaks=True), language="en")
    assert (answer.outcome, status(home, order)) == ("acted", "cancelled")
    assert "What can I do" not in answer.text
    assert order in answer.text
    assert list(talk.approvals.kept) == [key]


def test_changed_preview_is_shown_anew(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    with closing(sqlite3.connect(home / "shop.sqlite3")) as shop, shop:
        shop.execute("UPDATE orders SET delivery_cents = delivery_cents + 100, total_cents = total_cents + 100")
    answer = talk.say(YES["en"])
    assert answer.outcome == "awaiting_approval"
    assert status(home, order) == "received"
    assert talk.say(YES["en"], "Done.").outcome == "acted"
    assert status(home, order) == "cancelled"


def broken(context: ToolContext, order_number: str) -> str:
    """Break halfway."""
    raise RuntimeError("the server of the shop is gone: secret-host")


def test_broken_write_is_handed_over_and_never_tried_again(talk: Talk, home: Path) -> None:
    talk.extra = (Tool(broken, effect="write"),)
    talk.say("Break B-10234", call("broken", order_number="B-10234"))
    answer = talk.say(YES["en"])
    assert answer.outcome == "handed_over"
    assert "secret-host" not in answer.text
    assert [one.state for one in talk.steps if isinstance(one, Acted)] == ["unknown"]
    assert [one.state for one in talk.log.actions.values()] == ["begun"]
    assert talk.say(YES["en"]).text == words.NOT_WAITING["en"]


def test_a_turn_that_is_stopped_before_it_is_handed_over_is_handed_over_with_the_next_message(talk: Talk) -> None:
    """It was noted that nobody knows, nobody was told, and nobody looked again."""
    stop = threading.Event()

    def cut(context: ToolContext, order_number: str) -> str:
        """Break halfway, while the customer presses stop."""
        stop.set()
        raise RuntimeError("the line is cut")

    talk.extra = (Tool(cut, effect="write"),)
    talk.say("Cut B-10234", call("cut", order_number="B-10234"))
    assert not any(isinstance(step, Finished) for step in talk.steps_of(YES["en"], stop=stop))
    assert [one.stage for one in talk.approvals.kept.values()] == ["approved"]
    answer = talk.say("Hello?")
    assert (answer.outcome, words.UNKNOWN["en"] in answer.text) == ("handed_over", True)
    assert [one.stage for one in talk.approvals.kept.values()] == ["unknown"]


def test_write_cut_off_after_its_approval(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    (key,) = talk.approvals.kept
    talk.approvals.move(key, before="customer", after="approved")  # then the process died
    assert talk.say(YES["en"], "Done.").outcome == "acted"
    assert status(home, order) == "cancelled"


def test_a_turn_that_nobody_asked_for_and_that_finds_nothing_cut_off_changes_nothing(talk: Talk, home: Path) -> None:
    """It went on as with a message: what waited was withdrawn, and the model was asked about nothing."""
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    answer = talk.say("")
    assert (answer.text, answer.outcome) == ("", "answered")
    assert [one.stage for one in talk.approvals.kept.values()] == ["customer"]


def test_begun_write_of_a_dead_process_is_handed_over(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    talk.say(f"Cancel {order}", call("cancel_order", order_number=order))
    (key,) = talk.approvals.kept
    talk.approvals.move(key, before="customer", after="approved")
    talk.log.begin(Action(key, "begun", "cancel_order", {}, "c1", "1"))
    answer = talk.say("Hello?")
    assert answer.outcome == "handed_over"
    assert words.UNKNOWN["en"] in answer.text
    assert status(home, order) == "received"


def test_nobody_is_asked_for_a_yes_to_a_ticket_that_cannot_be_made(shop: Library, home: Path) -> None:
    tools = load([str(COMPANY / "shop_tools.py")])
    ticket = next(tool for tool in tools if tool.name == "open_ticket")
    with pytest.raises(ToolError, match="write to our team"):
        ticket.plan(ToolContext(library=shop, home=home), {"subject": "Lamp", "text": "It hums."})


def test_preview_that_asks_for_a_person_after_the_yes_hands_over_and_changes_nothing(talk: Talk, home: Path) -> None:
    order, email = order_in(home, "received")
    talk.sign_in(order, email)
    previews = []

    def preview(context: ToolContext) -> Preview:
        previews.append(context.conversation)
        if len(previews) > 1:
            raise HandOver("the amount is over the limit by now")
        return Preview("Pay back €5.")

    def pay(context: ToolContext) -> str:
        """Pay back."""
        raise AssertionError

    paying = replace(talk, extra=(Tool(pay, effect="write", preview=preview),))
    assert paying.say(f"Pay me back for {order}", call("pay")).outcome == "awaiting_approval"
    answer = paying.say("yes")
    assert answer.outcome == "handed_over"
    assert words.UNKNOWN["en"] not in answer.text, "it is known that nothing was changed"
    (subject,) = [subject for _, subject, _ in talk.desk.tickets.values()]
    assert subject == "the amount is over the limit by now"
    assert [one.state for one in paying.steps if isinstance(one, Acted)] == ["failed"]
