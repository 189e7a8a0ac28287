"""Zipped office files whose bytes depend on nothing but their content."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from making.pieces import CHANGED


def write_archive(target: Path, members: Mapping[str, str | bytes]) -> None:
    """Write the members in their order, all with the same date; one named `mimetype` is stored as it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            information = zipfile.ZipInfo(name, CHANGED.timetuple()[:6])
            information.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            information.external_attr = 0o644 << 16
            archive.writestr(information, content)


def fix_dates(archive: Path) -> None:
    """Give every member of an Office file the same date, so that the same content is the same file."""
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    stamp = CHANGED.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    core = "docProps/core.xml"
    members[core] = re.sub(rb"(<dcterms:\w+ [^>]*>)[^<]*", rb"\g<1>" + stamp, members[core])
    write_archive(archive, members)
