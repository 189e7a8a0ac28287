from pathlib import Path

import pytest

from finetune.data.reviewing import Review, key_of
from finetune.errors import FinetuneError
from finetune.examples import Example


def one(asked: str) -> Example:
    return Example(
        ({"role": "user", "content": asked}, {"role": "assistant", "content": f"re {asked}"}), "voice", "s", asked
    )


FOUND = tuple(one(text) for text in "abcd")


def test_decisions_last_and_hold_for_a_file_in_another_order(tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl"
    review = Review(file)
    review.decide(FOUND[0], "keep")
    review.decide(FOUND[1], "drop")
    review.decide(FOUND[2], "edit", " better ")
    again = Review(file)
    assert again.undecided(FOUND) == (3,)
    assert [e.messages[-1]["content"] for e in again.reviewed(FOUND[::-1], undecided=True)] == [
        "re d",
        "better",
        "re a",
    ]
    assert [e.messages[-1]["content"] for e in again.reviewed(FOUND, undecided=False)] == ["re a", "better"]


def test_a_later_decision_takes_the_place_of_an_earlier(tmp_path: Path) -> None:
    review = Review(tmp_path / "e.jsonl")
    review.decide(FOUND[0], "drop")
    review.decide(FOUND[0], "keep")
    assert Review(tmp_path / "e.jsonl").reviewed(FOUND[:1], undecided=False) == FOUND[:1]


def test_a_line_that_was_cut_off_costs_that_decision_only(tmp_path: Path) -> None:
    file = tmp_path / "e.jsonl"
    review = Review(file)
    review.decide(FOUND[0], "keep")
    whole = review.path.read_bytes()
    review.decide(FOUND[1], "drop")
    both = review.path.read_bytes()
    for cut in range(len(whole) + 1, len(both) + 1):
        file = tmp_path / f"{cut}.jsonl"
        Review(file).path.write_bytes(both[:cut])
        torn = Review(file)
        left = (2, 3) if cut >= len(both) - 1 else (1, 2, 3)
        assert torn.undecided(FOUND) == left
        torn.decide(FOUND[3], "keep")
        assert Review(file).undecided(FOUND) == left[:-1]


def test_a_broken_line_in_the_middle_is_told(tmp_path: Path) -> None:
    review = Review(tmp_path / "e.jsonl")
    review.path.write_text('{"key": "a"}\n{"key": "b", "verdict": "keep"}\n')
    with pytest.raises(FinetuneError, match=r":1 is no decision"):
        Review(tmp_path / "e.jsonl")


def test_an_edit_that_leaves_nothing_is_refused(tmp_path: Path) -> None:
    review = Review(tmp_path / "e.jsonl")
    with pytest.raises(FinetuneError, match="empty message"):
        review.decide(FOUND[0], "edit", "  ")
    assert review.undecided(FOUND) == (0, 1, 2, 3)
    assert not review.path.exists()


def test_examples_are_known_by_what_they_say() -> None:
    assert len({key_of(example) for example in FOUND}) == 4
    assert key_of(FOUND[0]) == key_of(one("a"))
