"""Conversations in a real browser: from the question to the comment, with a person, stopped, begun anew, in tabs.

Most tests talk to `scripted_server.py`, whose answers take a known time; the last one to the demo as it is.
"""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.assistant.ui.chat_page import (
    ROOT,
    WAIT_MILLISECONDS,
    ask,
    await_answers,
    open_context,
    open_page,
    served,
)

QUOTE = "You may send anything back within 30 days of the day it arrived."
NASTY = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) $x^2$"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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


def test_a_long_answer_is_shown_from_its_question_on(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 480})
    for count in (1, 2):
        ask(page, "May I send it back?")
        await_answers(page, count)
        expect(page.locator(".bubble").last).to_be_in_viewport(ratio=1)
    place, header = page.locator(".bubble").last.bounding_box(), page.locator("header.top").bounding_box()
    assert place is not None
    assert header is not None
    assert header["height"] <= place["y"] <= header["height"] + 60
    assert page.evaluate("document.documentElement.scrollHeight - scrollY - innerHeight") > 0
    ask(page, "Please fail at this")
    await_answers(page, 3)
    expect(page.locator(".turn.failed .failure")).to_be_in_viewport(ratio=1)


def test_whoever_has_scrolled_up_and_asks_sees_what_comes(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    for count in (1, 2):
        ask(page, "May I send it back?")
        await_answers(page, count)
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".bubble").first).to_be_in_viewport()
    page.get_by_role("button", name="Talk to a person").click()  # answered at once
    expect(page.locator(".notice.handed")).to_be_in_viewport()


def test_refusals_and_failures_look_like_what_they_are(page: Page) -> None:
    ask(page, "Please refuse this")
    await_answers(page)
    expect(page.locator(".turn.refused .notice")).to_contain_text("Not in our documents")
    ask(page, "Please fail at this")
    await_answers(page, 2)
    expect(page.locator(".turn.failed .failure")).to_contain_text("Something went wrong on our side")
    expect(page.locator(".turn.failed .reference code")).to_have_text(re.compile("[0-9a-f]{8}"))
    assert "a secret detail" not in page.content()


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


@pytest.mark.parametrize("shape", ["desk", "phone"])
def test_a_citation_of_a_pdf_shows_the_page_with_the_quote_marked(
    browser: Browser,
    address: str,
    requested: list[str],
    context: BrowserContext,
    shape: str,
) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    reader = open_context(browser, requested, **(phone if shape == "phone" else {}))
    page = open_page(reader, address)
    ask(page, "What does the printed guide say?")
    await_answers(page)
    page.locator("#past .source").click()
    passage = page.locator(".passage.paged")
    image, mark = passage.locator("img"), passage.locator(".highlight")
    expect(image).to_have_attribute("alt", "Page 2 of Parcel guide")
    expect(passage.locator(".path")).to_contain_text("page 2")
    expect(mark).to_be_in_viewport(ratio=0.9)
    page.wait_for_function("document.querySelector('.passage img').naturalWidth === 1200")

    def place() -> tuple[float, ...]:
        sheet, drawn = image.bounding_box(), mark.bounding_box()
        assert sheet
        assert drawn
        left, top = drawn["x"] - sheet["x"], drawn["y"] - sheet["y"]
        return (
            left / sheet["width"] * 419.5,
            (left + drawn["width"]) / sheet["width"] * 419.5,
            595.3 - (top + drawn["height"]) / sheet["height"] * 595.3,
            595.3 - top / sheet["height"] * 595.3,
        )

    left, right, bottom, top = place()  # in points from the bottom left of an A5 page
    assert left == pytest.approx(90, abs=3)
    assert right == pytest.approx(90 + 218, abs=12)
    assert bottom < 415 < top
    assert 8 < top - bottom < 18
    small = image.bounding_box()
    passage.get_by_role("button", name="Enlarge").click()
    expect(passage.get_by_role("button", name="Enlarge")).to_have_attribute("aria-pressed", "true")
    large = image.bounding_box()
    assert small
    assert large
    assert large["width"] > 1.5 * small["width"]
    assert place()[0] == pytest.approx(left, abs=3)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    passage.get_by_text("As text").click()
    expect(passage.locator("mark")).to_have_text("Parcels to the islands take four days longer.")
    page.keyboard.press("Escape")
    expect(passage).to_have_count(0)
    reader.close()


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
