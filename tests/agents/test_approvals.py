import time

import pytest

from agents.approvals import (
    NO,
    YES,
    asks_for_a_moment,
    begins_with_yes,
    has_another_wish,
    read_reply,
    says_yes_to,
    takes_back,
)
from tests.growth import grows_gently


@pytest.mark.parametrize(
    "said",
    [
        *YES.values(),
        "yes",
        "Yes please!",
        "OK, go ahead.",
        "Sure, do it",
        "是的",
        "好的，谢谢",
        "可以",
        "确认。",
        "確認，請繼續",
        "ＹＥＳ",
        "y",
        "Confirm it",
        "对的，没错",
        "好呀",
        "是的，請",
        "確認",
        "好的，請辦理",
        "yes thanks a lot!",
        "go for it",
        "OK then",
        "yes, right away please",
        "好滴",
        "行吧，谢谢",
    ],
)
def test_yes(said: str) -> None:
    assert read_reply(said) == "yes"


@pytest.mark.parametrize(
    "said",
    [
        *NO.values(),
        *("no", "No, thanks.", "don't", "never mind", "不要", "算了，谢谢", "先不要", "n", "不用了，謝謝"),
        *(
            "No, never mind, stop that",
            "Stop it",
            "forget it",
            "I've changed my mind",
            "撤回，谢谢",
            "我改主意了，不办了",
            "no wait",
            "Wait!!",
            "actually no",
            "nah keep it",
            "sorry, hold on",
            "等一下",
            "还是算了",
            "算了吧，谢谢",
            "ok never mind",
            "Okay, I changed my mind",
            "好的，算了",
            "嗯，算了",
            "好的，不用了，谢谢",
        ),
    ],
)
def test_no(said: str) -> None:
    assert read_reply(said) == "no"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "yes, but only the lamp",
        "yes?",
        "is that a yes",
        "The document says: yes, do it",
        "please",
        "谢谢",
        "謝謝",
        "yn",
        "好的吗？",
        "好的，但是只退一个",
        "no yes",
        "yes no",
        "please cancel it",
        "cancel it and refund me",
        "👍👍 maybe",
        "Yes, do it. Also send 5 to Bob",
        "great",
        "perfect, thanks",
        "now please",
        "asap",
        "that's ok",
        "oh ok",
        "actually",
        "wait yes",
        "yes wait",
        "ok cancel that",
        "ok, stop it",
        "ok please cancel that",
        "好的，取消",
        "ok wait",
        "okay, hold on",
        "OK, one moment",
        "好的，稍等",
        "好的，等等",
        "嗯，慢着",
        "好不",
        "oh ok thanks",
        "oh thanks",
    ],
)
def test_everything_else_is_neither(said: str) -> None:
    assert read_reply(said) is None


SHOWN = "Cancel order B-10234 (1 × Heron lamp). €20.00 goes back."


@pytest.mark.parametrize(
    "said", ["yes", "Yes, cancel it please!!", "sure, cancel my order, thanks", "yes please cancel that"]
)
def test_a_yes_may_say_the_deed_again(said: str) -> None:
    assert says_yes_to(said, SHOWN)


@pytest.mark.parametrize(
    "said",
    [
        "cancel it",
        "ok cancel it",
        "yes, refund it",
        "yes, cancel it?",
        "yes, cancel the lamp",
        "yes, cancel the return",
        "yes, cancel my booking please",
        "yes, cancel it and refund me",
        "yes don't cancel it",
        "yes, cancel",
        "please cancel it",
    ],
)
def test_a_yes_that_says_anything_else_is_none(said: str) -> None:
    assert not says_yes_to(said, SHOWN)


def test_a_chinese_yes_may_say_the_deed_again() -> None:
    shown = "取消订单 B-10234（1 × Heron lamp）。"
    assert [says_yes_to(said, shown) for said in ("确认取消", "是的，取消吧", "確認取消訂單")] == [True] * 3
    assert [says_yes_to(said, shown) for said in ("取消", "好的取消", "确认退款", "不是取消")] == [False] * 4
    assert [says_yes_to(said, "取消退货 R-10。") for said in ("确认取消", "确认取消订单")] == [True, False]


def test_what_a_yes_names_is_found_behind_an_article_too() -> None:
    assert says_yes_to("yes, cancel my order", "Cancel your order B-1.")
    assert not says_yes_to("yes, cancel my order", "Cancel the return of order B-1.")


def test_who_said_yes_and_more_is_known() -> None:
    assert [
        begins_with_yes(said) for said in ("yes please, and the other one", "好，顺便问下多久", "行，还有一个")
    ] == [True] * 3
    assert [begins_with_yes(said) for said in ("yesterday's order", "好看吗", "no, yes", "sorry")] == [False] * 4


@pytest.mark.parametrize("part", ["please do it ", "do do it ", "请办理", "好的好吧", "ok okay ", "no no way "])
def test_a_long_message_is_read_at_once(part: str) -> None:
    """Words that may be cut in many ways must not take time without end, in a process that serves everybody."""
    for times in (3, 4, 8, 200):
        started = time.thread_time()
        read_reply(part * times + "x")
        assert time.thread_time() - started < 1.0
    assert read_reply("yes " * 40) is None


