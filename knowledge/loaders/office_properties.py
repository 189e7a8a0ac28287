"""What an Office file (DOCX, PPTX, XLSX) says of itself: its title and when it was last changed."""

import zipfile
from pathlib import Path

from knowledge.loaders.archives import PARSER_FAULTS
from knowledge.loaders.dates import iso_day
from knowledge.loaders.xml_trees import local_name, parse

_PART = "docProps/core.xml"
_LARGEST_PART_BYTES = 1_000_000
_NO_TITLES = frozenset(
    ("word document", "untitled", "document", "microsoft word document", "powerpoint presentation", "presentation")
)
"""What programs write when their user wrote none."""


def core_properties(path: Path) -> tuple[str, str]:
    """Return (title, day of the last change), each "" when the file does not say."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_PART).file_size > _LARGEST_PART_BYTES:
                return "", ""
            root = parse(archive.read(_PART))
    except PARSER_FAULTS:  # what it says is a courtesy
        return "", ""
    said = {local_name(element): " ".join((element.text or "").split()) for element in root}
    title = said.get("title", "")
    day = iso_day(said.get("modified")) or iso_day(said.get("created"))
    return "" if title.casefold() in _NO_TITLES else title, day
