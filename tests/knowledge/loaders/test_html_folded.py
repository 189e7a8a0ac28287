"""What a page hides until a line is pressed: answers of a FAQ, tabs; menus and forms stay unread."""

import json

import pytest

from tests.growth import grows_gently

HIDDEN = "style='color:red; display: none'"


@pytest.mark.parametrize(
    "page",
    [
        "<button aria-controls=a aria-expanded=false>How long?</button><div id=a hidden>30 days.</div>",
        "<h2><button data-bs-toggle=collapse data-bs-target='#a'>How long?</button></h2><div id=a>30 days.</div>",
        "<div role=button aria-controls=a id=b><a>How long?</a></div><div id=a aria-hidden=true><p>30 days.</div>",
        f"<div><button>How long?</button></div><div {HIDDEN}>30 days.</div>",
        f"<h2>How long?</h2><div {HIDDEN}>30 days.</div>",
        "<button class=accordion>How long?</button><div class=panel>30 days.</div>",
        "<button role=tab id=t>How long?</button><div role=tabpanel aria-labelledby=t hidden>30 days.</div>",
    ],
)
def test_what_is_folded_up_stands_below_its_line(read_one, blocks, page):
    read = blocks(read_one("a.html", f"<h1>Help</h1>{page}<h2>Else</h2>"))
    assert read == [
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


def test_a_button_below_what_it_unfolds_is_no_heading(read_one):
    assert (
        read_one("a.html", "<p>A.</p><div id=m hidden>B.</div><button aria-controls=m>More</button>").text == "A.\n\nB."
    )


@pytest.mark.parametrize(
    "page",
    [
        "<button aria-controls=a>Menu</button><div id=a hidden><a href=/x>Lamps</a> <a href=/y>Fans</a></div>",
        "<button aria-controls=a>Filter</button><div id=a hidden>Colour <label><input type=checkbox>red</label></div>",
        "<button aria-controls=a aria-haspopup=true>English</button><div id=a hidden>Deutsch</div>",
        "<nav><button aria-controls=a>Shop</button></nav><nav id=a hidden>Lamps</nav>",
        "<div hidden><button aria-controls=a>How?</button><div id=a hidden>So.</div></div>",
        "<button>Add to cart</button><div hidden>It is in your cart.</div>",
        "<div><button>How?</button></div><div><button>When?</button></div>",
        "<button aria-controls=gone>How?</button><p hidden>So.</p>",
        "<h2>Lamps</h2><p hidden>So.</p>",
    ],
)
def test_menus_and_forms_stay_folded_up(read_one, page):
    assert read_one("a.html", f"<p>Text.</p>{page}").text.removesuffix("Lamps").strip() == "Text."


def test_what_programs_are_told_too_is_read_once(read_one):
    answer = {"@type": "Answer", "text": "30 days."}
    told = {"@type": "FAQPage", "mainEntity": [{"@type": "Question", "name": "How long?", "acceptedAnswer": answer}]}
    script = f"<script type='application/ld+json'>{json.dumps(told)}</script>"
    page = f"{script}<h2>How long?</h2><div {HIDDEN}>30 days.</div>"
    assert read_one("a.html", page).text == "How long?\n\n30 days."


def test_many_lines_take_no_time(read_one):
    folded = "<button>Is it?</button><div hidden>Yes.</div>"
    assert grows_gently(lambda page: read_one("a.html", page), folded, 20_000)
