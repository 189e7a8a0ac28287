"""Words that only a page's style sets apart: `<span>Weight</span><span>2 kg</span>` is read as "Weight 2 kg".

A browser that knows the style shows a gap, and without one the text would say "Weight2 kg". What looks like the end of
one word and the beginning of another gets one, but for code, addresses, names that are painted in two colours, and what
the page writes as one word elsewhere.
"""

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from knowledge.loaders.html_menus import words

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import NavigableString, PageElement

_INLINE = words("span b strong em i u small font label data time var bdi")
_CODE = words("code kbd samp tt pre")
_PAINTED = re.compile(
    r"(?:^|[\s_-])(?:highlight|hljs|prism|syntax|codehilite|code|logo|brand|wordmark)(?:$|[\s_-])", re.IGNORECASE
)
"""Names of what is painted in parts that belong together."""
_ADDRESS = re.compile(r"@|://|\bwww\.")
_WORD = re.compile(r"\w+")
_LONGEST_WORD = 60
_END = re.compile(r"(?:[a-zß-öø-ÿ]{3}|[一-鿿]{2})\Z")
_SAID = re.compile(r"[^\W\d_]{2}(?::|(?<=[a-zß-öø-ÿ]{2})[.!?])\Z")
"""The end of a name or of a sentence."""
_FIGURES = re.compile(r"[0-9]")
_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-Þ]")


def set_apart(page: "BeautifulSoup") -> None:
    """Put a space where two elements of a line touch and their words do not belong together."""
    from bs4.element import PreformattedString

    texts = [text for text in page.find_all(string=True) if not isinstance(text, PreformattedString)]
    pairs = [
        (_joined(before, after), after)
        for before, after in pairwise(texts)
        if _are_words(str(before)[-3:], str(after)[:1]) and _touch(before, after)
    ]
    if not pairs:
        return
    written = set(_WORD.findall(page.get_text(" ")))
    for word, after in pairs:
        if word not in written:
            after.insert_before(" ")


def _joined(before: str, after: str) -> str:
    """Return the word that two texts would make, the end of one and the beginning of the other; "" behind a sign."""
    ends = re.split(r"\W", before[-_LONGEST_WORD:])[-1]
    begins = _WORD.match(after)
    return ends + begins[0] if ends and begins else ""


def _are_words(before: str, after: str) -> bool:
    """Say whether what ends and what begins are two words by their letters."""
    if _SAID.search(before):
        return bool(_CAPITAL.match(after) or (before.endswith(":") and after.isalnum()))
    if not _END.search(before):
        return False
    return bool(_FIGURES.match(after) or (before.isascii() and _CAPITAL.match(after)))


def _touch(before: "NavigableString", after: "NavigableString") -> bool:
    """Say whether two texts end and begin two elements of one line, nothing between them."""
    left: PageElement = before
    while left.next_sibling is None and left.parent is not None and left.parent.name in _INLINE:
        left = left.parent
    right: PageElement = after
    while right.previous_sibling is None and right.parent is not None and right.parent.name in _INLINE:
        right = right.parent
    if left is before or right is after or left.next_sibling is not right:
        return False
    if _ADDRESS.search(re.split(r"\s", before[-_LONGEST_WORD:])[-1] + re.split(r"\s", after[:_LONGEST_WORD])[0]):
        return False
    return not any(
        around.name in _CODE or _PAINTED.search(" ".join(around.get("class") or ()))
        for around in (*before.parents, *after.parents)
    )
