"""Markdown (CommonMark with GitHub's tables), read as the HTML that it stands for.

Front matter gives the title and the metadata. A heading's anchor is the one written beside it, else GitHub's.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.documents import Document, DocumentBuilder
from knowledge.drafts import says_draft
from knowledge.loaders.dates import iso_day
from knowledge.loaders.encoding import empty, read_text
from knowledge.loaders.html import add_html
from knowledge.loaders.markdown_dialects import to_commonmark
from knowledge.loaders.markdown_sites import to_plain_markdown

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z_][\w-]*):[ \t]+(\S.*)$")
_HEADING_ANCHOR = re.compile(r"^(#{1,6}[ \t][^\n{]*)\{:?[ \t]*#([\w-]+)[ \t]*\}[ \t]*$", re.MULTILINE)
_BOX = re.compile(
    r":{3,}[ \t]*(?:\{(?P<attributes>[^{}\n]*)\}"
    r"|(?:note|tip|info|warning|danger|caution|important|attention|hint|success|error|question|example|quote|details)"
    r"(?![a-z0-9_-])|[a-z][a-z0-9-]*\Z)?[ \t]*(?:\[(?P<named>[^\]\n]*)\](?:\{[^{}\n]*\})?|(?P<title>.*))"
)
"""What opens or closes a box of Docusaurus, VuePress, MyST, Quarto or a wiki; its title may stand behind the kind."""
_TITLE_OF_BOX = re.compile(r'\btitle="([^"]*)"')
_CONTENTS_HERE = re.compile(r"\[\[?_?TOC_?\]?\]|\{:toc\}|\{\{toc\}\}|<!-- ?/?toc ?-->", re.IGNORECASE)
_OWN_ANCHOR = re.compile(r"<\w+\s[^<>]*\b(?:id|name)\s*=", re.IGNORECASE)
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")
_DATE_FIELDS = ("updated", "last_updated", "lastmod", "modified", "date", "published")
"""Where front matter says when the text was changed, else when it was written."""


def load(path: Path) -> Iterator[Document]:
    """Yield the file as one document."""
    text = read_text(path).lstrip("\n")
    fields: dict[str, str] = {}
    matter = _FRONT_MATTER.match(text)
    if matter:
        fields = _fields(matter[1])
        text = text[matter.end() :]
    builder = DocumentBuilder()
    add_markdown(builder, text, path=path)
    title = fields.pop("title", "")
    day = next((day for name in _DATE_FIELDS if (day := iso_day(fields.get(name)))), "")
    if day:
        fields["date"] = day
    document = builder.build(title=title, metadata=fields)
    if _is_draft(fields) and not says_draft(document.title):
        document = replace(document, title=f"{document.title or path.stem} (draft)")
    if not document.blocks:
        raise empty(path, "holds no text beside its front matter" if matter else "holds no text")
    yield document


def add_markdown(builder: DocumentBuilder, text: str, *, path: Path, below: int = 0) -> None:
    """Add a text written in Markdown, without front matter.

    Args:
        path: The file that it stands in, for the error.
        below: The level of the heading that all of it stands under.
    """
    from markdown_it import MarkdownIt

    text = _HEADING_ANCHOR.sub(r'\1 <a id="\2"></a>', _without_marks(to_plain_markdown(text)))
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(to_commonmark(text))
    _set_anchors(tokens)
    add_html(builder, parser.renderer.render(tokens, parser.options, {}), path=path, below=below)


def plain_line(text: str) -> str:
    """Return a short text written in Markdown as it is read, on one line.

    >>> plain_line("The value of `next_cursor`, see [Pages](/pages).")
    'The value of next_cursor, see Pages.'
    """
    written = _line_parser().parseInline(" ".join(text.split()))
    parts = [part for token in written for part in token.children or ()]
    return "".join(part.content for part in parts if part.type in ("text", "code_inline", "html_inline"))


@lru_cache
def _line_parser() -> "MarkdownIt":
    """Return what reads lines. Kept, for a service has tens of thousands, and to make one takes longer than to read."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _is_draft(fields: Mapping[str, str]) -> bool:
    """Say whether front matter calls its text a draft, which a quote of it has to tell."""
    return fields.get("status", "").casefold() == "draft" or fields.get("draft", "").casefold() in ("true", "yes")


def _without_marks(text: str) -> str:
    """Return a text without the lines that only draw a box or call for a table of contents, code excepted."""
    lines = text.split("\n")
    code = _lines_of_code(text) if ":::" in text or "toc" in text.casefold() else frozenset()
    for at, line in enumerate(lines):
        plain = line.strip()
        if at in code:
            continue
        if _CONTENTS_HERE.fullmatch(plain):
            lines[at] = ""
        elif box := _BOX.fullmatch(plain):
            in_attributes = _TITLE_OF_BOX.search(box["attributes"] or "")
            title = in_attributes[1] if in_attributes else box["named"] or box["title"]
            indent = line[: len(line) - len(line.lstrip())]
            lines[at] = f"\n{indent}{title or ''}\n"
    return "\n".join(lines)


def _lines_of_code(text: str) -> frozenset[int]:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.disable("inline")
    code = [token.map for token in parser.parse(text) if token.type in ("fence", "code_block") and token.map]
    return frozenset(at for begin, end in code for at in range(begin, end))


def _set_anchors(tokens: "Sequence[Token]") -> None:
    """Give each heading without an anchor of its own the one that GitHub shows it under."""
    taken: Counter[str] = Counter()
    for heading, inline in pairwise(tokens):
        if heading.type != "heading_open" or _OWN_ANCHOR.search(inline.content):
            continue
        text = "".join(part.content for part in inline.children or () if part.type in ("text", "code_inline"))
        anchor = _NOT_IN_ANCHORS.sub("", text.strip().lower()).replace(" ", "-")
        if anchor:
            heading.attrSet("id", f"{anchor}-{taken[anchor]}" if taken[anchor] else anchor)
            taken[anchor] += 1


def _fields(matter: str) -> dict[str, str]:
    """Return the front matter's plain `key: value` lines; nested values are for other programs."""
    found = (_FIELD.match(line) for line in matter.split("\n"))
    return {field[1].lower(): field[2].strip().strip("\"'") for field in found if field}
