from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.citations import CitationChecker
from agents.checks.figures import exact_parts
from agents.prompts import NOT_FOUND
from knowledge.passages import Passage


def passage(text: str, document: str = "a.md", **more: Any) -> Passage:
    fields: dict[str, Any] = {"title": "", "headings": (), "header": "", "page": None, "start": 0, "language": "en"}
    fields |= more
    return Passage(
        "default", document, end=fields["start"] + len(text), text=text, audience="public", score=1, **fields
    )


RETURNS = passage("A lamp may go back within 30 days. Opened bulbs cannot go back.", "returns.md", start=100)
DELIVERY = passage(
    "Delivery costs €9.50 and takes 4–6 working days. Orders over €1,200 travel free. "
    "Write to parcels@lumen.example or see https://lumen.example/map. Members save 15 % of it.",
    "delivery.md",
)
CHINESE = passage("台灯可以在收货后 30 天内退回。拆开的灯泡不能退。运费为三十元。", "退货.md", language="zh")
ALL = (RETURNS, DELIVERY, CHINESE)


def check(text: str, *, size: int = 7, passages: tuple[Passage, ...] = ALL) -> tuple[list[str], CitationChecker]:
    checker = CitationChecker(passages)
    pieces: list[str] = []
    for start in range(0, len(text), size):
        pieces += checker.feed(text[start : start + size])
    return [*pieces, *checker.finish()], checker


def test_supported_sentence_is_cited_by_its_exact_words() -> None:
    pieces, checker = check("You may send a lamp back within 30 days [1].")
    assert pieces == ["You may send a lamp back within 30 days. [1]"]
    (citation,) = checker.citations
    assert (citation.document, citation.start, citation.quote) == (
        "returns.md",
        100,
        "A lamp may go back within 30 days.",
    )
    assert citation.end - citation.start == len(citation.quote)


def test_sentence_without_support_is_dropped() -> None:
    pieces, checker = check("We sell bicycles too [1]. Orders over €1,200 travel free [2]. Have a nice day!")
    assert pieces == ["Orders over €1,200 travel free. [1]"]
    assert checker.dropped == ["We sell bicycles too.", "Have a nice day!"]


def test_wrong_marker_is_set_right() -> None:
    _, checker = check("Delivery takes 4–6 working days [1].")
    assert [citation.document for citation in checker.citations] == ["delivery.md"]


@pytest.mark.parametrize("marker", ["", " [99]", " [0]"])
def test_marker_that_names_nothing_is_no_harm(marker: str) -> None:
    pieces, checker = check(f"Delivery takes 4–6 working days{marker}.")
    assert pieces == ["Delivery takes 4–6 working days. [1]"]
    assert [citation.document for citation in checker.citations] == ["delivery.md"]


@pytest.mark.parametrize(
    "written",
    [
        "A lamp may go back within 30 days [1]. Orders over €1,200 travel free [2].",
        "A lamp may go back within 30 days. [1] Orders over €1,200 travel free. [2]",
        "A lamp may go back within 30 days.[1] Orders over €1,200 travel free.[2]",
        "A lamp may go back within 30 days [1][2]. Orders over €1,200 travel free [2] [1].",
        "A lamp may go back within 30 days [1, 2]. Orders over €1,200 travel free. [2][1]",
        "A lamp may go back within 30 days【1】. Orders over €1,200 travel free ［2］.",
        "1. A lamp may go back within 30 days [1].\n2. Orders over €1,200 travel free [2].",
        "- A lamp may go back within 30 days [1].\n- Orders over €1,200 travel free [2].",
    ],
)
def test_markers_may_stand_anywhere_at_the_end(written: str) -> None:
    pieces, checker = check(written)
    assert pieces == ["A lamp may go back within 30 days. [1]", "Orders over €1,200 travel free. [2]"]
    assert [citation.document for citation in checker.citations] == ["returns.md", "delivery.md"]


