"""The chat and the desk in WebKit, Safari's engine, which every iPhone has."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.assistant.desk_page.acting_desk import Served, ask_for_refund, hand_over, replies
from tests.assistant.desk_page.webkit import CONTROL, ENTER, SHIFT, Window, browser_program, driving
from tests.assistant.ui.chat_page import served as serving_script
from tests.conftest import missing

LONG_QUESTION = "May I send it back, and how, and when, and to whom, and in which parcel, as it is printed?"
FITS = "(box => box !== null && box.clientHeight === box.scrollHeight)(document.querySelector('{}'))"

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def driver() -> Iterator[httpx.Client]:
    if not browser_program():
        missing("WebKit (Debian: apt install webkit2gtk-driver xvfb)")
    with driving() as driver:
        yield driver


@pytest.fixture
def window(driver: httpx.Client) -> Iterator[Window]:
    window = Window(driver)
    yield window
    window.close()


def test_a_customer_asks_reloads_and_sees_the_quote_on_its_page(window: Window, tmp_path: Path) -> None:
    with serving_script("scripted_server.py", tmp_path / "home") as address:
        window.open(address)
        window.text("#past .welcome")
        window.type("#question textarea", LONG_QUESTION)
        window.click("#send")
        assert "It says so" not in window.text("#present .answer")
        window.open(address)
        assert "It says so" not in window.text("#present .answer"), "the answer had ended before the page was left"
        assert "It says so" in window.text("#past .answer")
        window.click("#past .source")
        window.wait("document.querySelector('.passage img')?.naturalWidth")
        window.wait(
            "(([mark, seen]) => mark.top > seen.top && mark.bottom < seen.bottom)("
            "['.highlight', '.context'].map(css => document.querySelector('.passage ' + css).getBoundingClientRect()))"
        )
        window.click(".passage header [data-action=close]")
        window.wait("!document.querySelector('.passage') && document.activeElement.matches('.source')")


def test_enter_that_ends_an_input_methods_choice_sends_nothing(window: Window, served: Served) -> None:
    """To WebKit that Enter is no part of the composition any more."""
    window.open(served.url)
    window.text("#past .welcome")
    window.type("#question textarea", "我要")
    window.press(CONTROL, SHIFT, "U")  # GTK's own input method: the number of a sign, then Enter
    for key in (*"9000", ENTER):
        window.press(key)
    window.wait("document.querySelector('#question textarea').value === '我要退'")
    time.sleep(1)  # nothing comes that could be waited for
    assert window.run("return document.querySelectorAll('.turn').length") == 0
    window.press(ENTER)
    assert window.text("#past .bubble") == "我要退"


def test_an_operator_writes_and_presses_send_once(window: Window, served: Served) -> None:
    """Leaving the box wrote the button's words anew under the pointer, and WebKit then drops the press."""
    _, number = hand_over(served)
    window.open(f"{served.url}/desk")
    window.type("#key", served.keys["Ada"] + ENTER)
    window.text("#cases")
    window.click(f"#cases a[href='#{number}']")
    window.text("#answer")
    window.type("#text", ENTER.join(("Hello, this is Ada.", *"abcde")))
    window.wait("(box => box.clientHeight === box.scrollHeight)(document.querySelector('#text'))")
    window.click("#send")
    assert "Hello, this is Ada." in window.text("#lines .person")
    assert len(replies(served, number)) == 1
    window.wait("document.querySelector('#text').clientHeight < 100")
    window.click(".modes label:last-child")
    window.type("#text", "Wants a new lamp.")
    window.click("#send")
    assert "Wants a new lamp." in window.text("#lines .note")


def test_a_key_in_a_box_leaves_the_conversation_where_it_is(window: Window, served: Served) -> None:
    """The box was made small for a moment to be measured, and what scrolls above it moved up by that."""
    conversation, number = hand_over(served)
    for _ in range(12):
        served.say(conversation, LONG_QUESTION)
    open_case(window, served, number)
    window.type("#text", ENTER.join("abcdefgh"))
    window.run("document.querySelector('#case').scrollTo(0, 9e9)")
    before = window.wait("document.querySelector('#case').scrollTop")
    window.type("#text", "i")
    assert window.run("return document.querySelector('#case').scrollTop") == before


def test_a_box_follows_the_window_and_not_the_words_once_it_was_pulled(window: Window, served: Served) -> None:
    _, number = hand_over(served)
    open_case(window, served, number)
    window.type("#text", LONG_QUESTION * 3)
    window.wait(FITS.format("#text"))
    window.size(600)
    window.wait("innerWidth < 960")
    window.wait(FITS.format("#text"))
    window.run("document.querySelector('#text').style.height = '301px'")  # as a pull at its corner does
    window.type("#text", "a")
    window.size(1280)
    window.wait("innerWidth > 960")
    assert window.run("return document.querySelector('#text').style.height") == "301px"


def test_a_word_with_a_decision_is_seen_whole_when_it_is_drawn_again(window: Window, served: Served) -> None:
    _, asked = ask_for_refund(served)
    open_case(window, served, f"approval-{asked['key']}")
    window.type(".choice textarea", ENTER.join("abcdefgh"))
    window.run("window.isDrawnOnce = true; location.reload()")
    window.wait("!window.isDrawnOnce")
    window.wait("document.querySelector('.choice textarea')?.value === 'a\\nb\\nc\\nd\\ne\\nf\\ng\\nh'")
    window.wait(FITS.format(".choice textarea"))


def test_enter_with_control_that_ends_an_input_methods_choice_sends_no_reply(window: Window, served: Served) -> None:
    _, number = hand_over(served)
    open_case(window, served, number)
    window.type("#text", "我要")
    window.run(
        "document.querySelector('#text').dispatchEvent(new KeyboardEvent('keydown',"
        " { key: 'Enter', keyCode: 229, ctrlKey: true, bubbles: true, cancelable: true }))"
    )
    time.sleep(1)  # nothing comes that could be waited for
    assert replies(served, number) == []
    window.press(CONTROL, ENTER)
    assert window.text("#lines .person .said") == "我要"


def open_case(window: Window, served: Served, name: str) -> None:
    window.open(f"{served.url}/desk")
    window.wait("document.querySelector('#key').checkVisibility() || document.querySelector('#desk').checkVisibility()")
    if window.run("return document.querySelector('#key').checkVisibility()"):
        window.type("#key", served.keys["Ada"] + ENTER)
    window.text("#cases")
    window.click(f"#cases a[href='#{name}']")
    window.text("#story")


def test_who_comes_back_to_the_chat_sees_what_came_meanwhile(window: Window, served: Served) -> None:
    """WebKit shows the page as it was left; loaded anew, it would lose the reader's place."""
    window.open(served.url)
    window.text("#past .welcome")
    window.type("#question textarea", "Good morning" + ENTER)
    window.text("#past .answer")
    window.run("window.same = true")
    ((conversation,),) = served.rows("SELECT conversation FROM turn ORDER BY rowid DESC LIMIT 1")
    window.open(f"{served.url}/desk")
    window.text("#sign-in")
    served.say(conversation, "Good evening")
    window.back()
    window.wait("document.querySelectorAll('#past .turn').length === 2")
    assert window.run("return window.same")
