import math

import pytest

from finetune.ollama.parting import parting
from finetune.ollama.reference import Step
from finetune.ollama.served import Said

PIECES = {1: b"yes", 2: b"", 3: b"no", 4: "你".encode()[:2], 5: "你".encode()[2:], 6: "好".encode(), 7: b" more"}
PIECES |= {8: "你".encode(), 9: "你".encode()[:1], 10: "佡".encode()[2:]}
END = {2}


def parted(said: str, *steps: Step, ended: str = "length") -> tuple[int, float | None]:
    return parting(Said(said, 1, ended), steps, PIECES.__getitem__, ends=END)


def test_equal_replies_do_not_part() -> None:
    assert parted("yes more", Step(1, {1: 0.0}), Step(7, {7: 0.0})) == (2, None)
    assert parted("yes", Step(1, {1: 0.0}), Step(2, {2: 0.0}), ended="stop") == (1, None)


def test_the_gap_is_that_of_the_token_the_server_took() -> None:
    same, gap = parted("no", Step(1, {1: -0.50, 3: -0.55, 6: -0.51}))
    assert (same, gap) == (0, pytest.approx(0.05))
    assert parted("perhaps", Step(1, {1: -0.5, 3: -0.55})) == (0, math.inf)


def test_a_sign_of_several_tokens_is_one_sign() -> None:
    assert parted("你yes", Step(4, {4: 0.0}), Step(5, {5: 0.0}), Step(1, {1: 0.0})) == (3, None)
    assert parted("你", Step(4, {4: 0.0}), Step(5, {5: 0.0}), Step(4, {4: 0.0})) == (2, None), "cut within the next"
    same, gap = parted("好", Step(4, {4: -0.30, 6: -0.32}), Step(5, {5: 0.0}))
    assert (same, gap) == (0, pytest.approx(0.02)), "they parted at the sign's first half"


def test_replies_that_part_within_a_sign() -> None:
    """The second half differs: what counts is how near the token was that the other engine took there."""
    assert PIECES[4] == "佡".encode()[:2]
    first = Step(4, {4: -0.10, 6: -0.11})
    assert parted("佡", first, Step(5, {5: -0.5, 10: -0.73, 6: -0.51})) == (1, pytest.approx(0.23))


def test_other_parts_of_the_same_sign() -> None:
    """One byte and two where the reference took two and one: they parted at the first."""
    PIECES[12] = "佡".encode()[1:]
    steps = (Step(1, {1: -0.1, 9: -0.11}), Step(4, {4: -0.10, 9: -0.12}), Step(5, {5: -0.5, 10: -0.73}))
    assert parted("yes佡", *steps) == (2, pytest.approx(0.02))


def test_a_whole_sign_where_the_reference_took_halves() -> None:
    steps = (Step(4, {4: -0.30, 8: -0.34}), Step(10, {10: -0.1, 5: -4.0}))
    assert parted("你", *steps) == (1, pytest.approx(0.04))


def test_control_tokens_explain_nothing() -> None:
    PIECES[11] = b""
    assert parted("no", Step(1, {1: -0.5, 11: -0.5, 2: -0.5})) == (0, math.inf)


def test_an_end_too_early_or_too_late_is_seen() -> None:
    assert parted("yes", Step(1, {1: 0.0}), Step(7, {7: -0.1, 2: -3.1}), ended="stop") == (1, pytest.approx(3.0))
    assert parted("yes more", Step(1, {1: 0.0}), Step(2, {2: -0.1, 7: -0.15})) == (1, pytest.approx(0.05))


def test_a_sign_that_was_begun_and_left_is_not_shown() -> None:
    """Both wrote the same tokens; of the half sign and the word after it Ollama shows nothing."""
    steps = [Step(token, {token: 0.0}) for token in (6, 4, 7, 1)]
    assert parted("好yes", *steps) == (2, None)
    assert parted("好no", *steps[:3], Step(1, {1: -0.10, 3: -0.15})) == (1, pytest.approx(0.05))
    assert parted("好 more", *steps)[1] == math.inf, "shown after all, it is another reply"
