import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ui.markup import answer_html, plain_html

ALLOWED = re.compile(
    r"</?(?:(?:p|ul|ol)(?: dir=\"auto\")?|li(?: value=\"\d+\")?|strong)>|<br>|<i>\d+</i>"
    r"|<span class=\"joined\">|</span>"
)


def marker(number: int) -> str | None:
    return f"<i>{number}</i>" if number < 3 else None


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Thirty days. [1]", '<p dir="auto">Thirty d<span class="joined">ays.<i>1</i></span></p>'),
        ("One.[1][2]", '<p dir="auto"><span class="joined">One.<i>1</i><i>2</i></span></p>'),
        ("Unknown [7] stays.", '<p dir="auto">Unknown [7] stays.</p>'),
        ("Known [1] [7].", '<p dir="auto">K<span class="joined">nown<i>1</i>[7]</span>.</p>'),
        ("[7] [1]", '<p dir="auto"><span class="joined">[7]<i>1</i></span></p>'),
        ("a &amp; b [1]", '<p dir="auto">a &amp;amp; <span class="joined">b<i>1</i></span></p>'),
        ("a\nb\n\nc", '<p dir="auto">a<br>b</p><p dir="auto">c</p>'),
        (
            "You need:\n- soap\n- water [2]",
            '<p dir="auto">You need:</p>'
            '<ul dir="auto"><li>soap</li><li>w<span class="joined">ater<i>2</i></span></li></ul>',
        ),
        ("1. first\n2. second", '<ol dir="auto"><li value="1">first</li><li value="2">second</li></ol>'),
        (
            "3. third\n\n4. fourth\n7) last",
            '<ol dir="auto"><li value="3">third</li></ol>'
            '<ol dir="auto"><li value="4">fourth</li><li value="7">last</li></ol>',
        ),
        ("within **30 days** of it", '<p dir="auto">within <strong>30 days</strong> of it</p>'),
        ("2 ** 3 ** 4", '<p dir="auto">2 ** 3 ** 4</p>'),
        ("退货期为 30 天。[1]", '<p dir="auto">退货期为 30 <span class="joined">天。<i>1</i></span></p>'),
        ("Ticket 753-2518.", '<p dir="auto">Ticket <span class="joined">753-2518</span>.</p>'),
        ("编号是753-2518。", '<p dir="auto">编号是<span class="joined">753-2518</span>。</p>'),
        ("**B-11196**", '<p dir="auto"><strong><span class="joined">B-11196</span></strong></p>'),
        ("B-11196 [1]", '<p dir="auto">B-1<span class="joined">1196<i>1</i></span></p>'),
        ("2026-11-30 or a-long-one-123", '<p dir="auto">2026-11-30 or a-long-one-123</p>'),
        ("", ""),
    ],
)
def test_an_answers_few_forms(text: str, html: str) -> None:
    assert answer_html(text, marker=marker) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "30 days [1]\nYou have 30 days. [1]\n- No more. [2]",
            '<p class="short" dir="auto">30 <span class="joined">days<i>1</i></span></p>'
            '<blockquote class="quotes" dir="auto">'
            '<p>You have 30 d<span class="joined">ays.<i>1</i></span></p>'
            '<p>- No m<span class="joined">ore.<i>2</i></span></p></blockquote>',
        ),
        ("30 days [1]\n", '<p class="short" dir="auto">30 <span class="joined">days<i>1</i></span></p>'),
        ("Sixty. [1]\n30 days.", '<p dir="auto">Si<span class="joined">xty.<i>1</i></span><br>30 days.</p>'),
    ],
    ids=["whole", "begun", "begins otherwise"],
)
def test_a_short_answer_and_the_quotes_below_it(text: str, html: str) -> None:
    assert answer_html(text, marker=marker, pointed="30 days") == html


def test_a_short_answer_is_escaped() -> None:
    assert answer_html("<b>1\n<i>2", marker=marker, pointed="<b>1") == (
        '<p class="short" dir="auto">&lt;b&gt;1</p><blockquote class="quotes" dir="auto"><p>&lt;i&gt;2</p></blockquote>'
    )


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "$x^2$ and \\(y\\) and $$z$$",
        "<script>alert(1)</script>",
        "![x](https://example.com/a.png)",
        "# no heading, `no code`, <!-- no comment -->",
        "**<b onclick=x>**",
    ],
)
def test_whatever_else_stands_in_a_text_is_shown_as_text(text: str) -> None:
    for html in (answer_html(text, marker=marker), plain_html(text)):
        rest = ALLOWED.sub("", html)
        assert "<" not in rest
        assert ">" not in rest
        assert '"' not in rest
        assert "href" not in rest.replace("https", "")


@given(st.text(alphabet="<>&\"'*[]()-12.!$\\` \nab一", max_size=60))
def test_no_text_makes_a_tag_that_is_not_ours(text: str) -> None:
    rest = ALLOWED.sub("", answer_html(text, marker=marker))
    assert not set("<>\"'") & set(rest)


def test_plain_text_keeps_its_lines() -> None:
    assert plain_html(" a < b\nc ") == "a &lt; b<br>c"


def test_plain_text_keeps_a_number_on_one_line() -> None:
    assert plain_html("工单 753-2518。") == '工单 <span class="joined">753-2518</span>。'
