"""How fast files become searchable: folders of several formats, read anew, read again unchanged, and without embedding.

    folder -> frontdesk ingest (embedded) -> the same again -> frontdesk ingest (hashing, in another home)

The last one shows what is not the embedder: loading, chunking, catalogue, Chroma. The embedder alone, on the same texts
of the chunks in the same slices, is the ceiling that the whole is held against.
"""

import shutil
import time
from pathlib import Path

from bench.datasets import DATA
from bench.homes import frontdesk, in_home, new_home
from bench.tables import BenchError, Table
from knowledge import stored_passages
from knowledge.spaces import committed_vectors, spaces
from knowledge.vectors import BATCH_CHUNKS, embedded_text

FOLDERS = {
    "kb_abcd_guidelines": "Markdown",
    "kb_sqlite_docs_html": "HTML and a PDF",
    "kb_docx_ust_handbook": "DOCX",
}


def run(folder: Path) -> Table:
    rows = []
    for name, kind in FOLDERS.items():
        source = DATA / name
        if not source.is_dir():
            raise BenchError(f"There is no {source}.")
        place = folder / f"ingest-{name}"
        shutil.rmtree(place, ignore_errors=True)
        home, bare = new_home(place / "home"), new_home(place / "bare")
        report = frontdesk(home, "ingest", source)
        again = frontdesk(home, "ingest", source)
        without = frontdesk(bare, "ingest", source, embedder="hashing")
        alone = _chunks_a_second_of_the_embedder(home)
        files = [path for path in source.rglob("*") if path.is_file()]
        rows.append(
            (
                f"{name} ({kind})",
                f"{len(files)}, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB",
                f"{report['documents']}",
                f"{report['chunks']}",
                f"{len(report['failed'])}",
                f"{report['documents'] / report['seconds']:.2f}",
                f"{report['chunks'] / report['seconds']:.1f}",
                f"{alone:.1f}",
                f"{report['chunks'] / report['seconds'] / alone:.0%}",
                f"{report['chunks'] / without['seconds']:.0f}",
                f"{again['seconds']:.2f}",
            )
        )
    return Table(
        columns=(
            "folder",
            "files",
            "documents",
            "chunks",
            "not read",
            "documents/s",
            "chunks/s",
            "embedder alone, chunks/s",
            "share of it reached",
            "chunks/s without embedding",
            "s when unchanged",
        ),
        rows=tuple(rows),
        cases="each folder once",
        spread="seconds as `ingest --json` reports them, without starting Python",
    )


def _chunks_a_second_of_the_embedder(home: Path) -> float:
    """Embed the texts of all chunks of a home anew, as ingest did and doing nothing else."""
    with in_home(home) as library:
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
        library.embedder.embed(texts[:8])
        started = time.perf_counter()
        for start in range(0, len(texts), BATCH_CHUNKS):
            library.embedder.embed(texts[start : start + BATCH_CHUNKS])
        return len(texts) / (time.perf_counter() - started)
