"""The folder in which a feed's documents lie, and what is known of each.

    items -> FRONTDESK_HOME/feeds/NAME/COLLECTION/shop.example/help/returns.html …
          -> FRONTDESK_HOME/feeds/NAME/COLLECTION/.feed.json {"items": {URL: {"file", "hash", "marks"}}, "facts"}

Files appear whole or not at all. What is known is written after the files it tells of, so that a crash costs a
second look, never a document.
"""

import hashlib
import json
import logging
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from knowledge.errors import FeedUnavailable
from knowledge.loaders import LOADERS

STATE_FILE = ".feed.json"
VERSION = 1
REBUILDING = "rebuilding"
"""The fact that what was known of the files that are there is lost."""
REPEATED = "repeated"
"""The fact that tells, as JSON, what nearly all pages of a website show, and which page keeps it."""
LONGEST_NAME_BYTES = 120
"""Of one folder or file; systems allow 255, and a temporary name is longer."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
"""What one system or another does not take in a file's name."""
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """One document of the mirror."""

    file: str
    """Path below the mirror's folder, with `/`."""
    hash: str
    """SHA-256 of its bytes."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """What lets the next sync see that it is unchanged, such as an ETag."""


class Mirror:
    """A feed's folder; the caller sees to it that one process at a time changes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.items: dict[str, Item] = {}
        """By what the source calls them: a page's address, a mail's id."""
        self.facts: dict[str, str] = {}
        """What is known of the source as a whole."""
        self._load()
        self._owners = {item.file.casefold(): key for key, item in self.items.items()}

    def path(self, key: str) -> Path | None:
        """Return the file of an item that is known and there."""
        item = self.items.get(key)
        path = self.folder / item.file if item else None
        return path if path is not None and path.is_file() else None

    def put(
        self,
        key: str,
        data: bytes,
        *,
        name: str,
        marks: Mapping[str, str] | None = None,
        modified_at: float | None = None,
    ) -> bool:
        """Keep a document and return whether it is new or changed.

        Args:
            name: the path wanted, with `/`; a document keeps the one it has, unless its suffix changes.
            modified_at: when it was last changed, in seconds since 1970; None is now.

        Raises:
            FeedUnavailable: the file cannot be written.
        """
        digest = hashlib.sha256(data).hexdigest()
        known = self.items.get(key)
        same = known is not None and known.hash == digest and self.path(key) is not None
        file = known.file if known and Path(known.file).suffix == Path(name).suffix else self._free_name(key, name)
        if not same or known is None or known.file != file:
            self._write(self.folder / file, data, modified_at)
            if known and known.file != file:
                self._remove_file(known.file)
            same = False
        self.items[key] = Item(file, digest, dict(marks or {}))
        self._owners[file.casefold()] = key
        return not same

    def drop(self, key: str) -> None:
        """Forget a document."""
        item = self.items.pop(key)
        self._remove_file(item.file)

    def rename(self, key: str, new: str) -> None:
        """Note that the source calls a document by another name now."""
        item = self.items[new] = self.items.pop(key)
        self._owners[item.file.casefold()] = new

    def clear(self) -> None:
        """Forget all documents, but not what the mirror was for."""
        self.items, self._owners = {}, {}
        self.sweep(all_read=True)
        self.save()

    def remove(self) -> None:
        """Remove what is left of an empty mirror."""
        (self.folder / STATE_FILE).unlink(missing_ok=True)
        for folder in (self.folder, self.folder.parent):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def sweep(self, *, all_read: bool = True) -> None:
        """Remove files that no item names: left over from a crash, or put there by someone.

        Args:
            all_read: every item of the source was had. Until it was, after what was known is lost, a file without an
                item may be one that could not be had just now, and stays.
        """
        if REBUILDING in self.facts and not all_read:
            return
        self.facts.pop(REBUILDING, None)
        for path in sorted(self.folder.rglob("*"), reverse=True):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and name != STATE_FILE and name.casefold() not in self._owners:
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()

    def save(self) -> None:
        """Write down what is known.

        Raises:
            FeedUnavailable: it cannot be written.
        """
        items = {key: asdict(item) for key, item in self.items.items()}
        state = {"version": VERSION, "items": items, "facts": self.facts}
        self._write(self.folder / STATE_FILE, json.dumps(state, ensure_ascii=False, indent=0).encode(), None)

    def _load(self) -> None:
        path = self.folder / STATE_FILE
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            if state["version"] == VERSION:
                self.items = {key: Item(**item) for key, item in state["items"].items()}
                self.facts = dict(state["facts"])
        except FileNotFoundError:
            if self.folder.is_dir() and any(self.folder.iterdir()):
                self.facts = {REBUILDING: "yes"}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _log.warning("%s cannot be read (%s); everything is fetched anew", path, error)
            self.items, self.facts = {}, {REBUILDING: "yes"}

    def _free_name(self, key: str, name: str) -> str:
        """Return the name, or one like it when another item has it on a system that ignores case."""
        if self._owners.get(name.casefold(), key) == key:
            return name
        stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a path with `/` on every system
        return f"{stem}~{hashlib.sha256(key.encode()).hexdigest()[:8]}{suffix}"

    def _write(self, path: Path, data: bytes, modified_at: float | None) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, temporary = tempfile.mkstemp(prefix=".part-", dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                if modified_at is not None:
                    os.utime(temporary, (modified_at, modified_at))
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except (OSError, OverflowError) as error:
            cause = getattr(error, "strerror", None) or error
            raise FeedUnavailable(
                f"{path} cannot be written ({cause}). Next: make room, or let Frontdesk write there, "
                "then: frontdesk sync"
            ) from error

    def _remove_file(self, file: str) -> None:
        self._owners.pop(file.casefold(), None)
        path = self.folder / file
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self.folder or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()


def addresses(folder: Path) -> dict[str, str]:
    """Return file, as a path below the folder with `/`, -> the web page that it is; {} where there is no mirror."""
    if not (folder / STATE_FILE).is_file():
        return {}
    items = Mirror(folder).items.items()
    return {item.file: key for key, item in items if key.startswith(("http://", "https://"))}


def repeated_parts(folder: Path) -> dict[str, str]:
    """Return hash -> file that keeps it, of each part that nearly all pages of a website show; {} without a mirror."""
    if not (folder / STATE_FILE).is_file():
        return {}
    try:
        return {str(each): str(file) for each, file in json.loads(Mirror(folder).facts.get(REPEATED, "{}")).items()}
    except (ValueError, AttributeError):
        return {}


def safe_name(text: str, *, folder: bool = False) -> str:
    """Return `text` as a name that every system takes and that ingest does not pass over as hidden.

    Args:
        folder: it is a folder's; one that ends like a document does not then stand in that document's way.
    """
    name = _FORBIDDEN.sub("_", text).strip().rstrip(". ")
    if not name or name.startswith((".", "~$")) or _DEVICES.match(name):
        name = "_" + name
    if folder and Path(name).suffix.lower() in LOADERS:
        name += "_"
    if len(name.encode()) > LONGEST_NAME_BYTES:
        stem, suffix = (name, "") if folder else os.path.splitext(name)  # noqa: PTH122
        suffix = suffix if len(suffix) < 10 else ""
        mark = "~" + hashlib.sha256(text.encode()).hexdigest()[:8]
        room = LONGEST_NAME_BYTES - len((mark + suffix).encode())
        name = stem.encode()[:room].decode(errors="ignore").rstrip() + mark + suffix
    return name
