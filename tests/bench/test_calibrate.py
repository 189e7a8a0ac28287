import math
from dataclasses import replace

import numpy as np
import pytest

from bench.calibrate import (
    CURVES_IN_USE,
    RECIPES,
    Case,
    Recipe,
    as_code,
    company_of,
    cost_of_a_missing_name,
    fit,
    fitted,
)
from bench.companies import HELD_OUT, LARGER, TAUGHT
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


def test_sets_may_weigh_the_same_however_many_questions_they_have() -> None:
    many, few = (
        both(800, 800),
        [replace(c, signals=replace(c.signals, coverage=c.signals.coverage + 1)) for c in both(40, 40)],
    )

    def middle(*, even: bool) -> float:
        curve = fit({"many": many, "few": few}, ("coverage",), base_rate=0.5, even=even)
        return -curve.intercept / curve.coverage

    assert middle(even=False) < 0.8 < middle(even=True)


def test_separable_cases_do_not_run_away() -> None:
    positive = [Case(Signals(1.0, 0.0, 0.0, None), True)] * 5
    negative = [Case(Signals(0.0, 0.0, 0.0, None), False)] * 5
    curve = fit({"one": positive + negative}, ("coverage",))
    assert 0 < curve.coverage < 100


def test_the_line_to_paste() -> None:
    curve = fit({"one": both(200, 200)}, ("coverage",))
    plain = f"intercept={curve.intercept:.2f}, coverage={curve.coverage:.2f}"
    assert as_code(curve, Recipe("A", ("coverage",), ("one",))) == f"Curve({plain})"
    assert as_code(curve, Recipe("A", ("coverage",), ("one",), alike=("two",))) == f"Curve({plain}, unnamed=0.00)"


def named(unnamed: float, *, answerable: bool) -> Case:
    return Case(Signals(0.6, 0.0, 0.0, None, unnamed), answerable)


def test_a_missing_name_costs_where_it_tells_and_all_else_stays() -> None:
    alike = (
        [named(0.0, answerable=True)] * 20 + [named(0.3, answerable=False)] * 15 + [named(0.0, answerable=False)] * 5
    )
    cases = {"one": both(200, 200), "two": alike}
    recipe = Recipe("A", ("coverage",), ("one",), alike=("two",))
    curve = fitted(recipe, cases)
    assert curve.unnamed < -5
    assert (curve.intercept, curve.coverage) == (fit({"one": cases["one"]}, ("coverage",)).intercept, curve.coverage)
    assert fitted(recipe, {"one": cases["one"]}).unnamed == 0


def test_a_missing_name_never_speaks_for_an_answer() -> None:
    odd = [named(0.3, answerable=True)] * 20 + [named(0.0, answerable=False)] * 20
    assert cost_of_a_missing_name(fit({"one": both(200, 200)}, ("coverage",)), odd) == 0


def test_every_curve_in_use_has_a_recipe_of_its_signals() -> None:
    assert [recipe.name for recipe in RECIPES] == list(CURVES_IN_USE)
    for recipe in RECIPES:
        slopes = {
            key
            for key in ("coverage", "sentence_coverage", "lead", "cosine", "cosine_lead", "closest")
            if getattr(CURVES_IN_USE[recipe.name], key)
        }
        assert slopes == set(recipe.features)
        assert bool(CURVES_IN_USE[recipe.name].unnamed) is bool(recipe.alike)


def test_questions_about_one_companys_documents_are_left_out_together() -> None:
    assert {company_of(name) for name in ("bank", "bank-abroad", "bank-follow-ups")} == {"bank"}
    assert company_of("mtrag") == "mtrag"


def test_curves_over_what_an_adapter_says_are_fitted_on_nothing_that_taught_it() -> None:
    tuned = [recipe for recipe in RECIPES if recipe.tuned]
    assert {recipe.name for recipe in tuned} == {"ANSWERS", "ANSWERS, multilingual", "ANSWERS ACROSS, multilingual"}
    for recipe in tuned:
        assert not {*recipe.sets, *recipe.measured} & {*TAUGHT}
        assert not {*recipe.sets} & {*HELD_OUT, *LARGER}
