"""What a careless or hostile website may send, and that it is bounded."""

import gzip
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest

from knowledge.errors import FeedUnavailable
from knowledge.feeds.visitor import Patience
from tests.knowledge.feeds.conftest import RealTime, Site, Visits


def fill(site: Site) -> None:
    site.page("/help/returns", "Thirty days")
    site.page("/help/shipping.html", "Four days")
    site.sitemap("/help/returns", "/help/shipping.html")


def test_a_page_that_is_too_large_is_not_taken(site: Site, visit: Visits) -> None:
    fill(site)
    site.put("/help/returns", b"<p>" + b"x" * 1_000_001)
    packed = gzip.compress(b"<p>" + b"x" * 50_000_000)
    site.put("/help/shipping.html", packed, Content_Encoding="gzip")
    site.page("/help/small", "Small")
    site.sitemap("/help/returns", "/help/shipping.html", "/help/small")
    result = visit(megabytes=1)
    assert [("larger than 1 MB" in item.error) for item in result.failed] == [True, True]
    assert set(visit.held()) == {"help/small.html"}


def test_a_packed_page_is_unpacked(site: Site, visit: Visits) -> None:
    fill(site)
    data = site.pages["/help/returns"][0]
    site.put("/help/returns", gzip.compress(data), Content_Encoding="gzip")
    visit()
    assert visit.held()["help/returns.html"] == data.decode()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.mark.parametrize(
    ("first", "drop"),
    [(HEAD + b"\r\n", b"<p>a</p>"), (HEAD, b"X-More: a\r\n"), (b"", b"H")],
    ids=["body", "headers", "none"],
)
def test_a_page_that_drips_is_given_up(site: Site, visit: Visits, first: bytes, drop: bytes) -> None:
    fill(site)
    visit.patience = Patience(silence_seconds=1, answer_seconds=0.3, tries=1)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        with suppress(OSError):
            handler.wfile.write(first)
            for _ in range(200):
                handler.wfile.write(drop)
                handler.wfile.flush()
                time.sleep(0.05)

    site.special["/help/returns"] = drip
    started = time.monotonic()
    visit.options = {"pause_seconds": 0.0}
    visit.clock = RealTime()
    result = visit()
    assert time.monotonic() - started < 5
    assert result.fetched == 1
    assert "not here after 0.3 s" in result.failed[0].error


def test_a_server_that_is_silent_is_given_up(site: Site, visit: Visits) -> None:
    fill(site)
    visit.patience = Patience(silence_seconds=0.2, tries=2)
    site.special["/help/returns"] = lambda _handler: time.sleep(0.5)
    result = visit()
    assert result.fetched == 1
    assert "ReadTimeout" in result.failed[0].error
    assert site.take_asked().count("/help/returns") == 2


def test_bytes_decide_when_the_type_lies(site: Site, visit: Visits) -> None:
    pages = {
        "/help/manual": (b"%PDF-1.7\n...", "text/html"),
        "/help/fake.pdf": (b"<html>Please sign in</html>", "application/pdf"),
        "/help/zip": (b"PK\x03\x04rest", "text/html"),
        "/help/noise": (b"\x89PNG\0\0\0\0", "text/html"),
        "/help/photo": (b"\x89PNG\0\0\0\0", "image/png"),
        "/help/list.csv": (b"a,b\n1,2\n", "application/octet-stream"),
        "/help/notes.md": (b"# Notes\n", "text/plain"),
    }
    for path, (data, kind) in pages.items():
        site.put(path, data, kind)
    site.sitemap(*pages)
    result = visit()
    assert set(visit.held()) == {"help/manual.pdf", "help/list.csv", "help/notes.md"}
    assert [item.path.rpartition("/")[2] for item in result.failed] == ["fake.pdf", "zip", "noise", "photo"]


