"""A website: the pages that its sitemap lists, or that its links lead to, under the owner's addresses and no others.

    robots.txt -> sitemaps | links -> pages, asked for only when changed -> mirror

Afterwards the mirror holds what a first visit would fetch. A page that is gone, or listed no more, goes; one that
cannot be had now stays as it was; when the site is down, shows the same for every page, or its list is empty, nothing
goes at all.
"""

import json
from collections import deque
from dataclasses import dataclass, field
from functools import partial

from knowledge.counting import counted
from knowledge.errors import FeedUnavailable
from knowledge.feeds import repeated
from knowledge.feeds.addresses import AllowList, canonical, file_name, origin, whole_site
from knowledge.feeds.content import NotRead, Page, UnknownType, is_wanted, links, looks_readable, readable
from knowledge.feeds.feed import Caller, FailedItem, Feed, Fetched
from knowledge.feeds.listing import read_sitemaps
from knowledge.feeds.mirror import REPEATED, Mirror
from knowledge.feeds.robots import Robots
from knowledge.feeds.sitemap import NoSitemap
from knowledge.feeds.stand_ins import NO_SUCH_PAGE, StandIns
from knowledge.feeds.visitor import MEGABYTE, Answer, NoAnswer, Patience, Refused, TooLarge, Visitor

MOST_HOPS = 5
FAILURES_IN_A_ROW = 5
"""So many pages without an answer, one after the other: the site is down, and is left alone."""
SAVE_EVERY = 20
GONE = frozenset({404, 410})
MOVED_FOR_GOOD = frozenset({301, 308})
SITEMAP_ENDINGS = (".xml", ".xml.gz", ".txt")
HANDFUL = 5
"""So many pages may be missed at once; more, and more than half of all, may be an accident of the site's."""
MISSED = "missed"
"""The fact that tells which pages, a line each, the last sync missed and kept."""
LEFT_OUT = "left out"
"""The fact that tells, as JSON, which pages are of a type that no loader reads, and what was said of them."""
LISTED_BY = "listed by"
"""The fact that tells how the pages were found: `sitemap` or `links`."""


@dataclass(slots=True)
class _Visit:
    """One sync under way; addresses are canonical."""

    waiting: deque[str] = field(default_factory=deque)
    listed: set[str] = field(default_factory=set)
    """All pages that were ever waiting."""
    seen: set[str] = field(default_factory=set)
    """What was asked for."""
    present: set[str] = field(default_factory=set)
    """What is to stay."""
    gone: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    """What is gone because it moved, and was had where it is now."""
    stand_ins: dict[str, tuple[Page, Answer]] = field(default_factory=dict)
    """What was shown in place of pages; of all but the site's first page without what it holds."""
    complete: bool = True
    """Whether every page of the site is listed; else what is not listed stays."""
    follows_links: bool = False
    fetched: int = 0
    unchanged: int = 0
    failed: list[FailedItem] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    """Address -> what is said of a page of a type that no loader reads."""
    left_out_before: frozenset[tuple[str, str]] = frozenset()
    warnings: list[str] = field(default_factory=list)


def fetch(feed: Feed, mirror: Mirror, caller: Caller, *, patience: Patience = Patience()) -> Fetched:  # noqa: B008
    """Bring the mirror up to date with the site.

    Raises:
        FeedUnavailable: the site does not answer, or lists no page that may be fetched; nothing was removed.
    """
    with Visitor(
        agent=caller.agent, pause_seconds=feed.pause_seconds, patience=patience, sleep=caller.sleep, clock=caller.clock
    ) as visitor:
        return Website(feed, mirror, caller, visitor).sync()


