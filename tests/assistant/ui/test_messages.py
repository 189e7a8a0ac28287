import re
from typing import Any

import pytest

from assistant.ui.messages import conversation_html, failure_html, turn_html
from assistant.ui.texts import EN, ZH
from assistant.ui.views import TurnView

NASTY = '<img src=x onerror=alert(1)> [x](javascript:alert(1)) $x^2$ "quoted"'
SHORT = "4–6 working days [1]\nThe islands take 4–6 working days. [1]\nThere is no express. [2]"


def citation(**changes: Any) -> dict[str, Any]:
    return {
        "number": 1,
        "collection": "default",
        "document": "returns.pdf",
        "title": "Returns",
        "page": 2,
        "start": 0,
        "end": 4,
        "quote": "Thirty days.",
        **changes,
    }


def answered(**changes: Any) -> TurnView:
    answer = {
        "text": "Thirty days. [1]",
        "citations": [citation()],
        "outcome": "answered",
        "evidence": 0.82,
        "language": "en",
        "model": "embedded",
        "seconds": 1.25,
        **changes,
    }
    return TurnView(3, "How long?", status="finished", text=answer["text"], answer=answer)


def searched(*passages: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "searched", "query": "returns", "evidence": 0.8, "passages": list(passages), "seconds": 0.1}


def visible(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_an_answer_has_markers_and_sources_that_open_the_passage() -> None:
    html = turn_html(answered(), EN)
    assert html.count('data-action="cite" data-turn="3" data-number="1"') == 2
    assert "Sources 1 Returns page 2 Thirty days." in visible(html)
    assert 'aria-label="Open source 1: Returns"' in html


def test_a_short_answer_stands_above_its_quotes_while_it_is_written_and_afterwards() -> None:
    finished = answered(text=SHORT, pointed="4–6 working days", citations=[citation(), citation(number=2)])
    finished.pointed = "4–6 working days"
    running = TurnView(1, "?", text=SHORT, pointed="4–6 working days")
    for view in (finished, running):
        short, quotes = (
            turn_html(view, EN).split('<p class="short" dir="auto">')[1].split('<blockquote class="quotes" dir="auto">')
        )
        assert visible(short) == "4–6 working days 1"
        assert quotes.split("</blockquote>")[0].count("<p>") == 2
    assert turn_html(finished, EN).count('data-action="cite" data-turn="3" data-number="1"') == 3
    assert "short" not in turn_html(answered(), EN)


def test_while_it_is_written_markers_do_nothing_yet() -> None:
    html = turn_html(TurnView(1, "?", text="Thirty. [1]"), EN)
    assert '<span class="marker">1</span>' in html
    assert "data-action" not in html


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ([], "Searching the documents"),
        ([searched({})], "Reading 1 passage"),
        ([searched({}, {})], "Reading 2 passages"),
        ([searched()], "Working on it"),
        ([searched({}), {"kind": "tool_called", "tool": "x", "arguments": {}}], "Working on it"),
    ],
)
def test_a_line_says_what_is_being_done(steps: list[dict[str, Any]], line: str) -> None:
    html = turn_html(TurnView(1, "?", steps=steps), EN)
    assert line in visible(html)
    assert 'role="status"' in html


def test_nothing_that_was_written_elsewhere_becomes_markup() -> None:
    view = answered(
        text=f"{NASTY} [1]\n{NASTY} [1]",
        pointed=NASTY,
        citations=[citation(title=NASTY, quote=NASTY, document=NASTY)],
        model=NASTY,
    )
    view.question = view.comment = view.pointed = NASTY
    view.rating = "down"
    view.steps = [
        {**searched({"title": NASTY, "document": "d", "page": None, "score": 0.5, "text": NASTY}), "query": NASTY},
        {"kind": "thought", "text": NASTY},
        {"kind": "tool_called", "tool": NASTY, "arguments": {"a": NASTY}},
        {"kind": "tool_returned", "tool": "t", "content": NASTY, "ok": False},
        {"kind": NASTY},
    ]
    view.reference = NASTY
    for html in (turn_html(view, EN), failure_html(NASTY, reference=NASTY, label=NASTY)):
        assert "<img" not in html
        assert "href" not in html
        for tag in re.findall(r"<[^>]+>", html):
            assert "onerror" not in tag or "&lt;img" in tag
    assert visible(turn_html(view, EN)).count("$x^2$") >= 8


def test_a_question_stands_in_the_direction_of_its_script() -> None:
    assert '<div class="bubble" dir="auto" lang="">كم؟</div>' in turn_html(TurnView(1, "كم؟"), EN)


def test_a_greeting_has_nothing_to_rate() -> None:
    greeted = answered(text="Hello!", citations=[])
    greeted.steps = []
    assert visible(turn_html(greeted, EN)) == "You asked How long? Answer Hello!"


def test_a_refusal_is_a_notice_and_not_an_answer() -> None:
    html = turn_html(answered(text="I did not find that.", outcome="refused", citations=[], evidence=0.1), EN)
    assert '<article class="turn refused"' in html
    assert '<div class="notice">' in html
    assert "Not in our documents Answer I did not find that." in visible(html)
    assert "Evidence: weak (0.10)" in visible(html)


