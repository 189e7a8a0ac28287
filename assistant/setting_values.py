"""One value of a setting in, as a file, a variable or a flag gives it; the checked value of its kind out.

    text of a variable -> kind -> checked
    TOML or a flag     -> kind -> checked

What is wrong with a value is a ValueError that says what it must be, to follow the key and the value.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

from assistant import addresses, listening

SECRET_CHARACTERS = 16
LEAST_SESSION_KEY = 32
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "threads": (1, 1024),
        "context_tokens": (512, 131_072),
        "timeout_seconds": (1, 3600),
        "passages": (1, 20),
        "refuse_below": (0, 1),
        "max_words": (20, 400),
        "port": (0, 65_535),
        "workers": (1, 64),
        "keep_days": (0, 36_500),
        "questions_per_minute": (0, 10_000),
        "questions_per_minute_and_address": (0, 100_000),
    }
)
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "model": ("auto", "embedded", "none", "embedded:", "release:", "gguf:", "ollama:", "openai:", "scripted:"),
        "embedder": ("embedded", "english", "multilingual", "sentence-transformers:", "ollama:", "hashing"),
        "reranker": ("", "onnx:", "sentence-transformers:"),
    }
)
"""For keys that name a back end: the words allowed, and (ending in a colon) the prefixes before a name."""
WORDS = MappingProxyType({"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False})


def from_toml(kind: Any, value: Any) -> Any:
    """Return a TOML value or flag as `kind`; raise ValueError with what it must be."""
    plain = _plain(kind)
    if plain is Path and isinstance(value, str | Path):
        return Path(value)
    if plain is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if get_origin(plain) is Literal:
        if value in get_args(plain):
            return value
        raise ValueError(f"it must be one of {', '.join(get_args(plain))}")
    if get_origin(plain) is tuple:
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ValueError("it must be a list of texts")
    if isinstance(plain, type) and isinstance(value, plain) and not (plain is int and isinstance(value, bool)):
        return value
    raise ValueError(f"it must be {_kind_name(plain)}")


def from_text(kind: Any, text: str) -> Any:
    """Return the text of an environment variable as `kind`; raise ValueError with what it must be."""
    plain = _plain(kind)
    if plain is bool:
        if text.lower() in WORDS:
            return WORDS[text.lower()]
        raise ValueError("it must be true or false")
    if plain in (int, float):
        try:
            return plain(text)
        except ValueError:
            raise ValueError(f"it must be {_kind_name(plain)}") from None
    if get_origin(plain) is tuple:
        return tuple(part.strip() for part in text.split("|") if part.strip())
    return from_toml(kind, text)


def checked(key: str, value: Any, start: Path) -> Any:
    """Return a value as it is used, a path from the folder `start`; raise ValueError with what it must be."""
    if isinstance(value, Path):
        return start / value.expanduser()
    if key == "model" and value.startswith("gguf:") and value != "gguf:":
        return f"gguf:{start / Path(value.removeprefix('gguf:')).expanduser()}"
    for check in (_out_of_range, _not_among):
        if fault := check(key, value):
            raise ValueError(fault)
    if key in _FAULTS and (fault := _FAULTS[key](value)):
        raise ValueError(fault)
    return value


def _out_of_range(key: str, value: Any) -> str:
    if key not in RANGES or value is None:
        return ""
    low, high = RANGES[key]
    return "" if low <= value <= high else f"it must be from {low:,} to {high:,}"


def _not_among(key: str, value: Any) -> str:
    words = CHOICES.get(key, ())
    if not words or any(
        value.startswith(word) and value != word if word.endswith(":") else value == word for word in words
    ):
        return ""
    return f"it must be one of {', '.join(word + 'NAME' if word.endswith(':') else word or 'empty' for word in words)}"


def _session_key(value: str) -> str:
    if not value or len(value) >= LEAST_SESSION_KEY:
        return ""
    return f"it must have {LEAST_SESSION_KEY} characters or more; make one with: openssl rand -hex 32"


def _secret(value: str) -> str:
    return (
        "" if not value or len(value) >= SECRET_CHARACTERS else f"it must have {SECRET_CHARACTERS} characters or more"
    )


def _mail(value: str) -> str:
    one = not value or re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", value)
    return "" if one else "it must be one e-mail address"


def _url(value: str, *, kind: str) -> str:
    return addresses.fault(value, kind=kind) if value else ""


_FAULTS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "host": listening.fault,
        "session_key": _session_key,
        "ticket_webhook_secret": _secret,
        "ticket_email": _mail,
        "smtp_sender": _mail,
        "smtp_url": partial(_url, kind="smtp"),
        "catalog_url": partial(_url, kind="postgresql"),
        "chroma_url": partial(_url, kind="http"),
        "ollama_url": partial(_url, kind="http"),
        "openai_url": partial(_url, kind="http"),
        "ticket_webhook_url": partial(_url, kind="http"),
    }
)
"""What else is wrong with a value, "" for nothing."""


def _plain(kind: Any) -> Any:
    """Return X for `X | None`."""
    members = get_args(kind)
    return next(member for member in members if member is not type(None)) if type(None) in members else kind


def _kind_name(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
    return names[kind]
