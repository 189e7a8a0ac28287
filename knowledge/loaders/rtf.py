"""Rich Text Format: paragraphs, headings by outline level or style, lists, tables.

Read by our own few lines after Microsoft's RTF 1.9 specification, since the libraries for it give up structure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.dates import dated, iso_day
from knowledge.loaders.encoding import empty, read_bytes
from knowledge.loaders.html_menus import words
from knowledge.loaders.raised import joined
from knowledge.loaders.tables import add_grid

_TOKEN = re.compile(
    r"\\(?:([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|'([0-9a-fA-F]{2})|([^a-zA-Z\r\n]|\r?\n|\r))"
    r"|([{}])|([^\\{}\r\n]+)|[\r\n]+"
)
_SIGNS = {
    "tab": "\t", "line": "\n", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•",
    "endash": "–", "emdash": "—", "emspace": " ", "enspace": " ", "qmspace": " ", "softline": "\n",
}  # fmt: skip
_LEFT_OUT = words(
    "fonttbl colortbl listtable listoverridetable revtbl rsidtbl generator pict object header headerl headerr headerf "
    "footer footerl footerr footerf ftnsep ftnsepc filetbl themedata colorschememapping latentstyles datastore "
    "xmlnstbl fldinst bkmkstart bkmkend nonshppict pgptbl mmathPr atnid atnauthor annotation atrfstart atrfend tc xe "
    "do sp shprslt"
)
_TAKEN = words("fldrslt footnote shpinst shptxt listtext pntext shppict rtf nonesttables nesttableprops")
_CODE_PAGES = {0: "cp1252", 2: "cp1252", 77: "mac_roman", 78: "cp932", 128: "cp932", 129: "cp949", 130: "johab",
    134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250"}  # fmt: skip
"""What encoding a font's character set stands for."""
_HEADING_STYLE = re.compile(r"(?:heading|überschrift|titre|标题|標題)\s*([1-9])|(title)", re.IGNORECASE)
_BULLET = re.compile(r"\s*[•·‣◦▪■●○\uf0b7]\s*")
_LONGEST_HEADING = 300
_DEEPEST = 1_000


@dataclass(frozen=True, slots=True)
class _State:
    """What holds within a group."""

    encoding: str = "cp1252"
    skipped: bool = False
    fallback: int = 1
    """How many characters stand for a Unicode one in old programs."""
    hidden: bool = False
    struck_out: bool = False
    deleted: bool = False
    """Under review."""
    raised: bool = False
    """Whether characters stand above the line."""
    place: str = ""
    """"" the text, else the destination that is gathered: title, revtim, creatim, stylesheet, style, fonttbl,
    listtext, footnote."""

    @property
    def is_read(self) -> bool:
        """Whether what stands here is there for a reader, and still holds."""
        return not (self.skipped or self.hidden or self.struck_out or self.deleted)


