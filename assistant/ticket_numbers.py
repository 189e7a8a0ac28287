"""Ticket numbers that can be read out on the telephone: seven digits, of which the last one checks the others.

    new() -> "483-9206"        what a customer or operator types -> normal(…) -> "483-9206"

The last digit is Luhn's: one wrong digit, and nearly every swap of two neighbours, is noticed. Numbers are drawn at
random, so that they tell nobody how many tickets there are.
"""

import re
import secrets

from assistant.errors import NotStored


def new() -> str:
    """Return a number; whether it is taken is the database's to say."""
    digits = str(secrets.randbelow(900_000) + 100_000)
    return f"{digits[:3]}-{digits[3:]}{_check_digit(digits)}"


def normal(text: str) -> str:
    """Return a number as it is stored, from the way somebody typed it.

    Raises:
        NotStored: it cannot be a ticket's number.
    """
    digits = re.sub(r"[\s.\-–—#]", "", text)
    if not re.fullmatch(r"[1-9][0-9]{6}", digits, re.ASCII):
        raise NotStored(
            f"{text!r} is no ticket number: it has seven digits, like 483-9206. Next: frontdesk tickets list"
        )
    if _check_digit(digits[:-1]) != digits[-1]:
        raise NotStored(
            f"{text!r} is no ticket number: a digit is wrong, or two are swapped. Next: frontdesk tickets list"
        )
    return f"{digits[:3]}-{digits[3:]}"


def _check_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
