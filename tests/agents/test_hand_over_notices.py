"""What the customer is told: number, what happens next, and how else to reach a person."""

from agents import hand_over_notices as notices
from agents.handover import from_words


def test_contact_and_hours_are_said_where_there_are_any() -> None:
    text = notices.handed_over("asked", "483-9206", language="en", contact="help@example.com", hours="Mon-Fri 9-17")
    assert "Hours: Mon-Fri 9-17. Contact: help@example.com, please mention the number." in text
    assert "Hours" not in notices.handed_over("asked", "483-9206", language="en")
    chinese = notices.handed_over("asked", "483-9206", language="zh", contact="help@example.com", hours="周一至周五")
    assert "服务时间：周一至周五。联系方式：help@example.com（请报工单编号）。" in chinese


def test_who_left_an_address_is_not_asked_for_one() -> None:
    assert "reach you at a@example.com" in notices.handed_over(
        "asked", "483-9206", language="en", reachable="a@example.com"
    )
    assert "Leave an e-mail address" in notices.handed_over("asked", "483-9206", language="en")


def test_the_button_says_what_code_takes_for_asking() -> None:
    assert from_words(notices.request(language="en")) == "asked"
    assert from_words(notices.request(language="zh")) == "asked"
