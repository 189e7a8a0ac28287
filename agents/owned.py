"""Whose is a value that a tool returned: so that nothing of one customer is ever said to another.

    tool result of a customer -> note -> value: its customers        text for a customer -> values of others in it

Only what points at a person is kept: e-mail addresses, telephone and order numbers, ids, street addresses, full names.
A value that is known to be this customer's own as well, or of nobody (a product's id), is not foreign. Memory is
bounded: the values seen longest ago are forgotten, which is why tools must not return others' rows in the first place.
"""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

MOST_VALUES = 100_000
MOST_OWNERS = 50
"""Customers kept of one value; a value of more is nobody's in particular."""
NOBODY = ""
LONGEST_WORDS = 8
"""Words of the longest value that is looked for."""
LONGEST_HAN = 12
_NAME_KEYS = re.compile(r"(?:^|_)(?:name|recipient|addressee|customer|owner)$|姓名|收件人", re.IGNORECASE)
_STREET_KEYS = re.compile(r"address|street|地址|街", re.IGNORECASE)
_STREET = re.compile(r"^\d{1,5}[a-z]?\s+\S+")
_WORD = re.compile(r"[#+]?[\w@.+#-]*\w")
_HAN_RUN = re.compile(r"[\u3400-\u9fff0-9号室栋单元路街]{2,}")


class Ownership:
    """The values that tools returned in this process, and for whom; safe to use from several threads."""

    def __init__(self, *, most: int = MOST_VALUES) -> None:
        self._most = most
        self._owners: OrderedDict[str, set[str]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._owners)

    def note(self, result: str, *, customer: str = NOBODY) -> None:
        """Note what a tool returned for a customer; without one, what anybody may know."""
        try:
            data = json.loads(result)
        except ValueError:
            data = result
        with self._lock:
            for value in personal_values(data):
                owners = self._owners.setdefault(value, set())
                self._owners.move_to_end(value)
                if len(owners) < MOST_OWNERS:
                    owners.add(customer)
            while len(self._owners) > self._most:
                self._owners.popitem(last=False)

    def foreign_spans(self, text: str, *, customer: str) -> Iterator[tuple[int, int]]:
        """Yield where a text holds a value that tools returned for others only."""
        for start, end in _candidates(text):
            owners = self._owners.get(_normal(text[start:end]))
            if owners and customer not in owners and NOBODY not in owners:
                yield start, end


def personal_values(data: Any, key: str = "") -> Iterator[str]:
    """Yield the values of a tool's result that point at a person, normalised."""
    if isinstance(data, Mapping):
        names = [data.get("first_name"), data.get("last_name")]
        if all(isinstance(name, str) and name for name in names):
            yield _normal(" ".join(map(str, names)))
        for name, value in data.items():
            yield from personal_values(name, "key")
            yield from personal_values(value, str(name))
    elif isinstance(data, list):
        for value in data:
            yield from personal_values(value, key)
    elif isinstance(data, str):
        yield from _of_text(data, key)


def _of_text(text: str, key: str) -> Iterator[str]:
    stripped = text.strip()
    words = stripped.split()
    if len(words) > LONGEST_WORDS:
        for word in _WORD.findall(stripped):
            if _points(word):
                yield _normal(word)
        return
    named = _NAME_KEYS.search(key) and (len(words) > 1 or re.fullmatch(r"[\u3400-\u9fff]{2,4}", stripped))
    street = (_STREET_KEYS.search(key) or key == "address1") and (
        _STREET.match(stripped) or _HAN_RUN.fullmatch(stripped)
    )
    if _points(stripped) or named or street:
        yield _normal(stripped)
    elif len(words) > 1:
        yield from (_normal(word) for word in _WORD.findall(stripped) if _points(word))


def _points(value: str) -> bool:
    """Return whether one word alone points at a person or their affairs: an address, or an id with several digits."""
    if " " in value:
        return bool(re.fullmatch(r"\+?[\d\s()-]{8,}", value))
    if "@" in value:
        return len(value) > 5
    digits = sum(letter.isdigit() for letter in value)
    return digits >= 4 and len(value) >= 5 and not re.fullmatch(r"\d+[.,]\d{1,2}|\d{4}-\d{2}-\d{2}.*", value)


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    words = [match.span() for match in _WORD.finditer(text)]
    for position in range(len(words)):
        for length in range(1, LONGEST_WORDS + 1):
            if position + length <= len(words):
                yield words[position][0], words[position + length - 1][1]
    for run in _HAN_RUN.finditer(text):
        for start in range(run.start(), run.end()):
            for end in range(start + 2, min(run.end(), start + 2 * LONGEST_HAN) + 1):
                yield start, end


def _normal(value: str) -> str:
    return " ".join(value.casefold().strip(" .,;:'\"").split())
