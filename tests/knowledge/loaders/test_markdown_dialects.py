"""Markdown of GitHub, Obsidian and pandoc."""

import pytest

from knowledge.chunking import split
from knowledge.loaders.markdown_dialects import to_commonmark


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("[[Warranty]], [[Fees#Costs]], [[Islands|the isles]].", "Warranty, Fees, the isles."),
        ("![[Price table.png]]Refunds take 5 days. ^refund-time", "Refunds take 5 days."),
        ("It is ==new== and %% a secret %% good.", "It is new and  good."),
        ("Shown.\n\n%%\nA secret.\n\nAnother.\n%%\n\nShown too.", "Shown.\n\n\nShown too."),
        ("Said %%but\nnot to all%% aloud.", "Said  aloud."),
        ("%%\nNo comment, for nothing ends it.", "%%\nNo comment, for nothing ends it."),
        ("`[[a]] ==b==` and ``x`[[y]]`` stay", "`[[a]] ==b==` and ``x`[[y]]`` stay"),
        ("~~~\n[[a]] [^1]\n%%\n%%\n~~~\n", "~~~\n[[a]] [^1]\n%%\n%%\n~~~\n"),
        ("    [[a]]", "    [[a]]"),
        ("1. Do:\n    ```\n    [[a]]\n    ```", "1. Do:\n    ```\n    [[a]]\n    ```"),
        (
            "[[1]](https://example.com), a==b, 5%% of 7%%, [^a-z]",
            "[[1]](https://example.com), a==b, 5%% of 7%%, [^a-z]",
        ),
        ("| [[a\\|b]] | `c\\|d` |", "| b | `c\\|d` |"),
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


def test_callouts_are_folded_up_below_their_titles(read_one):
    page = (
        "# Returns\n\n> [!faq]- Can I return <gifts>?\n> Yes, within 60 days.\n\nUnworn.\n\n> [!NOTE]\n> In the box.\n"
    )
    document = read_one("a.md", page)
    assert [(each.headings, document.text[each.start : each.end]) for each in split(document)] == [
        (("Returns", "Can I return <gifts>?"), "Yes, within 60 days."),
        (("Returns",), "Unworn.\n\nIn the box."),
    ]
