"""A printed notice as a scanner sees it: pieces -> a grey PNG picture, slightly crooked, without any text layer."""

import io
import random
import textwrap
from collections.abc import Sequence
from typing import Any

from making.pieces import Piece

WIDTH, HEIGHT = 1_240, 1_754
"""A5 at 212 dots an inch."""
MARGIN = 110
CROOKED_DEGREES = 0.4
SPECKS = 400


def draw_page(pieces: Sequence[Piece]) -> bytes:
    """Draw the pieces, one below the other, in the typeface that comes with Pillow."""
    from PIL import Image, ImageDraw

    page = Image.new("L", (WIDTH, HEIGHT), 246)
    pen = ImageDraw.Draw(page)
    down = MARGIN
    for piece in pieces:
        down = _draw_table(pen, piece.rows, down) if piece.kind == "table" else _draw_text(pen, piece, down)
    chance = random.Random(7)
    for _ in range(SPECKS):
        pen.point((chance.randrange(WIDTH), chance.randrange(HEIGHT)), fill=chance.randrange(120, 220))
    page = page.rotate(CROOKED_DEGREES, resample=Image.Resampling.BICUBIC, fillcolor=246)
    written = io.BytesIO()
    page.save(written, "PNG", dpi=(212, 212), optimize=True)
    return written.getvalue()


def _draw_text(pen: Any, piece: Piece, down: int) -> int:
    from PIL import ImageFont

    size, columns = {1: (64, 30), 2: (46, 42)}.get(piece.level, (34, 62))
    text = f"•  {piece.text}" if piece.kind == "item" else piece.text
    for line in textwrap.wrap(text, columns):
        pen.text((MARGIN, down), line, font=ImageFont.load_default(size), fill=25)
        down += round(size * 1.4)
    return down + round(size * 0.6)


def _draw_table(pen: Any, rows: list[list[str]], down: int) -> int:
    from PIL import ImageFont

    font = ImageFont.load_default(34)
    wide = (WIDTH - 2 * MARGIN) // len(rows[0])
    for row in rows:
        pen.line((MARGIN, down - 8, WIDTH - MARGIN, down - 8), fill=90, width=2)
        for column, text in enumerate(row):
            pen.text((MARGIN + 8 + column * wide, down), text, font=font, fill=25)
        down += 62
    pen.line((MARGIN, down - 8, WIDTH - MARGIN, down - 8), fill=90, width=2)
    return down + 30
