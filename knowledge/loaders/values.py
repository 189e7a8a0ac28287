"""Nested values, as JSON and YAML hold them, as text that can be read line by line.

    {"hours": {"monday": "9-17"}}  ->  hours > monday: 9-17

A list of like objects is a table, others stand below their titles; long texts are paragraphs, and an answer is one
below its question. Bounded, since YAML may name one value a million times.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from knowledge.documents import DocumentBuilder
from knowledge.loaders.answers import answer_columns
from knowledge.loaders.markup import plain
from knowledge.loaders.tables import add_table

Value = None | bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]

_MOST_VALUES = 2_000_000
_VALUE = 25
"""So many characters count as a value, for one long text may be named a million times too."""
_DEEPEST = 100
_PROSE_CHARACTERS = 200
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_PATH = " > "
_NAMES = ("title", "name", "标题")
_NAMES_FIRST = ("name", "title", "标题")
_LONGEST_NAME = 200
_LOWEST_HEADING = 6


class TooManyValues(ValueError):
    """The values are too many or too deep to be written out."""


def add_values(builder: DocumentBuilder, value: Value) -> None:
    """Add everything that the value holds.

    Raises:
        TooManyValues: It holds more than can be written out.
    """
    _Writer(builder).add(value, "", 0)


def is_table(value: Value) -> bool:
    """Say whether the value is a list of objects whose own values are plain and short, which is a table."""
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and len(value) > 1
        and all(isinstance(row, Mapping) and row and all(_is_short(cell) for cell in row.values()) for row in value)
    )


def title_of(value: Value, *, names: Sequence[str] = _NAMES) -> str:
    """Return what an object is called; "" where it does not say."""
    found = (value.get(name) for name in names) if isinstance(value, Mapping) else ()
    titles = (" ".join(plain(name).split()) for name in found if isinstance(name, str) and len(name) < _LONGEST_NAME)
    return next(titles, "")


def shown(value: Value) -> str:
    """Return a plain value as its file writes it; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(str(value)).strip()


class _Writer:
    """Walks nested values and writes them into a builder."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._left = _MOST_VALUES

    def add(self, value: Value, path: str, depth: int) -> None:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise TooManyValues(f"more than {_MOST_VALUES:,} values" if depth <= _DEEPEST else "nested too deeply")
        if isinstance(value, Mapping):
            asked = _asked(value)
            if asked:
                self._answer(*(_text(value[name]) for name in asked), depth=depth)
            for key, inner in value.items():
                if key not in asked:
                    self.add(inner, f"{path}{_PATH}{key}" if path else str(key), depth + 1)
            if asked:
                self._builder.end_section(level=_level(depth))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            self._list(value, path, depth)
        else:
            self._plain(shown(value), path)

    def _answer(self, question: str, answer: str, *, depth: int) -> None:
        self._left -= (len(question) + len(answer)) // _VALUE
        self._builder.add("heading", " ".join(question.split()), level=_level(depth))
        for paragraph in _BLANK_LINE.split(answer):
            self._builder.add("paragraph", paragraph)

    def _list(self, values: Sequence[Value], path: str, depth: int) -> None:
        if any(map(_asked, values)):
            self._builder.add("heading", path, level=_level(depth))
            self._titled(values, path, depth + 1)
            self._builder.end_section(level=_level(depth))
        elif is_table(values):
            if path:
                self._builder.add("paragraph", f"{path}:")
            rows = [row for row in values if isinstance(row, Mapping)]
            self._left -= sum(len(row) + sum(len(shown(each)) for each in row.values()) // _VALUE for row in rows)
            add_rows(self._builder, rows)
        elif values and all(_is_short(value) for value in values) and sum(len(shown(each)) for each in values) < 300:
            self._left -= len(values)
            self._plain(", ".join(text for value in values if (text := shown(value))), path)
        else:
            self._titled(values, path, depth)

    def _titled(self, values: Sequence[Value], path: str, depth: int) -> None:
        """Add values each below what it is called; questions stand below none but their own."""
        level = _level(depth)
        for number, (value, title) in enumerate(zip(values, _titles(values), strict=True), start=1):
            if _asked(value):
                self.add(value, "", depth)
                continue
            if title:
                self._builder.add("heading", title, level=level)
            self.add(value, f"{path} {number}".strip() if isinstance(value, Mapping) else path, depth + 1)
            if title:
                self._builder.end_section(level=level)

    def _plain(self, text: str, path: str) -> None:
        if not text:
            return
        self._left -= len(text) // _VALUE
        paragraphs = [paragraph for paragraph in _BLANK_LINE.split(text) if paragraph.strip()]
        if len(text) <= _PROSE_CHARACTERS and len(paragraphs) == 1:
            self._builder.add("row", f"{path}: {text}" if path else text)
            return
        for number, paragraph in enumerate(paragraphs):
            self._builder.add("paragraph", f"{path}: {paragraph}" if path and not number else paragraph)


def _level(depth: int) -> int:
    """Return the level of a heading above values of this depth."""
    return min(_LOWEST_HEADING, depth + 1)


def _asked(value: Value) -> tuple[str, ...]:
    """Return the names under which an object has a question and its answer; () where it has none."""
    said = value.items() if isinstance(value, Mapping) else ()
    keys = {key.strip(): key for key, text in said if isinstance(key, str) and _text(text)}
    columns = answer_columns(list(keys))
    if columns is None or not isinstance(value, Mapping) or not isinstance(value[keys[columns[0]]], str):
        return ()
    return tuple(keys[name] for name in columns)


def _text(value: Value) -> str:
    """Return a text, or a list of texts with a blank line between them; "" for what else may stand there."""
    if isinstance(value, str):
        return shown(value)
    texts = value if isinstance(value, Sequence) else ()
    return "\n\n".join(map(shown, texts)) if all(isinstance(each, str) for each in texts) else ""


def _titles(values: Sequence[Value]) -> list[str]:
    """Return what each object is called; where most share theirs, as "Mr", these by their names."""
    titles = list(map(title_of, values))
    counts = Counter(title for title in titles if title)
    names = {at: title_of(values[at], names=_NAMES_FIRST) for at, title in enumerate(titles) if counts[title] > 1}
    is_general = len(names) * 2 > len(values) and len(set(names.values())) == len(names)
    return [names.get(at, title) for at, title in enumerate(titles)] if is_general else titles


def add_rows(builder: DocumentBuilder, rows: Sequence[Mapping[str, Value]]) -> None:
    """Add objects as the rows of a table whose columns are all the names that occur."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    add_table(builder, names, ([shown(row.get(name)) for name in names] for row in rows))


def _is_short(value: Value) -> bool:
    if isinstance(value, str):
        text = shown(value)
        return len(text) <= _PROSE_CHARACTERS and "\n\n" not in text
    return value is None or isinstance(value, bool | int | float)
