"""Tables of documents: which row names the columns."""

import pytest

from knowledge.documents import DocumentBuilder
from knowledge.loaders.cells import shown
from knowledge.loaders.tables import Spread, add_grid
from tests.growth import grows_gently


def rows_of(grid, *, marked=0):
    builder = DocumentBuilder()
    add_grid(builder, grid, marked=marked)
    return builder.build().text.split("\n")


def test_names_over_several_columns_are_said_with_those_below():
    head = [["Zone", "Standard", Spread("Standard"), "Express", Spread("Express")]]
    head.append(["Zone", "Price", "Days", "Price", "Days"])
    assert rows_of([*head, ["EU", "4.90 €", "3", "9.90 €", "1"]]) == [
        "Zone: EU | Standard Price: 4.90 € | Standard Days: 3 | Express Price: 9.90 € | Express Days: 1"
    ]


def test_rows_that_the_document_marks_are_names_whatever_they_hold():
    grid = [["", "Inland", Spread("Inland")], ["Parcel", "slow", "2026"], ["small", "in a week", "tomorrow"]]
    assert rows_of(grid, marked=2) == ["Parcel: small | Inland slow: in a week | Inland 2026: tomorrow"]


def test_a_table_whose_rows_are_all_marked_as_names_has_none_of_them_lost():
    assert rows_of([["Zone", "Price"], ["EU", "4.90"], ["CH", "9.90"]], marked=3) == [
        "Zone: EU | Price: 4.90",
        "Zone: CH | Price: 9.90",
    ]


def test_names_down_the_side_are_no_names_of_columns():
    facts = [["Weight", "12 kg"], ["Voltage", "230 V"], ["Colour", "white"]]
    assert rows_of(facts) == ["Weight | 12 kg", "Voltage | 230 V", "Colour | white"]


@pytest.mark.parametrize(
    ("grid", "first"),
    [
        ([["Zone", "Price"], ["EU", "4.90"]], "Zone: EU | Price: 4.90"),
        ([["Branch", "2026"], ["Kiel", "12"]], "Branch: Kiel | 2026: 12"),
        ([["Zone", "1 kg", "5 kg"], ["EU", "4.90 €", "9.90 €"]], "Zone: EU | 1 kg: 4.90 € | 5 kg: 9.90 €"),
        ([["", "Basic", "Pro"], ["Price", "5 €", "9 €"]], "Price | Basic: 5 € | Pro: 9 €"),
        ([["Lamp", "49 €", "3"], ["Fan", "39 €", "8"]], "Lamp | 49 € | 3"),
        ([["", "", "Pro"], ["Price", "5 €", "9 €"]], "Pro"),
        ([["EU size", "36", "37", "38"], ["UK", "3.5", "4", "5"]], "EU size: UK | 36: 3.5 | 37: 4 | 38: 5"),
        ([["Persons", "1", "2", "3"], ["A night", "80", "120", "150"]], "Persons: A night | 1: 80 | 2: 120 | 3: 150"),
        ([["Lamp", "49", "3", "8"], ["Fan", "39", "8", "9"]], "Lamp | 49 | 3 | 8"),
        ([["Sales", "030 12345", ""], ["Support", "030 76543", "24/7"]], "Sales | 030 12345"),
        ([["Sales", "030 12345", "no"], ["Support", "030 76543", "24/7"]], "Sales | 030 12345 | no"),
        ([["Monday", "9-17", ""], ["Tuesday", "9-19", "late night"]], "Monday | 9-17"),
        ([["Model", "Price", ""], ["A1", "49 €", "new"]], "Model: A1 | Price: 49 € | new"),
        ([["Zone", "", "Express"], ["EU", "4.90", "9.90"]], "Zone: EU | 4.90 | Express: 9.90"),
        ([["Zone", "Price"], ["EU", "4.90", "from 50 free"]], "Zone: EU | Price: 4.90 | from 50 free"),
        ([["Sales", "030 12345"], ["Support", "030 76543", "24/7"]], "Sales | 030 12345"),
        (
            [["Season", "2024/25", "2025/26"], ["Sets", "12/13", "14/15"]],
            "Season: Sets | 2024/25: 12/13 | 2025/26: 14/15",
        ),
        ([["", "2024/2025", "2025/2026"], ["Sets", "1/3", "2/3"]], "Sets | 2024/2025: 1/3 | 2025/2026: 2/3"),
        ([["Monday", "closed", ""], ["Tuesday", "open", "till late"]], "Monday | closed"),
        ([["Monday", "Closed", ""], ["Tuesday", "9-17", "till late"]], "Monday | Closed"),
        ([["Delivery", "free", ""], ["Express", "€9", "from 50 free"]], "Delivery | free"),
        ([["Anna Berg", "Sales", ""], ["Ben Cy", "Support", "on leave"]], "Anna Berg | Sales"),
        ([["Case", "2024/15", "open"], ["Case", "2024/16", "closed"]], "Case | 2024/15 | open"),
        ([["Room", "Desk 1", "free"], ["Room", "Desk 2", "taken"]], "Room | Desk 1 | free"),
        (
            [
                ["Bed", "90 x 200 cm", "140 x 200 cm"],
                ["Mattress", "€199", "€299"],
                ["Duvet", "135 x 200 cm", "200 x 200 cm"],
            ],
            "Bed: Mattress | 90 x 200 cm: €199 | 140 x 200 cm: €299",
        ),
        ([["Round", "Team 1", "Team 2"], ["1", "Team 3", "Team 4"]], "Round: 1 | Team 1: Team 3 | Team 2: Team 4"),
        ([["Name", "Department", ""], ["Anna", "Sales", ""]], "Name: Anna | Department: Sales"),
        ([["Product", "price", ""], ["Lamp", "€49", "new"]], "Product: Lamp | price: €49 | new"),
        (
            [["Error", "Meaning", ""], ["E1", "Filter blocked", "see manual"]],
            "Error: E1 | Meaning: Filter blocked | see manual",
        ),
    ],
)
def test_a_first_row_that_reads_like_names(grid, first):
    assert rows_of(grid)[0] == first


def test_one_cell_over_the_whole_table_is_its_title():
    hours = [["Opening hours", Spread("Opening hours")], ["Monday to Friday", "9 to 18"], ["Saturday", "10 to 14"]]
    assert rows_of([hours[0]] * 2000 + hours[1:])[-1] == "Saturday | 10 to 14"
    assert rows_of(hours) == ["Opening hours", "", "Monday to Friday | 9 to 18", "Saturday | 10 to 14"]


def test_a_number_format_takes_time_in_proportion_to_its_length():
    assert shown(3.5, "[$€-407]0.00") == "€3.50"
    assert grows_gently(lambda form: shown(3.5, f"0.00{form}"), "[$", 60_000)
