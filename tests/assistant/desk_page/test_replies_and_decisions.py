"""Replies and decisions in a real browser: when a colleague or another tab was faster, and what was not sent."""

import json
import re
from functools import partial

import pytest
from playwright.sync_api import Page, Route, expect

from assistant.ticket_turns import REPLY_CHARACTERS
from tests.assistant.desk_page.acting_desk import (
    Served,
    Visitors,
    ask,
    ask_for_refund,
    hand_over,
    open_case,
    replies,
    reply,
)

DECIDING = "**/api/desk/approvals/*"

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def second_tab(first: Page) -> Page:
    """Return a tab of the same browser with the same case, which hears of nothing new."""
    page = first.context.new_page()
    page.goto(first.url)
    expect(page.locator("#story")).to_be_visible()
    page.route("**/*?mark=*", unchanged)
    return page


def unchanged(route: Route, *, name: str = "Ada") -> None:
    is_list = "/cases?" in route.request.url
    about = {"operator": name, "now": "2026-01-01T00:00:00+00:00"} if is_list else {}
    route.fulfill(json={**about, "unchanged": True})


def test_who_was_faster_in_another_tab_of_theirs_is_not_told_of_a_colleague(visitors: Visitors, served: Served) -> None:
    _, number = hand_over(served)
    first = visitors.operator("Ada")
    open_case(first, "asked for a person")
    second = second_tab(first)
    reply(first, "From the first tab")
    expect(first.locator("#lines .person")).to_have_count(1)
    reply(second, "From the second")
    expect(second.locator("#slower")).to_contain_text("You have replied meanwhile, in another tab.")
    assert len(replies(served, number)) == 1
    second.unroute("**/*?mark=*")
    expect(second.locator("#lines .person")).to_contain_text("From the first tab")
    expect(second.locator("#text")).to_have_value("From the second")
    second.locator("#send").click()
    expect(second.locator("#lines .person")).to_have_count(2)
    expect(first.locator("#lines .person")).to_have_count(2)
    second.route("**/*?mark=*", unchanged)
    first.get_by_role("button", name="Close ticket").click()
    expect(first.locator("#ended")).to_contain_text("Closed by Ada")
    second.get_by_role("button", name="Return to the assistant").click()
    expect(second.locator("#trouble")).to_contain_text("You have closed the ticket already, in another tab.")


def test_what_was_being_written_when_a_colleague_closed_the_ticket_is_told_not_to_be_sent(
    visitors: Visitors, served: Served
) -> None:
    """The box went with the words in it, and the keyboard's place."""
    _, number = hand_over(served)
    ada, ben = visitors.operator("Ada"), visitors.operator("Ben")
    for desk in (ada, ben):
        open_case(desk, "asked for a person")
        expect(desk.locator("#before-count")).to_have_text("1")
    ada.locator("#text").press_sequentially("I have looked at")
    ben.get_by_role("button", name="Close ticket").click()
    told = re.compile(r"Closed by Ben, .* What you wrote was not sent: “I have looked at”")
    expect(ada.locator("#ended")).to_have_text(told)
    expect(ada.locator("#told")).to_have_text(told)
    expect(ada.locator("#story-title")).to_be_focused()
    ada.reload()
    expect(ada.locator("#ended")).to_have_text(told)
    expect(ben.locator("#ended")).not_to_contain_text("not sent")
    assert replies(served, number) == []


def test_the_slower_of_two_is_shown_what_the_faster_said(visitors: Visitors, served: Served) -> None:
    """On a phone "read it" stood above a conversation of which three lines were in view, and not those."""
    hand_over(served)
    ada = visitors.operator("Ada")
    ben = visitors.operator("Ben", viewport={"width": 390, "height": 780})
    for desk in (ada, ben):
        open_case(desk, "asked for a person")
    ben.route("**/tickets/*?mark=*", partial(unchanged, name="Ben"))
    reply(ada, "I am on it")
    expect(ada.locator("#lines .person")).to_have_count(1)
    ben.locator("#text").fill("Me too")
    ben.unroute("**/tickets/*?mark=*")
    ben.locator("#send").click()
    expect(ben.locator("#slower")).to_contain_text("Ada was faster")
    expect(ben.locator("#lines .person .said")).to_be_in_viewport()
    assert ben.locator("#answer").bounding_box()["y"] > ben.locator("#lines .person .said").bounding_box()["y"]  # type: ignore[index]


