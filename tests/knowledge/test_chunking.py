import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import ChunkOptions, split
from knowledge.documents import Document, DocumentBuilder, page_at

SMALL = ChunkOptions(max_characters=80, max_cjk_characters=30, min_characters=10)


def build(*blocks, title=""):
    builder = DocumentBuilder()
    for kind, text, *level in blocks:
        if kind == "page":
            builder.start_page()
        else:
            builder.add(kind, text, level=level[0] if level else 0)
    return builder.build(title=title)


def texts(document, options=SMALL):
    return [document.text[chunk.start : chunk.end] for chunk in split(document, options)]


def test_headings_are_the_path_above_and_never_inside():
    document = build(
        ("heading", "Shop", 1),
        ("paragraph", "Welcome."),
        ("heading", "Returns", 2),
        ("heading", "Abroad", 3),
        ("paragraph", "Pay yourself."),
        ("heading", "Shipping", 2),
        ("paragraph", "Fast."),
    )
    assert [(chunk.headings, document.text[chunk.start : chunk.end]) for chunk in split(document, SMALL)] == [
        (("Shop",), "Welcome."),
        (("Shop", "Returns", "Abroad"), "Pay yourself."),
        (("Shop", "Shipping"), "Fast."),
    ]


def test_a_chunk_that_begins_within_a_list_has_the_indent_of_its_first_line():
    items = [("item", f"number {number} of the list within the list", 2) for number in range(6)]
    document = build(("item", "outer", 1), *items)
    outer, *later = texts(document)
    assert outer.startswith("outer\n  number 0")
    assert later
    assert all(line.startswith("  number") for chunk in later for line in chunk.split("\n"))


def test_a_document_of_headings_is_its_own_text():
    document = build(("heading", "Shop", 1), ("heading", "Closed on Sundays", 2))
    assert texts(document) == ["Shop\n\nClosed on Sundays"]


def test_an_empty_document_has_no_chunk():
    assert split(Document("", ())) == ()


def test_items_stay_with_the_paragraph_that_leads_in():
    document = build(
        ("paragraph", "A first paragraph that takes up room in the chunk."),
        ("paragraph", "The following are excluded:"),
        ("item", "gift cards"),
        ("item", "underwear"),
    )
    assert texts(document) == [
        "A first paragraph that takes up room in the chunk.",
        "The following are excluded:\n\ngift cards\nunderwear",
    ]


def test_a_lead_in_never_ends_a_chunk_before_a_long_list():
    document = build(
        ("paragraph", "A first paragraph that takes up room."),
        ("paragraph", "The following are excluded:"),
        *[("item", f"thing number {number} of many") for number in range(8)],
    )
    assert not any(text.endswith("excluded:") for text in texts(document))


def test_rows_carry_their_header_and_tables_do_not_mix():
    builder = DocumentBuilder()
    builder.add("paragraph", "Prices:")
    for zone in ("EU", "US"):
        builder.add("row", f"Zone: {zone} | Price: 4.90", header="Zone | Price")
    builder.add("row", "Size: S | Chest: 90", header="Size | Chest")
    document = builder.build()
    chunks = split(document, SMALL)
    assert [chunk.header for chunk in chunks] == ["Zone | Price", "Size | Chest"]


def test_long_paragraphs_are_split_at_sentences_and_long_sentences_at_words():
    document = build(("paragraph", "One sentence here. " * 10), ("paragraph", "word " * 60))
    pieces = texts(document)
    assert all(len(piece) <= 80 + 10 for piece in pieces)
    assert all(piece.endswith((".", "word")) for piece in pieces)


def test_chinese_chunks_are_shorter():
    document = build(("paragraph", "退货政策规定三十天内可以退货。" * 10))
    assert all(len(piece) <= 30 + 10 for piece in texts(document))


def test_a_chunk_is_on_one_page():
    document = build(
        ("page", ""), ("heading", "T", 1), ("paragraph", "one"), ("page", ""), ("paragraph", "two"), ("page", "")
    )
    chunks = split(document, SMALL)
    assert [(chunk.page, chunk.headings) for chunk in chunks] == [(1, ("T",)), (2, ("T",))]
    assert all(chunk.page == page_at(document.text, chunk.start, paged=True) for chunk in chunks)


def test_a_short_tail_joins_the_chunk_before():
    document = build(("paragraph", "x" * 78), ("paragraph", "end."))
    assert len(texts(document)) == 1


@pytest.mark.parametrize(
    "options",
    [{"max_characters": 10}, {"max_cjk_characters": 0}, {"max_cjk_characters": 2000}, {"min_characters": 700}],
)
def test_senseless_options_are_refused(options):
    with pytest.raises(ValueError, match="character"):
        ChunkOptions(**options)


WORDS = st.text(alphabet="abcd efg. ，。退货|:\n1", min_size=1, max_size=300)
BLOCKS = st.lists(
    st.tuples(st.sampled_from(["heading", "paragraph", "item", "row", "code", "page"]), WORDS, st.integers(1, 4)),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(BLOCKS, st.booleans())
def test_nothing_is_lost_and_nothing_is_stored_twice(blocks, paged):
    builder = DocumentBuilder()
    if paged:
        builder.start_page()
    for kind, text, level in blocks:
        if kind == "page":
            if paged:
                builder.start_page()
        else:
            builder.add(kind, text, level=level, header="A | B" if kind == "row" and level > 2 else "")
    document = builder.build()
    chunks = split(document, SMALL)
    covered = [position for chunk in chunks for position in range(chunk.start, chunk.end)]
    assert len(covered) == len(set(covered))
    bodies = [block for block in document.blocks if block.kind != "heading"]
    for block in bodies or document.blocks:
        missing = set(range(block.start, block.end)) - set(covered)
        assert all(document.text[position].isspace() for position in missing)
    for block in document.blocks if bodies else ():
        if block.kind == "heading":
            assert not set(range(block.start, block.end)) & set(covered)
    for chunk in chunks:
        assert chunk.end - chunk.start <= SMALL.max_characters + SMALL.min_characters + 2
        assert chunk.page == page_at(document.text, chunk.start, paged=paged)
        assert "\f" not in document.text[chunk.start : chunk.end]


def test_a_chunk_points_at_the_nearest_heading_with_an_anchor() -> None:
    builder = DocumentBuilder()
    builder.add("heading", "Returns", level=1, anchor="returns")
    builder.add("paragraph", "Within 30 days.")
    builder.add("heading", "Costs", level=2)
    builder.add("paragraph", "None.")
    builder.add("heading", "Repairs", level=1)
    builder.add("paragraph", "By post.")
    assert [chunk.anchor for chunk in split(builder.build())] == ["returns", "returns", ""]
