"""Lines with a place on a page in, blocks out.

    lines -> without running heads and feet -> tables · headings · items · paragraphs

A PDF says where letters stand, not what they are. What is guessed here: a larger or bold short line is a heading, lines
cut into cells are a table, a wider gap or an indent starts a paragraph. It knows no PDF library.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, zip_longest
from types import MappingProxyType

from knowledge.loaders.lines import LEADERS, collapse
from knowledge.loaders.pdf_boxes import rows_together
from knowledge.loaders.pdf_lines import SOFT_HYPHEN, Cell, Line
from knowledge.loaders.pdf_tables import add_pdf_table, regions
from knowledge.loaders.printed import Printed, PrintedBuilder, join

_HEADING_RATIO = 1.15
_LONGEST_HEADING = 160
_LONGEST_BOLD_HEADING = 90
_MARGIN_SHARE = 0.11
_RUNNING_SHARE = 0.4
_HEAD_SHARE = 0.6
_TITLE_RATIO = 1.6
"""Of the text's size: a line so large at the top of a page is its title."""
_HEAD_GAP = 0.8
_HEAD_JITTER = 3.0
"""In points."""
_FEWEST_RUNNING_PAGES = 3
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|第)?\s*[-–—]?\s*(?:\d{1,4}|[ivxl]{1,6})\s*[-–—]?\s*(?:(?:of|/|页|共)\s*\d*\s*页?)?", re.IGNORECASE
)
_PAGE_MARK = re.compile(
    r"\b(?:page|seite|p\.)\s*\d+(?:\s*(?:of|von|/)\s*\d+)?|第\s*\d+(?:\s*/\s*\d+)?\s*[页頁]", re.IGNORECASE
)
_FOOT = re.compile(r"\D{1,40}\s?[·|•–—-]\s?(?P<number>\d{1,4})")
"""A name and the page's own number, which one page alone does not repeat."""
_ITEM = re.compile(r"[•‣◦▪■●○]|(?:[·–—*]|\(?\d{1,2}[.)、]|\(?(?:[a-zA-Z]|[ivx]{1,5})[.)])(?:\s+|$)")
_BULLET = re.compile(r"[•·‣◦▪■●○–—*]\s*")
_SOFT_HYPHEN = re.compile(SOFT_HYPHEN)
_SECTION_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,4}\.?")
_LEADING_NUMBER = re.compile(
    r"^\s*(?:(?:chapter|part|appendix)\s+)?(?:\d{1,2}(?:\.\d{1,2})*|[A-Z])[.:、]?\s+(?=\S)", re.I
)
_CONTENTS_ENTRY = re.compile(r"(?:[.·…]\s?){4,}\s*(?:\d{1,4}|[ivxl]{1,6})$")
_FEWEST_PAGES_WITH_CONTENTS = 8
_FEWEST_CONTENTS = 5
_EQUAL_GAPS = 0.15
_WIDEST_STRETCH = 2.0
"""In line sizes."""
_SAME_EDGE = 1.5
"""In points."""
_PARAGRAPH_PITCH = 1.35
_SHORT_LINE_SHARE = 0.8
_MOST_COMPARED_LINES = 500
_COLUMN_INDENT = 3


Outline = Mapping[int, Mapping[str, int]]
"""Page (1-based) -> title of a heading there -> its depth from 1."""


def add_pages(
    builder: PrintedBuilder, pages: Sequence[Sequence[Line]], outline: Outline = MappingProxyType({})
) -> None:
    """Add every page's lines to the builder as blocks; what the outline names is a heading."""
    kept = _without_contents(_without_running_lines([_unstretched(_rejoined(page)) for page in pages]))
    style = _Style.of([line for page in kept for line in page])
    for number, page in enumerate(kept, start=1):
        builder.start_page()
        named = _named(page, outline.get(number, {}))
        for region in regions(rows_together(page)):
            if region.is_table:
                add_pdf_table(builder, region.lines, region.head)
            else:
                _add_prose(builder, region.lines, replace(style, named=named))


def _rejoined(page: Sequence[Line]) -> list[Line]:
    """Put lines together that stand side by side, as the cells of a table row or a bullet and its text do."""
    joined: list[Line] = []
    for line in page:
        last = joined[-1] if joined else None
        if last and abs(last.bottom - line.bottom) < 0.3 * line.size and line.left >= last.right:
            cells = last.cells + line.cells
            size = max(last.size, line.size)
            line = replace(line, cells=cells, top=max(last.top, line.top), size=size, bold=last.bold and line.bold)  # noqa: PLW2901
            joined.pop()
        joined.append(_without_bullet_cell(line))
    return joined


