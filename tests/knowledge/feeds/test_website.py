import gzip
import json
import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from knowledge.errors import FeedUnavailable
from tests.knowledge.feeds.conftest import Clock, Site, Visits


def fill(site: Site) -> None:
    """A small shop: two help pages in the sitemap, and one page that is not ours to read."""
    site.page("/help/returns", "Thirty days")
    site.page("/help/shipping.html", "Four days")
    site.page("/admin/", "Secret")
    site.sitemap("/help/returns", "/help/shipping.html", "/admin/")


# Politeness ---------------------------------------------------------------------------------------------------------


def test_exactly_the_allowed_pages_are_asked_for_one_after_the_other(site: Site, visit: Visits, clock: Clock) -> None:
    fill(site)
    result = visit()
    assert site.take_asked() == ["/robots.txt", "/sitemap.xml", "/help/returns", "/help/shipping.html"]
    assert (result.fetched, result.unchanged, result.removed, result.failed) == (2, 0, 0, ())
    assert set(visit.held()) == {"help/returns.html", "help/shipping.html"}
    assert clock.slept == [1.0] * 4, "a page that no site has is asked for too"
    assert site.most_open == 1
    assert {headers["User-Agent"] for headers in site.headers} == {"Frontdesk/1 (+help@shop.example)"}


def test_the_second_sync_asks_only_whether_pages_changed(site: Site, visit: Visits) -> None:
    fill(site)
    visit()
    site.page("/help/returns", "Sixty days")
    result = visit()
    assert (result.fetched, result.unchanged, result.removed) == (1, 1, 0)
    assert site.not_modified == 1
    assert "Sixty days" in visit.held()["help/returns.html"]


def test_a_page_without_marks_is_compared_by_its_content(site: Site, visit: Visits) -> None:
    fill(site)
    del site.pages["/help/returns"][1]["ETag"]
    visit()
    assert visit().unchanged == 2


def test_robots_txt_is_obeyed_its_delay_too(site: Site, visit: Visits, clock: Clock) -> None:
    fill(site)
    site.put(
        "/robots.txt",
        "User-agent: *\nDisallow: /\n\nUser-agent: frontdesk\nCrawl-delay: 7\nDisallow: /help/*.html$\nAllow: /",
        "text/plain",
    )
    result = visit()
    assert site.take_asked() == ["/robots.txt", "/sitemap.xml", "/help/returns"]
    assert clock.slept == [7.0] * 3
    assert [item.path for item in result.failed] == [site.url + "/help/shipping.html"]
    assert "robots.txt" in result.failed[0].error


@pytest.mark.parametrize("status", [501, 503, 521])
def test_a_site_whose_robots_txt_fails_is_left_alone(site: Site, visit: Visits, status: int) -> None:
    fill(site)
    site.status("/robots.txt", status)
    with pytest.raises(FeedUnavailable, match=f"{status}"):
        visit()
    assert set(site.take_asked()) == {"/robots.txt"}


def test_a_busy_server_is_asked_again_when_it_says(site: Site, visit: Visits, clock: Clock) -> None:
    fill(site)
    busy = [503, 429]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if not busy:
            del site.special["/help/returns"]
        handler.send_response(busy.pop(0) if busy else 503)
        handler.send_header("Retry-After", "30")
        handler.end_headers()
        if not busy:
            del site.special["/help/returns"]

    site.special["/help/returns"] = answer
    assert visit().fetched == 2
    assert site.take_asked().count("/help/returns") == 3
    assert clock.slept.count(30.0) == 2


def test_a_server_that_asks_for_an_hour_is_left_alone_and_its_pages_stay(site: Site, visit: Visits) -> None:
    fill(site)
    visit()
    site.take_asked()
    site.status("/help/shipping.html", 429, Retry_After="3600")
    result = visit()
    assert site.take_asked() == ["/robots.txt", "/sitemap.xml", "/help/returns", "/help/shipping.html"]
    assert (result.removed, result.unchanged) == (0, 1)
    assert "3600 s" in result.failed[0].error
    assert "stopped answering" in result.warning
    site.status("/help/returns", 503, Retry_After="Fri, 01 Jan 2100 00:00:00 GMT")
    with pytest.raises(FeedUnavailable, match="come back in"):
        visit()
    assert len(visit.held()) == 2


