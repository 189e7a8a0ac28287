"""One file format a file: path -> documents.

A loader is a function `load(path: Path) -> Iterator[Document]`; one that has a parameter `options` is given them
(`LoadOptions`). To add a format, write `knowledge/loaders/NAME.py`
with that function and add its suffix below. A loader raises `UnreadableFile` and nothing else; the outside library it
needs is imported when its first file is loaded.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import signature
from pathlib import Path

from knowledge.documents import Document
from knowledge.errors import UnknownKind, UnreadableFile
from knowledge.loaders.sniffing import true_suffix

__all__ = ["LOADERS", "NO_OPTIONS", "PICTURES", "LoadOptions", "load"]


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the operator says about the files."""

    passwords: tuple[str, ...] = field(default=(), repr=False)
    """Tried in turn on PDF files that need one."""
    ocr_languages: str = "eng+chi_sim"
    """Languages of scanned pages, as tesseract names them, joined by `+`."""
    older_mails: bool = False
    """Whether the older mails that a reply repeats are read with it in any case, as where data is looked for."""

    repeated: tuple[str, ...] = ()
    """Parts of a page that are left to another page of its website, by their hashes (`knowledge.loaders.repeated`)."""


NO_OPTIONS = LoadOptions()

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp")
LOADERS: dict[str, str] = {
    ".md": "knowledge.loaders.markdown:load",
    ".markdown": "knowledge.loaders.markdown:load",
    ".mdx": "knowledge.loaders.markdown:load",
    ".rst": "knowledge.loaders.rst:load",
    ".org": "knowledge.loaders.org:load",
    ".txt": "knowledge.loaders.plaintext:load",
    ".rtf": "knowledge.loaders.rtf:load",
    ".html": "knowledge.loaders.html:load",
    ".htm": "knowledge.loaders.html:load",
    ".xhtml": "knowledge.loaders.html:load",
    ".pdf": "knowledge.loaders.pdf:load",
    ".docx": "knowledge.loaders.docx:load",
    ".doc": "knowledge.loaders.doc:load",
    ".odt": "knowledge.loaders.odt:load",
    ".pptx": "knowledge.loaders.pptx:load",
    ".xlsx": "knowledge.loaders.xlsx:load",
    ".xls": "knowledge.loaders.xls:load",
    ".csv": "knowledge.loaders.csv:load",
    ".tsv": "knowledge.loaders.csv:load",
    ".json": "knowledge.loaders.json:load",
    ".jsonl": "knowledge.loaders.jsonl:load",
    ".yaml": "knowledge.loaders.yaml:load",
    ".yml": "knowledge.loaders.yaml:load",
    ".xml": "knowledge.loaders.xml:load",
    ".epub": "knowledge.loaders.epub:load",
    ".eml": "knowledge.loaders.eml:load",
    ".msg": "knowledge.loaders.msg:load",
    ".zip": "knowledge.loaders.zip:load",
    **dict.fromkeys(PICTURES, "knowledge.loaders.image:load"),
}


def load(path: Path, loaders: Mapping[str, str] = LOADERS, options: LoadOptions = NO_OPTIONS) -> Iterator[Document]:
    """Return the file's documents, read by the loader for its suffix, or for what the file plainly is instead.

    Raises:
        UnreadableFile: No loader knows the suffix; while iterating: the file cannot be turned into text.
    """
    named = path.suffix.lower()
    suffix = true_suffix(path, suffix=named) or named
    dotted = loaders.get(suffix)
    if dotted is None and ".mbox" in (suffix, f".{path.name}"):
        raise UnreadableFile(_mailbox(path))
    if dotted is None:
        by_content = ", which it is by its content" if suffix != named else ""
        raise UnknownKind(
            f"{path}: no loader for {suffix or 'a name without suffix'}{by_content}. "
            f"Readable are {' '.join(sorted(loaders))}. Convert the file to one of these, or leave it out."
        )
    module, _, function = dotted.partition(":")
    loader: Callable[..., Iterator[Document]] = getattr(import_module(module), function)
    return loader(path, options=options) if "options" in signature(loader).parameters else loader(path)


def _mailbox(path: Path) -> str:
    """Return what is said of a mailbox in one file: its mails come through a feed, which drops those that are gone."""
    command = 'python3 -c "import mailbox, sys; list(map(mailbox.Maildir(sys.argv[2]).add, mailbox.mbox(sys.argv[1])))"'
    return (
        f"{path}: is a whole mailbox in one file; mails are read one by one. Next: make a maildir of it, "
        f'`{command} {shlex.quote(str(path))} mails`, put [[feeds]] with name = "mails", kind = "maildir" and '
        'path = "mails" into the frontdesk.toml beside it (docs/settings.md), and then: frontdesk sync mails'
    )
