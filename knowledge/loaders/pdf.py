"""PDF files: pages of characters in, pages of blocks out.

    file -> pdfium -> `pdf_page` (or `ocr`, for a scan) -> lines with place and size -> `pdf_layout` -> blocks

pdfium is not safe for threads, so whoever calls it here or elsewhere holds `PDFIUM`.
"""

import re
import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from knowledge import pace
from knowledge.counting import counted
from knowledge.documents import Document
from knowledge.errors import PartlyUnreadable, UnreadableFile
from knowledge.loaders import NO_OPTIONS, LoadOptions, ocr
from knowledge.loaders.encoding import read_bytes
from knowledge.loaders.pdf_layout import add_pages
from knowledge.loaders.pdf_lines import Line
from knowledge.loaders.pdf_page import page_lines
from knowledge.loaders.printed import PrintedBuilder

PDFIUM = threading.Lock()
"""Held around every call of pdfium."""
DOTS_PER_INCH = 300
"""Of the images that text is recognised in."""
MOST_PIXELS = 25_000_000
"""Of a rendered page, 25 MB in grey."""
_LITTLE_TEXT = 150
"""A page that is mostly image and has fewer characters than this is a scan with a stamp."""
_MOSTLY_IMAGE = 0.6
_SMALLEST_SCAN = 36
"""In points."""
_IMAGE_DEPTH = 3
_FLATTENED = 1
_EMPTY_TITLE = re.compile(
    r"\W*(untitled|anonymous|unnamed|title|about:blank|无标题|.*\.(docx?|indd|dvi|tex|pptx?|xlsx?|pdf|html?|od[tps]))\W*",
    re.I,
)
_DATE = re.compile(r"(?:D:)?\s*(\d{4})(\d\d)(\d\d)")


@dataclass(slots=True)
class _Contents:
    """What was read of a file."""

    pages: list[list[Line]] = field(default_factory=list)
    outline: dict[int, dict[str, int]] = field(default_factory=dict)
    title: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)
    """Page -> why what it shows could not be read."""
    broken: list[int] = field(default_factory=list)
    """Pages that pdfium cannot open."""


def load(path: Path, *, options: LoadOptions = NO_OPTIONS) -> Iterator[Document]:
    """Yield the file as one paged document; its title is the one in its properties, else its first heading.

    Raises:
        PartlyUnreadable: After the document: some of its pages could not be read.
        UnreadableFile: Most of it, or all, could not.
    """
    contents = _read(path, read_bytes(path), options)
    builder = PrintedBuilder()
    add_pages(builder, contents.pages, contents.outline)
    document = builder.build(title=contents.title, metadata=contents.metadata)
    faults = _faults(path, contents, has_text=bool(document.blocks))
    if not document.blocks:
        raise UnreadableFile(
            f"{path}: has no text on its {counted(len(contents.pages), 'page')}, and none is recognised in what "
            "they show. Leave it out, or scan it anew."
        )
    yield document
    if faults:
        raise PartlyUnreadable(f"{path}: {faults}", (("", faults),))


@contextmanager
def opened(data: bytes, *, passwords: tuple[str, ...] = ()) -> Iterator[Any]:
    """Open a PDF with the first password that fits; the caller holds `PDFIUM` around every use, this one excepted.

    Raises:
        pypdfium2.PdfiumError: It cannot be opened.
    """
    with PDFIUM:
        source = _open(data, passwords)
    try:
        yield source
    finally:
        with PDFIUM:
            source.close()


def _open(data: bytes, passwords: tuple[str, ...]) -> Any:
    from pypdfium2 import PdfDocument, PdfiumError

    for password in (None, *passwords):
        try:
            return PdfDocument(data, password=password)
        except PdfiumError as error:
            if not _wants_password(error) or password == (passwords or (None,))[-1]:
                raise
    raise AssertionError("one attempt is always made")


def _wants_password(error: Exception) -> bool:
    return "password" in str(error).lower()


def _read(path: Path, data: bytes, options: LoadOptions) -> _Contents:
    from pypdfium2 import PdfiumError

    contents = _Contents()
    try:
        with opened(data, passwords=options.passwords) as source:
            with PDFIUM:
                count = len(source)
                _read_properties(source, contents)
            for number in range(1, count + 1):
                contents.pages.append(_read_page(source, number, contents, options))
                pace.alive()
    except PdfiumError as error:
        if _wants_password(error):
            tried = ", and none of the known ones opens it" if options.passwords else ""
            raise UnreadableFile(
                f"{path}: is protected by a password{tried}. Set it, for example FRONTDESK_PDF_PASSWORDS='…', or save "
                f"a copy without one: qpdf --decrypt --password=… {shlex.quote(str(path))} open.pdf"
            ) from error
        raise UnreadableFile(
            f"{path}: is not a PDF, or damaged beyond repair ({error}). Open it in a viewer and print it to a new PDF."
        ) from error
    return contents


