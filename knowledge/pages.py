"""Pages as pictures, and where on them a passage stands.

    document and page -> the file it came from, if it is still the same -> PNG;   span -> rectangles

Which file that is stands in the catalogue alone: a caller names a document that the audiences may see, never a path.
"""

import hashlib
import io
import logging
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, select

from knowledge.catalog import Catalog
from knowledge.drawing import NotDrawn, draw
from knowledge.errors import KnowledgeError
from knowledge.layout import unpack
from knowledge.schema import document, file, source

logger = logging.getLogger(__name__)

MOST_BYTES = 300_000_000
"""Of a file whose pages are shown."""
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
class _Original:
    """A document's file as the catalogue knows it."""

    name: str
    path: str
    content: str
    location: str


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
        for original in originals:
            key = (original.content, _member(original), page)
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            data = _read(original)
            if data is None:
                continue
            view = self._draw(data, PurePosixPath(original.name), page)
            with self._lock:
                self._kept[key] = view
                while len(self._kept) > KEPT_PAGES:
                    self._kept.popitem(last=False)
            return view
        raise _not_at_hand(name)

    def _originals(
        self, collection: str, name: str, page: int, audiences: Sequence[str], content: str
    ) -> Sequence[_Original]:
        query = (
            select(document.c.name, document.c.text, file.c.path, file.c.content, source.c.location)
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
            _Original(row.name, row.path, row.content, row.location)
            for row in rows
            if 1 <= page <= row.text.count("\f") + 1
        ]

    def _draw(self, data: bytes, name: PurePosixPath, page: int) -> PageView:
        try:
            image = draw(data, name=name, page=page, passwords=self._passwords)
        except NotDrawn as error:
            logger.warning("page %d of %s: %s", page, name, error)
            raise _not_at_hand(str(name)) from error
        width, height = (int.from_bytes(image[start : start + 4], "big") for start in _PNG_SIZE)
        return PageView(page, width, height, image)


def _touches(above: Rectangle, below: Rectangle) -> bool:
    return (
        above.page == below.page
        and abs(above.left - below.left) < _SAME
        and abs(above.right - below.right) < _SAME
        and -_SAME < max(above.top, below.top) - min(above.bottom, below.bottom) < _SAME
    )


def _not_at_hand(name: str) -> KnowledgeError:
    return KnowledgeError(
        f"The original of {name!r} is not at hand: it was moved, changed or removed since it was read. "
        "Next: frontdesk ingest FOLDER"
    )


# --- files -----------------------------------------------------------------------------------------------------------


def _member(original: _Original) -> str:
    """Return the path within the archive; "" for a file that stands by itself."""
    start = original.path + MEMBER
    return str(original.name[len(start) :]) if original.name.startswith(start) else ""


def _read(original: _Original) -> bytes | None:
    """Return the bytes that the document was read from; None when they are not to be had any more."""
    location = Path(original.location)
    path = location if location.is_file() else location / original.path
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != original.content:
            return None
        member = _member(original)
        return _unpacked(data, member) if member else data
    except (OSError, ValueError):  # a name that no file can have
        return None


def _unpacked(archive: bytes, member: str) -> bytes | None:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened, opened.open(member) as stream:
            data = stream.read(MOST_BYTES + 1)
    except (KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile, OSError, EOFError):
        return None
    return data if len(data) <= MOST_BYTES else None
