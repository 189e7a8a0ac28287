import pytest

from agents.prompts.acting import QUESTION
from agents.replies import borne_out, repeats_an_offer
from agents.transcript import Message
from tests.growth import grows_gently

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
    "promise",
    [
        "I will cancel order B-10234.",
        "I'll cancel your order B-10234 now.",
        "I am now cancelling order B-10234.",
        "We’re changing order B-10234.",
        "好的，我将取消订单 B-10234。",
        "我马上为您取消订单 B-10234。",
    ],
)
def test_no_sentence_promises_what_nothing_will_do(promise: str) -> None:
    sources = (*SOURCES, "订单 B-10234：好的，取消订单，马上为您")
    assert borne_out(promise, sources, acted=False) == []
    assert borne_out(promise, sources, acted=True) == [promise]


@pytest.mark.parametrize("said", ["We are open from 9 to 18.", "We’ll open at 9.", "我们会在9点营业。"])
def test_what_is_no_deed_is_no_promise(said: str) -> None:
    assert borne_out(said, ("We are open, we’ll open from 9 to 18, 我们会在营业", "9点"), acted=False) == [said]


def test_an_offer_is_what_stood_before_the_question_for_a_yes() -> None:
    asked = (Message("assistant", f"Cancel order B-10234 (49 euros). {QUESTION['en']}"),)
    assert repeats_an_offer("Cancel order B-10234 (49 euros).", asked)
    added = (Message("assistant", f"{asked[0].content}\n\n(A person of our team wrote: “As a courtesy.”)"),)
    assert repeats_an_offer("Cancel order B-10234 (49 euros).", added)
    assert not repeats_an_offer("Order B-10234 was received.", asked)
    assert not repeats_an_offer("[1]", asked)
    assert not repeats_an_offer("Cancel order B-10234 (49 euros).", (Message("user", asked[0].content),))


@pytest.mark.parametrize(
    ("said", "offered", "repeats"),
    [
        ("Send order B-11200 to: 5 Mill Lane.", "Send order B-11200 to: 1 High Street.", True),
        ("订单B-11200改寄到：米尔路5号。", "订单B-11200改寄到：高街1号。", True),
        ("Send order B-11200 to which address?", "Send order B-11200 to: 1 High Street.", False),
        ("Send order B-11200 to: which address?", "Send order B-11200 to: 1 High Street.", False),
        ("Your order B-20481 was sent on 3 May.", "Your order B-20481 can be cancelled.", False),
        ("Address: 5 Mill Lane", "Address: 1 High Street", False),
    ],
)
def test_an_offer_with_another_value_is_one_said_again(said: str, offered: str, repeats: bool) -> None:
    offer = Message("assistant", f"{offered} {QUESTION['en']}")
    assert repeats_an_offer(said, (offer,)) is repeats
    later = Message("assistant", f"Cancel order B-9 (5 euros). {QUESTION['en']}")
    assert not repeats_an_offer(said, (offer, later)), "only the last offer may stand with another value"


@pytest.mark.parametrize(
    ("said", "source", "shown"),
    [
        ("You can see it at https://shop.example/order_status any time.", "", True),
        ("You can see it in order_status.pdf any time.", "It is in order_status.pdf", True),
        ("You can see it with order_status any time.", "", False),
        ("You can see it with Order\\_Status any time.", "", False),
    ],
)
def test_a_tool_is_named_only_where_a_source_does(said: str, source: str, shown: bool) -> None:
    sources = ("You can see it at https://shop.example/order_status any time with", source)
    assert borne_out(said, sources, acted=False, tools=("order_status",)) == [said] * shown


@pytest.mark.parametrize("piece", ["a", "a.", "的", "1", "-", "a@"])
def test_a_reply_of_any_length_takes_no_time(piece: str) -> None:
    assert grows_gently(lambda text: borne_out(text, ("nothing",), acted=False), piece, 20_000)


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


