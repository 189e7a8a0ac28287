"""A document's blocks in, chunks with exact spans out.

    Document(text, blocks) -> sections (one heading path, one page) -> pieces -> chunks

A chunk never crosses a heading or, in a paged document, a page: so its headings and its page are exact. Nothing is
lost and nothing is stored twice: every character of every block that is not a heading is in exactly one chunk.
It knows no file format and no embedder; a heading reaches the embedder through `Chunk.headings`.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.documents import PAGE_BREAK, Block, Document
from knowledge.text import count_cjk, sentences


@dataclass(frozen=True, slots=True)
class ChunkOptions:
    """How large chunks are.

    The defaults fit the bundled MiniLM, which reads 256 word pieces and ignores the rest: English takes about four
    characters a piece, and headings and title travel with the text, so 800 characters leave them room. A Chinese
    character is a piece by itself and says as much as a short word, hence the smaller number for Chinese.
    """

    max_characters: int = 800
    """Most characters of a chunk, 50 and up; a longer sentence or table row is cut."""
    max_cjk_characters: int = 300
    """The same for text in Chinese characters; in mixed text each counts in proportion."""
    min_characters: int = 100
    """A last chunk of a section below this joins the one before it, which may then exceed the maximum by as much."""

    def __post_init__(self) -> None:
        if self.max_characters < 50 or not 0 < self.max_cjk_characters <= self.max_characters:
            raise ValueError(
                f"chunks of {self.max_characters} characters, {self.max_cjk_characters} in Chinese: "
                "the first must be 50 or more, the second between 1 and the first"
            )
        if not 0 <= self.min_characters <= self.max_characters // 2:
            raise ValueError(f"min_characters={self.min_characters} must be between 0 and half of max_characters")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a document that is stored, embedded and found as one: `document.text[start:end]`."""

    start: int
    end: int
    headings: tuple[str, ...]
    """The titles above it, outermost first."""
    header: str
    """For table rows, the table's column names joined by ` | `; "" elsewhere."""
    page: int | None
    """1-based; None for a document without pages."""
    anchor: str = ""
    """The fragment of the nearest heading that has one; "" when there is none."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """The smallest stretch that gathering moves around: a block, or a part of one that was too long."""

    start: int
    end: int
    cost: float
    """Size in English characters, Chinese ones weighted."""
    header: str
    group: int
    """Pieces of one list or table and the paragraph that leads in share a number and stay together if they fit."""


def split(document: Document, options: ChunkOptions | None = None) -> tuple[Chunk, ...]:
    """Return the document's chunks in order."""
    options = options or ChunkOptions()
    page_breaks = [i for i, character in enumerate(document.text) if character == PAGE_BREAK] if document.paged else []
    chunks: list[Chunk] = []
    for path, blocks in _sections(document, page_breaks):
        headings = tuple(heading.title for heading in path if heading.title)
        anchor = next((heading.anchor for heading in reversed(path) if heading.anchor), "")
        page = bisect_right(page_breaks, blocks[0].start) + 1 if document.paged else None
        pieces = list(_pieces(document.text, blocks, options))
        for start, end, header in _gather(pieces, options):
            chunks.append(Chunk(_with_indent(document.text, start), end, headings, header, page, anchor))
    return tuple(chunks)


def _with_indent(text: str, start: int) -> int:
    """Return where a line begins that is indented up to `start`: else its item would announce its list's next one."""
    begin = start
    while begin and text[begin - 1] == " ":
        begin -= 1
    return begin if begin and text[begin - 1] == "\n" else start


class _Heading(NamedTuple):
    level: int
    title: str
    anchor: str


def _sections(document: Document, page_breaks: Sequence[int]) -> Iterator[tuple[tuple[_Heading, ...], list[Block]]]:
    """Yield runs of blocks under one heading path and on one page; a document of mere headings is its own text."""
    only_headings = all(block.kind == "heading" for block in document.blocks)
    path: list[_Heading] = []
    section: list[Block] = []
    page = 0
    for block in document.blocks:
        block_page = bisect_right(page_breaks, block.start)
        is_heading = block.kind == "heading" and not only_headings
        if section and (is_heading or block_page != page):
            yield tuple(path), section
            section = []
        page = block_page
        if is_heading:
            level = block.level or 1
            path = [heading for heading in path if heading.level < level]
            path.append(_Heading(level, " ".join(document.text[block.start : block.end].split()), block.anchor))
        else:
            section.append(block)
    if section:
        yield tuple(path), section


