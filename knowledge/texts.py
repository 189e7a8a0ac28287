"""Files in, the texts that would be stored of them out, without a catalogue.

    paths -> files -> worker processes -> FileText, or why there is none

The same workers, loaders and cleaning as `ingest`, so that a span of a text is a span of the stored text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge import loaders
from knowledge.chunking import ChunkOptions
from knowledge.loaders import NO_OPTIONS, LoadOptions
from knowledge.reading.messages import Done, Failed, Job, Prepared
from knowledge.reading.pool import Reader
from knowledge.sources import list_files, shown
from knowledge.text import Language, detect_language

NOT_THERE = "there is no such file or folder. Next: check the path"


@dataclass(frozen=True, slots=True)
class FileText:
    """One document of a file, or the reason why it has none."""

    path: str
    """The file's."""
    document: str
    """The document's name: the file's below the path that was given, a row or member after it."""
    text: str = ""
    language: Language = "en"
    paged: bool = False
    """Whether form feeds in the text separate real pages."""
    error: str = ""
    """Why it could not be read; "" when it was."""


def read_texts(
    paths: Sequence[Path], *, loading: LoadOptions = NO_OPTIONS, reader: Reader | None = None
) -> Iterator[FileText]:
    """Yield the documents of files and folders, in order; one that cannot be read is told and stops nothing.

    Mails come with the older ones that they repeat, where a value may stand that the reply only confirms.

    Args:
        reader: worker processes to use; None starts some and ends them.

    Raises:
        KnowledgeError: worker processes cannot be started here.
    """
    if reader is None:
        with Reader() as own:
            yield from read_texts(paths, loading=loading, reader=own)
        return
    for root in paths:
        if not root.exists():
            yield FileText(shown(root), shown(root.name), error=f"{shown(root)}: {NOT_THERE}")
            continue
        listing = list_files(root)
        for place, cause in listing.unreadable:
            yield FileText(place, place, error=f"{place}: {cause}")
        for name, path in listing.files.items():
            yield from _documents(name, path, loading=loading, reader=reader)


def _documents(name: str, path: Path, *, loading: LoadOptions, reader: Reader) -> Iterator[FileText]:
    size_bytes = path.stat().st_size
    job = Job(
        path=str(path),
        name=name,
        size_bytes=size_bytes,
        audience="",
        chunks=ChunkOptions(),
        known={},
        loaders=dict(loaders.LOADERS),
        options=replace(loading, older_mails=True),
        silence_seconds=reader.options.silence_of(size_bytes),
        memory_bytes=reader.options.memory_bytes,
    )
    found = False
    for message in reader.messages(reader.start(job)):
        match message:
            case Prepared(name=document) as prepared:
                text = prepared.document.text
                found = True
                yield FileText(shown(path), document, text, detect_language(text), prepared.document.paged)
            case Done(failures=failures):
                for member, error in failures:
                    yield FileText(shown(path), member or name, error=error)
                if not found and not failures:
                    yield FileText(shown(path), name, error=f"{shown(path)}: holds no text. Next: leave it out")
            case Failed(error=error):
                yield FileText(shown(path), name, error=error)
