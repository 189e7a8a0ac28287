"""One process here; two that train together are in test_training.py."""

import sys

import pytest

from finetune import processes


def test_one_process_is_the_first_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.setitem(sys.modules, "accelerate", None)  # importing it would fail
    assert (processes.count(), processes.is_first()) == (1, True)
    with processes.first_before_others():
        processes.wait()
    assert processes.largest(3.5) == 3.5
    assert processes.any_says(True)
    assert not processes.any_says(False)


def test_who_one_is_stands_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "3")
    assert (processes.count(), processes.is_first()) == (4, False)
