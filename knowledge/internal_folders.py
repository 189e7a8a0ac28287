"""Folders whose names say that what lies in them is not for customers.

    documents/  ->  documents/staff, documents/02 Internal, documents/内部

A name counts as a whole, whatever its case, numbers and punctuation: "internal" does, "internal lighting" does not.
`hr` beside `de` and `en` is Croatian.
So it does within an archive, whose documents are named `handbook.zip!/staff/pay.md`.
"""

import os
import re
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path

from knowledge.documents import MEMBER
from knowledge.sources import is_passed_over, is_within

STAFF = "staff"
"""Who reads them."""
_NAMES = """
staff, staff docs, staff documents, internal, internal use, internal documents, internal docs,
confidential, strictly confidential, employees, managers only, management only, not public,
hr, human resources, personnel,
内部, 内部资料, 内部文件, 内部文档, 内部使用, 内部专用, 仅供内部使用, 仅限内部,
员工, 员工专用, 机密, 保密, 人事, 人力资源,
內部, 內部資料, 內部文件, 內部文檔, 內部使用, 內部專用, 僅供內部使用, 僅限內部, 員工, 員工專用, 機密, 人力資源,
intern, nur intern, internes, interne dokumente,
vertraulich, streng vertraulich, mitarbeiter, personalabteilung,
interne, usage interne, documents internes, confidentiel, réservé au personnel, ressources humaines,
interno, uso interno, documentos internos, confidencial, empleados, solo empleados, recursos humanos,
riservato, risorse umane, vertrouwelijk, personeel, medewerkers
"""
"""In small letters: English, Chinese of both scripts, German, French, Spanish and Portuguese, Italian and Dutch."""
NAMES = frozenset(name for line in _NAMES.splitlines() for name in map(str.strip, line.split(",")) if name)
_CROATIAN = "hr"
_LANGUAGES = frozenset(
    """
    ar bg bs ca cs cy da de el en es et eu fa fi fr ga gl he hi hu id is ja ka ko lt lv mk ms mt nb nl nn no pl pt ro ru
    sk sl sq sr sv th tr uk vi zh
    """.split()  # noqa: SIM905, read as a text
)
"""Codes that websites name folders by; `it` is left out, which is a department as often as Italian."""
_FEWEST_LANGUAGES = 2
_SURE_LANGUAGES = frozenset({"de", "en"})
"""Of which one is asked for: a site has it, and departments, as finance (`fi`) and customer service (`cs`), do not."""
_NO_LETTERS = re.compile(r"[\W\d_]+")
_ONLY_FOR = re.compile(r"(?:only|nur) (.+)")


def is_internal(name: str) -> bool:
    """Say whether a folder of this name is not for customers: "hr", "for managers only", "nur für mitarbeiter"."""
    plain = " ".join(_NO_LETTERS.sub(" ", unicodedata.normalize("NFKC", name).casefold()).split())
    only = _ONLY_FOR.fullmatch(plain)
    named = f"{only[1]} only" if only else plain
    whom = named.removeprefix("for ").removeprefix("für ")
    return not NAMES.isdisjoint((plain, whom, whom.removesuffix(" only")))


def is_language(folder: Path) -> bool:
    """Say whether a folder `hr` stands for Croatian: two others beside it or more, one of them `de` or `en`, and all
    but those for the staff, are languages as well.
    """
    if folder.name.casefold() != _CROATIAN:
        return False
    try:
        beside = [each.name for each in folder.parent.iterdir() if each.is_dir() and not is_passed_over(each.name)]
    except OSError:
        return False
    others = [name.casefold() for name in beside if not is_internal(name)]
    codes = {name: re.split(r"[-_]", name)[0] for name in others}
    languages = [name for name in others if codes[name] in _LANGUAGES]
    is_sure = len(languages) >= _FEWEST_LANGUAGES and not _SURE_LANGUAGES.isdisjoint(codes.values())
    return is_sure and set(others) <= {*languages, "it"}


def lies_in_one(path: Path) -> bool:
    """Say whether a path is such a folder or lies in one, as it is written or as it leads."""
    folders = {folder for way in (path.absolute(), Path(os.path.realpath(path))) for folder in _folders_of(way)}
    return any(is_internal(folder.name) and not is_language(folder) for folder in folders)


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


def in_archive(name: str) -> str:
    """Return the outermost such folder around a document, from its archive on; "" where there is none.

    >>> in_archive("sub/handbook.zip!/2026/staff/hr/pay.md"), in_archive("staff/handbook.zip!/returns.md")
    ('2026/staff', '')
    """
    folders = name.partition(MEMBER)[2].split("/")[:-1]
    found = next((place for place, folder in enumerate(folders) if is_internal(folder)), None)
    return "" if found is None else "/".join(folders[: found + 1])


def audience_of(name: str, audience: str, *, opened: Collection[str] | None) -> str:
    """Return who may read a document of a file that is read for an audience.

    Args:
        opened: folders in it that stay open; None where somebody said who may read all of it.
    """
    if opened is None:
        return audience
    folder = in_archive(name)
    return STAFF if folder and folder not in opened else audience


def _folders_of(path: Path) -> tuple[Path, ...]:
    return (path, *path.parents) if path.is_dir() else tuple(path.parents)
