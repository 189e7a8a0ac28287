"""One page of a PDF: characters in, lines with their places out.

    pdfium's characters -> boxes on the page as displayed -> cells -> lines

Places are taken on the page as a viewer shows it: its crop box and its rotation are applied. Lines are measured with
the page turned so that most of its text reads from left to right, which is how tables printed sideways are read.
"""

import ctypes
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from math import pi
from typing import Any

from knowledge.loaders.pdf_lines import SOFT_HYPHEN, Cell, Line
from knowledge.loaders.pdf_rules import Rules, rules_of
from knowledge.loaders.printed import Stretch, Strip
from knowledge.loaders.raised import raised

_LINE_ENDS = (0x0A, 0x0D)
_HYPHENS_AT_LINE_END = (0x02, 0xFFFE)
_HYPHEN = "\N{HYPHEN}"
"""What browsers break words with; pdfium takes it for a part of the word."""
_REPLACED = {
    **{0xFB00 + i: letters for i, letters in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))},
    **dict.fromkeys((0xF0B7, 0xF0A7, 0xF076, 0xF0D8, 0xF0FC), "•"),  # bullets of the Symbol and Wingdings fonts
}
_FIRST_PRINTED = 0x20
_BOLD_WEIGHT = 600
_FONT_NAME_BYTES = 80
_FIXED_PITCH = 1
_TYPED = re.compile(rb"courier|mono(?!type)|typewriter|consolas", re.IGNORECASE)
"""Fonts of one width by their names: those that every viewer has come without flags."""
_GAP_BETWEEN_CELLS = 0.9
"""In font sizes: a wider gap between two characters of a line separates two cells."""
_RAISED_SIZE = 0.85
"""Of the size of what stands before it: raised figures are smaller than this,"""
_RAISED_BY = 0.12
"""and begin this share of its size higher, which small letters on the same line do not."""
_STEPS = 10**6
"""pdfium places points on a screen of whole pixels; on one this large they are exact enough, and do not overflow."""
_SAMPLED_CHARACTERS = 400


Shares = tuple[float, float, float, float]
"""Left, top, right and bottom of a box as shares of the displayed page, from its top left corner."""


