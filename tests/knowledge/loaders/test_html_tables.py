"""Tables of pages and mails that mark no head."""

import pytest


def table(*rows):
    return "<table>" + "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows) + "</table>"


BOLD = ("<p class=MsoNormal><b>Model</b></p>", "<p><span style='font-weight:bold'>Price</span></p>")


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        ([BOLD, ("A1", "from 10 €")], "Model: A1 | Price: from 10 €"),
        ([BOLD, ("<b>A1</b>", "<b>B2</b>")], "Model | Price\nA1 | B2"),
        ([("Model", "Price"), ("A1", "10 €"), ("A2", "20 €")], "Model | Price\nA1 | 10 €\nA2 | 20 €"),
        (
            [("Monday", "closed"), ("Tuesday", "9:00"), ("Friday", "9:00")],
            "Monday | closed\nTuesday | 9:00\nFriday | 9:00",
        ),
        ([("<b>Service</b>", "<b>0800 123</b>"), ("Repairs", "0800 456")], "Service | 0800 123\nRepairs | 0800 456"),
        (
            [("<b>Gewicht</b>", "<b>Preis inkl. 19 % MwSt.</b>"), ("bis 5 kg", "4,90 €")],
            "Gewicht: bis 5 kg | Preis inkl. 19 % MwSt.: 4,90 €",
        ),
        ([("<b>Zone</b>", "<b>1 kg</b>", "<b>5 kg</b>"), ("EU", "5 €", "9 €")], "Zone: EU | 1 kg: 5 € | 5 kg: 9 €"),
        (
            [("<b>Basic</b>", "<b>€9 per month</b>"), ("Pro", "€19 per month")],
            "Basic | €9 per month\nPro | €19 per month",
        ),
        (
            [("<b>Monday</b>", "<b>9 am - 5 pm</b>"), ("Sunday", "10 am - 2 pm")],
            "Monday | 9 am - 5 pm\nSunday | 10 am - 2 pm",
        ),
        ([("<b>Brief</b>", "<b>4,90 EUR</b>"), ("Paket", "9 EUR")], "Brief | 4,90 EUR\nPaket | 9 EUR"),
        ([("<b>Tea</b>", "<b>20 % off</b>"), ("Pots", "5 % off")], "Tea | 20 % off\nPots | 5 % off"),
        (
            [("<b>1. Januar</b>", "<b>geschlossen</b>"), ("24. Dezember", "bis 12 Uhr")],
            "1. Januar | geschlossen\n24. Dezember | bis 12 Uhr",
        ),
        (
            [("<b>24-hour service</b>", "<b>Price</b>"), ("Call-out", "€40")],
            "24-hour service: Call-out | Price: €40",
        ),
        ([("Colour", "white"), ("Weight", "12 kg"), ("Depth", "30")], "Colour | white\nWeight | 12 kg\nDepth | 30"),
        ([("Model", "<b>Price</b> in €"), ("A1", "new")], "Model | Price in €\nA1 | new"),
    ],
)
def test_a_first_row_that_is_set_off_names_the_columns(read_one, rows, read):
    assert read_one("a.html", table(*rows)).text == read


def test_a_pipe_in_code_stays_a_pipe(read_one, blocks):
    page = (
        "<p>Run <code>curl get.sh | sh</code> once.</p><table><tr><th>Key<th>Type</tr>"
        "<tr><td>mode<td><code>fixed | free</code></tr></table><pre>ls | wc</pre>"
    )
    assert blocks(read_one("a.html", page)) == [
        ("paragraph", 0, "Run curl get.sh |\tsh once."),
        ("row", 0, "Key: mode | Type: fixed |\tfree"),
        ("code", 0, "ls |\twc"),
    ]


def test_cells_that_only_place_things_are_not_run_together(read_one, blocks):
    """Shops' mails are made of such tables."""
    cells = (
        "<tr><td>Order</td><td>A1</td></tr><tr><td>Dear Ann,</td></tr><tr><td><p>Hi</p></td><td><h2>B</h2></td></tr>"
    )
    assert blocks(read_one("a.html", f"<table role=presentation>{cells}</table>")) == [
        ("row", 0, "Order | A1"),
        ("paragraph", 0, "Dear Ann,"),
        ("paragraph", 0, "Hi"),
        ("heading", 2, "B"),
    ]


