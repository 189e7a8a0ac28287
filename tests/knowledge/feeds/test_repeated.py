"""What nearly all pages of a site show is read on one of them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from knowledge.feeds.repeated import find, left_out
from knowledge.loaders import LoadOptions, load

TOP = '<div class="top">Call us: 555 010 &amp; <b>ask</b><script>let a = 1</script><!-- top --></div>'
COOKIES = "<div><p>We use  cookies.</p>\n<p>They are stored for <b>12</b> months.</p></div>"
BOTTOM = "<section><h4>Office</h4><ul><li>Open 9-17</li></ul></section>"
NAMES = ("index", "returns", "shipping", "lamps", "chairs", "hours")


def page(name: str, body: str, *, lang: str = "en") -> bytes:
    return f'<!doctype html><html lang="{lang}"><title>{name}</title><body>{body}</body></html>'.encode()


def chrome(content: str) -> str:
    return f"{TOP}{COOKIES}<div><h1>{content}</h1><p>About {content}.</p></div>{BOTTOM}"


def texts(pages: Mapping[str, bytes], folder: Path) -> dict[str, str]:
    """Return what is read of each page."""
    repeated = find(tuple(pages), pages.get)
    found = {}
    for name, data in pages.items():
        file = folder / f"{name}.html"
        file.write_bytes(data)
        (document,) = load(file, options=LoadOptions(repeated=left_out(repeated, name)))
        found[name] = document.text
    return found


def test_what_all_pages_show_is_read_on_the_first_and_their_own_texts_on_each(tmp_path: Path) -> None:
    read = texts({name: page(name, chrome(name)) for name in NAMES}, tmp_path)
    for words in ("Call us: 555 010 & ask", "We use cookies.", "stored for 12 months", "Open 9-17"):
        assert [name for name, text in read.items() if words in text] == ["index"]
    assert read["returns"] == "returns\n\nAbout returns."


@pytest.mark.parametrize(
    "body",
    [
        "<main><h1>{}</h1><p>{}</p><section><p>Warranty: 5 years</p></section></main>",
        "<div><h1>{}</h1><p>{}</p><p>Warranty: 5 years</p></div>",
        "<div role=main><p>{} {}</p><div>Warranty: 5 years</div></div>",
        "<h1>{}</h1><table><tr><th>{}<td>1<tr><td>Warranty:<td>5 years</table>",
    ],
)
def test_what_belongs_to_a_page_stays_however_many_others_say_it(tmp_path: Path, body: str) -> None:
    read = texts({name: page(name, TOP + body.format(name, name)) for name in NAMES}, tmp_path)
    assert all("Warranty:" in text and "5 years" in text for text in read.values())
    assert [name for name, text in read.items() if "Call us" in text] == ["index"]


def test_a_few_pages_or_a_part_that_many_lack_are_left_as_they_are(tmp_path: Path) -> None:
    assert find(NAMES[:4], lambda name: page(name, chrome(name))) == {}
    half = {
        name: page(name, (COOKIES if number % 2 else "") + f"<div>{name}</div>") for number, name in enumerate(NAMES)
    }
    assert all("cookies" in text for text in list(texts(half, tmp_path).values())[1::2])


def test_each_language_has_parts_of_its_own(tmp_path: Path) -> None:
    pages = {name: page(name, chrome(name)) for name in NAMES}
    chinese = "<div>电话：五五五零一零</div>"
    pages |= {f"zh-{name}": page(name, chinese + f"<div><h1>{name}</h1></div>", lang="zh-CN") for name in NAMES}
    read = texts(pages, tmp_path)
    assert [name for name, text in read.items() if "Open 9-17" in text] == ["index"]
    assert [name for name, text in read.items() if "电话" in text] == ["zh-index"]


def test_pages_in_another_encoding_count_too(tmp_path: Path) -> None:
    pages = {
        name: f"<meta charset=gb2312><body><div>电话：五五五</div><div><h1>{name}</h1><p>退货</p></div>".encode(
            "gb18030"
        )
        for name in NAMES
    }
    read = texts(pages, tmp_path)
    assert [name for name, text in read.items() if "电话" in text] == ["index"]
    assert all("退货" in text for text in read.values())


@pytest.mark.parametrize(
    "bottom",
    [
        "<footer><p>{}</p></footer>",
        "<div hidden><p>{}</p></div>",
        '<div role="navigation"><section>{}</section></div>',
        '<div class="menu"><p><a href="tel:555">{}</a></p></div>',
        "<div><nav><p>{}</p></nav></div>",
    ],
)
@pytest.mark.parametrize("where", [NAMES[0], NAMES[-1]])
def test_what_is_read_on_one_page_alone_stays_there(tmp_path: Path, bottom: str, where: str) -> None:
    phone = "Call us: 555 010"
    own = {name: f"<div><p>{phone}</p></div>" if name == where else "" for name in NAMES}
    body = "{own}<div><h1>{name}</h1></div>{bottom}"
    pages = {name: page(name, body.format(own=own[name], name=name, bottom=bottom.format(phone))) for name in NAMES}
    read = texts(pages, tmp_path)
    assert [name for name, text in read.items() if phone in text] == [where]


def test_what_all_pages_read_beside_a_menu_is_left_to_one_that_reads_it(tmp_path: Path) -> None:
    top = "<header><nav>Home</nav><div>Call us: 555 010</div></header>"
    read = texts({name: page(name, f"{top}<div><h1>{name}</h1></div>") for name in NAMES}, tmp_path)
    assert [name for name, text in read.items() if "555 010" in text] == ["index"]


def test_a_page_without_its_file_is_passed_over(tmp_path: Path) -> None:
    pages = {name: page(name, chrome(name)) for name in NAMES}
    assert set(find(("gone", *NAMES), pages.get).values()) == {"index"}


@pytest.mark.parametrize("is_shown", [True, False])
def test_questions_that_all_pages_tell_programs_are_read_on_one(tmp_path: Path, is_shown: bool) -> None:
    data = {
        "@type": "FAQPage",
        "mainEntity": [{"name": "Wi-Fi?", "acceptedAnswer": {"text": "It is free of charge."}}],
    }
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    shown = "<section><h2>Wi-Fi?</h2><p>It is free of charge.</p></section>" if is_shown else ""
    read = texts({name: page(name, f"<div><h1>{name}</h1></div>{shown}{script}") for name in NAMES}, tmp_path)
    assert [name for name, text in read.items() if "free of charge" in text] == ["index"]
    assert read["index"].count("free of charge") == 1


def test_what_stands_within_a_part_that_differs_belongs_to_the_page(tmp_path: Path) -> None:
    """Five courses of one price and one of another: a repeated price is no banner."""
    body = '<div class="hero"><h1>{0}</h1></div><div class="content"><p>We teach {0}.</p><p>Price: {1} euros</p></div>'
    pages = {name: page(name, TOP + body.format(name, 89 if name == "hours" else 49)) for name in NAMES}
    read = texts(pages, tmp_path)
    assert all("Price: " in text for text in read.values())
    assert [name for name, text in read.items() if "Call us" in text] == ["index"]
