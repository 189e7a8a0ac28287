import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from finetune.recipes.shuffling import Shuffled

LENGTHS = [10 * (1 + place % 7) for place in range(560)]


@pytest.mark.parametrize("group", [None, 4])
def test_an_order_follows_from_the_seed_and_the_pass_alone(group: int | None) -> None:
    orders: list[list[int]] = []
    for number in (0, 1, 0):
        torch.manual_seed(len(orders))  # what else was drawn before does not matter
        orders.append(list(Shuffled(LENGTHS, group=group, seed=3, passes=iter([number]).__next__)))
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[0]) == list(range(len(LENGTHS)))
    assert list(Shuffled(LENGTHS, group=group, seed=4, passes=lambda: 0)) != orders[0]


def test_examples_of_like_length_stand_together() -> None:
    def padded(group: int | None) -> int:
        order = [LENGTHS[place] for place in Shuffled(LENGTHS, group=group, seed=3, passes=lambda: 0)]
        return sum(8 * max(order[start : start + 8]) for start in range(0, len(order), 8))

    assert sum(LENGTHS) <= padded(8) < 0.8 * padded(None)
