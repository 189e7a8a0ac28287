"""HTML within values."""

import time

import pytest

from knowledge.loaders.markup import plain


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<p>Warm light &amp; <strong>calm</strong>.</p>", "Warm light & calm."),
        ("<p>One.</p>\n\n<ul>\n<li>Cable 2 m</li><li>Oak</li>\n</ul>", "One.\n\nCable 2 m\nOak"),
        ("Line<br>by<br />line", "Line\nby\nline"),
        (r"<p>One.</p>\n<p>Two.</p>", "One.\n\nTwo."),
        ("<table><tr><td>Weight</td><td>2 kg</td></tr></table>", "Weight 2 kg"),
        ("<p>Now <del>59</del> 49.<script>buy()</script><!-- 30 --></p>", "Now 49."),
        ("from 2<3 and 4>1 &amp; more", "from 2<3 and 4>1 &amp; more"),
        ("the <select> element", "the <select> element"),
        ("<b", "<b"),
    ],
)
def test_what_a_reader_sees(text, read):
    assert plain(text) == read


def test_what_begins_often_and_never_ends_is_gone_through_once():
    began = time.process_time()
    assert plain("<p>Oak.</p>" + "<s><!--" * 50_000).startswith("Oak.")
    assert time.process_time() - began < 5
