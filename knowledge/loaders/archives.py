"""The outside of a zip archive, as Office files and e-books are too, checked before anything is unpacked."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from knowledge.counting import counted
from knowledge.errors import UnreadableFile
from knowledge.loaders.encoding import read_bytes
from knowledge.loaders.sniffing import OLD_OFFICE

_LARGEST_UNPACKED_BYTES = 500_000_000
_MOST_MEMBERS = 10_000
_LARGEST_RATIO = 200
_SUSPECT_BYTES = 20_000_000
"""Below this a high ratio is only a file of much repetition."""

PARSER_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the libraries for packed and binary formats let through where a file is damaged: for most of it they have no
errors of their own. SyntaxError is what the XML parsers raise."""


def check_archive(path: Path, *, needed: str) -> None:
    """Raise unless the file is a zip archive of sane size that holds the member `needed`."""
    data = read_bytes(path)
    if data.startswith(OLD_OFFICE):
        raise UnreadableFile(
            f"{path}: is protected by a password or in the Office format of before 2007. "
            f"Open it in an office program and save it as {path.suffix} without a password."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged(path) from error
    check_size(path, members)
    if needed not in {member.filename for member in members}:
        raise damaged(path)


def check_size(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    """Raise when unpacking the archive would fill the machine."""
    size = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    excess = ""
    if len(members) > _MOST_MEMBERS:
        excess = f"holds {counted(len(members), 'file')}, more than the {_MOST_MEMBERS:,} allowed"
    elif size > _LARGEST_UNPACKED_BYTES:
        excess = f"unpacks to {size:,} bytes, more than the {_LARGEST_UNPACKED_BYTES:,} allowed"
    elif size > _SUSPECT_BYTES and size > _LARGEST_RATIO * packed:
        excess = f"unpacks to {size // packed} times its size, more than the {_LARGEST_RATIO} times allowed"
    if excess:
        raise UnreadableFile(f"{path}: {excess}. Unpack it yourself, or split it, and ingest what you need.")


def damaged(path: Path) -> UnreadableFile:
    """Return the error for a file that is not what its suffix says."""
    return UnreadableFile(
        f"{path}: is not a {path.suffix} file, or damaged. Open it in an office program and save it again."
    )
