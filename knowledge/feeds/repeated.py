"""What stands on nearly every page of a site: names, hours and offers at the top, notices of cookies, the bottom.

    pages -> {hash of what an element shows: the page that keeps it}

On every page it would be an answer to nothing that was asked there; so one page keeps it, the first that has it. What
belongs to a page's own text is never counted: what stands in its `main` or `article`, or beside its first `h1`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from knowledge.feeds.content import parsed
from knowledge.loaders.repeated import CONTENT, PARTS, key

if TYPE_CHECKING:
    from lxml.html import HtmlElement

FEWEST_PAGES = 5
SHARE = 0.8
"""Of the pages in one language, or of all, that have a part before it counts as repeated."""
LARGEST_PART_CHARACTERS = 20_000
_UNSEEN = frozenset({"script", "style"})


def find(pages: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Return the hash of each part that nearly all pages have -> the name of the page that keeps it.

    Args:
        pages: names and bytes, in the order in which they may keep something.
    """
    keeps: dict[str, str] = {}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for name, data in pages:
        page = parsed(data)
        if page is None:
            continue
        found = set(_parts(page))
        for group in {"", (page.get("lang") or "").lower()[:2]}:
            totals[group] += 1
            counts[group].update(found)
        for each in found:
            keeps.setdefault(each, name)
    return {
        each: keeps[each]
        for group, counted in counts.items()
        for each, count in counted.items()
        if count >= max(FEWEST_PAGES, SHARE * totals[group])
    }


def left_out(repeated: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return the hashes of the parts that a page leaves to another one."""
    return tuple(sorted(each for each, keeper in repeated.items() if keeper != name))


def _parts(page: "HtmlElement") -> Iterator[str]:
    body = page.find("body")
    heading = next(page.iter("h1"), None)
    own = heading.getparent() if heading is not None else None
    if body is not None:
        yield from _below(body, None if own is body else own)


def _below(element: "HtmlElement", own: "HtmlElement | None") -> Iterator[str]:
    for child in element:
        if not isinstance(child.tag, str) or child is own or child.tag in CONTENT or child.get("role") == "main":
            continue
        if child.tag in PARTS:
            text = "".join(_texts(child))
            if len(text) <= LARGEST_PART_CHARACTERS and (found := key(text)):
                yield found
        yield from _below(child, own)


def _texts(element: "HtmlElement") -> Iterator[str]:
    """Yield what an element shows, and what its hash in a loader is of: all but comments, scripts and styles."""
    if isinstance(element.tag, str) and element.tag not in _UNSEEN:
        yield element.text or ""
        for child in element:
            yield from _texts(child)
            yield child.tail or ""
