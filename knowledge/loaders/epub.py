"""E-books (EPUB 2 and 3): the pages of the book in reading order, each heading anchored in the page it stands on."""

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.archives import PARSER_FAULTS, check_archive, damaged
from knowledge.loaders.dates import dated, iso_day
from knowledge.loaders.encoding import decode_lenient, empty
from knowledge.loaders.html import add_html
from knowledge.loaders.xml_trees import BrokenXml, UnsafeXml, local_name, parse

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONT_METHODS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Only hide the fonts; the text is plain."""
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document", "")


def load(path: Path) -> Iterator[Document]:
    """Yield the book as one document; its title and date are those of its package."""
    check_archive(path, needed=_CONTAINER)
    builder = DocumentBuilder()
    try:
        with zipfile.ZipFile(path) as archive:
            book = _Book(archive, path)
            book.read(builder)
    except PARSER_FAULTS as error:
        raise damaged(path) from error
    metadata = dated(book.date)
    if book.creator:
        metadata["author"] = book.creator
    document = builder.build(title=book.title, metadata=metadata)
    if not document.blocks:
        raise empty(path, "holds no text on its pages")
    yield document


class _Book:
    """An open e-book."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive = archive
        self._path = path
        self._names = set(archive.namelist())
        self._check_protection()
        roots = (each.get("full-path", "") for each in self._xml(_CONTAINER).iter() if local_name(each) == "rootfile")
        package = next(roots, "")
        self._folder = posixpath.dirname(package)
        self._package = self._xml(package)
        said = self._said()
        self.title = said.get("title", "")
        self.creator = said.get("creator", "")
        self.date = iso_day(said.get("modified")) or iso_day(said.get("date"))
        self._chapters = self._contents()

    def read(self, builder: DocumentBuilder) -> None:
        """Add every page in the order of the book's spine; a page that is missing is passed over."""
        for name in self._spine():
            if name not in self._names:
                continue
            html = decode_lenient(self._archive.read(name)).lstrip("\ufeff")
            page = DocumentBuilder()
            add_html(page, html, path=self._path, place=posixpath.basename(name))
            chapter = self._chapters.get(name, "")
            blocks = page.build().blocks
            if chapter and blocks and not any(block.kind == "heading" for block in blocks):
                builder.add("heading", chapter, level=1, anchor=posixpath.basename(name))
            add_html(builder, html, path=self._path, place=posixpath.basename(name))

    def _check_protection(self) -> None:
        if _ENCRYPTION not in self._names:
            return
        methods = [
            each.get("Algorithm", "")
            for each in self._xml(_ENCRYPTION).iter()
            if local_name(each) == "EncryptionMethod"
        ]
        if any(method not in _FONT_METHODS for method in methods):
            raise UnreadableFile(
                f"{self._path}: is protected against copying (DRM). Ask its publisher for a copy without protection."
            )

    def _xml(self, name: str) -> "Element":
        try:
            return parse(self._archive.read(name))
        except (BrokenXml, UnsafeXml) as error:
            raise damaged(self._path) from error

    def _said(self) -> dict[str, str]:
        """Return the first of each Dublin Core element, and `modified` as EPUB 3 writes it."""
        said: dict[str, str] = {}
        for element in self._package.iter():
            text = " ".join((element.text or "").split())
            if local_name(element) in ("title", "creator", "date") and text:
                said.setdefault(local_name(element), text)
            elif local_name(element) == "meta" and element.get("property") == "dcterms:modified":
                said["modified"] = text
        return said

    def _spine(self) -> list[str]:
        manifest = {item.get("id", ""): item for item in self._package.iter() if local_name(item) == "item"}
        pages = []
        for reference in self._package.iter():
            item = manifest.get(reference.get("idref", "")) if local_name(reference) == "itemref" else None
            if item is not None and item.get("media-type", "") in _PAGES:
                pages.append(self._place(item.get("href", "")))
        return list(dict.fromkeys(pages))

    def _place(self, href: str, folder: str | None = None) -> str:
        """Return the name within the archive that a reference of the package stands for."""
        name = unquote(href.partition("#")[0])
        return posixpath.normpath(posixpath.join(self._folder if folder is None else folder, name))

    def _contents(self) -> dict[str, str]:
        """Return what the table of contents calls each page, from the older kind of table or the newer."""
        chapters: dict[str, str] = {}
        for item in self._package.iter():
            if local_name(item) != "item":
                continue
            name = self._place(item.get("href", ""))
            is_table = item.get("media-type") == "application/x-dtbncx+xml" or "nav" in (item.get("properties") or "")
            if is_table and name in self._names:
                try:
                    table = parse(self._archive.read(name))
                except (BrokenXml, UnsafeXml):
                    continue  # the book can be read without
                for href, label in _entries(table):
                    chapters.setdefault(self._place(href, posixpath.dirname(name)), label)
        return chapters


def _entries(table: "Element") -> Iterator[tuple[str, str]]:
    for element in table.iter():
        label, href = "", ""
        if local_name(element) == "navPoint":
            for part in element:
                if local_name(part) == "navLabel":
                    label = " ".join("".join(str(text) for text in part.itertext()).split())
                elif local_name(part) == "content":
                    href = part.get("src", "")
        elif local_name(element) == "a":
            label, href = " ".join("".join(str(text) for text in element.itertext()).split()), element.get("href", "")
        if label and href:
            yield href, label
