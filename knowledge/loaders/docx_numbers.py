"""The numbers that Word counts: they stand in no text, and yet "see step 3" and "section 2.1" mean them.

numbering.xml -> Numbers -> "3.", "a)", "2.1" for each numbered paragraph, in order
"""

import re
from typing import TYPE_CHECKING, Any

from knowledge.loaders.xml_trees import BrokenXml, UnsafeXml, parse

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_CHINESE = "〇一二三四五六七八九"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_MOST = 9_999


class Numbers:
    """Counts a document's numbered paragraphs; each is asked for once, in their order."""

    def __init__(self, source: Any) -> None:
        self._levels: dict[str, dict[int, Element]] = {}
        """Of each list: how it numbers at each depth."""
        self._list_of: dict[str, str] = {}
        self._starts: dict[tuple[str, int], int] = {}
        """Where a list begins anew that is written as another was."""
        self._counts: dict[str, list[int]] = {}
        self._begun: set[tuple[str, int]] = set()
        root = _root(source)
        if root is None:
            return
        for kind in root.iter(f"{_W}abstractNum"):
            levels = {_whole(level.get(f"{_W}ilvl")): level for level in kind.iter(f"{_W}lvl")}
            known = {depth: level for depth, level in levels.items() if depth < _LEVELS}
            self._levels[kind.get(f"{_W}abstractNumId", "")] = known
        for number in root.iter(f"{_W}num"):
            named, key = number.find(f"{_W}abstractNumId"), number.get(f"{_W}numId", "")
            self._list_of[key] = "" if named is None else named.get(f"{_W}val", "")
            for other in number.iter(f"{_W}lvlOverride"):
                start = other.find(f"{_W}startOverride")
                if start is not None:
                    self._starts[key, _whole(other.get(f"{_W}ilvl"))] = _whole(start.get(f"{_W}val"))

    def next(self, key: str, depth: int) -> str:
        """Return what Word writes before the next paragraph of list `key` at `depth` from 0; "" for a bullet."""
        kind = self._list_of.get(key, "")
        levels = self._levels.get(kind, {})
        if depth not in levels:
            return ""
        counts = self._counts.setdefault(kind, [-1] * _LEVELS)
        start = self._starts.get((key, depth))
        if start is not None and (key, depth) not in self._begun:
            counts[depth] = start - 1
        self._begun.add((key, depth))
        for above in range(depth):
            if counts[above] < 0:
                counts[above] = self._start(levels, above)
        counts[depth] = self._start(levels, depth) if counts[depth] < 0 else counts[depth] + 1
        counts[depth + 1 :] = [-1] * (_LEVELS - depth - 1)
        return self._written(levels, counts, depth)

    def _start(self, levels: "dict[int, Element]", depth: int) -> int:
        start = levels[depth].find(f"{_W}start") if depth in levels else None
        return 1 if start is None else _whole(start.get(f"{_W}val"), 1)

    def _written(self, levels: "dict[int, Element]", counts: list[int], depth: int) -> str:
        form = levels[depth].find(f"{_W}lvlText")
        if _format(levels[depth]) in ("bullet", "none") or form is None:
            return ""
        is_legal = levels[depth].find(f"{_W}isLgl") is not None

        def shown(place: re.Match[str]) -> str:
            at = int(place[1]) - 1
            written = _format(levels[at]) if at in levels and not is_legal else "decimal"
            return _shown(max(0, counts[at]), written)

        return _PLACE.sub(shown, form.get(f"{_W}val", "")).strip()


def _root(source: Any) -> "Element | None":
    parts = (each.target_part for each in source.part.rels.values() if each.reltype.endswith("/numbering"))
    part = next(parts, None)
    try:
        return None if part is None else parse(part.blob)
    except (BrokenXml, UnsafeXml):
        return None


def _format(level: "Element") -> str:
    form = level.find(f"{_W}numFmt")
    return "decimal" if form is None else form.get(f"{_W}val", "decimal")


def _whole(text: str | None, otherwise: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 7 else otherwise


def _shown(number: int, form: str) -> str:
    """Return a number as `form` writes it: decimal for the forms that are not known here."""
    if form in ("lowerLetter", "upperLetter") and 0 < number <= _MOST:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters.upper() if form == "upperLetter" else letters
    if form in ("lowerRoman", "upperRoman") and 0 < number <= _MOST:
        return _roman(number).upper() if form == "upperRoman" else _roman(number)
    if form == "decimalZero":
        return f"{number:02}"
    if (
        form.startswith(("chineseCounting", "ideographDigital", "japaneseCounting", "taiwaneseCounting"))
        and number < 100
    ):
        return _chinese(number)
    return str(number)


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        written += letters * (number // value)
        number %= value
    return written


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    if not tens:
        return _CHINESE[ones]
    return (_CHINESE[tens] if tens > 1 else "") + "十" + (_CHINESE[ones] if ones else "")
