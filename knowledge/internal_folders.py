"""Folders whose names say that what lies in them is not for customers.

    documents/  ->  documents/staff, documents/02 Internal, documents/内部

A name counts as a whole, whatever its case, numbers and punctuation: "internal" does, "internal lighting" does not.
Folders in archives are not looked at.
"""

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from knowledge.sources import is_passed_over, is_within

_NAMES = """
staff, staff only, staff docs, staff documents, for staff, for staff only,
internal, internal only, internal use, internal use only,
for internal use only, internal documents, internal docs, confidential, strictly confidential, employees,
employees only, not public, hr, human resources, personnel,
内部, 内部资料, 内部文件, 内部文档, 内部使用, 内部专用, 仅供内部使用, 仅限内部,
员工, 员工专用, 机密, 保密, 人事, 人力资源,
內部, 內部資料, 內部文件, 內部文檔, 內部使用, 內部專用, 僅供內部使用, 僅限內部, 員工, 員工專用, 機密, 人力資源,
intern, nur intern, internes, interne dokumente,
vertraulich, streng vertraulich, mitarbeiter, nur für mitarbeiter, personalabteilung,
interne, usage interne, documents internes, confidentiel, réservé au personnel, ressources humaines,
interno, uso interno, documentos internos, confidencial, empleados, solo empleados, recursos humanos,
riservato, risorse umane, vertrouwelijk, personeel, medewerkers
"""
"""In small letters: English, Chinese of both scripts, German, French, Spanish and Portuguese, Italian and Dutch."""
NAMES = frozenset(name for line in _NAMES.splitlines() for name in map(str.strip, line.split(",")) if name)
_NO_LETTERS = re.compile(r"[\W\d_]+")


def is_internal(name: str) -> bool:
    """Say whether a folder of this name is not for customers."""
    return " ".join(_NO_LETTERS.sub(" ", unicodedata.normalize("NFKC", name).casefold()).split()) in NAMES


def lies_in_one(path: Path) -> bool:
    """Say whether a path is such a folder or lies in one, as it is written or as it leads."""
    names = {part for way in (path.absolute(), Path(os.path.realpath(path))) for part in _folders_of(way)}
    return any(map(is_internal, names))


def is_named_below(place: str, root: str) -> bool:
    """Say whether a place lies below a root and the names between them say so, whether it is there or not."""
    return is_within(place, root) and any(map(is_internal, Path(place).relative_to(root).parts))


def innermost(place: str) -> str:
    """Return the nearest such folder around a place, itself included, by their names alone; "" where there is none."""
    path = Path(place)
    return next((str(folder) for folder in (path, *path.parents) if is_internal(folder.name)), "")


def below(root: Path) -> Iterator[Path]:
    """Yield the folders below a root whose names say so, those within them too."""
    for folder, folders, _ in os.walk(root):
        folders[:] = sorted(
            name for name in folders if not is_passed_over(name) and not Path(folder, name).is_symlink()
        )
        yield from (Path(folder, name) for name in folders if is_internal(name))


def _folders_of(path: Path) -> tuple[str, ...]:
    return path.parts if path.is_dir() else path.parts[:-1]
