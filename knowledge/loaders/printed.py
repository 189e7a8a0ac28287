"""Text that remembers where its characters were printed.

    characters with places -> Printed -> cut, joined, cleaned -> PrintedBuilder -> blocks, and a LineBox for every line

The loaders of paged formats clean text a good deal: hyphens at line ends go, cells get their column's name, leaders
shrink. `Printed` carries the places through each of these steps, so nothing has to be searched for afterwards.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

from knowledge.documents import BlockKind, Document, DocumentBuilder, LineBox


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One printed line's place on its page as displayed; shares 0-1 from the top."""

    page: int
    """1-based."""
    top: float
    bottom: float


Place = tuple[Strip, float, float]
"""A character's line, its left and its right edge as shares of the page's width."""


@dataclass(frozen=True, slots=True, eq=False)
class Printed:
    """A text and, for each of its characters, where it was printed; None for what no page shows."""

    text: str
    places: Sequence[Place | None]

    @classmethod
    def plain(cls, text: str) -> "Printed":
        """Return text that no page shows."""
        return cls(text, (None,) * len(text))

    def __add__(self, other: "Printed") -> "Printed":
        return Printed(self.text + other.text, (*self.places, *other.places))

    def __getitem__(self, span: slice) -> "Printed":
        return Printed(self.text[span], self.places[span])

    def strip(self) -> "Printed":
        """Return the text without white space around it."""
        start = len(self.text) - len(self.text.lstrip())
        return self[start : max(start, len(self.text.rstrip()))]

    def replaced(self, pattern: re.Pattern[str], by: str, *, count: int = 0) -> "Printed":
        """Return the text with every match replaced, or the first `count`; a single character keeps its place."""
        parts: list[Printed] = []
        end = 0
        for number, match in enumerate(pattern.finditer(self.text), start=1):
            places = self.places[match.start() : match.end()] if len(by) == len(match[0]) == 1 else (None,) * len(by)
            parts += [self[end : match.start()], Printed(by, places)]
            end = match.end()
            if number == count:
                break
        return join("", [*parts, self[end:]])

    def respaced(self, clean: Callable[[str], str]) -> "Printed":
        """Return what `clean`, which may change white space only, makes of the text."""
        text = clean(self.text)
        kept = (place for character, place in zip(self.text, self.places, strict=True) if not character.isspace())
        return Printed(text, tuple(None if character.isspace() else next(kept) for character in text))


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A stretch of one line as it was read, held in little memory."""

    text: str
    strips: tuple[Strip, ...]
    """The line's own, or one for each character where the line does not run from left to right."""
    lefts: "array[float]"
    rights: "array[float]"

    @property
    def printed(self) -> Printed:
        strips = self.strips if len(self.strips) == len(self.text) else repeat(self.strips[0])
        return Printed(self.text, tuple(zip(strips, self.lefts, self.rights)))  # noqa: B905


def join(separator: str, parts: Iterable[Printed]) -> Printed:
    """Return the parts as one text."""
    texts: list[str] = []
    places: list[Place | None] = []
    for part in parts:
        if texts:
            places.extend(repeat(None, len(separator)))
        texts.append(part.text)
        places.extend(part.places)
    return Printed(separator.join(texts), tuple(places))


class PrintedBuilder(DocumentBuilder):
    """A builder whose document knows where its lines stand."""

    def __init__(self) -> None:
        super().__init__()
        self._boxes: list[LineBox] = []

    def add_printed(self, kind: BlockKind, printed: Printed, *, level: int = 0, header: str = "") -> None:
        """Append one block, as `add` does."""
        printed = printed.strip()
        self.add(kind, printed.text, level=level, header=header)
        if printed.text:
            self._boxes.extend(_boxes(printed, self._length - len(printed.text)))

    def build(self, *, title: str = "", name: str = "", metadata: Mapping[str, str] | None = None) -> Document:
        """Return the document with its layout."""
        document = super().build(title=title, name=name, metadata=metadata)
        return replace(document, layout=tuple(self._boxes))


def _boxes(printed: Printed, offset: int) -> Iterable[LineBox]:
    """Yield a box for each stretch that stands on one line; only white space within it may be placeless."""
    start = end = 0
    strip: Strip | None = None
    for index, (character, place) in enumerate(zip(printed.text, printed.places, strict=True)):
        if strip is not None and (place[0] is not strip if place is not None else not character.isspace()):
            yield _box(printed, strip, start, end, offset)
            strip = None
        if place is not None:
            if strip is None:
                strip, start = place[0], index
            end = index + 1
    if strip is not None:
        yield _box(printed, strip, start, end, offset)


def _box(printed: Printed, strip: Strip, start: int, end: int, offset: int) -> LineBox:
    edges: list[float] = []
    right = 0.0
    for place in printed.places[start:end]:
        edges.append(right if place is None else place[1])
        right = right if place is None else place[2]
    return LineBox(offset + start, offset + end, strip.page, strip.top, strip.bottom, (*edges, right))
