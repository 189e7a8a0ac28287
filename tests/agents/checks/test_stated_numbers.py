import pytest

from agents.checks.stated_numbers import means, stated_numbers, unit_of_line


def readings(text: str) -> list[tuple[float, ...]]:
    return [found.readings for found in stated_numbers(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("€1,250.00", 1250.0),
        ("1.250,00 EUR", 1250.0),
        ("1’250 Fr.", 1250.0),
        ("1\u202f250", 1250.0),
        ("12 500 €", 12500.0),
        ("EUR120", 120.0),
        ("x40", 40.0),
        ("0.5 W", 0.5),
        ("２，５ kg", 2.0),
        ("3.5万", 35000.0),
        ("minus -4", -4.0),
        ("thirty lamps", 30.0),
        ("twenty-five lamps", 25.0),
        ("one hundred and twenty", 120.0),
        ("a hundred and five", 105.0),
        ("二十五件", 25.0),
        ("一百二十元", 120.0),
        ("1.2 million euros", 1_200_000.0),
        ("1.2亿元", 120_000_000.0),
        ("两台", 2.0),
    ],
)
def test_a_number_is_read_however_it_is_written(text: str, value: float) -> None:
    assert any(value in found for found in readings(text)), readings(text)


def test_a_thousand_or_a_decimal_has_both_readings() -> None:
    assert readings("1.250") == [(1.25, 1250.0)]
    assert readings("1,250") == [(1250.0, 1.25)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("twenty-five lamps", 20.0),
        ("twenty-five lamps", 5.0),
        ("一百二十元", 100.0),
        ("1.2 million", 1.2),
        ("十几个", 25.0),
    ],
)
def test_a_part_of_a_number_is_none(text: str, value: float) -> None:
    assert not any(value in found for found in readings(text)), readings(text)


def test_two_numbers_in_words_beside_one_another_are_two() -> None:
    assert [found[0] for found in readings("two three")] == [2.0, 3.0]


@pytest.mark.parametrize("text", ["BM-101", "E27", "PO-2291", "GU10-D-6", "IP44", "on 3 March 2026", "2026-03-03"])
def test_codes_and_dates_state_no_number(text: str) -> None:
    assert readings(text) == []


def test_a_range_states_both_ends() -> None:
    assert readings("10-15 W") == [(10.0,), (15.0,)]


@pytest.mark.parametrize(
    ("text", "value", "unit", "expected"),
    [
        ("46 cm", 460, "mm", True),
        ("46 cm", 46, "mm", False),
        ("1.52 m", 1520, "mm", True),
        ("310 g", 0.31, "kg", True),
        ("310 g", 310, "mm", False),
        ("6.8 Ah", 6800, "mah", True),
        ("460", 460, "mm", True),
        ("2700 K", 2700, "k", True),
        ("12 瓦", 12, "w", True),
        ("46 cm", 46, "", True),
        ("46 cm", 46, "pieces", True),
    ],
)
def test_units_are_converted_and_other_measures_refused(text: str, value: float, unit: str, expected: bool) -> None:
    (found,) = stated_numbers(text)
    assert means(found, value, unit=unit) is expected


def test_a_line_may_name_the_unit_once() -> None:
    assert unit_of_line("Height (cm) | 46", unit="mm") == "cm"
    assert unit_of_line("Height in cm: 46", unit="mm") == "cm"
    assert unit_of_line("Height (cm), width (m)", unit="mm") == ""
    assert unit_of_line("Height (cm)", unit="kg") == ""
    (found,) = stated_numbers("Height (cm) | 46")
    assert means(found, 460, unit="mm", line_unit="cm")
