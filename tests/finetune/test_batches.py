from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from finetune.bases import Base
from finetune.batches import NOT_LEARNED, ROUNDED_TO, Batch, padded, require_whole_passes, shared, ways
from finetune.errors import FinetuneError
from finetune.rendering import Rendered


def example(ids: Sequence[int], learned: int) -> Rendered:
    return Rendered(tuple(ids), (False,) * (len(ids) - learned) + (True,) * learned)


TWO = (example([1, 2, 3, 10, 11, 12], 2), example([1, 2, 3, 20, 21], 1))


def test_what_examples_share_stands_once() -> None:
    batch = shared(TWO)
    assert batch.ids[0, :8].tolist() == [1, 2, 3, 10, 11, 20, 0, 0]
    assert batch.positions[0, :6].tolist() == [0, 1, 2, 3, 4, 3]
    assert batch.tokens == 11


def test_each_example_sees_the_opening_and_itself_only() -> None:
    allowed = shared(TWO).allowed[0]
    assert allowed[4, :6].tolist() == [True, True, True, True, True, False]
    assert allowed[5, :6].tolist() == [True, True, True, False, False, True]
    assert not allowed[0, 1], "nobody sees ahead"
    assert allowed.any(axis=1).all(), "a row that sees nothing is not a number after softmax"


def test_places_foretell_what_is_learned() -> None:
    batch = shared(TWO)
    learned = batch.targets[0] != NOT_LEARNED
    assert list(zip(batch.places[learned], batch.targets[0][learned], strict=True)) == [(3, 11), (4, 12), (5, 21)]


def test_first_own_token_is_foretold_by_the_last_shared_one() -> None:
    batch = shared((example([1, 2, 7], 1), example([1, 2, 8], 1)))
    assert batch.places[:2].tolist() == [1, 1]
    assert batch.targets[0, :2].tolist() == [7, 8]


def test_what_opens_an_example_is_foretold_by_nothing() -> None:
    batch = shared((example([5, 6, 7], 3), example([8, 9, 10, 11], 4)))
    learned = batch.targets[0] != NOT_LEARNED
    assert batch.targets[0][learned].tolist() == [6, 7, 9, 10, 11]
    assert batch.places[learned].tolist() == [0, 1, 2, 3, 4]
    assert (batch.places >= 0).all()


def test_an_example_alone_keeps_a_token_of_its_own() -> None:
    batch = shared((example([5, 6, 7, 8], 2),))
    assert batch.ids[0, :3].tolist() == [5, 6, 7]
    assert batch.targets[0, :2].tolist() == [7, 8]


def test_padded_rows_end_together() -> None:
    batch = padded(TWO)
    assert batch.ids.shape == batch.allowed.shape == (2, ROUNDED_TO)
    assert batch.ids[:, -5:].tolist() == [[1, 2, 3, 10, 11], [0, 1, 2, 3, 20]]
    assert batch.positions[1, -4:].tolist() == [0, 1, 2, 3]
    assert batch.targets[:, -2:].tolist() == [[11, 12], [NOT_LEARNED, 21]]


@pytest.mark.parametrize("lay", [shared, padded])
def test_lengths_are_rounded_up(lay: "type[Batch]") -> None:
    batch = lay(TWO)
    assert batch.ids.shape[1] % ROUNDED_TO == 0
    assert len(batch.places) % ROUNDED_TO == 0


def choose_layout(examples: Sequence[Rendered], *, batch_size: int, window: int | None) -> tuple[str, int]:
    best = ways(examples, batch_size=batch_size, window=window)[0]
    return best.layout, best.at_once


def test_layout_follows_what_is_shared() -> None:
    short = [example([1] * 30 + [number, 2, 3], 1) for number in range(40)]
    assert choose_layout(short, batch_size=16, window=None) == ("shared", 16)
    assert choose_layout(short, batch_size=16, window=8)[0] == "padded", "some layers would see less than all"
    apart = [example([number] + [1] * 600, 1) for number in range(40)]
    assert choose_layout(apart, batch_size=16, window=None) == ("padded", 4)
    assert choose_layout([example([1] * 5000, 1)], batch_size=16, window=None) == ("padded", 1)
    long_opening = [example([1] * 1400 + [number] * 350, 1) for number in range(40)]
    assert choose_layout(long_opening, batch_size=16, window=None) == ("shared", 4)


@pytest.mark.parametrize("layout", ["shared", "padded"])
def test_no_pass_is_larger_than_its_way_says(layout: Any) -> None:
    generator = np.random.default_rng(1)
    opening, sizes = [1] * 70, generator.integers(2, 200, size=24)
    examples = [example([*opening, *generator.integers(3, 99, size=size).tolist()], int(size) // 2) for size in sizes]
    lay = {"shared": shared, "padded": padded}[layout]
    for way in ways(examples, batch_size=8, window=None, layout=layout):
        assert way.layout == layout
        for start in range(0, len(examples), way.at_once):
            batch = lay(sorted(examples, key=lambda one: len(one.ids))[start : start + way.at_once])
            assert batch.ids.shape[0] <= way.rows
            assert batch.ids.shape[1] <= way.length
            assert batch.targets.size <= way.places
        largest = lay(sorted(examples, key=lambda one: len(one.ids))[-way.at_once :])
        assert largest.ids.shape[1] > way.length - 2 * ROUNDED_TO, "nor is it said to be much larger than it is"


def test_examples_at_once_may_be_fixed() -> None:
    long = [example([number] * 3000, 1) for number in range(4)]
    assert [(one.layout, one.at_once) for one in ways(long, batch_size=8, window=None, at_once=8)][:1] == [
        ("padded", 8)
    ]
    assert {one.layout for one in ways(long, batch_size=8, window=10, layout="shared")} == {"shared"}


def test_a_step_is_whole_passes_of_each_process() -> None:
    require_whole_passes(16, 8, processes=2)
    require_whole_passes(16, None)
    with pytest.raises(FinetuneError, match=r"16 examples among 2 .* of 16 \(batch_size=16, at_once=16\)\. Next: 8 at"):
        require_whole_passes(16, 16, processes=2)


@pytest.mark.parametrize("learned_whole", [False, True])
def test_a_model_computes_both_layouts_as_it_computes_each_example_alone(
    tiny_base: Base, *, learned_whole: bool
) -> None:
    torch = pytest.importorskip("torch")
    from finetune.recipes.trainer import Collator
    from finetune.weights import load

    model = load(tiny_base).model
    generator = np.random.default_rng(0)
    opening = [1, 5, 6, 7, 8]
    examples = [example([*opening, *generator.integers(3, 300, size=size).tolist()], 4) for size in (6, 9, 17)]
    if learned_whole:
        examples = [Rendered(one.ids[at:], (True,) * (len(one.ids) - at)) for at, one in enumerate(examples)]

    def losses(batch: "dict[str, torch.Tensor]") -> "torch.Tensor":
        labels = batch.pop("labels")
        batch.pop("tokens")
        with torch.no_grad():
            logits = model(**batch, use_cache=False).logits
        log = torch.log_softmax(logits.flatten(0, 1), -1)
        chosen = labels.flatten()
        return -log[chosen != NOT_LEARNED, chosen[chosen != NOT_LEARNED]]

    alone = torch.cat([losses(Collator("padded", torch.float32).tensors([one])) for one in examples])
    for layout in ("shared", "padded"):
        together = losses(Collator(layout, torch.float32).tensors(examples))
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
