import time

import pytest

from agents.approvals import NO, YES, read_reply


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
        "ＹＥＳ",
        "y",
        "Confirm it",
        "对的，没错",
        "好呀",
        "是的，請",
        "確認",
        "好的，請辦理",
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
    ],
)
def test_everything_else_is_neither(said: str) -> None:
    assert read_reply(said) is None


@pytest.mark.parametrize("part", ["please do it ", "do do it ", "请办理", "好的好吧", "ok okay ", "no no way "])
def test_a_long_message_is_read_at_once(part: str) -> None:
    """Words that may be cut in many ways must not take time without end, in a process that serves everybody."""
    for times in (3, 4, 8, 200):
        started = time.thread_time()
        read_reply(part * times + "x")
        assert time.thread_time() - started < 1.0
    assert read_reply("yes " * 40) is None
