"""Files of formats that no library of ours writes, made byte by byte."""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from knowledge.documents import Document
from knowledge.loaders import load

_SECTOR, _SMALL, _CUTOFF = 512, 64, 4096
_END, _FREE, _TABLE, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF

Streams = Mapping[str, "bytes | Streams"]


def padded(data: bytes, size: int) -> bytes:
    return data + b"\0" * (-len(data) % size)


def chain(first: int, count: int) -> list[int]:
    return [*range(first + 1, first + count), _END] if count else []


class _CompoundFile:
    """Writes streams and storages as MS-CFB version 3."""

    def __init__(self) -> None:
        self.sectors = b""
        self.table: list[int] = []
        self.small = b""
        self.small_table: list[int] = []
        self.entries: list[list[object]] = []

    def store(self, data: bytes) -> int:
        first = len(self.table)
        data = padded(data, _SECTOR)
        self.sectors += data
        self.table += chain(first, len(data) // _SECTOR)
        return first if data else _END

    def add(self, name: str, content: "bytes | Streams") -> int:
        """Add an entry and return its number; siblings hang on one another's right."""
        number = len(self.entries)
        entry: list[object] = [name, 2, _NONE, _NONE, _END, 0]
        self.entries.append(entry)
        if isinstance(content, bytes):
            entry[5] = len(content)
            if len(content) >= _CUTOFF:
                entry[4] = self.store(content)
            elif content:
                entry[4] = len(self.small_table)
                data = padded(content, _SMALL)
                self.small_table += chain(len(self.small_table), len(data) // _SMALL)
                self.small += data
        else:
            entry[1] = 1 if number else 5
            before = None
            for key, value in content.items():
                child = self.add(key, value)
                if before is None:
                    entry[3] = child
                else:
                    self.entries[before][2] = child
                before = child
        return number

    def to_bytes(self) -> bytes:
        root = self.entries[0]
        root[4], root[5] = self.store(self.small), len(self.small)
        small_table = padded(struct.pack(f"<{len(self.small_table)}I", *self.small_table), _SECTOR)
        small_first = self.store(small_table)
        directory = b""
        for name, kind, right, child, first, size in self.entries:
            wide = (str(name) + "\0").encode("utf-16-le")
            directory += struct.pack(
                "<64sHBBIII16sIQQIQ", wide, len(wide), kind, 1, _NONE, right, child, b"", 0, 0, 0, first, size
            )
        directory_first = self.store(directory)
        count = len(self.table) // 127 + 1
        table = [*self.table, *[_TABLE] * count]
        table += [_FREE] * (count * 128 - len(table))
        places = [*range(len(self.table), len(self.table) + count), *[_FREE] * (109 - count)]
        header = struct.pack(
            "<8s16sHHHHH6sIIIIIIIIII",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, count, directory_first, 0, _CUTOFF,
            small_first, len(small_table) // _SECTOR, _END, 0, places[0],
        )  # fmt: skip
        header += struct.pack("<108I", *places[1:])
        return header + self.sectors + struct.pack(f"<{len(table)}I", *table)


@pytest.fixture
def compound_file() -> Callable[[Streams], bytes]:
    """Return a function that writes streams by name as the container of Office before 2007."""

    def write(streams: Streams) -> bytes:
        file = _CompoundFile()
        file.add("Root Entry", streams)
        return file.to_bytes()

    return write


@pytest.fixture
def workbook() -> Callable[[Mapping[str, list[list[object]]]], bytes]:
    """Return a function that writes a BIFF8 stream: sheet name -> rows; `%` after a number formats it so."""

    def record(kind: int, data: bytes = b"") -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def string(text: str, length: str) -> bytes:
        return struct.pack(length, len(text)) + b"\1" + text.encode("utf-16-le")

    def cell(row: int, column: int, value: object) -> bytes:
        if isinstance(value, bool):
            return record(0x205, struct.pack("<HHHBB", row, column, 0, value, 0))
        if isinstance(value, int | float):
            return record(0x203, struct.pack("<HHHd", row, column, 0, value))
        if isinstance(value, tuple):
            return record(0x203, struct.pack("<HHHd", row, column, value[1], value[0]))
        return record(0x204, struct.pack("<HHH", row, column, 0) + string(str(value), "<H"))

    def write(sheets: Mapping[str, list[list[object]]]) -> bytes:
        start = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + record(0x42, struct.pack("<H", 1200))
        start += record(0x31, struct.pack("<HHHHHBBBB", 200, 0, 0, 400, 0, 0, 0, 0, 0) + string("Arial", "<B")) * 4
        for form in (0, 9, 14):  # general, per cent, date
            start += record(0xE0, struct.pack("<HHHBBBBIIH", 0, form, 0, 0, 0, 0, 0, 0, 0, 0))
        bodies = []
        for rows in sheets.values():
            cells = [cell(row, column, value) for row, line in enumerate(rows) for column, value in enumerate(line)]
            bodies.append(record(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 0, 0, 0)) + b"".join(cells) + record(0xA))
        names = [string(name.lstrip("!"), "<B") for name in sheets]
        at = len(start) + sum(4 + 6 + len(name) for name in names) + 4
        for shown, name, body in zip(sheets, names, bodies, strict=True):
            start += record(0x85, struct.pack("<IBB", at, shown.startswith("!"), 0) + name)
            at += len(body)
        return start + record(0xA) + b"".join(bodies)

    return write


ReadOne = Callable[[str, str | bytes], Document]


@pytest.fixture
def read_one(tmp_path: Path) -> ReadOne:
    """Return a function that writes a file and reads the one document in it."""

    def read(name: str, content: str | bytes) -> Document:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (document,) = load(path)
        return document

    return read


@pytest.fixture
def blocks() -> Callable[[Document], list[tuple[str, int, str]]]:
    """Return a function that lists (kind, level, text) of a document's blocks."""
    return lambda document: [(each.kind, each.level, document.text[each.start : each.end]) for each in document.blocks]
