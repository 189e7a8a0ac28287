"""A real bundle: made here, unpacked and started where there is no network at all, asked, and then tampered with."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.app import Application
from assistant.bundles import wheels as packages
from assistant.bundles.making import Bundle, Request, make_bundle
from assistant.bundles.own_wheel import find_own_wheel
from assistant.bundles.targets import find_target
from assistant.errors import BundleError
from assistant.settings import Settings
from tests.conftest import ROOT, missing

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
BASE = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
"""The Python below this environment: one that has nothing installed for us."""
DOCUMENTS = {
    "returns.md": "# Returns\n\nYou may return a lamp within 42 days of delivery. The postage is ours.\n",
    "warranty.md": "# Warranty\n\nThe warranty on a lantern battery is 18 months.\n",
    "hours.md": "# Opening hours\n\nThe lamp house is open from Tuesday to Saturday, 10:00 to 18:00.\n",
}
QUESTION = "Within how many days may I return a lamp?"
SECRET = "0123456789abcdef0123456789abcdef-not-to-be-carried"


@pytest.fixture(scope="module")
def namespace() -> list[str]:
    """Return what starts a program in a network namespace of its own."""
    if sys.platform != "linux":
        pytest.skip("network namespaces are Linux's own")
    command = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        missing("the right to make a network namespace (unshare --net)")
    return command


@pytest.fixture(scope="module")
def wheels(models_folder: Path) -> Path:
    """Return a folder with the packages for this machine, kept beside the models from one run to the next."""
    target, lock = find_target(None), packages.read_lock()
    pinned = packages.pins(lock, target=target, python=PYTHON)
    folder = models_folder.parent / "wheels" / f"{target.name}-{PYTHON}"
    try:
        own = find_own_wheel(None, wheels=None, into=folder / "own")
        if not complete(folder, own, pinned):
            packages.download(pinned.values(), target=target, python=PYTHON, into=folder)
    except BundleError as error:
        missing(f"a package index ({error})")
    shutil.copy(own, folder)
    return folder


def complete(folder: Path, own: Path, pinned: Any) -> bool:
    try:
        chosen = packages.choose([folder], own, target=find_target(None), python=PYTHON, pinned=pinned)
    except BundleError:
        return False
    return all(str(one.version) in str(pinned[one.name].specifier) for one in chosen.wheels if one.name in pinned)


@pytest.fixture(scope="module")
def made(models_folder: Path, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundle]:
    folder = tmp_path_factory.mktemp("bundle")
    documents = folder / "documents"
    documents.mkdir()
    for name, text in DOCUMENTS.items():
        (documents / name).write_text(text, encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    (home / "models").symlink_to(models_folder, target_is_directory=True)
    application = Application(Settings(home=home, company="Lamp House", model="embedded", session_key=SECRET))
    try:
        application.library.ingest([documents])
        request = Request(folder / "office.zip", pythons=(PYTHON,), wheels=wheels)
        yield make_bundle(request, application)
    finally:
        application.close()


@pytest.fixture(scope="module")
def unpacked(made: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office")
    subprocess.run([BASE, "-m", "zipfile", "-e", made.path, folder], check=True)
    return folder / "office"


def start(unpacked: Path, *command: str, home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", str(unpacked / "start.sh"), *command],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHON": str(BASE)},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


@pytest.mark.slow
@pytest.mark.model
def test_nothing_is_in_it_that_must_not_be(made: Bundle) -> None:
    with zipfile.ZipFile(made.path) as archive:
        names = archive.namelist()
        assert all(name.startswith("office/") and ".." not in name.split("/") for name in names)
        assert sorted(names[:-1]) == names[:-1]
        assert names[-1] == "office/manifest.json"
        small = [name for name in names if not name.endswith((".whl", ".gguf", ".safetensors"))]
        assert not [name for name in small if SECRET.encode() in archive.read(name)]
        toml = archive.read("office/home/frontdesk.toml").decode()
    assert not [name for name in names if name.endswith(("frontdesk.sqlite3", "agent.sqlite3", "server.json"))]
    assert 'model = "embedded"' in toml
    assert "offline = true" in toml
    assert [one.what for one in made.contents.left_out] == ["session_key"]
    assert not list(made.path.parent.glob("*.part"))
    assert not [path for path in made.path.parent.iterdir() if path.name.startswith(".office")]


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(400)
def test_it_starts_and_answers_where_there_is_no_network_and_never_tries_to_leave(
    unpacked: Path, namespace: list[str], tmp_path: Path
) -> None:
    home, out = tmp_path / "somebody", tmp_path / "out.json"
    home.mkdir()
    driver = [*namespace, str(BASE), "-I", str(ROOT / "bench" / "alone.py"), str(out)]
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "PYTHON": str(BASE)}
    subprocess.run([*driver, "try"], env=environment, check=True)
    tried = json.loads(out.read_text(encoding="utf-8"))
    assert sum(tried["named"].values()) > 0, "a name that is looked up would not be seen"
    assert sum(tried["left"].values()) > sum(tried["named"].values()), "a connection would not be seen"
    result = subprocess.run([*driver, "serve", str(unpacked), QUESTION], env=environment, check=False)
    assert result.returncode == 0
    told = json.loads(out.read_text(encoding="utf-8"))
    answer = told["turn"]["answer"]
    assert answer["outcome"] == "answered"
    assert answer["citations"][0]["document"] == "returns.md"
    assert "42 days" in answer["text"]
    assert told["code"] == 0
    assert told["page"] > 10_000
    assert set(told["left"].values()) == {0}, told["left"]
    assert list(home.iterdir()) == [], "something was left outside the folder"


@pytest.mark.slow
@pytest.mark.model
def test_one_changed_byte_is_named_and_nothing_starts(unpacked: Path, tmp_path: Path) -> None:
    model = next((unpacked / "home" / "models").rglob("*.gguf"))
    with model.open("r+b") as file:
        file.seek(50_000_000)
        byte = file.read(1)
        file.seek(50_000_000)
        file.write(bytes([byte[0] ^ 1]))
    (unpacked / "wheels" / f"requirements-{PYTHON}.txt").rename(tmp_path / "kept")
    result = start(unpacked, "ask", QUESTION, home=tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert f"{model.relative_to(unpacked).as_posix()} was changed" in result.stderr
    assert f"wheels/requirements-{PYTHON}.txt is missing" in result.stderr
