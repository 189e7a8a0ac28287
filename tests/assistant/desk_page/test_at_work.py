"""One operator at work in a real browser: a text too long to send, a long conversation, a key that is taken back."""

import pytest
from playwright.sync_api import Route, expect

from assistant.operators import Operators
from assistant.store import Store, sqlite_url
from assistant.ticket_turns import REPLY_CHARACTERS
from tests.assistant.desk_page.acting_desk import (
    Served,
    Visitors,
    ask_for_refund,
    end_many,
    hand_over,
    replies,
    reply,
    sign_in,
)

DENIED = "{ configurable: true, get() { throw new DOMException('Access is denied', 'SecurityError') } }"

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


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
