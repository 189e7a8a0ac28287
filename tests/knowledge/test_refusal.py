from knowledge.passages import Passage, Retrieval, Signals
from knowledge.refusal import COARSE, Point, curve

PASSAGE = Passage("default", "a", "", (), "", None, 0, 0, "", "public", "en", 1.0)


def search(evidence: float, *, found: bool = True) -> Retrieval:
    return Retrieval("", (PASSAGE,) if found else (), evidence, Signals(0, 0, 0, None), {}, 0.01)


def test_the_curve_shows_what_each_threshold_brings() -> None:
    answerable = [search(0.9), search(0.5), search(0.2)]
    unanswerable = [search(0.6), search(0.1), search(0.0, found=False)]
    points = curve(answerable, unanswerable, refuse_below=0.5, thresholds=(0.0, 0.3, 1.0))
    assert points == (
        Point(0.0, 1.0, 0.3333),
        Point(0.3, 0.6667, 0.6667),
        Point(0.5, 0.6667, 0.6667, in_use=True),
        Point(1.0, 0.0, 1.0),
    )


def test_the_threshold_in_use_is_marked_once_among_the_usual_ones() -> None:
    points = curve([search(0.9)], [], refuse_below=0.5)
    assert [point.threshold for point in points] == list(COARSE)
    assert [point.threshold for point in points if point.in_use] == [0.5]
    assert {point.refused for point in points} == {None}
    assert len(curve([], [], refuse_below=0.45)) == len(COARSE) + 1