def _unstretched(page: Sequence[Line]) -> list[Line]:
    """Put the words of a line together that was only stretched to the width of the lines around it."""
    found = list(page)
    for at, line in enumerate(page):
        if _has_equal_gaps(line) and (
            _goes_on_plainly(line, page[at + 1 :]) or _goes_on_plainly(line, page[:at][::-1])
        ):
            stretches = tuple(stretch for cell in line.cells for stretch in cell.stretches)
            found[at] = replace(line, cells=(Cell(line.text, line.left, line.right, stretches),))
    return found


def _goes_on_plainly(line: Line, following: Sequence[Line]) -> bool:
    """Say whether an unstretched line as wide as this one comes next, or beyond others that are stretched so."""
    for other in following:
        if not _is_as_wide(line, other):
            return False
        if not _has_equal_gaps(other):
            return len(other.cells) == 1
    return False


def _has_equal_gaps(line: Line) -> bool:
    gaps = [after.left - before.right for before, after in pairwise(line.cells)]
    return len(gaps) > 1 and max(gaps) - min(gaps) < _EQUAL_GAPS * line.size and max(gaps) < _WIDEST_STRETCH * line.size


def _is_as_wide(line: Line, other: Line) -> bool:
    return abs(line.left - other.left) < _SAME_EDGE and abs(line.right - other.right) < _SAME_EDGE


def _without_bullet_cell(line: Line) -> Line:
    """Join a bullet or a section number with the text that it belongs to."""
    if len(line.cells) < 2:
        return line
    first, second = line.cells[:2]
    is_text = second.text[0].isalpha() or len(second.text.split()) >= 3
    is_numbered = len(line.cells) == 2 and _SECTION_NUMBER.fullmatch(first.text) and is_text
    if not is_numbered and not _ITEM.fullmatch(first.text):
        return line
    stretches = first.stretches + second.stretches
    merged = Cell(f"{first.text} {second.text}", first.left, second.right, stretches)
    return replace(line, cells=(merged, *line.cells[2:]))


# --- running heads and feet ------------------------------------------------------------------------------------------


