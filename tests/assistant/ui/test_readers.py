"""The page as its readers see it: other scripts and languages, a phone, twice the size, the dark, an old browser."""

import re
import time

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from tests.assistant.ui.chat_page import ask, await_answers, open_context, open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_each_line_runs_in_the_direction_of_its_own_words(page: Page) -> None:
    ask(page, "ما هي سياسة الإرجاع العربية؟")
    await_answers(page)
    left, right = edges(page.locator("#past .answer"))
    markers = page.locator("#past .answer button.marker")
    (arabic, _), (_, english), (item, _) = (edges(markers.nth(number)) for number in range(3))
    assert left + 100 < arabic < right
    assert left < english < arabic
    assert left + 100 < item < right
    page.get_by_text("How this was found").click()
    query = page.locator(".found q bdi")
    assert edges(page.locator(".found li").first)[0] < edges(query)[0]
    expect(query).to_have_css("direction", "rtl")
    box = page.locator("#question textarea")
    for words, direction in (("سؤال", "rtl"), ("A question", "ltr")):
        box.fill(words)
        expect(box).to_have_css("direction", direction)


def edges(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def test_chinese_by_the_browsers_language_and_by_the_switch(
    browser: Browser, address: str, requested: list[str], context: BrowserContext
) -> None:
    chinese = open_context(browser, requested, locale="zh-CN")
    page = open_page(chinese, address)
    expect(page.locator(".welcome")).to_contain_text("您想了解什么？")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".welcome")).to_contain_text("How can we help?")
    expect(page.locator("#send")).to_have_text("Send")
    page.reload()
    expect(page.locator(".welcome")).to_contain_text("How can we help?")
    chinese.close()


def test_a_window_at_twice_the_size_begins_at_the_top_and_hides_no_keyboards_place(
    browser: Browser, address: str, requested: list[str], context: BrowserContext
) -> None:
    visitor = open_context(browser, requested, viewport={"width": 640, "height": 400})  # of 1280 by 800
    page = open_page(visitor, address)
    expect(page.get_by_role("button", name="Talk to a person")).to_be_visible()
    time.sleep(0.5)  # nothing comes that could be waited for
    assert page.evaluate("scrollY") == 0
    ask(page, "In short, how long?")
    await_answers(page)
    page.evaluate("scrollTo(0, 0)")
    page.locator("#past .source").focus()
    for name in ("How this was found", "Helpful", "Not helpful"):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert name in focused.evaluate("node => node.ariaLabel ?? node.innerText")
        place, dock = focused.bounding_box(), page.locator("#ask").bounding_box()
        assert place is not None
        assert dock is not None
        assert place["y"] + place["height"] <= dock["y"]
    visitor.close()


def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, address: str, requested: list[str], context: BrowserContext
) -> None:
    phone = open_context(browser, requested, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = open_page(phone, address)

    def fits() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    assert fits()
    where = page.locator("p.bottom span")
    where.evaluate(
        "span => { span.textContent = 'shop@example.com，0571-8899 6600转801 · 周一至周五上午9:00—下午6:00' }"
    )
    assert where.evaluate("span => span.getBoundingClientRect().right <= window.innerWidth")
    page.locator(".badge summary").tap()
    expect(page.locator(".badge .card")).to_be_in_viewport(ratio=1)
    page.locator("p.bottom").tap()
    expect(page.locator(".badge .card")).to_be_hidden()
    ask(page, "May I send " + "averylongwordwithoutanyspace" * 5 + " back?")
    await_answers(page)
    assert fits()
    page.locator("#past .source").tap()
    expect(page.locator(".passage mark")).to_be_in_viewport()
    assert fits()
    for _ in range(8):  # the keyboard stays in what covers the page, and comes back
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || document.activeElement.closest('.passage')")
    page.locator(".passage [data-action=close]").tap()
    expect(page.locator(".passage")).to_have_count(0)
    expect(page.locator("#past .source")).to_be_focused()
    page.get_by_role("button", name="Not helpful").tap()
    for box in (page.locator("#question textarea"), page.locator("form.comment textarea")):
        expect(box).to_have_css("font-size", "16px")  # an iPhone enlarges the page for a smaller one
    phone.close()


def test_a_tickets_number_is_never_broken_at_its_hyphen_and_is_copied_as_it_is(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Talk to a person").click()
    number = page.locator(".ticket strong").inner_text()
    ask(page, "My order is 4711")
    expect(page.locator("#past")).to_contain_text(f"added to ticket {number}")
    lines = """(past, number) => [...Array(80).keys()].flatMap((less) => {
        past.style.width = `${390 - less}px`;
        const texts = document.createTreeWalker(past, NodeFilter.SHOW_TEXT), lines = [], range = document.createRange();
        for (let text; (text = texts.nextNode()); ) {
            const at = text.data.indexOf(number);
            if (at < 0) continue;
            range.setStart(text, at);
            range.setEnd(text, at + number.length);
            lines.push(range.getClientRects().length);
        }
        return lines;
    })"""
    assert page.locator("#past").evaluate(lines, number) == [1] * 3 * 80, (
        "on the card, in the answer and the line below"
    )
    page.locator("#past").evaluate("(past) => getSelection().selectAllChildren(past)")
    assert f"added to ticket {number}. A person" in page.evaluate("getSelection().toString()")


def test_dark_follows_the_system(browser: Browser, address: str, requested: list[str], context: BrowserContext) -> None:
    dark = open_context(browser, requested, color_scheme="dark")
    page = open_page(dark, address)
    red = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert int(red) < 60
    expect(page.locator("#past")).to_have_css("color-scheme", "dark")
    expect(page.locator("#past")).to_have_css("scrollbar-color", re.compile("rgba\\(0, 0, 0, 0\\)$"))
    dark.close()


def test_whatever_the_page_loads_older_browsers_can_read(context: BrowserContext, address: str) -> None:
    """One script with what Safari 15.4 cannot read would leave it empty."""
    scripts: list[Response] = []
    context.on("response", lambda answer: scripts.append(answer) if "javascript" in kind_of(answer) else None)
    page = open_page(context, address)
    ask(page, "Is it printed?")
    await_answers(page)
    newer = re.compile(r"\(\?<[=!]|[;{}]static\s*\{")
    texts = {answer.url: answer.text() for answer in scripts}
    assert len(texts) > 20
    assert [url for url, text in texts.items() if newer.search(text)] == []


def kind_of(answer: Response) -> str:
    return answer.headers.get("content-type", "")


def test_the_page_offers_nothing_of_gradios_own(address: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        start = client.get("/")
        assert "default-src 'self'" in start.headers["content-security-policy"]
        assert "<title>Brindlemoor</title>" in start.text
        assert "raw.githubusercontent.com" not in start.text
        assert client.post("/gradio_api/upload", files={"files": b"more than a byte"}).status_code == 413
        config = client.get("/config").json()
        assert config["analytics_enabled"] is False
        assert config["run_history"] is False
        assert config["footer_links"] == []
        assert all(function["api_visibility"] == "private" for function in config["dependencies"])
        information = client.get("/gradio_api/info").json()
        assert information == {"named_endpoints": {}, "unnamed_endpoints": {}}
        theme = client.get("/theme.css").text
        assert "fonts.googleapis.com" not in theme
        assert "@font-face" not in theme
        assert client.get("/favicon.ico").headers["content-type"].startswith("image/svg")
        assert client.get("/healthz").status_code == 200
