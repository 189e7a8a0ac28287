"""What a page hides until a line is pressed: answers of a FAQ, tabs. What else it hides stays unread."""

import json

import pytest

from tests.growth import grows_gently

LINE = "aria-expanded=false aria-controls=a"
HIDDEN = "style='color:red; display: none'"
TEXT = "<div id=a hidden>30 days.</div>"


@pytest.mark.parametrize(
    "page",
    [
        f"<button {LINE}>How long?</button>{TEXT}",
        "<h2><button data-bs-toggle=collapse data-bs-target='#a'>How long?</button></h2><div id=a>30 days.</div>",
        f"<div role=button {LINE}><a>How long?</a></div><div id=a aria-hidden=true><p>30 days.</div>",
        f"<div role=button {LINE}><h2>How long?</h2></div><section id=a {HIDDEN}>30 days.</section>",
        f"<button role=tab aria-controls=a>How long?</button><div id=a role=tabpanel {HIDDEN}>30 days.</div>",
        "<div role=tab><h2><a role=button data-toggle=collapse aria-controls=a>How long?</a></h2></div>" + TEXT,
        f"<div role=button {LINE}><button {LINE}>How long?</button></div>{TEXT}",
        f"<button {LINE}>How long?</button><p><button {LINE}>How long?</button></p>{TEXT}",
        "<button aria-expanded=false>How long?</button> <!-- x --><div hidden>30 days.</div>",
        "<h2><button aria-expanded=false><i></i>How long?</button></h2><div aria-hidden=true>30 days.</div>",
        "<h2><span><button aria-expanded=true>How long?</button></span></h2><div>30 days.</div>",
        "<h2><button class=accordion>How long?</button></h2><div>30 days.</div>",
    ],
)
def test_what_is_folded_up_stands_below_its_line(read_one, blocks, page):
    read = blocks(read_one("a.html", f"<h1>Help</h1>{page}<h2>Else</h2>"))
    assert [each for each in read if each[2]] == [
        ("heading", 1, "Help"),
        ("heading", 2, "How long?"),
        ("paragraph", 0, "30 days."),
        ("heading", 2, "Else"),
    ]


def test_each_tab_stands_below_its_own_name(read_one, blocks):
    tabs = "".join(
        f"<button role=tab id=t{n} aria-controls=p{n}>{name}</button>" for n, name in enumerate(("Care", "Post"))
    )
    panels = "<div id=p0 role=tabpanel>Wipe.</div><div id=p1 role=tabpanel hidden>Two days.</div>"
    page = f"<h1>Lamp</h1><div role=tablist>{tabs}</div>{panels}<p>After.</p>"
    assert [each for each in blocks(read_one("a.html", page)) if each[2]] == [
        ("heading", 1, "Lamp"),
        ("heading", 2, "Care"),
        ("paragraph", 0, "Wipe."),
        ("heading", 2, "Post"),
        ("paragraph", 0, "Two days."),
        ("paragraph", 0, "After."),
    ]


def test_what_is_folded_up_in_a_tab_is_read_within_it(read_one):
    inner = f"<button {LINE}>How long?</button>{TEXT}"
    page = f"<button role=tab aria-controls=t>Returns</button><div id=t hidden>Free.{inner}<p hidden>Note.</p></div>"
    assert read_one("a.html", page).text == "Returns\n\nFree.\n\nHow long?\n\n30 days."


