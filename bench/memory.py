"""How much memory an ingest takes: many mixed files and a few very large ones, read by one process and its workers.

    generated text, CSV, HTML, DOCX, PDF -> ingest (hashing, 384 wide) -> peak of process, workers, both together

A fifth of the bytes is one CSV and a tenth one text file.
"""

import io
import random
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.homes import ROOT
from bench.tables import BenchError, Table

MEGABYTES = 500
SAMPLE_SECONDS = 0.1
INGEST = """
import sys
from pathlib import Path
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
library = Library(LibraryOptions(Path(sys.argv[1])), embedder=HashingEmbedder(384))
report = library.ingest([Path(sys.argv[2])])
print(report.documents, report.chunks, len(report.failed), report.seconds)
library.close()
"""
_SHARES = {"big.csv": 0.2, "big.txt": 0.1, "html": 0.2, "md": 0.1, "txt": 0.1, "docx": 0.15, "pdf": 0.15}
_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Peak:
    """What one ingest took; bytes."""

    documents: int
    chunks: int
    failed: int
    seconds: float
    parent: int
    workers: int
    together: int


def run(folder: Path) -> Table:
    peak = measure(folder / "memory", megabytes=MEGABYTES)
    return Table(
        columns=("bytes", "documents", "chunks", "not read", "s", "process, MB", "its workers, MB", "together, MB"),
        rows=(
            (
                f"{MEGABYTES} MB",
                str(peak.documents),
                str(peak.chunks),
                str(peak.failed),
                f"{peak.seconds:.0f}",
                f"{peak.parent / 1e6:.0f}",
                f"{peak.workers / 1e6:.0f}",
                f"{peak.together / 1e6:.0f}",
            ),
        ),
        cases=f"once; the largest file is a CSV of {MEGABYTES * _SHARES['big.csv']:.0f} MB",
        spread=f"resident memory, looked at every {SAMPLE_SECONDS} s; peaks are of different moments",
    )


def measure(place: Path, *, megabytes: float) -> Peak:
    """Make the files, ingest them in a process of its own and watch its memory.

    Raises:
        BenchError: the ingest failed.
    """
    shutil.rmtree(place, ignore_errors=True)
    make_files(place / "files", megabytes=megabytes)
    command = [sys.executable, "-c", INGEST, str(place / "home"), str(place / "files")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    parent = workers = together = 0
    while process.poll() is None:
        own, theirs = _resident(process.pid)
        parent, workers, together = max(parent, own), max(workers, theirs), max(together, own + theirs)
        time.sleep(SAMPLE_SECONDS)
    said = process.communicate()[0].split()
    if process.returncode:
        raise BenchError("The ingest failed.")
    return Peak(int(said[0]), int(said[1]), int(said[2]), float(said[3]), parent, workers, together)


def make_files(folder: Path, *, megabytes: float) -> None:
    """Write files of about this many bytes in all."""
    dice = random.Random(5)
    words = ["".join(dice.choices("abcdefghijklmnoprstuvwy", k=dice.randint(2, 10))) for _ in range(4000)]

    def sentence() -> str:
        return " ".join(dice.choices(words, k=14)).capitalize() + "."

    folder.mkdir(parents=True)
    for kind, share in _SHARES.items():
        wanted = int(megabytes * 1e6 * share)
        if kind == "big.csv":
            rows = (f"{number},{sentence()},{sentence()}\n" for number in range(1 << 40))
            _fill(folder / kind, wanted, rows, head="number,name,description\n")
        elif kind == "big.txt":
            _fill(folder / kind, wanted, (f"{sentence()} {sentence()} {sentence()}\n\n" for _ in range(1 << 40)))
        else:
            _write_many(folder, kind, wanted, sentence)


def _write_many(folder: Path, kind: str, wanted: int, sentence: Callable[[], str]) -> None:
    number = 0
    while wanted > 0:
        size = min(wanted, _FILE_BYTES)
        paragraphs = [f"{sentence()} {sentence()}" for _ in range(size // (900 if kind == "docx" else 220) + 1)]
        content = _WRITERS[kind](paragraphs)
        (folder / f"{kind}-{number}.{kind}").write_bytes(content)
        wanted -= len(content)
        number += 1


def _html(paragraphs: list[str]) -> bytes:
    body = "".join(f"<h2>Part {n}</h2><p class='body'>{text}</p>\n" for n, text in enumerate(paragraphs))
    return f"<!doctype html><title>Generated</title><body>{body}</body>".encode()


def _text(paragraphs: list[str]) -> bytes:
    return "\n\n".join(paragraphs).encode()


def _docx(paragraphs: list[str]) -> bytes:
    """Write the body ourselves, for the library takes minutes for what this bench needs, and do not pack it."""
    import docx

    template = io.BytesIO()
    docx.Document().save(template)
    style = '<w:pPr><w:spacing w:after="120"/></w:pPr>'
    run = f"<w:p>{style}<w:r><w:t>{{}}</w:t></w:r></w:p>"
    body = "".join(run.format(text) for text in paragraphs)
    out = io.BytesIO()
    with zipfile.ZipFile(template) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            content = old.read(name).decode("utf-8", "surrogateescape")
            if name == "word/document.xml":
                content = content.replace("<w:body>", f"<w:body>{body}", 1)
            new.writestr(name, content.encode("utf-8", "surrogateescape"))
    return out.getvalue()


def _pdf(paragraphs: list[str]) -> bytes:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    out = io.BytesIO()
    style = getSampleStyleSheet()["Normal"]
    SimpleDocTemplate(out, pageCompression=0).build([Paragraph(text, style) for text in paragraphs])
    return out.getvalue()


_WRITERS: dict[str, Callable[[list[str]], bytes]] = {
    "html": _html,
    "md": _text,
    "txt": _text,
    "docx": _docx,
    "pdf": _pdf,
}


def _fill(path: Path, wanted: int, lines: Iterator[str], *, head: str = "") -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        for line in lines:
            file.write(line)
            wanted -= len(line)
            if wanted <= 0:
                return


def _resident(pid: int) -> tuple[int, int]:
    """Return the resident bytes of a process and of all below it."""
    try:
        process = psutil.Process(pid)
        own = process.memory_info().rss
        children = process.children(recursive=True)
    except psutil.Error:
        return 0, 0
    theirs = 0
    for child in children:
        try:
            theirs += child.memory_info().rss
        except psutil.Error:
            continue
    return own, theirs
