"""XML of any vocabulary: element text in order, short texts with their element's name.

    <zone><name>EU</name><price>4.90</price></zone>  ->  name: EU | price: 4.90

Sibling elements of one name whose parts are short are the rows of a table. Elements called title or heading that
begin their parent are headings. What a product or another thing with a short name or short parts has as attributes,
such as its sku, stands beside its name.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import decode_lenient, empty, read_bytes
from knowledge.loaders.lines import collapse
from knowledge.loaders.markup import plain
from knowledge.loaders.tables import SEPARATOR, add_table
from knowledge.loaders.xml_trees import BrokenXml, UnsafeXml, local_name, parse

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_TITLES = frozenset(("title", "heading", "head", "bridgehead"))
_NAMES = frozenset(("title", "name"))
_DATES = frozenset(("date", "pubdate", "modified", "updated", "lastmod", "published"))
_CODE = frozenset(("programlisting", "screen", "code", "literallayout", "pre", "codeblock"))
_MARKUP = frozenset(
    ("p", "para", "simpara", "li", "listitem", "td", "th", "entry", "tr", "row", "tgroup", "thead", "tbody")
)
_MARKUP |= {"table", "ul", "ol", "dl", "div", "span", "section", "body", "h1", "h2", "h3", "h4", "h5", "h6"}
_MARKUP |= {"a", "b", "i", "em", "strong", "u", "br", "img"}
"""Parts of texts: what holds some says in its attributes how it is shown."""
_STEERING = frozenset(("class", "style", "role", "lang", "version"))
"""Attributes that say nothing of a thing."""
_PROSE_CHARACTERS = 200
_LONGEST_HEADING = 300
_LARGEST_BYTES = 200_000_000


def load(path: Path) -> Iterator[Document]:
    """Yield the file as one document."""
    data = read_bytes(path)
    if len(data) > _LARGEST_BYTES:
        raise UnreadableFile(
            f"{path}: holds {len(data):,} bytes, more than the {_LARGEST_BYTES:,} allowed for XML. Split it."
        )
    builder = DocumentBuilder()
    try:
        root = _root(data)
        _Reader(builder).read(root)
    except UnsafeXml as error:
        raise UnreadableFile(
            f"{path}: {error}, which can be made to fill the memory or to read other files. "
            "Save it again with the entities written out."
        ) from error
    except (BrokenXml, RecursionError) as error:
        raise UnreadableFile(f"{path}: is not XML, or damaged ({error}). Mend that place and try again.") from error
    document = builder.build(metadata=dated(_date(root)))
    if not document.blocks:
        raise empty(path, "holds no text between its elements")
    yield document


def _root(data: bytes) -> "Element":
    try:
        return parse(data.lstrip())
    except BrokenXml as broken:
        text = decode_lenient(data)
        if not text or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise
        declaration, mark, rest = text.lstrip("\ufeff \t\r\n").partition("?>")
        try:  # declared in one encoding, written in another
            return parse((rest if mark and declaration.startswith("<?xml") else text).lstrip().encode())
        except BrokenXml:
            raise broken from None


def _date(root: "Element") -> str:
    """Return what the first element says that is named like a date and stands near the top."""
    near = [root, *root, *(each for child in root for each in child)]
    return next((element.text or "" for element in near if local_name(element).lower() in _DATES), "")


class _Reader:
    """Walks the elements and writes what they hold."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder

    def read(self, element: "Element", depth: int = 1) -> None:
        children = [child for child in element if local_name(child)]
        repeated = _records(children)
        counts = Counter(map(local_name, children))
        inside: list[Element] = []
        if not children and not _is_mixed(element):
            self._leaf(element)
            return
        is_titled = _has_title(children)
        called = next((each for each in children if local_name(each) not in repeated and _is_name(each)), None)
        said = _said(element) if _is_record(element) or (called is not None and not is_titled) else {}
        bearer = called if said and not is_titled else None
        if bearer is None and not is_titled:
            self._row(said)
        if _is_mixed(element):
            self._builder.add("paragraph", _text(element))
            return
        for position, child in enumerate(children):
            name = local_name(child)
            if name in repeated:
                inside.append(child)
                following = children[position + 1] if position + 1 < len(children) else None
                if following is None or local_name(following) != name:
                    self._table(inside)
                    inside = []
            elif is_titled and position == 0:
                self._builder.add("heading", _text(child), level=min(6, depth), anchor=_identity(element))
                self._row(said)
            elif child is bearer:
                self._row(_row(child) | said)
            elif len(child):
                self._section(child, depth, beside=counts)
            else:
                self._leaf(child)

    def _section(self, element: "Element", depth: int, *, beside: Counter[str]) -> None:
        """Read what an element holds; one of several stands below what it is called, wherever it says so.

        Parts that are called like something beside the element are told with its name: `shipping price: 4.90`.
        """
        name = local_name(element)
        named = (
            each
            for position, each in enumerate(element)
            if local_name(each).lower() in (_NAMES if position else _NAMES - _TITLES)
        )
        title = next((text for each in named if 0 < len(text := _text(each)) <= _LONGEST_HEADING), "")
        level = min(6, depth + 1)
        is_one = not title or beside[name] == 1
        if is_one and _is_record(element) and any(local_name(part) in beside for part in element):
            row = _with_name(name, _row(element))
            add_table(self._builder, list(row), [list(row.values())])
            return
        if title and beside[name] > 1:
            self._builder.add("heading", title, level=level, anchor=_identity(element))
        self.read(element, depth + 1)
        if title and beside[name] > 1:
            self._builder.end_section(level=level)

    def _leaf(self, element: "Element") -> None:
        name = local_name(element)
        if name.lower() in _CODE:
            self._builder.add("code", element.text or "")
            return
        text = _text(element)
        said = [f"{key}: {value}" for key, value in _attributes(element).items()]
        if len(text) > _PROSE_CHARACTERS or (text and name.lower() in ("p", "para", "simpara")):
            self._builder.add("paragraph", text)
        elif text or said:
            shown = " | ".join([*([text] if text else []), *said])
            self._builder.add("row", f"{name}: {shown}")

    def _row(self, row: dict[str, str]) -> None:
        self._builder.add("row", SEPARATOR.join(f"{name}: {value}" for name, value in row.items()))

    def _table(self, elements: "list[Element]") -> None:
        rows = [_row(element) for element in elements]
        names = list(dict.fromkeys(name for row in rows for name in row))
        add_table(self._builder, names, ([row.get(name, "") for name in names] for row in rows))


