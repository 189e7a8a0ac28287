"""`tools` of frontdesk.toml, checked: texts and `[[tools]]` tables -> own tools, sources and faults.

    ["shop_tools.py"]  or  [{file = …}, {mcp = …, name = …}, {openapi = …, name = …}]  ->  (str | Source, …), (fault, …)

All faults of all tables are told at once. Secrets stay in the environment: only their variables' names pass here.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from agents.tools.source import Source, variables

KINDS = ("file", "mcp", "openapi")
_COMMON = (
    "name",
    "offer",
    "read",
    "identified",
    "records",
    "operator",
    "customer_argument",
    "says",
    "examples",
    "prefix",
    "headers",
    "timeout_seconds",
)
KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"file": ("file",), "mcp": ("mcp", *_COMMON, "refuses", "environment"), "openapi": ("openapi", "url", *_COMMON)}
)
LISTS = frozenset({"offer", "read", "identified", "records", "operator", "refuses", "examples", "environment"})
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
PREFIX = re.compile(r"[A-Za-z0-9_-]{0,20}")
SECONDS = (1.0, 300.0)
LANGUAGES = ("en", "zh")


def parse(raw: object, *, folder: Path, environment: Mapping[str, str]) -> tuple[tuple[str | Source, ...], list[str]]:
    """Return what `tools` names, and what is wrong with it.

    Args:
        raw: a list of texts, tables, or both.
        folder: where relative paths and commands start.
        environment: must hold the variables that headers and commands name.
    """
    if not isinstance(raw, list | tuple):
        return (), ["`tools` must be a list of texts, or tables that each begin with [[tools]]"]
    found: list[str | Source] = []
    faults: list[str] = []
    for number, one in enumerate(raw, start=1):
        if isinstance(one, str):
            found.append(tool_file(one, folder))
            continue
        if not isinstance(one, Mapping):
            faults.append(f"`tools` has {one!r}; it must be a text or a table")
            continue
        source, wrong = _parse_one(one, folder, environment)
        label = f" ({one['name']})" if isinstance(one.get("name"), str) else ""
        faults += [f"tools {number}{label}: {fault}" for fault in wrong]
        found += [source] if source is not None else []
    names = [one.name for one in found if isinstance(one, Source)]
    twice = sorted({name for name in names if names.count(name) > 1})
    return tuple(found), faults + [f"two [[tools]] are named {name}" for name in twice]


def shown(one: str | Source) -> str | dict[str, Any]:
    """Return one entry as JSON-ready data; of headers, the names alone."""
    if isinstance(one, str):
        return one
    kind = "openapi" if one.openapi else "mcp"
    values = {key: getattr(one, key) for key in KEYS[kind]}
    values["headers"] = tuple(one.headers)
    values["says"] = {name: dict(texts) for name, texts in one.says.items()}
    return {key: str(value) if isinstance(value, Path) else value for key, value in values.items() if value}


def outside(named: Iterable[str | Source]) -> list[str]:
    """Tell which of them are reached over the network; what a command reaches is its own affair."""
    return [
        f"the tools of {one.name} are at {one.address}, outside this machine; leave them out or set offline = false"
        for one in named
        if isinstance(one, Source) and one.leaves_this_machine
    ]


def tool_file(name: str, start: Path) -> str:
    """Return the name of a company's tools with the path of a file made whole."""
    is_file = name.partition(".py")[1] and ("/" in name or "\\" in name or name.partition(":")[0].endswith(".py"))
    return str(start / Path(name).expanduser()) if is_file else name


def _parse_one(
    table: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
) -> tuple[str | Source | None, list[str]]:
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        return None, [f"it must have one of {', '.join(KINDS)}; it has {' and '.join(kinds) or 'none'}"]
    kind = kinds[0]
    values: dict[str, Any] = {"folder": folder}
    faults: list[str] = []
    for key, value in table.items():
        if key not in KEYS[kind]:
            close = difflib.get_close_matches(key, KEYS[kind], n=1)
            hint = f"; did you mean `{close[0]}`?" if close else f"; it has {', '.join(KEYS[kind])}"
            faults.append(f"`{key}` is no key of {kind} tools{hint}")
            continue
        try:
            values[key] = _checked(key, value, folder)
        except ValueError as error:
            hidden = key == "headers" or "@" in str(value)  # an address may hold a password
            faults.append(f"`{key}` is {'(not shown)' if hidden else repr(value)}; {error}")
    if kind == "file":
        return (None, faults) if faults else (values["file"], [])
    required = ("name", "url", "offer") if kind == "openapi" else ("name",)
    faults += [f"`{key}` is missing" for key in required if not table.get(key)]
    if faults:
        return None, faults
    source = Source(**values)
    return source, _unset(source, environment)


def _checked(key: str, value: Any, folder: Path) -> Any:  # noqa: PLR0912  one key a branch
    if key in LISTS:
        if isinstance(value, list) and all(isinstance(one, str) and one for one in value):
            return tuple(value)
        raise ValueError("it must be a list of texts")
    if key == "mcp":
        return _server(value)
    if key == "headers":
        if isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values()):
            return dict(value)
        raise ValueError('it must be like {Authorization = "Bearer $NAME"}')
    if key == "says":
        return _says(value)
    if key == "timeout_seconds":
        if isinstance(value, int | float) and not isinstance(value, bool) and SECONDS[0] <= value <= SECONDS[1]:
            return float(value)
        raise ValueError(f"it must be a number from {SECONDS[0]:g} to {SECONDS[1]:g}")
    if not isinstance(value, str):
        raise ValueError("it must be text")
    if key == "file":
        return tool_file(value, folder)
    if key == "openapi":
        return folder / Path(value).expanduser()
    if key == "url":
        return _address(value)
    if key == "name" and not NAME.fullmatch(value):
        raise ValueError("it must be letters, digits, - and _, 64 at most, and begin with a letter or digit")
    if key == "prefix" and not PREFIX.fullmatch(value):
        raise ValueError("it must be letters, digits, - and _, 20 at most")
    return value


def _server(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_address(value),)
    if isinstance(value, list) and value and all(isinstance(one, str) and one for one in value):
        if "://" in value[0]:
            raise ValueError('an address is a text of its own, such as mcp = "http://127.0.0.1:8000/mcp"')
        return tuple(value)
    raise ValueError('it must be an address, or a command such as ["python", "stock_server.py"]')


def _address(value: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username or parts.password or parts.fragment:
        raise ValueError("an address must start with http:// or https:// and hold no password; use `headers`")
    return value


def _says(value: Any) -> dict[str, dict[str, str]]:
    """Return {tool: {language: text}}; one text counts for every language."""
    if not isinstance(value, Mapping):
        raise ValueError('it must be a table, such as {reserve = "Reserve articles for you"}')
    found: dict[str, dict[str, str]] = {}
    for name, texts in value.items():
        by_language = dict.fromkeys(LANGUAGES, texts) if isinstance(texts, str) else texts
        if not isinstance(by_language, Mapping) or not set(by_language) <= set(LANGUAGES):
            raise ValueError(f'{name} must be a text, or like {{en = "…", zh = "…"}}')
        if not all(isinstance(text, str) and text.strip() for text in by_language.values()) or not by_language:
            raise ValueError(f"{name} must hold texts")
        found[str(name)] = dict(by_language)
    return found


def _unset(source: Source, environment: Mapping[str, str]) -> list[str]:
    named = [name for text in source.headers.values() for name in variables(text)]
    missing = [name for name in (*named, *source.environment) if not environment.get(name)]
    return [f"the variable {name} is not set in the environment" for name in dict.fromkeys(missing)]
