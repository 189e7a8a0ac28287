"""How search keeps up as a library grows: made-up libraries of 1 k to 1 M chunks, two audiences, the caller sees one.

    size -> catalogue and vectors, filled through the storage layer -> questions, the real embedder included -> times

    python -m bench scale                     all sizes; --up-to CHUNKS ends with another
    python -m bench.scale fill HOME SIZE      one of them; fill-catalog and fill-vectors are its halves, for two cores
    python -m bench.scale measure HOME SIZE   a row of it, as JSON

Text and vectors are made up (`bench.crowd`): to embed a million chunks would take hours and change nothing here. A
question is embedded by the real model, whose time counts, and then searched with a vector near its chunk's, because the
model's own would lie nowhere near made-up ones. A library found in the folder is used; one left half-way is finished.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench import crowd
from bench.homes import ROOT, environment, models_folder, new_home
from bench.tables import BenchError, Table
from knowledge import catalog, lexical, retrieval
from knowledge.catalog import Catalog, NewDocument
from knowledge.chunking import Chunk
from knowledge.documents import Document
from knowledge.embedders import Embedder, Vectors, resolve
from knowledge.index import VectorIndex
from knowledge.library import Library, LibraryOptions
from knowledge.parts import PART_VECTORS, id_in
from knowledge.scope import Scope
from knowledge.spaces import ensure_space

SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUESTIONS = 100
WARMING = 10
BLOCKS_PER_COMMIT = 5
EMBEDDER = "all-MiniLM-L6-v2"
AUDIENCES = ("public", "staff")
RECALL_UP_TO = 100_000
"""Chunks up to which the nearest vectors are also found by comparing all."""


def run(folder: Path, *, up_to: int = SIZES[-1]) -> Table:
    """Measure each size below `up_to`, and that one.

    Raises:
        BenchError: `up_to` cannot be made of whole blocks.
    """
    if up_to < crowd.BLOCK or up_to % crowd.BLOCK:
        raise BenchError(f"--up-to {up_to} is no size. Next: give a multiple of {crowd.BLOCK:,}.")
    rows = []
    for size in (*(size for size in SIZES if size < up_to), up_to):
        home = folder / f"scale-{size}"
        fill(home, size)
        found = _apart("measure", home, size)
        rows.append(tuple(cell(found) for _, cell in COLUMNS))
    return Table(
        columns=tuple(name for name, _ in COLUMNS),
        rows=tuple(rows),
        cases=f"{QUESTIONS} questions a row, after {WARMING} to warm up; made-up text and vectors",
        spread="median, 95th percentile; the parts and the processor's time are medians, each part alone",
    )


COLUMNS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("chunks", lambda row: f"{row['chunks']:,}"),
    ("for the caller", lambda row: f"{row['seen']:,}"),
    ("search ms", lambda row: f"{row['search'][0]:.1f}, {row['search'][1]:.1f}"),
    ("processor ms", lambda row: f"{row['search'][2]:.1f}"),
    ("embedding", lambda row: f"{row['embedding'][0]:.1f}"),
    ("words", lambda row: f"{row['words'][0]:.1f}"),
    ("vectors", lambda row: f"{row['vectors'][0]:.1f}"),
    ("recall of vectors@60", lambda row: "–" if row["recall"] is None else f"{row['recall']:.3f}"),
    ("opened in s", lambda row: f"{row['open_seconds']:.1f}"),
    ("memory MB", lambda row: f"{row['memory_mb']:,.0f}"),
    ("catalogue MB", lambda row: f"{row['catalogue_mb']:,.0f}"),
    ("vectors MB", lambda row: f"{row['chroma_mb']:,.0f}"),
)


def fill(home: Path, size: int) -> None:
    """Bring a made-up library to its size; what is there already stays."""
    fill_catalog(home, size)
    fill_vectors(home, size)


def fill_catalog(home: Path, size: int) -> None:
    """Commit documents, in transactions of some thousand chunks."""
    _make(home)
    opened = Catalog(home / "catalog.sqlite3")
    with opened.write() as connection:
        for audience in AUDIENCES:
            ensure_space(connection, collection="default", audience=audience, embedder=EMBEDDER)
        source = catalog.ensure_source(connection, collection="default", location="made up")
        done = len(catalog.file_fingerprints(connection, source)) * BLOCKS_PER_COMMIT
    for first in range(done, size // crowd.BLOCK, BLOCKS_PER_COMMIT):
        blocks = range(first, min(first + BLOCKS_PER_COMMIT, size // crowd.BLOCK))
        new = [_new(made) for block in blocks for made in crowd.documents(block)]
        with opened.write() as connection:
            file = catalog.put_file(connection, source_id=source, path=f"{first}", fingerprint="made")
            catalog.put_documents(connection, new, file_id=file, collection="default", generation=1)
    opened.close()


def fill_vectors(home: Path, size: int) -> None:
    """Store the vectors of the same chunks."""
    _make(home)
    index = VectorIndex(home / "chroma")
    held = sum(index.count(f"space-{number}-generation-1") for number in (1, 2))
    for block in range(held // crowd.BLOCK, size // crowd.BLOCK):
        rows = crowd.vectors(block)
        for number, audience in enumerate(AUDIENCES, start=1):
            mine = [place for place in range(crowd.BLOCK) if audience_of(block * crowd.BLOCK + place) == audience]
            names = [vector_id(block * crowd.BLOCK + place) for place in mine]
            if names:
                index.add(f"space-{number}-generation-1", names, rows[mine])
    index.close()


def _make(home: Path) -> None:
    if not home.exists():
        new_home(home)


def audience_of(chunk: int) -> str:
    return AUDIENCES[(chunk // crowd.CHUNKS_PER_DOCUMENT) % crowd.STAFF_SHARE == crowd.STAFF_SHARE - 1]


def vector_id(chunk: int) -> str:
    """Return the name of a chunk's vector, in the part where an ingest would have room for it."""
    document, place = divmod(chunk, crowd.CHUNKS_PER_DOCUMENT)
    staff = document // crowd.STAFF_SHARE
    before = staff if audience_of(chunk) == "staff" else document - staff
    return id_in((before * crowd.CHUNKS_PER_DOCUMENT + place) // PART_VECTORS + 1, f"{chunk:032x}")


def measure(home: Path, size: int) -> dict[str, Any]:
    """Ask questions about single chunks that the caller may see."""
    random = np.random.default_rng(size)
    asked: dict[str, Vectors] = {}
    answers: list[str] = []
    while len(asked) < QUESTIONS + WARMING:
        block, place = int(random.integers(0, size // crowd.BLOCK)), int(random.integers(0, crowd.BLOCK))
        chunk = block * crowd.BLOCK + place
        if audience_of(chunk) == "public":
            document = crowd.documents(block)[place // crowd.CHUNKS_PER_DOCUMENT]
            text = document.chunks[place % crowd.CHUNKS_PER_DOCUMENT]
            question = crowd.question(text, chunk)
            if question not in asked:
                asked[question] = crowd.beside(crowd.vectors(block)[place], chunk)
                answers.append(f"{document.number}.txt")
    embedder = _Beside(resolve("embedded", models_folder=home / "models", ollama_url=""), asked)
    questions = list(asked)
    embedder.embed_question(questions[0])
    memory = _memory_mb()
    started = time.perf_counter()
    library = Library(LibraryOptions(home), embedder=embedder)
    library.search(questions[0])
    opened = time.perf_counter() - started
    scope = Scope(("default",), ("public",))
    limit = retrieval.RetrievalOptions().candidates
    found = []

    def search(question: str) -> None:
        found.append([passage.document for passage in library.search(question).passages])

    def words(question: str) -> None:
        with library._catalog.read() as connection:
            lexical.search(connection, lexical.question_terms(question), scope, limit=limit)

    def vectors(question: str) -> None:
        library.index.nearest("space-1-generation-1", asked[question], limit=limit)

    times = {part.__name__: _times(part, questions) for part in (search, words, vectors)}
    times["embedding"] = _times(embedder.embed_question, questions)
    hits = sum(answer in documents for answer, documents in zip(answers[WARMING:], found[WARMING:], strict=True))
    report = {
        "chunks": size,
        "seen": library.count_chunks(),
        **times,
        "found": hits / QUESTIONS,
        "recall": _recall(library.index, list(asked.values())[:QUESTIONS], size) if size <= RECALL_UP_TO else None,
        "open_seconds": opened,
        "memory_mb": _memory_mb() - memory,
        "catalogue_mb": _size_mb(home.glob("catalog.sqlite3*")),
        "chroma_mb": _size_mb((home / "chroma").rglob("*")),
    }
    library.close()
    return report


class _Beside:
    """The real embedder for questions, which then answers with the vector that was made for them."""

    def __init__(self, real: Embedder, known: dict[str, Vectors]) -> None:
        self._real = real
        self._known = known
        self.name, self.dimension, self.languages = real.name, real.dimension, real.languages

    def embed(self, texts: list[str]) -> Vectors:
        return self._real.embed(texts)

    def embed_question(self, question: str) -> Vectors:
        self._real.embed_question(question)
        return self._known[question]


def _new(made: crowd.MadeDocument) -> NewDocument:
    starts = np.cumsum([0, *(len(chunk) + 2 for chunk in made.chunks)])[:-1].tolist()
    spans = [Chunk(at, at + len(chunk), (), "", None) for at, chunk in zip(starts, made.chunks, strict=True)]
    first = made.number * crowd.CHUNKS_PER_DOCUMENT
    return NewDocument(
        name=f"{made.number}.txt",
        title=f"Document {made.number}",
        language="en",
        audience=made.audience,
        fingerprint="made",
        modified_at=0.0,
        dated="2026-01-31",
        document=Document("\n\n".join(made.chunks), ()),
        chunks=tuple(spans),
        chunk_languages=("en",) * len(spans),
        vectors=[vector_id(first + place) for place in range(len(spans))],
    )


def _times(part: Callable[[str], object], questions: Sequence[str]) -> tuple[float, float, float]:
    """Return median and 95th percentile by the clock, and the median of processor time, in milliseconds."""
    taken, worked = [], []
    for question in questions:
        started, began = time.perf_counter(), time.process_time()
        part(question)
        worked.append(1000 * (time.process_time() - began))
        taken.append(1000 * (time.perf_counter() - started))
    median, late = np.quantile(taken[WARMING:], [0.5, 0.95])
    return float(median), float(late), float(np.median(worked[WARMING:]))


def _recall(index: VectorIndex, asked: Sequence[Vectors], size: int, *, limit: int = 60) -> float:
    """Return which share of the truly nearest vectors the index finds."""
    questions = np.stack(asked)
    names, parts = [], []
    for block in range(size // crowd.BLOCK):
        chunks = range(block * crowd.BLOCK, (block + 1) * crowd.BLOCK)
        public = [place for place, chunk in enumerate(chunks) if audience_of(chunk) == "public"]
        names += [vector_id(chunks[place]) for place in public]
        parts.append(questions @ crowd.vectors(block)[public].T)
    nearest = np.argpartition(-np.concatenate(parts, axis=1), limit, axis=1)[:, :limit]
    found = 0
    for row, vector in zip(nearest, asked, strict=True):
        held = {name for name, _ in index.nearest("space-1-generation-1", vector, limit=limit)}
        found += len(held & {names[place] for place in row})
    return found / (limit * len(asked))


def _apart(what: str, home: Path, size: int) -> dict[str, Any]:
    """Run a part of this module in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "bench.scale", what, str(home), str(size)]
    result = subprocess.run(command, cwd=ROOT, env=environment(home), capture_output=True, text=True, check=False)
    if result.returncode:
        raise BenchError(f"{' '.join(command)} failed:\n{result.stderr.strip()[-2000:]}")
    report: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return report


def _memory_mb() -> float:
    """Return the memory that this process holds (Linux; elsewhere 0)."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if status.exists() else 0.0


def _size_mb(paths: Any) -> float:
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


if __name__ == "__main__":
    verb, place, chunks = sys.argv[1:]
    models_folder()
    verbs = {"fill": fill, "fill-catalog": fill_catalog, "fill-vectors": fill_vectors, "measure": measure}
    print(json.dumps(verbs[verb](Path(place), int(chunks))))
