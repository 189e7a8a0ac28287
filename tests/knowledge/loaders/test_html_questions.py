"""Questions and answers that a page tells programs alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from knowledge.loaders import load
from knowledge.loaders.html_menus import elements
from knowledge.loaders.html_questions import unshown


def text(folder: Path, data: Any, body: str = "<h1>Help</h1><p>Ask us.</p>") -> str:
    file = folder / "faq.html"
    file.write_text(page_of(data, body))
    (document,) = load(file)
    return document.text


def page_of(data: Any, body: str) -> str:
    script = data if isinstance(data, str) else json.dumps(data)
    return f'<head><script type="application/ld+json">{script}</script></head><body>{body}</body>'


def question(name: str, answer: str) -> dict[str, Any]:
    return {"@type": "Question", "name": name, "acceptedAnswer": {"@type": "Answer", "text": answer}}


FAQ = {
    "@type": "FAQPage",
    "mainEntity": [question("Is there Wi-Fi?", "<p>Yes, it is <b>free</b>.</p><ul><li>Fast</ul>")],
}


@pytest.mark.parametrize(
    "data", [FAQ, [FAQ], {"@graph": [{"@type": "Organization"}, FAQ | {"@type": ["WebPage", "FAQPage"]}]}]
)
def test_what_only_programs_are_told_is_read(tmp_path: Path, data: Any) -> None:
    assert text(tmp_path, data) == "Help\n\nAsk us.\n\nIs there Wi-Fi?\n\nYes, it is free.\nFast"


def test_a_pipe_in_code_is_read_as_one_and_not_twice(tmp_path: Path) -> None:
    command = "Run <code>curl x | sh</code>"
    data = {"@type": "FAQPage", "mainEntity": question("How?", command)}
    assert text(tmp_path, data) == "Help\n\nAsk us.\n\nHow?\n\nRun curl x |\tsh"
    assert not list(unshown(elements(page_of(data, "<p>Run curl x | sh</p>"))))
    assert [answer for _, answer in unshown(elements(page_of(data, "")))] == ["Run curl x |\tsh"]


def test_what_the_page_shows_is_not_read_twice(tmp_path: Path) -> None:
    shown = "<h2>May I bring a bicycle?</h2><p>Yes, for\n EUR 6.</p>"
    data = {"@type": "FAQPage", "mainEntity": question("May I bring a bicycle?", "Yes, for EUR 6.")}
    assert text(tmp_path, data, shown).count("EUR 6") == 1


def test_what_the_page_shows_with_links_or_numbers_is_not_read_twice(tmp_path: Path) -> None:
    shown = (
        '<h2>How?</h2><p>Fill in <a href="https://shop.example/form">our form</a> first.</p>'
        "<ol><li>Pack it</li><li>Send it</li></ol>"
    )
    answer = "<p>Fill in <a href='https://shop.example/form'>our form</a> first.</p><ol><li>Pack it<li>Send it</ol>"
    data = {"@type": "FAQPage", "mainEntity": question("How?", answer)}
    assert text(tmp_path, data, shown).count("our form") == 1


@pytest.mark.parametrize(
    "data",
    [
        "{broken",
        "[" * 5000,
        {"@type": "Product", "name": "Lamp", "review": question("Is it good?", "Yes, it is.")},
        {"@type": "FAQPage", "mainEntity": [None, 3, {"name": 4}, {"name": "Why?", "acceptedAnswer": "so"}]},
        {"@type": "FAQPage", "mainEntity": question("Why?", "x" * 30_000)},
    ],
)
def test_anything_else_there_is_left(tmp_path: Path, data: Any) -> None:
    assert text(tmp_path, data) == "Help\n\nAsk us."