# Where it goes, and where not ---------------------------------------------------------------------------------------


def test_redirects_are_followed_within_what_is_allowed_only(site: Site, other_site: Site, visit: Visits) -> None:
    fill(site)
    other_site.page("/help/evil", "Evil")
    site.sitemap("/help/old", "/help/away", "/help/up", "/help/round")
    site.status("/help/old", 301, Location="/help/returns")
    site.status("/help/away", 302, Location=other_site.url + "/help/evil")
    site.status("/help/up", 302, Location="/help/../admin/")
    site.status("/help/round", 302, Location="/help/round")
    result = visit()
    assert site.take_asked()[2:] == ["/help/old", "/help/returns", "/help/away", "/help/up", "/help/round"]
    assert other_site.asked == []
    assert set(visit.held()) == {"help/returns.html"}
    assert [item.path.rpartition("/")[2] for item in result.failed] == ["away", "up", "round"]


def test_a_page_that_moved_within_the_site_is_held_once(site: Site, visit: Visits) -> None:
    fill(site)
    visit()
    site.page("/help/new", "Thirty days")
    site.status("/help/returns", 301, Location="/help/new")
    result = visit()
    assert (result.fetched, result.removed) == (1, 1)
    assert set(visit.held()) == {"help/new.html", "help/shipping.html"}


def test_a_page_that_moved_to_where_it_cannot_be_had_yet_stays(site: Site, visit: Visits) -> None:
    fill(site)
    visit()
    site.status("/help/returns", 301, Location="/help/new")
    site.status("/help/new", 503)
    assert visit().removed == 0
    assert set(visit.held()) == {"help/returns.html", "help/shipping.html"}


def test_without_a_sitemap_links_are_followed_within_what_is_allowed(
    site: Site, other_site: Site, visit: Visits
) -> None:
    links = (
        f'<a href="a.html#top">a</a><a href="/help/b/?utm_source=x">b</a><a href="{other_site.url}/help/x">x</a>'
        '<a href="../admin/">up</a><a href="photo.jpg">p</a><a href="private" rel="nofollow">n</a>'
        '<a href="mailto:a@b.example">m</a><a href="//127.0.0.1:1/help/">y</a><a href="a.html">a again</a>'
    )
    site.page("/help/", "Start", links)
    site.page("/help/a.html", "Page A", '<base href="/help/deep/"><a href="c">c</a>')
    site.page("/help/b/", "Page B")
    site.page("/help/deep/c", "Page C")
    site.page("/help/private", "Private")
    result = visit("/help/")
    assert site.take_asked() == [
        "/robots.txt", "/sitemap.xml", "/help/", "/help/a.html", "/help/b/", "/help/deep/c",
    ]  # fmt: skip
    assert other_site.asked == []
    assert set(visit.held()) == {"help/index.html", "help/a.html", "help/b/index.html", "help/deep/c.html"}
    assert result.failed == ()
    # Unchanged pages are not sent again, and their links are still followed.
    site.page("/help/", "Start", '<a href="a.html">a</a>')
    result = visit("/help/")
    assert (result.fetched, result.unchanged, result.removed) == (1, 2, 1)
    assert set(visit.held()) == {"help/index.html", "help/a.html", "help/deep/c.html"}


