from dataclasses import replace
from typing import Any

import pytest

from finetune.batches import ways
from finetune.errors import FinetuneError
from finetune.fitting import TIGHT_COST, Tuned, fitting
from finetune.footprint import RECIPES, Choices, Recipe, estimate, precision_of
from finetune.machine import Card, Machine
from finetune.plan import Planned, operations_per_token, plan
from finetune.rendering import Rendered
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
SMALL = shape_of(
    {
        "model_type": "llama",
        "hidden_size": 2048,
        "intermediate_size": 5632,
        "num_hidden_layers": 22,
        "num_attention_heads": 32,
        "vocab_size": 32000,
        "tie_word_embeddings": False,
    }
)
DESKTOP = Machine(int(24e9), int(20e9), None, False, 4)
CARD = Machine(int(64e9), int(60e9), Card("a card", int(12e9), int(11e9)), True, 2)
SPEED = 1e12


def planned_for(choices: Choices, machine: Machine, *, batch_size: int = 16, **more: Any) -> tuple[Planned, ...]:
    return plan(LLAMA, choices, machine=machine, operations_per_second=SPEED, batch_size=batch_size, **more)


def test_a_7b_fits_a_consumers_card_with_qlora_only() -> None:
    planned = planned_for(Choices(length=1024), CARD, batch_size=1, checkpointing="on")
    assert [item.choices.recipe for item in planned] == list(RECIPES)
    assert [item.fits for item in planned] == [False, False, True]
    full, lora, qlora = planned
    assert full.trainable_share == 1.0
    assert 0.001 < lora.trainable_share == qlora.trainable_share < 0.01
    assert full.memory.total > lora.memory.total > qlora.memory.total


def test_layers_are_computed_twice_only_where_it_does_not_fit_otherwise() -> None:
    def twice(length: int, at_once: int, machine: Machine, **more: str) -> tuple[bool, bool]:
        (planned,) = planned_for(Choices(length=length), machine, at_once=at_once, recipes=["qlora"], **more)
        return planned.choices.gradient_checkpointing, planned.fits

    assert twice(256, 1, CARD) == (False, True)
    assert twice(2048, 1, CARD) == (True, True)
    assert twice(2048, 1, CARD, checkpointing="off") == (False, False)
    assert twice(1024, 4, DESKTOP) == (True, True)
    assert twice(256, 1, DESKTOP, checkpointing="on") == (True, True)


def test_fewer_go_through_the_model_at_once_before_it_is_computed_twice_and_a_step_stays_a_step() -> None:
    for memory in (80, 40, 24, 16, 12):
        card = replace(CARD, card=Card("a card", int(memory * 1e9), int(memory * 1e9)))
        (planned,) = planned_for(Choices(length=512), card, recipes=["qlora"])
        assert planned.batch_size == planned.choices.batch * planned.accumulation == 16
        assert planned.choices.batch == 1 or not planned.choices.gradient_checkpointing
        assert planned.seconds_per_step == pytest.approx(16 * 512 / planned.tokens_per_second)


