"""The rules of a PDF's page: where a vertical one stands between two characters, two cells of a table meet.

    pdfium's paths -> strokes -> rules

A ruled table may leave less room between its columns than there is between two words, and less between its rows than
between the lines of a cell: the horizontal rule above a cell tells of which row it is.
"""

import ctypes
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from operator import itemgetter
from typing import Any

_WIDEST = 2.5
"""Points: a rule may be drawn as a filled box, up to so wide."""
_SHORTEST = 3.0
_SLANT = 0.5
_GAP = 0.5
"""Points: least room around a rule, and how far a character may reach over it."""
_APART = 2.0
"""Points between the parts of a rule that is drawn row by row."""
_TALLER = 2.0
"""In heights of the characters beside it: a rule is taller than so many, a box around a word is not."""
_MOST_OBJECTS = 20_000
_MOST_POINTS = 100_000
"""A page with more is a drawing."""

Stroke = tuple[float, float, float]
"""Where it stands, its bottom and its top, in points as the page is read."""
Beam = tuple[float, float, float]
"""Its height on the page, its left and right end."""
Point = tuple[float, float]
Place = Callable[[Any], tuple[float, float, float, float]]
"""From a box in the page's own coordinates to left, right, top and bottom as the page is read."""


class Rules:
    """A page's rules."""

    def __init__(self, strokes: Iterable[Stroke], beams: Iterable[Beam] = ()) -> None:
        self._rules = sorted(_joined(strokes))
        self._places = [x for x, _, _ in self._rules]
        self._beams = sorted(_joined(beams))
        self._heights = [y for y, _, _ in self._beams]

    def part(self, left: float, right: float, *, bottom: float, top: float) -> bool:
        """Say whether a rule stands between characters that end at `left` and begin at `right`."""
        if right - left < _GAP:
            return False  # within a word
        for number in range(bisect_left(self._places, left - _GAP), bisect_right(self._places, right + _GAP)):
            _, lowest, highest = self._rules[number]
            if lowest <= (bottom + top) / 2 <= highest and highest - lowest > _TALLER * (top - bottom):
                return True
        return False

    def column(self, left: float, right: float, *, middle: float) -> float | None:
        """Return where the nearest vertical rule stands to the left of a text that has one to its right too."""
        begin, end = bisect_right(self._places, left + _GAP), bisect_left(self._places, right - _GAP)
        before = (x for x, lowest, highest in reversed(self._rules[:begin]) if lowest <= middle <= highest)
        after = (x for x, lowest, highest in self._rules[end:] if lowest <= middle <= highest)
        x = next(before, None)
        return None if x is None or next(after, None) is None else x

    def above(self, left: float, right: float, *, middle: float) -> float | None:
        """Return how high the nearest rule above a text is that reaches over both its ends, as no underline does."""
        return self._over(left, right, self._beams[bisect_left(self._heights, middle) :])

    def below(self, left: float, right: float, *, middle: float) -> float | None:
        """Return the same for the nearest rule below a text."""
        return self._over(left, right, reversed(self._beams[: bisect_left(self._heights, middle)]))

    def _over(self, left: float, right: float, beams: Iterable[Beam]) -> float | None:
        over = (height for height, begin, end in beams if begin < left - _GAP and end > right + _GAP)
        return next(over, None)


def rules_of(page: Any, place: Place) -> Rules:
    """Return the rules of pdfium's page; what is drawn within forms is not looked at."""
    from pypdfium2 import raw

    count = raw.FPDFPage_CountObjects(page)
    objects = [raw.FPDFPage_GetObject(page, index) for index in range(count if count <= _MOST_OBJECTS else 0)]
    paths = [each for each in objects if raw.FPDFPageObj_GetType(each) == raw.FPDF_PAGEOBJ_PATH]
    if sum(map(raw.FPDFPath_CountSegments, paths)) > _MOST_POINTS:
        return Rules(())
    strokes: list[Stroke] = []
    beams: list[Beam] = []
    for path in paths:
        for left, right, top, bottom in _edges(path, place):
            if right - left <= _SLANT and top - bottom >= _SHORTEST:
                strokes.append(((left + right) / 2, bottom, top))
            elif top - bottom <= _SLANT and right - left >= _SHORTEST:
                beams.append(((top + bottom) / 2, left, right))
    return Rules(strokes, beams)


def _edges(path: Any, place: Place) -> Iterator[tuple[float, float, float, float]]:
    """Yield left, right, top and bottom of a path's lines; the edges of a broad area that is only filled are none."""
    from pypdfium2 import raw

    fill, is_stroked = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(path, fill, is_stroked)
    for outline in _outlines(path) if fill.value or is_stroked.value else ():
        boxes = [place(raw.FS_RECTF(left=x, bottom=y, right=u, top=v)) for (x, y), (u, v) in pairwise(outline)]
        width = max(box[1] for box in boxes) - min(box[0] for box in boxes) if boxes else 0.0
        height = max(box[2] for box in boxes) - min(box[3] for box in boxes) if boxes else 0.0
        if is_stroked.value or min(width, height) <= _WIDEST:
            yield from boxes


def _outlines(path: Any) -> Iterator[list[Point]]:
    """Yield the corners of each line that a path goes along, in the page's own coordinates."""
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(path, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    corners: list[Point] = []
    for index in range(raw.FPDFPath_CountSegments(path)):
        segment = raw.FPDFPath_GetPathSegment(path, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_MOVETO:
            yield corners
            corners = []
        a, c, e = matrix.a, matrix.c, matrix.e
        corners.append((a * x.value + c * y.value + e, matrix.b * x.value + matrix.d * y.value + matrix.f))
        if raw.FPDFPathSegment_GetClose(segment):
            corners.append(corners[0])
    yield corners


def _joined(strokes: Iterable[Stroke]) -> Iterator[Stroke]:
    """Yield rules, each put together from the strokes that stand one above another."""
    columns: list[list[Stroke]] = []
    for stroke in sorted(strokes):
        if not columns or stroke[0] - columns[-1][0][0] > _SLANT:
            columns.append([])
        columns[-1].append(stroke)
    for column in columns:
        x, lowest, highest = min(column, key=itemgetter(1))
        for _, bottom, top in sorted(column, key=itemgetter(1)):
            if bottom - highest > _APART:
                yield x, lowest, highest
                lowest, highest = bottom, top
            highest = max(highest, top)
        yield x, lowest, highest
