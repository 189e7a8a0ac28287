from dataclasses import replace

from assistant.ui.passages import MARGIN_CHARACTERS, Picture, excerpt_html, missing_html
from assistant.ui.texts import EN, ZH
from knowledge.excerpts import Excerpt
from knowledge.pages import Rectangle


def excerpt(before: str = "Before. ", quote: str = "Thirty days.", after: str = " After.") -> Excerpt:
    return Excerpt("policies/returns.pdf", "Returns", ("Returns", "Sending back"), 2, before, quote, after)


def test_the_quote_is_marked_in_its_surroundings() -> None:
    html = excerpt_html(excerpt(), EN, number=1)
    assert "Before. <mark>Thirty days.</mark> After." in html
    assert "<bdi>Sending back</bdi> <span>›</span> <bdi>page 2</bdi>" in html
    assert '<h2 id="passage-title" dir="auto" lang="en">Returns</h2>' in html
    assert "<code>policies/returns.pdf</code>" in html
    assert 'role="dialog"' in html
    assert 'data-action="close" aria-label="Close"' in html
    assert "第 2 页" in excerpt_html(excerpt(), ZH, number=1)


def test_a_passage_is_marked_with_the_language_of_its_script() -> None:
    html = excerpt_html(excerpt(before="", quote="30日以内に返品できます。", after=""), ZH, number=1)
    assert '<span lang="ja"><mark>30日以内に返品できます。</mark></span>' in html


def test_what_is_cut_off_is_shown_as_cut_off_at_a_word() -> None:
    html = excerpt_html(
        excerpt("ckage " + "b" * MARGIN_CHARACTERS, after="a " * MARGIN_CHARACTERS + "uncomple"), EN, number=1
    )
    assert "… bbb" in html
    assert "ckage" not in html
    assert "uncomple" not in html
    assert " …</span></div>" in html


def test_a_documents_text_stays_text() -> None:
    nasty = '<img src=x onerror="alert(1)"></mark>'
    page = Excerpt(nasty, nasty, (nasty,), None, nasty, nasty, nasty)
    gone = {"document": nasty, "title": nasty, "page": None, "quote": nasty}
    for html in (excerpt_html(page, EN, number=1), missing_html(gone, EN, number=1)):
        assert "<img" not in html
        assert html.count("</mark>") == 1


def test_a_copy_of_a_web_page_links_to_it() -> None:
    page = replace(excerpt(), url='https://shop.example/help?a=1&b="', anchor="sending back")
    html = excerpt_html(page, EN, number=1)
    address = "https://shop.example/help?a=1&amp;b=&quot;#sending%20back"
    assert f'<a href="{address}" target="_blank" rel="noopener noreferrer"><code>policies/returns.pdf#' in html
    for url in ("", "http://shop.example/", "javascript:alert(1)"):
        assert "<a " not in excerpt_html(replace(page, url=url), EN, number=1)


def test_page_breaks_become_line_breaks() -> None:
    assert "a\n\nb" in excerpt_html(excerpt("a\fb"), EN, number=1)


def test_a_passage_that_is_gone_is_shown_as_the_answer_quoted_it() -> None:
    html = missing_html({"document": "r.md", "title": "", "page": 4, "quote": "Thirty days."}, EN, number=2)
    assert EN.passage_gone in html
    assert '<mark lang="en">Thirty days.</mark>' in html
    assert '<h2 id="passage-title" dir="auto" lang="en">r.md</h2>' in html
    assert "page 4" in html


def test_a_page_of_the_original_is_shown_with_the_quote_marked() -> None:
    mark = Rectangle(2, 0.1, 0.25, 0.6, 0.27)
    picture = Picture("api/pages?document=a&page=2", 2, 1200, 1697, [mark])
    html = excerpt_html(excerpt(), EN, number=1, pictures=[picture])
    assert 'class="passage paged"' in html
    assert '<img src="api/pages?document=a&amp;page=2" alt="Page 2 of Returns">' in html
    assert 'style="left:10.000%;top:25.000%;width:50.000%;height:2.000%"' in html
    assert "aspect-ratio:1200/1697" in html
    assert "<summary>" in html.partition("Before. <mark>Thirty days.</mark> After.")[0]
    assert 'data-action="zoom"' in html
    assert "paged" not in excerpt_html(excerpt(), EN, number=1)


def test_a_heading_with_an_anchor_is_part_of_the_place() -> None:
    page = Excerpt("returns.html", "Returns", (), None, "", "Thirty days.", "", anchor='how"to')
    assert "<code>returns.html#how&quot;to</code>" in excerpt_html(page, EN, number=1)


def test_whole_table_rows_stand_apart_and_the_quoted_one_is_marked() -> None:
    before, after = "Prices\nLamp: <A> | Price: 1\nLamp: ", " | Price: 2\nLamp: C | Price: 3\nEnd"
    html = excerpt_html(excerpt(before, "B", after), EN, number=1)
    assert 'Prices\n<span class="row">Lamp: &lt;A&gt; | Price: 1</span>Lamp: <mark>B</mark> | Price: 2\n' in html
    assert ' | Price: 2\n<span class="row">Lamp: C | Price: 3</span>End</span></div>' in html
