"""Numbers that can be read out: one wrong digit is noticed, nearly every swap too."""

import re

import pytest

from assistant.errors import NotStored
from assistant.ticket_numbers import new, normal


def test_a_number_is_read_back_however_it_is_typed() -> None:
    number = new()
    assert re.fullmatch(r"[1-9]\d{2}-\d{4}", number)
    plain = number.replace("-", "")
    assert {normal(typed) for typed in (number, plain, f" #{plain} ", " ".join(plain), number.replace("-", "–"))} == {
        number
    }


def test_every_wrong_digit_is_noticed() -> None:
    number = new().replace("-", "")
    for place in range(7):
        for digit in "0123456789":
            if digit != number[place]:
                with pytest.raises(NotStored):
                    normal(number[:place] + digit + number[place + 1 :])


def test_numbers_differ() -> None:
    assert len({new() for _ in range(200)}) > 190
