"""Languages by the characters of a text: which to answer in, Chinese or English, and which it is read out in."""

import re

from knowledge.text import CJK_CLASS, Language, count_cjk, detect_language

_HAN = "\\u3400-\\u4dbf\\u4e00-\\u9fff"
_LETTER = "(?:[\\u3041-\\u306d\\u306f-\\u3096\\u30a1-\\u30fa\\u30fc]|の(?![" + _HAN + "])|(?<![" + _HAN + "])の)"
_HANGUL = re.compile("[\\uac00-\\ud7af]")
_LATIN = re.compile("[A-Za-z\\u00c0-\\u024f]")
_KANA_OR_HANGUL = re.compile(f"[\\uac00-\\ud7af]|(?<=[{CJK_CLASS}]){_LETTER}|{_LETTER}(?=[{CJK_CLASS}])")
"""Kana beside others, as in Japanese: not の in a Chinese brand, nor the lone signs of which faces are made."""
FOREIGN_SHARE = 1 / 8
"""Of the characters that `count_cjk` counts: from so many kana or hangul on, a text is no Chinese."""


def answer_language(text: str) -> Language:
    """Return the language to answer whoever wrote the text in: Chinese for Chinese, English for all others.

    Chinese that names something Japanese or Korean has few kana or hangul, Japanese and Korean themselves have many.
    Japanese in Han characters alone cannot be told from Chinese.

    >>> [answer_language(said) for said in ("保修期多长？", "保証期間は？", "보증 기간은?", "¿Cuánto dura?")]
    ['zh', 'en', 'en', 'en']
    """
    foreign = sum(1 for _ in _KANA_OR_HANGUL.finditer(text))
    return "en" if foreign >= FOREIGN_SHARE * count_cjk(text) else detect_language(text)


def html_language(text: str) -> str:
    """Return the language that a text is marked with for voices and fonts; "" where its script does not tell.

    >>> [html_language(said) for said in ("保修期多长？", "保証期間は？", "보증 기간은?", "How long?", "Гарантия?")]
    ['zh-CN', 'ja', 'ko', 'en', '']
    """
    foreign = sum(1 for _ in _KANA_OR_HANGUL.finditer(text))
    if foreign and foreign >= FOREIGN_SHARE * count_cjk(text):
        return "ko" if 2 * sum(1 for _ in _HANGUL.finditer(text)) > foreign else "ja"
    if detect_language(text) == "zh":
        return "zh-CN"
    return "en" if _LATIN.search(text) else ""
