from dataclasses import replace

import pytest

from finetune.footprint import RECIPES, Choices
from finetune.machine import Card, Machine
from finetune.plan import operations_per_token, plan
from finetune.shapes import shape_of

LLAMA = shape_of(
    {
        "model_type": "llama",
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "vocab_size": 32000,
        "tie_word_embeddings": False,
    }
)
DESKTOP = Machine(int(24e9), int(20e9), None, False, 4)
CARD = Machine(int(64e9), int(60e9), Card("a card", int(12e9), int(11e9)), True, 2)
SPEED = 1e12


def test_a_7b_fits_a_consumers_card_with_qlora_only() -> None:
    planned = plan(LLAMA, Choices(batch=1, length=1024), machine=CARD, operations_per_second=SPEED, checkpointing=True)
    assert [item.choices.recipe for item in planned] == list(RECIPES)
    assert [item.fits for item in planned] == [False, False, True]
    full, lora, qlora = planned
    assert full.trainable_share == 1.0
    assert 0.001 < lora.trainable_share == qlora.trainable_share < 0.01
    assert full.memory.total > lora.memory.total > qlora.memory.total


def test_layers_are_computed_twice_only_where_it_does_not_fit_otherwise() -> None:
    def twice(choices: Choices, machine: Machine, **more: bool) -> tuple[bool, bool]:
        (planned,) = plan(LLAMA, choices, machine=machine, operations_per_second=SPEED, recipes=["qlora"], **more)
        return planned.choices.gradient_checkpointing, planned.fits

    assert twice(Choices(batch=1, length=256), CARD) == (False, True)
    assert twice(Choices(batch=1, length=2048), CARD) == (True, True)
    assert twice(Choices(batch=1, length=2048), CARD, checkpointing=False) == (False, False)
    assert twice(Choices(batch=4, length=1024), DESKTOP) == (True, True)
    assert twice(Choices(batch=1, length=256), DESKTOP, checkpointing=True) == (True, True)


def test_what_holds_a_tuned_model_to_its_base_is_planned_too() -> None:
    def planned(texts: tuple[int, int]) -> list[tuple[int, float]]:
        choices = Choices(batch=1, length=128, own_texts=texts)
        items = plan(LLAMA, choices, machine=CARD, operations_per_second=SPEED, checkpointing=True)
        return [(item.memory.total, item.tokens_per_second) for item in items]

    (full, *adapters), (full_without, *without) = planned((2, 64)), planned((0, 0))
    assert full == full_without, "full fine-tuning has no base to look at"
    for (memory, speed), (less, faster) in zip(adapters, without, strict=True):
        assert memory > less
        assert speed < faster


def test_a_desktop_without_a_card_trains_in_main_memory() -> None:
    (planned,) = plan(LLAMA, Choices(batch=1), machine=DESKTOP, operations_per_second=SPEED, recipes=["full"])
    assert not planned.fits
    assert planned.choices.tight
    assert planned.memory.heap == 0
    (fitting,) = plan(
        LLAMA, Choices(batch=1, length=64), machine=DESKTOP, operations_per_second=SPEED, recipes=["qlora"]
    )
    assert fitting.memory.heap > 0
    (small,) = plan(LLAMA, Choices(batch=1), machine=CARD, operations_per_second=SPEED, recipes=["qlora"])
    assert small.memory.heap == 0


def test_time_follows_speed_and_work() -> None:
    choices = Choices("qlora")
    (slow,), (fast,) = (
        plan(LLAMA, choices, machine=DESKTOP, operations_per_second=speed, recipes=["qlora"])
        for speed in (SPEED, 2 * SPEED)
    )
    assert fast.tokens_per_second == pytest.approx(2 * slow.tokens_per_second)
    assert slow.seconds_per_step * slow.tokens_per_second == pytest.approx(choices.tokens)
    work = operations_per_token(LLAMA, choices)
    assert operations_per_token(LLAMA, replace(choices, gradient_checkpointing=True)) > work
    assert operations_per_token(LLAMA, replace(choices, length=4096)) > work
    # Six operations a weight and token (arXiv 2001.08361), the embedding's lookup not counted.
    full = operations_per_token(LLAMA, Choices("full", length=1, learned=1.0))
    assert full == pytest.approx(6 * (LLAMA.parameters - LLAMA.vocabulary * LLAMA.hidden), rel=0.01)
