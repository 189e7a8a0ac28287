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
    rf"(?:{_RULES})(?:{_CHINESE}){_VERSION}$"
    rf"|[(\[（【](?:(?:first|second|final|working) )?(?:{_WORDS})(?: for (?:comments?|review|discussion|consultation))?"
    rf"(?:,? ?v?[\d.]+)?[)\]）】]|(?<!状态)[(\[（【](?:{_CHINESE}|草稿)(?:[,，]? ?v?[\d.]+)?[)\]）】]",
    re.IGNORECASE,
)
_LAST = re.compile(rf"(?:{_CHINESE}){_VERSION}$|\s[–—-]\s*(?:{_WORDS})(?: v?\d[\d.]*)?$", re.IGNORECASE)
_SET_APART = re.compile(
    rf"^(?:{_WORDS})\s*[:–—]|[_-](?:{_WORDS})[_-]?v\d[\d.]*$|(?:{_RULES})[ _-]?草稿{_VERSION}$",
    re.IGNORECASE,
)
_SAVED = re.compile(
    r"\bhow to\b|\b(?:sav|edit|delet|restor|discard)(?:e|ing)?\b"
    r"|\bso \w+ sie\b|\bspeicher|enregistr|guardar|salvare|如何|怎[么样]|什么是"
    r"|^(?:保存|恢复|删除|编辑|撤销|提交|查看).{0,3}(?:草|征求|讨论|送审)",
    re.IGNORECASE,
)
"""What a page about drafts tells of, where the word stands in capitals, first, or in a file's name."""
_SAVED_LAST = re.compile(
    r"\b(?:sav|creat|edit|delet|restor|discard)(?:e|ing) (?:(?:an?|the|your) )?(?:orders?|e-?mails?|mails?|posts?"
    r"|messages?)\s[–—-]|^(?:如何|怎么样?|怎样|什么是)?(?:保存|恢复|删除|编辑|撤销|提交|查看)?(?:草|征求|讨论|送审)",
    re.IGNORECASE,
)
"""The same, where it stands last: rules of how something is done are drafts too, and what is saved may be one."""
_STATE = re.compile(
    r"(?:\b|bestell|auftrags)status\b|\b(?:statut|estado|stato)\b|\border states\b"
    r"|\bétats? (?:de |des )(?:la |une |vos )?commandes?\b|状态",
    re.IGNORECASE,
)
_ORDERS = re.compile(r"\b(?:orders?|bestellung(?:en)?|commandes?|pedidos?|ordin[ei])\b|订单", re.IGNORECASE)
"""Of what it is a state to be a draft; rules of orders may be one."""
_OF_ANOTHER = re.compile(
    r"\b(?:e-?mails?|mails?|messages?|posts?|nfl|nba|nhl|mlb) draft\b"
    r"|\bdraft (?:(?:orders?|e-?mails?|mails?|posts?)$|(?:beers?|ales?|picks?|proofing|excluders?)\b)",
    re.IGNORECASE,
)
"""What a name in capitals alone may be of."""
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")


def says_draft(name: str) -> bool:
    """Say whether a document's name or title says that it is a draft.

    >>> [says_draft(name) for name in ("travel/DRAFT-abroad.docx", "Abroad (draft v2)", "How to save a draft")]
    [True, True, False]
    """
    plain = simplified(_SUFFIX.sub("", name.rpartition("/")[2]).strip())
    spaced = plain.replace("_", " ")
    has_small = any(letter.isalpha() and not letter.isupper() for letter in plain)
    is_file = has_small or (_JOINED.search(plain) is not None and not _OF_ANOTHER.search(spaced))
    if _SURELY.search(plain) or (is_file and _FIRST_IN_CAPITALS.match(plain)):
        return True
    is_saved, is_state = _SAVED.search(spaced) is not None, _STATE.search(spaced) is not None
    is_in_capitals = is_file and _IN_CAPITALS.search(plain) is not None and (has_small or not is_state)
    is_set_apart = _SET_APART.search(plain) is not None and not is_state and not _ORDERS.search(plain)
    if (is_in_capitals or is_set_apart) and not is_saved:
        return True
    return _LAST.search(plain) is not None and not is_state and not _SAVED_LAST.search(plain)


def draft_name(passage: Passage) -> str:
    """Return what a passage's document is called, its title or its file, where that says it is a draft; else ""."""
    names = (passage.title, passage.document.rpartition("/")[2])
    return next((name for name in names if says_draft(name)), "")
