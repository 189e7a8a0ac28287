import pytest

from knowledge.fusion import add, fuse, scale


def test_the_best_of_each_half_has_its_weight() -> None:
    scores = fuse({1: 8.0, 2: 4.0}, {1: 0.2, 3: 0.4}, weight=0.7, floor=0.0)
    assert scores == pytest.approx({1: 0.3 + 0.35, 2: 0.15 + 0.35, 3: 0.7})


def test_only_what_is_above_the_embedders_floor_counts() -> None:
    """An embedder whose cosines lie between 0.7 and 1 ranks like one whose cosines lie between 0 and 1."""
    words = {1: 3.0, 2: 2.0, 3: 1.0}
    wide = fuse(words, {1: 0.1, 2: 0.5, 3: 0.9}, weight=0.7, floor=0.0)
    narrow = fuse(words, {1: 0.73, 2: 0.85, 3: 0.97}, weight=0.7, floor=0.7)
    assert narrow == pytest.approx(wide)
    assert fuse({}, {1: 0.5, 2: 0.6}, weight=1.0, floor=0.7) == {1: 0.0, 2: 0.0}


def test_nothing_is_nothing() -> None:
    assert fuse({}, {}, weight=0.7, floor=0.0) == {}
    assert scale({1: 0.0}) == {1: 0.0}
    assert add({1: 1.0}, {2: 2.0}, 0.5) == {1: 1.0, 2: 1.0}
