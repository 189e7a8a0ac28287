import gzip

import pytest

from knowledge.feeds.sitemap import NoSitemap, Sitemap, parse

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"https://a.example/\nhttps://a.example/b\n", Sitemap(("https://a.example/", "https://a.example/b"))),
        (b"\xef\xbb\xbfhttps://a.example/", Sitemap(("https://a.example/",))),
        (
            f'<urlset xmlns="{NAMESPACE}"><url><lastmod>2026</lastmod><loc> https://a.example/?a=1&amp;b=2 </loc></url>'
            "<url><loc/></url><!-- <url><loc>x</loc></url> --></urlset>".encode(),
            Sitemap(("https://a.example/?a=1&b=2",)),
        ),
        (
            b"<sitemapindex><sitemap><loc>https://a.example/1.xml</loc></sitemap></sitemapindex>",
            Sitemap((), ("https://a.example/1.xml",)),
        ),
        (
            b'<urlset xmlns:i="urn:i"><url><loc>https://a.example/</loc><i:image><i:loc>p.jpg</i:loc></i:image></url></urlset>',
            Sitemap(("https://a.example/",)),
        ),
    ],
)
def test_what_a_sitemap_lists(data: bytes, found: Sitemap) -> None:
    assert parse(data) == found
    assert parse(gzip.compress(data)) == found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"<rss/>",
        b"<urlset>",
        b"\x1f\x8bno",
        gzip.compress(b"<urlset/>", mtime=0)[:-9],
        b"\0" * 100,
        b"<!DOCTYPE html><html>",
    ],
)
def test_what_is_no_sitemap_is_told(data: bytes) -> None:
    with pytest.raises(NoSitemap):
        parse(data)


def test_no_more_is_read_than_the_protocol_allows() -> None:
    entries = b"".join(b"<url><loc>https://a.example/%d</loc></url>" % number for number in range(50_010))
    assert len(parse(b"<urlset>" + entries + b"</urlset>").pages) == 50_000
