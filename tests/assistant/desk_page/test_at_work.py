"""One operator at work: in two tabs, in a long conversation, with a text too long to send, with a key taken back."""

import json
import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from assistant.operators import Operators
from assistant.store import Store, sqlite_url
from assistant.ticket_turns import REPLY_CHARACTERS
from tests.assistant.desk_page.acting_desk import (
    Served,
    Visitors,
    ask,
    ask_for_refund,
    browsing,
    end_many,
    hand_over,
    open_case,
    replies,
    reply,
    serving,
    sign_in,
)

DECIDING = "**/api/desk/approvals/*"

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("tabs") / "home") as served:
        yield served


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with browsing(chromium) as browser:
        yield browser


@pytest.fixture
def visitors(browser: Browser, served: Served) -> Iterator[Visitors]:
    visitors = Visitors(browser, served)
    yield visitors
    visitors.close()
    assert visitors.problems == []


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


@pytest.mark.parametrize("window", [{"width": 640, "height": 400}, {"width": 1280, "height": 700}])
def test_what_the_keyboard_is_at_is_never_under_the_box_for_replies(
    visitors: Visitors, served: Served, window: dict[str, int]
) -> None:
    conversation, _ = ask_for_refund(served)
    number = next(step["ticket"] for step in served.say(conversation, "A person, please") if "ticket" in step)
    desk = visitors.operator("Ada", viewport=window)
    desk.locator(f"#cases a[href='#{number}']").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("#story-title")).to_be_focused()
    expect(desk.locator(".write.waits")).to_be_visible()
    foot = desk.locator(".foot").bounding_box()
    assert foot is not None
    seen = []
    while "latest" not in seen[-1:]:
        desk.keyboard.press("Tab")
        focused = desk.locator(":focus")
        seen.append(focused.evaluate("node => node.id || node.innerText"))
        place = focused.bounding_box()
        assert place is not None
        assert place["y"] + place["height"] <= foot["y"], seen
    assert {"Approve", "Decline"} < set(seen)


def test_a_text_too_long_to_send_is_kept_whole(visitors: Visitors, served: Served) -> None:
    _, number = hand_over(served)
    desk = visitors.operator("Ada")
    desk.locator(f"#cases a[href='#{number}']").click()
    long = "字" * (REPLY_CHARACTERS + 1)
    box, fault = desk.locator("#text"), desk.locator("#slower")
    box.fill(long)
    expect(fault).to_contain_text("This has 10001 characters, and at most 10000 can be sent")
    desk.reload()
    expect(box).to_have_value(long)
    desk.locator("#send").click()
    expect(fault).to_contain_text("Nothing was cut")
    assert replies(served, number) == []
    box.press("End")
    desk.keyboard.press("Backspace")
    expect(fault).to_be_hidden()
    desk.locator("#send").click()
    expect(desk.locator("#lines .person .said")).to_have_text(long[:-1])


def test_a_paste_of_megabytes_is_told_at_once_and_not_put_in(visitors: Visitors, served: Served) -> None:
    """It held the page still for a minute."""
    _, number = hand_over(served)
    desk = visitors.operator("Ada", permissions=["clipboard-read", "clipboard-write"])
    desk.locator(f"#cases a[href='#{number}']").click()
    box = desk.locator("#text")
    box.fill("Dear customer, ")
    box.press("End")
    desk.evaluate("navigator.clipboard.writeText('w '.repeat(2_500_000))")
    box.press("Control+V")
    expect(desk.locator("#slower")).to_contain_text("5000000 characters, and at most 10000", timeout=3000)
    expect(box).to_have_value("Dear customer, ")
    desk.keyboard.type("hello")
    expect(desk.locator("#slower")).to_be_hidden()


