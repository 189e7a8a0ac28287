"""Is a statement about another holiday than the question names?

    "端午放假吗" + "国庆节10月1日至6日放假"  ->  about another, where nothing that was found names 端午

A notice says of each holiday nearly the same, so that words and meaning find one for the other: somebody would stand
before a closed door.
"""

import re
from collections.abc import Sequence

from agents.quotes.statements import Statement
from knowledge.passages import Passage
from knowledge.traditional import simplified

_OCCASIONS = tuple(
    re.compile(names, re.IGNORECASE)
    for names in (
        r"春节|除夕|(?<![超通经不])过年(?!级)|大年(?=三十|初)|年三十|\b(?:chinese|lunar) new year|\bspring festival",
        r"元旦|跨年(?![级龄度])|(?<!chinese )(?<!lunar )\bnew year",
        r"清明|\btomb[- ]sweeping|\bqingming",
        r"(?<![期周拜初三])五一(?![起路广街大])|劳动节|\b(?:labou?r|may) day",
        r"端午|\bdragon[- ]boat",
        r"中秋|\bmid-?autumn",
        r"国庆(?!路)|(?<![二三四五六七八九])十一(?=黄金周|放假|期间|长假)|黄金周|\bnational day",
        r"圣诞|\b(?:christmas|xmas|x-mas)\b",
        r"复活节|\beaster\b",
        r"感恩节|\bthanksgiving",
        r"寒假|冬令营|\bwinter (?:holidays?|break|vacation|camp|term)",
        r"暑假|暑期|夏令营|\bsummer (?:holidays?|break|vacation|camp|term)",
    )
)
_ALL = re.compile(
    r"节假日|法定|公众假期|每逢|各节日|全年|365|每天|周一至周日|除外|\b(?:every day|daily|except)\b"
    r"|\b(?:public|bank|all|other|every|official|legal) holidays?\b|\ball year",
    re.IGNORECASE,
)
"""What is said of all of them."""


def is_of_another_occasion(question: str, statement: Statement, passages: Sequence[Passage]) -> bool:
    """Say whether a statement names a holiday, and the question one that nothing found names.

    Args:
        question: with the one before it where it leans on that.
        passages: all that were found.
    """
    asked = _named(question)
    if not asked or asked & _named("\n".join(f"{p.path}\n{p.header}\n{p.text}" for p in passages)):
        return False
    here = f"{statement.passage.path}\n{statement.text}"
    return bool(_named(here)) and not _ALL.search(simplified(here))


def _named(text: str) -> set[re.Pattern[str]]:
    text = simplified(text)
    return {occasion for occasion in _OCCASIONS if occasion.search(text)}
