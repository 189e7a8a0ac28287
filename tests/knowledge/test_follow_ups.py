import pytest

from knowledge.conversation import Conversation
from knowledge.follow_ups import TOPIC_LIMIT, leans_on_history, nearness_to_topic, told

PASSAGES = [
    "Returns. You may return a lamp within 30 days of delivery.",
    "Shipping. A parcel to the islands costs 9 euros and takes 3 days.",
    "Opening. The shop is open from nine to six.",
]


@pytest.mark.parametrize(
    ("question", "leans"),
    [
        ("on sundays?", True),
        ("on the weekend?", True),
        ("On mange quand ?", False),
        ("On paie comment ?", False),
        ("by bus from Graz", False),
        ("to cancel my booking", False),
    ],
)
def test_a_question_that_begins_with_a_preposition_may_lean(question: str, leans: bool) -> None:
    assert leans_on_history(question) is leans


def test_nearness_to_the_topic_has_a_limit_and_a_floor() -> None:
    near = nearness_to_topic({1: 0.1, 2: 0.3, 3: 0.5, 4: 0.9, 5: -0.2}, floor=0.0)
    assert near == pytest.approx({1: 0.1, 2: 0.3, 3: TOPIC_LIMIT, 4: TOPIC_LIMIT, 5: 0.0})
    assert nearness_to_topic({1: 0.7, 2: 0.76}, floor=0.7) == pytest.approx({1: 0.0, 2: 0.2})


def test_the_passage_that_an_answer_was_taken_from_was_told() -> None:
    said = Conversation(answers=("A parcel to the islands costs 9 euros.",))
    sure = told(PASSAGES, said, cosines=None)
    assert sure[1] > 0.9
    assert max(sure[0], sure[2]) < 0.3


def test_answers_that_stand_nowhere_told_nothing() -> None:
    said = Conversation(answers=("I am sorry, my sources say nothing on prime ministers.", "!?"))
    assert max(told(PASSAGES, said, cosines=None)) < 0.3


def test_meaning_must_agree_where_it_is_known() -> None:
    said = Conversation(answers=("A parcel to the islands costs 9 euros.",))
    assert told(PASSAGES, said, cosines=[[0.9, 0.0, 0.1]])[1] == 0.0
    assert told(PASSAGES, said, cosines=[[0.1, 0.9, 0.1]])[1] > 0.9
