"""Text that stands where HTML has no place for it: in a list and in no item, in a table and in no cell."""

import pytest


@pytest.mark.parametrize(
    ("page", "read"),
    [
        (
            "<ul>Please note:<li>30 days</li> unworn <b>only</b><li>label</li>Costs 4.90 €</ul>",
            [(0, "Please note:"), (1, "30 days"), (0, "unworn only"), (1, "label"), (0, "Costs 4.90 €")],
        ),
        (
            "<ol>Steps:<li>Pack</li>at home<li>Send</li></ol>",
            [(0, "Steps:"), (1, "1. Pack"), (0, "at home"), (1, "2. Send")],
        ),
        ("<ul><li>EU<ul>Islands too:<li>€9</ul></ul>", [(1, "EU"), (1, "Islands too:"), (2, "€9")]),
        (
            "<dl>Terms<dt>A</dt><dd>1</dd>loose<div><dt>B</dt><dd>2</dd></div><h3>More</h3><dt>C</dt></dl>",
            [(0, "Terms"), (1, "A: 1"), (0, "loose"), (1, "B: 2"), (3, "More"), (1, "C")],
        ),
        (
            "<table>In cm<tr><td>S<td>30</tr><b>unworn</b> only<tr>x<td>L<td>40</tr></table>",
            [(0, "In cm"), (0, "unworn only"), (0, "x"), (0, "S | 30"), (0, "L | 40")],
        ),
    ],
)
def test_text_beside_items_and_cells_is_read_and_joins_none(read_one, blocks, page, read):
    assert [(level, text) for _, level, text in blocks(read_one("a.html", page))] == read


@pytest.mark.parametrize(
    ("page", "read"),
    [
        (
            "<dl><faq-item><dt>Price</dt><dd>9 €</dd></faq-item><span><dt>Term</dt><dd>1</dd></span></dl>",
            "Price: 9 €\nTerm: 1",
        ),
        (
            "<dl><dt>Price</dt><dd>9 €</dd><div hidden><dt>Margin</dt><dd>4 €</dd></div><dt hidden>x</dt></dl>",
            "Price: 9 €",
        ),
        ("<ul><my-item>EU 4 €</my-item><my-item>UK 9 €</my-item></ul>", "EU 4 €\nUK 9 €"),
        ("<ol><a-b><li>Pack</li></a-b><a-b><li>Send</li></a-b><i hidden><li>x</li></i></ol>", "1. Pack\n2. Send"),
        ("<ul><div>Pack<ul><li>well</li></ul></div></ul>", "Pack\n  well"),
    ],
)
def test_items_in_elements_that_a_site_made_up_are_items(read_one, page, read):
    assert read_one("a.html", page).text == read


def test_what_holds_items_and_is_read_otherwise_stays_whole(read_one, blocks):
    cells = "<table><tr><td><li>S</li></td><td>30</td></tr><tr><td>L</td><td>40</td></tr></table>"
    assert read_one("a.html", f"<ul>{cells}</ul>").text == "S | 30\nL | 40"
    folded = "<ul><details><summary>How?</summary><li>So</li></details><li>Else</li></ul>"
    assert ("heading", 1, "") in blocks(read_one("a.html", folded))
