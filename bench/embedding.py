"""How fast the bundled embedder is beside sentence-transformers on the same model and chunks, and if it finds as much.

    chunks and questions of xquad-en and mtrag -> each runtime in turn -> texts a second, recall@5 of vectors alone

The runtimes take turns over the same chunks, so that a busy moment of the machine meets all of them; processor time is
told beside, which other programs disturb less. sentence-transformers needs torch: it runs in the Python that
FRONTDESK_BENCH_TORCH_PYTHON names, else in this one; where neither has it, its rows are missing.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bench import datasets
from bench.homes import ROOT, models_folder
from bench.tables import Table
from knowledge import embedders, loaders
from knowledge.chunking import ChunkOptions, split
from knowledge.embedders.minilm import FOLDER
from knowledge.vectors import embedded_text

SETS = ("xquad-en", "mtrag")
ROUND = 256
"""Chunks that a runtime takes before it is the next one's turn, as many as ingest embeds at once."""
THREADS = os.cpu_count() or 1
PYTHON = "FRONTDESK_BENCH_TORCH_PYTHON"
KINDS = {"float32": "sentence-transformers, full precision", "bfloat16": "sentence-transformers, bfloat16"}
OURS = "bundled, OpenVINO"

Vectors = NDArray[np.float32]


class Runtime(Protocol):
    """Embeds; says how many seconds it took by the clock and by the processor."""

    def embed(self, texts: Sequence[str]) -> tuple[Vectors, float, float]: ...


@dataclass
class Found:
    """What a runtime made of the chunks so far."""

    vectors: list[Vectors] = field(default_factory=list)
    seconds: float = 0.0
    processor_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Corpus:
    """A data set's chunks with their documents, and its questions with theirs."""

    name: str
    chunks: list[str]
    documents: list[str]
    questions: list[str]
    gold: list[set[str]]


class Bundled:
    """What the product uses."""

    def __init__(self) -> None:
        self._embedder = embedders.resolve("embedded", models_folder=models_folder(), ollama_url="", threads=THREADS)

    def embed(self, texts: Sequence[str]) -> tuple[Vectors, float, float]:
        started, busy = time.perf_counter(), time.process_time()
        vectors = self._embedder.embed(list(texts))
        return vectors, time.perf_counter() - started, time.process_time() - busy


class Elsewhere:
    """sentence-transformers in a Python that has torch; see `bench/torch_embedding.py`."""

    def __init__(self, python: str, kind: str, folder: Path, end: ExitStack) -> None:
        self._file = folder / f"{kind}.npy"
        command = [python, "-m", "bench.torch_embedding", str(models_folder() / FOLDER), kind, str(THREADS)]
        self._process: Any = end.enter_context(
            subprocess.Popen(
                [*command, str(folder / kind), str(self._file)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )

    def embed(self, texts: Sequence[str]) -> tuple[Vectors, float, float]:
        self._process.stdin.write(json.dumps(list(texts)) + "\n")
        self._process.stdin.flush()
        seconds, processor_seconds = json.loads(self._process.stdout.readline())
        return np.load(self._file), seconds, processor_seconds


def run(folder: Path) -> Table:
    corpora = [corpus_of(name, folder) for name in SETS]
    chunks = [chunk for corpus in corpora for chunk in corpus.chunks]
    with ExitStack() as end:
        runtimes: dict[str, Runtime] = {}
        if python := torch_python():
            (folder / "embedding").mkdir(exist_ok=True)
            runtimes = {label: Elsewhere(python, kind, folder / "embedding", end) for kind, label in KINDS.items()}
        runtimes[OURS] = Bundled()
        found = {label: Found() for label in runtimes}
        for runtime in runtimes.values():
            runtime.embed(chunks[:8])
        for start in range(0, len(chunks), ROUND):
            for label, runtime in runtimes.items():
                vectors, seconds, processor_seconds = runtime.embed(chunks[start : start + ROUND])
                found[label].vectors.append(vectors)
                found[label].seconds += seconds
                found[label].processor_seconds += processor_seconds
        recalls = {
            label: recalls_of(corpora, np.concatenate(found[label].vectors), runtime)
            for label, runtime in runtimes.items()
        }
    first = next(iter(found.values()))
    rows = [
        (
            label,
            f"{len(chunks) / one.seconds:.1f}",
            f"{first.seconds / one.seconds:.2f} ×",
            f"{1000 * one.processor_seconds / len(chunks):.1f}",
            f"{first.processor_seconds / one.processor_seconds:.2f} ×",
            *(f"{recall:.3f}" for recall in recalls[label]),
            f"{least_cosine(first, one):.4f}",
        )
        for label, one in found.items()
    ]
    return Table(
        columns=(
            *("runtime", "chunks/s", "against the first row", "processor ms a chunk", "against the first row"),
            *(f"dense recall@5 {name}" for name in SETS),
            "least cosine to the first row",
        ),
        rows=tuple(rows),
        cases=f"{len(chunks)} chunks of {np.mean([len(text) for text in chunks]):.0f} characters on average, "
        f"{THREADS} threads, {sum(len(corpus.questions) for corpus in corpora)} questions",
        spread="",
        notes=() if python else (f"sentence-transformers is not installed; {PYTHON} can name a Python that has it.",),
    )


def torch_python() -> str:
    """Return the Python that has sentence-transformers, "" where there is none."""
    return os.environ.get(PYTHON) or (sys.executable if find_spec("sentence_transformers") else "")


def corpus_of(name: str, folder: Path) -> Corpus:
    """Return a set's chunks as ingest makes them, and its questions that documents answer, the last turn alone."""
    corpus, questions = datasets.write(name, folder / f"embedding-{name}")
    chunks, documents = [], []
    for document in loaders.load(corpus):
        for chunk in split(document, ChunkOptions()):
            body = document.text[chunk.start : chunk.end]
            chunks.append(embedded_text(title=document.title, headings=chunk.headings, header=chunk.header, body=body))
            documents.append(document.name)
    lines = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    asked = [line for line in lines if line["answerable"]]
    gold = [{item["document"] for item in line["gold"]} for line in asked]
    return Corpus(name, chunks, documents, [line["question"] for line in asked], gold)


def recalls_of(corpora: Sequence[Corpus], vectors: Vectors, runtime: Runtime) -> list[float]:
    """Return for each set how many of the gold documents are among the five nearest, averaged over questions."""
    recalls, start = [], 0
    for corpus in corpora:
        own = vectors[start : start + len(corpus.chunks)]
        start += len(corpus.chunks)
        cosines = runtime.embed(corpus.questions)[0] @ own.T
        answered = zip(cosines, corpus.gold, strict=True)
        recalls.append(float(np.mean([recall(corpus, row, gold) for row, gold in answered])))
    return recalls


def recall(corpus: Corpus, cosines: Vectors, gold: set[str], *, limit: int = 5) -> float:
    """Return the share of the gold documents among the first `limit` different ones."""
    nearest = dict.fromkeys(corpus.documents[row] for row in np.argsort(-cosines))
    return len(gold & set(list(nearest)[:limit])) / len(gold)


def least_cosine(left: Found, right: Found) -> float:
    return float((np.concatenate(left.vectors) * np.concatenate(right.vectors)).sum(axis=1).min())
