"""Signs and formulas of a Word document, as text.

<w:sym w:font="Symbol" w:char="F0A3"/>                    ->  ≤
<m:f><m:num>U</m:num><m:den>I</m:den></m:f>               ->  U/I
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SYMBOL = dict(zip(
    map(ord, "\x22\x24\x27\x44\x46\x47\x4c\x50\x51\x53\x57\x59\x61\x62\x63\x64\x65\x66\x67\x68\x6a\x6b\x6c\x6d\x6e\x70"
    "\x71\x72\x73\x74\x77\x78\x79\x7a\xa0\xa3\xa5\xab\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb6\xb7\xb8\xb9\xba\xbb\xbc"
    "\xc5\xc6\xce\xd2\xd3\xd4\xd5\xd6\xd7\xdb\xdc\xdd\xde\xdf\xe2\xe3\xe4\xe5"),
    "∀∃∋ΔΦΓΛΠΘΣΩΨαβχδεφγηϕκλμνπθρστωξψζ€≤∞↔←↑→↓°±″≥×∂•÷≠≡≈…⊕∅∈®©™∏√⋅⇔⇐⇑⇒⇓®©™∑",
    strict=True,
))  # fmt: skip
"""Character codes of the font Symbol."""
_WINGDINGS = {0x28: "☎", 0x2A: "✉", 0x6C: "•", 0x6E: "▪", 0x6F: "□", 0x71: "□", 0xA7: "▪", 0xA8: "□", 0xD8: "•",
    0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "→", 0xF0: "⇒", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒",
    0xFE: "☑"}  # fmt: skip
_PRIVATE = range(0xF000, 0xF100)
_BRACKETS = "({[|⌊⌈‖<"


def sign(symbol: "Element") -> str:
    """Return what a `w:sym` shows; "" for a picture of a font that is not known here."""
    written = symbol.get(f"{_W}char", "")
    code = int(written, 16) if written.isalnum() and len(written) <= 5 and _is_hexadecimal(written) else 0
    font = symbol.get(f"{_W}font", "").casefold()
    if font == "symbol":
        return _SYMBOL.get(code & 0xFF, chr(code & 0xFF) if 0x20 <= code & 0xFF < 0x40 else "")
    if font.startswith("wingdings"):
        return _WINGDINGS.get(code & 0xFF, "") if font == "wingdings" else ""
    return "" if code in _PRIVATE or not 0x20 <= code < 0xD800 else chr(code)


def formula(element: "Element", said: "Callable[[Element], str]") -> str | None:
    """Return a part of a formula on one line; None for what is read as its children are.

    Args:
        element: Of the mathematical namespace.
        said: Returns the text of an element's children.
    """

    def part(name: str) -> str:
        child = element.find(f"{_M}{name}")
        return "" if child is None else said(child).strip()

    name = element.tag.removeprefix(_M)
    if name == "t":
        return element.text or ""
    if name == "f":
        return f"{_grouped(part('num'))}/{_grouped(part('den'))}"
    if name == "sSup":
        return f"{_grouped(part('e'))}^{_grouped(part('sup'))}"
    if name == "rad":
        degree = part("deg")
        return f"{degree if degree else ''}√{_grouped(part('e'))}"
    if name == "d":
        return f"({', '.join(said(each).strip() for each in element.iterchildren(f'{_M}e'))})"
    return None


def is_formula(element: "Element") -> bool:
    """Say whether an element is a part of a formula."""
    return isinstance(element.tag, str) and element.tag.startswith(_M)


def _grouped(text: str) -> str:
    return text if text.isalnum() or text[:1] in _BRACKETS else f"({text})"


def _is_hexadecimal(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in text)
