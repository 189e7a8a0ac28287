import pytest

from agents.checks.overlap import token_f1


@pytest.mark.parametrize(
    ("text", "references", "language", "mark"),
    [
        ("30 days", ["30 days"], "en", 1.0),
        ("The 30 days.", ["30 DAYS!"], "en", 1.0),
        ("30 days [1]", ["thirty days", "30 days"], "en", 1.0),
        ("within 30 days", ["30 days"], "en", 0.8),
        ("You can send a lamp back within 30 days", ["30 days"], "en", 2 * (2 / 8) * 1 / (2 / 8 + 1)),
        ("days days days", ["30 days"], "en", 0.4),
        ("Paris", ["Rome"], "en", 0.0),
        ("", ["Rome"], "en", 0.0),
        ("the", ["a"], "en", 1.0),
        ("$9.50", ["9.50"], "en", 1.0),
        ("anything", [], "en", 0.0),
        ("格陵兰岛", ["格陵兰岛"], "zh", 1.0),
        ("格陵兰。[1]", ["格陵兰岛"], "zh", 2 * 3 / 7),
        ("１９８５年", ["1985年"], "zh", 1.0),
        ("a 级", ["级"], "zh", 2 / 3),
        ("格陵兰岛", ["格陵兰"], "en", 2 * 3 / 7),
    ],
)
def test_token_f1_as_counted_by_hand(text: str, references: list[str], language: str, mark: float) -> None:
    assert token_f1(text, references, language=language) == pytest.approx(mark)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_the_same_both_ways(language: str) -> None:
    one, other = "within 30 days of delivery", "收货后 30 days"
    assert token_f1(one, [other], language=language) == token_f1(other, [one], language=language) > 0
