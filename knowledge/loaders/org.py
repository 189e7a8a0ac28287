"""Org files: headlines, lists, tables, blocks; what steers Emacs (drawers, planning, keywords) is left out."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from knowledge.documents import Document, DocumentBuilder
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty, read_text
from knowledge.loaders.lines import collapse
from knowledge.loaders.tables import add_table

_HEADLINE = re.compile(r"(\*+)\s+(.*)$")
_STATE = re.compile(r"(?:TODO|DONE|NEXT|WAITING|CANCELLED|CANCELED|COMMENT)\s+|\[#[A-Za-z0-9]\]\s*")
_COOKIE = re.compile(r"(?<!\s)\s*\[(?:\d*/\d*|\d*%)\]")
"""How much of a task is done."""
_TAGS = re.compile(r"(?<!\s)\s+:((?:[\w@#%]+:)+)\s*$")
_KEYWORD = re.compile(r"\s*#\+([A-Za-z_-]+):\s*(.*)$")
_BLOCK = re.compile(r"\s*#\+begin_(\w+)", re.IGNORECASE)
_END = re.compile(r"\s*(?:#\+end_(\w+)|:end:)\s*$", re.IGNORECASE)
"""Of a block, by its kind, or of a drawer."""
_DRAWER = re.compile(r"\s*:([\w-]+):\s*(.*)$")
_PLANNING = re.compile(r"\s*(?:SCHEDULED|DEADLINE|CLOSED|CLOCK):\s*[<\[]")
_ITEM = re.compile(r"(\s*)(?:[-+]|\s\*|\d{1,4}[.)]|[A-Za-z][.)])\s+(?:\[@\d+\]\s*)?(\[[ X-]\]\s+)?(.*)$")
_NUMBER = re.compile(r"\s*(\d{1,4})[.)]")
_DEFINITION = re.compile(r"(.*?)\s+::\s+(.*)$", re.DOTALL)
_ROW = re.compile(r"\s*\|(.*?)\|?\s*$")
_RULE = re.compile(r"\s*(?:-{5,}|\|[-+|]+)\s*$")
_LINK = re.compile(r"\[\[([^\[\]\n]+)\](?:\[([^\]]+)\])?\]")
_MARKED = re.compile(r"(?<![\w*/_=~+])([*/_=~+])(?=\S)(.{1,300}?)(?<=\S)\1(?![\w*/_=~+])", re.DOTALL)
_FOOTNOTE = re.compile(r"\[fn:[^\]\s]*\]")
_STAMP = re.compile(r"[<\[](\d{4}-\d\d-\d\d)([^<>\[\]\n]*)[>\]]")
_VERBATIM = frozenset(("src", "example", "export", "verse", "html", "latex"))
_LEFT_OUT = frozenset(("comment", "export", "html", "latex"))
_INDENT_OF_A_LEVEL = 2
_OF_DRAWER = ""
Ends = dict[str, list[int]]


def load(path: Path) -> Iterator[Document]:
    """Yield the file as one document."""
    reader = _Reader()
    reader.read(read_text(path).expandtabs(8).split("\n"))
    document = reader.builder.build(title=reader.said.get("title", ""), metadata=dated(reader.date))
    if not document.blocks:
        raise empty(path, "holds no text beside its keywords and comments")
    yield document


class _Reader:
    """Takes the lines one by one and writes what they make up into a builder."""

    def __init__(self) -> None:
        self.builder = DocumentBuilder()
        self.said: dict[str, str] = {}
        self._paragraph: list[str] = []
        self._item: tuple[int, str] | None = None
        """Depth and first words of the list item whose lines are gathered; None in a paragraph."""
        self._rows: list[list[str]] = []
        self._has_header = False
        self._hidden_below = 0
        """Depth of the headline that is a comment, with all below it; 0 for none."""

    @property
    def date(self) -> str:
        return re.sub(r"^[<\[]", "", self.said.get("date", ""))

    def read(self, lines: list[str]) -> None:
        """Read the whole file."""
        self._lines(lines)
        self._end()

    def _lines(self, lines: list[str]) -> None:
        at, ends = 0, _ends(lines)
        while at < len(lines):
            at = self._line(lines, at, ends)

    def _line(self, lines: list[str], at: int, ends: Ends) -> int:
        """Take the line there and return where the next begins."""
        line = lines[at]
        if headline := _HEADLINE.match(line):
            self._end()
            return self._headline(len(headline[1]), headline[2], lines, at + 1)
        if self._hidden_below:
            return at + 1
        if block := _BLOCK.match(line):
            return self._block(block[1].lower(), lines, at, ends)
        if keyword := _KEYWORD.match(line):
            self._end()
            self.said.setdefault(keyword[1].lower(), _plain(keyword[2]))
        elif (drawer := _DRAWER.match(line)) and not drawer[2]:
            return _after(at, ends[_OF_DRAWER]) or at + 1
        elif row := _ROW.match(line):
            self._row(line, row[1])
        elif not line.strip():
            self._end()
        elif not (_PLANNING.match(line) or _RULE.match(line) or re.match(r"\s*#(?:\s|$)", line)):
            self._text(line)
        return at + 1

    def _headline(self, depth: int, text: str, lines: list[str], below: int) -> int:
        tags = _TAGS.search(text)
        text = _COOKIE.sub("", _TAGS.sub("", text))
        if self._hidden_below and depth > self._hidden_below:
            return below
        is_hidden = text.startswith("COMMENT") or bool(tags and "noexport" in tags[1].split(":"))
        self._hidden_below = depth if is_hidden else 0
        if not is_hidden:
            while state := _STATE.match(text):
                text = text[state.end() :]
            anchor = ""
            for line in lines[below : below + 10]:
                if _HEADLINE.match(line):
                    break
                if (drawer := _DRAWER.match(line)) and drawer[1].upper() in ("CUSTOM_ID", "ID"):
                    anchor = anchor or drawer[2].strip()
            self.builder.add("heading", _plain(text), level=min(6, depth), anchor=anchor)
        return below

    def _block(self, kind: str, lines: list[str], at: int, ends: Ends) -> int:
        self._end()
        end = _after(at, ends[kind])
        if end is None:
            return at + 1
        body = lines[at + 1 : end - 1]
        if kind in _LEFT_OUT:
            return end
        if kind in _VERBATIM:
            self.builder.add("code", "\n".join(re.sub(r"^(\s*),(?=[*#,])", r"\1", line) for line in body).strip("\n"))
        else:
            self._lines(body)
            self._end()
        return end

    def _row(self, line: str, cells: str) -> None:
        if not self._rows:
            self._end()
        if _RULE.match(line):
            self._has_header = self._has_header or len(self._rows) == 1
        else:
            self._rows.append([_plain(cell) for cell in cells.split("|")])

    def _text(self, line: str) -> None:
        item = _ITEM.match(line)
        if item:
            self._end()
            number = _NUMBER.match(line)
            depth = min(6, len(item[1]) // _INDENT_OF_A_LEVEL + 1)
            self._item = (depth, f"{number[1]}. " if number else "")
            self._paragraph.append(item[3])
        elif self._rows:
            self._end()
            self._paragraph.append(line)
        else:
            self._paragraph.append(line.removeprefix(": "))

    def _end(self) -> None:
        """Write out the paragraph, item or table that was gathered."""
        text = _plain("\n".join(self._paragraph))
        if self._item is not None:
            definition = _DEFINITION.match(text)
            shown = f"{definition[1]}: {definition[2]}" if definition else text
            self.builder.add("item", self._item[1] + shown, level=self._item[0])
        else:
            self.builder.add("paragraph", text)
        if self._rows and self._has_header and len(self._rows) > 1:
            add_table(self.builder, self._rows[0], self._rows[1:])
        elif self._rows:
            add_table(self.builder, [], self._rows)
        self._paragraph, self._item, self._rows, self._has_header = [], None, [], False


def _ends(lines: list[str]) -> Ends:
    """Return the numbers of the lines that end something, by its kind, so that nobody looks for them at each begin."""
    ends: Ends = defaultdict(list)
    for number, line in enumerate(lines):
        if end := _END.match(line):
            ends[(end[1] or _OF_DRAWER).lower()].append(number)
    return ends


def _after(at: int, ends: list[int]) -> int | None:
    """Return where the line below the next of the ends stands; None when nothing ends it."""
    place = bisect_right(ends, at)
    return ends[place] + 1 if place < len(ends) else None


def _plain(text: str) -> str:
    """Return the text without its marks, on one line."""
    text = _LINK.sub(_shown_link, text)
    text = _FOOTNOTE.sub("", text)
    text = _STAMP.sub(r"\1\2", text)
    text = _MARKED.sub(r"\2", _MARKED.sub(r"\2", text))
    return collapse(text.replace("\\\\\n", "\n"))


def _shown_link(link: re.Match[str]) -> str:
    target, shown = link[1], link[2]
    if not shown:
        return target
    return f"{shown} ({target})" if re.match(r"https?://", target) and target not in shown else shown
