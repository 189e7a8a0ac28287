from pathlib import Path

import pytest

from agents.tools import Tool
from assistant.checks import Check, check_adapters, check_export, check_release, check_tools
from assistant.settings import Settings
from knowledge.environment import get_extra


def test_what_only_export_needs_is_no_fault_of_a_machine_that_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.exporting.export_tools._installed", lambda _: False)
    (check,) = check_export()
    assert (check.ok, check.fix) == (True, "")
    assert "not installed; needed only to export" in check.detail


def test_a_machine_that_trains_is_told_what_it_lacks_to_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.exporting.export_tools._installed", lambda _: True)
    monkeypatch.setattr("finetune.exporting.export_tools.version", lambda _: "0.1")
    (check,) = [check for check in check_export() if check.name == "export: gguf"]
    assert not check.ok
    assert check.fix.startswith(get_extra("train"))


def test_a_home_without_releases_and_adapters_is_well(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, model="none")
    assert check_release(settings) == Check("release", True, "none is promoted")
    assert check_adapters(settings) == Check("adapters", True, "none")


def test_tools_for_known_customers_are_a_fault_where_nobody_can_become_known(tmp_path: Path) -> None:
    def find_customer(order_number: str, email: str) -> str:
        """Find out who it is."""
        return order_number + email

    def orders() -> str:
        """List the customer's orders."""
        return ""

    mine, finds, anybodys = (
        Tool(orders, effect="read", identified=True),
        Tool(find_customer, effect="read"),
        Tool(orders, effect="read"),
    )
    without, signing = Settings(home=tmp_path), Settings(home=tmp_path, session_key="k" * 32)
    lost = check_tools([mine], without)
    assert (lost.ok, "never run: orders" in lost.detail) == (False, True)
    assert "FRONTDESK_SESSION_KEY" in lost.fix
    assert check_tools([mine], signing).ok
    assert check_tools([mine, finds], without).ok
    assert check_tools([anybodys], without) == Check("tools", True, "orders (read)")
