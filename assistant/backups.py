"""All state of a home in one file, taken while it is in use, and put back.

    home -> databases at one moment each, the other files -> FILE.tar.gz, manifest last
    FILE.tar.gz -> checked -> an empty home, here or on another machine

A plain copy of a home that is served can lose the last turns, which SQLite keeps in journals, or hold vectors that the
catalogue does not know. Models and converted bases stay out: `frontdesk models get` and the next training make them
again. The file holds what customers wrote, and the settings with the secrets in them: only its owner may read it.
"""

import errno
import gzip
import io
import json
import os
import shlex
import shutil
import sqlite3
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from assistant.checkpoints import FILE as CHECKPOINTS
from assistant.errors import BackupError
from assistant.running import FILE as SERVER
from assistant.settings import FILE_NAME, Settings
from knowledge.errors import KnowledgeError
from knowledge.snapshot import CATALOG, JOURNALS, VECTORS, copy_database, copy_library, library_bytes

CONVERSATIONS = "frontdesk.sqlite3"
MANIFEST = "manifest.json"
KIND = "frontdesk backup"
SETTINGS = "settings"
"""Where a settings file that lies outside the home is kept, in the archive and in a restored home."""
SUFFIXES = (".tar.gz", ".tgz")
LEFT_OUT = frozenset({"models", "bases", SERVER, f"{SERVER}.new", f"{CONVERSATIONS}.owners"})
"""What can be had again, or belongs to processes that run."""
PASSING = (*JOURNALS, ".lock", ".part")
LEVEL = 1
"""Of gzip: more takes several times as long and saves little."""
SPARE_BYTES = 50_000_000
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup, or one that was put back."""

    path: Path
    files: int
    bytes: int
    """Size of the archive."""
    left_out: tuple[str, ...]
    """What a whole restore needs beside it, in words."""
    seconds: float


def make_backup(settings: Settings, file: Path, *, replace: bool = False) -> Backup:
    """Write all state of the home into a new file, which appears under its name when it is whole.

    Raises:
        BackupError: the file cannot be made there, the disk is full, or a database is damaged.
    """
    began = time.perf_counter()
    home = settings.home.resolve()
    _check_target(file, home, replace=replace)
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)  # one that is there may be readable by others, or lead elsewhere
        with (
            tempfile.TemporaryDirectory(prefix=f".{file.name}-", dir=file.parent) as work,
            os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as raw,
            tarfile.open(fileobj=raw, mode="w:gz", compresslevel=LEVEL) as archive,
        ):
            _copy_databases(settings, home, Path(work))
            names = [name for name, path in _contents(settings, home, Path(work)) if _put(archive, name, path)]
            about = {
                "kind": KIND,
                "frontdesk": version("frontdesk"),
                "home": str(home),
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "files": names,
            }
            _put_text(archive, MANIFEST, json.dumps(about, ensure_ascii=False, indent=1))
        part.replace(file)
    except (OSError, tarfile.TarError) as error:
        raise BackupError(
            f"{file} could not be written ({getattr(error, 'strerror', None) or error}). Next: free some space or give "
            "a FILE on another disk, then frontdesk backup FILE"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return Backup(file, len(names), file.stat().st_size, _elsewhere(settings), time.perf_counter() - began)


def restore_backup(file: Path, home: Path) -> Backup:
    """Put a backup into a home that holds no documents and no conversations; the caller is the home's sole writer.

    Places within the old home, such as mirrors of feeds, are entered as places within this one.

    Raises:
        BackupError: it is no whole backup, or the home is in use, and nothing was changed; or the disk failed, and
            what was put back so far is named.
    """
    began = time.perf_counter()
    moved: list[str] = []
    _require_file(file)
    if found := occupied_by(home):
        raise _occupied(home, found, file)
    try:
        with tempfile.TemporaryDirectory(prefix=".restoring-", dir=home) as work:
            about = _unpack(file, Path(work))
            state = Path(work) / "home"
            if there := [path.name for path in sorted(state.iterdir()) if _is_kept(home / path.name)]:
                raise _occupied(home, ", ".join(there), file)
            _rename_places(state / CATALOG, old=str(about["home"]), new=str(home.resolve()))
            _clear(home)
            for path in sorted(state.iterdir()):
                with suppress(FileNotFoundError, NotADirectoryError):
                    (home / path.name).rmdir()  # an empty folder; anything else was refused
                path.replace(home / path.name)
                moved.append(path.name)
                if (home / path.name).is_dir():
                    (home / path.name).chmod(0o700)  # mails of a feed are nobody else's
    except (OSError, sqlite3.Error) as error:
        half = f"; {', '.join(moved)} lie there already, so remove them first" if moved else ""
        raise BackupError(
            f"{file} could not be restored ({error}). Next: see that {home} may be written and its disk has room"
            f"{half}, then frontdesk "
            f"restore {file.name} again"
        ) from error
    return Backup(file, len(about["files"]), file.stat().st_size, (), time.perf_counter() - began)


def occupied_by(home: Path) -> str:
    """Return in words what a home holds that must not be lost, "" for nothing."""
    for name, table, words in ((CONVERSATIONS, "conversation", "conversations"), (CATALOG, "document", "documents")):
        if not (home / name).exists():
            continue
        try:
            with closing(sqlite3.connect(f"{(home / name).absolute().as_uri()}?mode=ro", uri=True)) as database:
                if database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
                    return words
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                return words
        except sqlite3.Error:
            return words
    return ""


def _is_kept(path: Path) -> bool:
    """Whether something would be lost if this place were taken; the databases are looked at by themselves."""
    if path.name in (CATALOG, CONVERSATIONS, CHECKPOINTS, VECTORS) or not path.exists():
        return False
    return path.is_file() or any(path.iterdir())


def _occupied(home: Path, found: str, file: Path) -> BackupError:
    return BackupError(
        f"{home} holds {found} already, and nothing was changed. Next: FRONTDESK_HOME=FOLDER frontdesk restore "
        f"{shlex.quote(str(file))}, with an empty FOLDER, or move what is there away first"
    )


def _check_target(file: Path, home: Path, *, replace: bool) -> None:
    faults = []
    if not file.name.endswith(SUFFIXES):
        faults.append(f"{file} must end in {' or '.join(SUFFIXES)}")
    if not file.parent.is_dir():
        faults.append(f"there is no folder {file.parent}")
    elif file.resolve().is_relative_to(home):
        faults.append(f"{file} would lie within the home {home}, and be lost with it")
    elif file.exists() and not replace:
        faults.append(f"{file} is there already; give --replace or another name")
    if not any((home / name).exists() for name in (CATALOG, CONVERSATIONS)):
        faults.append(f"{home} holds no documents and no conversations; is FRONTDESK_HOME the right one?")
    if not faults:
        needed = library_bytes(home) + sum(_size(home / name) for name in (CONVERSATIONS, CHECKPOINTS)) + SPARE_BYTES
        free = shutil.disk_usage(file.parent).free
        if free < needed:
            faults.append(f"the disk of {file.parent} has {free / 1e6:,.0f} MB free, {needed / 1e6:,.0f} are needed")
    if faults:
        raise BackupError("\n".join(["No backup can be made:", *(f"  - {one}" for one in faults)]))


def _copy_databases(settings: Settings, home: Path, work: Path) -> None:
    """Copy what is written all the time: where loops wait first, for the conversations tell what was done."""
    try:
        for name in (CHECKPOINTS, CONVERSATIONS):
            if (home / name).exists():
                copy_database(home / name, work / name)
        if not settings.catalog_url and (home / CATALOG).exists():
            copy_library(home, work)
    except KnowledgeError as error:
        raise BackupError(str(error)) from error


def _contents(settings: Settings, home: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name in the archive and the file, the copies first; databases of the owner's own are copied in turn."""
    copied = {path.relative_to(work).as_posix() for path in work.rglob("*") if path.is_file()}
    for name in sorted(copied):
        yield f"home/{name}", work / name
    seen: set[str] = set()
    for folder, folders, names in os.walk(home, followlinks=True):  # a run's folder may be linked to a larger disk
        top = Path(folder) == home
        seen.add(os.path.realpath(folder))
        folders[:] = sorted(
            one
            for one in folders
            if not (top and one in LEFT_OUT | {VECTORS}) and os.path.realpath(Path(folder, one)) not in seen
        )
        for name in sorted(names):
            path = Path(folder, name)
            place = path.relative_to(home).as_posix()
            passing = name.endswith(PASSING) or (top and name in LEFT_OUT | {CATALOG, CONVERSATIONS, CHECKPOINTS})
            if not passing and path.is_file():
                yield f"home/{place}", _settled(path, work / "own")
    settings_file = _settings_file(settings)
    if settings_file is not None and not settings_file.resolve().is_relative_to(home):
        yield f"home/{SETTINGS}/{FILE_NAME}", settings_file


