"""What a file is by its first bytes, where its suffix says otherwise.

    bytes -> ".docx"

Shops export web pages named `.xls`, programs save RTF named `.doc`. Only marks that cannot be mistaken are taken.
"""

import re
import zipfile
import zlib
from pathlib import Path

from knowledge.loaders.encoding import decode_lenient
from knowledge.loaders.html_menus import words

OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Begins every file of the container of Office before 2007; protected newer ones and Outlook's mails use it too."""
_FIRST_BYTES = 4096
_LONGEST_MIMETYPE = 100
_LARGEST_SEARCHED_BYTES = 200_000_000
_TEXT_AS_ITSELF = words(".md .markdown .mdx .rst .org .html .htm .xhtml .csv .tsv .json .jsonl .yaml .yml .xml .eml")
"""Formats that may begin with anything a text begins with."""
_STREAMS = (
    ("__properties_version1.0", ".msg"),
    ("WordDocument", ".doc"),
    ("Workbook", ".xls"),
    ("Book", ".xls"),
    ("PowerPoint Document", ".ppt"),
)
_MEMBERS = (("word/", ".docx"), ("xl/", ".xlsx"), ("ppt/", ".pptx"))
_MIMETYPES = {b"application/epub+zip": ".epub", b"application/vnd.oasis.opendocument.text": ".odt"}
_PAGE = re.compile(r"\s*(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL)
_XHTML = re.compile(r"\s*<\?xml[^>]*>\s*(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL)
_FRAGMENT = re.compile(r"\s*<(?:table|body|head|meta|style|div)[\s>]", re.IGNORECASE)
_MAIL = re.compile(r"(?:mime-version|message-id|return-path|received|from): ", re.IGNORECASE)


def true_suffix(path: Path, *, suffix: str) -> str:
    """Return the suffix of the format that the file is in; "" when its bytes do not tell or say the same."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_FIRST_BYTES)
    except OSError:
        return ""  # the loader says why
    found = _by_mark(path, start) or _by_text(start, suffix)
    return "" if found == suffix else found


def _by_mark(path: Path, start: bytes) -> str:
    if start.startswith(b"%PDF-"):
        return ".pdf"
    if start.startswith((b"{\\rtf", b"\xef\xbb\xbf{\\rtf")):
        return ".rtf"
    if start.startswith(OLD_OFFICE):
        return _old_office(path)
    if start.startswith(b"PK\x03\x04"):
        return _archive(path)
    return ""


def _old_office(path: Path) -> str:
    """Return the suffix for the stream that such a container holds; its names are in UTF-16."""
    if path.stat().st_size > _LARGEST_SEARCHED_BYTES:
        return ""
    data = path.read_bytes()
    if _stream("EncryptedPackage") in data:
        return ""
    return next((suffix for name, suffix in _STREAMS if _stream(name) in data), "")


def _stream(name: str) -> bytes:
    return (name + "\0").encode("utf-16-le")


def _archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            mimetype = b""
            if "mimetype" in names:
                with archive.open("mimetype") as stream:  # a hostile one unpacks to gigabytes
                    mimetype = stream.read(_LONGEST_MIMETYPE).strip()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error):
        return ""
    if mimetype in _MIMETYPES:
        return _MIMETYPES[mimetype]
    if "[Content_Types].xml" in names:
        return next((kind for folder, kind in _MEMBERS if any(name.startswith(folder) for name in names)), "")
    return ""


def _by_text(start: bytes, suffix: str) -> str:
    has_wide_characters = b"\0" in start or start[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = decode_lenient(start) if has_wide_characters else start.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    if not text:
        return ""
    if suffix == ".xml":
        return ".html" if _PAGE.match(text) or _XHTML.match(text) else ""
    if suffix in _TEXT_AS_ITSELF or suffix not in (".txt", ".doc", ".xls", ".docx", ".xlsx", ".rtf", ".pdf", ".msg"):
        return ""
    if _PAGE.match(text) or _XHTML.match(text) or (suffix in (".doc", ".xls") and _FRAGMENT.match(text)):
        return ".html"
    if suffix == ".txt":
        return ""
    if _MAIL.match(text) and suffix in (".doc", ".xls", ".msg"):
        return ".eml"
    if text.lstrip().startswith("<?xml"):
        return ".xml"
    return {".xls": ".tsv", ".xlsx": ".tsv", ".doc": ".txt", ".rtf": ".txt"}.get(suffix, "")
