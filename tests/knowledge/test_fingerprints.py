"""What is tried again at the next ingest, and what is not."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge import loaders
from knowledge.library import Library

Write = Callable[[str, str | bytes], Path]


def packed(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, f"Lamps cost 9 euros. {name}")
    return stream.getvalue()


@pytest.mark.parametrize(("name", "held"), [("film.mp4", 0), ("a.zip", 1)])
def test_a_kind_that_nobody_reads_fails_once_and_again_when_it_changed(
    library: Library, papers: Path, write: Write, name: str, held: int
) -> None:
    file = write(name, packed("a.md", "b.mp4") if held else b"\0\1")
    (failed,) = library.ingest([papers], prune=True).failed
    assert "no loader for .mp4" in failed.error
    for _ in range(2):
        report = library.ingest([papers], prune=True)
        assert (report.failed, report.left_out, report.unchanged) == ((), (f"{file}!/" if held else str(file),), held)
    write(name, packed("a.md", "c.mp4") if held else b"\0\2")
    report = library.ingest([papers], prune=True)
    assert (len(report.failed), report.left_out) == (1, ())


def test_with_another_loader_it_is_tried_again(
    library: Library, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.lamp", "Lamps cost 9 euros.")
    assert library.ingest([papers]).failed
    monkeypatch.setitem(loaders.LOADERS, ".lamp", "knowledge.loaders.plaintext:load")
    report = library.ingest([papers])
    assert (report.documents, report.failed, report.left_out) == (1, (), ())


@pytest.mark.parametrize(("name", "data"), [("a.pdf", b"%PDF-1.4 broken"), ("a.zip", packed("a.md", "b.docx"))])
def test_what_somebody_may_mend_fails_each_time(
    library: Library, papers: Path, write: Write, name: str, data: bytes
) -> None:
    write(name, data)
    for _ in range(2):
        report = library.ingest([papers])
        assert (len(report.failed), report.left_out) == (1, ())


def test_what_was_held_of_a_file_before_it_became_such_a_kind_is_not_silently_kept(
    library: Library, papers: Path, write: Write
) -> None:
    write("notes.txt", "Lamps cost 9 euros.")
    library.ingest([papers])
    before = dict(loaders.LOADERS)
    try:
        del loaders.LOADERS[".txt"]
        write("notes.txt", "Lamps cost 8 euros.")
        for _ in range(2):
            assert len(library.ingest([papers]).failed) == 1
    finally:
        loaders.LOADERS.update(before)
