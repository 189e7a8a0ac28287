from pathlib import Path

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.recipe import Job, settings_of
from finetune.recipes.adapting import chosen_epochs, chosen_rate, rendered
from finetune.weights import load
from knowledge.counting import counted


@pytest.mark.parametrize(("examples", "epochs"), [(20, 10), (385, 6), (800, 3), (100_000, 3)])
def test_few_examples_are_seen_more_often(examples: int, epochs: float) -> None:
    assert chosen_epochs(settings_of("qlora"), examples) == epochs
    assert chosen_epochs(settings_of("qlora", ["epochs=2"]), examples) == 2


def test_smaller_models_bear_a_higher_rate() -> None:
    settings = settings_of("qlora")
    rates = [chosen_rate(settings, size, small=1e-3, large=1e-4) for size in (10**8, 10**9, 7 * 10**9, 10**11)]
    assert rates[0] == 1e-3
    assert rates[2] == rates[3] == 1e-4
    assert rates[0] > rates[1] > rates[2]
    assert chosen_rate(settings_of("qlora", ["learning_rate=3e-5"]), 10**8, small=1e-3, large=1e-4) == 3e-5


def test_what_is_too_long_is_refused_rather_than_left_out(
    tiny_base: Base, intents: tuple[Example, ...], tmp_path: Path
) -> None:
    loaded = load(tiny_base)
    lengths = [
        len(one.ids) for one in rendered(Job(tiny_base, intents, (), tmp_path, 0, settings_of("lora")), loaded)[0]
    ]
    longest = max(lengths)
    tight = settings_of("lora", [f"max_length={longest - 1}"])
    many = counted(lengths.count(longest), "example is", "examples are")
    told = rf"{many} longer than max_length={longest - 1}, the longest has {longest} tokens"
    with pytest.raises(FinetuneError, match=told):
        rendered(Job(tiny_base, intents, (), tmp_path, 0, tight), loaded)
