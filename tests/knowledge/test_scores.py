import pytest

from knowledge import scores
from knowledge.scores import PairedScore, Score, auroc, calibration_error, mean, paired, ratio


def test_a_mean_has_its_interval() -> None:
    score = mean([0, 1] * 50)
    assert (score.value, score.n) == (0.5, 100)
    assert score.low is not None
    assert score.high is not None
    assert 0.39 < score.low < 0.42
    assert 0.58 < score.high < 0.61


def test_the_interval_is_the_same_on_every_run() -> None:
    values = [0.1, 0.9, 0.4, 0.4, 1.0]
    assert mean(values) == mean(list(values))
    assert auroc(values, [0.2, 0.3]) == auroc(values, [0.2, 0.3])


def test_without_cases_there_is_no_score() -> None:
    nothing = Score(None, None, None, 0)
    assert mean([]) == nothing
    assert auroc([], []) == nothing
    assert auroc([1.0], []) == Score(None, None, None, 1)


def test_one_case_has_an_interval_of_no_width() -> None:
    assert mean([0.25]) == Score(0.25, 0.25, 0.25, 1)


@pytest.mark.parametrize(
    ("positive", "negative", "value"),
    [
        ([0.9, 0.8], [0.1, 0.2], 1.0),
        ([0.1, 0.2], [0.9, 0.8], 0.0),
        ([0.5, 0.5], [0.5], 0.5),
        # Of the six pairs 0.9 wins three, 0.4 wins one and ties one: 4.5 of 6.
        ([0.9, 0.4], [0.1, 0.4, 0.7], 0.75),
    ],
)
def test_auroc_of_cases_counted_by_hand(positive: list[float], negative: list[float], value: float) -> None:
    score = auroc(positive, negative)
    assert (score.value, score.n) == (value, len(positive) + len(negative))
    assert score.low is not None
    assert score.high is not None
    assert 0 <= score.low <= value <= score.high <= 1


def test_two_settings_are_compared_over_the_cases_that_both_have() -> None:
    score = paired([1.0, 1.0, 0.0, None, 0.5, 1.0], [0.0, 1.0, 0.5, 1.0, None, 0.0])
    assert (score.difference, score.n) == (0.375, 4)
    assert (score.wins, score.losses, score.ties) == (2, 1, 1)


@pytest.mark.parametrize(
    ("left", "right", "p"),
    [
        ([1, 1, 1], [0, 0, 0], 0.25),  # of the eight flips, all as they are and all turned
        ([1, 1, 0], [0, 0, 1], 1.0),
        ([1] * 10, [0] * 10, 0.002),
        ([0.5, 0.5], [0.5, 0.5], 1.0),
        ([0.1 + 0.2], [0.3], 1.0),
    ],
)
def test_the_chance_of_few_cases_is_counted_exactly(left: list[float], right: list[float], p: float) -> None:
    assert paired(left, right).p == p
    assert paired(right, left).p == p


def test_the_chance_of_many_cases_is_near_the_binomial_one() -> None:
    """Fourteen of twenty coins on one side: 0.1153 by the sign test, which equals this test for equal steps."""
    p = paired([1.0] * 14 + [0.0] * 6, [0.0] * 14 + [1.0] * 6).p
    assert p == pytest.approx(0.1153, abs=0.015)
    assert paired([1.0] * 60, [0.0] * 60).p == 0.0001


def test_a_clear_difference_is_shown_and_a_small_one_is_not() -> None:
    clear = paired([1.0] * 30 + [0.0] * 10, [0.0] * 40)
    assert clear.is_shown
    assert clear == paired([1.0] * 30 + [0.0] * 10, [0.0] * 40)
    turned = paired([0.0] * 40, [1.0] * 30 + [0.0] * 10)
    assert turned.is_shown
    assert turned.difference == -0.75
    assert not paired([1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]).is_shown


def test_pairing_narrows_the_interval() -> None:
    """Every case gains a little: invisible beside the spread of the cases, certain in pairs."""
    right = [0.0, 0.9] * 20
    score = paired([value + 0.1 for value in right], right)
    assert (score.difference, score.low, score.high) == (0.1, 0.1, 0.1)
    apart = mean([value + 0.1 for value in right])
    assert apart.low is not None
    assert apart.low < 0.45


def test_without_pairs_nothing_is_compared() -> None:
    nothing = PairedScore(None, None, None, 0, 0, 0, 0, None)
    assert paired([], []) == nothing
    assert paired([None, 1.0], [1.0, None]) == nothing
    assert not nothing.is_shown
    with pytest.raises(ValueError, match="zip"):
        paired([1.0], [])


@pytest.mark.parametrize(
    ("positive", "negative", "value"),
    [
        ([1.0, 1.0], [0.0], 0.0),
        ([0.0], [1.0], 1.0),
        # One bin holds all: 0.8 was stated, and by the weights 0.8 of the cases come true, however many there are.
        ([0.8] * 3, [0.8] * 17, 0.0),
        ([0.5], [0.5], 0.3),
        # Two bins: 0.4 of the weight is true at 0.95, 0.4 true and 0.2 false at 0.65 (of which two thirds come true).
        ([0.95, 0.65], [0.65], 0.4 * 0.05 + 0.6 * (2 / 3 - 0.65)),
    ],
)
def test_the_calibration_error_of_cases_counted_by_hand(
    positive: list[float], negative: list[float], value: float
) -> None:
    score = calibration_error(positive, negative)
    assert score.value == pytest.approx(value, abs=1e-4)
    assert score.n == len(positive) + len(negative)


def test_calibration_needs_both_kinds_of_cases() -> None:
    assert calibration_error([0.5], []) == Score(None, None, None, 1)
    assert calibration_error([0.5, 0.9], [0.4]) == calibration_error([0.5, 0.9], [0.4])


def test_many_cases_are_drawn_in_blocks_that_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [n % 7 / 7 for n in range(101)]
    whole, compared = mean(values), paired(values, values[::-1])
    monkeypatch.setattr(scores, "BLOCK_NUMBERS", 1000)
    assert mean(values) == whole
    assert paired(values, values[::-1]) == compared


def test_a_ratio_divides_sums_and_draws_cases_whole() -> None:
    found = ratio([1, 0, 2], [1, 3, 4])
    assert (found.value, found.n) == (0.375, 3)
    assert found == ratio([1, 0, 2], [1, 3, 4])
    assert found.low is not None
    assert found.high is not None
    assert 0.0 <= found.low < 0.375 < found.high <= 1.0
    # The same share in every case leaves nothing to chance, however the cases differ in size.
    assert ratio([1, 10, 100], [2, 20, 200]) == Score(0.5, 0.5, 0.5, 3)
    assert ratio([0, 0], [0, 0]) == Score(None, None, None, 2)
    assert ratio([], []) == Score(None, None, None, 0)
