"""Who was hurt, and by what; the patterns stay quick, whatever a customer types."""

import time

import pytest

from agents import hand_over_words as words
from agents.handover import from_words

PATTERNS = {name: getattr(words, name) for name in ("ASKED", "NOT_ASKED", "SAFETY", "NOT_SAFETY", "LEGAL", "ANGER")}


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize(
    "piece", ["a ", "real ", "talk to a ", "我要", "i am so very ", "is there a real live ", "ha", "made my "]
)
def test_long_messages_take_no_time(name: str, piece: str) -> None:
    text = (piece * 4000)[:4000]
    started = time.thread_time()
    PATTERNS[name].search(text)
    assert time.thread_time() - started < 1.0


@pytest.mark.parametrize(
    "message",
    [
        "我妹妹摔伤了",
        "我母亲在楼梯上摔伤了",
        "我外婆被柜子砸伤了",
        "我父亲摔断腿了",
        "我家人被砸伤了",
        "我弟弟在店门前摔伤了",
        "我下楼梯摔伤了",
        "你们的饭让全家呕吐",
        "油漆让家人头晕",
        "孩子不小心把手摔断了",
        "我在你们店里把手摔断了",
        "我滑倒了，把手摔断了",
        "The cake made my girlfriend sick",
        "The cake made my colleagues ill",
        "The paint made my boyfriend dizzy",
        "The food made my 3 year old son sick",
        "The food made my 3-year-old sick",
        "The food made my grandparents ill",
        "Your soap gave my niece a rash",
        "My nephew got a rash from your soap",
        "your cushion gave my back a rash",
        "your cushion made my whole body itch",
        "I got hives from this cream",
        "I have a rash from the cream",
        "The cake made my mother in law really sick",
        "Your cream gave my neighbour a rash",
        "My left arm got a rash from your cream",
        "Your wool made my scalp itch",
        "The kids had blisters after the cream",
        "我的脚趾砸伤了",
        "我同学摔断了手臂",
        "我滑倒摔伤了",
        "孩子滑倒了，把手摔断了",
        "在店里滑倒把手摔断了",
        "My son got a rash from the soap",
        "My son got a rash from the cream which you sold us",
        "My daughter has hives from the lotion, which is terrible",
        "I got blisters from the shoes that you recommend",
        "My son broke out in hives after the dinner which you served",
        "The cream gave me a rash of red bumps",
        "The paint made my garden centre staff dizzy",
        "It made my plant manager dizzy",
        "I got a rash from the cream you sold me, which ingredient is in it?",
        "She got blisters from the new shoes you sold us, do you sell bigger ones",
        "I got a rash from the sheets in your hotel, do you recommend a doctor nearby?",
        "My daughter got hives from the shampoo, which doctor should I see?",
        "我骑车摔倒把手摔断了",
        "坐车滑倒把手摔断",
        "下车滑倒，把手摔断了",
        "我妈下车摔了一跤把手摔断了",
    ],
)
def test_whoever_of_the_customers_people_was_hurt_calls_a_person(message: str) -> None:
    assert from_words(message) == "safety"


@pytest.mark.parametrize(
    "message",
    [
        "杯子的把手摔断了，可以换吗",
        "行李箱把手摔断了怎么修",
        "我在网上买了杯子把手摔断了",
        "我有皮疹，哪款面霜适合",
        "The rain made my 5 year old table swell",
        "The sun gave our garden table blisters",
        "It makes my jacket ill-fitting",
        "I have blisters from the sun, which cream is for me",
        "I have a rash after the long winter, which cream is for me",
        "It makes my plants ill, how do I water them",
        "The soil made our roses sick",
        "The update made my printer dizzy",
        "This gave my inbox a rash of mails",
        "My son got a rash from the grass, which cream do you recommend?",
        "I have blisters from the tennis match, do you sell plasters?",
        "I got hives from the auction",
        "杯子滑倒把手摔断了",
        "推车滑倒把手摔断了",
    ],
)
def test_a_handle_and_the_weather_call_nobody(message: str) -> None:
    assert from_words(message) is None