def test_a_heading_far_above_does_not_name_the_part(read_one, blocks):
    lines = "".join(f"<h2><button aria-expanded=false aria-controls={n}>{n}?</button></h2><p>x</p>" for n in "ab")
    read = blocks(read_one("a.html", f"<h1>A</h1>{lines}<div id=a hidden>30 days.</div><div id=b hidden>You.</div>"))
    assert [(kind, level, text) for kind, level, text in read if text != "x"] == [
        ("heading", 1, "A"),
        ("heading", 2, "b?"),
        ("heading", 3, "a?"),
        ("paragraph", 0, "30 days."),
        ("heading", 3, ""),
        ("paragraph", 0, "You."),
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<p>Helpful?</p><div hidden>Thanks!</div>",
        f"<h2>How long?</h2><div {HIDDEN}>Error 12</div>",
        f"<button>How long?</button><div {HIDDEN}>30 days.</div>",
        "<button class=accordion>How long?</button><div hidden class=panel>30 days.</div>",
        f"<button aria-controls=a>How long?</button>{TEXT}",
        "<button role=tab>How long?</button><div hidden>30 days.</div>",
        "<button aria-expanded=false>Menu</button><div hidden><a href=/x>Lamps</a></div>",
        "<h2>How long? <button aria-expanded=false>More</button></h2><p hidden>So.</p>",
        f"<button data-toggle=modal aria-expanded=false data-target='#a'>Cookies</button>{TEXT}",
        f"<button aria-haspopup=true {LINE}>English</button><div id=a hidden>Deutsch</div>",
        f"<button hidden {LINE}>How?</button>{TEXT}",
        f"<div hidden><button {LINE}>How?</button></div>{TEXT}",
        f"<div hidden><button {LINE}>How?</button>{TEXT}</div>",
        f"<div class=sidebar><a href=/x>Lamps</a><button {LINE}>More</button></div>{TEXT}",
        f"<div class=cookie-banner>We use cookies.<button {LINE}>Details</button></div>{TEXT}",
        f"<nav><button {LINE}>Shop</button></nav>{TEXT}",
        f"<button {LINE}>Shop</button><nav id=a hidden>Lamps</nav>",
        f"<button {LINE}>Menu</button><div id=a role=navigation hidden>Lamps</div>",
        f"<button {LINE}>Menu</button><div id=a hidden><a href=/x>Lamps</a> <a href=/y>Fans</a></div>",
        f"<button {LINE}>Filter</button><div id=a hidden>Colour <label><input type=checkbox>red</label></div>",
        *(
            f"<button {LINE}>Pay</button><div id=a hidden {kind}>Declined.</div>"
            for kind in (
                "role=alert",
                "role=alertdialog",
                "role=dialog",
                "role=status",
                "role=log",
                "role=tooltip",
                "aria-live=polite",
                "class='modal fade'",
                "class=toast",
                "class=cookieBox",
                "class=consent",
                "style='text-decoration: line-through; display:none'",
            )
        ),
        f"<button {LINE}>Pay</button><div role=status><div id=a hidden>Declined.</div></div>",
        f"<button {LINE} class=cookie-settings>Set</button>{TEXT}",
        f"<button {LINE}>Red</button><button {LINE}>Blue</button>{TEXT}",
        f"{TEXT}<button {LINE}>More</button>",
        f"<div id=a hidden>30 days. <button {LINE}>Less</button></div>",
        "<button aria-expanded=false aria-controls=gone>How?</button><p hidden>So.</p>",
        "<button aria-expanded=false aria-controls='a b'>How?</button><p id=a hidden>So.</p>",
        f"<button {LINE}>Tax</button><span id=a hidden>19% VAT</span>",
        f"<button {LINE}>Tax</button><main id=a hidden>19% VAT</main>",
        f"<table><tr><td><button {LINE}>+</button></td></tr><tr id=a hidden><td>agents</td></tr></table>",
    ],
)
def test_what_else_is_hidden_stays_unread(read_one, page):
    unfolded = read_one("a.html", f"<p>Text.</p>{page}").text
    for shown in ("Helpful?", "How long?", "We use cookies."):
        unfolded = unfolded.replace(shown, "")
    assert unfolded.strip() == "Text."


@pytest.mark.parametrize("name", ["span", "main", "td"])
def test_what_is_shown_and_cannot_be_folded_up_is_read_where_it_stands(read_one, name):
    shown = f"<{name} id=a>9 €</{name}>"
    part = f"<table><tr><th>Plan<th>Price</tr><tr><td>Pro {shown}</tr></table>" if name == "td" else shown
    text = read_one("a.html", f"<button {LINE}>Details</button>{part}").text
    assert text == ("Plan: Pro | Price: 9 €" if name == "td" else "9 €")