def _faults(path: Path, contents: _Contents, *, has_text: bool) -> str:
    """Return what is wrong with a smaller part of the document, else ""; fail when it is the greater part."""
    faults = []
    if contents.broken:
        pages = ", ".join(map(str, contents.broken))
        faults.append(f"damaged pages are left out ({pages}). Open it in a viewer and print it to a new PDF.")
    if not contents.unread:
        return " ".join(faults)
    seen = sum(1 for number, lines in enumerate(contents.pages, start=1) if lines or number in contents.unread)
    pages = ", ".join(map(str, contents.unread))
    why = next(iter(contents.unread.values()))
    if not has_text or len(contents.unread) * 2 > seen:
        raise UnreadableFile(
            f"{path}: no text layer on {len(contents.unread)} of {counted(len(contents.pages), 'page')}, probably a "
            f"scan; {why}"
        )
    return " ".join([*faults, f"pages without text layer are left out ({pages}); {why}"])


# --- properties ------------------------------------------------------------------------------------------------------


def _read_properties(source: Any, contents: _Contents) -> None:
    title = " ".join(_said(source.get_metadata_value, "Title").replace("\0", "").split()).removeprefix(
        "Microsoft Word - "
    )
    contents.title = "" if _EMPTY_TITLE.fullmatch(title) else title
    written = _day(_said(source.get_metadata_value, "ModDate")) or _day(
        _said(source.get_metadata_value, "CreationDate")
    )
    if written:
        contents.metadata["date"] = written
    for mark in source.get_toc():
        target = mark.get_dest()
        page = target.get_index() if target else None
        if page is not None:
            contents.outline.setdefault(page + 1, {})[_said(mark.get_title)] = mark.level + 1


def _said(ask: Callable[..., str], *about: str) -> str:
    """Return what the file says; "" where it is no text, as half a character is not."""
    try:
        return ask(*about)
    except ValueError:
        return ""


def _day(stamp: str) -> str:
    """Return the day of a PDF's time stamp, `D:20260131…`, as `YYYY-MM-DD`; "" when it is none."""
    match = _DATE.match(stamp)
    try:
        return date(*map(int, match.groups())).isoformat() if match else ""
    except ValueError:
        return ""


# --- pages -----------------------------------------------------------------------------------------------------------


def _read_page(source: Any, number: int, contents: _Contents, options: LoadOptions) -> list[Line]:
    from pypdfium2 import PdfiumError

    try:
        with PDFIUM:
            page = flat_page(source, number - 1)
            try:
                text_page = page.get_textpage()
                try:
                    lines = list(page_lines(page, text_page, number=number))
                finally:
                    text_page.close()
                if not _is_scan(page, lines):
                    return lines
                width, height = page.get_size()
                image = render(page, width=width * DOTS_PER_INCH / 72)
            finally:
                page.close()
    except PdfiumError:
        contents.broken.append(number)  # it costs its own text, not the document's
        return []
    try:
        seen = ocr.recognise(
            image, size=(width, height), number=number, languages=options.ocr_languages, dots_per_inch=DOTS_PER_INCH
        )
    except ocr.NotRecognised as error:
        contents.unread[number] = str(error)
        return lines
    return ocr.merged(lines, seen)


def flat_page(source: Any, index: int) -> Any:
    """Open a page with what stands in its forms and notes as part of it, which is how a viewer shows it.

    The caller holds `PDFIUM` and closes the page.
    """
    from pypdfium2 import raw

    page = source[index]
    if raw.FPDFPage_GetAnnotCount(page) == 0 or raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) != _FLATTENED:
        return page
    page.close()
    return source[index]


def render(page: Any, *, width: float, most_pixels: int = MOST_PIXELS, grey: bool = True) -> Any:
    """Return an image (Pillow) of a page, about `width` pixels wide; the caller holds `PDFIUM`."""
    points_wide, points_high = page.get_size()
    scale = min(width / max(points_wide, 1), (most_pixels / max(1, points_wide * points_high)) ** 0.5)
    return page.render(scale=scale, grayscale=grey).to_pil().copy()


def _is_scan(page: Any, lines: list[Line]) -> bool:
    """Say whether a page shows what its text layer does not hold."""
    from pypdfium2 import raw

    characters = sum(len(line.text) for line in lines)
    if characters >= _LITTLE_TEXT:
        return False
    width, height = page.get_size()
    if min(width, height) < _SMALLEST_SCAN:
        return False
    if not lines:
        return next(page.get_objects(max_depth=1), None) is not None
    covered = 0.0
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_IMAGE_DEPTH):
        left, bottom, right, top = image.get_bounds()
        covered += max(0.0, min(right, width) - max(left, 0.0)) * max(0.0, min(top, height) - max(bottom, 0.0))
    return bool(covered >= _MOSTLY_IMAGE * width * height)