@pytest.mark.parametrize("machine", [DESKTOP, CARD], ids=["desktop", "card"])
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("length", [64, 512, 2048])
def test_from_the_same_free_memory_training_chooses_what_is_planned(
    recipe: Recipe, machine: Machine, length: int
) -> None:
    """How much is really free once the model is loaded, training alone sees."""
    (planned,) = plan(
        SMALL, Choices(length=length), batch_size=16, machine=machine, operations_per_second=SPEED, recipes=[recipe]
    )
    standing = planned.memory.libraries + planned.memory.weights
    tuned = Tuned(
        SMALL,
        recipe,
        rank=16,
        dropout=0.05,
        compute=machine.compute_bytes,
        loaded=planned.memory.weights,
        on_card=machine.trains_on_card,
    )
    examples = [
        Rendered((number,) * length, (False,) * (length - length // 4) + (True,) * (length // 4))
        for number in range(32)
    ]
    place, found = fitting(
        tuned, ways(examples, batch_size=16, window=None), checkpointing="auto", free=machine.free_to_train - standing
    )
    chosen = found[place]
    assert (planned.choices.batch, planned.choices.gradient_checkpointing, planned.choices.tight) == (
        chosen.at_once,
        chosen.gradient_checkpointing,
        chosen.tight,
    )


def test_a_step_is_a_whole_number_of_passes() -> None:
    with pytest.raises(FinetuneError, match=r"A step of 16 examples cannot be made of passes of 3 .* Next: 2 at once"):
        planned_for(Choices(), CARD, at_once=3)


def test_what_holds_a_tuned_model_to_its_base_is_planned_too() -> None:
    def planned(texts: tuple[int, int]) -> list[tuple[int, float]]:
        items = planned_for(Choices(length=128, own_texts=texts), CARD, at_once=1, checkpointing="on")
        return [(item.memory.total, item.tokens_per_second) for item in items]

    (full, *adapters), (full_without, *without) = planned((2, 64)), planned((0, 0))
    assert full == full_without, "full fine-tuning has no base to look at"
    for (memory, speed), (less, faster) in zip(adapters, without, strict=True):
        assert memory > less
        assert speed < faster


def test_texts_of_the_base_are_read_once_a_step_however_many_passes_make_it() -> None:
    """As `Keeping.drift` does, which shares them out among the passes."""
    large = replace(CARD, card=Card("a card", int(400e9), int(400e9)))
    (alone,), (together,) = (
        planned_for(Choices(length=128, own_texts=(2, 64)), large, at_once=at_once, recipes=["lora"])
        for at_once in (1, 16)
    )
    assert (alone.accumulation, together.accumulation) == (16, 1)
    assert alone.tokens_per_second == pytest.approx(together.tokens_per_second)
    (without,) = planned_for(Choices(length=128), large, recipes=["lora"])
    assert 1 < alone.seconds_per_step / without.seconds_per_step < 1 + 4 * (2 * 64) / (16 * 128)


def test_what_was_asked_is_told_and_what_a_pass_rounds_is_summed() -> None:
    """An example of 65 tokens, all learned, is a row of 64 that are predicted throughout; one of 66 is a row of 96."""
    (planned,) = planned_for(Choices(length=65, learned=1.0), CARD, at_once=1, recipes=["qlora"])
    assert (planned.choices.length, planned.choices.learned) == (65, 1.0)
    row = replace(planned.choices, length=64)
    assert planned.memory == estimate(LLAMA, row, precision_of("qlora", CARD.compute_bytes), on_card=True)
    (longer,) = planned_for(Choices(length=66, learned=1.0), CARD, at_once=1, recipes=["qlora"])
    assert longer.seconds_per_step == pytest.approx(planned.seconds_per_step * 96 / 64, rel=0.01)


def test_memory_that_is_given_back_at_once_takes_its_time() -> None:
    (tight,), (usual,) = (
        planned_for(Choices(), machine, at_once=1, checkpointing="on", recipes=["qlora"]) for machine in (DESKTOP, CARD)
    )
    assert (tight.choices.tight, usual.choices.tight) == (True, False)
    assert tight.seconds_per_step == pytest.approx(TIGHT_COST * usual.seconds_per_step)


def test_a_desktop_without_a_card_trains_in_main_memory() -> None:
    (planned,) = planned_for(Choices(), DESKTOP, recipes=["full"])
    assert not planned.fits
    assert planned.choices.tight
    assert planned.memory.heap == 0
    (fitting,) = planned_for(Choices(length=64), DESKTOP, at_once=1, recipes=["qlora"])
    assert fitting.memory.heap > 0
    (small,) = planned_for(Choices(), CARD, at_once=1, recipes=["qlora"])
    assert small.memory.heap == 0


def test_time_follows_speed_and_work() -> None:
    choices = Choices("qlora")
    (slow,), (fast,) = (
        plan(LLAMA, choices, batch_size=4, machine=DESKTOP, operations_per_second=speed, recipes=["qlora"])
        for speed in (SPEED, 2 * SPEED)
    )
    assert fast.tokens_per_second == pytest.approx(2 * slow.tokens_per_second)
    assert slow.seconds_per_step * slow.tokens_per_second == pytest.approx(4 * choices.length)
    work = operations_per_token(LLAMA, choices)
    assert operations_per_token(LLAMA, replace(choices, gradient_checkpointing=True)) > work
    assert operations_per_token(LLAMA, replace(choices, length=4096)) > work
    # Six operations a weight and token (arXiv 2001.08361), the embedding's lookup not counted.
    full = operations_per_token(LLAMA, Choices("full", length=1, learned=1.0))
    assert full == pytest.approx(6 * (LLAMA.parameters - LLAMA.vocabulary * LLAMA.hidden), rel=0.01)