def test_a_refusal_that_shows_what_comes_nearest_does_not_deny_that_it_is_there() -> None:
    html = turn_html(answered(text="Nearest: 30 days [1]", outcome="refused"), EN)
    assert '<article class="turn refused"' in html
    assert "No certain answer Answer Nearest: 30 days" in visible(html)
    assert "Not in our documents" not in html


def test_a_failure_says_the_fixed_sentence_and_the_reference() -> None:
    html = turn_html(TurnView(1, "?", status="failed", reference="1a2b3c4d"), EN)
    assert EN.failed in visible(html)
    assert "Reference 1a2b3c4d" in visible(html)
    assert 'role="alert"' in html


def test_a_stopped_turn_keeps_its_text() -> None:
    assert EN.stopped in visible(turn_html(TurnView(1, "?", status="stopped", text="Thirty"), EN))


def test_the_fold_tells_how_it_was_found() -> None:
    view = answered()
    view.steps = [
        searched({"title": "Returns", "document": "r", "page": 2, "score": 0.831, "text": "Thirty\ndays."}),
        {"kind": "tool_called", "tool": "order_status", "arguments": {"order": "A1"}},
        {"kind": "tool_returned", "tool": "order_status", "content": "shipped", "ok": True},
    ]
    text = visible(turn_html(view, EN))
    assert "Searched for returns : 1 passage Returns, page 2 Thirty days. 0.83" in text
    assert "Called order_status {&quot;order&quot;: &quot;A1&quot;}" in text
    assert "Returned: shipped" in text
    assert "Evidence: strong (0.82)" in text
    assert "Written by embedded, 1.2 s" in text
    assert "Quoted without a language model" in visible(turn_html(answered(model="none"), EN))


def test_a_rating_is_shown_as_given() -> None:
    view = answered()
    assert turn_html(view, EN).count('aria-pressed="false"') == 2
    view.rating, view.comment = "down", "The postage is missing."
    html = turn_html(view, EN)
    assert re.search(r'data-rating="down" aria-pressed="true"', html)
    assert "Your comment: The postage is missing." in visible(html)


def test_a_rating_that_says_no_has_a_box_with_its_comment_ready_to_be_opened() -> None:
    other, helpful = answered(), answered()
    other.number, other.rating, other.comment = 4, "down", "</textarea><b>"
    helpful.rating = "up"
    html = conversation_html([answered(), other, helpful], EN)
    assert html.count("<form") == 1
    assert '<form class="comment" hidden data-action="comment" data-turn="4" data-most="4000"' in html
    assert 'for="comment-4"' in html
    assert ">\n&lt;/textarea&gt;&lt;b&gt;</textarea>" in html
    assert "This has {count} characters, and at most 4,000" in html


@pytest.mark.parametrize(
    ("text", "language"), [("三十天。[1]", "zh-CN"), ("30日以内です。[1]", "ja"), ("30 days.", "en")]
)
def test_questions_and_answers_are_marked_with_their_own_language(text: str, language: str) -> None:
    view = answered(text=text, language="zh")
    view.question = text
    html = turn_html(view, ZH)
    assert f'<div class="answer" lang="{language}"><h2 class="unseen" lang="zh-CN">' in html
    assert f'<div class="bubble" dir="auto" lang="{language}">' in html


def test_what_nobody_asked_is_not_said_to_be_asked_again() -> None:
    """A decision of the team that a crash cut off asked the customer to try again."""
    failed = TurnView(number=2, question="Refund it", status="failed", reference="9b5effcd")
    assert "Please try again" in visible(turn_html(failed, EN))
    failed.question, failed.text = "", "€5 is refunded."
    assert "€5 is refunded." in visible(turn_html(failed, EN))
    assert "Please try again" not in visible(turn_html(failed, EN))


def test_chinese_labels() -> None:
    html = turn_html(answered(text="三十天。[1]", language="zh"), ZH)
    assert "出处 1 Returns 第 2 页" in visible(html)


def handed(**fields: object) -> TurnView:
    answer = {"text": "Ticket 483-9206.", "citations": [], "outcome": "handed_over", "evidence": 0.0, "language": "en"}
    answer |= {"model": "none", "seconds": 0.1, **fields}
    return TurnView(number=1, question="A person", status="finished", text=str(answer["text"]), answer=answer)


def test_a_hand_over_is_a_card_with_its_number() -> None:
    view = handed()
    view.ticket = "483-9206"
    html = turn_html(view, EN)
    assert 'class="notice handed"' in html
    assert '<strong aria-label="4 8 3 - 9 2 0 6">483-9206</strong>' in html
    assert "Passed on to a person" in html
    assert "已转交人工" in turn_html(view, ZH)
    assert 'data-action="rate"' not in html


def test_a_persons_message_is_marked_and_has_no_question() -> None:
    view = handed(model="person", text="<b>Hello</b>")
    view.question, view.text = "", "<b>Hello</b>"
    html = turn_html(view, EN)
    assert "From a person in our team" in html
    assert "&lt;b&gt;Hello" in html
    assert 'class="question"' not in html
    assert "来自我们的工作人员" in turn_html(view, ZH)


def test_what_is_added_to_a_ticket_is_answered_in_a_line() -> None:
    html = turn_html(handed(text="Added to 483-9206."), EN)
    assert 'class="notice' not in html
    assert 'class="aside" role="status"' in html
