"""Settings that hold on another computer, and what of them does not.

    Settings -> frontdesk.toml of the bundle + files it names + what was left out, and what to set there instead

Secrets are never carried. What leads to another machine or to a program of this one is left out and named.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from agents.tools.source import Source
from assistant.feed_settings import password_variable
from assistant.printable_urls import without_password
from assistant.settings import KEYS, PREFIX, SECRETS, URLS_WITH_PASSWORD, Settings

LOOPBACK = "127.0.0.1"
PLACED = frozenset({"home", "host", "offline", "model", "embedder", "reranker", "tools", "feeds", "catalog_url"})
"""Keys that the bundle sets itself, or that are looked at one by one."""
OF_THIS_MACHINE: Mapping[str, str] = {
    "documents": "what was read of it is in the bundle, the folder is on this machine; on the other one: ingest FOLDER",
    "threads": "it fits this machine's processor",
    "chroma_url": "the vectors are in the bundle",
    "ollama_url": "Ollama is asked on the other machine itself",
    "openai_url": "the model is in the bundle",
}
TOOLS_FOLDER = "tools"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the bundle does not carry."""

    what: str
    why: str
    set: str = ""
    """What to set on the other machine to have it; "" where there is nothing to set."""


@dataclass(frozen=True, slots=True)
class Portable:
    """Settings as they go along."""

    toml: str
    files: Mapping[str, Path]
    """Name below the home there -> file here."""
    left_out: tuple[LeftOut, ...]


def make_portable(settings: Settings, *, model: str, reranker: str) -> Portable:
    """Return the settings file of the bundle.

    Args:
        model, reranker: as the settings there must name them.
    """
    values: dict[str, Any] = {}
    left_out: list[LeftOut] = []
    for key in KEYS:
        value = getattr(settings, key)
        if key in PLACED or value == _default(key):
            continue
        if reason := _reason(key, settings):
            left_out.append(reason)
        else:
            values[key] = value
    tools = dict(_tool_files(settings))
    values |= {"model": model, "embedder": settings.embedder, "host": LOOPBACK, "offline": True}
    values |= {"reranker": reranker} if reranker else {}
    values |= {"tools": tuple(f"{name}{attribute}" for name, (_, attribute) in tools.items())} if tools else {}
    left_out += _tools_left_out(settings)
    left_out += [
        LeftOut(f"feed {feed.name}", "it is read on this machine", _feed_variable(feed.name, feed.kind))
        for feed in settings.feeds
    ]
    return Portable(_toml(values), {name: path for name, (path, _) in tools.items()}, tuple(left_out))


def _reason(key: str, settings: Settings) -> LeftOut | None:
    """Say why a key does not go along; None when it does."""
    variable = f"{PREFIX}{key.upper()}"
    if key in OF_THIS_MACHINE:
        return LeftOut(key, OF_THIS_MACHINE[key])
    if key in SECRETS:
        return LeftOut(key, "a secret is never carried", f"{variable} in the environment")
    if key == "ticket_webhook_url":  # it is nothing without its secret
        return LeftOut(key, "it needs its secret, which is not carried", f"{variable} in the environment, or the file")
    if key in URLS_WITH_PASSWORD and getattr(settings, key) != without_password(getattr(settings, key)):
        return LeftOut(key, "it holds a password", f"{variable} in the environment")
    if key == "ticket_email" and _reason("smtp_url", settings) and settings.smtp_url:
        return LeftOut(key, "it needs smtp_url, which is not carried", f"{variable} in the environment, or the file")
    return None


def _tool_files(settings: Settings) -> Iterator[tuple[str, tuple[Path, str]]]:
    """Yield the place in the home there, the file here and the attribute, such as `:TOOLS`, of each file of tools."""
    taken: set[str] = set()
    for number, one in enumerate(settings.tools, start=1):
        if isinstance(one, str) and ".py" in one:
            path, attribute = Path(f"{one.partition('.py')[0]}.py"), one.partition(".py")[2]
            name = path.name if path.name.lower() not in taken else f"{number}-{path.name}"
            taken.add(name.lower())
            yield f"{TOOLS_FOLDER}/{name}", (path, attribute)


def _tools_left_out(settings: Settings) -> Iterator[LeftOut]:
    for one in settings.tools:
        if isinstance(one, Source):
            yield LeftOut(f"tools of {one.name}", "they are another program's", "[[tools]] in home/frontdesk.toml")
        elif ".py" not in one:
            yield LeftOut(f"tools {one}", "the package is installed here alone", "tools in home/frontdesk.toml")


def _feed_variable(name: str, kind: str) -> str:
    password = f", with {password_variable(name)} in the environment" if kind == "imap" else ""
    return f"[[feeds]] in home/frontdesk.toml{password}"


def _default(key: str) -> Any:
    item = next(item for item in fields(Settings) if item.name == key)
    return item.default  # `home` alone has a factory, and is never asked for


def _toml(values: Mapping[str, Any]) -> str:
    lines = ["# Every key: docs/settings.md of Frontdesk. It is yours to edit once Frontdesk has been started.", ""]
    lines += [f"{key} = {_literal(values[key])}" for key in KEYS if key in values]
    return "\n".join(lines) + "\n"


def _literal(value: Any) -> str:
    # A JSON string, number, truth value or list of strings is TOML too, but for the sign DEL.
    plain = list(value) if isinstance(value, tuple) else value
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
