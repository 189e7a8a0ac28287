"""All state in one file while it is in use, and back in another home."""

import io
import json
import sqlite3
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from assistant import cli
from assistant.backups import make_backup, occupied_by, restore_backup
from assistant.database import sqlite_url
from assistant.errors import BackupError
from assistant.settings import Settings, load
from assistant.store import Store
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions


def open_library(home: Path) -> Library:
    return Library(LibraryOptions(home), embedder=HashingEmbedder())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home in use: documents, a mirror of a feed, a database of the shop's, a lock, a model."""
    home, office = tmp_path / "home", tmp_path / "office"
    mirror = home / "feeds" / "web" / "default"
    mirror.mkdir(parents=True)
    office.mkdir()
    (mirror / "help.md").write_text("# Help\n\nDelivery takes two days.", encoding="utf-8")
    with closing(open_library(home)) as library:
        library.ingest([mirror])
    (home / "models").mkdir()
    (home / "models" / "big.gguf").write_bytes(b"GGUF")
    (home / "server.json").write_text("{}", encoding="utf-8")
    (home / "server.lock").touch()
    with closing(sqlite3.connect(home / "shop.sqlite3")) as shop, shop:
        shop.execute("CREATE TABLE piece (name TEXT)")
    (office / "frontdesk.toml").write_text(f'home = "{home}"\ncompany = "Kettle"\n', encoding="utf-8")
    return load(environment={}, folder=office)


@pytest.fixture
def bare(tmp_path: Path) -> Settings:
    """A home with conversations alone."""
    home = tmp_path / "home"
    home.mkdir()
    with closing(sqlite3.connect(home / "frontdesk.sqlite3")) as database, database:
        database.execute("CREATE TABLE conversation (id TEXT)")
        database.execute("INSERT INTO conversation VALUES ('a')")
    return load(environment={"FRONTDESK_HOME": str(home)}, folder=tmp_path)


def names_in(file: Path) -> set[str]:
    with tarfile.open(file) as archive:
        return set(archive.getnames())


def test_what_is_being_written_is_in_it_and_comes_back_elsewhere(settings: Settings, tmp_path: Path) -> None:
    store = Store(sqlite_url(settings.home / "frontdesk.sqlite3"))
    conversation = store.start_conversation(channel="api", language="en")  # still in the journal of an open database
    made = make_backup(settings, tmp_path / "b.tar.gz")
    assert made.path.stat().st_mode & 0o777 == 0o600
    store.close()
    names = names_in(made.path)
    assert {"home/feeds/web/default/help.md", "home/shop.sqlite3", "home/settings/frontdesk.toml"} < names
    assert not [name for name in names if name.endswith((".gguf", ".lock", "-wal", "-shm", "server.json"))]

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert restore_backup(made.path, elsewhere).files == made.files == len(names) - 1
    assert (elsewhere / "frontdesk.sqlite3").stat().st_mode & 0o777 == 0o600
    store = Store(sqlite_url(elsewhere / "frontdesk.sqlite3"))
    assert store.conversation(conversation).language == "en"
    store.close()
    with closing(open_library(elsewhere)) as library:
        assert "two days" in library.search("How long is delivery?").passages[0].text
        report = library.ingest([elsewhere / "feeds" / "web" / "default"])
    assert (report.documents, report.unchanged, report.gone) == (0, 1, ())
    with closing(sqlite3.connect(elsewhere / "shop.sqlite3")) as shop:
        assert shop.execute("SELECT count(*) FROM piece").fetchone() == (0,)


def test_a_home_in_use_is_never_overwritten(bare: Settings, tmp_path: Path) -> None:
    for name in ("shop.sqlite3", "feeds/own.md"):
        (bare.home / name).parent.mkdir(exist_ok=True)
        (bare.home / name).write_text("theirs", encoding="utf-8")
    made = make_backup(bare, tmp_path / "b.tar.gz")
    with pytest.raises(BackupError, match="holds conversations already, and nothing was changed") as told:
        restore_backup(made.path, bare.home)
    assert f"FRONTDESK_HOME=FOLDER frontdesk restore {made.path}, with" in str(told.value)
    with pytest.raises(BackupError, match=r"There is no file .*nope\.tar\.gz\. Next: check the path"):
        restore_backup(tmp_path / "nope.tar.gz", bare.home)
    for name, words in (("shop.sqlite3", "shop.sqlite3"), ("feeds/own/page.md", "feeds")):
        home = tmp_path / words
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text("mine", encoding="utf-8")
        with pytest.raises(BackupError, match=f"holds {words} already"):
            restore_backup(made.path, home)
        assert sorted(path.name for path in home.iterdir()) == [words]
        assert (home / name).read_text(encoding="utf-8") == "mine"


def test_a_home_that_was_only_looked_at_is_empty(settings: Settings, tmp_path: Path) -> None:
    made = make_backup(settings, tmp_path / "b.tar.gz")
    home = tmp_path / "new"
    with closing(open_library(home)) as library:
        library.check()
    Store(sqlite_url(home / "frontdesk.sqlite3")).close()
    assert occupied_by(home) == ""
    restore_backup(made.path, home)
    assert occupied_by(home) == "documents"


