"""`robots.txt` (RFC 9309): may we ask for this page, how slowly, and which sitemaps does the site name?

    origin -> /robots.txt -> may_fetch(url), sitemaps; the pause it asks for goes to the visitor

No file (4xx) allows everything; a server that fails (5xx, no answer) allows nothing for now.
"""

from typing import TYPE_CHECKING

from knowledge.feeds.addresses import canonical, origin
from knowledge.feeds.visitor import NoAnswer, TooLarge, Visitor

if TYPE_CHECKING:
    from protego import Protego

LARGEST_BYTES = 512_000
MOST_HOPS = 5
LONGEST_PAUSE_SECONDS = 60.0
"""A pause that a site asks for is kept up to this; at the usual 10 s a hundred pages take a quarter of an hour."""


class Robots:
    """The rules of each site that is visited, asked for once in a run."""

    def __init__(self, visitor: Visitor, *, agent: str, origins: tuple[str, ...]) -> None:
        """Take the origins that may be asked; a redirect to another one counts as no file."""
        self._visitor = visitor
        self._agent = agent.partition("/")[0]
        self._origins = origins
        self._rules: dict[str, Protego] = {}

    def may_fetch(self, url: str) -> bool:
        """Return whether the site lets us ask for a page.

        Raises:
            NoAnswer: the site does not say.
        """
        return self._of(origin(url)).can_fetch(url, self._agent)

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps that the page's site names.

        Raises:
            NoAnswer: the site does not say.
        """
        return tuple(self._of(origin(url)).sitemaps)

    def _of(self, site: str) -> "Protego":
        if site not in self._rules:
            from protego import Protego

            rules = Protego.parse(self._read(f"{site}/robots.txt"))
            asked = rules.crawl_delay(self._agent)
            if asked:
                self._visitor.pauses[site] = min(float(asked), LONGEST_PAUSE_SECONDS)
            self._rules[site] = rules
        return self._rules[site]

    def _read(self, url: str) -> str:
        for _ in range(MOST_HOPS):
            try:
                answer = self._visitor.get(url, limit_bytes=LARGEST_BYTES)
            except TooLarge:
                return "User-agent: *\nDisallow: /"  # rules that cannot be read whole may forbid anything
            if answer.status >= 500:
                raise NoAnswer(f"{url}: HTTP {answer.status}")
            target = canonical(answer.location, base=url) if answer.location else None
            if target is None:
                return answer.body.decode("utf-8-sig", "replace")
            if origin(target) not in self._origins:
                return ""
            url = target
        return ""
