import time

import pytest

from agents.courtesies import ANSWERS, language, read
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.transcript import Finished, Message
from agents.turn import Request, Responder
from knowledge.library import Library

NONE = LoadedModel("none", None, protocol="json", small=True)
LARGER = LoadedModel("scripted:test", ScriptedChat(()), "native")


@pytest.mark.parametrize(
    ("said", "does"),
    [
        ("Hello!", "greeting"),
        ("hi there", "greeting"),
        ("您好，在吗？", "greeting"),
        ("我有個問題", "greeting"),
        ("謝謝", "thanks"),
        ("瞭解了", "nod"),
        ("妳是誰", "about"),
        ("你是機器人嗎", "about"),
        ("你能幫我做什麼", "about"),
        ("Thank you so much for your help!", "thanks"),
        ("no thanks", "thanks"),
        ("OK great, thanks 🙂", "thanks"),
        ("👍🏽", "thanks"),
        ("好的，谢谢！", "thanks"),
        ("bye", "thanks"),
        ("ok", "nod"),
        ("知道了", "nod"),
        ("morning!", "greeting"),
        ("Hallo zusammen", "greeting"),
        ("Hi, I have a question", "greeting"),
        ("can you help me?", "greeting"),
        ("anyone there??", "greeting"),
        ("我有个问题", "greeting"),
        ("nope, that's all", "thanks"),
        ("thats it thank you", "thanks"),
        ("see you", "thanks"),
        ("vielen Dank!", "thanks"),
        ("nice", "nod"),
        ("are you a bot?", "about"),
        ("Am I talking to a real person?", "about"),
        ("hi, who are you", "about"),
        ("what are you, a bot?", "about"),
        ("is this a bot?", "about"),
        ("evening all", "greeting"),
        ("ta", "thanks"),
        ("What can you do for me?", "about"),
        ("help", "about"),
        ("你是机器人吗？", "about"),
        ("你好呀，在么", "greeting"),
        ("亲，在吗", "greeting"),
        ("有人吗", "greeting"),
        ("客服在吗", "greeting"),
        ("谢谢啦", "thanks"),
        ("謝謝您！", "thanks"),
        ("辛苦啦", "thanks"),
        ("麻烦您了，谢谢亲", "thanks"),
        ("谢谢你的解答", "thanks"),
        ("好嘞", "nod"),
        ("嗯嗯", "nod"),
        ("哦哦哦哦", "nod"),
        ("哈哈哈哈哈哈哈", "nod"),
        ("沒事了", "nod"),
        ("你是真人还是机器人", "about"),
        ("是機器人在回复嗎", "about"),
    ],
)
def test_what_only_greets_thanks_or_nods(said: str, does: str) -> None:
    assert read(said) == does


@pytest.mark.parametrize(
    "said",
    [
        "",
        "??",
        "no",
        "yes",
        "Yes, do it",
        "all",
        "many",
        "no good",
        "不好",
        "非常",
        "客服",
        "hello, how long is the warranty?",
        "thanks, and the warranty?",
        "谢谢，保修期呢？",
        "亲，包邮吗",
        "好贵啊",
        "麻烦快点",
        "老板在哪里",
        "是人工做的吗",
        "是人工",
        "可以",
        "good lamps",
        "can you help me with a return?",
        "who are you owned by?",
        "is this a real diamond?",
        "what is this lamp made of",
        "that's all wrong",
        "evening lessons",
        "question 5",
        "help with my order",
        "Evening?",
        "That's it?",
        "That's all?",
        "What do you do?",
        "What is this?",
        "What can this do?",
        "How can this help?",
        "Is this a robot?",
        "is this a machine?",
        "Is this AI?",
        "可以退貨嗎",
    ],
)
def test_what_says_more_is_no_courtesy(said: str) -> None:
    assert read(said) is None


def test_a_nod_to_a_question_may_be_its_answer() -> None:
    asked = (Message("user", "Cancel it"), Message("assistant", "Which order is it?"))
    assert read("ok", asked) is None
    assert [read(said, asked) for said in ("thanks", "that's all, thanks")] == ["thanks", "thanks"]
    assert read("ok", (*asked, Message("user", "B-1"), Message("assistant", "It is on its way."))) == "nod"


@pytest.mark.parametrize(
    "said",
    ["Afternoon", "morning", "evening!", "ok thanks, afternoon", "That's it", "that's all", "ta", "a question", "help"],
)
def test_an_answer_to_the_assistants_question_is_no_courtesy(said: str) -> None:
    asked = (Message("user", "A technician?"), Message("assistant", "Shall one come in the morning or the afternoon?"))
    assert read(said, asked) is None


@pytest.mark.parametrize("said", ["麻烦您了", "好的，麻烦你", "好的辛苦了"])
def test_whoever_asks_a_favour_thanks_only_where_none_was_offered(said: str) -> None:
    offered = (Message("user", "我要退货"), Message("assistant", "需要我为您转接同事吗？"))
    assert [read(said, offered), read(f"{said}，谢谢", offered)] == [None, None]
    assert read(said) == "thanks"
    assert read(f"{said}，谢谢", (*offered, Message("user", "好"), Message("assistant", "已转接。"))) == "thanks"


@pytest.mark.parametrize("said", ["evening", "who are you?", "what are you", "What can you do for me?", "你是谁"])
def test_in_the_middle_of_a_conversation_words_speak_of_its_matter(said: str) -> None:
    told = (Message("user", "Open in the morning?"), Message("assistant", "From 9 to 12."))
    assert read(said) is not None
    assert read(said, told) is None
    assert [read("that's all", told), read("can you help me?", told)] == ["thanks", "greeting"]


@pytest.mark.parametrize("said", ["who are you?", "can you help me?", "ok"])
def test_after_a_greeting_a_conversation_still_begins(said: str) -> None:
    greeted = (Message("user", "hi"), Message("assistant", ANSWERS["greeting"]["en"]))
    assert read(said, greeted) is not None


def test_the_conversation_says_the_language_of_a_thumb() -> None:
    assert language("👍", (Message("user", "保修期多长？"), Message("assistant", "两年。"))) == "zh"
    assert [language("ok"), language("谢谢")] == ["en", "zh"]
    assert language("👍", (Message("user", "保証期間は何年ですか？"), Message("assistant", "Two years."))) == "en"
    assert language("了解", (Message("user", "保証期間は何年ですか？"), Message("assistant", "Two years."))) == "en"
    assert language("谢谢", (Message("user", "How long is the warranty?"), Message("assistant", "Two years."))) == "zh"
    assert all(answers["en"] and answers["zh"] for answers in ANSWERS.values())


@pytest.mark.parametrize(
    "said",
    [
        "谢谢" + "太好了" * 18 + "x",
        "thanks " + "very that is " * 4,
        "好" * 59 + "x",
        "哈" * 50 + "你们真逗",
        "哦" * 40 + "多少钱",
    ],
)
def test_what_may_be_cut_in_many_ways_costs_nothing(said: str) -> None:
    started = time.thread_time()
    assert read(said) is None
    assert time.thread_time() - started < 0.05


@pytest.mark.parametrize("model", [NONE, LARGER])
@pytest.mark.parametrize(("said", "spoken"), [("Hello!", "en"), ("谢谢", "zh")])
def test_no_model_or_search_can_refuse_a_courtesy(shop: Library, model: LoadedModel, said: str, spoken: str) -> None:
    last = list(Responder(shop, model).respond(Request(said)))[-1]
    assert isinstance(last, Finished)
    assert (last.answer.outcome, last.answer.language) == ("answered", spoken)