def load(path: Path) -> Iterator[Document]:
    """Yield the file as one document."""
    data = read_bytes(path)
    if not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{\\rtf"):
        raise UnreadableFile(f"{path}: is not a .rtf file, or damaged. Open it in an office program and save it again.")
    reader = Reader(DocumentBuilder())
    reader.read(data.decode("latin-1"))
    document = reader.builder.build(
        title=reader.said.get("title", "").strip(),
        metadata=dated(reader.said.get("revtim") or reader.said.get("creatim")),
    )
    if not document.blocks:
        raise empty(path, "holds no text")
    yield document


class _Raised(str):
    """Text that stands above the line."""

    __slots__ = ()


class Reader:
    """Follows the groups and control words and writes paragraphs and tables into a builder."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self.builder = builder
        self.said: dict[str, str] = {}
        self._state = _State()
        self._groups: list[_State] = []
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._styles: dict[int, int] = {}
        """Style number -> heading level."""
        self._style = 0
        self._default = "cp1252"
        self._bytes = bytearray()
        self._text: list[str] = []
        self._above_note: list[str] = []
        """The paragraph that a footnote hangs on, while that is read."""
        self._notes: list[str] = []
        self._skip = 0
        """Characters to leave out because a Unicode one stood for them."""
        self._level = 0
        self._in_list = False
        self._in_table = False
        self._cells: list[str] = []
        self._cell: list[str] = []
        self._rows: list[list[str]] = []
        self._starred = False
        self._moment: dict[str, int] = {}

    def read(self, text: str) -> None:
        """Read a whole RTF text, its bytes given as the characters of their number."""
        for token in _TOKEN.finditer(text):
            word, number, code, sign, brace, plain = token.groups()
            if code:
                self._put_byte(int(code, 16))
                continue
            if plain:
                self._put_plain(plain)
                continue
            self._decode()
            if brace == "{":
                if len(self._groups) < _DEEPEST:
                    self._groups.append(self._state)
                if self._state.place == "stylesheet":
                    self._state = replace(self._state, place="style")
                self._skip = 0
            elif brace == "}":
                self._close()
            elif word:
                self._word(word, None if number is None else int(number))
            elif sign:
                self._sign(sign)
        self._decode()
        self._end_paragraph()
        self._end_table()

    def _close(self) -> None:
        state = self._state
        self._skip = 0
        self._starred = False
        if self._groups:
            self._state = self._groups.pop()
        if state.place and state.place != self._state.place:
            self._end_place(state.place)

    def _end_place(self, place: str) -> None:
        text = _joined(self._text) if place != "listtext" else ""
        if place == "listtext":
            self._in_list = True
        elif place == "style":
            level = _HEADING_STYLE.match(text.strip())
            if level:
                self._styles[self._style] = int(level[1]) if level[1] else 1
            self._style = 0
        elif place in ("revtim", "creatim"):
            said, self._moment = self._moment, {}
            self.said[place] = iso_day(f"{said.get('yr', 0):04}-{said.get('mo', 1):02}-{said.get('dy', 1):02}")
        elif place == "footnote":
            self._notes.append(text)
            self._text = self._above_note
            return
        elif place == "title":
            self.said[place] = text
        if place != "listtext":
            self._text = []

    def _put_byte(self, byte: int) -> None:
        if self._skip:
            self._skip -= 1
        elif self._state.is_read:
            self._bytes.append(byte)

    def _put_plain(self, plain: str) -> None:
        left_out = min(self._skip, len(plain))
        self._skip -= left_out
        if self._state.is_read:
            self._bytes += plain[left_out:].encode("latin-1")

    def _decode(self) -> None:
        if self._bytes:
            self._put(self._bytes.decode(self._state.encoding, errors="replace"))
            self._bytes.clear()

    def _put(self, text: str) -> None:
        if not self._state.is_read or self._state.place == "listtext":
            return
        self._text.append(_Raised(text) if self._state.raised else text)

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self._starred = True
        elif sign in ("\n", "\r", "\r\n"):
            self._word("par", None)
        elif sign in "{}\\":
            self._put(sign)
        elif sign in "~_":
            self._put(" " if sign == "~" else "-")

    def _word(self, word: str, number: int | None) -> None:  # noqa: PLR0912 - one line a control word
        state = self._state
        if word in _LEFT_OUT or (self._starred and word not in _TAKEN):
            self._state = replace(state, skipped=True, place="fonttbl" if word == "fonttbl" else state.place)
        elif word == "stylesheet":
            self._state = replace(state, place="stylesheet")
        elif word == "footnote" and not state.skipped and not state.place:
            self._state = replace(state, place=word)
            self._above_note, self._text = self._text, []
        elif word in ("title", "revtim", "creatim", "listtext", "pntext") and not state.skipped:
            self._state = replace(state, place="listtext" if word == "pntext" else word)
            self._text = self._text if word in ("listtext", "pntext") else []
        elif word == "info":
            self._state = replace(state, place="info")
        elif word in ("author", "operator", "subject", "keywords", "company", "doccomm", "comment"):
            self._state = replace(state, skipped=state.skipped or state.place == "info")
        elif word in ("yr", "mo", "dy") and state.place in ("revtim", "creatim"):
            self._moment[word] = number or 0
        elif word == "u" and number is not None:
            self._unicode(number)
        elif word == "uc":
            self._state = replace(state, fallback=max(0, min(8, number or 0)))
        elif word == "ansicpg":
            self._default = _known(f"cp{number}")
            self._state = replace(state, encoding=self._default)
        elif word == "mac":
            self._state = replace(state, encoding="mac_roman")
        elif word == "f" and number is not None:
            self._font = number
            self._state = replace(state, encoding=self._fonts.get(number, self._default))
        elif word == "fcharset" and number is not None:
            self._fonts[self._font] = _CODE_PAGES.get(number, self._default) if number else self._default
        elif word == "v":
            self._state = replace(state, hidden=number != 0)
        elif word in ("strike", "striked"):
            self._state = replace(state, struck_out=number != 0)
        elif word == "deleted":
            self._state = replace(state, deleted=number != 0)
        elif word in ("super", "up"):
            self._state = replace(state, raised=number != 0)
        elif word in ("nosupersub", "sub", "dn"):
            self._state = replace(state, raised=False)
        elif word == "plain":
            self._state = replace(state, hidden=False, struck_out=False, raised=False, encoding=self._default)
        elif word == "bin" and number:
            self._skip = number
        elif word in _SIGNS:
            self._put(_SIGNS[word])
        else:
            self._paragraph_word(word, number)
        self._starred = False

    def _paragraph_word(self, word: str, number: int | None) -> None:
        if self._state.skipped:
            return
        if word == "s" and number is not None:
            self._style = number
            self._level = self._level if self._state.place else self._styles.get(number, 0)
        elif self._state.place:
            if word == "par":
                self._put("\n")
        elif word == "pard":
            self._level, self._in_list, self._in_table = 0, False, False
        elif word == "outlinelevel" and number is not None:
            self._level = number + 1 if 0 <= number <= 5 else 0
        elif word == "ls" and number:
            self._in_list = True
        elif word == "intbl":
            self._in_table = True
        elif word in ("par", "sect", "page"):
            self._end_paragraph()
        elif word in ("cell", "nestcell"):
            self._cells.append(" ".join(_joined([*self._cell, *self._text]).split()))
            self._cell, self._text = [], []
        elif word in ("row", "nestrow"):
            if self._cells:
                self._rows.append(self._cells)
            self._cells = []
            self._in_table = False

    def _unicode(self, number: int) -> None:
        code = number + 0x10000 if number < 0 else number
        if not self._state.is_read or not 0 < code < 0x110000:
            self._skip = self._state.fallback
            return
        if 0xDC00 <= code <= 0xDFFF and self._text and "\ud800" <= self._text[-1][-1:] <= "\udbff":
            high = self._text.pop()
            code = 0x10000 + ((ord(high) - 0xD800) << 10) + (code - 0xDC00)
        self._put(chr(code))
        self._skip = self._state.fallback

    def _end_paragraph(self) -> None:
        text = "\n".join(" ".join(line.split()) for line in _joined(self._text).strip().split("\n"))
        self._text = []
        if self._in_table or self._cells:
            self._cell.append(text + " ")
            return
        if text:
            self._end_table()
        if self._level and len(text) <= _LONGEST_HEADING:
            self.builder.add("heading", " ".join(text.split()), level=min(6, self._level))
        elif self._in_list or _BULLET.match(text):
            self.builder.add("item", _BULLET.sub("", text, count=1), level=1)
        else:
            self.builder.add("paragraph", text)
        for note in self._notes:
            self.builder.add("paragraph", " ".join(note.split()))
        self._notes.clear()

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        add_grid(self.builder, rows)


def _joined(text: list[str]) -> str:
    return joined((piece, isinstance(piece, _Raised)) for piece in text)


def _known(encoding: str) -> str:
    try:
        "".encode(encoding)
    except LookupError:
        return {"cp936": "gb18030", "cp10000": "mac_roman", "cp65001": "utf-8"}.get(encoding, "cp1252")
    return "gb18030" if encoding == "cp936" else encoding
