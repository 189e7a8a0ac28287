"""An archive that is whole or not there, the same bytes each time, with no name that leads out of it."""

import json
import zipfile
from pathlib import Path

import pytest

from assistant.bundles import archive
from assistant.bundles.archive import Entry, write_archive
from assistant.errors import BundleError


def entries(folder: Path, *names: str) -> list[Entry]:
    made = []
    for number, name in enumerate(names):
        path = folder / f"source-{number}"
        path.write_bytes(name.encode() * 1000)
        made.append(Entry(name, path, executable=name.endswith(".sh")))
    return made


def test_names_are_sorted_and_the_same_content_makes_the_same_bytes(tmp_path: Path) -> None:
    listed = entries(tmp_path, "b.whl", "start.sh", "a/模型.txt")
    first, second = tmp_path / "first" / "office.zip", tmp_path / "second" / "office.zip"
    for place, order in ((first, listed), (second, listed[::-1])):
        place.parent.mkdir()
        write_archive(order, place, about={"platform": "linux-x86_64"})
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as opened:
        assert opened.namelist() == ["office/a/模型.txt", "office/b.whl", "office/start.sh", "office/manifest.json"]
        kinds = {item.filename: item.compress_type for item in opened.infolist()}
        assert kinds["office/b.whl"] == zipfile.ZIP_STORED
        assert kinds["office/a/模型.txt"] == zipfile.ZIP_DEFLATED
        assert opened.getinfo("office/start.sh").external_attr >> 16 == 0o100755
        manifest = json.loads(opened.read("office/manifest.json"))
        assert [one["name"] for one in manifest["files"]] == ["a/模型.txt", "b.whl", "start.sh"]
        assert all(
            archive.hashlib.sha256(opened.read(f"office/{one['name']}")).hexdigest() == one["sha256"]
            for one in manifest["files"]
        )


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a//../x", "a\\..\\x", "C:x", "", "./x"])
def test_a_name_that_would_be_unpacked_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="no place within it"):
        write_archive([Entry(name, Path(__file__))], tmp_path / "office.zip", about={})
    assert list(tmp_path.iterdir()) == []


def test_names_that_one_system_takes_for_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"one name: a\.txt"):
        write_archive(entries(tmp_path, "A.txt", "a.txt"), tmp_path / "office.zip", about={})


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "office.zip"
    target.write_bytes(b"the one before")

    def stop(_name: str, done: int, _all: int) -> None:
        if done > 5000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_archive(entries(tmp_path, "a.txt" * 3, "b.whl"), target, about={}, progress=stop)
    assert target.read_bytes() == b"the one before"
    assert not list(tmp_path.glob("*.part"))
    monkeypatch.setattr(archive.shutil, "disk_usage", lambda _folder: type("Usage", (), {"free": 1000})())
    with pytest.raises(BundleError, match=r"MB are\s+needed"):
        write_archive(entries(tmp_path, "a.txt"), target, about={})
    assert target.read_bytes() == b"the one before"
