"""The command's own words: wrong requests are refused before anything is fetched, all at once."""

import json
from pathlib import Path

import pytest

from assistant import cli
from assistant.bundles import wheels
from assistant.commands.bundle import how_to_start


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "_pip_download", lambda *_given, **_more: pytest.fail("something was downloaded"))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["frontdesk", "bundle", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_what_is_wrong_with_the_request_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "office.tar"
    target.write_text("mine")
    code = run(monkeypatch, str(target), "--platform", "amiga", "--python", "2.7", "--wheels", str(tmp_path / "none"))
    said = capsys.readouterr().err
    assert code == 1
    for part in ("must end in .zip", "is there already", "'amiga'", "2.7 is not known", "there is no "):
        assert part in said, part
    assert target.read_text() == "mine"


def test_a_home_that_cannot_be_bundled_says_why_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, str(tmp_path / "office.zip"), "--model", "openai:gpt", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert "openai:gpt" in told["error"]
    assert "models get" in told["error"]
    assert list(tmp_path.glob("office*")) == []


@pytest.mark.parametrize(
    ("platform", "first", "told"),
    [
        ("linux-x86_64", "", 'and there: cd "our office", then ./start.sh'),
        ("windows-x86_64", "", 'and there: cd "our office", then start.cmd'),
        ("macos-arm64", "register ours", 'cd "our office", then ./start.sh register ours, then ./start.sh'),
    ],
)
def test_the_folder_that_the_bundle_unpacks_to_is_named(tmp_path: Path, platform: str, first: str, told: str) -> None:
    assert how_to_start(tmp_path / "our office.zip", platform=platform, first=first).endswith(told)
