"""Whether a document says of itself that it is a draft, by what it is called.

    "DRAFT – Working abroad", "travel (draft).docx", "差旅制度（征求意见稿）"  ->  a draft
    "Draft orders", "save-a-draft.md"  ->  none

What a draft says is not in force, so whoever quotes it says what it is called. The word alone tells little: many a page
is about drafts.
"""

import re

from knowledge.passages import Passage

_IN_CAPITALS = re.compile(r"(?<![^\W_])(?:DRAFT|ENTWURF|BORRADOR|BROUILLON|BOZZA)(?![^\W_])")
_SET_APART = re.compile(
    r"[(\[（【](?:(?:first|second|final|working) )?(?:draft|entwurf|borrador|brouillon|bozza)(?:,? ?v?[\d.]+)?[)\]）】]"
    r"|^(?:draft|entwurf|borrador|brouillon|bozza)\s*[:–—]|\s[:–—-]\s*(?:draft|entwurf|borrador|brouillon|bozza)$"
    r"|(?:草案|草稿|征求意见稿|徵求意見稿|讨论稿|討論稿|送审稿|送審稿)[)）\]】]?\s*(?:v?[\d.]+)?$",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")


def says_draft(name: str) -> bool:
    """Say whether a document's name or title says that it is a draft.

    >>> [says_draft(name) for name in ("travel/DRAFT-abroad.docx", "Abroad (draft v2)", "How to save a draft")]
    [True, True, False]
    """
    plain = _SUFFIX.sub("", name.rpartition("/")[2]).strip()
    has_small = any(map(str.islower, plain)) or any(map(str.isdigit, plain)) or "_" in plain
    return bool(_SET_APART.search(plain) or (has_small and _IN_CAPITALS.search(plain)))


def draft_name(passage: Passage) -> str:
    """Return what a passage's document is called, its title or its file, where that says it is a draft; else ""."""
    names = (passage.title, passage.document.rpartition("/")[2])
    return next((name for name in names if says_draft(name)), "")