@pytest.mark.parametrize("how", ["cut", "one bit", "garbled", "other", "escaping", "missing", "incomplete"])
def test_what_is_no_whole_backup_changes_nothing(bare: Settings, tmp_path: Path, how: str) -> None:
    file, home = tmp_path / "b.tar.gz", tmp_path / "new"
    home.mkdir()
    whole = make_backup(bare, file).path.read_bytes()
    if how == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif how == "one bit":  # in the middle of a database, which is still a database then
        at = len(whole) // 2
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 8]) + whole[at + 1 :])
    elif how == "garbled":
        file.write_bytes(whole[:40] + bytes(60) + whole[100:])
    elif how == "missing":
        file.unlink()
    else:
        manifest = {"kind": "frontdesk backup", "home": "/", "files": ["home/gone.md"]}
        name = "../outside.txt" if how == "escaping" else "manifest.json" if how == "incomplete" else "readme.txt"
        data = json.dumps(manifest).encode()
        with tarfile.open(file, "w:gz") as archive:
            item = tarfile.TarInfo(name)
            item.size = len(data)
            archive.addfile(item, io.BytesIO(data))
    with pytest.raises(BackupError, match="Next: "):
        restore_backup(file, home)
    assert list(home.iterdir()) == []
    assert not (tmp_path / "outside.txt").exists()


def test_what_is_linked_to_another_disk_is_in_it(bare: Settings, tmp_path: Path) -> None:
    big = tmp_path / "big"
    (big / "run-1").mkdir(parents=True)
    (big / "run-1" / "manifest.json").write_text("{}", encoding="utf-8")
    (big / "round").symlink_to(bare.home)
    (bare.home / "runs").symlink_to(big)
    assert "home/runs/run-1/manifest.json" in names_in(make_backup(bare, tmp_path / "b.tgz").path)


def test_a_disk_without_room_is_not_taken_for_a_damaged_backup(bare: Settings, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    made, home = make_backup(bare, tmp_path / "b.tar.gz"), tmp_path / "new"
    home.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))  # what grows beyond is refused, as by a full disk
    try:
        with pytest.raises(BackupError, match=r"could not be restored .*its disk has room, then frontdesk restore"):
            restore_backup(made.path, home)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(home.iterdir()) == []


def test_a_disk_that_fails_in_the_middle_is_told_with_what_lies_there(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_backup(settings, tmp_path / "b.tar.gz")
    replace = Path.replace

    def fail(path: Path, target: Path) -> Path:
        if path.name == "feeds":
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", fail)
    home = tmp_path / "new"
    home.mkdir()
    with pytest.raises(BackupError, match=r"No space left.*catalog\.sqlite3, chroma lie there already"):
        restore_backup(made.path, home)


@pytest.mark.parametrize(
    ("name", "words"),
    [("b.zip", "must end in .tar.gz"), ("no/b.tgz", "there is no folder"), ("home/b.tgz", "within the home")],
)
def test_a_place_that_will_not_do_is_refused(bare: Settings, tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(BackupError, match=words):
        make_backup(bare, tmp_path / name)


def test_a_file_that_is_there_is_replaced_only_when_told(bare: Settings, tmp_path: Path) -> None:
    made = make_backup(bare, tmp_path / "b.tgz")
    with pytest.raises(BackupError, match="is there already"):
        make_backup(bare, made.path)
    make_backup(bare, made.path, replace=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tgz", "home"]


@pytest.mark.skipif(sys.platform == "win32", reason="no rights of this kind")
def test_a_half_backup_that_others_could_read_is_not_written_on(bare: Settings, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    elsewhere.chmod(0o644)
    (tmp_path / "b.tar.gz.part").symlink_to(elsewhere)
    made = make_backup(bare, tmp_path / "b.tar.gz")
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert (made.path.is_symlink(), elsewhere.read_bytes()) == (False, b"")


def test_the_wrong_home_is_told(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is FRONTDESK_HOME the right one"):
        make_backup(load(environment={"FRONTDESK_HOME": str(tmp_path / "new")}, folder=tmp_path), tmp_path / "b.tgz")


def test_the_commands_say_what_is_in_it_and_what_comes_next(
    bare: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run: Callable[..., int] = lambda *arguments: _run(monkeypatch, *arguments)  # noqa: E731
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTDESK_HOME", str(bare.home))
    (tmp_path / "frontdesk.toml").write_text('company = "Acme"\n', encoding="utf-8")
    assert run("backup", "b.tgz", "--json") == 0
    assert json.loads(capsys.readouterr().out)["left_out"][0] == "models: frontdesk models get"
    monkeypatch.setenv("FRONTDESK_HOME", str(tmp_path / "new"))
    assert run("restore", "b.tgz") == 0
    told = capsys.readouterr().out
    assert f"The settings of then: {tmp_path / 'new' / 'settings'}; put them where the server starts." in told
    assert "Next: frontdesk models get" in told
    assert run("restore", "b.tgz") == 1
    assert "holds conversations already" in capsys.readouterr().err


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["frontdesk", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)
