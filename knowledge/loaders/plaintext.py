"""Plain text: paragraphs between blank lines, headings underlined, numbered or in capitals, list items."""

import re
from collections.abc import Iterator
from pathlib import Path

from knowledge.documents import PAGE_BREAK, Document, DocumentBuilder
from knowledge.loaders.encoding import empty, read_text
from knowledge.loaders.lines import LEADERS, unwrap
from knowledge.text import count_cjk

_UNDERLINE = re.compile(r"(=|-|~|\^|\*){3,}$")
_RULE = re.compile(r"[-=_*~#+ ]{3,}$")
_ITEM = re.compile(r"(\s*)(?:[-*•·‣◦+]|\(?\d{1,3}[.)、]|\(?[a-zA-Z][.)])\s+\S")
_BULLET = re.compile(r"\s*[-*•·‣◦+]\s+")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+\S")
_LONGEST_NUMBERED_HEADING = 200
_LONGEST_CHAPTER_HEADING = 80
_FEWEST_CAPITALS = 4
_CHAPTER_NUMBER = re.compile(
    r"^(?:\d{1,2}\.|\d{1,2}(?:\.\d{1,2})+\.?)\s+(?!(?:JAN|FEB|MÄR|APR|MAI|JUN|JUL|AUG|SEP|OKT|NOV|DEZ))"
)
"""Of a heading in capitals; "12 EUR" is a price and "24. DEZEMBER" a date."""
_CHINESE_NUMBER = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[)）]|第[一二三四五六七八九十百]{1,3}[章节])"
)
_CHINESE_HEADING = re.compile(
    rf"(?:{_CHINESE_NUMBER.pattern}(?:[^\d，。！？；：、,.!?;:…不可须应请禁]|须知){{2,20}}|【[^\d】]{{2,20}}】)"
)
"""Of a line above others, "二、滨江店" or "【营业时间】"; what allows or forbids, or has a figure, may be a rule."""
_ENDS_OF_SENTENCES = "。！？；：，、.!?;:,…"
_INDENT_OF_A_LEVEL = 2
_LONGEST_HEADING = 120


def load(path: Path) -> Iterator[Document]:
    """Yield the file as one document."""
    builder = DocumentBuilder()
    add_text(builder, read_text(path))
    document = builder.build()
    if not document.blocks:
        raise empty(path, "holds rules and no text")
    yield document


def add_text(builder: DocumentBuilder, text: str) -> None:
    """Add a plain text's paragraphs, headings and list items."""
    for paragraph in _paragraphs(text.replace(PAGE_BREAK, "\n\n").expandtabs(4)):
        for section in _sections(paragraph):
            _add(builder, section)


def _paragraphs(text: str) -> Iterator[list[str]]:
    paragraph: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            paragraph.append(line.rstrip())
        elif paragraph:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _sections(paragraph: list[str]) -> Iterator[list[str]]:
    """Cut a paragraph before every Chinese heading: between these a blank line is often left out."""
    begun = 0
    for at in range(1, len(paragraph) - 1):
        above, line, below = paragraph[at - 1 : at + 2]
        is_item = _CHINESE_NUMBER.match(line.strip()) and _CHINESE_NUMBER.match(above.strip())
        if not is_item and _is_chinese_heading(line, below):
            yield paragraph[begun:at]
            begun = at
    yield paragraph[begun:]


def _add(builder: DocumentBuilder, lines: list[str]) -> None:
    if len(lines) > 1 and _UNDERLINE.match(lines[1].strip()) and len(lines[0].strip()) <= _LONGEST_HEADING:
        builder.add("heading", lines[0], level=1 if lines[1].strip()[0] == "=" else 2)
        lines = lines[2:]
    elif level := _numbered_level(lines):
        builder.add("heading", unwrap(lines), level=level)
        return
    elif len(lines) > 1 and (
        (_is_in_capitals(lines[0]) and _begins_anew(*lines[:2])) or _is_chinese_heading(*lines[:2])
    ):
        builder.add("heading", lines[0].strip(), level=2)
        lines = lines[1:]
    lines = [line for line in lines if not _RULE.match(line.strip())]
    block: list[str] = []
    for line in lines:
        if block and _ITEM.match(line):
            _add_block(builder, block)
            block = []
        block.append(line)
    if block:
        _add_block(builder, block)


def _numbered_level(lines: list[str]) -> int:
    """Return the heading level of `2. Title` or `2.1. A title on two lines`; 0 for what only begins like one."""
    text = " ".join(line.strip() for line in lines)
    number = _NUMBERED.match(lines[0])
    if number is None or text[-1] in ".,;:。；：，、":
        return 0
    depth = number[1].count(".") + 1
    longest, most_lines = (_LONGEST_CHAPTER_HEADING, 1) if depth == 1 else (_LONGEST_NUMBERED_HEADING, 3)
    return min(6, depth) if len(lines) <= most_lines and len(text) <= longest else 0


def _is_in_capitals(line: str) -> bool:
    """Say whether a line above others is their heading: "2. OPENING HOURS", no sentence, no item and no price.

    What a heading says is not quoted as an answer, so that a line which may tell something is none.
    """
    said = _CHAPTER_NUMBER.sub("", line.strip())
    return (
        said.isupper()
        and sum(map(str.isalpha, said)) >= _FEWEST_CAPITALS
        and len(line) <= _LONGEST_CHAPTER_HEADING
        and not re.search(r"\d", said)
        and not count_cjk(said)
        and said[-1] not in _ENDS_OF_SENTENCES
        and not _ITEM.match(said)
    )


def _is_chinese_heading(heading: str, line: str) -> bool:
    """Say whether a line is the numbered name of what stands below it, and not the first item of a list."""
    return _CHINESE_HEADING.fullmatch(heading.strip()) is not None and not _CHINESE_NUMBER.match(line.strip())


def _begins_anew(heading: str, line: str) -> bool:
    """Say whether a line has small letters and neither goes on with the one above nor is the next item of its list."""
    first = next(filter(str.isalpha, line), "")
    is_next_item = all(map(_CHAPTER_NUMBER.match, map(str.strip, (heading, line))))
    return any(map(str.islower, line)) and not first.islower() and not is_next_item


def _add_block(builder: DocumentBuilder, lines: list[str]) -> None:
    item = _ITEM.match(lines[0])
    if item:
        text = unwrap([_BULLET.sub("", lines[0], count=1), *lines[1:]])
        builder.add("item", text, level=min(6, len(item[1]) // _INDENT_OF_A_LEVEL + 1))
    else:
        texts = (LEADERS.sub(" … ", line).strip() for line in unwrap(lines).split("\n"))
        builder.add("paragraph", "\n".join(texts))
