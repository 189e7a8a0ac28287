import time

import pytest

from agents.danger_words import DANGER
from agents.handover import from_words


@pytest.mark.parametrize(
    "message",
    [
        "I smell gas",
        "What should I do, I smell gas",
        "I can smell gas in the kitchen since your fitter left",
        "we just smelt a lot of gas",
        "It smells really strongly of gas here, what now",
        "My kitchen stinks of gas",
        "There is a strong gas smell from the new boiler",
        "Smell of gas in flat 3",
        "The gas bottle is leaking",
        "家里闻到很浓的煤气味",
        "屋里全是煤气味",
        "煤气泄漏了",
        "装完热水器有股天然气味",
        "厨房煤气味很重",
        "your dog bit my child",
        "I came to the yard and a wasp has stung my little daughter",
        "I was bitten by a dog at your campsite",
        "my son got badly stung on the neck by your hornets",
        "We were bitten in the night by bedbugs",
        "我儿子被你们店里的狗咬了",
        "我被黄蜂蛰了",
        "你们的狗咬了我孩子",
        "my eyes burn since I used your cleaner",
        "My daughter's skin is red and burning after using the lotion",
        "her lips are swollen since using your balm",
        "After I used your shampoo my scalp burns",
        "After using your cream, my face is swollen",
    ],
)
def test_a_danger_that_is_reported_calls_a_person(message: str) -> None:
    assert from_words(message) == "safety"


@pytest.mark.parametrize(
    "message",
    [
        "What should I do if I smell gas?",
        "Can I smell gas when the bottle is full?",
        "Does the new stove smell of gas at first?",
        "There is no gas smell, the boiler just does not start",
        "I don't smell gas, but the pilot is out",
        "Your perfume smells a bit like gas",
        "It smells like gas mask rubber",
        "没闻到煤气味，就是打不开",
        "煤气灶多少钱",
        "煤气泄漏报警器有吗",
        "如果煤气漏了怎么办",
        "The 64 bit customer portal is broken",
        "It's a bit my mother, tell me the bit my wife asked about",
        "You stung me for 30 euro",
        "The travel bug has bitten us",
        "The dog bit her lead in two",
        "Can I come along if I was bitten by a dog?",
        "我的拖鞋被狗咬了",
        "沙发被猫抓了能修吗",
        "我被天猫抓到违规",
        "My legs burn after using your bike, great training!",
        "My eyes do not burn after using your shampoo",
        "Will my eyes burn after using your lotion?",
        "Our back door is swollen after using your varnish",
        "My eyes are blue, which lenses go with your frames",
    ],
)
def test_what_only_sounds_like_it_calls_nobody(message: str) -> None:
    assert from_words(message) is None


@pytest.mark.parametrize("piece", ["i smell ", "my eyes are very ", "我被", "a dog has ", "the ", "it really "])
def test_a_long_message_takes_no_time(piece: str) -> None:
    text = (piece * 4000)[:4000]
    started = time.thread_time()
    DANGER.search(text)
    assert time.thread_time() - started < 1.0