class Website:
    """One sync of one site."""

    def __init__(self, feed: Feed, mirror: Mirror, caller: Caller, visitor: Visitor) -> None:
        self._feed = feed
        self._mirror = mirror
        self._caller = caller
        self._visitor = visitor
        self._start = canonical(feed.url) or ""
        self._allow = AllowList(feed.allow or whole_site(feed.url))
        # A sitemap may stand beside the folder that is allowed: it is a list, no page.
        self._origins = tuple(dict.fromkeys((origin(self._start), *self._allow.origins)))
        self._robots = Robots(visitor, agent=caller.agent, origins=self._origins)
        self._stand_ins = StandIns(self._no_such_page)
        self._visit = _Visit()

    def sync(self) -> Fetched:
        """Do it, once.

        Raises:
            FeedUnavailable: see `fetch`.
        """
        visit = self._visit
        visit.left_out_before = frozenset(json.loads(self._mirror.facts.get(LEFT_OUT, "{}")).items())
        try:
            self._list()
        except (NoAnswer, NoSitemap) as error:
            raise self._unavailable(str(error)) from error
        try:
            self._visit_pages()
            self._settle_stand_ins()
        finally:
            self._mirror.save()
        nothing = not visit.fetched and not visit.unchanged
        if nothing and (visit.follows_links or (visit.failed and not visit.gone)):
            first = visit.failed[0].error if visit.failed else f"{self._start} is gone"
            raise self._unavailable(f"no page could be had; {first}")
        return Fetched(
            self._mirror.folder,
            fetched=visit.fetched,
            unchanged=visit.unchanged,
            removed=self._drop_what_is_gone(),
            failed=tuple(visit.failed),
            left_out=tuple(url for url, fault in visit.left_out.items() if (url, fault) in visit.left_out_before),
            warning=" ".join(visit.warnings),
        )

    # Which pages there are ------------------------------------------------------------------------------------------

    def _list(self) -> None:
        """Queue the pages that the site lists, or the first page of those to follow."""
        named = self._robots.sitemaps(self._start)  # its rules come before any page
        if self._start.partition("?")[0].endswith(SITEMAP_ENDINGS):
            self._queue_listed([self._start])
        else:
            try:
                self._queue_listed(list(filter(None, map(canonical, named))) or [f"{origin(self._start)}/sitemap.xml"])
            except NoSitemap:
                if self._mirror.facts.get(LISTED_BY) == "sitemap":
                    raise
            if not self._visit.waiting and self._mirror.facts.get(LISTED_BY) != "sitemap":
                self._visit.follows_links = True
                self._queue(self._start)
        if not self._visit.waiting:
            raise NoSitemap(f"{self._feed.url} lists no page that may be fetched")
        self._mirror.facts[LISTED_BY] = "links" if self._visit.follows_links else "sitemap"

    def _queue_listed(self, sitemaps: list[str]) -> None:
        listing = read_sitemaps(sitemaps, visitor=self._visitor, origins=self._origins)
        for page in listing.pages:
            self._queue(page)
        if listing.faults and self._visit.waiting:
            self._visit.complete = False
            self._visit.failed += listing.faults
            self._visit.warnings.append("A sitemap could not be read, so pages that are listed no more stay.")

    def _queue(self, url: str) -> None:
        visit = self._visit
        if url in visit.listed or not self._allow.covers(url):
            return
        if len(visit.listed) >= self._feed.pages:
            if visit.complete:
                visit.warnings.append(f"There are more than {self._feed.pages} pages; the rest is left out (`pages`).")
            visit.complete = False
            return
        visit.listed.add(url)
        visit.waiting.append(url)

    # The pages themselves -------------------------------------------------------------------------------------------

    def _visit_pages(self) -> None:
        visit = self._visit
        in_a_row = done = 0
        while visit.waiting:
            url = visit.waiting.popleft()
            if self._caller.progress:
                self._caller.progress(url, done, len(visit.listed))
            done += 1
            hops: list[str] = []
            try:
                self._page(url, hops)
                in_a_row = 0
            except NoAnswer as error:
                in_a_row += 1
                self._stays(hops, str(error))
                visit.complete = visit.complete and not visit.follows_links  # where it leads to is not known
                if isinstance(error, Refused) or in_a_row >= FAILURES_IN_A_ROW:
                    self._give_up()
            except UnknownType as error:
                self._leave_out(hops, str(error))
            except (NotRead, TooLarge) as error:
                self._stays(hops, str(error))
            if done % SAVE_EVERY == 0:
                self._mirror.save()

    def _give_up(self) -> None:
        visit = self._visit
        visit.warnings.append(f"The site stopped answering; pages not asked for: {len(visit.waiting)}.")
        visit.complete = False
        visit.waiting.clear()

    def _leave_out(self, hops: list[str], fault: str) -> None:
        """Report a page that no loader reads when it is new; afterwards it is only named."""
        visit = self._visit
        self._stays(hops, fault)
        if not any(url in self._mirror.items for url in hops):  # else a copy answers that is no more what is there
            if (hops[0], fault) in visit.left_out_before:
                visit.failed.pop()
            visit.left_out[hops[0]] = fault

    def _stays(self, hops: list[str], fault: str) -> None:
        """Report a page; the copy that we have of it, if any, stays."""
        visit = self._visit
        known = [url for url in hops if url in self._mirror.items]
        visit.present.update(known)
        visit.failed.append(FailedItem(hops[0], fault.removeprefix(f"{hops[0]}: ")))
        if known and visit.follows_links:
            visit.complete = False

    def _page(self, url: str, hops: list[str]) -> None:
        """Bring one page up to date, following redirects within what is allowed; note in `hops` where they led."""
        visit = self._visit
        moved: set[str] = set()
        while True:
            if url in hops or len(hops) == MOST_HOPS:
                raise NotRead("it points round in circles")
            hops.append(url)
            if url in visit.seen:
                break
            if not self._robots.may_fetch(url):
                if visit.follows_links and url not in self._mirror.items:
                    return
                raise NotRead(f"robots.txt asks not to fetch {url}")
            visit.seen.add(url)
            answer = self._ask(url)
            if not answer.location:
                self._take(url, answer)
                break
            target = canonical(answer.location, base=url)
            for_good = answer.status in MOVED_FOR_GOOD
            if target is None or not self._allow.covers(target):
                if visit.follows_links and url not in self._mirror.items and hops[0] != self._start:
                    return
                visit.gone.update([url] if for_good else [])
                raise NotRead(
                    f"it points to {answer.location[:200]}, which `allow` does not cover; set `url` or `allow` to it"
                )
            moved.update([url] if for_good else [])
            url = target
        visit.gone |= moved
        visit.replaced |= moved if url in visit.present else set()

    def _ask(self, url: str) -> Answer:
        marks = self._mirror.items[url].marks if self._mirror.path(url) else {}
        return self._visitor.get(
            url, limit_bytes=self._feed.megabytes * MEGABYTE, marks=marks, wanted=partial(is_wanted, url)
        )

    def _take(self, url: str, answer: Answer) -> None:
        visit = self._visit
        if answer.status in GONE:
            visit.gone.add(url)
            return
        if answer.status == 304 and self._mirror.path(url):
            changed = False
        elif answer.status == 200:
            page = readable(url, answer)
            if page.suffix == ".html" and self._is_stand_in(url, page):
                visit.stand_ins[url] = (page, answer) if self._is_first(url) else (Page(b"", page.suffix), answer)
                if self._is_first(url) and visit.follows_links:
                    visit.complete = False  # what it leads to tells whether it is a page
                    self._follow(url, page.data)
                return
            changed = self._put(url, page, answer)
        else:
            raise NotRead(f"HTTP {answer.status}")
        self._count(url, changed)

    def _put(self, url: str, page: Page, answer: Answer) -> bool:
        return self._mirror.put(
            url,
            page.data,
            name=file_name(url, page.suffix),
            marks={name: answer.headers[name] for name in ("etag", "last-modified") if name in answer.headers},
            modified_at=answer.modified_at,
        )

    def _count(self, url: str, changed: bool) -> None:
        visit = self._visit
        visit.fetched += changed
        visit.unchanged += not changed
        visit.present.add(url)
        if visit.follows_links:
            self._follow(url, self._held(url) or b"")

    def _held(self, url: str) -> bytes | None:
        path = self._mirror.path(url)
        return path.read_bytes() if path is not None and path.suffix == ".html" else None

    def _is_stand_in(self, url: str, page: Page) -> bool:
        held = self._held(url)
        is_new_site = held is None and self._is_first(url)  # many show their first page for what they do not have
        return not is_new_site and self._stand_ins.has(page.data, url, held=held)

    def _is_first(self, url: str) -> bool:
        return url in (self._start, f"{origin(self._start)}/")

    def _no_such_page(self) -> bytes | None:
        """Return what the site shows for an address that it cannot have; None where it says that there is none."""
        url = self._allow.below(self._start) + NO_SUCH_PAGE
        try:
            if not self._robots.may_fetch(url):
                return None
            answer = self._visitor.get(url, limit_bytes=self._feed.megabytes * MEGABYTE, wanted=partial(is_wanted, url))
            return readable(url, answer).data if answer.status == 200 else None
        except (NoAnswer, NotRead, TooLarge):
            return None

    def _settle_stand_ins(self) -> None:
        """Take a few for pages that are gone, many for a site that shows none now, whose pages stay.

        The first page is never gone: many sites show it for what they do not have, under a new title too. Where links
        are followed, it has to lead to half of what is held.
        """
        visit = self._visit
        first = {url for url in visit.stand_ins if self._is_first(url)}
        others = [url for url in visit.stand_ins if url not in first]
        had = visit.fetched + visit.unchanged
        leads_on = not (first and visit.follows_links) or 2 * had >= len(self._mirror.items.keys() - first)
        is_up = leads_on and (len(others) < had or not (others or visit.failed))
        for url in first if is_up else ():
            self._count(url, self._put(url, *visit.stand_ins[url]))
        if others and is_up and len(others) <= HANDFUL:
            visit.gone.update(others)
            visit.warnings.append(f"Gone, since they show what the site shows for no page: {', '.join(others)}.")
            return
        for url in others if is_up else (*first, *others):
            self._stays([url], "the site shows the same for pages that it does not have, as while it is worked on")

    def _follow(self, url: str, data: bytes) -> None:
        for link in links(data, url):
            if looks_readable(link):
                self._queue(link)

    # What is gone ---------------------------------------------------------------------------------------------------

    def _drop_what_is_gone(self) -> int:
        """Forget pages that are gone, that the owner's list covers no more, and, when it is whole, that none lists."""
        visit = self._visit
        missed = [
            url for url in self._mirror.items if url in visit.gone or (visit.complete and url not in visit.present)
        ]
        kept = self._kept_for_now({url for url in missed if self._allow.covers(url) and url not in visit.replaced})
        doomed = [url for url in self._mirror.items if not self._allow.covers(url)]
        doomed = list(dict.fromkeys(doomed + [url for url in missed if url not in kept]))
        for url in doomed:
            self._mirror.drop(url)
        if visit.complete:
            self._mirror.sweep(all_read=not visit.failed)
        self._mirror.facts[LEFT_OUT] = json.dumps(visit.left_out)
        self._note_repeated(is_changed=bool(doomed or visit.fetched))
        self._mirror.save()
        return len(doomed)

    def _note_repeated(self, *, is_changed: bool) -> None:
        """Note what nearly all pages have, for the ingest to read it on one of them."""
        if is_changed or REPEATED not in self._mirror.facts:
            html = {item.file: url for url, item in self._mirror.items.items() if item.file.endswith(".html")}
            found = repeated.find(sorted(html, key=repeated.depth), lambda file: self._held(html[file]))
            self._mirror.facts[REPEATED] = json.dumps(found, sort_keys=True)

    def _kept_for_now(self, missed: set[str]) -> set[str]:
        """Return which of the pages missed stay until the next sync misses them too: those of a half that goes."""
        before = set(self._mirror.facts.pop(MISSED, "").split("\n"))
        kept = missed - before
        if len(missed) <= HANDFUL or len(missed) * 2 <= len(self._mirror.items) or not kept:
            return set()
        self._mirror.facts[MISSED] = "\n".join(sorted(missed))
        self._visit.warnings.append(
            f"{len(missed)} of {len(self._mirror.items)} pages are gone or listed no more. "
            f"{counted(len(kept), 'of them stays', 'of them stay')} for now; if that is right, run again: "
            f"frontdesk sync {self._feed.name}"
        )
        return kept

    def _unavailable(self, fault: str) -> FeedUnavailable:
        name = self._feed.name
        return FeedUnavailable(
            f"Feed {name}: {fault}. Nothing of it was removed. Next: open {self._feed.url} in a browser; when it is up "
            f"again, or the feed in frontdesk.toml is mended: frontdesk sync {name} (frontdesk sync --forget {name} "
            "removes what came from it)"
        )
