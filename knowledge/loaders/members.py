"""Files within a file: members of an archive, attachments of a mail.

    members -> a temporary file each -> their own loaders -> documents named `!/path`

Number, size and depth are bounded over everything that lies within one file. No name from outside is ever used as
a file's name.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from knowledge.documents import Document
from knowledge.errors import PartlyUnreadable, UnknownKind, UnreadableFile
from knowledge.loaders import LoadOptions, load

_MOST_MEMBERS = 10_000
_LARGEST_TOTAL_BYTES = 1_000_000_000
_DEEPEST = 4
_DRIVE = re.compile(r"[A-Za-z]:")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Member:
    """A file within a file."""

    name: str
    """Its path there, with `/` between folders."""
    blocks: Callable[[], Iterable[bytes]]
    """Returns its bytes, block by block; raises UnreadableFile when it cannot."""


@dataclass(slots=True)
class _Allowance:
    """What may still be taken out of the outermost file."""

    members: int = field(default_factory=lambda: _MOST_MEMBERS)
    bytes: int = field(default_factory=lambda: _LARGEST_TOTAL_BYTES)


_allowance: ContextVar[tuple[int, _Allowance] | None] = ContextVar("_allowance", default=None)
"""How deep the file lies that is being read now, and what is left; None outside any."""


def read_members(
    path: Path, members: Iterable[Member], *, options: LoadOptions, may_be_none: bool = False
) -> Iterator[Document]:
    """Yield the documents of every member that can be read.

    Args:
        path: The file that holds them.
        members: In the order to read them.
        may_be_none: Whether the file has text of its own, so that it is no failure when no member can be read.

    Raises:
        PartlyUnreadable: After the last document: some members could not be read.
        UnreadableFile: None could.
    """
    depth, allowance = _allowance.get() or (0, _Allowance())
    failures: list[tuple[str, str]] = []
    by_kind = True
    count = 0
    with tempfile.TemporaryDirectory(prefix="frontdesk-") as folder:
        for number, member in enumerate(members, start=1):
            suffix = PurePosixPath(member.name).suffix
            copy = Path(folder, f"member-{number}{suffix if _SUFFIX.fullmatch(suffix) else ''}")
            documents, failed, is_kind = _read(copy, member, options, depth, allowance)
            by_kind = by_kind and (is_kind or not failed)
            failures += [(name, error.replace(str(copy), f"{path}!/{member.name}")) for name, error in failed]
            copy.unlink(missing_ok=True)
            count += len(documents)
            yield from documents
    if failures and not count and not may_be_none:
        fault = f"{path}: nothing in it could be read. {' '.join(error for _, error in failures[:3])}"
        raise UnknownKind(fault) if by_kind else UnreadableFile(fault)
    if failures:
        names = ", ".join(name for name, _ in failures)
        fault = f"{path}: these files in it could not be read: {names}"
        raise PartlyUnreadable(fault, tuple(failures), by_kind=by_kind)


def _read(
    copy: Path, member: Member, options: LoadOptions, depth: int, allowance: _Allowance
) -> tuple[list[Document], list[tuple[str, str]], bool]:
    """Return a member's documents, the failures of what lies within it, and whether all those are of its kind."""
    token = _allowance.set((depth + 1, allowance))
    documents: list[Document] = []
    failures: list[tuple[str, str]] = []
    by_kind = False
    try:
        _check(copy, member, depth, allowance)
        _copy(member, copy, allowance)
        for document in load(copy, options=options):
            documents.append(_named(document, member.name, copy))
    except PartlyUnreadable as partly:
        failures = [(f"{member.name}!/{name}" if name else member.name, error) for name, error in partly.failures]
        by_kind = partly.by_kind
    except UnreadableFile as error:
        return [], [(member.name, str(error))], isinstance(error, UnknownKind)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a loader's mistake costs this member, not the whole archive
        what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        fault = f"{copy}: its loader failed ({what}). Next: save it in another format, or leave it out"
        return [], [(member.name, fault)], False
    finally:
        _allowance.reset(token)
    return documents, failures, by_kind


def _check(copy: Path, member: Member, depth: int, allowance: _Allowance) -> None:
    parts = member.name.split("/")
    if member.name.startswith("/") or ".." in parts or _DRIVE.match(member.name):
        raise UnreadableFile(
            f"{copy}: its name points outside the archive, so it is not read. Pack the archive again without it."
        )
    allowance.members -= 1
    if depth >= _DEEPEST:
        raise UnreadableFile(
            f"{copy}: lies more than {_DEEPEST} archives or mails deep. Unpack the outer ones yourself."
        )
    if allowance.members < 0:
        raise UnreadableFile(
            f"{copy}: comes after the {_MOST_MEMBERS:,} files that are read from one archive. Split it."
        )


def _copy(member: Member, copy: Path, allowance: _Allowance) -> None:
    with copy.open("wb") as target:
        for block in member.blocks():
            allowance.bytes -= len(block)
            if allowance.bytes < 0:
                raise UnreadableFile(
                    f"{copy}: comes after the {_LARGEST_TOTAL_BYTES:,} bytes that are read from one archive. Split it."
                )
            target.write(block)


def _named(document: Document, name: str, copy: Path) -> Document:
    inner = document.name
    if inner and not inner.startswith(("#", "!/")):  # a full name is only full outside an archive
        inner = f"#{inner}"
    title = document.title if document.title not in ("", copy.stem) else PurePosixPath(name).stem
    return replace(document, name=f"!/{name}{inner}", title=title)


def from_bytes(name: str, data: bytes) -> Member:
    """Return the member whose bytes are in memory."""
    return Member(name, lambda: (data,))
