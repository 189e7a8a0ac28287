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
        ("Thank you so much for your help!", "thanks"),
        ("no thanks", "thanks"),
        ("OK great, thanks 🙂", "thanks"),
        ("👍🏽", "thanks"),
        ("好的，谢谢！", "thanks"),
        ("bye", "thanks"),
        ("ok", "nod"),
        ("知道了", "nod"),
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
        "good lamps",
    ],
)
def test_what_says_more_is_no_courtesy(said: str) -> None:
    assert read(said) is None


def test_a_nod_to_a_question_may_be_its_answer() -> None:
    asked = (Message("user", "Cancel it"), Message("assistant", "Which order is it?"))
    assert read("ok", asked) is None
    assert read("thanks", asked) == "thanks"
    assert read("ok", (*asked, Message("user", "B-1"), Message("assistant", "It is on its way."))) == "nod"


def test_the_conversation_says_the_language_of_a_thumb() -> None:
    assert language("👍", (Message("user", "保修期多长？"), Message("assistant", "两年。"))) == "zh"
    assert [language("ok"), language("谢谢")] == ["en", "zh"]
    assert language("👍", (Message("user", "保証期間は何年ですか？"), Message("assistant", "Two years."))) == "en"
    assert language("了解", (Message("user", "保証期間は何年ですか？"), Message("assistant", "Two years."))) == "en"
    assert language("谢谢", (Message("user", "How long is the warranty?"), Message("assistant", "Two years."))) == "zh"
    assert all(answers["en"] and answers["zh"] for answers in ANSWERS.values())


@pytest.mark.parametrize("said", ["谢谢" + "太好了" * 18 + "x", "thanks " + "very that is " * 4, "好" * 59 + "x"])
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
