import re

from knowledge.refusal import Point
from knowledge.report_parts import curve_picture, score, text, tile
from knowledge.scores import Score


def test_text_is_escaped_cut_and_freed_of_what_html_cannot_hold() -> None:
    assert text("<b a=\"1\" b='2'>&") == "&lt;b a=&quot;1&quot; b=&#x27;2&#x27;&gt;&amp;"
    assert text("abc def", limit=5) == "abc…"
    assert text("&&&", limit=3) == "&amp;&amp;&amp;"
    assert text("a\x00b\x1bc\ud800d\te\n") == "a\ufffdb\ufffdc\ufffdd\te\n"
    assert text(None) == "None"


def test_scores_show_their_interval() -> None:
    assert score(Score(None, None, None, 0)) == "–"
    assert score(Score(0.5, 0.25, 1.0, 4)) == "0.500 <small><span>[0.250, 1.000]</span> <span>n=4</span></small>"


def test_a_tile_draws_its_interval() -> None:
    drawn = tile("Found", Score(0.5, 0.25, 1.0, 4), says="of all")
    assert "50 %" in drawn
    assert "95 % interval 25 to 100 %, n=4" in drawn
    assert 'x="25.0" width="75.0"' in drawn
    assert "0.50" in tile("Rank", Score(0.5, 0.25, 1.0, 4), says="", percent=False)
    assert tile("Found", Score(None, None, None, 0), says="") == ""


def test_the_curve_runs_from_threshold_0_to_1_within_its_field() -> None:
    points = (Point(0.0, 1.0, 0.0), Point(0.3, 0.5, None, in_use=True), Point(1.0, 0.0, 1.0))
    drawn = curve_picture(points)
    assert '<polyline class="answered" points="40.0,22.0 145.0,117.0 390.0,212.0"/>' in drawn
    assert '<polyline class="refused" points="40.0,212.0 390.0,22.0"/>' in drawn
    assert "in use: 0.30" in drawn
    assert all(0 <= float(x) <= 400 for x in re.findall(r' x[12]?="([\d.]+)"', drawn))
    assert "polyline" not in curve_picture((Point(0.5, None, None, in_use=True),))