def test_a_reply_that_arrived_while_its_answer_was_lost_is_not_said_to_be_unsent_when_a_colleague_closes_the_ticket(
    visitors: Visitors, served: Served
) -> None:
    hand_over(served)
    ada, ben = visitors.operator("Ada"), visitors.operator("Ben")
    for desk in (ada, ben):
        open_case(desk, "asked for a person")
    ada.route("**/tickets/*?mark=*", unchanged)

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    ada.route("**/tickets/*/reply", lose_the_answer)
    reply(ada, "It is on its way.")
    expect(ada.locator("#slower")).to_contain_text("may not have arrived")
    expect(ben.locator("#lines .person .said")).to_have_text("It is on its way.")
    ben.get_by_role("button", name="Close ticket").click()
    ada.unroute("**/tickets/*?mark=*")
    expect(ada.locator("#lines .person .said")).to_have_text("It is on its way.")
    expect(ada.locator("#ended")).to_contain_text("Closed by Ben")
    expect(ada.locator("#ended")).not_to_contain_text("not sent")
    ada.reload()
    expect(ada.locator("#ended")).not_to_contain_text("not sent")
    visitors.problems.clear()  # the browser names the request whose answer was lost


def test_a_write_that_was_decided_in_another_tab_says_so(visitors: Visitors, served: Served) -> None:
    ask_for_refund(served)
    first = visitors.operator("Ada")
    open_case(first, "needs your approval")
    second = second_tab(first)
    first.get_by_role("button", name="Decline").click()
    expect(first.locator("#writes h3")).to_have_text("Declined by Ada, nothing was done")
    second.get_by_label("A word to the customer").fill("I looked into it.")
    second.get_by_role("button", name="Approve").click()
    expect(second.locator("#trouble")).to_have_text(
        "You have declined it already, in another tab. What you wrote was not sent: “I looked into it.”."
    )


def test_what_a_colleague_wrote_to_an_open_decision_is_told_not_to_be_sent(visitors: Visitors, served: Served) -> None:
    ask_for_refund(served)
    ada, ben, second = visitors.operator("Ada"), visitors.operator("Ben"), visitors.operator("Ben")
    for desk in (ada, ben, second):
        open_case(desk, "needs your approval")
    ben.get_by_label("A word to the customer").fill("From Ben, not yet pressed.")
    second.route("**/*?mark=*", partial(unchanged, name="Ben"))
    second.get_by_label("A word to the customer").fill("From Ben, pressed.")
    ada.get_by_label("A word to the customer").fill("It came without its box.")
    ada.get_by_role("button", name="Decline").click()
    expect(ada.locator("#lines .person .said")).to_have_text("It came without its box.")
    expect(ada.locator("#trouble")).to_be_hidden()
    expect(ben.locator("#trouble")).to_have_text("What you wrote was not sent: “From Ben, not yet pressed.”.")
    second.get_by_role("button", name="Approve").click()
    expect(second.locator("#trouble")).to_have_text(
        "Ada was faster and has declined it. The customer was told with it: “It came without its box.”. "
        "What you wrote was not sent: “From Ben, pressed.”."
    )
    expect(ben.locator("#lines .person")).to_contain_text("Ada")


def test_ones_own_words_that_were_not_sent_are_said_to_be(visitors: Visitors, served: Served) -> None:
    """They were dropped in silence, as if they had arrived with the decision."""
    ask_for_refund(served)
    first = visitors.operator("Ada")
    open_case(first, "needs your approval")
    second = second_tab(first)
    first.get_by_label("A word to the customer").fill("From the first tab.")
    second.get_by_label("A word to the customer").fill("From the second, not pressed.")
    first.get_by_role("button", name="Decline").click()
    expect(first.locator("#lines .person .said")).to_have_text("From the first tab.")
    second.unroute("**/*?mark=*")
    expect(second.locator("#trouble")).to_have_text("What you wrote was not sent: “From the second, not pressed.”.")
    expect(first.locator("#trouble")).to_be_hidden()


