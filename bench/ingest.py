"""How fast files become searchable: folders of several formats, read anew, read again unchanged, and without embedding.

    folder -> ingest (embedded), then the embedder alone on the same texts, in one process -> share, three times over
           -> the same again, unchanged -> ingest (hashing, in another home)

The last one shows what is not the embedder: loading, chunking, catalogue, Chroma. The embedder alone, on the same texts
of the chunks in the same slices, is the ceiling that the whole is held against: by the clock, and in processor seconds,
those of the processes that read files included, which mind a busy machine less.

    python -m bench.ingest HOME FOLDER     one of the three, as JSON
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.datasets import DATA
from bench.homes import ROOT, environment, frontdesk, in_home, new_home
from bench.tables import BenchError, Table
from knowledge import stored_passages
from knowledge.library import Library
from knowledge.spaces import committed_vectors, spaces
from knowledge.vectors import BATCH_CHUNKS, embedded_text

FOLDERS = {
    "kb_abcd_guidelines": "Markdown",
    "kb_sqlite_docs_html": "HTML and a PDF",
    "kb_docx_ust_handbook": "DOCX",
}
ROUNDS = 3


def run(folder: Path) -> Table:
    missing = [str(DATA / name) for name in FOLDERS if not (DATA / name).is_dir()]
    if missing:
        raise BenchError(f"There is no {', '.join(missing)}.")
    together = folder / "ingest-together"
    shutil.rmtree(together, ignore_errors=True)
    for name in FOLDERS:
        shutil.copytree(DATA / name, together / name)
    sources = {f"{name} ({kind})": DATA / name for name, kind in FOLDERS.items()} | {"all three at once": together}
    return Table(
        columns=(
            "folder",
            "files",
            "documents",
            "chunks",
            "not read",
            "chunks/s",
            "embedder alone, chunks/s",
            "share of it reached",
            "share in processor seconds",
            "chunks/s without embedding",
            "s when unchanged",
        ),
        rows=tuple(_row(label, source, folder / "ingest-homes") for label, source in sources.items()),
        cases=f"each folder {ROUNDS} times, each time into a new home by a new process; medians",
        spread="[least, most] · seconds as `ingest --json` reports them: the model loaded, Python started before",
    )


def _row(label: str, source: Path, place: Path) -> tuple[str, ...]:
    shutil.rmtree(place, ignore_errors=True)
    rounds = [_round(place / f"home-{number}", source) for number in range(ROUNDS)]
    again = frontdesk(place / "home-0", "ingest", source)
    without = frontdesk(new_home(place / "bare"), "ingest", source, embedder="hashing")
    files = [path for path in source.rglob("*") if path.is_file()]
    first = rounds[0]
    return (
        label,
        f"{len(files)}, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB",
        f"{first['documents']}",
        f"{first['chunks']}",
        f"{first['failed']}",
        f"{median(each['chunks'] / each['seconds'] for each in rounds):.1f}",
        f"{median(each['chunks'] / each['alone_seconds'] for each in rounds):.1f}",
        _share([each["alone_seconds"] / each["seconds"] for each in rounds]),
        _share([each["alone_processor"] / each["processor"] for each in rounds]),
        f"{first['chunks'] / without['seconds']:.0f}",
        f"{again['seconds']:.2f}",
    )


def _share(shares: list[float]) -> str:
    return f"{median(shares):.0%} [{min(shares):.0%}, {max(shares):.0%}]"


def _round(home: Path, source: Path) -> dict[str, Any]:
    """Ingest in a process of its own, so that its processor time is its own.

    Raises:
        BenchError: it failed.
    """
    command = [sys.executable, "-m", "bench.ingest", str(new_home(home)), str(source)]
    result = subprocess.run(command, cwd=ROOT, env=environment(home), capture_output=True, text=True, check=False)
    if result.returncode:
        raise BenchError(f"{' '.join(command)} failed:\n{result.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def measure(home: Path, source: Path) -> dict[str, Any]:
    """Ingest a folder into a new home, then embed the texts of its chunks and nothing else.

    Returns:
        Documents, chunks and failures; seconds and processor seconds of each of the two. Those of the ingest count
        the processes that read the files from their start to their end.
    """
    with in_home(home) as library:
        began = time.process_time()
        report = library.ingest([source])
        processor = time.process_time() - began
        texts = embedded_texts(library)
        library.embedder.embed(texts[:8])
        began, started = time.process_time(), time.perf_counter()
        for start in range(0, len(texts), BATCH_CHUNKS):
            library.embedder.embed(texts[start : start + BATCH_CHUNKS])
        alone = {"alone_seconds": time.perf_counter() - started, "alone_processor": time.process_time() - began}
    readers = os.times()
    return {
        "documents": report.documents,
        "chunks": report.chunks,
        "failed": len(report.failed),
        "seconds": report.seconds,
        "processor": processor + readers.children_user + readers.children_system,
        **alone,
    }


def embedded_texts(library: Library) -> list[str]:
    """Return the texts of all chunks, as ingest gives them to the embedder."""
    texts = []
    with library._catalog.read() as connection:
        for space in spaces(connection):
            vectors = committed_vectors(connection, space)
            for start in range(0, len(vectors), BATCH_CHUNKS):
                found = stored_passages.passages_by_vector(connection, vectors[start : start + BATCH_CHUNKS])
                texts += [
                    embedded_text(title=p.title, headings=p.headings, header=p.header, body=p.text)
                    for p in found.values()
                ]
    return texts


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
