"""A quoted passage in its surroundings, as the panel shows it.

    Excerpt -> title, heading path, page, text with the quote marked
    Excerpt, pictures of its pages -> the same, with the quote marked on the pages and the text folded away

The text is a stretch of a document: it is escaped whole and only its line breaks are kept. Each line has the direction
of its own words (`page.css`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol
from urllib.parse import quote

from assistant.ui.icons import icon
from assistant.ui.texts import Texts
from knowledge.languages import html_language

MARGIN_CHARACTERS = 600
"""How much of the document is shown before the quote, and after it."""

_ROW = re.compile(r"^([^\n]+ \| [^\n]+)\n", re.MULTILINE)
"""A table row as loaders write it, with its line break."""


class Excerpt(Protocol):
    """What is shown of `knowledge.excerpts.Excerpt`."""

    @property
    def document(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def page(self) -> int | None: ...
    @property
    def before(self) -> str: ...
    @property
    def quote(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def headings(self) -> Sequence[str]: ...
    @property
    def anchor(self) -> str: ...
    @property
    def url(self) -> str: ...


class Rectangle(Protocol):
    """What is drawn of `knowledge.pages.Rectangle`: shares of the page from its top left corner."""

    @property
    def left(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def right(self) -> float: ...
    @property
    def bottom(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Picture:
    """A page of the original, and where the quote stands on it."""

    address: str
    page: int
    width: int
    height: int
    """In pixels; only their ratio counts."""
    rectangles: Sequence[Rectangle]


def excerpt_html(excerpt: Excerpt, texts: Texts, *, number: int, pictures: Sequence[Picture] = ()) -> str:
    """Return the panel for a passage that the library still holds."""
    before, after = _readable(excerpt.before), _readable(excerpt.after)
    if len(excerpt.before) >= MARGIN_CHARACTERS:
        before = "… " + re.sub(r"^[^\s。！？]{1,40}[\s。！？]", "", before).lstrip()
    if len(excerpt.after) >= MARGIN_CHARACTERS:
        after = re.sub(r"[\s][^\s]{1,40}$", "", after).rstrip() + " …"
    rest, newline, below = after.partition("\n")  # a row that the quote begins or ends in is left whole
    body = f"{_rows_html(before)}<mark>{escape(_readable(excerpt.quote))}</mark>"
    body += escape(rest) + newline + _rows_html(below)
    body = f'<span lang="{html_language(before + excerpt.quote + after)}">{body}</span>'
    path = [heading for heading in excerpt.headings if heading and heading != excerpt.title]
    page = pictures[0].page if pictures else excerpt.page
    if page is not None:
        path.append(texts.page.format(page=page))
    title = excerpt.title or excerpt.document
    if pictures:
        body = _pictures_html(pictures, texts, title=title) + _fold_html(body, texts)
    place = f"{excerpt.document}#{excerpt.anchor}" if excerpt.anchor else excerpt.document
    return _panel_html(
        texts, number=number, title=title, path=path, body=body, kind="passage paged" if pictures else "passage"
    ) + _END.format(document=f"{escape(texts.document)}: {_place_html(place, excerpt)}")


def missing_html(citation: Mapping[str, Any], texts: Texts, *, number: int) -> str:
    """Return the panel for a passage that is no longer in the documents: the quote as the answer kept it."""
    path = [texts.page.format(page=citation["page"])] if citation["page"] is not None else []
    quote = _readable(str(citation["quote"]))
    quoted = f'<mark lang="{html_language(quote)}">{escape(quote)}</mark>'
    note = f'<span class="gone">{escape(texts.passage_gone)}</span>'
    title = str(citation["title"] or citation["document"])
    return _panel_html(texts, number=number, title=title, path=path, body=f"{note}{quoted}") + _END.format(
        document=f"{escape(texts.document)}: <code>{escape(str(citation['document']))}</code>"
    )


def _place_html(place: str, excerpt: Excerpt) -> str:
    """Return where the passage stands: a link to the web page it is from, when that is encrypted."""
    name = f"<code>{escape(place)}</code>"
    if not excerpt.url.startswith("https://"):
        return name
    address = excerpt.url + (f"#{quote(excerpt.anchor)}" if excerpt.anchor else "")
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{name}</a>'


_END = '<p class="document">{document}</p></aside>'


def _pictures_html(pictures: Sequence[Picture], texts: Texts, *, title: str) -> str:
    sheets = "".join(_picture_html(picture, texts, title=title) for picture in pictures)
    button = (
        f'<button type="button" class="small" data-action="zoom" aria-pressed="false">{escape(texts.enlarge)}</button>'
    )
    return f'<div class="pages"><div class="zoom">{button}</div>{sheets}</div>'


def _picture_html(picture: Picture, texts: Texts, *, title: str) -> str:
    marks = "".join(
        f'<span class="highlight" style="left:{_percent(mark.left)};top:{_percent(mark.top)};'
        f'width:{_percent(mark.right - mark.left)};height:{_percent(mark.bottom - mark.top)}"></span>'
        for mark in picture.rectangles
    )
    label = escape(texts.page_of.format(page=picture.page, title=title))
    return (
        f'<div class="sheet"><figure style="aspect-ratio:{picture.width}/{picture.height}">'
        f'<img src="{escape(picture.address)}" alt="{label}">{marks}</figure></div>'
    )


def _percent(share: float) -> str:
    return f"{share * 100:.3f}%"


def _fold_html(body: str, texts: Texts) -> str:
    summary = f"<summary>{icon('chevron')}{escape(texts.as_text)}</summary>"
    return f'<details class="found as-text" data-key="as-text">{summary}<div>{body}</div></details>'


def _panel_html(texts: Texts, *, number: int, title: str, path: Sequence[str], body: str, kind: str = "passage") -> str:
    steps = " <span>›</span> ".join(f"<bdi>{escape(step)}</bdi>" for step in path)
    close = escape(texts.close)
    return (
        '<div class="shade" data-action="close"></div>'
        f'<aside class="{kind}" role="dialog" aria-labelledby="passage-title" tabindex="-1">'
        f'<header><div><p class="kicker">{escape(texts.source.format(number=number))}</p>'
        f'<h2 id="passage-title" dir="auto" lang="{html_language(title)}">{escape(title)}</h2>'
        f'<p class="path">{steps}</p></div>'
        f'<button type="button" class="plain" data-action="close" aria-label="{close}" title="{close}">{icon("close")}'
        f'</button></header><div class="context" tabindex="0">{body}</div>'
    )


def _rows_html(text: str) -> str:
    """Return text escaped, with each whole table row in a box of its own; the box takes the place of its line break."""
    return _ROW.sub(r'<span class="row">\1</span>', escape(text))


def _readable(text: str) -> str:
    """Return text with page breaks as line breaks and no more than one empty line in a row."""
    return re.sub(r"\n{3,}", "\n\n", text.replace("\f", "\n\n"))