@pytest.mark.parametrize(
    ("said", "result", "shown"),
    [
        ("You get 50 euros back.", "You get 12.50 euros back.", False),
        ("You get 12 euros back.", "You get 12.50 euros back.", False),
        ("You get 250 euros back.", "You get 1,250 euros back.", False),
        ("You get 12.50 euros back.", "You get 12.50 euros back.", True),
        ("You get 30 euros back.", "You get 30.00 euros back.", True),
        ("退款 50 元。", "退款 12.50 元。", False),
        ("It came on 12.05.2026.", "It came on 12.05.2026.", True),
        ("Lines 1 and 2 came.", "Lines 1,2,3 came.", True),
    ],
)
def test_a_number_is_not_part_of_another(said: str, result: str, shown: bool) -> None:
    assert borne_out(said, (result,), acted=False) == [said] * shown


@pytest.mark.parametrize(
    ("said", "result", "shown"),
    [
        ("You may keep it for 250 days.", '{"rental": "R-10001", "deposit": 250, "state": "held"}', False),
        ("The deposit is 250 euros.", '{"rental": "R-10001", "deposit": 250, "state": "held"}', True),
        ("押金保留 250 天。", '{"押金": 250, "保留": true}', False),
        ("It is back in 3 days.", '{"is": "back", "daysLeft": 3}', True),
        ("You have 5 working days.", "You have 5 working days", True),
        ("它在 5 天内到。", "它在 5 个工作日内到 (5 days)", True),
        ("It takes 2-3 weeks.", "It takes 2-3 weeks", True),
        ("It takes 48 hours.", "It takes 48 minutes", False),
        ("It takes 3 days.", "It takes a week.\n3 parcels", False),
        ("It came at 3 minutes past.", "It came at 3 min past", True),
        ("You may keep it for 250 days.", "Monday, deposit 250", False),
        ("You may keep it for 250 minutes.", "administration fee 250 applies", False),
        ("You may keep it for 250 days.", "Kaution 250, Rückgabe Montag", False),
        ("押金保留 250 天。", "押金250元，保留", False),
        ("You may keep it for 3 days.", "in stock: 3 pieces", False),
        ("It takes 2 years.", "It takes 2年", True),
        ("It takes 2 years.", "It takes 2周年", True),
        ("It takes 2 weeks.", "It takes 2周年", False),
        ("It takes 14 days.", "Mietpreis 14 Tage", True),
        ("It takes 14 days.", "It takes 14 jours", True),
        ("保留 3 天。", "租期还有 3 日", True),
        ("保留 24 个月。", "保留 24 月", True),
        ("It takes 24 hours.", "It takes 24h", True),
        ("It takes 24 hours.", '{"battery_life_h": 24}', True),
        ("It takes 36 hours.", "PT36H", True),
        ("It takes 30 minutes.", "PT30M", True),
        ("It takes 2 years.", "2 yrs", True),
        ("It takes 2 weeks.", "2 wks", True),
        ("It takes 2 weeks.", "2w", True),
        ("It takes 14 days.", '{\n "value": 14,\n "unit": "days"\n}', True),
        ("It takes 14 days.", '"delivery_days": [\n 14\n]', True),
        ("It takes 14 days.", "days,state\n14,held", True),
        ("It takes 14 days.", "fee 14, in 14 days", True),
        ("It takes 5-7 days.", "at no charge 5-7 days", True),
    ],
)
def test_a_span_of_time_is_nothing_else_in_the_sources(said: str, result: str, shown: bool) -> None:
    known = "may keep it for the 押金保留 takes due on"
    assert borne_out(said, (result, known), acted=False) == [said] * shown


def test_a_long_run_of_digits_takes_no_time() -> None:
    assert grows_gently(lambda digits: borne_out(f"{digits} x", (digits,), acted=False), "1", 8_000)


def test_what_tools_returned_is_borne_out() -> None:
    said = "Order B-10234 was received on 2026-10-02. Which order do you mean?"
    assert len(borne_out(said, SOURCES, acted=False)) == 2
    status = "Order B-10234 is cancelled."
    assert borne_out(status, (status,), acted=False) == [status]


def test_no_deed_is_claimed_in_traditional_signs() -> None:
    assert borne_out("訂單 B-10234 已為您取消。", ("訂單 B-10234，為您取消",), acted=False) == []


def test_nobody_is_asked_for_secrets_in_traditional_signs() -> None:
    question = "您的密碼是多少？"
    assert borne_out(question, (*SOURCES, question), acted=False) == []
