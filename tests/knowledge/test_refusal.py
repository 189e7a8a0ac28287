from knowledge.refusal import COARSE, Point, curve


def test_the_curve_shows_what_each_threshold_brings() -> None:
    points = curve([0.9, 0.5, 0.2], [0.6, 0.1, None], refuse_below=0.5, thresholds=(0.0, 0.3, 1.0))
    assert points == (
        Point(0.0, 1.0, 0.3333),
        Point(0.3, 0.6667, 0.6667),
        Point(0.5, 0.6667, 0.6667, in_use=True),
        Point(1.0, 0.0, 1.0),
    )


def test_the_threshold_in_use_is_marked_once_among_the_usual_ones() -> None:
    points = curve([0.9], [], refuse_below=0.5)
    assert [point.threshold for point in points] == list(COARSE)
    assert [point.threshold for point in points if point.in_use] == [0.5]
    assert {point.refused for point in points} == {None}
    assert len(curve([], [], refuse_below=0.45)) == len(COARSE) + 1
