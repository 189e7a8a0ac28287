"""Sites that show something else in place of pages, and say that all is well."""

import itertools
from http.server import BaseHTTPRequestHandler

import pytest

from knowledge.errors import FeedUnavailable
from knowledge.feeds.stand_ins import NO_SUCH_PAGE
from tests.knowledge.feeds.conftest import Site, Visits

PATHS = tuple(f"/help/{name}" for name in ("", "returns", "shipping", "warranty", "payment", "lamps", "contact"))
_count = itertools.count(1)


def shows(site: Site, *paths: str, title: str = "Maintenance") -> None:
    """Have the site answer these addresses, and whatever it does not have, with one page, said to be the page."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        number = next(_count)
        body = f"<title>{title}</title><p>We are back at 6:00 (request {number}, {handler.path}).</p>".encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    site.special |= dict.fromkeys((*paths, f"/help/{NO_SUCH_PAGE}"), answer)


@pytest.fixture
def site(site: Site) -> Site:
    for number, path in enumerate(PATHS):
        site.page(path, f"Page {'abcdefg'[number]} of the help")
    site.sitemap(*PATHS)
    return site


def test_a_site_that_is_worked_on_for_a_night_loses_no_page(site: Site, visit: Visits) -> None:
    visit()
    held = visit.held()
    assert len(held) == len(PATHS)
    shows(site, *PATHS)
    with pytest.raises(FeedUnavailable, match="the same for pages that it does not have"):
        visit()
    assert visit.held() == held
    site.special.clear()
    assert (visit().fetched, visit.held()) == (0, held)


def test_where_only_some_pages_answer_the_others_stay_and_are_named(site: Site, visit: Visits) -> None:
    visit()
    held = visit.held()
    shows(site, *PATHS[1:])
    result = visit()
    assert (len(result.failed), result.removed, result.unchanged) == (6, 0, 1)
    assert visit.held() == held


def test_a_page_that_is_gone_without_saying_so_goes_and_does_not_come_back(site: Site, visit: Visits) -> None:
    shows(site, "/help/returns", title="Not found")
    assert (visit().failed, "help/returns.html" in visit.held()) == ((), False)
    site.special.pop("/help/returns")
    visit()
    assert "help/returns.html" in visit.held()
    shows(site, "/help/returns", title="Not found")
    for removed in (1, 0):
        result = visit()
        assert (result.failed, result.removed, len(visit.held())) == ((), removed, len(PATHS) - 1)
        assert f"{site.url}/help/returns" in result.warning


def test_a_site_that_shows_its_first_page_for_what_it_does_not_have_keeps_it(site: Site, visit: Visits) -> None:
    shows(site, "/help/", title="Lamps")
    result = visit(path="/help/")
    assert result.failed == ()
    assert "We are back" in visit.held()["help/index.html"]


def test_pages_that_kept_their_titles_cost_no_request_more(site: Site, visit: Visits) -> None:
    visit()
    site.asked.clear()
    site.put("/help/returns", "<title>Page b of the help</title><p>Quite another text.</p>")
    visit()
    assert not [line for line in site.asked if NO_SUCH_PAGE in line]


def test_links_are_followed_from_a_first_page_that_is_shown_for_all_that_is_not_there(
    site: Site, visit: Visits
) -> None:
    site.pages.pop("/sitemap.xml")
    home = "<title>Lamps</title><p>All about lamps.</p><a href='/help/returns'>Returns</a>"
    for path in ("/help/", f"/help/{NO_SUCH_PAGE}"):
        site.put(path, home)
    for _ in range(2):
        assert visit(path="/help/").failed == ()
        assert set(visit.held()) == {"help/index.html", "help/returns.html"}


def everywhere(site: Site, home: str, *gone: str) -> None:
    """Have the site show this as its first page, and for what it does not have."""
    for path in ("/help/", f"/help/{NO_SUCH_PAGE}", *gone):
        site.put(path, home)


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_first_page_that_is_shown_for_all_that_is_not_there_may_get_another_title(
    site: Site, visit: Visits, is_listed: bool
) -> None:
    links = "".join(f"<a href='{path}'>More</a>" for path in PATHS)
    if not is_listed:
        site.pages.pop("/sitemap.xml")
    for title in ("Lamps", "Lamps and chairs", "Chairs"):
        everywhere(site, f"<title>{title}</title><p>All about {title}.</p>{links}")
        result = visit(path="/help/")
        assert (result.failed, len(visit.held())) == ((), len(PATHS))
        assert f"All about {title}." in visit.held()["help/index.html"]


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_first_page_is_not_gone_with_another_that_shows_it(site: Site, visit: Visits, is_listed: bool) -> None:
    links = "".join(f"<a href='{path}'>More</a>" for path in PATHS)
    if not is_listed:
        site.pages.pop("/sitemap.xml")
    everywhere(site, f"<title>Lamps</title><p>All about lamps.</p>{links}")
    visit(path="/help/")
    everywhere(site, f"<title>Chairs</title><p>All about chairs.</p>{links}", "/help/returns")
    for _ in range(2):
        result = visit(path="/help/")
        assert (result.failed, len(visit.held())) == ((), len(PATHS) - 1)
        assert "All about chairs." in visit.held()["help/index.html"]


@pytest.mark.parametrize("links", ["", "".join(f"<a href='{path}'>More</a>" for path in PATHS)])
def test_a_site_that_is_worked_on_loses_no_page_where_links_are_followed(site: Site, visit: Visits, links: str) -> None:
    site.pages.pop("/sitemap.xml")
    site.page("/help/", "Lamps", "".join(f"<a href='{path}'>More</a>" for path in PATHS))
    visit(path="/help/")
    held = visit.held()
    everywhere(site, f"<title>Maintenance</title><p>We are back at 6.</p>{links}", *PATHS)
    for _ in range(2):
        with pytest.raises(FeedUnavailable, match="the same for pages that it does not have"):
            visit(path="/help/")
        assert visit.held() == held


def test_what_is_shown_while_a_site_is_worked_on_may_lead_to_a_page_that_is_there(site: Site, visit: Visits) -> None:
    site.pages.pop("/sitemap.xml")
    site.page("/help/", "Lamps", "".join(f"<a href='{path}'>More</a>" for path in PATHS))
    visit(path="/help/")
    everywhere(site, "<title>Maintenance</title><p>We are back at 6.</p><a href='/help/contact'>Ask</a>")
    for _ in range(3):
        assert len(visit(path="/help/").failed) == 1
        assert (len(visit.held()), "Maintenance" in visit.held()["help/index.html"]) == (len(PATHS), False)


def test_a_site_of_one_page_may_get_another_title(site: Site, visit: Visits) -> None:
    site.pages.clear()
    for title in ("Lamps", "Chairs"):
        everywhere(site, f"<title>{title}</title><p>All about {title}.</p>")
        assert visit(path="/help/").failed == ()
        assert f"All about {title}." in visit.held()["help/index.html"]


def test_a_short_page_in_chinese_is_no_other_one(site: Site, visit: Visits) -> None:
    for path, says in (("returns", "签收后7天内可以退货"), ("warranty", "灯具保修24个月"), (NO_SUCH_PAGE, "没有找到")):
        site.put(f"/help/{path}", f"<title>帮助</title><p>{says}</p>")
    assert visit().warning == ""
    assert "签收后7天内可以退货" in visit.held()["help/returns.html"]
    assert len(visit.held()) == len(PATHS)


def test_a_page_that_tells_programs_alone_is_no_other_one(site: Site, visit: Visits) -> None:
    data = '{"@type": "FAQPage", "mainEntity": {"name": "Wi-Fi?", "acceptedAnswer": {"text": "It is free of charge."}}}'
    root = "<script>start(1)</script><div id=root></div>"
    script = f'<script type="application/ld+json">{data}</script>'
    site.put("/help/returns", f"<title>FAQ - Shop</title>{script}{root}")
    site.put(f"/help/{NO_SUCH_PAGE}", f"<title>Shop</title>{root}")
    visit()
    assert "free of charge" in visit.held()["help/returns.html"]
