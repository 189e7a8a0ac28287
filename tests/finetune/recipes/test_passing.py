"""A run's pass: chosen by what is free when it begins, kept for when it goes on."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.fitting import Pass
from finetune.machine import Machine
from finetune.recipe import Job, settings_of
from finetune.recipes import adapting, passing
from finetune.recipes.passing import PASS, choose_pass, own_share, pass_before
from finetune.rendering import Rendered
from finetune.weights import Loaded, libraries, load

pytest.importorskip("torch")
ROOM = Machine(memory=10**12, free=10**12, card=None, trains_on_card=False, compute_bytes=4)
LONG = [Rendered((*range(3, 103), number) * 4, (False,) * 300 + (True,) * 104) for number in range(8)]


@pytest.fixture
def loaded(tiny_base: Base) -> Loaded:
    return load(tiny_base)


@pytest.fixture
def job(tiny_base: Base, tmp_path: Path) -> Job:
    return Job(tiny_base, (), (), tmp_path, 0, settings_of("lora"))


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def set_free(bytes_free: int) -> None:
        monkeypatch.setattr(passing, "look", lambda: replace(ROOM, free=bytes_free))

    return set_free


def test_the_pass_follows_what_is_free(job: Job, loaded: Loaded, free: Callable[[int], None]) -> None:
    free(10**12)
    assert choose_pass(job, loaded, LONG, compute=4, kind="lora") == Pass("padded", 8, False, False)
    free(10**6)
    small = choose_pass(job, loaded, LONG, compute=4, kind="lora")
    assert small == Pass("padded", 1, True, True)
    assert pass_before(job) == small
    set_off = replace(job, settings=settings_of("lora", ["gradient_checkpointing=off"]))
    assert choose_pass(set_off, loaded, LONG, compute=4, kind="lora").gradient_checkpointing is False


def test_processes_on_one_machine_share_its_memory(
    job: Job, loaded: Loaded, free: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def chosen(beside: int) -> Pass:
        monkeypatch.setattr("finetune.processes.beside", lambda: beside)
        return choose_pass(job, loaded, LONG, compute=4, kind="lora")

    free(60_000_000)
    alone, together = chosen(1), chosen(8)
    assert alone.at_once > together.at_once or together.gradient_checkpointing > alone.gradient_checkpointing


def test_a_family_that_nobody_counted_is_trained_as_it_comes(
    job: Job, loaded: Loaded, free: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passing, "read_base_config", lambda _: {"model_type": "unheard-of"})
    free(1)
    assert choose_pass(job, loaded, LONG, compute=4, kind="lora") == Pass("padded", 8, False, False)
    asked = replace(job, settings=settings_of("lora", ["gradient_checkpointing=on"]))
    assert choose_pass(asked, loaded, LONG, compute=4, kind="lora") == Pass("padded", 8, True, True)


def test_a_run_that_goes_on_computes_as_it_began(
    tiny_base: Base,
    intents: tuple[Example, ...],
    tmp_path: Path,
    free: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from finetune.recipe import open_recipe

    tightened: list[bool] = []
    monkeypatch.setattr(adapting, "give_back_large_blocks", lambda: tightened.append(True))
    settings = settings_of("lora", ["epochs=2", "batch_size=8", "precision=float32"])

    def trained(folder: Path) -> bool:
        folder.mkdir(exist_ok=True)
        job = Job(tiny_base, intents[:16], (), folder, 0, settings)
        with libraries():
            outcome = open_recipe("lora").train(job)
        return bool(outcome.extra["gradient_checkpointing"])

    free(1)
    assert trained(tmp_path)
    assert tightened
    assert json.loads((tmp_path / PASS).read_text(encoding="utf-8"))["gradient_checkpointing"]
    free(10**12)
    assert trained(tmp_path), "there is a checkpoint to go on from"
    assert not trained(tmp_path / "fresh")


def test_examples_of_a_step_are_shared_out_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert own_share(12) == 4
    with pytest.raises(FinetuneError, match="batch_size=18"):
        own_share(16)