def _settled(path: Path, work: Path) -> Path:
    """Return the file itself, or of a database a copy that is one moment of it."""
    if path.suffix not in (".sqlite3", ".sqlite", ".db"):
        return path
    work.mkdir(exist_ok=True)
    copy = work / "database"
    copy.unlink(missing_ok=True)
    try:
        copy_database(path, copy)
    except KnowledgeError:  # no database in spite of its name
        return path
    return copy


def _put(archive: tarfile.TarFile, name: str, path: Path) -> bool:
    """Add a file; return False for one that is gone meanwhile, as a feed's pages may be."""
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return False
    with source:
        item = archive.gettarinfo(arcname=name, fileobj=source)
        item.uid = item.gid = 0
        item.uname = item.gname = ""
        item.mode = 0o600  # a copy of a database was made with other rights than the database has
        archive.addfile(item, source)
    return True


def _put_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    item = tarfile.TarInfo(name)
    item.size = len(data := text.encode())
    item.mode = 0o600
    archive.addfile(item, io.BytesIO(data))


def _require_file(file: Path) -> None:
    if not file.is_file():
        raise BackupError(f"There is no file {file}. Next: check the path")


def _unpack(file: Path, work: Path) -> Mapping[str, Any]:
    """Unpack and return the manifest, which is written last and names every file."""
    again = "Next: give another backup, as frontdesk backup made it"
    try:
        with gzip.open(file) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as archive:
            archive.extractall(work, filter="data")  # refuses names that lead out of the folder
            while unpacked.read(1 << 20):  # to the end, where gzip's checksum stands: tarfile stops before it
                pass
        about: dict[str, Any] = json.loads((work / MANIFEST).read_text(encoding="utf-8"))
        whole = about["kind"] == KIND and all((work / name).is_file() for name in about["files"])
        about["home"]
    except FileNotFoundError as error:
        raise BackupError(f"{file} is no backup, or was cut off: it has no {MANIFEST}. {again}") from error
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise  # another backup would fare no better
        raise BackupError(f"{file} cannot be read as a backup ({error}). {again}") from error
    if not whole:
        raise BackupError(f"{file} does not hold all the files that it names. {again}")
    (work / "home").mkdir(exist_ok=True)
    return about


