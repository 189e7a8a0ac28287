"""What a kill leaves behind: ingests are ended by SIGKILL at random moments, and the library is asked each time.

    documents change, go, come, change their audience -> ingest -> SIGKILL -> is each one there, whole, old or new?

The next round begins with what the kill left. In the end one ingest runs through, and everything must be as it should.
"""

import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from bench.homes import ROOT
from bench.tables import BenchError, Table
from knowledge import loaders
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.reading.preparing import document_name
from knowledge.schema import document
from knowledge.sources import list_files
from knowledge.spaces import committed_vectors, spaces

KILLS = 100
FILES, ROWS, SECTIONS = 24, 12, 3
AUDIENCES = ("public", "staff")
ASKED = 8
"""Documents that are searched for after each kill."""
INGEST = """
import sys, time
from pathlib import Path
from knowledge import committing
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
committing.BATCH_CHUNKS = 16
library = Library(LibraryOptions(Path(sys.argv[1])), embedder=HashingEmbedder())
library.index
print("ready", flush=True)
started = time.perf_counter()
report = library.ingest([Path(sys.argv[2])], audience=sys.argv[3], prune=True)
print(time.perf_counter() - started, len(report.failed), flush=True)
library.close()
"""

Held = dict[str, tuple[str, str]]
"""Document's name -> (text, audience)."""


class Wrong(AssertionError):
    """The library holds or answers what it must not."""


@dataclass(slots=True)
class Outcome:
    """What was seen."""

    kills: int = 0
    during: int = 0
    """Kills that came before the ingest had ended."""
    left_vectors: list[int] = field(default_factory=list)
    """Vectors without a chunk after each kill, which the next ingest sweeps."""
    moved: int = 0
    """Kills that left some documents new and some old."""
    finished_seconds: float = 0.0


def run(folder: Path) -> Table:
    place = folder / "crash"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    try:
        outcome = endure(place, kills=KILLS, seed=1)
    except Wrong as error:
        raise BenchError(f"After a kill: {error}") from error
    return Table(
        columns=(
            "kills",
            "before the end",
            "with some documents new and some old",
            "left-over vectors, median",
            "lost",
        ),
        rows=(
            (
                str(outcome.kills),
                str(outcome.during),
                str(outcome.moved),
                f"{statistics.median(outcome.left_vectors):.0f}",
                "0",
            ),
        ),
        cases=f"{FILES} files and a table of {ROWS} rows, a third of them changed, gone or new each time",
        spread=f"{ASKED} documents searched for after each kill; the last ingest took {outcome.finished_seconds:.1f} s",
    )