def test_marker_behind_a_closing_quote_belongs_to_the_sentence_before() -> None:
    one, other = passage("A lamp may go back.", "one.md"), passage("A lamp may go back.", "other.md")
    _, checker = check('"A lamp may go back." [2] So A lamp may go back [1].', passages=(one, other))
    assert [citation.document for citation in checker.citations] == ["other.md", "one.md"]


def test_one_place_has_one_number() -> None:
    pieces, checker = check("A lamp may go back within 30 days [1]. So you have 30 days for a lamp [1].")
    assert [piece[-3:] for piece in pieces] == ["[1]", "[1]"]
    assert len(checker.citations) == 1


def test_numbers_of_two_sentences_are_both_quoted() -> None:
    pieces, checker = check("Delivery costs €9.50 and orders over €1,200 travel free [2].")
    assert pieces == ["Delivery costs €9.50 and orders over €1,200 travel free. [1][2]"]
    assert exact_parts(pieces[0]) <= set().union(*(exact_parts(citation.quote) for citation in checker.citations))


def test_chinese_sentences_need_no_space() -> None:
    pieces, checker = check("台灯在收货后30天内可以退回[3]。拆开的灯泡不能退。[3]我们也卖自行车。", size=2)
    assert pieces == ["台灯在收货后30天内可以退回。 [1]", "拆开的灯泡不能退。 [2]"]
    assert [citation.quote for citation in checker.citations] == [
        "台灯可以在收货后 30 天内退回。",
        "拆开的灯泡不能退。",
    ]


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    source = passage("Dr. Li pays approx. 3.50 euros, e.g. for no. 7 at 9 a.m. on weekdays.")
    written = "Dr. Li pays approx. 3.50 euros, e.g. for no. 7 at 9 a.m. on weekdays."
    pieces, _ = check(written + " Dr. Li pays.", size=1, passages=(source,))
    assert pieces == [written + " [1]", "Dr. Li pays. [1]"]


def test_sign_that_nothing_was_found_is_never_supported() -> None:
    source = passage("These documents are not in the documents of NOT_IN_DOCUMENTS.")
    for sign in (NOT_FOUND, f"{NOT_FOUND}.", f"{NOT_FOUND} [1]."):
        assert check(sign, passages=(source,))[0] == []


def test_sentence_said_twice_is_shown_once() -> None:
    pieces, _ = check("Orders over €1,200 travel free [2]. " * 3)
    assert pieces == ["Orders over €1,200 travel free. [1]"]


def test_no_passages_support_nothing() -> None:
    assert check("Anything at all [1].", passages=())[0] == []


PARTS = [
    "A lamp may go back within 30 days",
    "Orders over €1,200 travel free",
    "Delivery costs 9.50 euros",
    "Dr. Li, e.g.",
    "拆开的灯泡不能退",
    "nothing",
    " ",
    ".",
    "。",
    ". ",
    "! ",
    "?",
    "\n",
    "\n2. ",
    " | ",
    '"',
    "”",
    "(",
    "[1]",
    " [2]",
    "[3",
    "]",
    "[99]",
    "[1, 2]",
    "…",
]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join), st.data())
def test_how_the_text_is_cut_changes_nothing(text: str, data: st.DataObject) -> None:
    whole = CitationChecker(ALL)
    expected = [*whole.feed(text), *whole.finish()]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    cut = CitationChecker(ALL)
    pieces: list[str] = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        pieces += cut.feed(text[start:end])
    assert [*pieces, *cut.finish()] == expected
    assert (cut.citations, cut.dropped) == (whole.citations, whole.dropped)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
def test_every_number_shown_stands_in_a_quote(text: str) -> None:
    pieces, checker = check(text, size=1000)
    quoted = set().union(*(exact_parts(citation.quote) for citation in checker.citations))
    assert exact_parts(" ".join(pieces)) <= quoted
    assert [citation.number for citation in checker.citations] == list(range(1, len(checker.citations) + 1))
    for citation in checker.citations:
        source = next(p for p in ALL if p.document == citation.document)
        assert source.text[citation.start - source.start : citation.end - source.start] == citation.quote
