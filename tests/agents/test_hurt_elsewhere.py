"""Who is hurt and asks for a pause gets an answer; who is hurt by the company, or needs help, gets a person."""

import pytest

from agents import hurt_elsewhere
from agents.handover import from_words


@pytest.mark.parametrize(
    "message",
    [
        "I broke my leg, can I pause my membership?",
        "My son is in hospital, can we move our appointment to next week?",
        "Hi, my wife broke her ankle at home. Can we move our booking to June?",
        "Can I freeze my contract because I broke my arm?",
        "I broke my leg. Can I pause my membership for 2 months, please?",
        "我骨折了，会员卡可以暂停吗？",
        "我骨折了，會員卡可以暫停嗎？",
        "我妈住院了，请问我们的预约可以改期吗？",
        "I broke my leg skiing, can I freeze my membership?",
        "I hurt my back at work, can I move the appointment?",
        "My husband injured his knee in a car accident. Could we postpone our class to next week?",
        "我滑雪骨折了，会员卡可以暂停吗？",
        "孩子昨天在家摔断了腿，我们的课可以改期吗？",
    ],
)
def test_hurt_elsewhere_and_an_ordinary_question(message: str) -> None:
    assert from_words(message) is None


@pytest.mark.parametrize(
    "message",
    [
        "I broke my leg on your treadmill, can I pause my membership?",
        "I broke my leg. Can I pause my membership? It was the treadmill.",
        "I broke my arm in class yesterday. Can I cancel the rest of the course?",
        "I broke my ankle climbing, can I pause my membership?",
        "I broke my leg, can I cancel my class? Your trainer pushed me",
        "I broke my leg and it's your fault, can I cancel my membership?",
        "I broke my finger, can I return the lamp?",
        "I hurt my back, can you pick me up",
        "I broke my hip, can you move the wardrobe off me",
        "I broke my arm, can you transfer me to a doctor",
        "I've broken my leg, please help me now",
        "I broke my leg, can I cancel the ladder",
        "I broke my finger, can I cancel the lamp?",
        "I got hurt, can I cancel the kettle",
        "I got hurt, can I cancel my membership?",
        "I broke my arm, can I cancel my climbing class?",
        "My son got hurt, can I cancel his trampoline class?",
        "My son broke his leg, can I get a refund for the ski lessons?",
        "I've been hurt, can you deliver bandages to room 308",
        "I twisted my ankle, can you deliver ice to my room?",
        "I broke my arm, can you move my appointment to hospital",
        "I was in hospital last week and missed the parcel, how do I get it delivered again",
        "我受伤了，能送到308房间一些绷带吗",
        "我骨折了，把我送到诊所",
        "因为住院没法来，请问预约可以改期吗？",
        "I broke my leg skiing on your slope, can I freeze my membership?",
        "I broke my leg skiing, can I move my lesson?",
        "My wife broke her wrist cycling. Can we move our booking to Friday?",
        "My son broke his arm at school, can we move his class?",
        "我滑雪骨折了，课能改期吗",
        "我骑车骨折了，我的课能改期吗",
        "I hurt my back on your treadmill, can I move the appointment?",
        "I hurt my back, can I move the appointment?",
        "I hurt my back at work, can you send help",
        "我在你们健身房扭伤了脚，课能改期吗？",
        "上课的时候扭伤了脚，课能改期吗？",
        "I broke my leg",
        "The chair collapsed and I broke my hip, can I get a refund for the course",
        "My wife is in hospital, the heater caught fire, can we cancel the booking?",
        "我骨折了",
        "我骨折了，救命",
        "我骨折了，能送我去医院吗",
        "住院了，你们的课能退吗",
        "上课的时候受伤了，会员卡可以暂停吗？",
        "椅子突然断了，我骨折了，会员卡可以暂停吗",
        "我骨折了，能取消吗？在你们店摔的",
        "我骨折了，能取消嗎？在你們店摔的",
        "椅子突然斷了，我骨折了，會員卡可以暫停嗎",
    ],
)
def test_hurt_by_the_company_on_its_ground_or_in_need_of_help(message: str) -> None:
    assert from_words(message) == "safety"


def test_a_long_message_is_left_as_it_is() -> None:
    text = "i broke my leg, can i pause my membership? " * 10
    assert hurt_elsewhere.without(text) == text
