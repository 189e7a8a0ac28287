"""Languages by the characters of a text: which to answer in, Chinese or English, and which it is read out in."""

import re
from collections.abc import Sequence

from knowledge.text import CJK_CLASS, Language, count_cjk, detect_language

_HAN = "\\u3400-\\u4dbf\\u4e00-\\u9fff"
_LETTER = "(?:[\\u3041-\\u306d\\u306f-\\u3096\\u30a1-\\u30fa\\u30fc]|の(?![" + _HAN + "])|(?<![" + _HAN + "])の)"
_HANGUL = re.compile("[\\uac00-\\ud7af]")
_LATIN = re.compile("[A-Za-z\\u00c0-\\u024f\\u1e00-\\u1eff]")
_KANA_OR_HANGUL = re.compile(f"[\\uac00-\\ud7af]|(?<=[{CJK_CLASS}]){_LETTER}|{_LETTER}(?=[{CJK_CLASS}])")
"""Kana beside others, as in Japanese: not の in a Chinese brand, nor the lone signs of which faces are made."""
_JAPANESE_SIGN = re.compile("[営払価検験険遅択労継従単収戻]|変(?=[更換化])|対(?=[応象])|図(?=面|書館)|地図|電気")
"""Forms that neither simplified nor traditional Chinese has, of words that are asked for: 営業, 支払, 価格, 検索.

Only such as stand in no name that Chinese write as it is: not those of 新宿駅, 元気森林, 3000円, or 駒込."""
_CHINESE_SIGN = re.compile(
    "[呀麼怎什誰們我你您他她它這那些嘛嗎呢吧很把被讓跟没沒給哪几也單價燈號收]|是(?!非|正)|可以|多[少久]|請(?![求負])|(?<!改)訂(?!正)"
    "|想(?=[問要買改換退取訂知看])|問[下一]|[送訂退換發]貨|貨到|[到買換付送寄退]了"
)
"""Signs of Chinese sentences that a Japanese charset has too: 到 and 想 stand in 到着 and 感想, 請 in 請求."""
_HAN_SIGN = re.compile(f"[{_HAN}]")
_OTHER_LETTER = re.compile(f"[^\\W\\d_A-Za-z\\u00c0-\\u024f\\u1e00-\\u1eff{CJK_CLASS}]")
_CODE = re.compile(
    r"https?://[!-~]+|(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|(?<![A-Za-z0-9])[A-Za-z]{0,3}[-#]?\d[A-Za-z0-9-]*"
)
"""An address, a number, an order's number: written so in every language."""
_WORDS = re.compile(r"[^\W\d_]{2}|[\u3400-\u9fff]")
FOREIGN_SHARE = 1 / 8
"""Of the characters that `count_cjk` counts: from so many kana or hangul on, a text is no Chinese."""


def answer_language(text: str, *, earlier: Sequence[str] = ()) -> Language:
    """Return the language to answer whoever wrote the text in: Chinese for Chinese, English for all others.

    An order's number and an e-mail address count for nothing; whoever writes nothing else is answered in the language
    of the last of `earlier`, what they wrote before, that tells one.

    Chinese that names something Japanese or Korean has few kana or hangul, Japanese and Korean themselves have many.
    Japanese in Han characters alone is told from Chinese by forms that it alone has, where there are any.

    >>> [answer_language(said) for said in ("保修期多长？", "保証期間は？", "営業時間", "邮箱是a@b.example", "Ja")]
    ['zh', 'en', 'en', 'zh', 'en']
    """
    text = next((one for one in (text, *reversed(earlier)) if tells_language(one)), text)
    text = _CODE.sub(" ", text)
    foreign = sum(1 for _ in _KANA_OR_HANGUL.finditer(text))
    return "en" if foreign >= FOREIGN_SHARE * count_cjk(text) or _is_japanese(text) else detect_language(text)


def tells_language(text: str) -> bool:
    """Return whether a text says something in a language, and not only an address or a number.

    >>> [tells_language(said) for said in ("订单B-11196", "B-11196", "ada@example.com", "?")]
    [True, False, False, False]
    """
    return _WORDS.search(_CODE.sub(" ", text)) is not None


def html_language(text: str) -> str:
    """Return the language that a text is marked with for voices and fonts; "" where its script does not tell.

    Latin letters count as English, whatever is written with them, unless others outnumber them.

    >>> [html_language(said) for said in ("保修期多长？", "保証期間は？", "보증 기간은?", "How long?", "Гарантия?")]
    ['zh-CN', 'ja', 'ko', 'en', '']
    """
    if detect_language(text) == "en":
        latin = sum(1 for _ in _LATIN.finditer(text))
        return "en" if latin > sum(1 for _ in _OTHER_LETTER.finditer(text)) else ""
    foreign = sum(1 for _ in _KANA_OR_HANGUL.finditer(text))
    if foreign and foreign >= FOREIGN_SHARE * count_cjk(text):
        return "ko" if 2 * sum(1 for _ in _HANGUL.finditer(text)) > foreign else "ja"
    return "ja" if _is_japanese(text) else "zh-CN"


def _is_japanese(text: str) -> bool:
    """Say whether a text without kana is surely Japanese: one that also has a sign of Chinese alone is not."""
    if not _JAPANESE_SIGN.search(text) or _CHINESE_SIGN.search(text):
        return False
    try:
        "".join(_HAN_SIGN.findall(text)).encode("shift_jis")
    except UnicodeEncodeError:  # a simplified form, as in 营 or 价
        return False
    return True
