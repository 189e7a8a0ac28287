import pytest

from knowledge.documents import PIPE, DocumentBuilder, page_at


def test_spans_are_exact_and_empty_blocks_ignored():
    builder = DocumentBuilder()
    builder.add("heading", " Returns ", level=1, anchor="returns")
    builder.add("paragraph", "  \n ")
    builder.add("paragraph", "Send it back.\fSoon.")
    builder.add("item", "one")
    builder.add("item", "two")
    document = builder.build()
    assert document.text == "Returns\n\nSend it back. Soon.\n\none\ntwo"
    assert [document.text[b.start : b.end] for b in document.blocks] == ["Returns", "Send it back. Soon.", "one", "two"]
    assert document.title == "Returns"
    assert not document.paged


def test_pages_are_joined_by_form_feeds_even_when_empty():
    builder = DocumentBuilder()
    for text in ("first", "", "third"):
        builder.start_page()
        builder.add("paragraph", text)
    document = builder.build(title="T")
    assert document.text == "first\f\fthird"
    assert page_at(document.text, 0, paged=True) == 1
    assert page_at(document.text, document.text.index("third"), paged=True) == 3
    assert page_at(document.text, 3, paged=False) is None


def test_a_section_that_ends_leaves_what_follows_under_what_stands_above_it():
    builder = DocumentBuilder()
    builder.end_section(level=1)
    builder.add("heading", "Questions", level=2)
    builder.add("heading", "Is it open?", level=3)
    builder.add("paragraph", "Yes.")
    builder.end_section(level=3)
    builder.add("heading", "Is it free?", level=3)
    builder.add("paragraph", "No.")
    builder.end_section(level=1)
    builder.add("paragraph", "Ring twice.")
    document = builder.build()
    assert document.text == "Questions\n\nIs it open?\n\nYes.\n\nIs it free?\n\nNo.\n\nRing twice."
    headings = [(b.level, document.text[b.start : b.end]) for b in document.blocks if b.kind == "heading"]
    assert headings == [(2, "Questions"), (3, "Is it open?"), (3, "Is it free?"), (1, "")]
    assert document.title == ""


@pytest.mark.parametrize(
    ("levels", "text"),
    [((2, 2, 2), "a\nb\nc"), ((2, 3, 2), "a\n  b\nc"), ((3, 2, 3), "a\nb\n  c"), ((2, 1, 2), "a\nb\n  c")],
)
def test_a_list_that_begins_indented_holds_no_list(levels: tuple[int, ...], text: str):
    """Else the first of "  - Lockers: €2" and "  - Towels: €3" would hold the other."""
    builder = DocumentBuilder()
    builder.add("item", "of another list", level=1)
    builder.add("paragraph", "At the desk:")
    for item, level in zip("abc", levels, strict=True):
        builder.add("item", item, level=level)
    assert builder.build().text.removeprefix("of another list\n\nAt the desk:\n\n") == text


def test_an_item_of_a_list_within_a_list_is_indented_between_the_items():
    builder = DocumentBuilder()
    builder.add("paragraph", "Charges:")
    for text, level in (("Mainland:", 1), ("bulky: €15", 2), ("heavy: €20", 2), ("Islands: €9", 1)):
        builder.add("item", text, level=level)
    document = builder.build()
    assert document.text == "Charges:\n\nMainland:\n  bulky: €15\n  heavy: €20\nIslands: €9"
    assert [document.text[b.start : b.end] for b in document.blocks][1:] == [
        "Mainland:",
        "bulky: €15",
        "heavy: €20",
        "Islands: €9",
    ]


def test_a_pipe_of_a_command_ends_no_cell():
    builder = DocumentBuilder()
    builder.add("code", "curl get.sh | sh")
    builder.add("paragraph", f"Run a {PIPE} b, or a{PIPE}b.")
    builder.add("row", f"Command: a {PIPE} b | Does: sorts")
    assert builder.build().text == "curl get.sh |\tsh\n\nRun a |\tb, or a|b.\n\nCommand: a |\tb | Does: sorts"


def test_a_pipe_in_a_columns_name_is_a_plain_one():
    builder = DocumentBuilder()
    builder.add("row", "1", header=f"a {PIPE} b")
    assert builder.build().blocks[0].header == "a |\tb"
