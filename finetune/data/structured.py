"""Personal data in what is no prose: the arguments of calls, and the results of tools.

    tool_calls, or text that is JSON -> every value, read beside its key -> the same shape, cleaned

A key says what its value is, as words would: `{"phone": "2079460018"}` is read as "phone: 2079460018". What calls and
tools are called, and the ids that tie results to calls, are the company's. What counts as personal is not known here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Clean = Callable[[str], str]
ARGUMENTS = ("arguments", "parameters")
COMPACT = (",", ":")
FEWEST_DIGITS = 7
"""Of a number that may be somebody's, such as a telephone's or a card's."""
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.\s]+")
_PERSONS = frozenset(
    {"first", "last", "full", "middle", "sur", "given", "family", "customer",
     "user", "contact", "recipient", "cardholder", "holder", "account", "billing"}
)  # fmt: skip
"""Before `name`, these say that it is a person's; products have names too."""


def cleaned_calls(calls: Any, clean: Clean) -> Any:
    """Return a message's `tool_calls` with their arguments cleaned, as objects or as the JSON text that OpenAI has.

    Whatever else stands where calls should be is cleaned throughout.
    """
    if isinstance(calls, list):
        return [cleaned_calls(call, clean) for call in calls]
    if not isinstance(calls, Mapping):
        return cleaned_value(calls, clean)
    changed = dict(calls)
    for key in ARGUMENTS:
        if key in changed:
            value = changed[key]
            changed[key] = cleaned_json(value, clean) if isinstance(value, str) else cleaned_value(value, clean)
    if "function" in changed:
        changed["function"] = cleaned_calls(changed["function"], clean)
    return changed


def cleaned_json(text: str, clean: Clean) -> str:
    """Return JSON text with its values cleaned, as it stood where none changes; other text is cleaned as text."""
    data = _parsed(text)
    if data is None:
        return clean(text)
    changed = cleaned_value(data, clean)
    if changed == data:
        return text
    # A step stays as compact as the model writes it and reads its earlier ones: `agents.protocols.json_step`.
    is_compact = text == json.dumps(data, ensure_ascii=False, separators=COMPACT)
    return json.dumps(changed, ensure_ascii=False, separators=COMPACT if is_compact else None)


def cleaned_value(value: Any, clean: Clean, *, key: str = "") -> Any:
    """Return a JSON value with each text in it cleaned, and each number that is long enough to be somebody's."""
    if isinstance(value, Mapping):
        return {clean(str(name)): cleaned_value(inner, clean, key=str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [cleaned_value(inner, clean, key=key) for inner in value]
    if isinstance(value, str):
        head = _head(key)
        whole = clean(head + value)
        return whole.removeprefix(head) if whole.startswith(head) else clean(value)
    if isinstance(value, int) and not isinstance(value, bool) and len(str(abs(value))) >= FEWEST_DIGITS:
        changed = cleaned_value(str(value), clean, key=key)
        return value if changed == str(value) else changed
    return value


def spoken(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a message holds beside prose as words would say it, each value behind its key."""
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    cleaned_calls(message.get("tool_calls") or [], note)
    if message["role"] == "tool" and _parsed(str(message["content"])) is not None:
        cleaned_json(str(message["content"]), note)
    yield from found


def _parsed(text: str) -> Any:
    """Return the object or list that a text is; None where it is neither."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _head(key: str) -> str:
    """Return a key as words before its value; "" where it says nothing of persons.

    >>> _head("customerName"), _head("phone_number"), _head("product_name"), _head("name")
    ('customer name: ', 'phone number: ', '', '')
    """
    words = [word.lower() for word in _WORDS.split(key) if word]
    if not words or (words[-1] == "name" and not _PERSONS & set(words)):
        return ""
    return f"{' '.join(words)}: "