def test_what_was_said_is_marked_with_the_language_of_its_script(visitors: Visitors, served: Served) -> None:
    """Screen readers took a Chinese voice for Japanese, and the browser Chinese glyphs."""
    said = {
        "返品したいのですが、人と話せますか": "ja",
        "사람과 이야기하고 싶어요": "ko",
        "鲜の每日台灯能退货吗": "zh-CN",
        "Can you tell me what 退货 means?": "en",
        "What does 退货政策 mean?": "en",
        "It broke again ¯\\_(ツ)_/¯": "en",
        "鲜の台灯": "zh-CN",
        "Гарантия?": "",
    }
    conversation, number = hand_over(served)
    for text in said:
        served.say(conversation, text)
    desk = visitors.operator("Ada")
    desk.locator(f"#cases a[href='#{number}']").click()
    for text, language in said.items():
        expect(desk.locator("#lines .customer .said", has_text=text)).to_have_attribute("lang", language)
    expect(desk.locator(f"#cases a[href='#{number}'] .subject")).to_have_attribute("lang", "")


def test_nothing_is_sent_twice_where_the_browser_keeps_nothing(visitors: Visitors, served: Served) -> None:
    _, number = hand_over(served)
    desk = visitors.operator("Ada")
    desk.locator(f"#cases a[href='#{number}']").click()
    desk.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') } }")
    box = desk.locator("#text")
    for path in ("notes", "reply"):
        desk.locator(f"#answer input[value={path}]").check()
        box.fill("Once")
        desk.route(f"**/{path}", answer_lost)
        desk.locator("#send").click()
        expect(desk.locator("#slower")).to_contain_text("may not have arrived")
        desk.unroute(f"**/{path}")
        desk.locator("#send").click()
        expect(box).to_have_value("")
    assert len(served.rows(f"SELECT id FROM desk_entry WHERE kind = 'noted' AND about = '{number}'")) == 1
    assert len(replies(served, number)) == 1
    for other in ("中文", "English"):
        desk.get_by_role("button", name=other).click()
    expect(desk.locator("#text-label")).to_have_text("Reply to the customer")
    box.fill("Half a sentence")
    desk.evaluate("location.hash = ''")
    expect(desk.locator("#story")).to_be_hidden()
    desk.locator(f"#cases a[href='#{number}']").click()
    expect(box).to_have_value("Half a sentence")
    desk.get_by_role("button", name="Sign out").click()
    sign_in(desk, served.keys["Ada"])
    expect(desk.locator("#story")).to_be_visible()
    expect(box).to_have_value("")


def answer_lost(route: Route) -> None:
    route.fetch()
    route.abort()


def test_the_end_of_a_long_conversation_is_one_press_away(visitors: Visitors, served: Served) -> None:
    store = Store(sqlite_url(served.home / "frontdesk.sqlite3"))
    conversation = store.start_conversation()
    for number in range(60):
        store.end_turn(conversation, store.start_turn(conversation, f"Question {number}"), "failed")
    store.close()
    steps = served.say(conversation, "Let me talk to a person")
    ((ticket,),) = ([step["ticket"] for step in steps if step["kind"] == "handed_over"],)
    desk = visitors.operator("Ada")
    way, last = desk.locator("#latest"), desk.locator("#lines li").last
    for _ in ("wide", "phone"):
        desk.goto(f"{served.url}/desk#{ticket}")
        desk.reload()
        expect(desk.locator("#story-title")).to_be_in_viewport()
        expect(desk.locator("#lines li").first).to_be_in_viewport()  # what was asked is folded
        expect(last).not_to_be_in_viewport()
        way.click()
        expect(last).to_be_in_viewport()
        expect(way).to_be_hidden()
        desk.set_viewport_size({"width": 390, "height": 844})
    served.say(conversation, "Are you there?")
    expect(last).to_contain_text("added to ticket")
    expect(last).to_be_in_viewport()


