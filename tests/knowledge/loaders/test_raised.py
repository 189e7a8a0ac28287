"""Raised figures behind numbers."""

import pytest

from knowledge.loaders.raised import joined, raised


@pytest.mark.parametrize(
    ("before", "figures", "after", "said"),
    [
        ("about 10", "15", " of them", "^15"),
        ("3 × 10", "30", ".", "^30"),
        ("Open 10", "30", "", ":30"),  # what follows is not known
        ("Open 10", "30", "–18", ":30"),
        ("Open 10", "00", ".", ":00"),
        ("We open at 10", "30", ".", ":30"),
        ("Open 9–10", "30", ".", ":30"),
        ("Open 9", "30", ".", ":30"),
    ],
)
def test_a_power_of_ten_is_told_from_an_hour(before, figures, after, said):
    assert raised(figures, before=before, after=after) == said


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([("£1500", False), ("5", True), (".", False)], "£1500^5."),
        ([("€9", False), ("9", True), ("", False), ("9", True), (" each", False)], "€9.99 each"),
        ([("Some 10", False), ("15", True), (" of them", False)], "Some 10^15 of them"),
        ([("9", False), ("00", True), ("–18", False), ("30", True)], "9:00–18:30"),
        ([("1", True), ("Note", False)], "1Note"),
        ([("£1500", False), ("5 ", True), ("per year", False)], "£1500^5 per year"),
        ([("€9", False), ("99 ", True), ("each", False)], "€9.99 each"),
    ],
)
def test_pieces_of_a_line(pieces, said):
    assert joined(pieces) == said
