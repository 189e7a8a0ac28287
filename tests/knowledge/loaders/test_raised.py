"""Raised figures behind numbers."""

import pytest

from knowledge.loaders.raised import raised


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
