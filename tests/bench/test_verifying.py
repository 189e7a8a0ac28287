from dataclasses import replace

import numpy as np
import pytest

from bench.verifying import Case, fit, row


def case(*, answerable: bool, found: float, agreed: float, refused: bool = False, right: bool = True) -> Case:
    return Case(answerable, found, agreed, refused, right)


CASES = [
    *(case(answerable=True, found=0.5, agreed=agreed) for agreed in (0.9, 0.8, 0.7, 0.6)),
    *(case(answerable=False, found=0.5, agreed=agreed, right=False) for agreed in (0.4, 0.3, 0.2, 0.1)),
]


def test_what_tells_the_two_apart_gets_the_weight() -> None:
    _, of_found, of_agreed = fit(CASES)
    assert of_found == pytest.approx(0, abs=1e-6)
    assert of_agreed > 0.5


def test_both_sides_weigh_the_same_however_many_there_are() -> None:
    between = np.array([1.0, 0.0, 0.0])  # a case that neither signal tells anything of
    assert fit([*CASES[:4] * 3, *CASES[4:]]) @ between == pytest.approx(fit(CASES) @ between, abs=0.3)


def test_a_row_counts_answers_right_answers_and_refusals() -> None:
    cases = [*CASES, case(answerable=True, found=0.5, agreed=0.95, refused=True), replace(CASES[0], right=False)]
    cells = row("shop", cases, np.array([0.0, 0.0, 1.0]))
    assert cells[:2] == ("shop", "6 + 4")
    assert cells[5:] == ("5/6", "4/6", "4/4", "5/6, 0/4")
