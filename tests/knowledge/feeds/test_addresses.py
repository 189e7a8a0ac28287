import posixpath
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis.strategies import text

from knowledge.feeds.addresses import AllowList, canonical, file_name, whole_site


@pytest.mark.parametrize(
    ("url", "spelling"),
    [
        ("HTTPS://Shop.Example:443/help/../Help/a?utm_source=x&b=1&gclid=2#top", "https://shop.example/Help/a?b=1"),
        ("http://shop.example", "http://shop.example/"),
        ("http://shop.example:8080/a/./b/..", "http://shop.example:8080/a/"),
        ("http://shop.example/%7euser/%c3%a9 é", "http://shop.example/~user/%C3%A9%20%C3%A9"),
        ("http://shop.example/帮助", "http://shop.example/%E5%B8%AE%E5%8A%A9"),
        ("http://商店.example/", "http://xn--czrs0t.example/"),
        ("http://shop.example/100%", "http://shop.example/100%25"),
        ("http://shop.example/a;jsessionid=AF?x=a%26b", "http://shop.example/a?x=a%26b"),
        ("http://[::1]:81/a", "http://[::1]:81/a"),
        ("http://shop.example/a\nb", "http://shop.example/ab"),
    ],
)
def test_an_address_has_one_spelling(url: str, spelling: str) -> None:
    assert canonical(url) == spelling
    assert canonical(spelling) == spelling


@pytest.mark.parametrize(
    "url",
    [
        "", "ftp://shop.example/", "mailto:a@shop.example", "http://", "http://u@shop.example/", "http://a:b@c/",
        "http://shop.example\\@evil.example/", "http://shop.example:99999/", "http://sh op.example/", "http://[::1/",
        "http://shop.example/a/..%2f..%2fb", "http://shop.example/a%5c..%5cb", "http://shop.example/" + "a" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_not_fetched(url: str) -> None:
    assert canonical(url) is None


def test_relative_addresses_start_at_their_page() -> None:
    assert canonical("../b?x=1", base="http://shop.example/help/a/") == "http://shop.example/help/b?x=1"
    assert canonical("//other.example/c", base="https://shop.example/") == "https://other.example/c"


@pytest.mark.parametrize(
    ("url", "covered"),
    [
        ("https://shop.example/help", True),
        ("https://shop.example/help/", True),
        ("https://shop.example/help/a/b", True),
        ("https://shop.example/help?x=1", True),
        ("https://shop.example/helpdesk", False),
        ("https://shop.example/Help", False),
        ("https://shop.example/", False),
        ("http://shop.example/help", False),
        ("https://shop.example.net/help", False),
        ("https://shop.example:444/help", False),
        ("https://www.shop.example/help", False),
    ],
)
def test_only_what_lies_under_a_prefix_is_allowed(url: str, covered: bool) -> None:
    assert AllowList(["https://shop.example/help"]).covers(url) is covered


def test_a_host_is_no_prefix_of_another_host() -> None:
    allow = AllowList(whole_site("https://shop.example/x"))
    assert allow.covers("https://shop.example/y")
    assert allow.covers("http://shop.example/y")
    assert not allow.covers("https://shop.example.evil.example/y")
    assert AllowList(whole_site("http://127.0.0.1:81/x")).origins == ("http://127.0.0.1:81",)


@pytest.mark.parametrize(
    ("url", "suffix", "name"),
    [
        ("https://shop.example/", ".html", "shop.example/index.html"),
        ("https://shop.example/help/returns", ".html", "shop.example/help/returns.html"),
        ("https://shop.example/help/returns.htm", ".html", "shop.example/help/returns.html"),
        ("https://shop.example/a.php?id=3&lang=de", ".html", "shop.example/a.php (id=3, lang=de).html"),
        ("https://shop.example/%E5%B8%AE%E5%8A%A9/%E9%80%80", ".html", "shop.example/帮助/退.html"),
        ("https://shop.example/m.PDF", ".pdf", "shop.example/m.pdf"),
        ("https://shop.example:81/get", ".pdf", "shop.example_81/get.pdf"),
    ],
)
def test_a_page_is_called_what_a_person_would_look_for(url: str, suffix: str, name: str) -> None:
    assert file_name(url, suffix) == name


def test_long_names_are_cut_and_stay_apart() -> None:
    names = {file_name(f"https://shop.example/{'%E9%80%80' * 200}{number}", ".html") for number in (1, 2)}
    assert len(names) == 2
    assert all(len(part.encode()) <= 120 for name in names for part in name.split("/"))
    assert all(name.endswith(".html") for name in names)


@settings(max_examples=300, deadline=None)
@given(text())
def test_any_text_has_one_spelling_or_none_and_a_name_that_stays_below(path: str) -> None:
    url = canonical("http://shop.example/" + path)
    if url is not None:
        assert canonical(url) == url
        assert url.isascii()
        assert url.startswith("http://shop.example/")
        parts = file_name(url, ".html").split("/")
        assert not {"", ".", ".."} & set(parts)
        assert all(len(part.encode()) <= 120 and not part.startswith(".") for part in parts)


@settings(max_examples=300, deadline=None)
@given(text(alphabet="./%25eEfF\\ab?#"))
def test_no_path_climbs(path: str) -> None:
    url = canonical("http://shop.example/help/" + path, base="http://shop.example/")
    if url is not None and AllowList(["http://shop.example/help/"]).covers(url):
        served = unquote(url.partition("?")[0]).replace("\\", "/")
        assert posixpath.normpath(served.removeprefix("http://shop.example")).startswith("/help")
