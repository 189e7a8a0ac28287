"""FAQs that are folded up: what a line that is left of an accordion names, and where it ends."""

from knowledge.chunking import split
from tests.knowledge.loaders.conftest import ReadOne


def test_the_line_that_is_left_of_an_accordion_is_a_heading(read_one: ReadOne) -> None:
    """A question that stands in a FAQ's summary is asked there, not answered."""
    page = read_one(
        "a.html",
        "<h2>FAQ</h2><details><summary>Can I come early?</summary><p>Often.</p><details><summary>At 9?</summary>Yes."
        "</details></details><details><summary><h3>Is there a gym?</h3></summary>No.</details>",
    )
    assert [(block.kind, block.level, page.text[block.start : block.end]) for block in page.blocks] == [
        ("heading", 2, "FAQ"),
        ("heading", 3, "Can I come early?"),
        ("paragraph", 0, "Often."),
        ("heading", 4, "At 9?"),
        ("paragraph", 0, "Yes."),
        ("heading", 3, "Is there a gym?"),
        ("paragraph", 0, "No."),
    ]


def test_what_follows_an_accordion_stands_under_none_of_its_headings(read_one: ReadOne) -> None:
    page = read_one(
        "a.html",
        "<h2>FAQ</h2><details><summary>Rooms</summary><p><b>How big?</b></p><p>20 m².</p></details>"
        "<p>No smoking in the house.</p><details><summary>Is there a gym?</summary>No.</details>",
    )
    assert [(chunk.headings, page.text[chunk.start : chunk.end]) for chunk in split(page)] == [
        (("FAQ", "Rooms", "How big?"), "20 m²."),
        (("FAQ",), "No smoking in the house."),
        (("FAQ", "Is there a gym?"), "No."),
    ]


def test_what_an_accordion_says_in_its_line_is_no_heading(read_one: ReadOne) -> None:
    """No heading is quoted."""
    said = "From 1 May the pool is closed until 12 June. Guests may use the lake."
    page = read_one("a.html", f"<h2>News</h2><details><summary>{said}</summary><p>More soon.</p></details>")
    assert [block.kind for block in page.blocks] == ["heading", "paragraph", "paragraph"]
    assert said in page.text
