import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from agents.checks.grounding import unsupported_sentences
from agents.models import LoadedModel
from agents.quotes.expired import is_over, over_label, still_valid_first
from agents.quotes.quoting import line
from agents.quotes.statements import statements_of
from agents.transcript import Finished
from agents.turn import Request, Responder, ResponderOptions
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from tests.agents.found_passages import passage

TODAY = datetime.date(2026, 5, 4)


@pytest.fixture(autouse=True)
def _on_this_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.quotes.expired.today", lambda: TODAY)


@pytest.mark.parametrize(
    ("text", "headings", "over"),
    [
        ("All lamps are 20% off. Offer valid until 31 March 2025.", ("Spring",), True),
        ("All lamps are 20% off until 31 March 2025.", ("Spring offer",), True),
        ("All lamps are 20% off.", ("Spring offer (until 31.03.2025)",), True),
        ("This promotion ended on March 31, 2025.", (), True),
        ("The voucher code MAY25 expires on 2025-05-31.", (), True),
        ("全场八折。活动截止至2025年3月31日。", (), True),
        ("优惠有效期至2025年3月31日。", (), True),
        ("All lamps are 20% off until 4 May 2026.", ("Spring offer",), False),
        ("All lamps are 20% off. Offer valid until 31 March 2027.", ("Spring",), False),
        ("All lamps are 20% off. Offer valid until 31 March.", ("Spring",), False),
        ("The old shop stood in Elm Street until 31 March 2025.", ("History",), False),
        ("Offer valid from 31 March 2025.", (), False),
        ("Whoever bought before 31 March 2025 has a warranty of 3 years.", (), False),
        ("全场八折。活动截止至2027年3月31日。", (), False),
        ("Vouchers bought until 31 March 2025 stay valid for three years.", (), False),
        ("Items bought in the sale through 31 January 2026 can be returned within 60 days.", (), False),
        ("Members who joined until 31 December 2024 keep their discount.", (), False),
        ("Since the promotion ended on 31 March 2025, lamps cost €40.", (), False),
        ("Discount codes no longer expire on 31 December 2025.", (), False),
        ("截至2025年12月31日，已有5万名会员享受优惠。", (), False),
        ("截止2025年12月31日，已有5万名会员享受优惠。会员打九折。", (), False),
        ("到2025年12月31日，已有5万名会员享受优惠。会员打九折。", (), False),
        ("Offer valid until 31 March 2025. Extended until 31 March 2027.", (), False),
        ("Offer valid until 31 March 2025. Extended until 30 April 2025.", (), True),
    ],
)
def test_an_offer_is_over_after_the_last_day_that_it_or_its_section_names(
    text: str, headings: tuple[str, ...], over: bool
) -> None:
    for statement in statements_of([passage(text, headings=headings)]):
        assert is_over(statement) is over, statement.text


def test_an_item_with_an_end_of_its_own_says_nothing_of_the_others() -> None:
    text = "- Bulbs: 20% off until 31 March 2025.\n- Lamps: 10% off until 31 March 2027.\n- Shades: 5% off.\n"
    statements = statements_of([passage(text, headings=("Offers",))])
    assert [is_over(each) for each in statements] == [True, False, False]


def test_what_is_over_says_so_where_it_is_quoted() -> None:
    (english,) = statements_of([passage("Offer valid until 31 March 2025.")])
    (chinese,) = statements_of([passage("优惠有效期至2025年3月31日。", language="zh")])
    (valid,) = statements_of([passage("Members get 5% off.")])
    assert line(english, number=1) == "No longer valid: Offer valid until 31 March 2025. [1]"
    assert line(chinese, number=1) == "已过期: 优惠有效期至2025年3月31日。 [1]"
    assert over_label(valid) == ""
    assert line(valid, number=1) == "Members get 5% off. [1]"


def test_what_still_holds_comes_before_it_where_it_is_nearly_as_good() -> None:
    over, valid = statements_of(
        [passage("Lamps are 20% off until 31 March 2025, an offer."), passage("Members: 5%.", "b")]
    )
    assert still_valid_first([replace(over, score=1.0), replace(valid, score=0.95)])[0].text == valid.text
    assert still_valid_first([replace(over, score=1.0), replace(valid, score=0.1)])[0].text == over.text


def test_a_whole_answer_says_it_and_stays_supported(tmp_path: Path) -> None:
    (tmp_path / "offers.md").write_text(
        "# Spring offer\n\nAll lamps are 20% off. Offer valid until 31 March 2025.\n", encoding="utf-8"
    )
    library = Library(LibraryOptions(tmp_path / "home"), embedder=HashingEmbedder())
    library.ingest([tmp_path / "offers.md"])
    nobody = LoadedModel("none", None, protocol="json", small=True)
    *_, last = Responder(library, nobody, ResponderOptions(refuse_below=0.01)).respond(
        Request("How much off are lamps?")
    )
    assert isinstance(last, Finished)
    assert last.answer.text.startswith("No longer valid: All lamps are 20% off.")
    assert not last.answer.pointed
    assert unsupported_sentences(last.answer, library, audiences=("public",)) == ()
    library.close()
