"""The desk in a real browser, beside a customer's chat, against the real server with the demo's shop.

A hand-over from the first question to the assistant's next answer; nothing twice; two operators; hostile texts; what is
over; a tab that nobody sees; what axe-core finds.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from assistant.desk_page.finished import PAGE
from tests.assistant import accessibility
from tests.assistant.desk_page.acting_desk import (
    Served,
    Visitors,
    ask,
    ask_for_refund,
    end_many,
    hand_over,
    hide,
    lost_on_the_way,
    open_case,
    replies,
    reply,
    sign_in,
)

FIRST_ANSWER_MILLISECONDS = 60_000
NASTY = "<img src=x onerror=alert(1)> </li><script>alert(2)</script> {name} \u202edesrever"
OURS = {"X-Frontdesk-Desk": "1"}

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def visitors(browser: Browser, served: Served) -> Iterator[Visitors]:
    served.change("UPDATE ticket SET status = 'closed'")  # those of the test before
    served.change("UPDATE approval SET stage = 'withdrawn'")
    visitors = Visitors(browser, served)
    yield visitors
    visitors.close()
    assert visitors.problems == []
    assert {urlsplit(url).hostname for url in visitors.requested if not url.startswith("data:")} == {"127.0.0.1"}


def test_a_hand_over_from_the_first_question_to_the_assistants_next_answer(visitors: Visitors, served: Served) -> None:
    desk = visitors.page("/desk")
    expect(desk.locator("#key")).to_be_focused()
    sign_in(desk, served.keys["Ada"])
    expect(desk.locator("#empty")).to_contain_text("appear here by themselves")
    customer = visitors.customer()
    ask(customer, f"How long is the warranty? {NASTY}")
    expect(customer.locator("#past .turn")).to_have_count(1, timeout=FIRST_ANSWER_MILLISECONDS)
    customer.get_by_role("button", name="Talk to a person").click()
    number = customer.locator(".ticket strong").inner_text()

    link = desk.locator("#cases a")
    expect(link).to_contain_text("asked for a person")
    expect(desk.locator("#told")).to_contain_text(f"New: Ticket {number}")
    expect(desk).to_have_title(re.compile(r"^\(1\) Operators' desk"))
    link.focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("#story-title")).to_be_focused()
    expect(desk.locator("#story-title")).to_have_text(f"Ticket {number}")
    expect(desk.locator("#tried")).to_contain_text("Searched the documents for")
    expect(desk.locator("#lines .customer .said").first).to_have_text(f"How long is the warranty? {NASTY}")

    desk.get_by_label("Reply to the customer").fill("Hello, this is <b>Ada</b>.\nThree years.")
    desk.keyboard.press("Control+Enter")
    message = customer.locator(".notice.person")
    expect(message).to_contain_text("Hello, this is <b>Ada</b>.")
    expect(desk.locator("#text")).to_have_value("")
    expect(desk.locator("#told")).to_have_text("Sent.")
    ask(customer, "And the battery?")
    expect(desk.locator("#lines .customer").last).to_contain_text("And the battery?")
    desk.get_by_role("radio", name="Note").check()
    desk.get_by_label("Note for colleagues").fill("Asked the workshop.")
    desk.get_by_role("button", name="Keep note").click()
    expect(desk.locator("#lines .note")).to_contain_text("Asked the workshop.")
    desk.get_by_role("button", name="Return to the assistant").click()
    expect(desk.locator("#ended")).to_contain_text("Returned to the assistant by Ada")
    expect(desk.locator("#answer")).to_be_hidden()
    expect(customer.locator("#past")).to_contain_text("you can ask the assistant again")
    expect(customer.locator("#past")).not_to_contain_text("Asked the workshop.")
    turns = customer.locator("#past .turn").count()
    ask(customer, "May I send it back?")
    expect(customer.locator("#past .turn")).to_have_count(turns + 1)
    expect(customer.locator("#past .turn").last).to_have_class(re.compile("refused|answered|clarify"))
    desk.get_by_role("button", name="Sign out").click()
    expect(desk.locator("#key")).to_be_focused()
    assert desk.evaluate("sessionStorage.length") == 0


def test_what_is_over_is_found_again_and_only_read(visitors: Visitors, served: Served) -> None:
    lamps = end_many(served, PAGE + 1, f"My lamp hums {NASTY}")
    (chair,) = end_many(served, 1, "我要退货")
    _, number = hand_over(served)
    desk = visitors.operator("Ada")
    over = desk.locator("#over a")
    desk.get_by_role("button", name="Finished").click()
    expect(over).to_have_count(PAGE)
    expect(desk.locator("#cases")).to_be_hidden()
    expect(over.first).to_contain_text(re.compile(f"我要退货.*Ben closed the ticket.*{chair}"))
    desk.get_by_role("button", name="Show earlier ones").click()
    expect(desk.locator("#over a", has_text=lamps[-1])).to_have_count(1)
    words = desk.get_by_label("Ticket number, or the customer's words")
    words.fill("退货")
    expect(over).to_have_count(1)
    words.fill(lamps[3].replace("-", ""))
    expect(over).to_contain_text([lamps[3]])
    expect(over).to_contain_text([NASTY[:30]])
    expect(over).to_have_count(1)
    over.click()
    expect(desk.locator("#ended")).to_contain_text("Closed by Ben")
    expect(desk.locator("#lines .customer .said")).to_have_text(f"My lamp hums {NASTY}")
    expect(desk.locator("#lines .event")).to_contain_text("Ben closed the ticket")
    for control in ("#answer", "#return", "#close"):
        expect(desk.locator(control)).to_be_hidden()
    words.fill("nowhere")
    expect(desk.locator("#none-over")).to_have_text("No finished case has all of these words.")
    expect(desk.locator("#told")).to_have_text("No finished case has all of these words.")
    words.fill("")
    expect(over).to_have_count(PAGE)
    served.change("UPDATE ticket SET status = 'closed', returned_at = '2999-01-01' WHERE number = ?", number)
    expect(over.first).to_contain_text(number)
    expect(over.first).to_contain_text("2999")
    desk.get_by_role("button", name="Waiting").click()
    expect(desk.locator("#empty")).to_be_visible()


def test_a_page_that_nobody_sees_asks_seldom_and_catches_up(visitors: Visitors, served: Served) -> None:
    conversation, _ = hand_over(served)
    desk = visitors.page("/desk")
    desk.clock.install()
    desk.reload()
    sign_in(desk, served.keys["Ada"])
    open_case(desk, "asked for a person")
    expect(desk).to_have_title(re.compile(r"^\(1\)"))
    hide(desk, True)
    desk.wait_for_load_state("networkidle")
    asked = len(visitors.requested)
    served.say(conversation, "Are you there?")
    hand_over(served)
    desk.clock.run_for(25_000)
    assert visitors.requested[asked:] == []
    desk.clock.run_for(6_000)
    expect(desk).to_have_title(re.compile(r"^\(2\)"))
    assert {url.partition("?")[0].rpartition("/")[2] for url in visitors.requested[asked:]} == {"cases"}
    expect(desk.locator("#lines")).not_to_contain_text("Are you there?")
    hide(desk, False)
    expect(desk.locator("#lines")).to_contain_text("Are you there?")


def test_whoever_sits_down_next_sends_nothing_of_the_one_before(visitors: Visitors, served: Served) -> None:
    _, number = hand_over(served)
    first = visitors.operator("Ada")
    open_case(first, "asked for a person")
    first.locator("#text").fill("Ada's own words")
    other_tab = first.context.request  # with the same cookies
    assert other_tab.post(f"{served.url}/api/desk/sign-in", data={"key": served.keys["Ben"]}, headers=OURS).ok
    expect(first.locator("#who")).to_have_text("Ben")
    expect(first.locator("#story")).to_be_visible()
    expect(first.locator("#text")).to_have_value("")
    first.route("**/api/desk/cases*", lambda route: route.abort())  # before the page hears of it
    first.evaluate("import('/desk/state.js').then(({ desk }) => (desk.me = 'Ada'))")
    reply(first, "As Ada, with Ben's cookie")
    expect(first.locator("#key")).to_be_visible()
    assert replies(served, number) == []
    first.unroute("**/api/desk/cases*")
    sign_in(first, served.keys["Ben"])
    reply(first, "Ben here")
    expect(first.locator("#lines .person")).to_contain_text("Ben here")
    assert [name for name, _ in replies(served, number)] == ["Ben"]


def test_nothing_unread_is_closed_and_what_did_not_go_on_can_be_decided_again(
    visitors: Visitors, served: Served
) -> None:
    conversation, _ = hand_over(served)
    desk = visitors.page("/desk")
    desk.clock.install()
    desk.reload()
    sign_in(desk, served.keys["Ada"])
    open_case(desk, "asked for a person")
    desk.route("**/tickets/*?mark=*", lambda route: route.fulfill(json={"unchanged": True}))
    served.say(conversation, "And it smells of smoke")
    desk.get_by_role("button", name="Close ticket").click()
    expect(desk.locator("#trouble")).to_contain_text("The customer has written meanwhile")
    desk.unroute("**/tickets/*?mark=*")
    expect(desk.locator("#lines")).to_contain_text("smells of smoke")
    desk.get_by_role("button", name="Close ticket").click()
    expect(desk.locator("#ended")).to_contain_text("Closed by Ada")

    ask_for_refund(served)
    open_case(desk, "needs your approval")
    desk.route("**/api/desk/approvals/*", lost_on_the_way)
    desk.get_by_role("button", name="Approve").click()
    expect(desk.locator(".choice")).to_have_text("Being done…")
    for _ in range(3):  # its timers go on in these calls alone
        desk.clock.run_for(5_000)
        desk.wait_for_timeout(300)
    expect(desk.get_by_role("button", name="Approve")).to_be_visible()


def test_nothing_stands_in_the_way_of_a_screen_reader_or_weak_eyes(visitors: Visitors, served: Served) -> None:
    faults: dict[str, str] = {}

    def check(page: Page, where: str) -> None:
        faults[where] = accessibility.faults(page)
        page.emulate_media(color_scheme="dark")
        faults[f"{where}, dark"] = accessibility.faults(page, rule="color-contrast")
        page.emulate_media(color_scheme="light")

    _, number = hand_over(served, "I got an electric shock. Let me talk to a person")
    ask_for_refund(served)
    end_many(served, 1, "我要退货")
    desk = visitors.page("/desk")
    expect(desk.locator("#key")).to_be_visible()  # its script asks the server who is there before it shows anything
    check(desk, "sign-in")
    sign_in(desk, served.keys["Ada"])
    expect(desk.locator("#cases a")).to_have_count(2)
    reply_to = desk.locator(f"#cases a[href='#{number}']")
    reply_to.click()
    reply(desk, "Hello")
    expect(desk.locator("#lines .person")).to_be_visible()
    check(desk, "list and ticket")
    desk.locator("#cases .approval").first.click()
    expect(desk.locator(".write.waits")).to_be_visible()
    desk.locator("#see-finished").click()
    expect(desk.locator("#over a").first).to_be_visible()
    check(desk, "what is over, and a write")
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.get_by_role("button", name="中文").click()
    desk.locator("#back").click()
    check(desk, "what is over, on a phone, in Chinese")
    customer = visitors.customer()
    ask(customer, "Let me talk to a person")
    expect(customer.locator(".ticket strong")).to_be_visible()
    faults["chat"] = accessibility.faults(customer)
    dark = visitors.customer(color_scheme="dark", locale="zh-CN")
    faults["chat, dark, in Chinese"] = accessibility.faults(dark)
    assert faults == dict.fromkeys(faults, "")
    customer.locator("body").evaluate("body => body.append(document.createElement('img'))")
    assert "image-alt" in accessibility.faults(customer, rule="image-alt"), "the check finds what is there"


def test_nothing_is_sent_twice(visitors: Visitors, served: Served) -> None:
    _, number = hand_over(served)
    desk = visitors.operator("Ada")
    open_case(desk, "asked for a person")
    desk.locator("#text").fill("Once")
    desk.locator("#send").dblclick()
    expect(desk.locator("#lines .person")).to_have_count(1)
    assert len(replies(served, number)) == 1

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    desk.route("**/reply", lose_the_answer)
    reply(desk, "Lost on the way back")
    expect(desk.locator("#slower")).to_contain_text("may not have arrived. Do it again")
    expect(desk.locator("#text")).to_have_value("Lost on the way back")
    desk.unroute("**/reply")
    desk.reload()
    expect(desk.locator("#text")).to_have_value("Lost on the way back")
    expect(desk.locator("#lines .person")).to_have_count(2)
    desk.locator("#send").click()
    expect(desk.locator("#text")).to_have_value("")
    assert len(replies(served, number)) == 2
    expect(desk.locator("#lines .person")).to_have_count(2)


def test_of_two_operators_the_slower_is_told_who_was_faster(visitors: Visitors, served: Served) -> None:
    _, number = hand_over(served)
    ada, ben = visitors.operator("Ada"), visitors.operator("Ben", locale="zh-CN")
    open_case(ada, "asked for a person")
    open_case(ben, "要求人工服务")
    ben.route("**/tickets/*?mark=*", lambda route: route.fulfill(json={"unchanged": True}))
    reply(ada, "I am on it")
    expect(ada.locator("#lines .person")).to_have_count(1)
    ben.locator("#text").fill("Me too")
    ben.locator("#send").click()
    expect(ben.locator("#slower")).to_contain_text("Ada 先一步回复了")
    assert [name for name, _ in replies(served, number)] == ["Ada"]
    ben.unroute("**/tickets/*?mark=*")
    expect(ben.locator("#lines .person")).to_contain_text("I am on it")
    expect(ben.locator("#text")).to_have_value("Me too")
    ben.locator("#send").click()
    expect(ben.locator("#lines .person")).to_have_count(2)
    expect(ada.locator("#lines .person").last).to_contain_text("Ben")
    ada.get_by_role("button", name="Close ticket").click()
    expect(ada.locator("#ended")).to_contain_text("Closed by Ada")
    expect(ben.locator("#ended")).to_contain_text("Ada")
    expect(ben.locator("#answer")).to_be_hidden()


def test_a_write_is_approved_once_on_what_the_customer_saw(visitors: Visitors, served: Served) -> None:
    conversation, asked = ask_for_refund(served)
    served.change("UPDATE visitor SET name = ? WHERE conversation = ?", NASTY, conversation)
    ada, ben = visitors.operator("Ada"), visitors.operator("Ben")
    expect(ada.locator("#cases strong")).to_have_text(NASTY)
    for page in (ada, ben):
        open_case(page, "needs your approval")
        assert page.locator(".deed").inner_text() == asked["text"]
    expect(ada.locator("#facts")).to_contain_text(NASTY)
    nothing_new: dict[str, Any] = {
        "operator": "Ben",
        "now": "2026-01-01T00:00:00+00:00",
        "cases": [],
        "unchanged": True,
    }
    ben.route("**/api/desk/cases", lambda route: route.fulfill(json=nothing_new))
    ben.route("**/approvals/*?mark=*", lambda route: route.fulfill(json=nothing_new))
    ada.get_by_role("button", name="Approve").dblclick()
    expect(ada.locator("#writes h3")).to_have_text("Approved by Ada, done")
    expect(ada.locator("#lines .event")).to_contain_text("Ada approved the write")
    expect(ada.locator("#cases a")).to_have_count(0)
    ben.get_by_role("button", name="Decline").click()
    expect(ben.locator("#trouble")).to_contain_text("Ada was faster and has approved it.")
    assert served.rows(f"SELECT state FROM action WHERE conversation = '{conversation}'") == [("done",)]
    assert ada.locator("#desk img, #desk script").count() == 0


def test_who_is_signed_out_keeps_what_they_were_writing(visitors: Visitors, served: Served) -> None:
    hand_over(served)
    desk = visitors.page("/desk")
    desk.locator("#key").fill("wrong")
    desk.keyboard.press("Enter")
    expect(desk.locator("#refused")).to_contain_text("frontdesk operators renew NAME")
    assert desk.url.endswith("/desk")
    sign_in(desk, served.keys["Ada"])
    open_case(desk, "asked for a person")
    desk.locator("#text").fill("Half a sentence")
    served.change("DELETE FROM operator_session")
    expect(desk.locator("#refused")).to_contain_text("You are signed out")
    expect(desk.locator("#desk")).to_be_hidden()
    assert desk.locator("#lines li, #cases li").count() == 0
    sign_in(desk, served.keys["Ada"])
    expect(desk.locator("#text")).to_have_value("Half a sentence")
    desk.get_by_role("button", name="Close ticket").click()
    expect(desk.locator("#slower")).to_contain_text("You have not sent what you wrote")
    desk.route("**/api/desk/**", lambda route: route.abort())
    expect(desk.locator("#trouble")).to_contain_text("keeps trying")
    desk.unroute("**/api/desk/**")
    expect(desk.locator("#trouble")).to_be_hidden()
    desk.goto(f"{served.url}/desk#483-9206")
    expect(desk.locator("#trouble")).to_contain_text("not here any more")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_the_list_or_the_case(visitors: Visitors, served: Served, scheme: str) -> None:
    conversation, _ = hand_over(served)
    served.say(conversation, "averylongwordwithoutanyspace" * 8)
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    desk = visitors.operator("Ada", **phone, color_scheme=scheme, locale="zh-CN")
    expect(desk.locator("html")).to_have_attribute("lang", "zh-CN")

    def fits() -> bool:
        return bool(desk.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    assert fits()
    expect(desk.locator("#case")).to_be_hidden()
    desk.locator("#cases a").tap()
    expect(desk.locator("#list")).to_be_hidden()
    expect(desk.locator("#answer")).to_be_in_viewport(ratio=1)
    assert fits()
    red = int(desk.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"))
    assert (red < 60) == (scheme == "dark")
    for control in desk.locator("button:visible, a:visible, textarea:visible, input:visible").all():
        name = control.evaluate("n => n.ariaLabel || n.innerText || n.labels?.[0]?.innerText || ''")
        assert name.strip(), control.evaluate("n => n.outerHTML")
    for button in desk.locator("button:visible, #cases a:visible, #back:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 40
    desk.locator("#back").tap()
    expect(desk.locator("#cases a")).to_be_focused()
    expect(desk.locator("#case")).to_be_hidden()
    desk.get_by_role("button", name="English").tap()
    expect(desk.locator("#list")).to_contain_text("asked for a person")
