from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.trials.measures import ANSWERS
from bench.answers import COLUMNS, DIFFERENCES, FLOOR, differences_of, rows_for, sample, shown
from bench.homes import Home
from knowledge.results import Row
from knowledge.scores import paired

SCORE = {"value": 0.5, "low": 0.25, "high": 1.0, "n": 4}
SCORES: dict[str, Any] = {
    **dict.fromkeys(ANSWERS.by_part, SCORE),
    **{"n": 4, "unsupported": 1, "sentences": 7, "strays": 0, "words_longest": 9.0},
    "first_text_seconds": {"value": None, "low": None, "high": None, "n": 0},
    **{"seconds": SCORE, "seconds_median": 0.5, "seconds_p95": 1.25},
}


def rows(*right: float, language: str = "en") -> list[Row]:
    marks = dict.fromkeys(ANSWERS.measures)
    return [
        Row(f"{language}{n}", "?", language, "same", 0.5, 0.1, (), {**marks, "facts_held": value, "words": 10 * value})
        for n, value in enumerate(right)
    ]


def test_a_setting_has_a_row_and_one_for_each_of_several_languages() -> None:
    (row,) = rows_for("xquad-en", "none", {"overall": SCORES, "languages": {"en": SCORES}})
    cells = dict(zip(COLUMNS, row, strict=True))
    assert (cells["facts held"], cells["token F1, whole"]) == ("2/4 [0.25, 1.00]", "0.50 [0.25, 1.00]")
    assert (cells["unsupported sentences"], cells["s to first text"]) == ("1/7", "–")
    assert cells["s an answer, median (95 %)"] == "0.50 (1.25)"
    several = rows_for("demo", "none", {"overall": SCORES, "languages": {"en": SCORES, "zh": SCORES}})
    assert [row[1] for row in several] == ["all", "en", "zh"]


def test_settings_are_compared_in_pairs_and_by_language() -> None:
    good, bad = [1.0] * 10, [0.0] * 10
    both = {name: rows(*good) + rows(*good, language="zh") for name in ("none", "embedded")}
    found = differences_of("demo", {**both, FLOOR: rows(*bad) + rows(*good, language="zh")})
    assert [row[:3] for row in found] == [
        ("demo", part, pair)
        for pair in (f"none – {FLOOR}", f"embedded – {FLOOR}", "embedded – none")
        for part in ("all", "en", "zh")
    ]
    place = 3 + DIFFERENCES.index("facts_held")
    assert [row[place] for row in found[:3]] == [
        "**+50.0** [+30.0, +70.0], n=20",
        "**+100.0** [+100.0, +100.0], n=10",
        "+0.0 [+0.0, +0.0], n=10",
    ]
    assert found[1][3 + DIFFERENCES.index("words")] == "**+10.0** [+10.0, +10.0], n=10"
    assert found[0][3 + DIFFERENCES.index("pointed_f1")] == "–"


def test_what_luck_may_bring_is_not_bold() -> None:
    assert shown(paired([1.0, 0.0], [0.0, 0.0]), in_points=True) == "+50.0 [+0.0, +100.0], n=2"


@pytest.mark.parametrize(("limit", "count"), [(3, 3), (99, 10)])
def test_a_sample_is_the_same_on_every_run_and_in_order(tmp_path: Path, limit: int, count: int) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(f"{n}\n" for n in range(10)), encoding="utf-8")
    home = Home(tmp_path, file, 1, 1, 0.1)
    first = sample(home, tmp_path / "a.jsonl", limit=limit).read_text(encoding="utf-8").split()
    again = sample(replace(home), tmp_path / "b.jsonl", limit=limit).read_text(encoding="utf-8").split()
    assert first == again == sorted(first)
    assert len(set(first)) == count