def test_names_above_an_empty_corner_are_names(read_one):
    page = "<table><tr><td></td><th>EU<th>UK</tr><tr><th scope=row>S<td>36<td>3</tr><tr><th>L<td>42<td>8</tr></table>"
    assert read_one("a.html", page).text == "S | EU: 36 | UK: 3\nL | EU: 42 | UK: 8"
    page = "<table><tr><th>A<th>B</tr><tr><td><th scope=row>S</tr><tr><td>1<td>2</tr></table>"
    assert read_one("a.html", page).text == "B: S\nA: 1 | B: 2"


def test_a_name_over_the_whole_table_is_said_with_each_row_below(read_one):
    page = (
        "<table><tr><td colspan=2>Rates 2026</tr><tr><th>Up to<th>Price</tr><tr><th colspan=2>EU</tr>"
        "<tr><td>5 kg<td>4 €</tr><tr><td colspan=2>Islands cost more</tr><tr><th colspan=2>World</tr>"
        "<tr><td>5 kg<td>9 €</tr><tr><th colspan=2>Moon</tr><tr><th colspan=2>Mars</tr></table>"
    )
    title, *rows = read_one("a.html", page).text.split("\n")
    assert (title, rows[1:]) == (
        "Rates 2026",
        [
            "EU | Up to: 5 kg | Price: 4 €",
            "EU | Up to: Islands cost more",
            "World | Up to: 5 kg | Price: 9 €",
            "Moon",
            "Mars",
        ],
    )


def test_a_first_cell_over_plain_rows_is_one_of_them(read_one, blocks):
    page = "<table><tr><td colspan=2>See notes</tr><tr><td>S<td>30</tr><tr><td>L<td>40</tr></table>"
    assert blocks(read_one("a.html", page)) == [("row", 0, "See notes"), ("row", 0, "S | 30"), ("row", 0, "L | 40")]


@pytest.mark.parametrize("cell", ["<td colspan=2>Most popular", "<td colspan=2><b>Most popular</b>"])
def test_a_cell_over_the_whole_table_that_is_no_name_names_no_rows(read_one, cell):
    page = f"<table><tr><th>Plan<th>Price</tr><tr>{cell}</tr><tr><td>Fan<td>9 €</tr></table>"
    assert read_one("a.html", page).text == "Plan: Most popular\nPlan: Fan | Price: 9 €"
    late = f"<table><tr><th>Plan<th>Price</tr><tr><td>Fan<td>9 €</tr><tr><th colspan=2>New</tr><tr>{cell}</tr></table>"
    assert read_one("a.html", late).text == "Plan: Fan | Price: 9 €\nPlan: New\nPlan: Most popular"


def test_names_above_one_another_are_names_of_the_columns(read_one):
    page = "<table><tr><th colspan=2>Rates</tr><tr><th>Up to<th>Price</tr><tr><td>5 kg<td>4 €</tr></table>"
    assert read_one("a.html", page).text == "Rates Up to: 5 kg | Rates Price: 4 €"


def test_what_is_hidden_in_tables_is_not_read(read_one):
    cells = "<tr><td>Order</td><td style='display:none'>margin 40%</td><td>A1</td></tr><tr hidden>x<td>y</td></tr>"
    assert read_one("a.html", f"<table role=presentation>{cells}</table>").text == "Order | A1"
    hidden = "<tbody hidden><tr>secret</tr></tbody><tr hidden>agents</tr>"
    assert read_one("a.html", f"<table>{hidden}<tr><td>S<td>30</tr></table>").text == "S | 30"


def test_each_name_in_a_row_has_what_stands_behind_it(read_one):
    page = "<table><tr><th>Wash<td>30°<th>Iron<td>no</tr><tr><th>Bleach<td>no<th>Dry<td>flat</tr></table>"
    assert read_one("a.html", page).text == "Wash: 30° | Iron: no\nBleach: no | Dry: flat"


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        ("<tr><th>Wash<td colspan=2>30°</tr><tr><th>Iron<td>no<td>never</tr>", "Wash: 30°\nIron: no never"),
        ("<tr><th rowspan=2>Men<th>S<td>36</tr><tr><th>M<td>40</tr>", "Men: S 36\nMen: M 40"),
        ("<tr><th>Size<td>36<td>38<th>EU<td>40</tr>", "Size: 36 38 EU 40"),
    ],
)
def test_where_names_and_values_take_no_turns_the_first_names_the_row(read_one, rows, read):
    assert read_one("a.html", f"<table>{rows}</table>").text == read
