"""Readable sources as blocks, in the few Markdown forms that they use.

| table |, # heading, - item, 1. step, paragraph, [page], [scan]  ->  pieces
[paper A4], [footer TEXT], [date 2024-01-01]                      ->  settings of a PDF
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

AUTHOR = "Brindlemoor"
CHANGED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
"""The date inside every file."""
BRASS = "8A6D3B"
SAND = "F3ECE0"

PieceKind = Literal["heading", "paragraph", "item", "step", "table", "page", "scan"]

SETTING = re.compile(r"\[(paper|footer|date) (.+)]")


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of a source."""

    kind: PieceKind
    text: str = ""
    level: int = 0
    """Depth of a heading, from 1."""
    rows: list[list[str]] = field(default_factory=list)
    """Cells of a table; the first row holds the column names."""


def read_pieces(source: Path) -> Iterator[Piece]:
    """Read a source. Alone on a line, `[page]` starts a page of a PDF and `[scan]` one that is a picture."""
    rows: list[list[str]] = []
    for line in [*source.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("|"):
            if not re.fullmatch(r"[|\s:-]+", line):
                rows.append([cell.strip() for cell in line.strip("|").split("|")])
            continue
        if rows:
            yield Piece("table", rows=rows)
            rows = []
        if heading := re.fullmatch(r"(#+) (.+)", line):
            yield Piece("heading", heading[2], level=len(heading[1]))
        elif line in ("[page]", "[scan]"):
            yield Piece("page" if line == "[page]" else "scan")
        elif line.startswith("- "):
            yield Piece("item", line[2:])
        elif step := re.fullmatch(r"\d+\. (.+)", line):
            yield Piece("step", step[1])
        elif line and not SETTING.fullmatch(line):
            yield Piece("paragraph", line)


def read_settings(source: Path) -> dict[str, str]:
    """Return what the source says about its paper, its footer and its date."""
    lines = source.read_text(encoding="utf-8").splitlines()
    return {setting[1]: setting[2] for line in lines if (setting := SETTING.fullmatch(line))}


def title_of(source: Path) -> str:
    """Return the first heading."""
    return next(piece.text for piece in read_pieces(source) if piece.kind == "heading")


def is_chinese(source: Path) -> bool:
    """Say whether the source holds Chinese characters."""
    return re.search(r"[\u4e00-\u9fff]", source.read_text(encoding="utf-8")) is not None
