"""The wheel that is carried is this Frontdesk's."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from assistant.bundles import own_wheel
from assistant.bundles.own_wheel import PROOF, find_checkout, find_own_wheel
from assistant.errors import BundleError

ROOT = Path(__file__).parents[3]


def wheel(folder: Path, name: str, *, holds: str = PROOF) -> Path:
    path = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(holds, "")
    return path


def test_the_checkout_is_the_one_whose_code_runs() -> None:
    assert find_checkout() == ROOT


def test_a_given_wheel_is_taken_when_it_is_this_version(tmp_path: Path) -> None:
    running = own_wheel._running_version()
    given = wheel(tmp_path, f"frontdesk-{running}")
    assert find_own_wheel(given, wheels=None, into=tmp_path) == given
    assert find_own_wheel(None, wheels=tmp_path, into=tmp_path) == given


@pytest.mark.parametrize(
    ("name", "holds", "said"),
    [
        ("frontdesk-99.0", PROOF, "is frontdesk 99.0"),
        ("frontdesk-0.1.0", "frontdesk/__init__.py", "no wheel of Frontdesk"),
        ("chromadb-1.5.9", PROOF, "is chromadb"),
    ],
)
def test_another_wheel_is_refused(tmp_path: Path, name: str, holds: str, said: str) -> None:
    with pytest.raises(BundleError, match=said):
        find_own_wheel(wheel(tmp_path, name, holds=holds), wheels=None, into=tmp_path)


def test_installed_from_a_file_it_is_that_file_while_unchanged_and_no_index_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = wheel(tmp_path, f"frontdesk-{own_wheel._running_version()}")
    noted = {
        "url": given.as_uri(),
        "archive_info": {"hashes": {"sha256": hashlib.sha256(given.read_bytes()).hexdigest()}},
    }
    monkeypatch.setattr(own_wheel, "find_checkout", lambda: None)
    installed = type("Installed", (), {"read_text": lambda _self, _name: json.dumps(noted)})()
    monkeypatch.setattr(own_wheel, "distribution", lambda _name: installed)
    assert find_own_wheel(None, wheels=None, into=tmp_path) == given
    given.write_bytes(given.read_bytes() + b"x")
    with pytest.raises(BundleError, match="--frontdesk-wheel"):
        find_own_wheel(None, wheels=None, into=tmp_path)