def endure(place: Path, *, kills: int, seed: int) -> Outcome:
    """Kill ingests at random moments, check what each leaves, and let the last one finish.

    Raises:
        Wrong: a document was lost, mixed or unanswered, or the last ingest left something behind.
    """
    dice = random.Random(seed)
    home, papers = place / "home", place / "papers"
    papers.mkdir()
    versions: dict[int, int | None] = dict.fromkeys(range(FILES), 0)
    write(papers, versions, rows=ROWS, version=0)
    seconds = _ingest(home, papers, "public")
    outcome = Outcome()
    held = expected(papers, "public")
    audience = "public"
    for number in range(1, kills + 1):
        if dice.random() < 0.25:
            audience = AUDIENCES[1 - AUDIENCES.index(audience)]
        for name in dice.sample(range(FILES), FILES // 3):
            versions[name] = None if versions[name] is not None and dice.random() < 0.2 else number
        write(papers, versions, rows=dice.randint(ROWS // 2, ROWS), version=number)
        before, wanted = held, expected(papers, audience)
        ended = _ingest(home, papers, audience, kill_after=dice.uniform(0, 1.2 * seconds))
        outcome.kills += 1
        outcome.during += ended == 0
        with opened(home) as library:
            held = _check(library, before, wanted, dice, outcome)
    outcome.finished_seconds = _ingest(home, papers, audience)
    wanted = expected(papers, audience)
    with opened(home) as library:
        if _held(library) != wanted:
            raise Wrong("the last ingest did not bring everything in")
        left, lacking = _vectors(library)
    if left or lacking:
        raise Wrong(f"the last ingest left {left} vectors too many and {lacking} too few")
    return outcome


def write(papers: Path, versions: dict[int, int | None], *, rows: int, version: int) -> None:
    """Write the files, each in its version; one without is gone."""
    for number, at in versions.items():
        file = papers / f"part{number % 3}" / f"k{number}.md"
        file.parent.mkdir(exist_ok=True)
        if at is None:
            file.unlink(missing_ok=True)
            continue
        parts = [f"# Section {part}\n\n{_sentences(f'key{number}', at)}" for part in range(SECTIONS)]
        file.write_text("\n\n".join(parts), encoding="utf-8")
    lines = [f"What is row{row}?,{_sentences(f'row{row}', version if row % 2 else 0)}" for row in range(rows)]
    (papers / "faq.csv").write_text("question,answer\n" + "\n".join(lines), encoding="utf-8")


def _sentences(key: str, version: int) -> str:
    return f"The word {key} stands in version v{version} of this text. " * 4


def expected(papers: Path, audience: str) -> Held:
    """Return what a library that has read the files holds."""
    return {
        document_name(name, loaded): (loaded.text, audience)
        for name, path in list_files(papers).files.items()
        for loaded in loaders.load(path)
    }


def _ingest(home: Path, papers: Path, audience: str, *, kill_after: float | None = None) -> float:
    """Run an ingest in a process; return its seconds, 0 when it was killed before it ended."""
    command = [sys.executable, "-c", INGEST, str(home), str(papers), audience]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        if process.stdout.readline() != "ready\n":
            raise Wrong("an ingest could not even open the library")
        if kill_after is not None:
            time.sleep(kill_after)
            process.send_signal(signal.SIGKILL)
        said = process.stdout.readline().split()
        process.wait()
    if not said and kill_after is None:
        raise Wrong("an ingest failed")
    if said and said[1] != "0":
        raise Wrong(f"{said[1]} files could not be read")
    return float(said[0]) if said else 0.0


def _check(library: Library, before: Held, wanted: Held, dice: random.Random, outcome: Outcome) -> Held:
    """Return what the library holds now, all of it old or new."""
    held = _held(library)
    for name in before.keys() | wanted.keys():
        if held.get(name) not in (before.get(name), wanted.get(name)):
            raise Wrong(f"{name} is neither as it was nor as it is to be")
    if strange := held.keys() - before.keys() - wanted.keys():
        raise Wrong(f"nobody knows {sorted(strange)}")
    left, lacking = _vectors(library)
    if lacking:
        raise Wrong(f"{lacking} committed chunks have no vector")
    outcome.left_vectors.append(left)
    outcome.moved += held not in (before, wanted)
    for name in dice.sample(sorted(held), min(ASKED, len(held))):
        _ask(library, name, held[name])
    return held


def _ask(library: Library, name: str, now: tuple[str, str]) -> None:
    text, audience = now
    key = next(word for word in text.split() if word.startswith(("key", "row")) and word[3:].rstrip("?").isdigit())
    version = next(word for word in text.split() if word.startswith("v") and word[1:].isdigit())
    for asking in AUDIENCES:
        passages = library.search(f"the word {key}", audiences=(asking,), limit=20).passages
        found = [passage.text for passage in passages if passage.document == name]
        if bool(found) != (asking == audience):
            raise Wrong(f"{name} is for {audience}, and {asking} finds it {len(found)} times")
        if not all(f" {version} " in passage for passage in found):
            raise Wrong(f"{name} is found in another version than {version}")


def _held(library: Library) -> Held:
    with library._catalog.read() as connection:
        rows = connection.execute(select(document.c.name, document.c.text, document.c.audience)).all()
    held = {row.name: (row.text, row.audience) for row in rows}
    if len(held) != len(rows):
        raise Wrong("a document is held twice")
    return held


def _vectors(library: Library) -> tuple[int, int]:
    """Return how many vectors no chunk names, and how many chunks lack theirs."""
    held: set[str] = set()
    wanted: set[str] = set()
    with library._catalog.read() as connection:
        for space in spaces(connection):
            held |= library.index.ids(space.name)
            wanted |= set(committed_vectors(connection, space))
    return len(held - wanted), len(wanted - held)


@contextmanager
def opened(home: Path) -> Iterator[Library]:
    """Open the library as a process does that comes after the kill."""
    library = Library(LibraryOptions(home), embedder=HashingEmbedder())
    try:
        yield library
    finally:
        library.close()
