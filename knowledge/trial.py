"""A way to retrieve, as an owner writes it to try it out.

    ["mode=lexical", "history=off"] -> Trial

Keys are the fields of `RetrievalOptions`, and `history` and `refuse_below` beside them.
"""

import difflib
import types
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from knowledge.errors import KnowledgeError
from knowledge.evaluation import REFUSE_BELOW
from knowledge.retrieval import RetrievalOptions

SWITCH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
THIS_RUN = "this run"


@dataclass(frozen=True, slots=True)
class Trial:
    """What an evaluation is run with."""

    options: RetrievalOptions = field(default_factory=RetrievalOptions)
    history: bool = True
    """Whether the conversation before a question is given to the search."""
    refuse_below: float = REFUSE_BELOW
    """Evidence 0-1 below which a question is refused."""
    label: str = THIS_RUN

    def shown(self) -> dict[str, Any]:
        """Return the values as JSON-ready data."""
        return {**asdict(self.options), "history": self.history, "refuse_below": self.refuse_below}


def vary(trial: Trial, pairs: Sequence[str]) -> Trial:
    """Return the trial with `key=value` pairs applied, named after them.

    Raises:
        KnowledgeError: unknown keys and values that do not fit, all in one message.
    """
    values = parsed(pairs, choosable())
    own = {key: values.pop(key) for key in ("history", "refuse_below") if key in values}
    return replace(trial, options=replace(trial.options, **values), label=label_of(pairs, otherwise=trial.label), **own)


def parsed(pairs: Sequence[str], kinds: Mapping[str, Any], *, least: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Return the values of `key=value` pairs, each as the type of its key.

    Args:
        least: the smallest whole number of a key, where it is not that of retrieval's options.

    Raises:
        KnowledgeError: unknown keys and values that do not fit, all in one message.
    """
    faults: list[str] = []
    values: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = (part.strip() for part in pair.partition("="))
        if not separator:
            faults.append(f"`{pair}` is no key=value")
        elif key not in kinds:
            close = difflib.get_close_matches(key, kinds, n=1)
            faults.append(f"unknown key `{key}`" + (f"; did you mean `{close[0]}`?" if close else ""))
        elif key in values:
            faults.append(f"`{key}` is given twice")
        else:
            try:
                values[key] = _checked(key, _value(kinds[key], text), least or {})
            except ValueError as error:
                faults.append(f"`{key}` is {text!r}; {error}")
    if faults:
        lines = ["These settings cannot be tried:", *(f"  - {fault}" for fault in faults)]
        raise KnowledgeError("\n".join([*lines, f"Known keys: {', '.join(kinds)}. Next: mend them and run again."]))
    return values


def label_of(pairs: Sequence[str], *, otherwise: str) -> str:
    """Return what a trial with these pairs is called."""
    return ", ".join("=".join(part.strip() for part in pair.split("=", 1)) for pair in pairs) or otherwise


def choosable() -> Mapping[str, Any]:
    """Return the keys that can be written as text, each with its type."""
    return {**plain_fields(RetrievalOptions), "history": bool, "refuse_below": float}


def plain_fields(options: type) -> dict[str, Any]:
    """Return the fields of an options dataclass that can be written as text, each with its type."""
    hints = get_type_hints(options)
    return {item.name: hints[item.name] for item in fields(options) if _is_plain(hints[item.name])}


def _is_plain(kind: Any) -> bool:
    return all(part in (bool, int, float, str, type(None)) or get_origin(part) is Literal for part in _members(kind))


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (types.UnionType, Union) else (kind,)


def _value(kind: Any, text: str) -> Any:
    """Return `text` as `kind`; raise ValueError with what it must be."""
    members = _members(kind)
    if type(None) in members and text in ("", "none"):
        return None
    plain = next(member for member in members if member is not type(None))
    if get_origin(plain) is Literal:
        if text in get_args(plain):
            return text
        raise ValueError(f"it must be one of {', '.join(get_args(plain))}")
    if plain is bool:
        if text.lower() in SWITCH:
            return SWITCH[text.lower()]
        raise ValueError("it must be on or off")
    try:
        return plain(text)
    except ValueError:
        raise ValueError("it must be a whole number" if plain is int else "it must be a number") from None


def _checked(key: str, value: Any, least: Mapping[str, int]) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        smallest = least[key] if key in least else min(1, getattr(RetrievalOptions(), key, 1) or 0)
        if value < smallest:
            raise ValueError(f"it must be {smallest} or more")
    if isinstance(value, float) and not (0 <= value <= 1 if _is_share(key) else 0 <= value < float("inf")):
        raise ValueError("it must be from 0 to 1" if _is_share(key) else "it must be 0 or more")
    return value


def _is_share(key: str) -> bool:
    return key == "refuse_below" or key.endswith("meaning_weight")
