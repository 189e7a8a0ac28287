"""What stands in the margins of a PDF's pages, such as a chapter's name and the page's number: it says nothing there.

pages of lines -> pages without running heads and feet
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from knowledge.loaders.pdf_lines import HEADING_RATIO, Line, rounded

_MARGIN_SHARE = 0.11
_RUNNING_SHARE = 0.4
_HEAD_SHARE = 0.6
_OUTER_SHARE = 0.2
"""Of the pages: where nothing else stands so high, heads are told on fewer."""
_TITLE_RATIO = 1.6
"""Of the text's size: a line so large at the top of a page is its title."""
_HEAD_GAP = 0.8
_HEAD_JITTER = 3.0
"""In points."""
_FEWEST_RUNNING_PAGES = 3
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|第)?\s*(?:[-–—]\s*)?(?:\d{1,4}|[ivxl]{1,6})\s*(?:[-–—]\s*)?(?:(?:of|/|页|共)\s*(?:\d+\s*)?页?)?",
    re.IGNORECASE,
)
_PAGE_MARK = re.compile(
    r"\b(?:page|seite|p\.)\s*\d+(?:\s*(?:of|von|/)\s*\d+)?|第\s*\d+(?:\s*/\s*\d+)?\s*[页頁]", re.IGNORECASE
)
_FOOT = re.compile(r"\D{1,40}\s?[·|•–—-]\s?(?P<number>\d{1,4})")
"""A name and the page's own number, which one page alone does not repeat."""


def without_running_lines(pages: Sequence[list[Line]], *, body_size: float) -> list[list[Line]]:
    """Drop what stands in the margins of most pages, and page numbers there.

    What is larger than the text has to be the same on each, but for the page's number, for "Step 1" and "Step 2" are
    titles of their pages. Where most go on from page to page, one that was said already goes.

    Args:
        body_size: of the text's letters.
    """
    heads = [page[0] for page in pages if _is_set_apart(page)]
    places = sorted(head.bottom for head in heads)
    go_on = {id(after) for head, after in pairwise(heads) if head.text == after.text}
    are_chapters = 0 < len(heads) - 1 <= 2 * len(go_on)
    tops = sorted(max(line.top for line in page) for page in pages if page)
    in_body = {line.text for page in pages for line in page[1 if _is_set_apart(page) else 0 :]}

    def is_title(line: Line) -> bool:
        ratio = rounded(line.size) / body_size
        is_said = are_chapters and (id(line) in go_on or line.text in in_body)
        return ratio >= (_TITLE_RATIO if is_said else HEADING_RATIO)

    def key_of(line: Line, number: int) -> str:
        is_large = rounded(line.size) >= body_size * HEADING_RATIO
        return _without_page(line.text, number) if is_large else _running_key(line)

    numbered = list(enumerate(pages, start=1))
    seen = Counter(key for at, page in numbered for key in {key_of(line, at) for line in page if _is_marginal(line)})
    enough = max(_FEWEST_RUNNING_PAGES, _RUNNING_SHARE * len(pages))

    def runs(line: Line, number: int) -> bool:
        if not _is_marginal(line):
            return False
        return seen[key_of(line, number)] >= enough or _PAGE_NUMBER.fullmatch(line.text.strip()) is not None

    def is_common(page: Sequence[Line]) -> bool:
        place = page[0].bottom
        heads, reaching = _count_near(places, place), len(tops) - bisect_right(tops, place)
        is_alone = (
            not _begins_bold(page)
            and heads >= max(_FEWEST_RUNNING_PAGES, _OUTER_SHARE * len(pages))
            and reaching <= heads
        )
        return is_alone or heads >= max(enough, _HEAD_SHARE * len(pages))

    kept = []
    for number, page in numbered:
        # A head that names the chapter changes, but stands in its place, apart from the text, on most pages.
        is_apart = _is_set_apart(page) and not is_title(page[0])
        has_head = is_apart and is_common(page)
        has_foot = _has_foot(page, number)
        kept.append([line for line in page[1 if has_head else 0 : -1 if has_foot else None] if not runs(line, number)])
    return kept


def _count_near(places: Sequence[float], place: float) -> int:
    """Return how many of the sorted places are this one, but for what fonts differ in height."""
    return bisect_right(places, place + _HEAD_JITTER) - bisect_left(places, place - _HEAD_JITTER)


def _is_set_apart(page: Sequence[Line]) -> bool:
    return len(page) > 1 and _is_marginal(page[0]) and page[0].bottom - page[1].top > _HEAD_GAP * page[0].size


def _begins_bold(page: Sequence[Line]) -> bool:
    """Say whether the first line of a page is bold and most others are not, as below a heading."""
    return page[0].bold and 2 * sum(line.bold for line in page[1:]) < len(page) - 1


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
    """Return a line without the page's number, which stands behind the word for it or set off at an end.

    Behind a dash it may count titles, "Driving lesson – 1": it is a page's beside a name with a number of its own.
    """
    text = re.sub(rf"(?<=[·|•]\s){number}$|^{number}(?=\s[·|•])", "#", _PAGE_MARK.sub("#", text.strip()))
    name = re.sub(rf"(?<=[–—-]\s){number}$|^{number}(?=\s[–—-]\s)", "#", text)
    return name if len(text.split()) > 3 and any(map(str.isdigit, name)) else text
