"""A page that a site shows in place of others: "we are back at six", "page not found", a form to sign in, all with 200.

    what it answers for an address that no site has  ->  is this page that answer?

Such an answer for every address would take the place of all that is known of a site. It is asked for once in a visit,
and only when a page is new or has another title: on most nights never.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from knowledge.feeds.content import parsed
from knowledge.loaders.html_questions import FOR_PROGRAMS
from knowledge.text import CJK_CLASS

if TYPE_CHECKING:
    from lxml.html import HtmlElement

NO_SUCH_PAGE = "frontdesk-asks-for-no-such-page"
MOST_OTHER_WORDS = 3
"""Words by which two such answers differ, beside numbers and the address that was asked for."""
_WORD = re.compile(f"[{CJK_CLASS}]|[^\\W_{CJK_CLASS}]+")
"""In Chinese, Japanese and Korean each character is one."""
_UNSEEN = ("script", "style", "noscript", "template")


class StandIns:
    """What a site shows in place of pages, asked for when it is needed."""

    def __init__(self, ask: Callable[[], bytes | None]) -> None:
        """Take what asks the site for a page that it does not have; None where it says so, as it should."""
        self._ask = ask
        self._asked = False
        self._shown: Counter[str] = Counter()

    def has(self, data: bytes, url: str, *, held: bytes | None) -> bool:
        """Say whether this is no page of the address but what is shown in place of one.

        Args:
            held: the page as it was at the last visit; None where there was none.
        """
        page = parsed(data)
        if page is None or (held is not None and _title(page) == _title(parsed(held))):
            return False
        if not self._asked:
            self._asked = True
            answer = self._ask()
            self._shown = _words(parsed(answer), NO_SUCH_PAGE) if answer else Counter()
        if not self._shown:
            return False
        said = _words(page, url)
        return ((said - self._shown) + (self._shown - said)).total() <= MOST_OTHER_WORDS


def _words(page: "HtmlElement | None", url: str) -> Counter[str]:
    """Return the words that are read of a page, its title's too, without numbers and those of its address."""
    if page is None:
        return Counter()
    for unseen in list(page.iter(*_UNSEEN)):
        if unseen.get("type") != FOR_PROGRAMS:
            unseen.drop_tree()
    own = set(_WORD.findall(unquote(urlsplit(url).path + " " + urlsplit(url).query).casefold()))
    found = _WORD.findall(" ".join(page.itertext()).casefold())
    return Counter(word for word in found if word not in own and not any(map(str.isdigit, word)))


def _title(page: "HtmlElement | None") -> str:
    return "" if page is None else " ".join((page.findtext(".//title") or "").split())