def _rename_places(catalog: Path, *, old: str, new: str) -> None:
    if old == new or not catalog.is_file():
        return
    with closing(sqlite3.connect(catalog)) as database, database:
        places = database.execute("SELECT id, location FROM source").fetchall()
        moved = [(new + place[len(old) :], key) for key, place in places if place.startswith(old + os.sep)]
        database.executemany("UPDATE source SET location = ? WHERE id = ?", moved)


def _clear(home: Path) -> None:
    """Remove the empty databases that a first `frontdesk doctor` made, with their journals."""
    for name in (CATALOG, CONVERSATIONS, CHECKPOINTS):
        for ending in ("", *JOURNALS):
            (home / f"{name}{ending}").unlink(missing_ok=True)
    shutil.rmtree(home / VECTORS, ignore_errors=True)


def _settings_file(settings: Settings) -> Path | None:
    files = (Path(origin) for origin in settings.origins.values() if origin.endswith(".toml"))
    return next((path for path in files if path.is_file()), None)


def _elsewhere(settings: Settings) -> tuple[str, ...]:
    """Return what is not in the home and so not in the backup."""
    left = ["models: frontdesk models get"]
    if settings.catalog_url:
        left.append("the catalogue on its PostgreSQL server: pg_dump")
    if settings.catalog_url or settings.chroma_url:
        left.append("the vectors: the next frontdesk ingest makes those anew that are missing")
    left.append("original documents and files of tools, where they lie outside the home")
    return tuple(left)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
