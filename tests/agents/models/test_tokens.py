import pytest

from agents.models.tokens import LIKELY_CHARACTERS_PER_TOKEN, MOST_CHARACTERS_PER_TOKEN, at_rate, estimate


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("You have 30 days.", 5), ("台灯30天", 4)])
def test_every_sign_of_chinese_may_be_a_token(text: str, tokens: int) -> None:
    assert estimate(text) == tokens


def test_estimate_is_above_what_no_prose_undercuts() -> None:
    for text in ("You can send a lamp back within 30 days. " * 20, "台灯可以在收货后 30 天内退回。" * 20):
        assert at_rate(text, MOST_CHARACTERS_PER_TOKEN) < at_rate(text, LIKELY_CHARACTERS_PER_TOKEN) <= estimate(text)