class View:
    """From a page's own coordinates to shares of what is displayed, and to points for measuring."""

    def __init__(self, page: Any, *, number: int, quarter: int = 0) -> None:
        """Look at a page.

        Args:
            number: 1-based.
            quarter: Direction of the text as displayed: 0 to the right, 1 up, 2 to the left, 3 down.
        """
        self.number = number
        self.quarter = quarter
        self._width, self._height = page.get_size()
        self.height = self._width if quarter % 2 else self._height
        """Of the page as it is read, in points."""
        left, top = _on_screen(page, 0, 0)
        right_x, right_y = _on_screen(page, 1000, 0)
        up_x, up_y = _on_screen(page, 0, 1000)
        self._x = ((right_x - left) / 1000, (up_x - left) / 1000, left)
        self._y = ((right_y - top) / 1000, (up_y - top) / 1000, top)

    def shares(self, box: Any) -> Shares:
        """Return where a box stands on the displayed page."""
        (a, b, c), (d, e, f) = self._x, self._y
        x, y = a * box.left + b * box.bottom + c, d * box.left + e * box.bottom + f
        u, v = a * box.right + b * box.top + c, d * box.right + e * box.top + f
        return min(x, u), min(y, v), max(x, u), max(y, v)

    def points(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom as they are read, in points from the bottom left."""
        left, right = left * self._width, right * self._width
        top, bottom = (1 - top) * self._height, (1 - bottom) * self._height
        if self.quarter == 1:
            return bottom, top, self._width - left, self._width - right
        if self.quarter == 2:
            return self._width - right, self._width - left, self._height - bottom, self._height - top
        if self.quarter == 3:
            return self._height - top, self._height - bottom, right, left
        return left, right, top, bottom


def page_lines(page: Any, text_page: Any, *, number: int) -> Iterator[Line]:
    """Yield the lines of a page, in the order in which pdfium reads them.

    Args:
        page: pdfium's page.
        text_page: Its text.
        number: 1-based.
    """
    from pypdfium2 import raw

    turn = page.get_rotation()
    view = View(page, number=number, quarter=_main_direction(text_page, turn))
    box = raw.FS_RECTF()
    line = _LineInMaking(view, rules_of(page, lambda stroke: view.points(*view.shares(stroke))))
    for index in range(text_page.count_chars()):
        code = raw.FPDFText_GetUnicode(text_page, index)
        if code in _LINE_ENDS:
            yield from line.take()
        elif code in _HYPHENS_AT_LINE_END:
            if raw.FPDFText_GetLooseCharBox(text_page, index, box):
                line.mark_hyphen(view.shares(box))  # and the line ends here, although no line end follows
            yield from line.take()
        elif chr(code).isspace() or raw.FPDFText_IsGenerated(text_page, index) == 1:
            line.space()
        elif raw.FPDFText_GetLooseCharBox(text_page, index, box):
            shares = view.shares(box)
            if not _is_on_page(shares):
                continue  # beside what the crop box shows
            if line.starts_word:
                is_bold, is_typed = _font(text_page, index)
                line.weigh(is_bold, is_typed, _direction(text_page, index, turn))
            line.add(code, shares)
    yield from line.take()


def _is_on_page(shares: Shares) -> bool:
    left, top, right, bottom = shares
    return right > 0 and bottom > 0 and left < 1 and top < 1


def _on_screen(page: Any, x: float, y: float) -> tuple[float, float]:
    from pypdfium2 import raw

    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, _STEPS, _STEPS, 0, x, y, across, down)
    return across.value / _STEPS, down.value / _STEPS


def _direction(text_page: Any, index: int, turn: int) -> int:
    """Return in which quarter the character's line runs on the displayed page."""
    from pypdfium2 import raw

    angle = raw.FPDFText_GetCharAngle(text_page, index)  # clockwise, in radians; -1 when it has none
    return round(-angle / (pi / 2) - turn / 90) % 4 if angle > 0 else -(turn // 90) % 4


def _main_direction(text_page: Any, turn: int) -> int:
    from pypdfium2 import raw

    count = text_page.count_chars()
    directions = Counter(
        _direction(text_page, index, turn)
        for index in range(0, count, max(1, count // _SAMPLED_CHARACTERS))
        if raw.FPDFText_IsGenerated(text_page, index) == 0
    )
    return directions.most_common(1)[0][0] if directions else 0


def _font(text_page: Any, index: int) -> tuple[bool, bool]:
    """Return whether a character is bold, and whether all letters of its font are of one width."""
    from pypdfium2 import raw

    name, flags = ctypes.create_string_buffer(_FONT_NAME_BYTES), ctypes.c_int()
    raw.FPDFText_GetFontInfo(text_page, index, name, _FONT_NAME_BYTES, flags)
    is_heavy = raw.FPDFText_GetFontWeight(text_page, index) >= _BOLD_WEIGHT
    is_bold = is_heavy or b"bold" in name.value.lower()  # the fonts that every viewer has come without a weight
    return is_bold, bool(flags.value & _FIXED_PITCH or _TYPED.search(name.value))


class _LineInMaking:
    """Gathers one line's characters into cells."""

    def __init__(self, view: View, rules: Rules) -> None:
        self._view = view
        self._rules = rules
        self._reset()

    def _reset(self) -> None:
        self._weights: set[bool] = set()
        self._is_typed = True
        self._is_turned = self._view.quarter != 0
        self._cells: list[tuple[str, float, float, list[Shares]]] = []
        self._text: list[str] = []
        self._shares: list[Shares] = []
        self._raised: list[bool] = []
        self._plain = (0.0, 0.0)
        """Size and bottom of the last character that is not raised."""
        self._left = self._right = self._top = self._bottom = 0.0
        self._size = 0.0
        self._space = False
        self._half = 0

    @property
    def is_empty(self) -> bool:
        return not self._text and not self._cells

    @property
    def starts_word(self) -> bool:
        return self._space or not self._text

    def space(self) -> None:
        self._space = True

    def weigh(self, is_bold: bool, is_typed: bool, direction: int) -> None:
        self._weights.add(is_bold)
        self._is_typed = self._is_typed and is_typed
        self._is_turned = self._is_turned or direction != 0

    def mark_hyphen(self, shares: Shares) -> None:
        if self._text:
            self._put(SOFT_HYPHEN, shares)

    def add(self, code: int, shares: Shares) -> None:
        left, right, top, bottom = self._view.points(*shares)
        size = top - bottom
        if self.is_empty:
            self._top, self._bottom, self._size = top, bottom, size
        elif self._text and (
            left - self._right > _GAP_BETWEEN_CELLS * max(size, self._size, 1.0)
            or self._rules.part(self._right, left, bottom=bottom, top=top)
        ):
            self._end_cell()
        elif self._text and self._space:
            self._put(" ", (self._shares[-1][2], shares[1], shares[0], shares[3]))
        if not self._text:
            self._left = left
        self._space = False
        self._right = right
        self._size = max(self._size, size)
        is_raised = self._is_raised(size, bottom)
        if not is_raised:
            self._plain = (size, bottom)
        self._put(self._character(code), shares, is_raised=is_raised)

    def _is_raised(self, size: float, bottom: float) -> bool:
        plain_size, plain_bottom = self._plain
        is_higher = bottom > plain_bottom + _RAISED_BY * plain_size
        return bool(self._text) and size < _RAISED_SIZE * plain_size and is_higher

    def _character(self, code: int) -> str:
        """Return what the code stands for; characters beyond the first plane come as two halves."""
        if 0xD800 <= code < 0xDC00:
            self._half = code
            return ""
        if 0xDC00 <= code < 0xE000:
            high, self._half = self._half, 0
            return chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00) if high else "\N{REPLACEMENT CHARACTER}"
        return "" if code < _FIRST_PRINTED else _REPLACED.get(code, chr(code))

    def _put(self, text: str, shares: Shares, *, is_raised: bool = False) -> None:
        left, top, right, bottom = shares
        step = (right - left) / len(text) if text else 0.0
        for number, character in enumerate(text):
            self._text.append(character)
            self._shares.append((left + number * step, top, left + (number + 1) * step, bottom))
            self._raised.append(is_raised)

    def take(self) -> Iterator[Line]:
        """Yield the line, if there is one, and begin the next."""
        self._end_cell()
        if self._cells:
            number = self._view.number
            every = [shares for cell in self._cells for shares in cell[3]]
            strip = Strip(number, max(0.0, min(each[1] for each in every)), min(1.0, max(each[3] for each in every)))
            cells, middle = [], (self._top + self._bottom) / 2
            for text, left, right, shares in self._cells:
                strips = (
                    tuple(Strip(number, max(0.0, each[1]), min(1.0, each[3])) for each in shares)
                    if self._is_turned
                    else (strip,)
                )
                lefts, rights = array("f", [each[0] for each in shares]), array("f", [each[2] for each in shares])
                column = self._rules.column(left, right, middle=middle)
                cells.append(Cell(text, left, right, (Stretch(text, strips, lefts, rights),), column))
            bold = self._weights == {True}
            _, left, right, _ = self._cells[0]
            ruled = (self._rules.above(left, right, middle=middle), self._rules.below(left, right, middle=middle))
            yield Line(
                tuple(cells), self._top, self._bottom, self._size, bold, self._view.height, *ruled, self._is_typed
            )
        self._reset()

    def _end_cell(self) -> None:
        if self._text[-1:] == [_HYPHEN] and "".join(self._text[-2:-1]).isalpha():
            self._text[-1] = SOFT_HYPHEN
        text, shares = _set_apart(self._text, self._shares, self._raised)
        if text.strip():
            self._cells.append((text, self._left, self._right, shares))
        self._text = []
        self._shares = []
        self._raised = []


def _set_apart(text: list[str], shares: list[Shares], is_raised: list[bool]) -> tuple[str, list[Shares]]:
    """Return a cell's text and its places, raised figures set apart from the number before them."""
    said, places = "", []
    for up, group in groupby(range(len(text)), is_raised.__getitem__):
        run = list(group)
        characters = "".join(text[each] for each in run)
        put = raised(characters, before=said, after="".join(text[run[-1] + 1 :])) if up else characters
        if len(put) > len(run):  # a sign of ours, which takes no room on the page
            left, top, _, bottom = shares[run[0]]
            places.append((left, top, left, bottom))
        said += put
        places += [shares[each] for each in run]
    return said, places
