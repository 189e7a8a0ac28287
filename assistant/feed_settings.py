"""`[[feeds]]` tables of frontdesk.toml, checked: tables -> feeds and faults.

    [{"name": "website", "kind": "website", "url": …}, …]  ->  (Feed, …), ("feeds[2]: …", …)

All faults of all tables are told at once. Passwords come from the environment, or from the file, and are shown nowhere.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

from knowledge.feeds.addresses import canonical
from knowledge.feeds.feed import Feed, Kind

PASSWORD_VARIABLE = "FRONTDESK_FEED_{}_PASSWORD"
HIDDEN = "(set, not shown)"
SECRETS = frozenset({"password"})
KINDS: tuple[str, ...] = get_args(Kind)
COMMON = ("name", "kind", "audience", "collection", "every_minutes")
KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "folder": (*COMMON, "path"),
        "website": (*COMMON, "url", "allow", "pause_seconds", "pages", "megabytes"),
        "maildir": (*COMMON, "path", "megabytes"),
        "imap": (*COMMON, "host", "port", "user", "password", "folder", "ssl", "megabytes"),
    }
)
REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"folder": ("path",), "website": ("url",), "maildir": ("path",), "imap": ("host", "user")}
)
MAIL = frozenset({"maildir", "imap"})
UNSAID: Mapping[str, str | None] = MappingProxyType({"folder": None, "maildir": "staff", "imap": "staff"})
"""Who may read where the table does not say; None: everyone, but for folders in it whose names say otherwise."""
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "every_minutes": (1, 10_080),
        "pause_seconds": (0, 60),
        "pages": (1, 100_000),
        "megabytes": (1, 1000),
        "port": (1, 65_535),
    }
)
TYPES: Mapping[str, Any] = MappingProxyType({item.name: get_type_hints(Feed)[item.name] for item in fields(Feed)})
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}


def parse(raw: object, *, folder: Path, environment: Mapping[str, str]) -> tuple[tuple[Feed, ...], list[str]]:
    """Return the feeds and what is wrong with the tables.

    Args:
        folder: where relative paths start.
    """
    if not isinstance(raw, list | tuple) or not all(isinstance(table, Mapping) for table in raw):
        return (), ["`feeds` must be tables, each begun with [[feeds]] in frontdesk.toml"]
    feeds: list[Feed] = []
    faults: list[str] = []
    for number, table in enumerate(raw, start=1):
        feed, wrong = _parse_one(table, folder, environment)
        label = table.get("name") if isinstance(table.get("name"), str) else ""
        faults += [f"feed {number}{f' ({label})' if label else ''}: {fault}" for fault in wrong]
        if feed:
            feeds.append(feed)
    return tuple(feeds), faults + _alike(feeds)


def nested(feeds: Sequence[Feed], *, documents: Path | None, home: Path) -> list[str]:
    """Tell of places that lie in a folder which other people read: it would be read for both, and the last one wins.

    Args:
        documents: the folder that is read for everyone; None: there is none.
        home: what websites and mailboxes hold is kept there.
    """
    folders: list[tuple[str, Path, str]] = [
        (f"feed {feed.name}", feed.path, feed.audience or "public")
        for feed in feeds
        if feed.kind == "folder" and feed.path
    ]
    folders += [("`documents`", documents, "public")] if documents else []
    mirrors = [
        (f"what is held of feed {feed.name}", home / "feeds" / feed.name, feed.audience or "public")
        for feed in feeds
        if feed.kind != "folder"
    ]
    faults = {}
    for outer, around, audience in folders:
        for inner, path, other in [*folders, *mirrors]:
            if audience != other and _is_read_with(path, around):
                faults[frozenset((outer, inner))] = (
                    f"{inner} ({path}, for {other}) lies in {outer} ({around}, for {audience}), which would show it to "
                    f"{audience}; move one of them, or give both the same audience"
                )
    return list(faults.values())


def shown(feed: Feed) -> dict[str, Any]:
    """Return the keys that its kind has, as JSON-ready data, secrets hidden."""
    values = {key: getattr(feed, key) for key in KEYS[feed.kind]}
    values |= {key: HIDDEN for key in SECRETS if values.get(key)} | {"audience": feed.audience or "public"}
    return {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}


def password_variable(name: str) -> str:
    """Return the variable that holds the password of a feed."""
    return PASSWORD_VARIABLE.format(name.upper().replace("-", "_"))


def _parse_one(table: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> tuple[Feed | None, list[str]]:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KEYS:
        return None, [f"`kind` is {kind!r}; it must be one of {', '.join(KINDS)}"]
    values: dict[str, Any] = {"audience": UNSAID.get(kind, "public")}
    faults: list[str] = []
    for key, value in table.items():
        if key not in KEYS[kind]:
            close = difflib.get_close_matches(key, KEYS[kind], n=1)
            hint = f"; did you mean `{close[0]}`?" if close else f"; it has {', '.join(KEYS[kind])}"
            faults.append(f"`{key}` is no key of a {kind} feed{hint}")
            continue
        try:
            values[key] = _checked(key, _converted(TYPES[key], value), folder)
        except ValueError as error:
            hidden = key in SECRETS or "@" in str(value)  # an address may hold a password
            faults.append(f"`{key}` is {HIDDEN if hidden else repr(value)}; {error}")
    faults += [f"`{key}` is missing" for key in ("name", *REQUIRED[kind]) if not table.get(key)]
    if faults:
        return None, faults
    if kind == "imap":
        values["password"] = environment.get(password_variable(values["name"])) or values.get("password", "")
    return Feed(**values), []


def _converted(kind: Any, value: Any) -> Any:
    members = [member for member in get_args(kind) if member is not type(None)]
    plain = members[0] if type(None) in get_args(kind) else kind
    if plain == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ValueError("it must be a list of texts")
    if plain is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if plain is Path and isinstance(value, str) and value:
        return Path(value)
    plain = str if plain == Kind else plain
    if isinstance(value, plain) and not (plain is int and isinstance(value, bool)):
        return value
    raise ValueError(f"it must be {NAMES[plain]}")


def _checked(key: str, value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return folder / value.expanduser()
    if key in RANGES and not RANGES[key][0] <= value <= RANGES[key][1]:
        raise ValueError(f"it must be from {RANGES[key][0]:,} to {RANGES[key][1]:,}")
    if key == "name" and not NAME.fullmatch(value):
        raise ValueError("it must be letters, digits, - and _, 64 at most, and begin with a letter or digit")
    if key in ("audience", "collection", "folder") and not value.strip():
        raise ValueError("it must not be empty")
    addresses: Sequence[str] = value if key == "allow" else [value] if key == "url" else []
    for address in addresses:
        if not canonical(address):
            raise ValueError("an address must start with http:// or https:// and hold no password")
    return value


def _is_read_with(path: Path, folder: Path) -> bool:
    """Return whether an ingest of the folder reads the path; hidden ones it passes over."""
    path, folder = path.resolve(), folder.resolve()
    return path.is_relative_to(folder) and not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _alike(feeds: Sequence[Feed]) -> list[str]:
    """Tell of names that would share a folder, on a system that ignores case, or a variable."""
    alike: dict[str, list[str]] = {}
    for feed in feeds:
        alike.setdefault(password_variable(feed.name), []).append(feed.name)
    return [
        f"feeds are named alike: {', '.join(names)}; names must differ in letters and digits"
        for names in alike.values()
        if len(names) > 1
    ]
