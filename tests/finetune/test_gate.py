from typing import Any

import pytest

from finetune.evaluation import MEANINGS
from finetune.gate import GUARDED, judge

NOTHING = {"difference": None, "low": None, "high": None, "n": 0, "better": None}


def row(name: str, difference: float, low: float, high: float, better: bool | None) -> dict[str, Any]:
    task, measure = name.split(".")
    spread = {"difference": difference, "low": low, "high": high, "n": 40, "better": better}
    return {"task": task, "measure": measure, **spread}


BETTER = row("intent.exact_match", 0.2, 0.1, 0.3, True)
EQUAL = row("answer.refusal", 0.0, -0.04, 0.04, None)


def comparison(*measures: dict[str, Any], **more: Any) -> dict[str, Any]:
    usual = {"tasks": ["intent"], "margin": 0.05, "measures": list(measures), "answers": None, "forgot": None}
    costs = {"speed": {"new": 50.0, "current": 52.0}, "memory": {"new": 300e6, "current": 300e6}}
    return {**usual, **costs, "memory_said": "memory: less", **more}


def test_better_and_no_worse_passes_and_names_what_nobody_compared() -> None:
    verdict = judge(comparison(BETTER, EQUAL))
    assert verdict.passes
    assert verdict.better == ("intent, exact match +20.0 points [+10.0, +30.0], n=40",)
    assert verdict.unmeasured == ("citations", "tool calls", "injection", "retention")


@pytest.mark.parametrize(
    ("measures", "more", "why"),
    [
        ([row("intent.exact_match", 0.02, -0.03, 0.07, None)], {}, "not shown to be better"),
        ([row("answer.facts", 0.2, 0.1, 0.3, True)], {}, "no example of what it was trained on (intent)"),
        ([BETTER, row("answer.refusal", -0.2, -0.3, -0.1, False)], {}, "is worse: answer, refusals right -20.0"),
        ([BETTER, row("answer.refusal", 0.0, -0.06, 0.06, None)], {}, "may be worse, which more examples"),
        (
            [BETTER, row("answer.strays", 3.5, 1, 8, False)],
            {},
            "is worse: answer, invented figures +3.50 an answer [+1.00, +8.00], n=40, allowed +0.05",
        ),
        ([BETTER, row("answer.refusal", -0.2, -0.3, -0.1, False)], {}, "[-30.0, -10.0], n=40, allowed -5.0"),
        (
            [BETTER, row("voice.style_distance", 0.2, 0.1, 0.3, False)],
            {},
            "+20.0 points [+10.0, +30.0], n=40, allowed +5.0",
        ),
        ([BETTER], {"answers": [row("questions.facts_held", -0.1, -0.2, -0.06, False)]}, "facts held"),
        ([BETTER], {"forgot": True}, "knows less than before: memory: less"),
        ([BETTER], {"speed": {"new": 10.0, "current": 20.0}}, "10.0 tokens a second instead of 20.0"),
        ([BETTER], {"memory": {"new": 900e6, "current": 300e6}}, "900 MB of memory instead of 300"),
    ],
)
def test_what_speaks_against_it(measures: list[dict[str, Any]], more: dict[str, Any], why: str) -> None:
    verdict = judge(comparison(*measures, **more))
    assert not verdict.passes
    assert len(verdict.faults) == 1
    assert why in verdict.faults[0]


def test_fewer_invented_figures_are_no_fault() -> None:
    assert judge(comparison(BETTER, row("answer.strays", -0.5, -0.9, -0.1, True))).passes


def test_a_wider_margin_is_the_owners_to_state() -> None:
    wide = row("answer.refusal", 0.0, -0.06, 0.06, None)
    assert judge(comparison(BETTER, wide, margin=0.1)).passes


def test_of_several_tasks_one_must_be_better_and_none_worse() -> None:
    same = row("voice.token_f1", 0.0, -0.02, 0.02, None)
    assert judge(comparison(BETTER, same, tasks=["intent", "voice"])).passes
    worse = row("voice.token_f1", -0.2, -0.3, -0.1, False)
    assert not judge(comparison(BETTER, worse, tasks=["intent", "voice"])).passes


def test_without_a_number_nothing_is_said() -> None:
    found = judge(comparison(BETTER, {"task": "answer", "measure": "citations", **NOTHING}, speed=None, memory=None))
    assert found.passes
    assert {"citations", "speed", "memory"} <= set(found.unmeasured)


def test_what_is_guarded_is_measured() -> None:
    assert {name for names in GUARDED.values() for name in names} <= set(MEANINGS)
