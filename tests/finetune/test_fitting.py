"""The cheapest pass that fits: what is given up first, and what stays within the memory there is."""

from dataclasses import replace

import pytest

from finetune.batches import Way, ways
from finetune.fitting import FITS_SHARE, Pass, Tuned, choices_of, fitting, needed, passes
from finetune.rendering import Rendered
from finetune.shapes import shape_of

SMOLLM = shape_of(
    {
        "model_type": "llama",
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "vocab_size": 49152,
        "tie_word_embeddings": True,
    }
)
TUNED = Tuned(SMOLLM, "qlora", rank=16, dropout=0.05, compute=4, loaded=0, on_card=False)


def example(length: int, *, learned: int = 40, opening: int = 0, number: int = 0) -> Rendered:
    ids = (*[1] * opening, *[number + 2] * (length - opening))
    return Rendered(ids, (*[False] * (length - learned), *[True] * learned))


def long_rows() -> list[Way]:
    return ways([example(1500, number=number) for number in range(40)], batch_size=16, window=None)


def sharing_rows() -> list[Way]:
    examples = [example(1550, opening=1400, number=number) for number in range(40)]
    return ways(examples, batch_size=16, window=None)


def chosen(possible: list[Way], free: float, *, tuned: Tuned = TUNED, checkpointing: str = "auto") -> Pass:
    place, found = fitting(tuned, possible, checkpointing=checkpointing, free=int(free))  # type: ignore[arg-type]
    return found[place]


def test_with_memory_enough_nothing_is_given_up() -> None:
    assert chosen(long_rows(), 64e9) == Pass("padded", 2, gradient_checkpointing=False, tight=False)
    assert chosen(sharing_rows(), 64e9).layout == "shared"
    assert chosen(sharing_rows(), 64e9).at_once == 16


def test_less_memory_takes_fewer_at_once_then_computes_twice() -> None:
    least = [chosen(long_rows(), free * 1e9) for free in (64, 20, 12, 6, 3)]
    assert least[0].at_once == 2
    assert not least[1].gradient_checkpointing
    assert (least[-1].gradient_checkpointing, least[-1].tight) == (True, True)
    assert [one.gradient_checkpointing for one in least] == sorted(one.gradient_checkpointing for one in least)


@pytest.mark.parametrize("free", [64e9, 32e9, 16e9, 10e9, 8e9, 6e9, 4e9, 3e9])
@pytest.mark.parametrize("possible", [long_rows(), sharing_rows()], ids=["long", "sharing"])
def test_what_is_chosen_fits_and_nothing_cheaper_does(possible: list[Way], free: float) -> None:
    found = passes(possible, checkpointing="auto", on_card=False)
    costs = [cost for *_, cost in found]
    assert costs == sorted(costs)
    place, _ = fitting(TUNED, possible, checkpointing="auto", free=int(free))
    sizes = [needed(TUNED, way, one) for way, one, _ in found]
    assert sizes[place] <= FITS_SHARE * free
    assert all(size > FITS_SHARE * free for size in sizes[:place])


def test_what_was_set_is_kept_and_less_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert not chosen(long_rows(), 1e9, checkpointing="off").gradient_checkpointing
    assert "GB are free" in caplog.text
    assert chosen(long_rows(), 64e9, checkpointing="on") == Pass("padded", 2, gradient_checkpointing=True, tight=True)


def test_no_more_is_learned_than_there_is() -> None:
    """Rows and predicted places are rounded up each for itself."""
    way, one, _ = passes(ways([example(65, learned=65)], batch_size=1, window=None), checkpointing="off", on_card=True)[
        0
    ]
    assert way.places > way.rows * way.length
    assert choices_of(TUNED, way, one).learned == 1.0


def test_a_card_gives_back_by_itself() -> None:
    card = replace(TUNED, on_card=True, compute=2)
    assert chosen(long_rows(), 64e9, tuned=card) == Pass("padded", 2, gradient_checkpointing=False, tight=False)
    small = chosen(long_rows(), 1.5e9, tuned=card)
    assert (small.gradient_checkpointing, small.tight) == (True, False)


def test_what_is_read_beside_the_examples_counts() -> None:
    way, one, _ = passes(long_rows(), checkpointing="off", on_card=False)[0]
    small, large = (needed(replace(TUNED, own_texts=texts), way, one) for texts in ((2, 64), (4, 64)))
    assert needed(TUNED, way, one) < small < large


def test_what_is_loaded_is_not_counted_twice() -> None:

    way, one, _ = passes(long_rows(), checkpointing="off", on_card=False)[0]
    assert needed(TUNED, way, one) - needed(replace(TUNED, loaded=10**8), way, one) == 10**8
