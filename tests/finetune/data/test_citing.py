import pytest

from agents.prompts import foreign
from finetune.data.citing import cited, fits, place_of, renumbered, with_marker
from knowledge.passages import Passage


def passage(document: str, text: str) -> Passage:
    return Passage("default", document, "Terms", (), "", None, 0, len(text), text, "public", "en", 1.0)


PASSAGES = (
    passage("delivery.md", "Standard delivery costs 9.50 euros."),
    passage("returns.md", "You can send a lamp back within 30 days of delivery."),
)
CITATION = {"number": 1, "collection": "default", "document": "returns.md", "quote": PASSAGES[1].text}


@pytest.mark.parametrize(
    ("sentence", "marked"),
    [
        ("It is free.", "It is free [2]."),
        ("它免费。", "它免费 [2]。"),
        ('"Free!"', '"Free [2]!"'),
        ("No stop", "No stop [2]"),
    ],
)
def test_the_marker_stands_before_the_full_stop(sentence: str, marked: str) -> None:
    assert with_marker(sentence, 2) == marked


def test_an_answer_is_learned_only_as_long_as_serving_would_show_it() -> None:
    answer = "You can send a lamp back within 30 days of delivery [2]. Standard delivery costs 9.50 euros [1]."
    assert [fits(answer, PASSAGES, language="en", max_words=most) for most in (12, 18, 80)] == [False, True, True]
    assert fits("NOT_IN_DOCUMENTS", PASSAGES, language="en", max_words=12)


def test_what_passages_say_is_cited_and_courtesies_are_left_out() -> None:
    reply = (
        "Thank you for asking! You can send a lamp back within 30 days of delivery. Standard delivery costs 9.50 euros."
    )
    assert cited(reply, PASSAGES) == (
        "You can send a lamp back within 30 days of delivery [2]. Standard delivery costs 9.50 euros [1]."
    )


@pytest.mark.parametrize(
    "reply",
    [
        "You can send a lamp back within 60 days of delivery.",
        "You can send a lamp back within 30 days of delivery. We add a voucher of 5 euros.",
        "You can send a lamp back within 30 days of delivery. "
        + "Our founder likes it when every customer feels at home " * 2,
        "Thank you!",
        "",
    ],
)
def test_what_no_passage_says_makes_no_answer(reply: str) -> None:
    assert cited(reply, PASSAGES) is None


def test_markers_count_todays_passages() -> None:
    text = f"{PASSAGES[1].text} [1]"
    assert renumbered(text, [CITATION], PASSAGES, language="en") == f"{PASSAGES[1].text} [2]"
    assert renumbered(text, [CITATION], PASSAGES[:1], language="en") is None
    assert renumbered(text, [], PASSAGES, language="en") is None
    assert renumbered(PASSAGES[1].text, [CITATION], PASSAGES, language="en") is None


def test_the_line_above_quotes_in_another_language_is_not_learned() -> None:
    text = f"{foreign('en')}{PASSAGES[1].text} [1]"
    assert renumbered(text, [CITATION], PASSAGES, language="en") == f"{PASSAGES[1].text} [2]"


def test_a_citation_is_found_by_what_it_quotes() -> None:
    assert place_of(CITATION, PASSAGES) == 2
    assert place_of({**CITATION, "quote": "60 days"}, PASSAGES) is None
    assert place_of({**CITATION, "collection": "other"}, PASSAGES) is None
