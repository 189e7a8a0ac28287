"""A site of which most is gone at once, by accident or because it moved."""

import pytest

from knowledge.errors import FeedUnavailable
from tests.knowledge.feeds.conftest import Site, Visits


@pytest.mark.parametrize("accident", ["all are 404", "one is listed"])
def test_most_pages_at_once_go_only_when_a_second_sync_misses_them(site: Site, visit: Visits, accident: str) -> None:
    paths = [f"/help/{number}" for number in range(12)]

    def mend() -> None:
        site.special.clear()
        site.sitemap(*paths)

    def harm() -> None:
        if accident == "one is listed":
            site.sitemap(paths[0])
        for path in paths if accident == "all are 404" else ():
            site.status(path, 404)

    for path in paths:
        site.page(path, path)
    mend()
    visit()
    harm()
    result = visit()
    assert (result.removed, len(visit.held())) == (0, 12)
    assert "of 12 pages are gone or listed no more" in result.warning
    mend()
    assert (visit().warning, len(visit.held())) == ("", 12)
    harm()
    assert visit().removed == 0
    result = visit()
    assert (result.removed, result.warning) == (12 if accident == "all are 404" else 11, "")


def test_pages_that_all_moved_are_held_once(site: Site, visit: Visits) -> None:
    paths = [f"/help/{number}" for number in range(12)]
    for path in paths:
        site.page(path, path)
    site.sitemap(*paths)
    visit()
    for path in paths:
        site.page(f"{path}/new", path)
        site.status(path, 301, Location=f"{path}/new")
    result = visit()
    assert (result.removed, result.warning, len(visit.held())) == (12, "", 12)


@pytest.mark.parametrize("path", ["/help/", "/sitemap.xml"])
def test_a_site_that_moved_to_another_host_names_it(site: Site, visit: Visits, path: str) -> None:
    for asked in ("/robots.txt", "/sitemap.xml", "/help/"):
        site.status(asked, 301, Location="https://www.shop.example" + asked)
    with pytest.raises(FeedUnavailable, match=rf"points to https://www\.shop\.example{path}.*; set `url`"):
        visit(path)


def test_a_video_in_the_list_fails_once_and_again_as_another_type(site: Site, visit: Visits) -> None:
    site.page("/help/returns", "Thirty days")
    site.put("/help/film", b"\0\1", "video/mp4")
    site.sitemap("/help/returns", "/help/film")
    (failed,) = visit().failed
    assert "its type is video/mp4" in failed.error
    for _ in range(2):
        result = visit()
        assert (result.failed, result.left_out) == ((), (f"{site.url}/help/film",))
    site.put("/help/film", b"\0\1", "video/webm")
    result = visit()
    assert (len(result.failed), result.left_out) == (1, ())


def test_a_page_that_becomes_a_video_fails_while_its_old_copy_answers(site: Site, visit: Visits) -> None:
    for path in ("/help/returns", "/help/film"):
        site.page(path, path)
    site.sitemap("/help/returns", "/help/film")
    visit()
    site.put("/help/film", b"\0\1", "video/mp4")
    for _ in range(3):
        result = visit()
        assert (len(result.failed), result.left_out, len(visit.held())) == (1, (), 2)


def test_a_copy_that_is_missing_stops_nothing(site: Site, visit: Visits) -> None:
    for path in ("/help/returns", "/help/lamps"):
        site.page(path, path)
    site.sitemap("/help/returns", "/help/lamps")
    visit()
    (lost,) = visit.folder.rglob("lamps.html")
    lost.unlink()
    site.status("/help/lamps", 500)
    site.page("/help/returns", "Thirty days")
    result = visit()
    assert (result.fetched, len(result.failed)) == (1, 1)
    assert "Thirty days" in visit.held()["help/returns.html"]
    site.special.clear()
    visit()
    assert len(visit.held()) == 2


def test_a_list_that_is_none_is_named(site: Site, visit: Visits) -> None:
    site.put("/sitemap.xml", "<html><p>Maintenance</p></html>", "application/xml")
    with pytest.raises(FeedUnavailable, match=f"{site.url}/sitemap.xml: it is no sitemap"):
        visit()
