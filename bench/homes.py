"""A FRONTDESK_HOME for each data set, filled by the command line as a user would.

    name -> corpus and questions -> frontdesk ingest -> Home

A home made once in a run is used by every measurement of the run.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from assistant.commands.options import PARTLY
from assistant.demo import PROFILE
from assistant.model_files import model_state
from assistant.pinned_models import BUNDLED
from bench import datasets
from bench.tables import BenchError
from knowledge.library import Library, LibraryOptions

ROOT = Path(__file__).resolve().parents[1]
COMPANY = ROOT / "examples" / "brindlemoor"
DEMO = "demo"
COMMAND_SECONDS = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Home:
    """A data set, ingested."""

    path: Path
    questions: Path
    documents: int
    chunks: int
    ingest_seconds: float
    """Of `ingest` alone, without starting Python."""


def home_of(name: str, folder: Path) -> Home:
    """Return the home of a data set or of the demo company below `folder`, ingested when it is not there yet.

    Raises:
        BenchError: the data or the models are missing, or the command failed.
    """
    place = folder / name
    report_file = place / "ingest.json"
    if not report_file.exists():
        reports = _fill(name, place)
        report_file.write_text(json.dumps(reports), encoding="utf-8")
    reports = json.loads(report_file.read_text(encoding="utf-8"))
    return Home(
        path=place / "home",
        questions=COMPANY / "questions.jsonl" if name == DEMO else place / "data" / "questions.jsonl",
        documents=sum(report["documents"] for report in reports),
        chunks=sum(report["chunks"] for report in reports),
        ingest_seconds=sum(report["seconds"] for report in reports),
    )


def new_home(path: Path) -> Path:
    """Make an empty home that has the models, or return the one that an earlier run began: finished runs are kept."""
    path.mkdir(parents=True, exist_ok=True)
    models = path / "models"
    if not models.exists():
        models.symlink_to(models_folder(), target_is_directory=True)
    return path


@lru_cache
def models_folder() -> Path:
    """Return the folder with the embedded models: where `make models` and the tests keep them.

    Raises:
        BenchError: they are not there.
    """
    cache = _cache()
    for folder in (cache / "models", cache):
        if all(model_state(folder, name, hashed=False) == "ready" for name in BUNDLED):
            return folder
    raise BenchError(f"The embedded models are not under {cache}. Next: make models")


def larger_models_folder() -> Path:
    """Return where models lie that are measured when they are there, and that no test should find by itself."""
    return _cache() / "larger" / "models"


def _cache() -> Path:
    return Path(os.environ.get("FRONTDESK_TEST_HOME") or user_cache_path("frontdesk-tests", appauthor=False))


def environment(home: Path, **settings: object) -> dict[str, str]:
    """Return what a command runs in: a home, and none of the caller's settings but those given here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    given = {f"FRONTDESK_{key.upper()}": str(value) for key, value in {**settings, "home": home}.items()}
    return {**kept, **given, "PYTHONPATH": str(ROOT)}


def frontdesk(home: Path, *arguments: str | Path, torch_threads: int | None = None, **settings: object) -> Any:
    """Run a command with `--json` and return what it printed.

    Args:
        torch_threads: for training; None leaves the number to the command.

    Raises:
        BenchError: it could not do it; single files that cannot be read are in what it printed.
    """
    threads = {"OMP_NUM_THREADS": str(torch_threads)} if torch_threads else {}
    result = subprocess.run(
        [*executable(), *map(str, arguments), "--json"],
        cwd=home,
        env=environment(home, **settings) | threads,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    if result.returncode not in (0, PARTLY):
        raise BenchError(f"frontdesk {' '.join(map(str, arguments))} failed:\n{result.stderr.strip()[-2000:]}")
    return json.loads(result.stdout)


def executable() -> list[str]:
    """Return the command as it is installed beside this Python."""
    beside = Path(sys.executable).with_name("frontdesk.exe" if os.name == "nt" else "frontdesk")
    if not beside.exists():
        raise BenchError(f"There is no {beside}. Next: make .venv/dev.stamp")
    return [str(beside)]


@contextmanager
def in_home(home: Path) -> Iterator[Any]:
    """Open the home's library in this process, with the product's own settings."""
    from assistant.app import open_application
    from assistant.settings import load

    application = open_application(load(environment={"FRONTDESK_HOME": str(home)}, folder=home))
    try:
        yield application.library
    finally:
        application.close()


@contextmanager
def library_with(embedder: str, name: str, folder: Path) -> Iterator[tuple[Any, Path]]:
    """Open a data set's library with this embedder, ingested where it is not; yield it with its question file.

    Raises:
        EmbedderUnavailable: the embedder's model is not among the models of `make models`.
    """
    if embedder == "embedded":
        home = home_of(name, folder)
        with in_home(home.path) as library:
            yield library, home.questions
        return
    place = folder / f"{name}-{embedder}"
    home_path = place / "home" if (place / "home").exists() else new_home(place / "home")
    corpus, questions = datasets.write(name, place / "data")
    with closing(Library(LibraryOptions(home_path, embedder=embedder))) as library:
        library.ingest([corpus])
        yield library, questions


def _fill(name: str, place: Path) -> list[Any]:
    shutil.rmtree(place, ignore_errors=True)
    home = new_home(place / "home")
    if name == DEMO:
        (home / "frontdesk.toml").write_text(f'embedder = "{PROFILE["embedder"]}"\n', encoding="utf-8")
        return [
            frontdesk(home, "ingest", COMPANY / "documents" / audience, "--audience", audience)
            for audience in ("public", "staff")
        ]
    if not datasets.DATA.is_dir():
        raise BenchError(f"The data sets are not at {datasets.DATA}.")
    corpus, _questions = datasets.write(name, place / "data")
    return [frontdesk(home, "ingest", corpus)]
