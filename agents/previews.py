"""What a customer reads before a yes: every value that nobody listed, in words.

    Preview(text) + open values -> Preview(text, and below it what the text does not name)
    tool + arguments            -> a plain list, where nobody wrote a better preview

A model chooses numbers, dates and yes or no; whoever reads this text and approves is where they come from.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from agents.actions import Preview
from agents.tools.schemas import OpenValue
from agents.transcript import Language

YES_NO: Mapping[Language, tuple[str, str]] = {"en": ("yes", "no"), "zh": ("是", "否")}
HEAD: Mapping[Language, str] = {"en": "I would do this: {what}", "zh": "将要执行的操作：{what}"}
VALUE_CHARACTERS = 400
_HUMP = re.compile(r"(?<=[a-z0-9])[A-Z](?=[a-z])")


def with_open_values(preview: Preview, values: Iterable[OpenValue], *, language: Language) -> Preview:
    """Return a preview that names every number, date and yes or no that it does not name already."""
    lines = [
        _line(one.name, one.value, language)
        for one in values
        if (one.worked_out or not isinstance(one.value, str)) and not _names(preview.text, one, language)
    ]
    return replace(preview, text="\n".join([preview.text, *dict.fromkeys(lines)])) if lines else preview


def listing(what: str, arguments: Mapping[str, Any], *, language: Language) -> str:
    """Return a preview's text: what would be done, and each argument on a line."""
    lines = [_line(name, value, language) for name, value in _leaves(arguments, "")]
    return "\n".join([HEAD[language].format(what=what), *lines])


def in_words(name: str) -> str:
    """Return a name of a program's as a customer reads it.

    >>> in_words("createReturn"), in_words("order_number"), in_words("customerID")
    ('create return', 'order number', 'customerID')
    """
    return _HUMP.sub(lambda hump: f" {hump.group().lower()}", name).replace("_", " ")


def _leaves(value: Any, name: str) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name} {key}".strip())
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner, name)
    elif value is not None:
        yield name, value


def _line(name: str, value: Any, language: Language) -> str:
    said = YES_NO[language][not value] if isinstance(value, bool) else " ".join(str(value).split())
    cut = said[:VALUE_CHARACTERS] + ("…" if len(said) > VALUE_CHARACTERS else "")
    mark = "：" if language == "zh" else ": "
    return f"- {in_words(name)}{mark}{cut}"


def _names(text: str, one: OpenValue, language: Language) -> bool:
    if isinstance(one.value, bool):
        return _line(one.name, one.value, language) in text.splitlines()
    written = re.escape(str(one.value))
    return re.search(rf"(?<![\w.,]){written}(?!\w|[.,]\d)", text) is not None
