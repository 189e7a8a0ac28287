"""Whether a document says of itself that it is a draft, by what it is called.

    "DRAFT – Working abroad", "travel (draft).docx", "差旅制度（征求意见稿）"  ->  a draft
    "Draft orders", "save-a-draft.md"  ->  none

What a draft says is not in force, so whoever quotes it says what it is called. The word alone tells little: many a page
is about drafts.
"""

import re

from knowledge.passages import Passage
from knowledge.traditional import simplified

_WORDS = "draft|entwurf|borrador|brouillon|bozza"
_CHINESE = "草案|征求意见稿|讨论稿|送审稿"
"""What only rules and contracts are: nobody saves one in a form, as they do a 草稿."""
_RULES = "制度|办法|规定|规则|规范|条例|细则|标准|章程|方案|指引|准则|政策|守则"
_VERSION = r"[ _-]?(?:v?[\d.]+)?"
_IN_CAPITALS = re.compile(rf"(?<![A-Za-z0-9])(?:{_WORDS.upper()})(?![A-Za-z0-9])")
_FIRST_IN_CAPITALS = re.compile(rf"(?:{_WORDS.upper()})\s*(?:[:–—_]|-\s)")
_JOINED = re.compile(rf"_(?:{_WORDS.upper()})(?![A-Za-z0-9])|(?<![A-Za-z0-9])(?:{_WORDS.upper()})_")
"""So is a file called; a title in capitals alone, "NFL DRAFT", may be of one."""
_SURELY = re.compile(
    rf"[(\[（【](?:(?:first|second|final|working) )?(?:{_WORDS})(?: for (?:comments?|review|discussion|consultation))?"
    rf"(?:,? ?v?[\d.]+)?[)\]）】]|(?<!状态)[(\[（【](?:{_CHINESE}|草稿)(?:[,，]? ?v?[\d.]+)?[)\]）】]"
    rf"|(?:{_CHINESE}){_VERSION}$"
    rf"|^(?!.*\b(?:stat(?:us|ut)|estado|stato)\b|.*状态).*\s[–—-]\s*(?:{_WORDS})(?: v?\d[\d.]*)?$",
    re.IGNORECASE,
)
"""In brackets or last: a name that ends so tells of a state only where it names one, "Order status – draft"."""
_SET_APART = re.compile(
    rf"^(?:{_WORDS})\s*[:–—]|[_-](?:{_WORDS})[_-]?v\d[\d.]*$|(?:{_RULES})[ _-]?草稿{_VERSION}$",
    re.IGNORECASE,
)
_SAVED = re.compile(
    r"\bhow to\b|\b(?:sav(?:e|ing)|edit(?:ing)?|delet(?:e|ing)|restor(?:e|ing)|discard(?:ing)?)\b"
    r"|\bso \w+ sie\b|speicher|enregistr|guardar|salvare|保存|恢复|删除|编辑|撤销|提交|查看|如何|怎[么样]",
    re.IGNORECASE,
)
"""What a page about drafts tells of."""
_STATE = re.compile(
    r"\b(?:stat(?:us|ut)|estado|stato|orders?|bestellung(?:en)?|commandes?|pedidos?|ordin[ei])\b|状态|订单",
    re.IGNORECASE,
)
"""Of what it is a state to be a draft."""
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")


def says_draft(name: str) -> bool:
    """Say whether a document's name or title says that it is a draft.

    >>> [says_draft(name) for name in ("travel/DRAFT-abroad.docx", "Abroad (draft v2)", "How to save a draft")]
    [True, True, False]
    """
    plain = simplified(_SUFFIX.sub("", name.rpartition("/")[2]).strip())
    has_small = any(letter.isalpha() and not letter.isupper() for letter in plain) or _JOINED.search(plain)
    if _SURELY.search(plain) or (has_small and _FIRST_IN_CAPITALS.match(plain)):
        return True
    is_called = (has_small and _IN_CAPITALS.search(plain)) or (_SET_APART.search(plain) and not _STATE.search(plain))
    return bool(is_called) and not _SAVED.search(plain.replace("_", " "))


def draft_name(passage: Passage) -> str:
    """Return what a passage's document is called, its title or its file, where that says it is a draft; else ""."""
    names = (passage.title, passage.document.rpartition("/")[2])
    return next((name for name in names if says_draft(name)), "")
