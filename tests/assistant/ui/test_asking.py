"""Asking in a real browser: what is typed, sent, not sent, too long, lost on the way, and kept until one comes back."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.assistant.ui.chat_page import ARGUMENTS, WAIT_MILLISECONDS, ask, await_answers, open_context, open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_keys_and_names_for_those_who_do_not_see_or_point(page: Page) -> None:
    box = page.get_by_role("textbox", name="Ask a question")
    expect(box).to_be_focused()
    box.press_sequentially("One line")
    page.keyboard.press("Shift+Enter")
    box.press_sequentially("and another")
    expect(box).to_have_value("One line\nand another")
    page.keyboard.press("Enter")
    await_answers(page)
    expect(box).to_have_value("")
    for control in page.locator("button:visible, textarea:visible").all():
        name = control.evaluate("n => n.ariaLabel || n.innerText || n.labels?.[0]?.innerText || n.placeholder")
        assert name.strip(), control.evaluate("n => n.outerHTML")


def test_enter_among_an_input_methods_signs_sends_nothing(page: Page, context: BrowserContext) -> None:
    box = page.get_by_role("textbox", name="Ask a question")
    expect(box).to_be_focused()
    method = context.new_cdp_session(page)
    method.send("Input.imeSetComposition", {"text": "tuihuo", "selectionStart": 6, "selectionEnd": 6})
    page.keyboard.press("Enter")
    method.send("Input.insertText", {"text": "退货"})
    expect(box).to_have_value(re.compile("^退货"))
    time.sleep(1)  # nothing comes that could be waited for
    expect(page.locator(".turn")).to_have_count(0)
    page.keyboard.press("Enter")
    await_answers(page)


def test_sending_nothing_changes_nothing(page: Page) -> None:
    ask(page, "May I send it back?")
    await_answers(page)
    for nothing in ("", "  \n "):
        ask(page, nothing)
        time.sleep(1)  # nothing comes that could be waited for
        expect(page.locator("#past .turn")).to_have_count(1)
        expect(page.get_by_role("button", name="New conversation")).to_be_visible()
        expect(page.locator("#question textarea")).to_have_value("")


def test_a_question_while_an_answer_is_written_stays_and_is_told_to_wait(page: Page) -> None:
    ask(page, "May I send it back?")
    expect(page.locator("#present .answer")).to_be_visible()
    page.reload()  # who follows an answer after a reload is told so too
    expect(page.locator("#present .answer")).to_be_visible()
    hint, box = page.locator("#bottom .wait"), page.locator("#question textarea")
    box.fill("And the lamp?")
    expect(hint).to_be_empty()
    page.keyboard.press("Enter")
    expect(hint).to_contain_text("The answer is still being written")
    expect(hint).to_be_in_viewport()
    await_answers(page)
    expect(hint).to_be_empty()
    expect(box).to_have_value("And the lamp?")
    page.keyboard.press("Enter")
    await_answers(page, 2)
    expect(hint).to_be_empty()


def test_what_is_typed_and_not_sent_outlives_a_reload_and_goes_when_it_is_sent(page: Page) -> None:
    box = page.locator("#question textarea")
    box.fill("May I send it back, and\nhow?")
    page.reload()
    expect(box).to_have_value("May I send it back, and\nhow?")
    page.locator("#send").click()
    await_answers(page)
    expect(page.locator("#past .bubble")).to_contain_text("how?")
    page.reload()
    await_answers(page)
    expect(box).to_have_value("")


def test_a_question_too_long_is_refused_in_words_and_stays_whole(page: Page) -> None:
    ask(page, "w" * 20_000)
    expect(page.locator("#present .failure")).to_contain_text("20,000 characters, and at most 4,000")
    expect(page.locator("#present .failure")).to_be_in_viewport()
    expect(page.locator("#question textarea")).to_have_value("w" * 20_000)
    ask(page, "May I send it back?")
    await_answers(page)
    expect(page.locator(".failure")).to_have_count(0)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_paste_too_long_is_told_at_once_and_megabytes_are_not_put_in(
    browser: Browser, address: str, requested: list[str], locale: str
) -> None:
    """Five megabytes held the page still for a minute."""
    context = open_context(browser, requested, locale=locale, permissions=["clipboard-read", "clipboard-write"])
    page = open_page(context, address)
    box, said = page.locator("#question textarea"), page.locator("#bottom .wait")
    whole, not_put_in = {"en-GB": ("Nothing was cut", "it was not put in"), "zh-CN": ("没有被截断", "没有放进输入框")}[
        locale
    ]
    for characters, kept, told, count in (
        (20_000, 20_000, whole, "20,000"),
        (5_000_000, 20_000, not_put_in, "5,000,000"),
    ):
        page.evaluate("count => navigator.clipboard.writeText('wo'.repeat(count / 2))", characters)
        box.focus()
        page.keyboard.press("Control+V")
        expect(said).to_contain_text(told, timeout=3000)
        expect(said).to_contain_text(count)
        assert box.evaluate("box => box.value.length") == kept
    box.fill("May I send it back?")
    expect(said).to_be_empty()
    ask(page, "May I send it back?")
    await_answers(page)
    context.close()


def test_a_lost_connection_is_told_in_the_readers_language(
    browser: Browser, address: str, requested: list[str], context: BrowserContext
) -> None:
    for locale, words in (("zh-CN", "连接已断开"), ("en-GB", "The connection is lost")):
        visitor = open_context(browser, requested, locale=locale)
        page = open_page(visitor, address)
        page.route("**/gradio_api/**", lambda route: route.abort())
        ask(page, "May I send it back?")
        expect(page.get_by_test_id("toast-text")).to_contain_text(words)
        page.unroute("**/gradio_api/**")
        expect(page.get_by_test_id("toast-text")).to_have_count(0)
        expect(page.locator("#question textarea")).to_have_value("May I send it back?")
        visitor.close()


@pytest.mark.parametrize(("kind", "body"), [("text/html", "<h1>502</h1>"), ("text/plain", "Bad Gateway"), ("", "")])
def test_a_proxy_that_answers_for_a_server_that_is_away_is_a_lost_connection(page: Page, kind: str, body: str) -> None:
    """The page that nginx sends in its place was told as a fault of a parser: "Unexpected token '<'"."""
    page.route("**/queue/join*", lambda route: route.fulfill(status=502, content_type=kind, body=body))
    ask(page, "May I send it back?")
    expect(page.get_by_test_id("toast-body")).to_contain_text("The connection is lost")
    page.unroute("**/queue/join*")  # it finds the server again and, in between, may load anew more than once
    expect(page.get_by_test_id("toast-body")).to_have_count(0)
    expect(page.locator("#question textarea")).to_have_value("May I send it back?")
    page.locator("#send").click()
    await_answers(page)
    expect(page.locator("#past .turn")).to_have_count(1)


@pytest.mark.parametrize(
    ("status", "told"),
    [(413, "This is too long to be sent"), (403, "Something went wrong on our side"), (200, "went wrong")],
)
def test_a_page_of_a_proxy_in_place_of_an_answer_is_told_in_one_sentence(page: Page, status: int, told: str) -> None:
    page.route(
        "**/queue/join*", lambda route: route.fulfill(status=status, content_type="text/html", body="<h1>No</h1>")
    )
    ask(page, "May I send it back?")
    toast = page.get_by_test_id("toast-text")
    expect(toast).to_contain_text(told)
    expect(toast).not_to_contain_text("Error")
    expect(page.locator("#question textarea")).to_have_value("May I send it back?")
    page.unroute("**/queue/join*")
    page.locator("#send").click()
    await_answers(page)


def test_a_frame_that_may_keep_nothing_takes_no_focus_and_answers(
    context: BrowserContext, address: str, requested: list[str]
) -> None:
    deny_storage(context)
    shop = f'<input aria-label="Search" autofocus><iframe src="{address}" style="width:380px;height:560px"></iframe>'
    context.route("**/shop", lambda route: route.fulfill(content_type="text/html", body=shop))
    problems: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{address}/shop")
    chat = page.frame_locator("iframe")
    expect(chat.locator(".welcome")).to_be_visible()
    expect(chat.get_by_role("button", name="Talk to a person")).to_be_visible()
    expect(page.get_by_label("Search")).to_be_focused()
    for count in (1, 2):
        chat.locator("#question textarea").fill("May I send it back?")
        chat.locator("#send").click()
        expect(chat.locator("#past .turn")).to_have_count(count, timeout=WAIT_MILLISECONDS)
    assert problems == []


@pytest.mark.parametrize("keeps", [False, True])
def test_who_comes_back_finds_the_page_as_it_was_left(
    browser: Browser, chromium: str, address: str, keeps: bool
) -> None:
    """Loaded anew, it lost the reader's place, and all of what a browser keeps nowhere else."""
    options: dict[str, Any] = {"ignore_default_args": ["--disable-back-forward-cache"]}
    with browser.browser_type.launch(executable_path=chromium, args=ARGUMENTS, **options) as putting_away:
        visitor = open_context(putting_away, [])
        if not keeps:
            deny_storage(visitor)
        page = open_page(visitor, address)
        box = page.locator("#question textarea")
        for count in (1, 2, 3):
            ask(page, "May I send it back?")
            await_answers(page, count)
        box.fill("Half a sentence")
        page.evaluate("scrollTo(0, 100)")
        page.goto(f"{address}/healthz")
        with page.expect_response("**/queue/join*"):  # it looks for news
            page.go_back(wait_until="commit")
        time.sleep(1)  # nothing comes that could be waited for
        expect(page.locator("#past .turn")).to_have_count(3)
        expect(box).to_have_value("Half a sentence")
        assert page.evaluate("scrollY") == 100
        page.goto(f"{address}/healthz")
        visitor.route("**/healthz", lambda route: route.abort())
        page.go_back(wait_until="commit")
        time.sleep(1)  # nothing comes that could be waited for
        expect(page.locator("#past .turn")).to_have_count(3)
        visitor.unroute("**/healthz")
        if keeps:  # a later page began another conversation
            page.goto(f"{address}/?later")
            await_answers(page, 3)
            page.get_by_role("button", name="New conversation").click()
            expect(page.locator(".welcome")).to_be_visible()
            page.go_back(wait_until="commit")
            expect(page.locator(".welcome")).to_be_visible()


def deny_storage(context: BrowserContext) -> None:
    denied = "{ configurable: true, get() { throw new DOMException('Access is denied', 'SecurityError') } }"
    for storage in ("localStorage", "sessionStorage"):
        context.add_init_script(f"Object.defineProperty(window, '{storage}', {denied})")
