"""Traditional Chinese signs as simplified ones, sign for sign: 退貨 and 退货 are one word to whoever compares.

    text -> the same text, as long, in simplified signs

For comparing alone: what is stored, quoted, shown and sent to models stays as it was written. The table comes from
OpenCC, by `bench/traditional.py`. Japanese that is written with signs of old is folded too, so whoever tells languages
apart looks at the text as written.
"""

import re
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("traditional.txt")
_KANA = re.compile("[\\u3041-\\u3096\\u30a1-\\u30fa]")
_WHAT = "甚么"
"""As Hong Kong asks; 甚 alone stays, as in 甚至."""


def simplified(text: str) -> str:
    """Return a text with each traditional sign as the simplified one; every offset stays.

    >>> simplified("這個可以退貨嗎？"), simplified("有甚麼顏色")
    ('这个可以退货吗？', '有什么颜色')
    """
    if text.isascii() or not (_traditional().search(text) or _WHAT in text):
        return text
    return text.translate(table()).replace(_WHAT, "什么")


def simplified_chinese(text: str) -> str:
    """Return a text in simplified signs, unless kana show that it is Japanese, which has many of the traditional ones.

    >>> simplified_chinese("電話是多少"), simplified_chinese("電話は何番ですか")
    ('电话是多少', '電話は何番ですか')
    """
    return text if _KANA.search(text) else simplified(text)


@lru_cache(maxsize=1)
def table() -> dict[int, str]:
    """Return the code point of each traditional sign with the simplified sign."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    signs = "".join(line for line in lines if not line.startswith("#"))
    return {ord(sign): other for sign, other in zip(signs[::2], signs[1::2], strict=True)}


@lru_cache(maxsize=1)
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(map(chr, table()))}]")
