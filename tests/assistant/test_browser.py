"""The page in a real browser against a real server.

Most tests talk to `ui/scripted_server.py`, whose answers take a known time; the last one to the demo as it is.
"""

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect, sync_playwright

ROOT = Path(__file__).parents[2]
SERVERS = Path(__file__).parent / "ui"
QUOTE = "You may send anything back within 30 days of the day it arrived."
NASTY = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) $x^2$"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WAIT_MILLISECONDS = 20_000
START_SECONDS = 100

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "home"


@contextmanager
def served(script: str, *arguments: Path) -> Iterator[str]:
    """Run a server in a process of its own and give its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, str(SERVERS / script), *map(str, arguments)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        guard = threading.Timer(START_SECONDS, server.kill)
        guard.start()
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), "the server did not start"
            guard.cancel()
            yield address
        finally:
            guard.cancel()
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with served("scripted_server.py", home) as address:
        yield address


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def requested() -> list[str]:
    return []


@pytest.fixture
def context(browser: Browser, requested: list[str]) -> Iterator[BrowserContext]:
    context = open_context(browser, requested)
    yield context
    context.close()
    outside = [url for url in requested if urlsplit(url).scheme not in ("data", "blob") and not is_here(url)]
    assert requested
    assert outside == []


def open_context(browser: Browser, requested: list[str], **options: Any) -> BrowserContext:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options})
    context.set_default_timeout(WAIT_MILLISECONDS)
    context.on("request", lambda request: requested.append(request.url))
    context.on("dialog", lambda dialog: requested.append(f"dialog:{dialog.message}"))
    return context


def is_here(url: str) -> bool:
    return urlsplit(url).hostname == "127.0.0.1"


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    return open_page(context, address)


def open_page(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#past .welcome, #past .turn, #present .turn").first).to_be_visible()
    return page


def ask(page: Page, question: str) -> None:
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")


def await_answers(page: Page, count: int = 1) -> None:
    expect(page.locator("#past .turn")).to_have_count(count, timeout=WAIT_MILLISECONDS)
    expect(page.locator("#present .turn")).to_have_count(0)


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "frontdesk.sqlite3")) as database:
        return database.execute(query).fetchall()


def test_a_conversation_from_question_to_comment(page: Page, home: Path) -> None:
    ask(page, f"May I send {NASTY} back?")
    expect(page.locator("#present .status")).to_be_visible()
    expect(page.locator("#send")).to_be_hidden()
    expect(page.locator("#stop")).to_be_visible()

    written = page.locator("#present .answer")
    expect(written).to_be_visible()
    lengths = [len(written.inner_text())]
    while len(set(lengths)) < 3:
        time.sleep(0.1)
        lengths.append(len(written.inner_text()))
    assert lengths == sorted(lengths)

    page.reload()
    expect(written).to_be_visible()
    after_reload = written.inner_text()
    assert "It says so" not in after_reload, "the answer had ended before the reload"
    expect(written).to_contain_text("It says so", timeout=WAIT_MILLISECONDS)
    await_answers(page)
    answer = page.locator("#past .answer")
    expect(answer).to_contain_text(f"May I send {NASTY} back?")
    expect(answer.locator("strong")).to_have_text("really")
    assert page.locator("#past img, #past a").count() == 0

    answer.locator("button.marker").click()
    passage = page.locator(".passage")
    expect(passage.locator("mark")).to_have_text(QUOTE)
    expect(passage).to_contain_text("Opened seed packets stay with you.")
    expect(passage).to_contain_text('<img src=x onerror="alert(1)"> or $x^2$')
    expect(passage.locator(".path")).to_contain_text("Sending goods back")
    assert passage.locator("img").count() == 0
    page.keyboard.press("Escape")
    expect(passage).to_have_count(0)
    expect(answer.locator("button.marker")).to_be_focused()
    page.locator("#past .source").click()
    expect(passage.locator("mark")).to_have_text(QUOTE)
    passage.get_by_role("button", name="Close").click()
    expect(passage).to_have_count(0)

    page.get_by_text("How this was found").click()
    expect(page.locator(".found")).to_contain_text("Evidence: strong (0.82)")
    page.get_by_role("button", name="Not helpful").click()
    box = page.locator("form.comment textarea")
    expect(box).to_be_focused()
    expect(page.locator(".found ol").first).to_be_visible()
    box.fill("The postage is missing.")
    page.get_by_role("button", name="Send comment").click()
    expect(page.locator(".thanks")).to_contain_text("The postage is missing.")

    page.reload()
    expect(page.locator(".thumb[data-rating=down]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".thanks")).to_contain_text("The postage is missing.")

    ((conversation, turn, status),) = rows(home, "SELECT conversation, turn, status FROM turn")
    assert (turn, status) == (1, "finished")
    kinds = [kind for (kind,) in rows(home, "SELECT kind FROM step ORDER BY sequence")]
    assert (kinds[0], kinds[-1]) == ("searched", "finished")
    assert "delta" in kinds
    feedback = rows(home, f"SELECT rating, comment FROM feedback WHERE conversation = '{conversation}' ORDER BY id")
    assert feedback == [("down", ""), ("down", "The postage is missing.")]


def test_a_person_takes_over_and_gives_back(page: Page, home: Path) -> None:
    """The operator works in a process of their own; their message appears by itself."""
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.locator(".notice.handed .ticket strong")).to_be_visible()
    number = page.locator(".ticket strong").inner_text()
    ask(page, "My order is 4711")
    expect(page.locator("#past")).to_contain_text(f"added to ticket {number}")
    operator("reply", number, "Hello, this is <b>Ada</b>.", home=home)
    message = page.locator(".notice.person")
    expect(message).to_contain_text("From a person in our team")
    expect(message).to_contain_text("Hello, this is <b>Ada</b>.")
    page.reload()
    expect(message).to_be_visible()
    operator("return", number, home=home)
    expect(page.locator("#past")).to_contain_text("you can ask the assistant again")
    ask(page, "May I send it back?")
    expect(page.locator("#past .sources")).to_be_visible()


def operator(verb: str, number: str, *words: str, home: Path) -> None:
    environment = {**os.environ, "FRONTDESK_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "assistant.cli", "tickets", verb, number, *words]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("look", [{}, {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}])
def test_a_short_answer_stands_out_from_the_first_word_on(
    browser: Browser, address: str, requested: list[str], look: dict[str, Any], context: BrowserContext
) -> None:
    visitor = open_context(browser, requested, **look)
    page = open_page(visitor, address)
    ask(page, "In short, how long have I got?")
    written = page.locator("#present .answer .short")
    expect(written).to_contain_text("within")
    expect(page.locator("#present .answer .quotes p")).to_have_count(1)
    await_answers(page)
    for _ in range(2):
        answer = page.locator("#past .answer")
        short, quotes = answer.locator(".short"), answer.locator(".quotes p")
        expect(short).to_have_text("within <30 days>1")
        expect(quotes).to_have_count(2)
        size, weight, quoted = (
            float(place.first.evaluate(f"n => getComputedStyle(n).{name}").removesuffix("px"))
            for place, name in ((short, "fontSize"), (short, "fontWeight"), (quotes, "fontSize"))
        )
        assert size >= 1.2 * quoted
        assert weight >= 600
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.reload()
        expect(short).to_be_visible()
    page.locator("#past .short button.marker").click()
    expect(page.locator(".passage mark")).to_have_text(QUOTE)
    visitor.close()


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


def test_stop_start_anew_and_an_example(page: Page) -> None:
    page.locator(".example").first.click()
    expect(page.locator("#present .answer")).to_be_visible()
    page.locator("#stop").click()
    await_answers(page)
    expect(page.locator("#past .turn")).to_contain_text("Stopped.")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(0)
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()


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


def test_sending_nothing_changes_nothing(page: Page) -> None:
    ask(page, "May I send it back?")
    await_answers(page)
    for nothing in ("", "  \n "):
        ask(page, nothing)
        time.sleep(1)  # nothing comes that could be waited for
        expect(page.locator("#past .turn")).to_have_count(1)
        expect(page.get_by_role("button", name="New conversation")).to_be_visible()
        expect(page.locator("#question textarea")).to_have_value("")


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


def test_a_comment_that_is_being_written_outlives_a_redrawn_page_and_a_reload(page: Page, home: Path) -> None:
    ask(page, "May I send it back?")
    await_answers(page)
    page.get_by_role("button", name="Not helpful").click()
    box = page.locator("form.comment:visible textarea")
    expect(box).to_be_focused()
    page.keyboard.type("The post")
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.locator(".notice.handed")).to_be_visible()
    expect(box).to_have_value("The post")
    box.press("Home")
    operator("reply", page.locator(".ticket strong").inner_text(), "Hello, this is Ada.", home=home)
    expect(page.locator(".notice.person")).to_be_visible()
    page.keyboard.type("No. ")
    expect(box).to_have_value("No. The post")
    page.reload()
    expect(box).to_have_value("No. The post")
    box.fill("x" * 4001)
    page.get_by_role("button", name="Send comment").click()
    assert "4,001 characters" in box.evaluate("box => box.validationMessage")
    box.fill("The postage is missing.")
    page.get_by_role("button", name="Send comment").click()
    expect(page.locator(".thanks")).to_contain_text("The postage is missing.")
    expect(page.get_by_role("button", name="Not helpful")).to_be_focused()
    page.get_by_role("button", name="Not helpful").click()
    expect(box).to_have_value("The postage is missing.")
    box.fill("Something else")
    page.get_by_role("button", name="No comment").click()
    expect(box).to_have_count(0)
    expect(page.get_by_role("button", name="Not helpful")).to_be_focused()
    page.reload()
    expect(page.locator(".thanks")).to_contain_text("The postage is missing.")
    expect(box).to_have_count(0)


def test_a_comment_is_not_carried_into_a_conversation_that_began_in_another_tab(
    page: Page, context: BrowserContext, address: str
) -> None:
    ask(page, "May I send it back?")
    await_answers(page)
    page.get_by_role("button", name="Not helpful").click()
    page.locator("form.comment:visible textarea").fill("The postage is missing.")
    other = open_page(context, address)
    await_answers(other)
    other.get_by_text("How this was found").click()
    other.get_by_role("button", name="New conversation").click()
    expect(other.locator(".turn")).to_have_count(0)
    ask(other, "Another?")
    await_answers(other)
    other.get_by_role("button", name="Not helpful").click()
    expect(other.locator("form.comment:visible textarea")).to_have_value("")
    expect(other.locator(".found ol")).to_be_hidden()
    page.reload()
    await_answers(page)
    expect(page.locator("#past .bubble")).to_have_text("Another?")
    expect(page.locator("form.comment")).to_be_hidden()


def test_whoever_has_scrolled_up_and_asks_sees_what_comes(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    for count in (1, 2):
        ask(page, "May I send it back?")
        await_answers(page, count)
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".bubble").first).to_be_in_viewport()
    page.get_by_role("button", name="Talk to a person").click()  # answered at once
    expect(page.locator(".notice.handed")).to_be_in_viewport()


def test_starting_anew_ends_what_is_being_written(page: Page) -> None:
    ask(page, "May I send it back, and how, and when, and to whom?")
    expect(page.locator("#present .answer")).to_be_visible()
    page.locator("#question textarea").fill("My name is Ann, and")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#question textarea")).to_have_value("")
    expect(page.locator(".welcome")).to_be_visible()
    time.sleep(1)
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "Another?")
    await_answers(page)


def test_refusals_and_failures_look_like_what_they_are(page: Page) -> None:
    ask(page, "Please refuse this")
    await_answers(page)
    expect(page.locator(".turn.refused .notice")).to_contain_text("Not in our documents")
    ask(page, "Please fail at this")
    await_answers(page, 2)
    expect(page.locator(".turn.failed .failure")).to_contain_text("Something went wrong on our side")
    expect(page.locator(".turn.failed .reference code")).to_have_text(re.compile("[0-9a-f]{8}"))
    assert "a secret detail" not in page.content()


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


def deny_storage(context: BrowserContext) -> None:
    denied = "{ configurable: true, get() { throw new DOMException('Access is denied', 'SecurityError') } }"
    for storage in ("localStorage", "sessionStorage"):
        context.add_init_script(f"Object.defineProperty(window, '{storage}', {denied})")


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


def test_several_tabs_at_once(context: BrowserContext, browser: Browser, address: str, requested: list[str]) -> None:
    visitors = [open_context(browser, requested) for _ in range(3)]
    pages = [open_page(visitor, address) for visitor in visitors]
    for number, page in enumerate(pages):
        ask(page, f"May I send number {number} back?")
    for page in pages:
        expect(page.locator("#present .answer")).to_be_visible()
    second = open_page(visitors[0], address)
    expect(second.locator("#present .turn, #past .turn").first).to_contain_text("number 0")
    for number, page in enumerate([*pages, second]):
        await_answers(page)
        expect(page.locator("#past .answer")).to_contain_text(f"number {number % 3}")
    for visitor in visitors:
        visitor.close()


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


@pytest.mark.model
def test_the_demo_company_answers_with_the_embedded_model(
    context: BrowserContext, tmp_path: Path, models_folder: Path
) -> None:
    with served("demo_server.py", tmp_path / "home", models_folder) as address:
        page = open_page(context, address)
        expect(page.locator(".badge")).to_contain_text("Demo model")
        ask(page, "How long do I have to return something?")
        await_answers(page)
        expect(page.locator(".turn.answered")).to_have_count(1)
        page.locator("#past .source").first.click()
        quote = page.locator(".passage mark").inner_text()
        ((data,),) = rows(tmp_path / "home", "SELECT data FROM step WHERE kind = 'finished'")
        answer = json.loads(data)["answer"]
        assert quote == answer["citations"][0]["quote"]
        assert answer["citations"][0]["document"] in page.locator(".passage .document").inner_text()
        page.close()
