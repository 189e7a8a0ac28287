"""`init`: the settings file that it writes, and what it refuses."""

import io
import json
from pathlib import Path

import pytest

from tests.assistant.command_line import Run


def test_init_writes_settings_that_load(run: Run, tmp_path: Path) -> None:
    arguments = ["--company", 'Lantern "&" Loom 灯', "--contact", "help@example.com", "--hours", "9-17"]
    code, out, err = run("init", *arguments, "--language", "zh", "--documents", "papers")
    assert (code, err) == (0, "")
    assert "frontdesk ingest" in out
    code, out, _ = run("doctor", "--json")
    settings = json.loads(out)["settings"]
    assert settings["company"] == 'Lantern "&" Loom 灯'
    assert settings["documents"] == str(tmp_path / "papers")
    code, _, err = run("init", *arguments)
    assert (code, "--force" in err) == (1, True)


def test_a_chinese_company_gets_what_reads_chinese(run: Run) -> None:
    given = ["--company", "茶庄", "--contact", "x", "--hours", "x", "--documents", "papers"]
    code, out, _ = run("init", *given, "--language", "zh")
    assert (code, "frontdesk models get multilingual-e5-small" in out) == (0, True)
    settings = json.loads(run("doctor", "--json")[1])["settings"]
    assert (settings["embedder"], settings["ocr_languages"]) == ("multilingual", "chi_sim+eng")
    code, out, _ = run("init", *given, "--language", "auto", "--force")
    assert (code, "multilingual" in out) == (0, False)
    settings = json.loads(run("doctor", "--json")[1])["settings"]
    assert (settings["embedder"], settings["ocr_languages"]) == ("embedded", "eng+chi_sim")


def test_init_means_the_documents_where_it_was_called(run: Run, tmp_path: Path) -> None:
    """Relative paths in a settings file start at its folder, those of a command at the current one."""
    (tmp_path / "etc").mkdir()
    given = ["--company", "Loom", "--contact", "x", "--hours", "x", "--language", "en", "--documents", "papers"]
    code, out, _ = run("init", *given, "--config", "etc/front desk.toml")
    assert code == 0
    assert "frontdesk serve --config 'etc/front desk.toml'" in out
    settings = json.loads(run("doctor", "--json", "--config", "etc/front desk.toml")[1])["settings"]
    assert settings["documents"] == str(tmp_path / "papers")


def test_init_refuses_silence_and_what_would_not_load(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Lantern\n"))
    code, _, err = run("init")
    assert (code, "frontdesk init --company … --contact …" in err) == (1, True)
    arguments = ["--company", "x", "--contact", "x", "--hours", "x", "--documents", "x"]
    code, _, err = run("init", *arguments, "--language", "klingon")
    assert (code, "klingon" in err) == (1, True)
    assert not (tmp_path / "frontdesk.toml").exists()


def test_init_asks_again_instead_of_losing_what_was_answered(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Lantern\nx\nx\nEnglish\nen\npapers\n"))
    code, _, err = run("init")
    assert (code, "'English' is not one of" in err) == (0, True)
    assert 'language = "en"' in (tmp_path / "frontdesk.toml").read_text()


def test_init_replaces_a_broken_settings_file_when_forced(run: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text("company = \nlanguage = 7\n")
    arguments = ["--company", "Loom", "--contact", "x", "--hours", "x", "--documents", "x", "--language", "en"]
    code, _, err = run("init", "--force", *arguments)
    assert (code, err) == (0, "")
    assert 'company = "Loom"' in (tmp_path / "frontdesk.toml").read_text()
