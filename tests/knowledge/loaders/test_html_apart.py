"""Words that only a page's style sets apart are two words; parts of one word and code stay as they are."""

import pytest

from tests.growth import grows_gently


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("<span>Weight</span><span>2 kg</span>", "Weight 2 kg"),
        ("<span class=l>Colour</span><b>Brass</b>", "Colour Brass"),
        ("<span>Weight:</span><span>2 kg</span>", "Weight: 2 kg"),
        ("<span><i></i>Colour:</span><span><b>brass</b></span>", "Colour: brass"),
        ("<span>重量</span><span>2 千克</span>", "重量 2 千克"),
        ("<span>Returns are free.</span><span>Send it back.</span>", "Returns are free. Send it back."),
        ("<span>Größe</span><span>40</span>", "Größe 40"),
        ("<span>Weight </span><span>2 kg</span>", "Weight 2 kg"),
        ("<span>re</span><span>fund</span>", "refund"),
        ("<span>CO</span><span>2</span>", "CO2"),
        ("<span>10:</span><span>30</span>", "10:30"),
        ("<span>frontdesk</span>2", "frontdesk2"),
        ("<span>W</span>elcome", "Welcome"),
        ("<a href='/x'>Form</a><span>A4</span>", "FormA4"),
        ("<code><span>sha</span><span>256</span></code>", "sha256"),
        ("<span>service</span><span>24@shop.example</span>", "service24@shop.example"),
        ("<b>https://shop.example/page</b><b>2</b>", "https://shop.example/page2"),
        ("<span class=logo>Front</span><span>Desk</span>", "FrontDesk"),
        ("<span>重量：</span><span>2 千克</span>", "重量：2 千克"),
    ],
)
def test_words_that_touch_are_told_from_parts_of_one(read_one, line, read):
    assert read_one("a.html", f"<p>{line}</p>").text == read


def test_what_the_page_writes_as_one_word_stays_one(read_one):
    page = "<title>FrontDesk</title><p><span>Front</span><b>Desk</b> is open.</p><p><span>Weight</span><b>2 kg</b></p>"
    assert read_one("a.html", page).text == "FrontDesk is open.\n\nWeight 2 kg"


@pytest.mark.parametrize("around", ["div class=highlight", "p class='site-logo'", "pre", "div class='code hljs'"])
def test_painted_words_stay_as_they_are(read_one, around):
    page = f"<{around}><span>get</span><span>Value</span></{around.split()[0]}>"
    assert read_one("a.html", page).text == "getValue"


def test_cells_and_headings_are_read_so_too(read_one):
    line = "<span>Weight</span><span>2 kg</span>"
    page = f"<h2>{line}</h2><table><tr><th>What<th>How</tr><tr><td>Lamp<td>{line}</tr></table>"
    assert read_one("a.html", page).text == "Weight 2 kg\n\nWhat: Lamp | How: Weight 2 kg"


def test_many_words_take_no_time(read_one):
    line = "<span>Weight</span><span>2 kg</span>"
    assert grows_gently(lambda part: read_one("a.html", f"<p>{part}</p>"), line, 4_000)
