import math

import numpy as np
import pytest

from bench.calibrate import CURVES_IN_USE, RECIPES, Case, as_code, fit
from knowledge.passages import Signals


def drawn(n: int, *, answerable: bool, mean: float, seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    values = generator.normal(mean, 0.1, size=(n, 2))
    return [Case(Signals(float(a), 0.0, float(b), None), answerable) for a, b in values]


def both(positive: int, negative: int) -> list[Case]:
    return drawn(positive, answerable=True, mean=0.7, seed=1) + drawn(negative, answerable=False, mean=0.5, seed=2)


def test_a_curve_finds_the_middle_between_two_clouds() -> None:
    curve = fit({"one": both(400, 400)}, ("coverage", "lead"), base_rate=0.5)
    assert curve.coverage > 0
    assert curve.lead > 0
    assert curve.sentence_coverage == curve.cosine == 0.0
    assert curve.at(Signals(0.6, 0.0, 0.6, None)) == pytest.approx(0.5, abs=0.05)


def test_both_kinds_weigh_the_same_however_many_they_are() -> None:
    even = fit({"one": both(400, 400)}, ("coverage", "lead"))
    uneven = fit({"one": both(4000, 400)}, ("coverage", "lead"))
    assert uneven.at(Signals(0.6, 0.0, 0.6, None)) == pytest.approx(even.at(Signals(0.6, 0.0, 0.6, None)), abs=0.05)


def test_the_base_rate_moves_the_intercept_only() -> None:
    half = fit({"one": both(200, 200)}, ("coverage",), base_rate=0.5)
    most = fit({"one": both(200, 200)}, ("coverage",), base_rate=0.8)
    assert most.intercept - half.intercept == pytest.approx(math.log(4))
    assert most.coverage == half.coverage


def test_separable_cases_do_not_run_away() -> None:
    positive = [Case(Signals(1.0, 0.0, 0.0, None), True)] * 5
    negative = [Case(Signals(0.0, 0.0, 0.0, None), False)] * 5
    curve = fit({"one": positive + negative}, ("coverage",))
    assert 0 < curve.coverage < 100


def test_the_line_to_paste() -> None:
    curve = fit({"one": both(200, 200)}, ("coverage",))
    assert as_code(curve, ("coverage",)) == f"Curve(intercept={curve.intercept:.2f}, coverage={curve.coverage:.2f})"


def test_every_curve_in_use_has_a_recipe_of_its_signals() -> None:
    assert [recipe.name for recipe in RECIPES] == list(CURVES_IN_USE)
    for recipe in RECIPES:
        slopes = {
            key
            for key in ("coverage", "sentence_coverage", "lead", "cosine")
            if getattr(CURVES_IN_USE[recipe.name], key)
        }
        assert slopes == set(recipe.features)
