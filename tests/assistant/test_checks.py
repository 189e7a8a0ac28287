from pathlib import Path

import pytest

from assistant.checks import Check, check_adapters, check_export, check_release
from assistant.settings import Settings
from knowledge.environment import PIP


def test_what_only_export_needs_is_no_fault_of_a_machine_that_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.export_tools._installed", lambda _: False)
    (check,) = check_export()
    assert (check.ok, check.fix) == (True, "")
    assert "not installed; needed only to export" in check.detail


def test_a_machine_that_trains_is_told_what_it_lacks_to_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.export_tools._installed", lambda _: True)
    monkeypatch.setattr("finetune.export_tools.version", lambda _: "0.1")
    (check,) = [check for check in check_export() if check.name == "export: gguf"]
    assert not check.ok
    assert check.fix.startswith(f"{PIP} install 'frontdesk[train]'")


def test_a_home_without_releases_and_adapters_is_well(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, model="none")
    assert check_release(settings) == Check("release", True, "none is promoted")
    assert check_adapters(settings) == Check("adapters", True, "none")
