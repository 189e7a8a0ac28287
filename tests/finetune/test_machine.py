import pytest

from finetune.machine import Card, look, measure_speed, read_cards


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