@pytest.mark.parametrize(
    "said",
    [
        "yes but send it to another address",
        "ok, but only half",
        "Sure, but change it to Saturday",
        "yes, but change the delivery address please",
        "Yes, but on another day",
        "Ok but please send it to 5 Mill Lane",
        "wait, but a different colour please",
        "ok but the blue one instead",
        "好的，但是退到另一张卡",
        "好的，改成周六送",
        "不，改成周六送",
        "可以，不过改寄到公司",
        "好的，不過要換另一個顏色",
        "好的，但是寄到公司",
        "Yes, but to my office",
        "yes, but to my parents' house, thanks!",
        "yes but make it the blue one",
        "yes but make it two",
        "Sure, but on Friday please",
        "ok but in large",
        "ok, but only the lamp",
        "好的，但是送到我公司，谢谢",
        "好的，但是要黑色的",
        "可以，但是只退一个",
        "好的，但是只要十个",
        "好的，但是只订两天",
        "好的，只要一天就好",
        "好的，但是只要一天",
        "好的，但是只订3天",
        "好的，但是只订一个月",
        "yes but to my credit card",
    ],
)
def test_a_wish_for_a_change_takes_the_place_of_a_yes(said: str) -> None:
    assert has_another_wish(said)


@pytest.mark.parametrize(
    "said",
    [
        "Ok but please let me know when it is done",
        "yes but how long does it take",
        "yes but will it go to another address",
        "ok but thank you",
        "Sure, but no rush",
        "no, only asking",
        "please only use my e-mail",
        "yes, but I have another question",
        "ok but my other order has not come",
        "ok but send it to me",
        "yes but I cannot wait another week",
        "ok but half of it is missing",
        "ok but please change my password",
        "Ok but please send the receipt to my e-mail",
        "不但没收到钱，台灯也坏了",
        "ok but please don't change the date",
        "Ok but I don't want to change my address",
        "Yes but don't send it to the shop",
        "yes, but I received only half",
        "Ok, but only half arrived",
        "ok but last time it went to another card",
        "yes but I have another account",
        "好的，但是别改地址",
        "可以，但是不要改到下周",
        "好的但是要多久",
        "好的，不过请发邮件通知我",
        "好的，不过改天再说",
        "好的，但是另外还有一个问题",
        "可以改成周六送吗",
        "不只是台灯坏了",
        "好的，但是另一個時間要多久、費用怎麼算",
        "yes but to my surprise it is here",
        "ok but make it quick",
        "yes but make it right this time",
        "yes but to my office nobody will go",
        "yes but the red one is broken",
        "ok but in blue it looked odd",
        "ok, but send the bill to my e-mail",
        "好的，但是寄到我这里",
        "好的，但是请发到我邮箱",
        "好的，只要一周内到账就行",
        "好的，只要3天到账就行",
        "好的，只要3天以内到就行",
        "好的，只要 30 个工作日内到就行",
        "好的，但是我要退的是红色",
        "yes but the wrong one",
        "ok but make it the right one",
        "ok but to my disappointment",
        "yes but to their credit",
    ],
)
def test_what_only_asks_or_thanks_is_no_other_wish(said: str) -> None:
    assert not has_another_wish(said)


@pytest.mark.parametrize(
    "said",
    [
        "OK, one moment",
        "one moment please",
        "just a second",
        "hang on",
        "give me a minute",
        "let me check",
        "ok wait",
        "ok hold on please",
        "好的，稍等",
        "稍等一下",
        "好的，等等",
        "我看看",
        "让我想一下",
    ],
)
def test_who_asks_for_a_moment_says_neither_yes_nor_no(said: str) -> None:
    assert asks_for_a_moment(said)
    assert read_reply(said) is None


@pytest.mark.parametrize(
    "said",
    [
        "yes",
        "ok",
        "no",
        "no, wait",
        "不，等一下",
        "one moment?",
        "one moment, cancel it",
        "let me see the order",
        "",
        "好的",
    ],
)
def test_who_says_more_or_less_asks_for_no_moment(said: str) -> None:
    assert not asks_for_a_moment(said)


@pytest.mark.parametrize("piece", ["ok ", "one moment ", "好的", "wait a ", "稍等"])
def test_a_long_message_asks_for_no_moment_in_no_time(piece: str) -> None:
    assert grows_gently(asks_for_a_moment, piece, 4_000)


@pytest.mark.parametrize("said", ["wait", "hold on", "稍等", "等一下", "慢着"])
def test_a_plain_wait_asks_for_a_moment_and_is_a_no_where_nothing_waits(said: str) -> None:
    assert asks_for_a_moment(said)
    assert read_reply(said) == "no"


@pytest.mark.parametrize(
    "piece", ["嗯", "好", "好的", "ok ", "hm", "hmm ", "请", "先", "thanks ", "wait ", "等", "一下"]
)
def test_a_short_message_of_one_piece_asks_for_a_moment_or_not_in_no_time(piece: str) -> None:
    for length in (24, 48, 60):
        started = time.thread_time()
        asks_for_a_moment(piece * (length // len(piece)))
        asks_for_a_moment(piece * (length // len(piece) - 1) + "x")
        takes_back(piece * (length // len(piece)))
        assert time.thread_time() - started < 0.1


@pytest.mark.parametrize("said", ["Not now", "not now, thanks", "No, leave it", "不要，谢谢", "no thanks"])
def test_no_to_anything_else_takes_nothing_back(said: str) -> None:
    assert not takes_back(said)
