"""The command's own words: wrong requests are refused before anything is fetched, all at once."""

import json
from pathlib import Path

import pytest

from assistant import cli
from assistant.bundles import wheels


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