def _without_running_lines(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """Drop what stands in the margins of most pages, and page numbers there.

    What is larger than the text has to be the same on each, but for the page's number, for "Step 1" and "Step 2" are
    titles of their pages. Where most go on from page to page, one that was said already goes.
    """
    body = _Style.of([line for page in pages for line in page]).body_size
    heads = [page[0] for page in pages if _is_set_apart(page)]
    places = sorted(head.bottom for head in heads)
    go_on = {id(after) for head, after in pairwise(heads) if head.text == after.text}
    are_chapters = 0 < len(heads) - 1 <= 2 * len(go_on)
    in_body = {line.text for page in pages for line in page[1 if _is_set_apart(page) else 0 :]}

    def is_title(line: Line) -> bool:
        ratio = _rounded(line.size) / body
        is_said = are_chapters and (id(line) in go_on or line.text in in_body)
        return ratio >= (_TITLE_RATIO if is_said else _HEADING_RATIO)

    def key_of(line: Line, number: int) -> str:
        is_large = _rounded(line.size) >= body * _HEADING_RATIO
        return _without_page(line.text, number) if is_large else _running_key(line)

    numbered = list(enumerate(pages, start=1))
    seen = Counter(key for at, page in numbered for key in {key_of(line, at) for line in page if _is_marginal(line)})
    enough = max(_FEWEST_RUNNING_PAGES, _RUNNING_SHARE * len(pages))

    def runs(line: Line, number: int) -> bool:
        if not _is_marginal(line):
            return False
        return seen[key_of(line, number)] >= enough or _PAGE_NUMBER.fullmatch(line.text.strip()) is not None

    kept = []
    for number, page in numbered:
        # A head that names the chapter changes, but stands in its place, apart from the text, on most pages.
        is_apart = _is_set_apart(page) and not is_title(page[0])
        has_head = is_apart and _count_near(places, page[0].bottom) >= max(enough, _HEAD_SHARE * len(pages))
        has_foot = _has_foot(page, number)
        kept.append([line for line in page[1 if has_head else 0 : -1 if has_foot else None] if not runs(line, number)])
    return kept


def _count_near(places: Sequence[float], place: float) -> int:
    """Return how many of the sorted places are this one, but for what fonts differ in height."""
    return bisect_right(places, place + _HEAD_JITTER) - bisect_left(places, place - _HEAD_JITTER)


def _is_set_apart(page: Sequence[Line]) -> bool:
    return len(page) > 1 and _is_marginal(page[0]) and page[0].bottom - page[1].top > _HEAD_GAP * page[0].size


def _has_foot(page: Sequence[Line], number: int) -> bool:
    """Say whether the last line of a page, set apart at its bottom, is a name and the page's own number."""
    if len(page) < 2 or not _is_marginal(page[-1]) or page[-2].bottom - page[-1].top < _HEAD_GAP * page[-1].size:
        return False
    foot = _FOOT.fullmatch(page[-1].text.strip())
    return foot is not None and int(foot["number"]) == number


def _is_marginal(line: Line) -> bool:
    margin = _MARGIN_SHARE * line.page_height
    return line.bottom > line.page_height - margin or line.top < margin


def _running_key(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text).strip()


def _without_page(text: str, number: int) -> str:
    """Return a line without the page's number, which stands behind the word for it or set off at an end."""
    text = _PAGE_MARK.sub("#", text.strip())
    marks = "·|•–—-" if len(text.split()) > 3 else "·|•"  # "Step - 1" may be a title
    return re.sub(rf"(?<=[{marks}]\s){number}$|^{number}(?=\s[{marks}]\s)", "#", text)


def _without_contents(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """Drop a longer document's table of contents: it names every subject and says nothing about any."""
    if len(pages) < _FEWEST_PAGES_WITH_CONTENTS:
        return list(pages)
    kept: list[list[Line]] = []
    for page in pages:
        entries = {line for line in page if _CONTENTS_ENTRY.search(line.text[-_LONGEST_HEADING:])}
        kept.append([line for line in page if line not in entries] if len(entries) >= _FEWEST_CONTENTS else page)
    return kept


# --- what a heading looks like in this document ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Style:
    body_size: float
    heading_sizes: tuple[float, ...]
    """Largest first."""
    body_is_bold: bool
    named: Mapping[Line, int] = field(default_factory=dict)
    """Headings of the page at hand that the outline names, with their level."""

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "_Style":
        sizes: Counter[float] = Counter()
        bold = total = 0
        for line in lines:
            sizes[_rounded(line.size)] += len(line.text)
            total += len(line.text)
            bold += len(line.text) if line.bold else 0
        body = sizes.most_common(1)[0][0] if sizes else 1.0
        larger = sorted((size for size in sizes if size >= body * _HEADING_RATIO), reverse=True)
        distinct: list[float] = []
        for size in larger:
            if not distinct or size < distinct[-1] * 0.93:
                distinct.append(size)
        return cls(body, tuple(distinct), bold * 2 > total)

    def heading_level(self, line: Line) -> int:
        """Return the level that this line would have as a heading; 0 when it is none."""
        text = line.text
        if line in self.named:
            return self.named[line]
        if not any(character.isalpha() for character in text) or len(line.cells) > 2:
            return 0
        if _BULLET.match(text):
            return 0
        size = _rounded(line.size)
        if size >= self.body_size * _HEADING_RATIO and len(text) <= _LONGEST_HEADING:
            return min(5, sum(1 for each in self.heading_sizes if each * 0.93 > size) + 1)
        is_bold_title = line.bold and not self.body_is_bold and len(text) <= _LONGEST_BOLD_HEADING
        if is_bold_title and size >= self.body_size * 0.95 and text[-1] not in ".,;:。，；：":
            return min(6, len(self.heading_sizes) + 1)
        return 0


def _named(page: Sequence[Line], titles: Mapping[str, int]) -> dict[Line, int]:
    """Return the lines that the outline names, alone or two together, with their level."""
    wanted = {_bare(title): min(6, level) for title, level in titles.items() if _bare(title)}
    found: dict[Line, int] = {}
    for line, after in zip_longest(page, page[1:]):
        if level := wanted.get(_bare(line.text)):
            found[line] = level
        elif after and (level := wanted.get(_bare(line.text + after.text))):
            found |= {line: level, after: level}
    return found


def _bare(title: str) -> str:
    """Return a title without what printers add to it or take from it: numbers, spaces, case."""
    return "".join(_LEADING_NUMBER.sub("", title).split()).casefold()


def _rounded(size: float) -> float:
    return max(0.5, round(size * 2) / 2)


# --- prose -----------------------------------------------------------------------------------------------------------


def _add_prose(builder: PrintedBuilder, lines: Sequence[Line], style: _Style) -> None:
    margins = _right_margins(lines)
    pitch = _usual_pitch(lines)
    paragraph: list[Line] = []
    level = 0
    for line in lines:
        line_level = style.heading_level(line)
        if paragraph and _starts_block(paragraph, line, pitch=pitch, margins=margins, same=line_level == level):
            _add_paragraph(builder, paragraph, margins=margins, level=level)
            paragraph = []
        if not paragraph:
            level = line_level
        paragraph.append(line)
    if paragraph:
        _add_paragraph(builder, paragraph, margins=margins, level=level)


def _right_margins(lines: Sequence[Line]) -> dict[Line, float]:
    """Return for each line how far the lines of its column reach, which a line across several columns does not tell."""
    if len(lines) > _MOST_COMPARED_LINES:
        return dict.fromkeys(lines, max(line.right for line in lines))
    borders = _borders(lines)
    return {
        line: max(other.right for other in lines if _is_in_column(other, line) and other.right <= borders[line])
        for line in lines
    }


def _borders(lines: Sequence[Line]) -> dict[Line, float]:
    """Return for each line where the next column begins: beside it, or beside those above and below in its column."""
    found = {
        line: min((other.left for other in lines if _is_beside(other, line)), default=float("inf")) for line in lines
    }
    for above, below in [*pairwise(lines), *((below, above) for above, below in reversed(list(pairwise(lines))))]:
        if _is_in_column(above, below) and below.right <= found[above]:
            found[below] = min(found[below], found[above])
    return found


def _is_in_column(line: Line, other: Line) -> bool:
    return abs(line.left - other.left) < _COLUMN_INDENT * other.size


def _is_beside(line: Line, other: Line) -> bool:
    """Say whether a line stands to the right of another, at its height."""
    return line.left > other.right and line.bottom < other.top and line.top > other.bottom


def _is_short(line: Line, margins: Mapping[Line, float]) -> bool:
    return line.right < line.left + (margins[line] - line.left) * _SHORT_LINE_SHARE


def _usual_pitch(lines: Sequence[Line]) -> float:
    """Return the commonest distance from line to line, in line sizes."""
    pitches = Counter(
        round((above.top - below.top) / below.size, 1)
        for above, below in pairwise(lines)
        if below.size and 0.5 < (above.top - below.top) / below.size < 2.5
    )
    return min(pitches.most_common(1)[0][0], 1.8) if pitches else 1.2


def _starts_block(
    paragraph: Sequence[Line], line: Line, *, pitch: float, margins: Mapping[Line, float], same: bool
) -> bool:
    last = paragraph[-1]
    if not same or _ITEM.match(line.text):
        return True
    ends = last.text.rstrip()[-1:] in ".!?:;。！？：；"
    distance = (last.top - line.top) / (line.size or 1.0)
    if distance < 0:  # the next column
        return ends
    if distance > pitch * _PARAGRAPH_PITCH:
        return True
    is_item = bool(_ITEM.match(paragraph[0].text))
    is_done = ends or _is_short(last, margins)
    if is_item and is_done and line.left < paragraph[0].left + 0.5 * line.size:
        return True
    indented = line.left > last.left + 0.8 * line.size and not is_item
    return ends and (indented or _is_short(last, margins))


def _add_paragraph(
    builder: PrintedBuilder, lines: Sequence[Line], *, margins: Mapping[Line, float], level: int
) -> None:
    runs: list[list[Printed]] = [[]]
    for line in lines:
        text = line.printed.replaced(LEADERS, " … ").strip()
        if runs[-1] and runs[-1][-1].text.endswith(SOFT_HYPHEN):
            text = runs[-1].pop()[:-1] + text
        runs[-1].append(text)
        if _is_short(line, margins) and not level:
            runs.append([])  # a line that ended early was meant to end
    joined = join("\n", [join("\n", run).respaced(collapse) for run in runs if run]).replaced(_SOFT_HYPHEN, "-")
    if level:
        builder.add_printed("heading", joined, level=level)
    elif _ITEM.match(joined.text):
        builder.add_printed("item", joined.replaced(_BULLET, "", count=1), level=1)
    else:
        builder.add_printed("paragraph", joined)
