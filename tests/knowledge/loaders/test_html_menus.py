"""What of a web page is not read."""

from pathlib import Path

import pytest

from knowledge.loaders import load


@pytest.mark.parametrize(
    ("mark", "is_read"),
    [
        ('id="consent-banner"', False),
        ('class="box cookie-notice"', False),
        ('id="onetrust-banner-sdk"', False),
        ('class="cookie-bar-is-open"', True),
        ('class="cookie-policy"', True),
    ],
)
def test_what_asks_for_a_consent_to_cookies_is_not_read(tmp_path: Path, mark: str, is_read: bool) -> None:
    file = tmp_path / "page.html"
    file.write_text(f"<h1>Help</h1><div {mark}><p>Cookies are stored for 12 months.</p></div><p>Ask us.</p>")
    (document,) = load(file)
    assert ("12 months" in document.text, "Ask us." in document.text) == (is_read, True)
