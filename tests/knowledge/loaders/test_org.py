"""Org files."""

import pytest

from knowledge.errors import UnreadableFile
from tests.growth import grows_gently

PAGE = """\
#+TITLE: Shop help
#+DATE: <2026-03-04 Wed>
# a comment
* TODO [#A] Paying [1/2] :shop:money:
  SCHEDULED: <2026-03-05 Thu>
  :PROPERTIES:
  :CUSTOM_ID: paying
  :END:
Pay by *card* or =cash= or ~code~ on a
second line, see [[https://example.com/rates][the rates]] or [[#form][the form]].[fn:1]
- one
  goes on
- [X] two
  1. nested
- Card :: Visa
| Zone | Price |
|------+-------|
| EU   |  4.90 |
#+BEGIN_SRC sh
pay  now
,* no headline
#+END_SRC
#+begin_quote
Said so.
#+end_quote
** COMMENT Draft
secret
*** below
secret
** Kept :noexport:
secret
* 退货
三十天。
"""


def test_headlines_lists_tables_and_blocks(read_one, blocks):
    document = read_one("a.org", PAGE)
    assert (document.title, document.metadata) == ("Shop help", {"date": "2026-03-04"})
    assert blocks(document) == [
        ("heading", 1, "Paying"),
        (
            "paragraph",
            0,
            "Pay by card or cash or code on a second line, see the rates (https://example.com/rates) or the form.",
        ),
        ("item", 1, "one goes on"),
        ("item", 1, "two"),
        ("item", 2, "1. nested"),
        ("item", 1, "Card: Visa"),
        ("row", 0, "Zone: EU | Price: 4.90"),
        ("code", 0, "pay  now\n* no headline"),
        ("paragraph", 0, "Said so."),
        ("heading", 1, "退货"),
        ("paragraph", 0, "三十天。"),
    ]
    assert document.blocks[0].anchor == "paying"
    assert document.blocks[6].header == "Zone | Price"


def test_a_block_and_a_drawer_that_never_end(read_one):
    assert read_one("a.org", "#+BEGIN_SRC\ntext\n:DRAWER:\nmore").text == "text more"


def test_keywords_alone_are_no_text(read_one):
    with pytest.raises(UnreadableFile, match="no text beside its keywords"):
        read_one("a.org", "#+TITLE: x\n# y\n")


def test_each_block_ends_at_the_next_end_of_its_kind(read_one, blocks):
    lines = [
        "#+begin_src",
        ":END:",
        "#+end_quote",
        "#+END_SRC",
        "#+begin_quote",
        ":a:",
        "x",
        ":end:",
        "b",
        "#+end_quote",
    ]
    assert blocks(read_one("a.org", "\n".join(lines))) == [
        ("code", 0, ":END:\n#+end_quote"),
        ("paragraph", 0, "b"),
    ]


@pytest.mark.parametrize(
    "piece",
    [
        "[[",
        "[[a",
        "[[a][",
        "/a ",
        "~a ",
        "*a",
        "<2024-01-01",
        ":a:\n:b: c\n",
        "#+begin_a\n",
        "*   :a: ",
        "[1/2] \u3000",
    ],
)
def test_reading_takes_time_in_proportion_to_the_text(read_one, piece):
    assert grows_gently(lambda text: read_one("a.org", f"* x {text}x"), piece, 20_000), "in a headline"
    assert grows_gently(lambda text: read_one("a.org", f"x {text}x"), piece, 20_000), "below"


def test_a_headline_of_blanks_takes_no_longer(read_one):
    assert grows_gently(lambda text: read_one("a.org", f"* x{text}x"), "\u3000", 60_000)
