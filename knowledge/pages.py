"""Pages as pictures, and where on them a passage stands.

    document and page -> the file it came from, if it is still the same -> PNG;   span -> rectangles

Which file that is stands in the catalogue alone: a caller names a document that the audiences may see, never a path.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Label, func, select

from knowledge.catalog import Catalog
from knowledge.drawing import MOST_BYTES, NotAtHand, NotDrawn, Original, OutOfReach, draw, turn
from knowledge.errors import KnowledgeError
from knowledge.layout import unpack
from knowledge.schema import document, file, source

logger = logging.getLogger(__name__)

KEPT_PAGES = 16
MEMBER = "!/"
"""Stands between an archive's name and that of a file within it."""
_PNG_SIZE = (16, 20)
"""Where a PNG file says how wide and how high it is, four bytes each."""
_SAME = 0.004
"""Rectangles whose edges differ by less, in shares of the page, are drawn as one."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a page; shares 0-1 from its top left corner."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageView:
    """A page as it looks."""

    page: int
    width: int
    height: int
    """In pixels."""
    image: bytes
    """PNG."""


def rectangles(connection: Connection, document_id: int, start: int, end: int) -> tuple[Rectangle, ...]:
    """Return where `text[start:end]` of a document stands; () when its format has no fixed pages."""
    packed = connection.execute(select(document.c.layout).where(document.c.id == document_id)).scalar()
    found: list[Rectangle] = []
    for box in unpack(packed) if packed else ():
        first, last = max(start, box.start) - box.start, min(end, box.end) - box.start
        if first >= last:
            continue
        edges = box.edges[first : last + 1]
        part = Rectangle(box.page, min(edges), box.top, max(edges), box.bottom)
        if found and _touches(found[-1], part):
            above = found.pop()
            part = Rectangle(part.page, part.left, min(above.top, part.top), part.right, max(above.bottom, part.bottom))
        found.append(part)
    return tuple(found)


def content_of(connection: Connection, document_id: int) -> str:
    """Return the SHA-256 of the file that a document was read from."""
    found = select(file.c.content).join(document, document.c.file_id == file.c.id).where(document.c.id == document_id)
    return str(connection.execute(found).scalar_one())


class Pages:
    """Draws pages; the last few are kept."""

    def __init__(self, catalog: Catalog, *, passwords: tuple[str, ...] = ()) -> None:
        self._catalog = catalog
        self._passwords = passwords
        self._kept: OrderedDict[tuple[str, str, int], PageView] = OrderedDict()
        self._lock = threading.Lock()

    def view(self, collection: str, name: str, page: int, *, audiences: Sequence[str], content: str = "") -> PageView:
        """Return a page of a document.

        Args:
            page: 1-based.
            content: SHA-256 of the file; two sources may hold a document of this name, and this tells which is meant.

        Raises:
            KnowledgeError: there is no such page, or the audiences may not see it (the message is the same); or the
                file is no longer what was read.
        """
        originals = self._originals(collection, name, page, audiences, content)
        if not originals:
            raise KnowledgeError(f"There is no page {page} in a document named {name!r}.")
        kept = self._find(originals[0], page)
        if kept is not None:
            return kept
        with turn():  # while it waited, another may have drawn the page
            return self._first(originals, name, page)

    def _find(self, original: Original, page: int) -> PageView | None:
        """Return the page if it is kept."""
        key = (original.content, original.member, page)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _originals(
        self, collection: str, name: str, page: int, audiences: Sequence[str], content: str
    ) -> Sequence[Original]:
        query = (
            select(document.c.name, _pages(), file.c.path, file.c.content, source.c.location)
            .join(file, file.c.id == document.c.file_id)
            .join(source, source.c.id == file.c.source_id)
            .where(
                document.c.collection == collection,
                document.c.name == name,
                document.c.audience.in_(audiences),
                document.c.paged,
                file.c.content != "",
            )
            .order_by(document.c.generation.desc(), document.c.id.desc())
        )
        if content:
            query = query.where(file.c.content == content)
        with self._catalog.read() as connection:
            rows = connection.execute(query).all()
        return [
            Original(row.location, row.path, _member(row.name, row.path), row.content)
            for row in rows
            if 1 <= page <= row.pages
        ]

    def _first(self, originals: Sequence[Original], name: str, page: int) -> PageView:
        """Return the page of the first of these files that can be drawn."""
        fault: NotDrawn | None = None
        for original in originals:
            try:
                return self._find(original, page) or self._draw(original, page)
            except NotDrawn as error:
                logger.warning("page %d of %s: %s", page, name, error)
                fault = error
        raise KnowledgeError(_not_shown(name, page, fault)) from fault

    def _draw(self, original: Original, page: int) -> PageView:
        image = draw(original, page, passwords=self._passwords)
        width, height = (int.from_bytes(image[start : start + 4], "big") for start in _PNG_SIZE)
        view = PageView(page, width, height, image)
        with self._lock:
            self._kept[original.content, original.member, page] = view
            while len(self._kept) > KEPT_PAGES:
                self._kept.popitem(last=False)
        return view


def _touches(above: Rectangle, below: Rectangle) -> bool:
    return (
        above.page == below.page
        and abs(above.left - below.left) < _SAME
        and abs(above.right - below.right) < _SAME
        and -_SAME < max(above.top, below.top) - min(above.bottom, below.bottom) < _SAME
    )


def _pages() -> Label[int]:
    """Count the pages where the text lies: it may be long, and anyone may ask."""
    text = document.c.text
    return (func.length(text) - func.length(func.replace(text, "\f", "")) + 1).label("pages")


def _member(name: str, path: str) -> str:
    """Return the path within the archive; "" for a file that stands by itself."""
    return name.removeprefix(path + MEMBER) if name.startswith(path + MEMBER) else ""


def _not_shown(name: str, page: int, fault: NotDrawn | None) -> str:
    if isinstance(fault, NotAtHand):
        return (
            f"The original of {name!r} is not at hand: it was moved, changed or removed since it was read. "
            "Next: frontdesk ingest FOLDER"
        )
    if isinstance(fault, OutOfReach):
        return (
            f"The pages of {name!r} are not shown, its text is: it is larger than {MOST_BYTES // 10**6} MB, or lies in "
            "a mail or in an archive within an archive. Next: to have them shown, save it as a file of its own in the "
            "folder, then frontdesk ingest FOLDER"
        )
    return f"Page {page} of {name!r} cannot be drawn ({fault}). Next: open it in a viewer and print it to a new PDF."
