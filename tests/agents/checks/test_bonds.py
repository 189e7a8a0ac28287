"""A number keeps its unit, its half of the day, its weekday and its place in a range."""

import pytest

from agents.checks.bonds import keeps_bonds, keeps_spans
from agents.checks.support import support
from tests.agents.found_passages import passage
from tests.growth import grows_gently, repeated

WRONG = [
    ("Refund within 48 days.", "Returns within 7 days, refund within 48 hours."),
    ("Delivery takes 3 weeks.", "Delivery takes 3 days; for large items 6 weeks."),
    ("Delivery takes 3 to 5 weeks.", "Delivery takes 3 to 5 days, for islands 2 weeks."),
    ("退款需要48天。", "7天内可退货，退款需要48小时。"),
    ("Call us at 9 pm.", "Call us from 9 am to 5 pm."),
    ("上午9点到晚上6点营业。", "上午6点到晚上9点营业。"),
    ("Open from 5 to 9.", "Open from 9 to 5."),
    ("We are open from 9:00 to 18:00 on Sundays.", "On Saturdays from 9:00 to 18:00. On Sundays we are closed."),
    ("On Saturdays we close at 18:00.", "Monday to Friday: 9:00–18:00 | Saturday: 10:00–16:00"),
    ("On Saturdays it begins at 18:00.", "Day: Saturday | Time: 10:00\nDay: Thursday | Time: 18:00"),
    ("周六18:00关门。", "周一至周五营业至18:00，周六营业至16:00。"),
    ("Store it at -5 degrees.", "Store it at 5 degrees."),
    ("Store it at 5 °C.", "Store it at -5 °C."),
    ("It runs at 60 V.", "It runs at 60 W."),
]
RIGHT = [
    ("Refund in 48 h.", "The refund takes 48 hours."),
    ("It takes 3–5 days.", "It takes 3 to 5 working days."),
    ("退款需要5天。", "退款需要5个工作日。"),
    ("At 9 in the morning.", "At 9 am."),
    ("Within 30 days.", "Days: 30 | Fee: none"),
    ("On Mondays we close at 18:00.", "Monday to Friday: 9:00–18:00 | Saturday: 10:00–16:00"),
    ("On 3 May 2026 at 9:00.", "5月3日9:00，2026年。"),
    ("The guarantee is 5 years, delivery 5 days.", "A 5-year guarantee; delivery in 5 days."),
    ("From 9 to 5.", "From 9 to 5, not from 5 to 9."),
    ("Keep it between -5 and 40 °C.", "Keep it between -5 and 40 °C."),
    ("Keep it at 15 to 25 °C.", "Store it at 15 – 25 °C."),
    ("Keep it at up to 25 °C.", "Keep it at 15 °C – 25 °C."),
    ("We have 5 in stock.", "There are 5 in stock."),
]


@pytest.mark.parametrize(("written", "source"), WRONG)
def test_a_number_that_changed_what_it_belongs_to_is_seen(written: str, source: str) -> None:
    assert not keeps_bonds(written, source)
    assert support(written, [passage(source)]) is None


@pytest.mark.parametrize(("written", "source"), RIGHT)
def test_the_same_said_otherwise_is_the_same(written: str, source: str) -> None:
    assert keeps_bonds(written, source)


@pytest.mark.parametrize(
    ("source", "held"), [("warranty_years: 5", True), ("The 5-year guarantee", True), ("max_watts: 5", False)]
)
def test_across_languages_a_bare_number_needs_its_unit_beside_it(source: str, held: bool) -> None:
    assert keeps_bonds("质保5年。", source, strict=True) is held
    assert keeps_bonds("质保5年。", "max: 5")


@pytest.mark.parametrize("piece", ["1", "1,", "1 days ", "fee 1 ", "deposit  "])
def test_a_long_result_is_soon_read_for_spans(piece: str) -> None:
    assert keeps_spans("It takes 5 days.", (repeated(piece, 20_000),))
    assert grows_gently(lambda text: keeps_spans("It takes 5 days.", (text,)), piece, 20_000)
