"""What of a web page is not read."""

import contextlib
from pathlib import Path

import pytest

from knowledge.documents import DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders import load
from knowledge.loaders.html import add_html
from tests.growth import grows_gently


@pytest.mark.parametrize(
    ("mark", "button", "is_read"),
    [
        ('id="consent-banner"', "<button>Accept</button>", False),
        ('class="box cookie-notice"', "<input type=submit>", False),
        ('class="box cookie-notice"', "", True),
        ('id="onetrust-banner-sdk"', "", False),
        ('class="cookie-bar-is-open"', "<button>Accept</button>", True),
        ('class="cookie-policy"', "<button>Accept</button>", True),
    ],
)
def test_what_asks_for_a_consent_to_cookies_is_not_read(tmp_path: Path, mark: str, button: str, is_read: bool) -> None:
    file = tmp_path / "page.html"
    file.write_text(f"<h1>Help</h1><div {mark}><p>Cookies are stored for 12 months.</p>{button}</div><p>Ask us.</p>")
    (document,) = load(file)
    assert ("12 months" in document.text, "Ask us." in document.text) == (is_read, True)


@pytest.mark.parametrize("content", ["main", "article"])
def test_what_a_page_itself_says_of_cookies_is_read(tmp_path: Path, content: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(
        f"<{content}><h1>Privacy</h1><section id=cookie-notice><p>Cookies are stored for 14 days.</p>"
        f"<button>Settings</button></section></{content}>"
    )
    (document,) = load(file)
    assert "14 days" in document.text


def test_how_a_word_is_said_and_the_way_back_from_a_note_are_not_read(read_one):
    page = "<p>在<ruby>北<rp>(</rp><rt>běi</rt><rp>)</rp></ruby>京。</p><ol><li>Silk.<a href='#1'>↩\ufe0e</a></li></ol>"
    assert read_one("a.html", page).text == "在北京。\n\n1. Silk."


@pytest.mark.parametrize("piece", ["<h1>a", "<ul><li>", "<table><tr><td>", "<p>a</p>"])
def test_elements_that_lie_in_one_another_take_no_longer_than_others(piece: str) -> None:
    def read(text: str) -> None:
        with contextlib.suppress(UnreadableFile):
            add_html(DocumentBuilder(), text, path=Path("page.html"))

    assert grows_gently(read, piece, 40_000)
