import pytest

from agents.extraction_evidence import find
from agents.extraction_schema import Field, Kind


def field(name: str, kind: Kind, description: str = "") -> Field:
    return Field(name, kind, {"description": description}, nullable=True, required=False)


def words(text: str, wanted: Field, value: object, quote: str = "", near: int | None = None) -> str | None:
    span = find(wanted, value, text, quote=quote, near=near)
    return None if span is None else text[span.start : span.end]


def test_the_line_that_speaks_of_the_field_counts() -> None:
    text = "Paid before: 120.00\nTotal amount: 120.00\nNumber 120.00"
    span = find(field("total", "number"), 120, text)
    assert span is not None
    assert span.start == text.index("120.00", text.index("Total"))


def test_an_older_mail_below_counts_last() -> None:
    text = "New date of delivery: 3 May 2026\n\nOn 1 April 2026 Ewan wrote:\n> delivery on 3 May 2026 and BM-101"
    span = find(field("delivery_date", "date"), "2026-05-03", text)
    assert span is not None
    assert span.start == text.index("3 May")
    assert words(text, field("article", "text"), "BM-101") == "BM-101"


@pytest.mark.parametrize(
    ("kind", "value", "text", "shown"),
    [
        ("text", "po 2291", "Order PO-2291.", "PO-2291"),
        ("text", "PO-229", "Order PO-2291.", None),
        ("number", 3923.52, "EUR 3,923.52 net", "3,923.52"),
        ("number", 101, "BM-101", None),
        ("integer", 30, "thirty pendants", "thirty"),
        ("date", "2026-12-10", "2026年12月10日 交货", "2026年12月10日"),
        ("date", "2026-12-11", "2026年12月10日 交货", None),
    ],
)
def test_values_are_found_after_normalisation_or_not_at_all(
    kind: Kind, value: object, text: str, shown: str | None
) -> None:
    assert words(text, field("x", kind), value) == shown


def test_units_of_a_field_s_name_hold() -> None:
    assert words("Weight 460 g\nHeight 46 cm", field("height_mm", "number"), 460) == "46"
    assert words("Height in cm: 205", field("height_mm", "number"), 2050) == "205"
    assert words("Weight 460 g", field("height_mm", "number"), 460) is None


def test_a_choice_is_shown_by_the_model_s_quote_only() -> None:
    text = "The goods will leave later than promised. Total £20"
    assert words(text, field("kind", "choice"), "delay", "later than promised") == "later than promised"
    assert words(text, field("kind", "choice"), "delay", "sooner than promised") is None
    assert words(text, field("currency", "choice"), "GBP", "£") == "£"
    assert words(text, field("currency", "choice"), "GBP") == "£"
    assert words(text, field("kind", "choice"), "delay") is None


def test_parts_of_one_item_stand_together() -> None:
    text = "BM-1 40 pieces at 9.00\nBM-2 40 pieces at 9.00"
    span = find(field("quantity", "integer"), 40, text, near=text.index("BM-2"))
    assert span is not None
    assert span.start > text.index("BM-2")
