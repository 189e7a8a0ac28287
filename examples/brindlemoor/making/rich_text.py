"""Rich Text Format, written by hand: headings by outline level, paragraphs, bullets, tables."""

from pathlib import Path

from making.pieces import CHANGED, Piece, read_pieces, title_of

PAGE_TWIPS = 9_000
"""Width of the text, in twentieths of a point."""
HALF_POINTS = {1: 36, 2: 28, 3: 24}


def write_rtf(source: Path, target: Path) -> Path:
    """Write a document that every word processor opens."""
    changed = f"\\yr{CHANGED.year}\\mo{CHANGED.month}\\dy{CHANGED.day}"
    head = (
        "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Helvetica;}}\n"
        f"{{\\info{{\\title {_escaped(title_of(source))}}}{{\\revtim{changed}}}}}\n"
    )
    body = "\n".join(_block(piece) for piece in read_pieces(source))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(f"{head}{body}\n}}\n".encode("ascii"))
    return target


def _block(piece: Piece) -> str:
    text = _escaped(piece.text)
    if piece.kind == "heading":
        return f"{{\\pard\\sb240\\sa80\\outlinelevel{piece.level - 1}\\b\\fs{HALF_POINTS[piece.level]} {text}\\par}}"
    if piece.kind == "table":
        return "\n".join(_row(row) for row in piece.rows)
    if piece.kind in ("item", "step"):
        return f"{{\\pard\\li360\\fi-200\\sa60\\fs22 \\bullet  {text}\\par}}"
    return f"{{\\pard\\sa120\\fs22 {text}\\par}}"


def _row(cells: list[str]) -> str:
    width = PAGE_TWIPS // len(cells)
    edges = "".join(f"\\cellx{width * number}" for number in range(1, len(cells) + 1))
    texts = "".join(f"\\pard\\intbl\\fs20 {_escaped(cell)}\\cell" for cell in cells)
    return f"{{\\trowd\\trgaph80{edges}\n{texts}\\row}}"


def _escaped(text: str) -> str:
    """Write the three signs of the format, and everything beyond ASCII, as their codes."""
    plain = text.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
    codes = (sign if sign.isascii() else f"\\u{(ord(sign) + 0x8000) % 0x10000 - 0x8000}?" for sign in plain)
    return "".join(codes)
