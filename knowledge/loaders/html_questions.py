"""Questions and answers that a page tells search engines (schema.org, FAQPage) and shows only once a program ran.

<script type="application/ld+json">{"@type": "FAQPage", …}  ->  a heading and a paragraph each, where not shown too
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from knowledge.documents import DocumentBuilder, with_pipes
from knowledge.loaders.html_menus import elements, visible_text
from knowledge.loaders.lines import collapse
from knowledge.loaders.repeated import key

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

FOR_PROGRAMS = "application/ld+json"
_PAGE = "FAQPage"
_MOST_QUESTIONS = 500
_LONGEST_TEXT = 20_000
_DEEPEST = 6


def unshown(page: "BeautifulSoup", *, repeated: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return the questions whose answers the page does not show, with these.

    Args:
        repeated: hashes of what is left to another page of the site.
    """
    return not_in(page, list(_found(text for text in told(page) if key(text) not in repeated)))


def not_in(page: "BeautifulSoup", questions: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the questions whose answers are not read in the page."""
    shown = "".join(with_pipes(visible_text(page)).split()) if questions else ""
    return [(question, answer) for question, answer in questions if "".join(answer.split()) not in shown]


def add_questions(builder: DocumentBuilder, questions: Iterable[tuple[str, str]]) -> None:
    """Add questions with their answers."""
    for question, answer in questions:
        builder.add("heading", question, level=2)
        builder.add("paragraph", answer)


def told(page: "BeautifulSoup") -> Iterator[str]:
    """Yield each text of a page that is for programs and holds such questions."""
    for script in page.find_all("script", type=FOR_PROGRAMS):
        if _PAGE in (text := script.string or ""):
            yield text


def _found(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    left = _MOST_QUESTIONS
    for text in texts:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for item in _questions(data, _DEEPEST):
            question, answer = _plain(item.get("name")), _plain(_answer(item))
            if question and answer and left:
                left -= 1
                yield question, answer


def _questions(data: Any, deeper: int) -> Iterator[dict[str, Any]]:
    """Yield what stands as a question in any page of questions, however it is nested."""
    if isinstance(data, list) and deeper:
        for each in data:
            yield from _questions(each, deeper - 1)
    elif isinstance(data, dict) and deeper:
        if _PAGE in _listed(data.get("@type")):
            yield from (each for each in _listed(data.get("mainEntity")) if isinstance(each, dict))
        else:
            yield from _questions(list(data.values()), deeper - 1)


def _answer(item: dict[str, Any]) -> Any:
    answers = _listed(item.get("acceptedAnswer") or item.get("suggestedAnswer"))
    return answers[0].get("text") if answers and isinstance(answers[0], dict) else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _plain(text: Any) -> str:
    """Return a text without the marks of HTML that it may have."""
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        return ""
    lines = visible_text(elements(text)).split("\n")
    return with_pipes("\n".join(filter(None, map(collapse, lines))))