def test_an_encoding_that_only_the_server_told_is_kept(site: Site, visit: Visits) -> None:
    site.put("/help/zh", "<p>退货期限为三十天</p>".encode("gb2312"), "text/html; charset=gb2312")
    site.sitemap("/help/zh")
    visit()
    assert visit.held()["help/zh.html"].lstrip("\ufeff") == "<p>退货期限为三十天</p>"


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LOC = "<urlset><url><loc>URL?&{};</loc></url></urlset>"
ENTITIES = {
    "expanding": f'<!DOCTYPE urlset [<!ENTITY a0 "aaaaaaaaaa">{BOMB}]>' + LOC.format("a9"),
    "external": '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + LOC.format("x"),
    "parameter": '<!DOCTYPE urlset [<!ENTITY % x SYSTEM "SITE/evil.dtd"> %x;]>' + LOC.format("amp"),
    "remote": '<!DOCTYPE urlset SYSTEM "SITE/evil.dtd">' + LOC.format("amp"),
}


@pytest.mark.parametrize("kind", ENTITIES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_sitemap_with_a_document_type_is_refused(site: Site, visit: Visits, kind: str, encoding: str) -> None:
    fill(site)
    text = ENTITIES[kind].replace("URL", f"{site.url}/help/returns").replace("SITE", site.url)
    site.put("/sitemap.xml", f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding), "application/xml")
    started = time.monotonic()
    with pytest.raises(FeedUnavailable, match=r"document type|well-formed"):
        visit()
    assert time.monotonic() - started < 5
    assert site.take_asked() == ["/robots.txt", "/sitemap.xml"]


@pytest.mark.parametrize("as_encoding", [True, False])
def test_a_packed_sitemap_unpacks_to_a_bounded_size(
    site: Site, visit: Visits, monkeypatch: pytest.MonkeyPatch, as_encoding: bool
) -> None:
    monkeypatch.setattr("knowledge.feeds.sitemap.LARGEST_BYTES", 1_000_000)
    fill(site)
    bomb = gzip.compress(b"<urlset>" + b" " * 30_000_000 + b"</urlset>")
    headers = {"Content_Encoding": "gzip"} if as_encoding else {}
    site.put("/sitemap.xml", bomb, "application/xml", **headers)
    with pytest.raises(FeedUnavailable, match="larger than 1 MB"):
        visit()


@pytest.mark.parametrize(
    "url", ["data:text/html,x", "file:///etc/passwd", "javascript:1", "//[::1", "http://u:p@127.0.0.1/"]
)
def test_odd_addresses_of_a_sitemap_are_passed_over(site: Site, visit: Visits, url: str) -> None:
    fill(site)
    site.sitemap("/help/returns", "x//" + url if not url.startswith(("d", "f", "j", "/", "h")) else url)
    result = visit(allow=())
    assert (result.fetched, result.failed) == (1, ())


def test_paths_that_climb_are_not_asked_for_and_odd_names_stay_in_the_mirror(site: Site, visit: Visits) -> None:
    climbing = ["/help/%2e%2e/%2e%2e/etc/passwd", "/help/..%2F..%2Fup", "/help/a%5C..%5Cb"]
    odd = [
        "/help/.hidden",
        "/help/CON.html",
        "/help/a%2Fb",
        "/help/a:b",
        "/help/x.html/y",
        "/help/x.html",
        "/help/X.html",
    ]
    for path in [*climbing, *odd, "/etc/passwd"]:
        site.page(path, path)
    site.sitemap(*climbing, *odd)
    result = visit()
    assert site.take_asked()[2:] == odd
    assert result.failed == ()
    outside = [path for path in visit.folder.parent.rglob("*") if visit.folder not in (path, *path.parents)]
    assert outside == []
    held = {name for name in visit.held() if "~" not in name}
    assert held == {f"help/{name}.html" for name in ("_.hidden", "_CON", "a_b", "x.html_/y", "x")}
    assert len(visit.held()) == 7  # a/b and a:b, x and X are alike on some system: one of each has a mark in its name
