"""Files into one archive, each with its hash; written under another name until it is whole.

    entries -> FILE.part -> FILE.zip: NAME/…, NAME/manifest.json (last)

A zip, because Windows opens it without a tool, members are found without reading the whole, and files over 4 GB are
part of the format. Models and wheels, which are packed already, are stored as they are. Names are relative, sorted and
checked; times are fixed: the same content makes the same bytes.
"""

import errno
import hashlib
import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from assistant.errors import BundleError

MANIFEST = "manifest.json"
FORMAT = 1
BLOCK = 1 << 20
PACKED = frozenset({".whl", ".gguf", ".safetensors", ".bin", ".onnx"})
"""What compressing would make no smaller, and slow."""
EPOCH = (1980, 1, 1, 0, 0, 0)
SPARE_BYTES = 50_000_000
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a bundle."""

    name: str
    """Its place in the unpacked folder, with `/`."""
    source: Path
    living: bool = False
    """Whether it changes once Frontdesk runs, and is compared only before the first start."""
    executable: bool = False


def write_archive(
    entries: Iterable[Entry],
    target: Path,
    *,
    about: Mapping[str, Any],
    progress: Progress = lambda _name, _done, _all: None,
) -> Mapping[str, Any]:
    """Write the bundle and return its manifest; what was at `target` stays until the new file is whole.

    Args:
        about: What the manifest says beside the files.
        progress: Told the file, and bytes done and in all.

    Raises:
        BundleError: a name would leave the folder or stands twice, or the disk will not do.
    """
    ordered = sorted(entries, key=lambda entry: entry.name)
    _check_names([entry.name for entry in ordered])
    total = sum(entry.source.stat().st_size for entry in ordered)
    check_space(target.parent, total)
    part = target.with_name(f"{target.name}.part")
    try:
        manifest = _write(ordered, part, top=target.stem, about=about, progress=progress, total=total)
        part.replace(target)
    except OSError as error:
        full = " Free some space, then" if error.errno == errno.ENOSPC else ""
        raise BundleError(
            f"{target} could not be written ({error.strerror or error}).{full} Next: frontdesk bundle FILE"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return manifest


def check_space(folder: Path, needed: int) -> None:
    """Refuse before anything is written when the disk will not do.

    Raises:
        BundleError: says what is there and what is needed.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise BundleError(
            f"The disk of {folder} has {free / 1e6:,.0f} MB free, and {(needed + SPARE_BYTES) / 1e6:,.0f} MB are "
            "needed. Next: free some, or give a FILE on another disk"
        )


def _write(
    entries: Iterable[Entry], part: Path, *, top: str, about: Mapping[str, Any], progress: Progress, total: int
) -> Mapping[str, Any]:
    files, done = [], 0
    with zipfile.ZipFile(part, "w", allowZip64=True) as archive:
        for entry in entries:
            digest, size = hashlib.sha256(), 0
            item = _item(f"{top}/{entry.name}", executable=entry.executable, size=entry.source.stat().st_size)
            with entry.source.open("rb") as source, archive.open(item, "w") as out:
                while block := source.read(BLOCK):
                    digest.update(block)
                    out.write(block)
                    size += len(block)
                    progress(entry.name, done + size, total)
            done += size
            files.append({"name": entry.name, "bytes": size, "sha256": digest.hexdigest(), "living": entry.living})
        manifest = {"format": FORMAT, **about, "files": files}
        text = (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()
        archive.writestr(_item(f"{top}/{MANIFEST}", executable=False, size=len(text)), text)
    return manifest


def _item(name: str, *, executable: bool, size: int) -> zipfile.ZipInfo:
    item = zipfile.ZipInfo(name, EPOCH)
    item.create_system = 3  # Unix, which alone keeps permissions; else it would be that of this machine
    item.external_attr = (0o100755 if executable else 0o100644) << 16
    item.compress_type = zipfile.ZIP_STORED if PurePosixPath(name).suffix in PACKED else zipfile.ZIP_DEFLATED
    item.file_size = size  # tells whether the member needs the 64-bit form
    return item


def _check_names(names: list[str]) -> None:
    """Refuse names that would be unpacked elsewhere, or that one system takes for two and another for one."""
    for name in names:
        path = PurePosixPath(name)
        if (
            path.is_absolute()
            or not name
            or {"..", "."} & set(name.split("/"))
            or any(sign in name for sign in "\\:\0")
        ):
            raise BundleError(f"A file of the bundle would be named {name!r}, which is no place within it.")
    counted = Counter(name.lower() for name in names)
    if twice := sorted(name for name, times in counted.items() if times > 1):
        raise BundleError(f"Two files of the bundle would have one name: {', '.join(twice)}. Next: rename one of them")
