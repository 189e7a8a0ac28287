import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from finetune import machine as machine_module
from finetune.machine import Card, Machine, look, measure_speed, read_cards

NO_CARD = Machine(memory=100, free=60, card=None, trains_on_card=False, compute_bytes=4)


def test_this_machine_is_seen() -> None:
    machine = look()
    assert 0 < machine.free <= machine.memory
    assert machine.compute_bytes in {2, 4}
    assert machine.available == (machine.card.memory if machine.trains_on_card and machine.card else machine.memory)


def test_speed_is_measured() -> None:
    assert measure_speed(64, 128) > 1e6


def test_the_largest_card_is_taken() -> None:
    listing = "NVIDIA A, with comma, 8192, 100\nNVIDIA B, 24576, 24000\nMIG, [N/A], [N/A]\n"
    assert read_cards(listing) == Card("NVIDIA B", 24576 << 20, 24000 << 20)
    assert read_cards("NVIDIA A, with comma, 8192, 100") == Card("NVIDIA A, with comma", 8192 << 20, 100 << 20)


@pytest.mark.parametrize("listing", ["", "No devices were found", "a,b,c"])
def test_no_card_is_no_card(listing: str) -> None:
    assert read_cards(listing) is None


def test_what_trains_is_where_memory_counts() -> None:
    assert (NO_CARD.available, NO_CARD.free_to_train) == (100, 60)
    idle = replace(NO_CARD, card=Card("a card that torch cannot use", 24, 20))
    assert (idle.available, idle.free_to_train) == (100, 60)
    used = replace(idle, trains_on_card=True)
    assert (used.available, used.free_to_train) == (24, 20)


def test_without_torch_numpy_multiplies_and_the_driver_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = importlib.util.find_spec

    def without_torch(name: str, *rest: Any) -> Any:
        return None if name == "torch" else found(name, *rest)

    monkeypatch.setattr(machine_module.importlib.util, "find_spec", without_torch)
    monkeypatch.setattr(machine_module, "PROBE_SECONDS", 0.05)
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'NVIDIA Test, 8192, 8000'\n", encoding="utf-8")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    seen = look()
    assert seen.card == Card("NVIDIA Test", 8192 << 20, 8000 << 20)
    assert (seen.trains_on_card, seen.compute_bytes, seen.available) == (False, 4, seen.memory)
    assert measure_speed(64, 64) > 1e6
    driver.write_text("#!/bin/sh\nexit 9\n", encoding="utf-8")
    assert look().card is None
    driver.unlink()
    assert look().card is None
