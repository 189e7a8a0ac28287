"""Which pages a site's sitemaps list, those that sitemaps name included.

sitemap addresses -> asked for, redirects within the site followed -> Listing(pages, faults)
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.errors import KnowledgeError
from knowledge.feeds import sitemap
from knowledge.feeds.addresses import canonical, origin
from knowledge.feeds.feed import FailedItem
from knowledge.feeds.sitemap import NoSitemap
from knowledge.feeds.visitor import NoAnswer, TooLarge, Visitor

MOST_SITEMAPS = 200
MOST_HOPS = 5


@dataclass(frozen=True, slots=True)
class Listing:
    pages: tuple[str, ...]
    """Canonical addresses in the order listed, each once."""
    faults: tuple[FailedItem, ...] = ()
    """Sitemaps that could not be read; with one of them, the pages are not all."""


def read_sitemaps(starts: Sequence[str], *, visitor: Visitor, origins: Sequence[str]) -> Listing:
    """Return what the sitemaps list.

    Args:
        starts: canonical addresses.
        origins: where a sitemap may stand; others are not asked for.

    Raises:
        NoAnswer: none could be read, and the first of them may be there later.
        NoSitemap: none could be read, and the first of them is no sitemap.
    """
    waiting, seen = deque(starts), set(starts)
    pages: dict[str, None] = {}
    faults: list[FailedItem] = []
    first: KnowledgeError | None = None
    asked = read = 0
    while waiting:
        url = waiting.popleft()
        if origin(url) not in origins:
            faults.append(FailedItem(url, "a sitemap on a host that `allow` does not name is not read"))
            continue
        if asked == MOST_SITEMAPS:
            faults.append(FailedItem(url, f"there are more than {MOST_SITEMAPS} sitemaps; the rest is not read"))
            break
        asked += 1
        try:
            found = _read(url, visitor, origins)
        except (NoAnswer, NoSitemap) as error:
            first = first or _placed(url, error)
            faults.append(FailedItem(url, str(error)))
            continue
        read += 1
        pages.update(dict.fromkeys(page for page in map(canonical, found.pages) if page))
        further = [page for page in map(canonical, found.sitemaps) if page and page not in seen]
        seen.update(further)
        waiting.extend(dict.fromkeys(further))
    if not read:
        raise first or NoSitemap(faults[0].error)
    return Listing(tuple(pages), tuple(faults))


def _placed(url: str, error: KnowledgeError) -> KnowledgeError:
    """Return the error with the sitemap's address in it, where it is said by itself."""
    return error if url in str(error) else type(error)(f"{url}: {error}")


def _read(url: str, visitor: Visitor, origins: Sequence[str]) -> sitemap.Sitemap:
    for _ in range(MOST_HOPS):
        try:
            answer = visitor.get(url, limit_bytes=sitemap.LARGEST_BYTES)
        except TooLarge as error:
            raise NoSitemap(str(error)) from error
        if not answer.location:
            if answer.status != 200:
                raise NoSitemap(f"{url}: HTTP {answer.status}")
            return sitemap.parse(answer.body)
        target = canonical(answer.location, base=url)
        if target is None or origin(target) not in origins:
            raise NoSitemap(
                f"{url} points to {answer.location[:200]}, on a host that `allow` does not name; set `url` to it"
            )
        url = target
    raise NoSitemap(f"{url} points round in circles")