def test_who_is_let_in_no_longer_sees_nothing_and_finds_their_words_with_a_new_key(
    visitors: Visitors, served: Served
) -> None:
    _, number = hand_over(served)
    desk = visitors.operator("Ben")
    desk.locator(f"#cases a[href='#{number}']").click()
    desk.locator("#text").fill("Half a sentence")
    store = Store(sqlite_url(served.home / "frontdesk.sqlite3"))
    operators = Operators(store)
    operators.remove("Ben")
    expect(desk.locator("#refused")).to_contain_text("ends when your key is replaced or taken back")
    assert desk.locator("#lines li, #cases li").count() == 0
    desk.locator("#key").fill(served.keys["Ben"])
    desk.keyboard.press("Enter")
    expect(desk.locator("#refused")).to_contain_text("No operator has this key")
    desk.locator("#key").fill(operators.add("Ben"))
    store.close()
    desk.keyboard.press("Enter")
    expect(desk.locator("#text")).to_have_value("Half a sentence")


DENIED = "{ configurable: true, get() { throw new DOMException('Access is denied', 'SecurityError') } }"


def test_a_browser_that_keeps_nothing_shows_the_desk_and_says_what_a_cookie_is_for(
    visitors: Visitors, served: Served
) -> None:
    _, number = hand_over(served)
    desk = visitors.page("/desk")
    for storage in ("localStorage", "sessionStorage"):
        desk.add_init_script(f"Object.defineProperty(window, '{storage}', {DENIED})")
    desk.route("**/session", lambda route: route.fulfill(json={"operator": ""}))  # as without a cookie
    desk.reload()
    desk.locator("#key").fill(served.keys["Ada"])
    desk.keyboard.press("Enter")
    expect(desk.locator("#refused")).to_contain_text("allow cookies for this address")
    expect(desk.locator("#desk")).to_be_hidden()
    desk.unroute("**/session")
    desk.keyboard.press("Enter")
    desk.locator(f"#cases a[href='#{number}']").click()
    reply(desk, "Hello")
    expect(desk.locator("#lines .person .said")).to_have_text("Hello")
    for other in ("中文", "English"):
        desk.get_by_role("button", name=other).click()
    desk.get_by_role("button", name="Sign out").click()
    expect(desk.locator("#key")).to_be_focused()


def test_what_a_customer_wrote_runs_in_its_own_direction(visitors: Visitors, served: Served) -> None:
    _, number = hand_over(served, "Let me talk to a person\nأريد إرجاع المصباح")
    desk = visitors.operator("Ada")
    desk.locator(f"#cases a[href='#{number}']").click()
    said = desk.locator("#lines .customer .said")
    expect(said).to_contain_text("أريد")
    english, arabic = said.evaluate(
        "node => { const lines = document.createRange(), box = node.getBoundingClientRect();"
        " lines.selectNodeContents(node);"
        " const words = [...lines.getClientRects()].filter((one) => one.width > 1);"
        " return words.map((one) => [one.left - box.left, box.right - one.right]) }"
    )
    assert english[0] < 1
    assert arabic[1] < 1 < arabic[0]


def test_one_case_is_told_as_one(visitors: Visitors, served: Served) -> None:
    end_many(served, 1, "A person, please: my chandelier hums")
    desk = visitors.operator("Ada")
    desk.get_by_role("button", name="Finished").click()
    desk.locator("#words").fill("chandelier")
    desk.keyboard.press("Enter")
    expect(desk.locator("#told")).to_have_text("1 finished case")


def test_a_line_that_is_dead_is_given_up_in_a_browser_without_a_signal_of_its_own(
    visitors: Visitors, served: Served
) -> None:
    """Safari before 16 has no AbortSignal.timeout; the desk asked once, and then never again."""
    hand_over(served)
    desk = visitors.page("/desk")
    desk.clock.install()
    desk.reload()
    sign_in(desk, served.keys["Ada"])
    expect(desk.locator("#cases a").first).to_be_visible()
    desk.evaluate("AbortSignal.timeout = undefined")
    desk.route("**/api/desk/cases*", lambda route: None)  # nothing comes, ever
    with desk.expect_request("**/api/desk/cases*"):
        desk.clock.run_for(3_000)
    desk.clock.run_for(21_000)
    expect(desk.locator("#trouble")).to_contain_text("keeps trying", timeout=5_000)
    desk.unroute("**/api/desk/cases*")
    desk.clock.run_for(3_000)
    expect(desk.locator("#trouble")).to_be_hidden()