def test_a_line_that_holds_its_part_loses_nothing(read_one):
    assert read_one("a.html", f"<div role=button {LINE}>How? <p id=a>So.</p></div>").text == "How?\n\nSo."


@pytest.mark.parametrize("line", ["Cancel {} by mail.", "<p><b>Cancel</b> {} <b>by mail.</b></p>"])
def test_a_line_in_a_sentence_stays_there(read_one, line):
    page = line.format(f"<span role=button {LINE}>any time</span>")
    assert read_one("a.html", f"{page}<div id=a hidden>At the month end.</div>").text == "Cancel any time by mail."


def test_what_is_shown_of_a_menu_stays(read_one):
    page = f"<div role=button {LINE}>Lamps</div><div id=a role=navigation hidden>Aurora</div>"
    assert read_one("a.html", page).text == "Lamps"


def test_a_heading_in_a_line_stays_one(read_one, blocks):
    page = f"<div role=button {LINE}><h4>We deliver.</h4></div>{TEXT}"
    assert blocks(read_one("a.html", page)) == [("heading", 4, "We deliver."), ("paragraph", 0, "30 days.")]


def test_a_line_beside_a_heading_is_no_part_of_it(read_one):
    page = f"<h2>Delivery <button {LINE}>Details</button></h2>{TEXT}"
    assert read_one("a.html", page).text == "Delivery\n\nDetails\n\n30 days."


@pytest.mark.parametrize("around", ["table><tr><td", "form", "header", "dialog open"])
def test_what_is_folded_up_in_no_text_of_the_page_stays_unread(read_one, around):
    page = f"<{around}>{'Order by phone. ' * 20}<button {LINE}>Details</button>{TEXT}</{around.split('>')[0]}>"
    assert "30 days." not in read_one("a.html", f"<p>Text.</p>{page}").text


def test_lists_that_are_folded_up_stay_lists(read_one, blocks):
    read = blocks(read_one("a.html", f"<button {LINE}>How?</button><ol id=a hidden><li>Pack<li>Send</ol>"))
    assert read[:3] == [("heading", 1, "How?"), ("item", 1, "1. Pack"), ("item", 1, "2. Send")]


def test_what_programs_are_told_too_is_read_once(read_one):
    answer = {"@type": "Answer", "text": "30 days."}
    told = {"@type": "FAQPage", "mainEntity": [{"@type": "Question", "name": "How long?", "acceptedAnswer": answer}]}
    script = f"<script type='application/ld+json'>{json.dumps(told)}</script>"
    assert read_one("a.html", f"{script}<button {LINE}>How long?</button>{TEXT}").text == "How long?\n\n30 days."


@pytest.mark.parametrize("part", ["<div><h1>Returns</h1><p>Five days.</p></div>", "<p>Returns</p><p>Five days.</p>"])
def test_what_is_shown_beside_a_button_is_none_of_its(read_one, blocks, part):
    read = blocks(read_one("a.html", f"<button aria-expanded=false>Menu</button>{part}"))
    assert [text for _, _, text in read] == ["Returns", "Five days."]


@pytest.mark.parametrize("around", ["div", "h2", "div><div"])
def test_many_lines_without_parts_take_no_time(read_one, around):
    def page(part: str) -> str:
        line = "<i></i><button aria-expanded=true>Is it?</button>"
        return f"<{around}>{line * part.count('x')}<p>Yes.</p>"

    assert grows_gently(lambda part: read_one("a.html", page(part)), "x", 1_600)


@pytest.mark.parametrize("around", ["div", "div class=has-sidebar", "div class=toc-page"])
def test_many_lines_take_no_time(read_one, around):
    def page(part: str) -> str:
        numbered = (
            f"<button aria-expanded=false aria-controls=a{at}>Is it?</button><div id=a{at} hidden>Yes.</div>"
            for at in range(part.count("x"))
        )
        return f"<{around}>{''.join(numbered)}</div>"

    assert grows_gently(lambda part: read_one("a.html", page(part)), "x", 1_600)
