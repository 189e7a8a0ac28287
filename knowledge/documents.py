"""The extracted form of a file, whatever its format was.

    file -> loader -> Document(text, blocks) -> chunks

A loader writes text through a `DocumentBuilder` and marks what each stretch is: a heading, a paragraph, a list item,
a table row, code. Chunking then works on blocks alone and knows no format. All offsets are half-open, in code points
of `Document.text`; pages are joined by a form feed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["heading", "paragraph", "item", "row", "code"]
PAGE_BREAK = "\f"
BLOCK_BREAK = "\n\n"
ITEM_INDENT = "  "
"""Stands before an item for each list that its own lies in: else "Islands: €9" would seem to lie below "Abroad:"."""
PIPE = "\ufdd0"
"""What a loader hands over for a `|` in code: ` | ` would end a cell of a row, and `curl … | sh` is none."""
PIPE_IN_CODE = " |\t"
"""How the text has it: shown with a space, and copied still a command."""
MEMBER = "!/"
"""Stands between a file and what lies in it, in a document's name."""
_PARTS_APART = 4096


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a document's text that belongs together."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """Heading depth 1-6, where an empty one only ends what stands above it; nesting depth of a list item from 1; 0
    elsewhere."""
    header: str = ""
    """For a row: its table's column names, in order, joined by ` | `; "" when the table has none."""
    anchor: str = ""
    """For a heading: the fragment that points at it in the original file; "" when there is none."""


@dataclass(frozen=True, slots=True)
class LineBox:
    """Where one line of text stands on the image of its page; shares 0-1 from the page's top left corner."""

    start: int
    end: int
    """Half-open span of the line in `Document.text`."""
    page: int
    """1-based."""
    top: float
    bottom: float
    edges: tuple[float, ...]
    """`end - start + 1` places: the left edge of each character and the right edge of the last one."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document's extracted text with its structure."""

    text: str
    blocks: tuple[Block, ...]
    title: str = ""
    """The document's own title; "" when it has none (ingest then falls back to the file's name)."""
    name: str = ""
    """How the document is named within its file: "" is the whole file, "#12" a row of it, anything else a full name."""
    paged: bool = False
    """Whether form feeds in the text separate real pages."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What else the file says of itself; `date` (`YYYY-MM-DD…`) is when it was written."""
    layout: tuple[LineBox, ...] = ()
    """Where the lines stand on their pages; () when the format has no fixed pages."""


def with_pipes(text: str) -> str:
    """Return what a loader hands over as the text of a document has it."""
    return text.replace(f" {PIPE} ", PIPE_IN_CODE).replace(PIPE, "|")


class DocumentBuilder:
    """Collects blocks of text and keeps their spans exact.

    >>> builder = DocumentBuilder()
    >>> builder.add("heading", "Returns", level=1)
    >>> builder.add("paragraph", "Send it back within 30 days.")
    >>> document = builder.build()
    >>> [document.text[b.start:b.end] for b in document.blocks]
    ['Returns', 'Send it back within 30 days.']
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._joined = 0
        """Parts at the beginning that are many joined."""
        self._blocks: list[Block] = []
        self._length = 0
        self._paged = False
        self._level = 0
        """Of the last heading that still stands above what follows, or deeper."""
        self._ended = 0
        """The level of the section that has ended since; 0 for none."""
        self._outermost = 0
        """The least level of the items of the list that is being added: one may begin deep in."""

    def add(self, kind: BlockKind, text: str, *, level: int = 0, header: str = "", anchor: str = "") -> None:
        """Append one block; white space around it is dropped and an empty block is ignored."""
        text = text.replace(PAGE_BREAK, " ").strip()
        if not text:
            return
        code = text.replace(" | ", f" {PIPE} ") if kind == "code" else text
        text, header = with_pipes(code), with_pipes(header)
        is_first = not self._parts or self._parts[-1].endswith(PAGE_BREAK)
        tight = not is_first and self._blocks and kind == self._blocks[-1].kind and kind in ("item", "row")
        self._outermost = min(level, self._outermost) if tight else level
        if not is_first:
            self._append(f"\n{ITEM_INDENT * (level - self._outermost)}" if tight else BLOCK_BREAK)
        start = self._length
        if self._ended and (kind != "heading" or level > self._ended):
            self._blocks.append(Block("heading", start, start, self._ended))
            self._level = self._ended - 1
        self._level, self._ended = (level if kind == "heading" else self._level), 0
        self._append(text)
        self._blocks.append(Block(kind, start, self._length, level, header, anchor))

    @property
    def holds_text(self) -> bool:
        """Whether anything but headings was added."""
        return any(block.kind != "heading" for block in self._blocks)

    def end_section(self, *, level: int) -> None:
        """Let what follows stand under no heading of this level or deeper."""
        if self._level >= level:
            self._ended = level

    def start_page(self) -> None:
        """Begin the next page; call it before each page, the first one included."""
        if self._paged:
            self._append(PAGE_BREAK)
        self._paged = True

    def build(self, *, title: str = "", name: str = "", metadata: Mapping[str, str] | None = None) -> Document:
        """Return the document; without a title, its first top heading serves."""
        text = "".join(self._parts)
        if not title:
            tops = (text[b.start : b.end] for b in self._blocks if b.kind == "heading" and b.level <= 1)
            title = next(filter(None, tops), "")
        return Document(text, tuple(self._blocks), title, name, self._paged, dict(metadata or {}))

    def _append(self, part: str) -> None:
        self._parts.append(part)
        self._length += len(part)
        if len(self._parts) - self._joined > _PARTS_APART:  # each costs 50 bytes beside its characters
            self._parts[self._joined :] = ["".join(self._parts[self._joined :])]
            self._joined += 1


def page_at(document_text: str, offset: int, *, paged: bool) -> int | None:
    """Return the 1-based page that holds `offset`, or None for a document without pages."""
    return document_text.count(PAGE_BREAK, 0, offset) + 1 if paged else None
