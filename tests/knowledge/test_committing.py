import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowledge import catalog, committing
from knowledge.committing import Committer
from knowledge.library import Library

OpenLibrary = Callable[..., Library]
Write = Callable[[str, str | bytes], Path]
Leftovers = Callable[[Library], tuple[set[str], set[str]]]


def text_found(library: Library, question: str, **options: Any) -> str:
    return "\n".join(passage.text for passage in library.search(question, limit=20, **options).passages)


def test_a_crash_before_the_commit_leaves_the_old_document_answering(
    open_library: OpenLibrary, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch, leftovers: Leftovers
) -> None:
    library = open_library()
    write("a.md", "Lamps cost 5 euros.")
    library.ingest([papers])
    write("a.md", "Lamps cost 8 euros.")
    with monkeypatch.context() as patch:
        patch.setattr(catalog, "put_documents", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("power")))
        with pytest.raises(RuntimeError, match="power"):
            library.ingest([papers])
    orphans, missing = leftovers(library)
    assert (len(orphans), missing) == (1, set())
    assert text_found(library, "lamps cost 8") == "Lamps cost 5 euros."
    reopened = open_library()
    assert text_found(reopened, "lamps cost 8") == "Lamps cost 5 euros."
    assert reopened.ingest([papers]).documents == 1
    assert text_found(reopened, "lamps cost") == "Lamps cost 8 euros."
    assert leftovers(reopened) == (set(), set())


def test_a_crash_after_the_commit_leaves_nothing_behind(
    library: Library, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch, leftovers: Leftovers
) -> None:
    write("a.md", "Lamps cost 5 euros.")
    library.ingest([papers])
    write("a.md", "Lamps cost 8 euros.")
    with monkeypatch.context() as patch:
        patch.setattr(Committer, "sweep", lambda *_: (_ for _ in ()).throw(RuntimeError("power")))
        with pytest.raises(RuntimeError, match="power"):
            library.ingest([papers])
    assert text_found(library, "lamps cost") == "Lamps cost 8 euros."
    library.ingest([papers], audience="staff", collection="elsewhere")
    assert leftovers(library) == (set(), set())


def test_a_crash_in_the_middle_of_a_big_file_resumes(
    *,
    open_library: OpenLibrary,
    papers: Path,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    leftovers: Leftovers,
    counting_embedder: Any,
) -> None:
    monkeypatch.setattr(committing, "BATCH_CHUNKS", 4)
    lines = [json.dumps({"doc_id": f"d{n}", "title": "T", "text": f"Number {n} of many."}) for n in range(10)]
    write("big.jsonl", "\n".join(lines))
    embedder = counting_embedder
    embedder.calls_until_failure = 2
    library = open_library(embedder)
    with pytest.raises(RuntimeError, match="power"):
        library.ingest([papers])
    assert library.count_chunks() == 8
    embedder.seen.clear()
    report = library.ingest([papers])
    assert (report.documents, report.unchanged, len(embedder.seen)) == (2, 8, 2)
    assert library.ingest([papers]).unchanged == 10
    assert leftovers(library) == (set(), set())


def test_a_crash_in_the_middle_of_a_large_document_leaves_the_old_one_whole(
    *,
    open_library: OpenLibrary,
    papers: Path,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    leftovers: Leftovers,
    counting_embedder: Any,
) -> None:
    def prices(version: str) -> str:
        return "lamp,price\n" + "".join(f"Lamp number {n},It costs {n} {version} euros.\n" for n in range(200))

    write("prices.csv", prices("old"))
    open_library(counting_embedder).ingest([papers])
    chunks = open_library(counting_embedder).count_chunks()
    assert chunks > 8
    monkeypatch.setattr(committing, "BATCH_CHUNKS", 4)
    write("prices.csv", prices("new"))
    counting_embedder.calls_until_failure = 2
    with pytest.raises(RuntimeError, match="power"):
        open_library(counting_embedder).ingest([papers])
    library = open_library(counting_embedder)
    orphans, missing = leftovers(library)
    assert (len(orphans) >= 4, missing, library.count_chunks()) == (True, set(), chunks)
    found = text_found(library, "lamp number 7 price")
    assert "7 old euros" in found
    assert "new" not in found
    counting_embedder.calls_until_failure = 10_000
    library.ingest([papers])
    assert "old" not in text_found(library, "lamp number 7 price")
    assert leftovers(library) == (set(), set())
