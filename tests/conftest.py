"""What all tests share: no network, a settings-free environment, and the places of the real models and data.

Models are read from FRONTDESK_TEST_HOME/models, else from the user's cache folder, where `make models` puts them. With
FRONTDESK_REQUIRE_DATA=1 a test whose models, data, browser or Ollama are missing fails rather than skips.
"""

import inspect
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path
from xdist.remote import Producer

from assistant.model_files import model_state
from assistant.pinned_models import BUNDLED
from knowledge import certificates
from tests import side_by_side, slow_tests

pytest_plugins = ["tests.finetune.served_releases", "tests.finetune.trained_releases"]
ROOT = Path(__file__).parents[1]
MULTILINGUAL = "multilingual-e5-small"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["ANONYMIZED_TELEMETRY"] = "False"


NEEDING = ("model", "ollama", "browser", "servers", "slow", "data")
"""Markers of what `make check` leaves to `make test`."""
_HEAVY = r"(?:torch|transformers|trl|peft|accelerate|gradio)\b"
"""Packages whose loading takes seconds."""
_FILE_NEEDS_HEAVY = re.compile(rf'^(?:\w+ = )?pytest\.importorskip\("{_HEAVY}|^(?:import|from) {_HEAVY}', re.MULTILINE)
_TEST_NEEDS_HEAVY = re.compile(rf'importorskip\("{_HEAVY}|^\s+(?:import|from) {_HEAVY}', re.MULTILINE)
_BASES = {"tiny_base", "embedded_base"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--quick` and `--time-slow`."""
    parser.addoption(
        "--quick",
        action="store_true",
        help="only what needs no model, server, data, browser, training library or Gradio",
    )
    parser.addoption("--time-slow", action="store_true", help="add the tests that take long to tests/slow_tests.txt")


def pytest_configure(config: pytest.Config) -> None:
    """With --time-slow, time each test."""
    if config.getoption("time_slow"):
        config.pluginmanager.register(slow_tests.Stopwatch())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With --quick, leave out files that load heavy packages: that takes longer than many quick tests do."""
    if not config.getoption("quick") or collection_path.suffix != ".py":
        return None
    return bool(_FILE_NEEDS_HEAVY.search(collection_path.read_text(encoding="utf-8"))) or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --quick, leave out the tests of other files that need more than this repository, or much time."""
    if config.getoption("quick"):
        known = slow_tests.listed()
        left_out = [item for item in items if slow_tests.function_of(item.nodeid) in known or _needs_more(item)]
        config.hook.pytest_deselected(items=left_out)
        kept = set(items) - set(left_out)
        items[:] = [item for item in items if item in kept]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> side_by_side.LongestFirst | None:
    """With --dist loadfile, share the tests out as `make test` needs it."""
    return side_by_side.LongestFirst(config, log) if config.option.dist == "loadfile" else None


def _needs_more(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(name) for name in NEEDING) or _BASES & set(getattr(item, "fixturenames", ())):
        return True
    function = getattr(item, "function", None)
    return function is not None and _loads_heavy(function)


@cache
def _loads_heavy(function: Callable[..., object]) -> bool:
    """Say whether a test loads a heavy package itself: told by its text, read only in files that name one."""
    whole = Path(inspect.getfile(inspect.unwrap(function))).read_text(encoding="utf-8")
    return bool(_TEST_NEEDS_HEAVY.search(whole)) and bool(_TEST_NEEDS_HEAVY.search(inspect.getsource(function)))


def missing(what: str) -> None:
    """Skip the running test for want of `what`, or fail where everything must be present."""
    if os.environ.get("FRONTDESK_REQUIRE_DATA") == "1":
        pytest.fail(f"{what} is missing and FRONTDESK_REQUIRE_DATA=1")
    pytest.skip(f"{what} is missing")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own settings and home out of every test."""
    for name in [name for name in os.environ if name.startswith("FRONTDESK_")]:
        if name not in ("FRONTDESK_REQUIRE_DATA", "FRONTDESK_TEST_HOME", "FRONTDESK_EVERY_BOUNDARY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FRONTDESK_HOME", str(tmp_path / "frontdesk-home"))


@pytest.fixture
def fresh_certificates() -> Iterator[None]:
    """Forget which certificates are believed, before and after: it is read once from the environment."""
    certificates.trusted.cache_clear()
    yield
    certificates.trusted.cache_clear()


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """Return the folder with the embedded model and embedder, as FRONTDESK_HOME/models is laid out."""
    home = Path(os.environ.get("FRONTDESK_TEST_HOME") or user_cache_path("frontdesk-tests", appauthor=False))
    folder = home / "models"
    if any(model_state(folder, name, hashed=False) != "ready" for name in BUNDLED):
        missing(f"the embedded models under {folder} (make models)")
    return folder


@pytest.fixture(scope="session")
def multilingual_models_folder(models_folder: Path) -> Path:
    """Return the same folder where the multilingual embedder is there too."""
    if model_state(models_folder, MULTILINGUAL, hashed=False) != "ready":
        missing(f"{MULTILINGUAL} under {models_folder} (make models)")
    return models_folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder with the development sets beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        missing(f"the data under {folder}")
    return folder


@pytest.fixture(scope="session")
def ollama_url() -> str:
    """Return the address of the Ollama server that OLLAMA_HOST names."""
    host = os.environ.get("OLLAMA_HOST")
    if not host:
        missing("an Ollama server (OLLAMA_HOST)")
    return host if host and host.startswith("http") else f"http://{host}"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the Chromium that the browser tests start."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        missing("Chromium")
    return str(found)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a PostgreSQL server and return its URL; user and password are `frontdesk`, and it wants the password."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    found = str(programs[-1]) if programs else os.path.dirname(shutil.which("initdb") or "")  # noqa: PTH120
    if not found:
        missing("PostgreSQL (Debian: apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-postgres-"))
    # PostgreSQL refuses to run as root.
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres", "postgres")
    password = folder / "password"
    password.write_text("frontdesk")
    password.chmod(0o644)
    data, port = folder / "data", free_port()
    settings = ["fsync=off", "shared_buffers=32MB", "max_connections=40", f"unix_socket_directories={folder}"]
    try:
        access = ["--username=frontdesk", "--auth=scram-sha-256", f"--pwfile={password}"]
        make = [f"{found}/initdb", "-D", str(data), *access, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **user)
        options = [word for setting in settings for word in ("-c", setting)]
        command = [f"{found}/postgres", "-D", str(data), "-h", "127.0.0.1", "-p", str(port), *options]
        with running(command, port, folder, stop=signal.SIGINT, **user):
            yield f"postgresql://frontdesk:frontdesk@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def chroma_server() -> Iterator[str]:
    """Start a Chroma server and return its URL."""
    folder, port = Path(tempfile.mkdtemp(prefix="frontdesk-chroma-")), free_port()
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)]
    try:
        with running(command, port, folder, stop=signal.SIGTERM):
            yield f"http://127.0.0.1:{port}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_database(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Make empty databases on the server and return their URLs."""
    from sqlalchemy import create_engine, make_url, text

    engine = create_engine(make_url(postgres_server).set(drivername="postgresql+pg8000"), isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{os.getpid()}_{time.monotonic_ns()}")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {made[-1]}"))
        return make_url(postgres_server).set(database=made[-1]).render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@contextmanager
def running(command: list[str], port: int, folder: Path, *, stop: signal.Signals, **options: Any) -> Iterator[None]:
    """Run a server until it is no longer needed; it is ready when its port answers."""
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **options)
        try:
            for _ in range(600):
                if server.poll() is not None:
                    pytest.fail(f"{command[0]} ended: {(folder / 'log').read_text()}")
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield
        finally:
            server.send_signal(stop)
            server.wait(30)


def free_port() -> int:
    """Return a port of this worker's own: what the system picks may be another's before a server listens there."""
    first = 20_000 + 500 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in random.Random().sample(range(first, first + 500), k=500):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    pytest.fail(f"all ports from {first} to {first + 499} are taken")
