import pytest

from agents.replies import borne_out

SOURCES = ("Order B-10234: received on 2026-10-02, lamp.", "please cancel my order B-10234")


@pytest.mark.parametrize(
    "claim",
    [
        "I have cancelled your order B-10234.",
        "Your order B-10234 has been cancelled.",
        "Your order is now cancelled.",
        "Order B-10234 is cancelled.",
        "Your order was cancelled.",
        "We have gone ahead with the order, is that ok?",
        "All done, order B-10234.",
        "已为您取消订单 B-10234。",
    ],
)
def test_no_sentence_claims_what_was_not_done(claim: str) -> None:
    assert borne_out(claim, SOURCES, acted=False) == []


@pytest.mark.parametrize(
    "question",
    [
        "Could you reply with your password?",
        "What is your card number?",
        "请问您的密码是多少？",
        "Can you send the PIN?",
    ],
)
def test_nobody_is_asked_for_secrets(question: str) -> None:
    assert borne_out(question, SOURCES, acted=False) == []


def test_what_tools_returned_is_borne_out() -> None:
    said = "Order B-10234 was received on 2026-10-02. Which order do you mean?"
    assert len(borne_out(said, SOURCES, acted=False)) == 2
    status = "Order B-10234 is cancelled."
    assert borne_out(status, (status,), acted=False) == [status]