def test_pages_that_robots_txt_keeps_are_passed_over_where_links_are_followed(site: Site, visit: Visits) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /help/cart", "text/plain")
    site.page("/help/", "Start", '<a href="cart">c</a><a href="a">a</a>')
    site.page("/help/a", "Page A")
    result = visit("/help/")
    assert (result.fetched, result.failed) == (2, ())
    assert "/help/cart" not in site.take_asked()


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_first_page_that_fails_removes_nothing(site: Site, visit: Visits, status: int) -> None:
    site.page("/help/", "Start", '<a href="a">a</a>')
    site.page("/help/a", "Page A")
    visit("/help/")
    site.status("/help/", status)
    with pytest.raises(FeedUnavailable, match=r"no page could be had"):
        visit("/help/")
    assert len(visit.held()) == 2


def test_sitemaps_named_by_robots_txt_are_read_and_those_that_they_name(
    site: Site, other_site: Site, visit: Visits
) -> None:
    fill(site)
    site.put("/robots.txt", f"Sitemap: {site.url}/maps/index.xml", "text/plain")
    index = "".join(
        f"<sitemap><loc>{url}</loc></sitemap>"
        for url in (f"{site.url}/maps/a.xml.gz", f"{other_site.url}/b.xml", f"{site.url}/maps/index.xml")
    )
    site.put("/maps/index.xml", f"<sitemapindex>{index}</sitemapindex>", "application/xml")
    packed = gzip.compress(site.pages["/sitemap.xml"][0])
    site.put("/maps/a.xml.gz", packed, "application/gzip")
    result = visit("/")
    assert site.take_asked()[:3] == ["/robots.txt", "/maps/index.xml", "/maps/a.xml.gz"]
    assert other_site.asked == []
    assert result.fetched == 2
    assert [item.path for item in result.failed] == [f"{other_site.url}/b.xml"]


def test_no_more_pages_than_wanted_are_asked_for(site: Site, visit: Visits) -> None:
    paths = [f"/help/{number}" for number in range(5)]
    for path in paths:
        site.page(path, path)
    site.sitemap(*paths)
    result = visit(pages=2)
    assert site.take_asked()[2:] == ["/help/0", "/help/1"]
    assert "more than 2 pages" in result.warning


# What is gone, and what only seems so -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_removed(site: Site, visit: Visits, status: int) -> None:
    fill(site)
    visit()
    site.status("/help/returns", status)
    result = visit()
    assert (result.removed, result.failed) == (1, ())
    assert set(visit.held()) == {"help/shipping.html"}


def test_a_page_that_is_listed_no_more_is_removed_unasked(site: Site, visit: Visits) -> None:
    fill(site)
    visit()
    site.take_asked()
    site.sitemap("/help/returns")
    assert visit().removed == 1
    assert site.take_asked() == ["/robots.txt", "/sitemap.xml", "/help/returns"]


def test_what_the_owner_allows_no_more_is_removed(site: Site, visit: Visits) -> None:
    fill(site)
    visit()
    assert visit(allow=(site.url + "/help/returns",)).removed == 1
    assert set(visit.held()) == {"help/returns.html"}


@pytest.mark.parametrize("status", [500, 503, 403, 418])
def test_a_page_that_fails_stays_and_is_told(site: Site, visit: Visits, status: int) -> None:
    fill(site)
    visit()
    site.status("/help/returns", status)
    result = visit()
    assert (result.removed, result.unchanged) == (0, 1)
    assert str(status) in result.failed[0].error
    assert len(visit.held()) == 2


@pytest.mark.parametrize(
    "sitemap",
    [
        b"",
        b"<urlset></urlset>",
        b"<urlset><url><loc>http://elsewhere.example/</loc></url></urlset>",
        b"<html><body>We are down for maintenance</body></html>",
        b"<urlset><url><loc>http://127",
    ],
)
def test_an_empty_or_broken_sitemap_removes_nothing(site: Site, visit: Visits, sitemap: bytes) -> None:
    fill(site)
    visit()
    site.put("/sitemap.xml", sitemap, "application/xml")
    for path in ("/sitemap.xml", "/"):
        with pytest.raises(FeedUnavailable, match=r"Nothing of it was removed. Next: .* frontdesk sync shop"):
            visit(path)
    assert len(visit.held()) == 2


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_sitemap_that_fails_removes_nothing(site: Site, visit: Visits, status: int) -> None:
    fill(site)
    visit()
    site.status("/sitemap.xml", status)
    with pytest.raises(FeedUnavailable, match=f"{status}"):
        visit()
    assert len(visit.held()) == 2


