from dataclasses import replace

import pytest

from finetune.evaluation import judge
from finetune.judging.comparing import Standing, set_side_by_side
from finetune.judging.comparison_report import LEFT, WIDTH, page, plot, round_values
from finetune.judging.likelihood import Windows
from finetune.judging.predicting import Prediction, Subject
from knowledge.scores import Score
from tests.finetune.conftest import intent

HOSTILE = '<script>alert("x")</script>'
EXAMPLES = tuple(intent(HOSTILE if at else "?", "ab"[at % 2]) for at in range(30))


def standing(name: str, said: str) -> Standing:
    report = judge(name, EXAMPLES, [Prediction(at, "ab"[at % 2], label) for at, label in enumerate(said)])
    return Standing(Subject(name), report, (0.1, 0.2, 0.3), Windows((2.0, 2.1), (1, 1)))


def test_the_page_shows_verdicts_plots_and_what_changed() -> None:
    comparison = set_side_by_side([standing("base", "a" * 30), standing("<b>tuned</b>", "ab" * 14 + "bb")])
    shown = page(comparison, examples=EXAMPLES, command="frontdesk finetune compare", made="today")

    assert "<script" not in shown
    assert "<b>tuned" not in shown
    assert shown.count("<svg") == 3  # intents, margin, perplexity
    assert "15 better, 1 worse" in shown
    assert "What it still knows" in shown
    assert "http" not in shown.replace("http-equiv", "")


def test_a_page_without_examples_shows_memory_alone() -> None:
    bare = replace(standing("one", "ab" * 15), report=None)
    shown = page(set_side_by_side([bare, bare]), examples=(), command="c", made="today")

    assert shown.count("<svg") == 2
    assert "What changed" not in shown


def test_a_plot_stays_inside_its_field() -> None:
    lines = "\n".join(plot([("m", Score(0.5, 0.0, 1.0, 9))], caption="c", name="n"))

    assert f'x1="{LEFT:.1f}" x2="{LEFT + WIDTH:.1f}"' in lines
    assert list(plot([("m", Score(None, None, None, 0))], caption="c", name="n")) == []


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (-0.155, 0.244, [-0.1, 0.0, 0.1, 0.2]),
        (-3, 4000, [0, 1000, 2000, 3000, 4000]),
        (20.1, 20.9, [20.2, 20.4, 20.6, 20.8]),
    ],
)
def test_a_scale_is_marked_with_round_numbers(low: float, high: float, marks: list[float]) -> None:
    assert round_values(low, high) == marks