@pytest.mark.parametrize("goes_on", ["withdrawn", "operator"])
def test_what_was_pressed_and_did_not_come_to_it_is_said_not_to_be_sent(
    visitors: Visitors, served: Served, goes_on: str
) -> None:
    """The customer's no was before it, or its turn broke off and the write waits again."""
    _, asked = ask_for_refund(served)
    desk = visitors.operator("Ada")
    open_case(desk, "needs your approval")
    stage = {"stage": "approved", "deciding": True, "decided_by": "Ada"}

    def pretend(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=201, json={"turn": 99})
            return
        story = route.fetch(url=route.request.url.partition("?")[0]).json()
        story["writes"][0] |= stage
        route.fulfill(json={**story, "mark": ""})

    word = desk.get_by_label("A word to the customer")
    word.fill("As a courtesy.")
    desk.route(re.compile("/api/desk/approvals/"), pretend)
    desk.get_by_role("button", name="Approve").click()
    expect(desk.locator("#writes .approved")).to_be_visible()
    expect(desk.locator("#trouble")).to_be_hidden()
    stage |= {"stage": goes_on, "deciding": False}
    if goes_on == "withdrawn":
        expect(desk.locator("#trouble")).to_have_text("What you wrote was not sent: “As a courtesy.”.")
        assert desk.evaluate("sessionStorage.length") == 0
    else:
        desk.reload()
        expect(word).to_have_value("As a courtesy.")
    served.change("UPDATE approval SET stage = 'withdrawn' WHERE key = ?", asked["key"])


def test_who_declines_tells_the_customer_why(visitors: Visitors, served: Served) -> None:
    order, email = json.loads((served.home / "orders.json").read_text())["returned"]
    customer = visitors.customer()
    for count, said in enumerate((f"My order is {order}, {email}", f"Refund {order}", "yes"), start=1):
        ask(customer, said)
        expect(customer.locator("#past .turn")).to_have_count(count)
    desk = visitors.operator("Ada")
    open_case(desk, "needs your approval")
    word = desk.get_by_label("A word to the customer")
    word.fill("x" * (REPLY_CHARACTERS + 1))
    desk.get_by_role("button", name="Decline").click()
    expect(desk.locator("#trouble")).to_contain_text("Nothing was cut")
    word.fill("The lamp came back without its box; please write to returns@brindlemoor.example.")
    desk.reload()
    expect(word).to_have_value(re.compile("^The lamp came back"))
    desk.get_by_role("button", name="Decline").click()
    told = customer.locator("#past .turn").last
    expect(told.locator(".notice.person .notice-title")).to_have_text("From a person in our team")
    expect(told.locator(".answer")).to_contain_text("The lamp came back without its box; please write to returns@")
    expect(customer.locator("#past .turn").nth(-2)).not_to_contain_text("box")
    expect(desk.locator("#writes h3")).to_have_text("Declined by Ada, nothing was done")
    expect(desk.locator("#lines .person .said")).to_contain_text("The lamp came back without its box")
    expect(desk.locator("#lines .person .speaker")).to_contain_text("You")
    assert desk.evaluate("sessionStorage.length") == 0


def test_a_decision_that_did_not_arrive_or_go_on_can_be_made_again_with_its_word(
    visitors: Visitors, served: Served
) -> None:
    ask_for_refund(served)
    desk = visitors.operator("Ada")
    open_case(desk, "needs your approval")
    word = desk.get_by_label("A word to the customer")
    word.fill("The lamp came back without its box.")
    desk.route(DECIDING, lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    desk.get_by_role("button", name="Decline").click()
    expect(desk.locator("#trouble")).not_to_be_empty()
    expect(desk.get_by_role("button", name="Decline")).to_be_visible()
    expect(word).to_have_value("The lamp came back without its box.")
    desk.unroute(DECIDING)

    def taken(route: Route) -> None:
        """Its turn never runs."""
        if route.request.method == "POST":
            route.fulfill(status=201, json={"turn": 99})
        else:
            route.continue_()

    desk.route(DECIDING, taken)
    with desk.expect_response(lambda heard: heard.request.method == "POST" and heard.status == 201):
        desk.get_by_role("button", name="Decline").click()
    expect(word).to_have_count(0)
    desk.unroute(DECIDING)
    desk.reload()
    expect(word).to_have_value("The lamp came back without its box.")
