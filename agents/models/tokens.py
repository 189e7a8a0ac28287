"""How many tokens a text has, where no tokenizer can be asked.

An estimate, meant to be high: a prompt that would not fit is worse than one that leaves some of the context unused.
"""

import math
from collections.abc import Mapping

LIKELY_CHARACTERS_PER_TOKEN = {"ascii": 3.5, "other": 1.0}
"""Cautious for prose in a language that the tokenizer knows: a prompt that would not fit at this rate is not sent. One
that knows no Chinese spells a sign out in up to three tokens; what a server then cuts is told (`ollama.py`)."""
MOST_CHARACTERS_PER_TOKEN = {"ascii": 6.0, "other": 3.0}
"""No prose reaches this: a prompt of which a server read fewer tokens was cut."""


def estimate(text: str) -> int:
    """Return likely tokens, rounded up.

    >>> estimate("You have 30 days."), estimate("30天内"), estimate("")
    (5, 3, 0)
    """
    return math.ceil(at_rate(text, LIKELY_CHARACTERS_PER_TOKEN))


def at_rate(text: str, characters_per_token: Mapping[str, float]) -> float:
    """Return a text's tokens at a rate for ASCII and one for all else, where a sign is often a word."""
    plain = sum(map(str.isascii, text))
    return plain / characters_per_token["ascii"] + (len(text) - plain) / characters_per_token["other"]
