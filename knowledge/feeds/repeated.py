"""What stands on nearly every page of a site: names, hours and offers at the top, notices of cookies, the bottom.

    pages -> {hash of what an element shows: the page that keeps it}

On every page it would be an answer to nothing that was asked there; so one page keeps it, the first that has it. What
belongs to a page's own text is never counted: what stands in its `main` or `article`, beside its first `h1`, or
within a part that is another on each page, as a price does that most pages have. Nor is what no loader reads, such as
a `footer`, and only a page on which a part is read keeps it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from knowledge.feeds.content import decoded, parsed
from knowledge.loaders.html_menus import elements, is_never_read
from knowledge.loaders.html_questions import FOR_PROGRAMS, told
from knowledge.loaders.repeated import CONTENT, PARTS, key, parts

if TYPE_CHECKING:
    from lxml.html import HtmlElement

FEWEST_PAGES = 5
SHARE = 0.8
"""Of the pages in one language, or of all, that have a part before it counts as repeated."""
LARGEST_PART_CHARACTERS = 20_000
_MOST_ASKED = 3
"""Pages that are read as their loader does, to see which keeps a part; where none of them reads it, it is none."""


def find(names: Sequence[str], page_of: Callable[[str], bytes | None]) -> dict[str, str]:
    """Return the hash of each part that nearly all pages have -> the name of the page that keeps it.

    Args:
        names: of the pages, in the order in which they may keep something.
        page_of: returns a page's bytes; None where it is not there.
    """
    having: dict[str, list[str]] = defaultdict(list)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for name in names:
        page = parsed(page_of(name) or b"")
        if page is None:
            continue
        found = set(_parts(page))
        for group in {"", (page.get("lang") or "").lower()[:2]}:
            totals[group] += 1
            counts[group].update(found)
        for each in found:
            having[each] += [name] if len(having[each]) < _MOST_ASKED else []
    likely = {
        each: having[each]
        for group, counted in counts.items()
        for each, count in counted.items()
        if count >= max(FEWEST_PAGES, SHARE * totals[group])
    }
    read_on = cache(lambda name: _read(page_of(name) or b""))
    keepers = {each: next((name for name in asked if each in read_on(name)), "") for each, asked in likely.items()}
    return {each: keeper for each, keeper in keepers.items() if keeper}


def depth(file: str) -> tuple[int, bool, str]:
    """Sort a site's first pages before those below them."""
    return file.count("/"), not file.endswith("/index.html"), file


def left_out(repeated: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return the hashes of the parts that a page leaves to another one."""
    return tuple(sorted(each for each, keeper in repeated.items() if keeper != name))


def _read(data: bytes) -> frozenset[str]:
    """Return the hashes of the parts of a page that its loader reads."""
    page = elements(decoded(data))
    try:
        return frozenset([*(each for _, each in parts(page)), *map(key, told(page))])
    except RecursionError:
        return frozenset()


def _parts(page: "HtmlElement") -> Iterator[str]:
    """Yield the hashes of parts that a page may have: quickly, without what its loader tells menus by."""
    yield from (key(script.text or "") for script in page.iter("script") if script.get("type") == FOR_PROGRAMS)
    body = page.find("body")
    heading = next(page.iter("h1"), None)
    own = heading.getparent() if heading is not None else None
    if body is not None:
        texts = [heading, *(next(page.iter(tag), None) for tag in CONTENT)]
        around = [above for text in texts if text is not None for above in text.iterancestors()]
        yield from _below(body, None if own is body else own, around)


def _below(element: "HtmlElement", own: "HtmlElement | None", around: "Sequence[HtmlElement]") -> Iterator[str]:
    """Yield the parts in an element, each whole, and those in what lies around the page's own text."""
    for child in element:
        if not _may_be_read(child) or child is own or child.tag in CONTENT or child.get("role") == "main":
            continue
        if child.tag in PARTS:
            text = "".join(_texts(child))
            if len(text) <= LARGEST_PART_CHARACTERS and (found := key(text)):
                yield found
        if child in around:
            yield from _below(child, own, around)


def _texts(element: "HtmlElement") -> Iterator[str]:
    """Yield what is read of an element."""
    yield element.text or ""
    for child in element:
        if _may_be_read(child):
            yield from _texts(child)
        yield child.tail or ""


def _may_be_read(element: "HtmlElement") -> bool:
    return isinstance(element.tag, str) and not is_never_read(element.tag, element.attrib)
