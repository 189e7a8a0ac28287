import pytest

from agents.closing import Closing, closing
from agents.loop_state import LoopResult
from agents.prompts.acting import QUESTION
from agents.transcript import Message
from tests.agents.found_passages import passage

RETURNS = passage("You may return a lamp within 30 days.")


def closed(text: str, *results: str, **more: object) -> Closing:
    result = LoopResult(text, (RETURNS,), 0.9, "answered", 10, results=results)
    how = {"said": (), "tools": (), "acted": False, "history": (), "language": "en", "max_words": 100} | more
    return closing(result, **how)  # type: ignore[arg-type]


def test_a_sentence_with_a_marker_is_checked_against_its_passage() -> None:
    last = closed("You may return a lamp within 30 days [1].")
    assert last.text == "You may return a lamp within 30 days. [1]"
    assert [citation.document for citation in last.citations] == ["a.md"]
    assert closed("You may return a lamp within 90 days [1].") == Closing("")


def test_a_sentence_without_one_is_shown_as_far_as_results_bear_it_out() -> None:
    assert closed("Order 1001 was sent on 3 May.", "order 1001: sent on 3 May").text == "Order 1001 was sent on 3 May."
    assert closed("Order 1001 was sent on 4 May.", "order 1001: sent on 3 May").text == ""


def test_the_customer_s_own_words_bear_it_out_too() -> None:
    assert closed("Is it order 1001?", said=("my order 1001 is late",)) == Closing("Is it order 1001?")
    assert closed("Is it order 1001?").text == ""


def test_what_is_cited_is_not_said_twice() -> None:
    last = closed("Order 1001 was sent. You may return a lamp within 30 days [1].", "order 1001: sent")
    assert last.text == "Order 1001 was sent. You may return a lamp within 30 days. [1]"


@pytest.mark.parametrize(
    ("text", "asks"), [("Which order is it?", True), ("您好，是哪一件？", True), ("It is sent.", False)]
)
def test_a_question_is_told_from_an_answer(text: str, asks: bool) -> None:
    assert Closing(text).asks is asks


def test_an_offer_is_made_once() -> None:
    offer = "Cancel order B-10234 (49 euros)."
    asked = (Message("assistant", f"{offer} {QUESTION['en']}"),)
    assert closed(offer, "cancel order B-10234: 49 euros").text == offer
    assert closed(offer, "cancel order B-10234: 49 euros", history=asked).text == ""