def _pieces(text: str, blocks: Sequence[Block], options: ChunkOptions) -> Iterator[_Piece]:
    """Yield a section's pieces, none of which is larger than a chunk may be."""
    for group, members in enumerate(_groups(text, blocks)):
        for block in members:
            spans: Sequence[tuple[int, int]] = [(block.start, block.end)]
            if _cost(text, block.start, block.end, options) > options.max_characters:
                inner = sentences(text[block.start : block.end])
                spans = [(block.start + start, block.start + end) for start, end in inner]
            for start, end in spans:
                for part_start, part_end in _cut(text, start, end, options):
                    cost = _cost(text, part_start, part_end, options)
                    yield _Piece(part_start, part_end, cost, block.header, group)


def _groups(text: str, blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Yield blocks that belong together: the items of a list or the rows of a table, with the paragraph before."""
    group: list[Block] = []
    for block in blocks:
        if group and not _continues(text, group, block):
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _continues(text: str, group: Sequence[Block], block: Block) -> bool:
    last = group[-1]
    if block.kind in ("item", "row") and last.kind == block.kind:
        return last.header == block.header
    leads_in = last.kind == "paragraph" and (len(group) == 1 or group[-2].kind == "item")
    if block.kind in ("item", "row"):
        return leads_in
    return leads_in and text[last.end - 1] in ":："


def _gather(pieces: Sequence[_Piece], options: ChunkOptions) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, header) of chunks, each as many pieces as fit."""
    chunks: list[list[_Piece]] = []
    size = 0.0
    for piece, together in zip(pieces, _costs_together(pieces, options), strict=True):
        current = chunks[-1] if chunks else []
        gap = piece.start - current[-1].end if current else 0
        is_full = size + gap + together > options.max_characters
        if not current or is_full or (piece.header and _header(current) not in ("", piece.header)):
            chunks.append([piece])
            size = piece.cost
        else:
            current.append(piece)
            size += gap + piece.cost
    if len(chunks) > 1 and size < options.min_characters and _header(chunks[-1]) in ("", _header(chunks[-2])):
        chunks[-2].extend(chunks.pop())
    for chunk in chunks:
        yield chunk[0].start, chunk[-1].end, _header(chunk)


def _costs_together(pieces: Sequence[_Piece], options: ChunkOptions) -> Iterator[float]:
    """Yield, for each piece, the room that must be left for it to be added to a chunk.

    A group that fits into one chunk asks for all of it at its first piece; of a larger one, the first piece (the
    paragraph that leads in) asks for room for its successor, so that "The following are excluded:" never ends a chunk.
    """
    totals: dict[int, float] = {}
    for piece in pieces:
        totals[piece.group] = totals.get(piece.group, 0.0) + piece.cost
    previous = -1
    for position, piece in enumerate(pieces):
        need = piece.cost
        if piece.group != previous:
            following = pieces[position + 1] if position + 1 < len(pieces) else None
            if totals[piece.group] <= options.max_characters:
                need = totals[piece.group]
            elif following and following.group == piece.group:
                need = min(need + following.cost, options.max_characters)
        previous = piece.group
        yield need


def _header(pieces: Sequence[_Piece]) -> str:
    return next((piece.header for piece in pieces if piece.header), "")


def _cost(text: str, start: int, end: int, options: ChunkOptions) -> float:
    extra = options.max_characters / options.max_cjk_characters - 1
    return end - start + extra * count_cjk(text[start:end])


def _cut(text: str, start: int, end: int, options: ChunkOptions) -> Iterator[tuple[int, int]]:
    """Yield the stretch in parts that fit, cut where words, columns or clauses end if that is in the last half."""
    limit_cost = options.max_characters
    while end - start > limit_cost or _cost(text, start, end, options) > limit_cost:
        limit = _furthest(text, start, end, options)
        cut = next(
            (i for i in range(limit, start + (limit - start) // 2, -1) if text[i - 1] in " \t\n|，、,；;"), limit
        )
        yield from _trimmed(text, start, cut)
        start = cut
    yield from _trimmed(text, start, end)


def _furthest(text: str, start: int, end: int, options: ChunkOptions) -> int:
    """Return how far a chunk from `start` may reach; at least one character."""
    low, high = start + 1, min(end, start + options.max_characters)
    while low < high:
        middle = (low + high + 1) // 2
        if _cost(text, start, middle, options) <= options.max_characters:
            low = middle
        else:
            high = middle - 1
    return low


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
