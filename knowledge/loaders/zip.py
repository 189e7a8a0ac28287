"""Zip archives: every member through the loader for its suffix, named `!/path`; a bad one does not stop the others."""

import re
import stat
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from knowledge.documents import Document
from knowledge.errors import UnreadableFile
from knowledge.loaders import NO_OPTIONS, LoadOptions
from knowledge.loaders.archives import PARSER_FAULTS, check_size
from knowledge.loaders.encoding import empty, read_bytes
from knowledge.loaders.members import Member, read_members
from knowledge.sources import is_passed_over
from knowledge.text import CJK_CLASS

_BLOCK_BYTES = 1 << 20
_ENCRYPTED = 0x1
_NAMED_IN_UTF_8 = 0x800
_CHINESE = f"[{CJK_CLASS}]"


def load(path: Path, *, options: LoadOptions = NO_OPTIONS) -> Iterator[Document]:
    """Yield the documents of all members, in the archive's order."""
    read_bytes(path)
    try:
        archive = zipfile.ZipFile(path)
    except PARSER_FAULTS as error:
        raise UnreadableFile(
            f"{path}: is not a zip archive, or damaged ({error}). Pack it again with the program that made it."
        ) from error
    with archive:
        infos = archive.infolist()
        check_size(path, infos)
        members = list(_members(archive, infos))
        if not members:
            raise empty(path, "holds no file")
        yield from read_members(path, members, options=options)


def _members(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> Iterator[Member]:
    """Yield the files to read; of two with one name the later, as when it is unpacked."""
    named = {_name(info): info for info in infos if not info.is_dir()}
    for name, info in named.items():
        if not any(is_passed_over(part) and part != ".." for part in name.split("/")):
            yield Member(name, partial(_blocks, archive, info, name))


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """Yield the member's bytes; what is wrong with it is said in its name."""
    place = f"{archive.filename}!/{name}"
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnreadableFile(f"{place}: is a link to another file, so it is not read. Pack the file itself.")
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableFile(f"{place}: is protected by a password. Pack it again without one.")
    try:
        with archive.open(info) as stream:
            while block := stream.read(_BLOCK_BYTES):
                yield block
    except PARSER_FAULTS as error:
        raise UnreadableFile(f"{place}: is damaged ({error}). Pack it again from the original.") from error


def _name(info: zipfile.ZipInfo) -> str:
    """Return the member's path; names that old programs wrote in UTF-8 or Chinese without saying so are mended."""
    name = info.filename.replace("\\", "/")
    if info.flag_bits & _NAMED_IN_UTF_8 or name.isascii():
        return name
    try:
        written = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    for encoding in ("utf-8", "gb18030"):
        try:
            mended = written.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or re.search(_CHINESE, mended):
            return mended
    return name
