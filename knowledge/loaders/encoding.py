"""Bytes of a text file in, its text out, whatever its encoding.

byte order mark -> UTF-8 -> declared -> charset-normalizer's best guess
"""

import codecs
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from knowledge.errors import UnreadableFile

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252"}
"""What browsers read these names as: the larger set that writers use in truth."""
_NEVER_GUESSED = ["utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_7"]
"""Wide characters show by their mark or their zeros; without either, short texts look like rare Chinese ones."""
_GUESSED_BYTES = 100_000
_SAMPLED_CHARACTERS = 20_000
_LARGEST_CONTROL_SHARE = 0.02
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class TextLines:
    """A text file's lines, each with its line feed, read anew each time they are gone through: the file is not held."""

    path: Path
    encoding: str
    errors: str

    def __iter__(self) -> Iterator[str]:
        with self.path.open(encoding=self.encoding, errors=self.errors) as file:
            for line in file:
                yield line.translate(_CONTROLS)


def read_lines(path: Path) -> TextLines:
    """Return the lines of `read_text`, for files of which a row at a time is enough."""
    encoding, errors = _encoding_of(path)
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        if _control_share(file.read(_SAMPLED_CHARACTERS)) > _LARGEST_CONTROL_SHARE:
            raise _binary(path)
    return TextLines(path, encoding, errors)


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes, or say in one sentence why not."""
    with _opened(path) as file:
        data = file.read()
    if not data.strip():
        raise empty(path)
    return data


def read_text(path: Path, *, declared: str = "") -> str:
    """Return the file's text with line feeds at line ends and without control characters.

    Args:
        path: A file of text.
        declared: The encoding that the file itself names, "" when it names none. Used when
            the bytes are not UTF-8, for many pages that are UTF-8 still declare what their editor once wrote.
    """
    text = _decode(path, read_bytes(path), declared)
    if _control_share(text[:_SAMPLED_CHARACTERS]) > _LARGEST_CONTROL_SHARE:
        raise _binary(path)
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    if not text.strip():
        raise empty(path)
    return text


def decode_lenient(data: bytes, declared: str = "") -> str:
    """Return the text of a stretch of bytes, replacing what cannot be read; "" for binary data.

    Args:
        data: Bytes of text.
        declared: The encoding that is said to hold; used when the bytes are not UTF-8.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace").removeprefix("\ufeff")
    if b"\0" in data:
        return _without_mark(data[: len(data) // 2 * 2]) or ""
    text = _try(data, "utf-8")
    if text is None and declared:
        text = _try(data, _WIDER.get(declared.lower(), declared))
    if text is None:
        text = _guess(data) or data.decode("cp1252", errors="replace")
    return "" if _control_share(text[:_SAMPLED_CHARACTERS]) > _LARGEST_CONTROL_SHARE else text


def empty(path: Path, what: str = "is empty") -> UnreadableFile:
    """Return the error for a file that holds no text."""
    return UnreadableFile(
        f"{path}: the file {what}, so there is nothing to answer from. Put text into it or remove it."
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise UnreadableFile(
            f"{path}: cannot be opened ({error.strerror}). Check that it exists and that you may read it."
        ) from error


def _encoding_of(path: Path) -> tuple[str, str]:
    """Return what `_decode` decodes with, and what is done with bytes that do not fit, without holding the file."""
    with _opened(path) as file:
        head = file.read(_BLOCK_BYTES)
        length, blank = len(head), not head.strip()
        even, odd = head[0::2].count(0), head[1::2].count(0)
        while block := file.read(_BLOCK_BYTES):
            blank = blank and not block.strip()
            if b"\0" in block:
                start = length % 2
                even, odd = even + block[start::2].count(0), odd + block[1 - start :: 2].count(0)
            length += len(block)
    if blank:
        raise empty(path)
    marked = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), "")
    found = marked or (_wide(even, odd, length) if even or odd else "utf-8")
    if found and _holds(path, found):
        return found, "strict"
    guessed = None if marked or even or odd else _guess_encoding(head)
    if guessed is None:
        raise _binary(path)
    return guessed, "replace"


def _holds(path: Path, encoding: str) -> bool:
    """Say whether the whole file is text of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with _opened(path) as file:
            while block := file.read(_BLOCK_BYTES):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decode(path: Path, data: bytes, declared: str) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _try(data, encoding) or _raise(_binary(path))
    if b"\0" in data:
        return _without_mark(data) or _raise(_binary(path))
    for encoding in filter(None, ("utf-8", _WIDER.get(declared.lower(), declared))):
        text = _try(data, encoding)
        if text is not None:
            return text
    return _guess(data) or _raise(_binary(path))


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _without_mark(data: bytes) -> str | None:
    """Decode UTF-16 without a mark: Latin text has its zeros all on one side."""
    encoding = _wide(data[0::2].count(0), data[1::2].count(0), len(data))
    return _try(data, encoding) if encoding else None


def _wide(even: int, odd: int, length: int) -> str:
    """Return which UTF-16 has so many zeros on even and odd places; "" for neither."""
    if max(even, odd) * 4 < length or min(even, odd) * 20 > max(even, odd):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _guess(data: bytes) -> str | None:
    encoding = _guess_encoding(data)
    return data.decode(encoding, errors="replace") if encoding else None


def _guess_encoding(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_GUESSED_BYTES], cp_exclusion=_NEVER_GUESSED).best()
    return best.encoding if best else None


_KEPT_CONTROLS = "\t\n\f"
_CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in _KEPT_CONTROLS}


def _control_share(text: str) -> float:
    odd = sum(1 for character in text if unicodedata.category(character) == "Cc" and character not in "\t\n\r\f")
    return odd / max(1, len(text))


def _binary(path: Path) -> UnreadableFile:
    return UnreadableFile(
        f"{path}: holds binary data, not text, although it is named {path.suffix or 'like a text file'}. "
        "Give it the suffix of its real format, or save it again as UTF-8 text."
    )


def _raise(error: UnreadableFile) -> str:
    raise error
