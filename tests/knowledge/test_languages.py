"""Which language somebody is answered in."""

import pytest

from knowledge.languages import answer_language
from tests.growth import grows_gently


@pytest.mark.parametrize(
    "text",
    [
        "邮箱ada.byron@example.com",
        "取消B-11196 ada.byron@example.com",
        "订单 https://shop.example/track/B-11196 到哪了",
    ],
)
def test_addresses_and_numbers_are_of_no_language(text: str) -> None:
    """Whoever gave an e-mail address in a Chinese conversation was answered in English."""
    assert answer_language(text) == "zh"


@pytest.mark.parametrize("text", ["ada@example.com", "B-11196", "b 11196", "11196", "?"])
def test_who_writes_nothing_else_is_answered_as_before(text: str) -> None:
    assert answer_language(text) == "en"
    assert answer_language(text, earlier=["我的订单到哪了？", "B-11196"]) == "zh"
    assert answer_language(text, earlier=["我的订单到哪了？", "Where is it?"]) == "en"


def test_what_says_something_is_of_its_own_language() -> None:
    assert answer_language("Where is B-11196?", earlier=["我的订单到哪了？"]) == "en"
    assert answer_language("OK", earlier=["我的订单到哪了？"]) == "en"


@pytest.mark.parametrize("piece", ["a", "1", "a.", "x@", "http://", "-", "a@b."])
def test_a_message_of_any_length_takes_no_time(piece: str) -> None:
    assert grows_gently(answer_language, piece, 100_000)
