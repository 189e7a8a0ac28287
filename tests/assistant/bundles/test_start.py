"""The start script by itself, as it runs on the other side: on small folders, where nothing is installed."""

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.bundles import start
from assistant.bundles.archive import FORMAT
from assistant.bundles.targets import this_machine

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
FILES = {"wheels/one.whl": b"wheel", "home/frontdesk.toml": b"", "home/models/model.gguf": b"model"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an unpacked bundle whose packages are no packages."""
    root = tmp_path / "office"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (root / "start.py").write_text(Path(start.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    write_manifest(root)
    return root


def write_manifest(root: Path, **changed: Any) -> None:
    manifest = {
        "format": FORMAT,
        "platform": this_machine(),
        "pythons": [PYTHON],
        "needs": {PYTHON: None},
        "installed_bytes": {PYTHON: 1000},
        "first": "",
        "files": [
            {
                "name": name,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "living": name.endswith(".toml"),
            }
            for name, content in FILES.items()
        ],
    }
    (root / start.MANIFEST).write_text(json.dumps(manifest | changed), encoding="utf-8")


def run(root: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", str(root / "start.py"), *command], capture_output=True, text=True, check=False
    )


def test_it_knows_the_standard_library_alone() -> None:
    tree = ast.parse(Path(start.__file__).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda root: (root / "wheels/one.whl").write_bytes(b"wheeL"), "wheels/one.whl was changed"),
        (lambda root: (root / "wheels/one.whl").write_bytes(b"wheels"), "wheels/one.whl was changed"),
        (lambda root: (root / "home/models/model.gguf").unlink(), "home/models/model.gguf is missing"),
        (lambda root: (root / "home/frontdesk.toml").write_bytes(b"host"), "home/frontdesk.toml was changed"),
        (lambda root: (root / start.MANIFEST).unlink(), "manifest.json is missing or damaged"),
        (lambda root: (root / start.MANIFEST).write_text("{"), "manifest.json is missing or damaged"),
    ],
)
def test_what_is_not_as_it_was_packed_is_named_and_nothing_starts(
    folder: Path, break_it: Callable[[Path], Any], said: str
) -> None:
    break_it(folder)
    result = run(folder)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / start.STARTED).exists()
    assert not list(folder.glob("*runtime*"))


def test_several_faults_are_named_at_once(folder: Path) -> None:
    for name in FILES:
        (folder / name).unlink()
    assert all(f"{name} is missing" in run(folder).stderr for name in FILES)


def test_what_changes_in_use_is_compared_before_the_first_start_alone(folder: Path) -> None:
    (folder / "home/frontdesk.toml").write_bytes(b"port = 7861")
    manifest = start.read_manifest(folder)
    with pytest.raises(start.StartError, match=r"frontdesk\.toml was changed"):
        start.check_files(folder, manifest, started=False)
    start.check_files(folder, manifest, started=True)
    (folder / "home/models/model.gguf").write_bytes(b"other")
    with pytest.raises(start.StartError, match=r"model\.gguf was changed"):
        start.check_files(folder, manifest, started=True)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "home/../../x", "C:/x", "..\\x"])
def test_a_list_that_names_places_outside_is_refused(folder: Path, name: str) -> None:
    write_manifest(folder, files=[{"name": name, "bytes": 1, "sha256": "", "living": False}])
    with pytest.raises(start.StartError, match="no place in this folder"):
        start.read_manifest(folder)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"platform": "windows-x86_64"}, "This bundle is for windows-x86_64, and this is"),
        ({"pythons": ["3.8"]}, f"This bundle is for Python 3.8, and this is {PYTHON}"),
        ({"needs": {PYTHON: [99, 0]}}, "99.0 or newer"),
        ({"installed_bytes": {PYTHON: 10**18}}, "Installing needs"),
    ],
)
def test_a_computer_that_will_not_do_is_told_why(folder: Path, changed: dict[str, Any], said: str) -> None:
    write_manifest(folder, **changed)
    result = run(folder)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Next: " in result.stderr


def test_an_installation_that_fails_leaves_nothing_that_could_be_taken_for_whole(folder: Path) -> None:
    result = run(folder)
    assert result.returncode == 1
    assert "Installing failed" in result.stderr
    assert not list(folder.glob("runtime-*"))
    assert not (folder / start.STARTED).exists()


def test_of_two_first_starts_side_by_side_one_installs_for_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, target = tmp_path / ".runtime-1", tmp_path / "runtime-3.11"
    for place in (part, target):
        place.mkdir()
        (place / "python").write_text(place.name)
    with pytest.raises(OSError, match="not empty"):
        start.take_place(part, target, "python")
    monkeypatch.setattr(start, "works", lambda _python: True)
    start.take_place(part, target, "python")
    assert (target / "python").read_text() == "runtime-3.11"
    assert not part.exists()


def test_other_installations_and_indexes_have_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    for name in ("PYTHONPATH", "PIP_INDEX_URL", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("FRONTDESK_SESSION_KEY", "kept")
    given = start.environment(tmp_path)
    assert not {"PYTHONPATH", "PIP_INDEX_URL", "VIRTUAL_ENV"} & set(given)
    assert given["FRONTDESK_HOME"] == str(tmp_path / "home")
    assert given["FRONTDESK_SESSION_KEY"] == "kept"


def test_the_shell_script_takes_only_a_python_that_will_do(tmp_path: Path) -> None:
    text = Path(start.__file__).with_name("start.sh").read_text(encoding="utf-8")
    (tmp_path / "start.py").write_text("import sys; print(sys.argv[1:])", encoding="utf-8")

    def said(pythons: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "start.sh").write_text(text.replace("@PYTHONS@", pythons).replace("@PYTHONS_OR@", pythons))
        given = {"PATH": os.environ["PATH"], **environment}
        command = ["sh", str(tmp_path / "start.sh"), "ask", "two words"]
        return subprocess.run(command, env=given, capture_output=True, text=True, check=False)

    assert said(PYTHON, PYTHON=sys.executable).stdout == "['ask', 'two words']\n"
    refused = said("2.6", PYTHON=sys.executable)
    assert refused.returncode == 1
    assert "needs Python 2.6" in refused.stderr
