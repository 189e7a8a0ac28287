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


def test_a_cell_over_the_whole_table_is_said_with_each_row_below(read_one):
    page = (
        "<table><tr><td colspan=2>Rates 2026</tr><tr><th>Up to<th>Price</tr><tr><th colspan=2>EU</tr>"
        "<tr><td>5 kg<td>4 €</tr><tr><td colspan=2>Islands cost more.</tr><tr><td>9 kg<td>8 €</tr>"
        "<tr><td colspan=2><b>World</b></tr><tr><td>5 kg<td>9 €</tr><tfoot><tr><td colspan=2>plus VAT</tr></table>"
    )
    assert read_one("a.html", page).text.split("\n\n") == [
        "Rates 2026",
        "EU | Up to: 5 kg | Price: 4 €",
        "Islands cost more.",
        "EU | Up to: 9 kg | Price: 8 €\nWorld | Up to: 5 kg | Price: 9 €",
        "plus VAT",
    ]


def test_each_name_in_a_row_has_what_stands_behind_it(read_one):
    page = "<table><tr><th>Wash<td>30°<th>Iron<td>no</tr><tr><th>Bleach<td>no<th>Dry<td>flat</tr></table>"
    assert read_one("a.html", page).text == "Wash: 30° | Iron: no\nBleach: no | Dry: flat"


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        ("<img src=y.png alt=yes>", "yes"),
        ("<span aria-label='not included'></span>", "not included"),
        ("<svg><title>included</title></svg>", "included"),
        ("<i class='fa fa-check'></i>", "✓"),
        ("<i class='fa-solid fa-xmark'></i>", "✗"),
    ],
)
def test_a_picture_alone_in_a_cell_is_its_value(read_one, picture, said):
    page = f"<table><tr><th>What<th>Basic<th>Pro</tr><tr><td>Support<td>{picture}<td>by phone</tr></table>"
    assert read_one("a.html", page).text == f"What: Support | Basic: {said} | Pro: by phone"
