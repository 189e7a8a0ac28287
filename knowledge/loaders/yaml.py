"""YAML files as `path: value` text, exactly as written: `yes` stays `yes`; a service's description as its reference.

Built from the parser's events alone: no tag makes an object, an alias is the value it names and no copy of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.encoding import empty, read_text
from knowledge.loaders.openapi import add_service, describes_service
from knowledge.loaders.values import TooManyValues, Value, add_values, shown

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_DEEPEST = 100


def load(path: Path) -> Iterator[Document]:
    """Yield the file as one document, all its YAML documents in order."""
    import yaml

    builder = DocumentBuilder()
    title = ""
    try:
        for value in _values(read_text(path)):
            if describes_service(value):
                added = add_service(builder, value, path=path)
                title = title or added
                continue
            add_values(builder, value)
            title = title or (shown(value.get("title")) if isinstance(value, dict) else "")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it holds characters that YAML does not allow"
        raise UnreadableFile(f"{path}: is not YAML ({problem}{place}). Mend that place and try again.") from error
    except TooManyValues as error:
        raise UnreadableFile(f"{path}: holds {error}. Split it, or leave out what no one asks about.") from error
    document = builder.build(title=title)
    if not document.blocks:
        raise empty(path, "holds no value with text")
    yield document


def _values(text: str) -> Iterator[Value]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tree = _Tree()
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0] and event.value in _NULLS
            tree.put(None if plain else event.value, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            tree.put_alias(event.anchor or "")
        elif isinstance(event, yaml.MappingStartEvent):
            tree.open({}, event.anchor)
        elif isinstance(event, yaml.SequenceStartEvent):
            tree.open([], event.anchor)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            tree.close()
        elif isinstance(event, yaml.DocumentEndEvent):
            yield tree.root
            tree = _Tree()


class _Tree:
    """Puts events together to one value."""

    def __init__(self) -> None:
        self.root: Value = None
        self._open: list[Any] = []
        self._keys: list[Any] = []
        """Beside each open mapping the key that waits for its value, None when a key comes next."""
        self._anchors: dict[str, Value] = {}

    def put(self, value: Value, anchor: str | None = None) -> None:
        if anchor:
            self._anchors[anchor] = value
        if not self._open:
            self.root = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = shown(value) if not isinstance(value, dict | list) else "?"
        else:
            self._open[-1][self._keys[-1]] = value
            self._keys[-1] = None

    def put_alias(self, anchor: str) -> None:
        value = self._anchors.get(anchor)
        if any(value is each for each in self._open):
            raise TooManyValues("a value that holds itself")
        self.put(value)

    def open(self, value: Any, anchor: str | None) -> None:
        if len(self._open) >= _DEEPEST:
            raise TooManyValues("values nested too deeply")
        self.put(value, anchor)
        self._open.append(value)
        self._keys.append(None)

    def close(self) -> None:
        self._open.pop()
        self._keys.pop()