def test_a_site_that_does_not_answer_removes_nothing(visit: Visits, site: Site) -> None:
    fill(site)
    visit()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(FeedUnavailable, match="no answer from"):
        visit(url=nobody + "/sitemap.xml")
    assert len(visit.held()) == 2


def test_a_site_that_goes_down_meanwhile_is_left_alone(site: Site, visit: Visits) -> None:
    paths = [f"/help/{number}" for number in range(9)]
    for path in paths:
        site.page(path, path)
    site.sitemap(*paths)
    visit()
    site.take_asked()
    for path in paths[1:]:
        site.status(path, 503)
    result = visit()
    assert [path for path in dict.fromkeys(site.take_asked()) if path in paths] == paths[:6]
    assert (result.removed, result.unchanged, len(result.failed)) == (0, 1, 5)
    assert "not asked for: 3" in result.warning
    assert len(visit.held()) == 9


def test_one_broken_sitemap_of_two_removes_nothing(site: Site, visit: Visits) -> None:
    fill(site)
    site.put("/robots.txt", f"Sitemap: {site.url}/sitemap.xml\nSitemap: {site.url}/two.xml", "text/plain")
    site.page("/help/more", "More")
    site.sitemap("/help/more", name="/two.xml")
    assert visit("/").fetched == 3
    site.put("/two.xml", "<urlset", "application/xml")
    result = visit("/")
    assert (result.removed, result.unchanged) == (0, 2)
    assert len(visit.held()) == 3


# What is known of a page -------------------------------------------------------------------------------------------


def test_what_is_known_names_the_address_of_every_page(site: Site, visit: Visits, tmp_path: Path) -> None:
    fill(site)
    site.pages["/help/returns"][1]["Last-Modified"] = "Sun, 01 Mar 2026 10:00:00 GMT"
    visit()
    state = json.loads((tmp_path / "mirror" / ".feed.json").read_text())
    files = {url: item["file"] for url, item in state["items"].items()}
    host = site.url.removeprefix("http://").replace(":", "_")
    assert files == {
        f"{site.url}/help/returns": f"{host}/help/returns.html",
        f"{site.url}/help/shipping.html": f"{host}/help/shipping.html",
    }
    assert (tmp_path / "mirror" / host / "help/returns.html").stat().st_mtime == 1772359200


def test_a_sync_that_is_cut_off_goes_on_where_it_was(site: Site, visit: Visits) -> None:
    paths = [f"/help/{number}" for number in range(6)]
    for path in paths:
        site.page(path, path)
    site.sitemap(*paths)

    def cut_off(_name: str, done: int, _all: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    visit.progress = cut_off
    with pytest.raises(KeyboardInterrupt):
        visit()
    visit.progress = None
    result = visit()
    assert (result.fetched, result.unchanged, result.removed) == (2, 4, 0)
    assert site.not_modified == 4


def test_a_crash_before_anything_was_noted_costs_a_second_look_and_no_page(site: Site, visit: Visits) -> None:
    fill(site)
    visit()
    (visit.folder / ".feed.json").unlink()
    site.status("/help/returns", 503)
    result = visit()
    assert (result.fetched, result.removed) == (1, 0)
    assert len(visit.held()) == 2
    assert visit().removed == 0
    assert len(visit.held()) == 2
    del site.special["/help/returns"]
    (visit.folder / "stray.md").write_text("x")
    assert visit().fetched == 1
    assert not (visit.folder / "stray.md").exists()
    assert set(visit.held()) == {"help/returns.html", "help/shipping.html"}
