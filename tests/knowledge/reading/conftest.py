"""A pool with small limits, and jobs for the hostile loaders beside this file."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from knowledge.chunking import ChunkOptions
from knowledge.reading.messages import Job
from knowledge.reading.pool import Reader, ReadingOptions

MakeJob = Callable[..., Job]
OpenReader = Callable[..., Reader]


@pytest.fixture(autouse=True)
def _hostile_loaders_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture
def job(tmp_path: Path) -> MakeJob:
    """Return a file that a function of `hostile_loaders` reads."""

    def make(loader: str, name: str = "", **changes: Any) -> Job:
        path = tmp_path / (name or f"{loader}.bad")
        path.write_text("whatever")
        given = {
            "path": str(path),
            "name": path.name,
            "size_bytes": 8,
            "audience": "public",
            "chunks": ChunkOptions(),
            "known": {},
            "loaders": {".bad": f"hostile_loaders:{loader}"},
            "options": None,
            "silence_seconds": 30.0,
            "memory_bytes": 500_000_000,
        }
        return Job(**{**given, **changes})

    return make


@pytest.fixture
def open_reader() -> Iterator[OpenReader]:
    opened: list[Reader] = []

    def open_one(**options: Any) -> Reader:
        given = {"workers": 1, "silence_seconds": 30.0, "memory_bytes": 500_000_000}
        opened.append(Reader(ReadingOptions(**{**given, **options})))
        return opened[-1]

    assert sys.executable
    yield open_one
    for reader in opened:
        reader.close()
