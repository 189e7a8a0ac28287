"""Traditional Chinese signs as simplified ones, sign for sign: 退貨 and 退货 are one word to whoever compares.

    text -> the same text, as long, in simplified signs

For comparing alone: what is stored, quoted, shown and put into prompts stays as it was written. The table comes from
OpenCC, by `bench/traditional.py`. Japanese that is written with signs of old is folded too, so whoever tells languages
apart looks at the text as written.
"""

import re
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("traditional.txt")
_KANA = re.compile("[\\u3041-\\u3096\\u30a1-\\u30fa]")
IN_BOTH = frozenset("乾吒夥後徵拚捱摺於榘菸薹袷醣麴麽著")
"""Signs that simplified Chinese writes too, as in 显著 and 乾隆."""
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
    """Return a text in simplified signs where it is surely traditional Chinese, for models that know right spellings.

    Kana show that it is Japanese, which has many of the traditional signs, and some stand in simplified words too.

    >>> [simplified_chinese(said) for said in ("電話是多少", "電話は何番ですか", "最著名的茶")]
    ['电话是多少', '電話は何番ですか', '最著名的茶']
    """
    return simplified(text) if _surely_traditional().search(text) and not _KANA.search(text) else text


@lru_cache(maxsize=1)
def table() -> dict[int, str]:
    """Return the code point of each traditional sign with the simplified sign."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    signs = "".join(line for line in lines if not line.startswith("#"))
    return {ord(sign): other for sign, other in zip(signs[::2], signs[1::2], strict=True)}


@lru_cache(maxsize=1)
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(map(chr, table()))}]")


@lru_cache(maxsize=1)
def _surely_traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(chr(code) for code in table() if chr(code) not in IN_BOTH)}]")
