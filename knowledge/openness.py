"""Who may read documents where nobody says so: everyone, but for folders whose names say otherwise.

    paths, the catalogue's places -> what is read for whom, or a refusal

The last ingest of a file decides who may read it. So one that forgets to name the audience, of the same folder or of
one around it or in it, would open to everyone what was for the staff. A place is known by its names, as written and as
they lead: a hard link is another place. A folder for the staff that got another name is known by all it held.

A folder that is named `staff`, `internal` or alike (`knowledge.internal_folders`) is read for the staff, unless it was
opened before: whoever reads all documents at once, for the first time, would show these to customers.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from knowledge import catalog, internal_folders
from knowledge.catalog import Catalog
from knowledge.errors import KnowledgeError
from knowledge.forgetting import is_gone_part
from knowledge.internal_folders import STAFF, in_archive
from knowledge.sources import exists, is_within, shown

PUBLIC = "public"
NAMED_AT_MOST = 3
"""Places that a refusal names."""
Held = Sequence[tuple[str, str, str]]
"""(source, path below it, audience) of each file."""


@dataclass(frozen=True, slots=True)
class Share:
    """Paths that are read for the same people."""

    audience: str
    paths: tuple[Path, ...]
    without: frozenset[str] = frozenset()
    """Folders that are not read with them."""
    opened: frozenset[str] | None = None
    """Of the folders that are for the staff by their names, those that may be read with them; None: all."""
    around: tuple[Path, ...] = ()
    """Paths in which these were found: what is empty within one that holds files is no drive that is missing."""

    def is_left(self, folder: str) -> bool:
        """Say whether a folder is left to an ingest that says who may read it."""
        path = Path(folder)
        is_named = internal_folders.is_internal(path.name) and not internal_folders.is_language(path)
        return self.opened is not None and folder not in self.opened and is_named


@dataclass(frozen=True, slots=True)
class InternalFolder:
    """A folder, or a file in one, whose name says that it is not for customers."""

    path: str
    audience: str
    """Who may read it: `staff`, or `public` where it was opened before or stands for a language."""


def check_names(*, collection: str, audience: str) -> None:
    """Refuse a collection or an audience without a name: nobody would find what is in it.

    Raises:
        KnowledgeError: one is empty.
    """
    for name, value, such in (("collection", collection, "default"), ("audience", audience, "public or staff")):
        if not value.strip():
            raise KnowledgeError(f"The {name} has no name. Next: give --{name} a word, such as {such}")


def shared_out(
    catalog_: Catalog, paths: Sequence[Path], *, collection: str, audience: str | None
) -> tuple[tuple[Share, ...], tuple[InternalFolder, ...]]:
    """Return what is read for whom, and the folders whose names say so where no audience is given.

    Raises:
        KnowledgeError: something at, below or around them is held for others than those whom it would be read for.
    """
    if audience is not None:
        return (Share(audience, tuple(paths)),), ()
    with catalog_.read() as connection:
        held = _places(connection, collection)
    languages: dict[str, Path] = {}
    closed, by_itself, with_others, opened = _internal(paths, held, languages=languages)
    _refuse_to_close(closed, held)
    apart = {**closed, **by_itself}  # read by themselves, as before, and not once more with what is around them
    public = tuple(path for path in paths if not _is_in(shown(os.path.realpath(path)), apart))
    _refuse_to_open((*public, *by_itself.values()), held, closed=closed)
    around = tuple(paths)
    shares = (  # a folder that is made or renamed while others are read is not among those opened
        Share(PUBLIC, public, frozenset(apart), opened),
        Share(PUBLIC, tuple(by_itself.values()), frozenset(closed), opened, around),
        Share(STAFF, tuple(closed.values()), around=around),
    )
    names = [InternalFolder(place, STAFF) for place in closed]
    names += [InternalFolder(place, PUBLIC) for place in (*by_itself, *with_others, *languages)]
    return tuple(share for share in shares if share.paths), tuple(names)


def _places(connection: Connection, collection: str) -> Held:
    """Return what is held, but for what an archive's folder keeps for the staff of a source that is open else.

    Where nothing of a source is open, somebody may have closed it whole.
    """
    places = catalog.places(connection, collection=collection)
    members = catalog.members(connection, collection=collection)
    opened = {location for location, *_, who in (*places, *members) if who == PUBLIC}
    counted = [
        (location, path, who)
        for location, path, name, who in members
        if who != STAFF or location not in opened or not in_archive(name)
    ]
    return list(dict.fromkeys([*places, *counted]))


def _internal(
    paths: Sequence[Path], held: Held, *, languages: dict[str, Path]
) -> tuple[dict[str, Path], dict[str, Path], dict[str, Path], frozenset[str]]:
    """Return the folders that are for the staff by their names, those opened by themselves or with others, and all
    that are open, those within others too; gather in `languages` those that stand for one.
    """
    opened: set[str] = set()
    closed: dict[str, Path] = {}
    by_itself: dict[str, Path] = {}
    with_others: dict[str, Path] = {}
    for path in paths:
        itself = [path] if internal_folders.lies_in_one(path) else []
        for folder in (*itself, *internal_folders.below(path)):  # from above: what lies in one follows it
            place = shown(os.path.realpath(folder))
            if _is_in(place, closed):
                continue
            if internal_folders.is_language(folder) and not _is_held_for_staff(place, held):
                languages[place] = folder
                continue
            sources = _open_sources(place, held) or _open_sources(internal_folders.innermost(place), held)
            if not sources:
                closed[place] = folder
                continue
            opened.add(place)
            if not _is_in(place, (*by_itself, *with_others)):
                (by_itself if sources == {place} else with_others)[place] = folder
    return closed, by_itself, with_others, frozenset(opened)


def _is_held_for_staff(place: str, held: Held) -> bool:
    """Say whether a folder was read by itself for the staff: whatever it is called, it stays so until somebody says."""
    return any(location == place and audience == STAFF for location, _, audience in held)


def _open_sources(place: str, held: Held) -> set[str]:
    """Return the sources with which all that lies here was read for customers: itself, or what is around it."""
    return {
        location
        for location, name, audience in held
        if audience == PUBLIC
        and (location == place or (is_within(place, location) and is_within(str(Path(location, name)), place)))
    }


def _refuse_to_close(closed: Iterable[str], held: Held) -> None:
    """Refuse to read for the staff what somebody said is for others."""
    files: dict[str, str] = {}
    for audience in sorted({audience for *_, audience in held} - {STAFF}):
        files |= dict.fromkeys(
            _files([(location, name) for location, name, other in held if other == audience]), audience
        )
    for folder in closed:
        if inside := sorted(file for file in files if is_within(file, folder)):
            is_group = files[inside[0]] != PUBLIC  # and stays one: said again, it would stop the next ingest again
            apart = " by itself, and keep it outside of what is read without --audience" if is_group else ""
            raise KnowledgeError(
                f"By its name {folder} is for the staff, and others may read {_some(inside)} "
                f"({', '.join(sorted({files[file] for file in inside}))}). Nothing was read. Next: say who may read "
                f"all of it: frontdesk ingest {folder} --audience staff (or {files[inside[0]]}{apart})"
            )


def _refuse_to_open(paths: Sequence[Path], held: Held, *, closed: Iterable[str]) -> None:
    """Refuse to read for everyone what is held for fewer; what is closed is not read with these paths."""
    others = [(location, name, audience) for location, name, audience in held if audience != PUBLIC]
    opened = {location for location, _, audience in held if audience == PUBLIC}
    kept = {
        location: audience
        for location, name, audience in others
        if location not in opened
        and not _is_gone_file(location, name)
        and not (audience == STAFF and _is_in(str(Path(location, name)), closed))
    }
    files = {
        file: audience
        for location, name, audience in others
        for file in _files([(location, name)])
        if not _is_in(file, closed)
    }
    for path in paths:
        root = shown(os.path.realpath(path))
        _refuse_renamed(path, [place for place in kept if is_gone_part(place, root)], others)
        around = {
            place: audience
            for place, audience in kept.items()
            if is_within(root, place)
            or (is_within(place, root) and not (audience == STAFF and is_gone_part(place, root)))
        }
        if inside := around or {file: audience for file, audience in files.items() if is_within(file, root)}:
            raise KnowledgeError(
                f"Not everyone may read what came from {_some(sorted(inside))}. Nothing was read: "
                f"without --audience {path} would be open to customers. Next: read it with --audience and the name it "
                f"had ({', '.join(sorted(set(inside.values())))}), or each audience's folder by itself; what is meant "
                "for customers now, with --audience public"
            )


def _refuse_renamed(path: Path, gone: Sequence[str], held: Held) -> None:
    """Refuse to read for everyone a folder that holds all that one for the staff held, before it had this name."""
    for place in gone:
        names = sorted({name for location, name, _ in held if location == place})
        for found in path.rglob(Path(names[0]).name):
            folder = found.parents[names[0].count("/")]
            if all((folder / name).is_file() for name in names) and not internal_folders.lies_in_one(folder):
                raise KnowledgeError(
                    f"{folder} holds what {place} held, which was for the staff and is gone. Nothing was read. "
                    f"Next: frontdesk ingest {folder} --audience staff; "
                    f"where all may read it, frontdesk ingest --forget {place}"
                )


def _files(held: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield where each held file that is there lies, by its name and really: below its source, or as the source."""
    for location, name in held:
        for path in (Path(location, name), Path(location)):
            if exists(path) and path.is_file():
                yield from (str(path), os.path.realpath(path))
                break


def _is_gone_file(location: str, name: str) -> bool:
    """Say whether a source is a single file that is there no more: nothing of it can be opened."""
    return Path(location).name == name and not exists(Path(location))


def _is_in(place: str, folders: Iterable[str]) -> bool:
    return any(is_within(place, folder) for folder in folders)


def _some(places: Sequence[str]) -> str:
    return ", ".join(places[:NAMED_AT_MOST]) + (", …" if len(places) > NAMED_AT_MOST else "")
