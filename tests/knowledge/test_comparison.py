from dataclasses import replace

import pytest

from knowledge.comparison import compare, verdict
from knowledge.measures import RETRIEVAL
from knowledge.results import Row
from knowledge.scores import PairedScore, paired

NAMES = ("this run", "mode=lexical")


def row(
    name: int, recall: float | None, *, seconds: float = 0.01, fingerprint: str = "same", language: str = "en"
) -> Row:
    measures = {
        **dict.fromkeys(RETRIEVAL.measures),
        "recall_at_5": recall,
        "hit_at_5": None if recall is None else float(recall > 0),
        "mrr_at_10": recall,
    }
    return Row(str(name), "What?", language, fingerprint, 0.5, seconds, (), measures)


def test_questions_are_matched_by_id_and_not_by_place() -> None:
    left = [row(1, 1.0), row(2, 0.0), row(3, 1.0), row(4, 1.0, fingerprint="old")]
    right = [row(4, 0.0), row(3, 1.0), row(2, 1.0), row(1, 0.0), row(9, 1.0)]
    comparison = compare([*left, row(5, 1.0)], right, yardstick=RETRIEVAL, names=NAMES)
    assert (comparison.n, comparison.only_left, comparison.only_right) == (3, ("5",), ("9",))
    assert comparison.changed == ("4",)
    assert (comparison.won_by_left, comparison.won_by_right) == (("1",), ("2",))
    score = comparison.scores["recall_at_5"]
    assert (score.difference, score.n, score.wins, score.losses, score.ties) == (0.0, 3, 1, 1, 1)


def test_the_better_one_is_named_on_whichever_side_it_stands() -> None:
    good, bad = [row(n, 1.0) for n in range(20)], [row(n, float(n < 8)) for n in range(20)]
    first = compare(good, bad, yardstick=RETRIEVAL, names=NAMES).verdicts[0]
    assert first.startswith("This run finds the answer more often than mode=lexical: +60.0 points of hit rate@5 [")
    assert "n=20, p=0.0005." in first
    other = compare(bad, good, yardstick=RETRIEVAL, names=NAMES).verdicts[0]
    assert other.startswith("mode=lexical finds the answer more often than this run: +60.0 points of hit rate@5 [+")


def test_three_wins_of_three_show_nothing() -> None:
    """The interval alone would exclude zero; but three coins fall alike one time in four."""
    comparison = compare(
        [row(n, 1.0) for n in range(3)], [row(n, 0.0) for n in range(3)], yardstick=RETRIEVAL, names=NAMES
    )
    assert comparison.scores["hit_at_5"].low == 1.0
    assert comparison.verdicts[0].startswith("No difference can be shown in how often the answer is found: +100.0")
    assert comparison.verdicts[0].endswith("n=3, p=0.25; 3 questions differ.")
    one = compare([row(1, 1.0), row(2, 1.0)], [row(1, 1.0), row(2, 0.0)], yardstick=RETRIEVAL, names=NAMES)
    assert one.verdicts[0].endswith("; 1 question differs.")


def test_equal_sides_are_called_equal() -> None:
    rows = [row(n, 1.0) for n in range(5)]
    verdicts = compare(rows, rows, yardstick=RETRIEVAL, names=NAMES).verdicts
    assert verdicts[0] == (
        "This run and mode=lexical are equal in how often the answer is found: hit rate@5 is the same on 5 questions."
    )


def test_recall_has_a_sentence_of_its_own_only_where_it_says_something_else() -> None:
    whole, none = [row(n, 1.0) for n in range(4)], [row(n, 0.0) for n in range(4)]
    assert [
        text for text in compare(whole, none, yardstick=RETRIEVAL, names=NAMES).verdicts if "recall@5" in text
    ] == []
    half = [row(n, 0.5) for n in range(4)]
    assert [text for text in compare(whole, half, yardstick=RETRIEVAL, names=NAMES).verdicts if "recall@5" in text]


def test_measures_that_no_question_has_are_not_mentioned() -> None:
    comparison = compare([row(1, None)], [row(1, None)], yardstick=RETRIEVAL, names=NAMES)
    assert comparison.verdicts == ()
    assert comparison.scores["recall_at_5"] == PairedScore(None, None, None, 0, 0, 0, 0, None)
    assert (
        verdict("hit_at_5", comparison.scores["hit_at_5"], yardstick=RETRIEVAL, names=NAMES)
        == "hit rate@5: no question has it on both sides."
    )


def test_languages_are_compared_by_themselves_when_there_are_several() -> None:
    """Better in one and worse in the other: together they show nothing."""
    left = [row(n, 1.0) for n in range(8)] + [row(n, 0.0, language="zh") for n in range(8, 16)]
    right = [row(n, 0.0) for n in range(8)] + [row(n, 1.0, language="zh") for n in range(8, 16)]
    comparison = compare(left, right, yardstick=RETRIEVAL, names=NAMES)
    assert comparison.scores["recall_at_5"].difference == 0.0
    parts = {language: scores["recall_at_5"] for language, scores in comparison.languages.items()}
    assert (parts["en"].difference, parts["en"].n, parts["zh"].difference, parts["zh"].n) == (1.0, 8, -1.0, 8)
    assert parts["en"].is_shown
    assert compare(left[:8], right[:8], yardstick=RETRIEVAL, names=NAMES).languages == {}


def test_of_what_has_a_unit_less_is_better() -> None:
    yardstick = replace(RETRIEVAL, said={"words": ("uses fewer words", "in length")}, units={"words": "words"})
    yardstick = replace(yardstick, measures=("words", "hit_at_5"), meanings={"words": ("words", "length")})
    short, long = (
        [replace(row(n, 1.0), measures={"words": words + n % 3, "hit_at_5": 1.0}) for n in range(10)]
        for words in (20.0, 30.0)
    )
    (said,) = compare(short, long, yardstick=yardstick, names=NAMES).verdicts
    assert said == "This run uses fewer words than mode=lexical: -10.0 words [-10.0, -10.0], n=10, p=0.002."
    (said,) = compare(long, short, yardstick=yardstick, names=NAMES).verdicts
    assert said.startswith("mode=lexical uses fewer words than this run: -10.0 words [")


def test_speed_is_compared_as_well() -> None:
    left = [row(n, 1.0, seconds=0.03) for n in range(10)]
    right = [replace(each, seconds=0.01) for each in left]
    assert compare(left, right, yardstick=RETRIEVAL, names=NAMES).scores["seconds"] == paired([0.03] * 10, [0.01] * 10)


@pytest.mark.parametrize("sides", [([], []), ([row(1, 1.0)], [row(2, 1.0)])])
def test_without_shared_questions_there_is_no_verdict(sides: tuple[list[Row], list[Row]]) -> None:
    comparison = compare(*sides, yardstick=RETRIEVAL, names=NAMES)
    assert (comparison.n, comparison.verdicts) == (0, ())