def _records(children: "list[Element]") -> set[str]:
    """Return the names of elements that occur more than once and have only short parts: a table's rows."""
    counts = Counter(local_name(child) for child in children)
    names = {name for name, count in counts.items() if count > 1}
    for child in children:
        if local_name(child) in names and not _is_record(child):
            names.discard(local_name(child))
    return names


def _is_record(element: "Element") -> bool:
    parts = [part for part in element if local_name(part)]
    if _is_mixed(element) or any(len(part) for part in parts):
        return False
    if not parts:
        return bool(_attributes(element)) and len(_text(element)) <= _PROSE_CHARACTERS
    return all(len(_text(part)) <= _PROSE_CHARACTERS for part in parts)


def _row(element: "Element") -> dict[str, str]:
    row = _attributes(element)
    own = collapse(element.text or "")
    if own:
        row[local_name(element)] = own
    for part in element:
        name = local_name(part)
        text, said = _text(part), _attributes(part)
        for key, value in {name: text or ", ".join(said.values()), **_with_name(name, said if text else {})}.items():
            if name and value:
                row[key] = f"{row[key]}, {value}" if key in row else value
    return row


def _with_name(name: str, attributes: dict[str, str]) -> dict[str, str]:
    return {f"{name} {key}": value for key, value in attributes.items()}


def _is_mixed(element: "Element") -> bool:
    """Say whether text stands between the element's children, as in prose with marked words."""
    return len(element) > 0 and any((text or "").strip() for text in (element.text, *(each.tail for each in element)))


def _text(element: "Element") -> str:
    text = "".join(str(part) for part in element.itertext())
    is_value = not any(map(local_name, element)) and local_name(element).lower() not in _CODE
    return collapse(plain(text) if is_value else text)  # tags beside elements are shown, not meant


def _attributes(element: "Element") -> dict[str, str]:
    """Return the attributes that say something to a reader; those of other vocabularies steer programs."""
    return {str(key): collapse(str(value)) for key, value in element.attrib.items() if "}" not in str(key) and value}


def _said(element: "Element") -> dict[str, str]:
    """Return what the attributes of an element that is no row say, with its name; {} where it is a part of a text."""
    if any(local_name(each).lower() in _MARKUP for each in (element, *element)):
        return {}
    said = {key: value for key, value in _attributes(element).items() if key not in _STEERING}
    is_anchor = "id" in said and not _is_code(said["id"])
    return _with_name(local_name(element), {key: value for key, value in said.items() if key != "id" or not is_anchor})


def _has_title(children: "list[Element]") -> bool:
    """Say whether the first of an element's children is its heading."""
    first = children[0] if children else None
    return first is not None and local_name(first).lower() in _TITLES and 0 < len(_text(first)) <= _LONGEST_HEADING


def _is_name(element: "Element") -> bool:
    """Say whether an element says shortly what the one around it is called."""
    is_called = local_name(element).lower() in _NAMES and not any(map(local_name, element))
    return is_called and 0 < len(_text(element)) <= _PROSE_CHARACTERS


def _is_code(value: str) -> bool:
    """Say whether an id is an article's, as "A1", and not the anchor of a section, as "returns"."""
    return value == value.upper()


def _identity(element: "Element") -> str:
    return str(element.get("id") or element.get("{http://www.w3.org/XML/1998/namespace}id") or "")
