"""Markdown of GitHub, Obsidian and pandoc."""

import time
from pathlib import Path

import pytest

from knowledge.chunking import split
from knowledge.documents import DocumentBuilder
from knowledge.loaders.markdown import add_markdown
from knowledge.loaders.markdown_dialects import to_commonmark
from tests.growth import grows_gently


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("[[Warranty]], [[Fees#Costs]], [[Islands|the isles]].", "Warranty, Fees, the isles."),
        ("![[Price table.png]]Refunds take 5 days. ^refund-time", "Refunds take 5 days."),
        ("It is ==new== and %% a secret %% good.", "It is new and  good."),
        ("Shown.\n\n%%\nA secret.\n\nAnother.\n%%\n\nShown too.", "Shown.\n\n\nShown too."),
        ("Said %%but\nnot to all%% aloud.", "Said  aloud."),
        ("%%\nNo comment, for nothing ends it.", "%%\nNo comment, for nothing ends it."),
        ("```\n%%\n```\n%%\nNo comment either.", "```\n%%\n```\n%%\nNo comment either."),
        ("```a``` begins, [[b]] follows.\n\n[[c]]", "```a``` begins, b follows.\n\nc"),
        ("`[[a]] ==b==` and ``x`[[y]]`` stay", "`[[a]] ==b==` and ``x`[[y]]`` stay"),
        ("~~~\n[[a]] [^1]\n%%\n%%\n~~~\n", "~~~\n[[a]] [^1]\n%%\n%%\n~~~\n"),
        ("    [[a]]", "    [[a]]"),
        ("1. Do:\n    ```\n    [[a]]\n    ```", "1. Do:\n    ```\n    [[a]]\n    ```"),
        (
            "[[1]](https://example.com), a==b, 5%% of 7%%, [^a-z]",
            "[[1]](https://example.com), a==b, 5%% of 7%%, [^a-z]",
        ),
        ("| [[a\\|b]] | `c\\|d` |", "| b | `c\\|d` |"),
        ("matrix[[1]] = 2, 见[[退货]]。", "matrix[[1]] = 2, 见退货。"),
    ],
)
def test_what_commonmark_does_not_know(text, plain):
    assert to_commonmark(text) == plain


def test_notes_stand_below_what_refers_to_them(read_one, blocks):
    notes = "[^limit]: Per minute\n    and key.\n[^two]: Of `[^two]`.\n"
    page = f"# A\n\nFive requests.[^limit]\n\n# B\n\nLast[^two].\n\n{notes}"
    assert blocks(read_one("a.md", page)) == [
        ("heading", 1, "A"),
        ("paragraph", 0, "Five requests."),
        ("paragraph", 0, "Per minute and key."),
        ("heading", 1, "B"),
        ("paragraph", 0, "Last."),
        ("paragraph", 0, "Of [^two]."),
    ]


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("1. Send.\n\n    It is free.[^1]\n\n[^1]: Within the EU.\n", ["Send.", "It is free.[^1]", "Within the EU."]),
        ("Free.[^a]\n\n[^a]: Small.[^b]\n[^b]: To 2 kg.\n\nEnd.\n", ["Free.", "Small.", "To 2 kg.", "End."]),
        ("Free.\n\n[^a]: Small.[^b]\n[^b]: To 2 kg.[^b]\n", ["Free.", "Small.", "To 2 kg."]),
    ],
)
def test_no_note_is_lost(read_one, blocks, page, texts):
    assert [text.removeprefix("1. ") for _, _, text in blocks(read_one("a.md", page))] == texts


def test_a_note_stands_below_each_paragraph_that_refers_to_it(read_one, blocks):
    page = "## Germany\n\nFree.[^1]\n\n## Austria\n\nFree.[^1] Fast.[^1]\n\n[^1]: Only from €50.\n"
    assert [text for _, _, text in blocks(read_one("a.md", page))] == [
        *("Germany", "Free.", "Only from €50."),
        *("Austria", "Free. Fast.", "Only from €50."),
    ]


def test_a_note_that_stands_again_is_written_without_those_that_it_names():
    notes = "\n[^1]: One.[^2]\n[^2]: Two.\n"
    text = to_commonmark(f"A.[^1]\n\nB.[^1]\n{notes}")
    assert (text.count("One."), text.count("Two.")) == (2, 1)


@pytest.mark.parametrize("step", [1, -1])
def test_notes_that_each_name_the_next_make_a_text_little_longer(step):
    numbers = range(1000)[::step]
    page = "\n\n".join(f"Free.[^{number}]" for number in numbers)
    page += "".join(f"\n\n[^{number}]: Note {number}.[^{number + 1}]" for number in numbers)
    assert len(to_commonmark(page)) < 4 * len(page)


def test_a_long_note_is_written_once_however_often_it_is_named():
    page = "A.[^1]\n\n" * 100 + f"[^1]: {'All that holds. ' * 100}"
    assert len(to_commonmark(page)) < 2 * len(page)
    assert to_commonmark(page).count("All that holds.") == 100


def test_notes_that_none_refers_to_are_written_once_though_each_names_the_next():
    notes = "\n".join(f"[^{number}]: Note {number}.[^{number + 1}]" for number in reversed(range(9)))
    text = to_commonmark(notes)
    assert [text.count(f"Note {number}.") for number in range(9)] == [1] * 9


def test_what_is_written_in_a_callouts_title_is_read_as_elsewhere(read_one, blocks):
    page = (
        "> [!TIP] **Free** `<b>` [returns](https://a.b/c), as long as nothing that came with it is missing.\n> Yes.\n"
    )
    assert blocks(read_one("a.md", page)) == [
        ("paragraph", 0, "Free <b> returns (https://a.b/c), as long as nothing that came with it is missing."),
        ("paragraph", 0, "Yes."),
    ]


@pytest.mark.parametrize(
    "page", ["> " * 30 + "Thanks", "[^" * 40_000, "x" + "`" * 20_000 + "a" * 20_000, "> " * 30_000 + "[!a"]
)
def test_what_begins_often_and_never_ends_is_gone_through_once(page):
    began = time.process_time()
    assert to_commonmark(page) == page
    assert time.process_time() - began < 2


def test_callouts_are_folded_up_below_their_titles(read_one):
    page = (
        "# Returns\n\n> [!faq]- Can I return <gifts>?\n> Yes, within 60 days.\n\nUnworn.\n\n> [!NOTE]\n> In the box.\n"
    )
    document = read_one("a.md", page)
    assert [(each.headings, document.text[each.start : each.end]) for each in split(document)] == [
        (("Returns", "Can I return <gifts>?"), "Yes, within 60 days."),
        (("Returns",), "Unworn.\n\nIn the box."),
    ]


def test_a_heading_full_of_elements_that_do_not_end_takes_no_longer():
    def read(text):
        add_markdown(DocumentBuilder(), f"# {text}x\n\nText.", path=Path("page.md"))

    assert grows_gently(read, "<a ", 60_000)
