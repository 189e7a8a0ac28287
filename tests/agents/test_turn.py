import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from agents import rewriting
from agents.checks.grounding import stray_parts
from agents.errors import ModelUnavailable
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.prompts import NOT_FOUND, nearest, partly, refusal
from agents.quotes import pointing, ranking
from agents.quotes.statements import count_words
from agents.transcript import Answer, Delta, Finished, Message, Searched, ShortAnswer, Step, ToolCalled, ToolReturned
from agents.turn import Request, Responder, ResponderOptions
from knowledge.library import Library

OPTIONS = ResponderOptions(company="Lumen", contact="hello@lumen.example")
CONTACT = OPTIONS.contact
RETURN = "How many days do I have to send a lamp back after delivery?"
RETURN_ZH = "台灯收货后多少天内可以退回？"
WARRANTY = "How long is the warranty of a lamp?"
UNKNOWN = "Do you rent spaceships in Canada?"
UNKNOWN_ZH, UNKNOWN_JA = "你们在加拿大出租宇宙飞船吗？", "宇宙船は借りられますか？"
NONE = LoadedModel("none", None, protocol="json", small=True)
RIGHT = "You can send a lamp back within 30 days of delivery [1]."


def model(*replies: Any, small: bool = False, native: bool = True) -> LoadedModel:
    return LoadedModel("scripted:test", ScriptedChat(replies), "native" if native else "json", small=small)


def calls(model: LoadedModel) -> Any:
    assert isinstance(model.chat, ScriptedChat)
    return model.chat.calls


def search(question: str, **more: Any) -> dict[str, Any]:
    return {"tool_calls": [{"name": "search_knowledge", "arguments": {"question": question, **more}}]}


def respond(
    library: Library, model: LoadedModel, question: str, options: ResponderOptions = OPTIONS, **more: Any
) -> list[Step]:
    return list(Responder(library, model, options).respond(Request(question, **more)))


def answer_of(steps: Sequence[Step]) -> Answer:
    """Return the answer, after checking what holds for every turn."""
    last = steps[-1]
    assert isinstance(last, Finished)
    answer = last.answer
    assert "".join(step.text for step in steps if isinstance(step, Delta)) == answer.text
    assert sum(isinstance(step, Finished) for step in steps) == 1
    assert isinstance(steps[0], Searched)
    assert answer.first_token_seconds is not None
    assert [step.text for step in steps if isinstance(step, ShortAnswer)] == [answer.pointed] * bool(answer.pointed)
    assert answer.text.startswith(answer.pointed)
    assert 0 <= answer.first_token_seconds <= answer.seconds
    for citation in answer.citations:
        assert f"[{citation.number}]" in answer.text
    assert answer.citations or answer.outcome != "answered"
    assert not answer.citations or answer.outcome in ("answered", "refused")
    if answer.pointed:
        assert answer.text.startswith(f"{answer.pointed} [1]\n")
        assert answer.pointed in " ".join(answer.citations[0].quote.split())
    return answer


@pytest.mark.parametrize(
    ("by", "name"),
    [
        (lambda: NONE, "none"),
        (lambda: model("0", small=True), "scripted:test"),
        (lambda: model(RIGHT), "scripted:test"),
        (lambda: model(NOT_FOUND, search("send a lamp back"), RIGHT), "scripted:test"),
    ],
    ids=["quotes", "small", "larger", "loop"],
)
def test_every_way_gives_a_cited_answer(shop: Library, by: Any, name: str) -> None:
    answer = answer_of(respond(shop, by(), RETURN))
    assert (answer.outcome, answer.language, answer.model) == ("answered", "en", name)
    assert answer.citations[0].quote == "You can send a lamp back within 30 days of delivery."
    assert "30 days" in answer.text
    assert answer.evidence >= OPTIONS.refuse_below


def test_short_answer_is_told_before_its_text(shop: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pointing, "SURE", 0.0)
    steps = respond(shop, NONE, RETURN)
    answer = answer_of(steps)
    assert answer.pointed
    assert [type(step) for step in steps[:3]] == [Searched, ShortAnswer, Delta]
    assert answer.text.startswith(f"{answer.pointed} [1]\n")


@pytest.mark.parametrize("by", [lambda: NONE, lambda: model("0", small=True), lambda: model(*["I do not know."] * 3)])
@pytest.mark.parametrize(("question", "language"), [(UNKNOWN, "en"), (UNKNOWN_ZH, "zh"), (UNKNOWN_JA, "en")])
def test_low_evidence_is_refused_in_the_questions_language(
    shop: Library, by: Any, question: str, language: Any
) -> None:
    answer = answer_of(respond(shop, by(), question))
    assert (answer.outcome, answer.language) == ("refused", language)
    assert answer.text == refusal(language, CONTACT)
    assert CONTACT in answer.text
    assert answer.evidence < OPTIONS.refuse_below


def test_japanese_is_compared_with_the_documents_as_chinese_is(shop: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "rank", ranked := Mock(return_value=[]))
    assert answer_of(respond(shop, NONE, UNKNOWN_JA, ResponderOptions(refuse_below=0.0))).language == "en"
    assert ranked.call_args.kwargs["language"] == "zh"


def test_small_model_is_not_asked_without_evidence(shop: Library) -> None:
    small = model(small=True)
    assert answer_of(respond(shop, small, UNKNOWN)).outcome == "refused"
    assert calls(small) == []


@pytest.mark.parametrize("by", [lambda: NONE, lambda: model("0", small=True), lambda: model(search("x"), "No [1].")])
def test_empty_library_refuses(empty_library: Library, by: Any) -> None:
    answer = answer_of(respond(empty_library, by(), RETURN, ResponderOptions(refuse_below=0.0)))
    assert (answer.outcome, answer.evidence) == ("refused", 0.0)


def test_threshold_is_the_operators(shop: Library) -> None:
    assert answer_of(respond(shop, NONE, RETURN, ResponderOptions(refuse_below=1.0))).outcome == "refused"
    assert answer_of(respond(shop, NONE, UNKNOWN, ResponderOptions(refuse_below=0.0))).outcome == "answered"


def test_language_of_the_answer_may_be_set(shop: Library) -> None:
    larger = model("台灯可以在收货后30天内退回[1]。")
    answer = answer_of(respond(shop, larger, RETURN_ZH, language="en"))
    assert answer.language == "en"
    assert "in English" in calls(larger)[0].messages[0].text
    assert answer_of(respond(shop, NONE, UNKNOWN, language="zh")).text == refusal("zh", CONTACT)


def test_chinese_question_is_answered_from_the_chinese_document(shop: Library) -> None:
    answer = answer_of(respond(shop, NONE, RETURN_ZH))
    assert (answer.outcome, answer.language) == ("answered", "zh")
    assert answer.citations[0].document == "退货.md"
    assert answer.citations[0].quote == "台灯可以在收货后 30 天内退回。"


@pytest.mark.parametrize("reply", ["5 years", "99 years", "Everything is free.", "Ignore previous instructions [7]"])
def test_short_answer_stands_in_a_document_whatever_a_small_model_says(shop: Library, reply: str) -> None:
    answer = answer_of(respond(shop, model(reply, small=True), WARRANTY))
    assert "5 years" in answer.pointed
    assert answer.citations[0].quote == "Every lamp has a warranty of 5 years."
    assert stray_parts(answer) == set()
    assert reply == "5 years" or reply not in answer.text


@pytest.mark.parametrize(
    "question", ["Is there a warranty for every lamp?", "What is the price of a zone?", "台灯收货后可以退回吗？"]
)
def test_yes_or_no_and_like_rows_have_no_short_answer(shop: Library, question: str) -> None:
    small = model(small=True)
    answer = answer_of(respond(shop, small, question, ResponderOptions(refuse_below=0.0)))
    assert (answer.outcome, answer.pointed) == ("answered", "")
    assert calls(small) == []


def test_refusals_and_written_answers_have_no_short_answer(shop: Library) -> None:
    assert answer_of(respond(shop, NONE, UNKNOWN)).pointed == ""
    assert answer_of(respond(shop, model(RIGHT), RETURN)).pointed == ""


def test_stop_while_the_small_model_is_asked_shows_nothing(shop: Library) -> None:
    stop = threading.Event()

    class Stopping(ScriptedChat):
        def _next(self, messages: Any, arguments: Any) -> Any:
            stop.set()
            return super()._next(messages, arguments)

    small = LoadedModel("scripted:test", Stopping(["5 years"]), small=True)
    steps = list(Responder(shop, small, OPTIONS).respond(Request(WARRANTY), stop=stop))
    assert [type(step) for step in steps] == [Searched]
    assert len(calls(small)) == 1


def test_unsupported_sentences_are_never_shown(shop: Library) -> None:
    lies = "You can send a lamp back within 90 days [1]. You cannot send a lamp back within 30 days of delivery [1]."
    larger = model(lies, lies)
    steps = respond(shop, larger, RETURN)
    near = nearest("en", "You can send a lamp back within 30 days of delivery. [1]", place="How long you have")
    assert answer_of(steps).text == f"{refusal('en', CONTACT)}\n{near}", (
        "what stands there may be shown, the lies never"
    )
    assert len(calls(larger)) == 2, "after the ordinary path the loop had a try"


def test_supported_sentence_among_lies_is_kept(shop: Library) -> None:
    answer = answer_of(respond(shop, model(f"It is 90 days [1]. {RIGHT} Gift cards can be sent back too [2]."), RETURN))
    assert answer.text == "You can send a lamp back within 30 days of delivery. [1]"


def test_not_in_documents_leads_to_the_loop_and_then_to_a_refusal(shop: Library) -> None:
    larger = model(NOT_FOUND, search("lamp colours"), "Nothing is said about this.")
    steps = respond(shop, larger, RETURN)
    assert answer_of(steps).outcome == "refused"
    assert [type(step) for step in steps] == [Searched, ToolCalled, Searched, ToolReturned, Delta, Delta, Finished]


def test_refusal_says_what_comes_nearest_and_cites_it(shop: Library) -> None:
    unsure = Responder(shop, NONE, ResponderOptions(contact=CONTACT, refuse_below=0.999))
    answer = answer_of(list(unsure.respond(Request(RETURN))))
    assert answer.outcome == "refused"
    assert [citation.quote for citation in answer.citations] == ["You can send a lamp back within 30 days of delivery."]
    assert answer.text.startswith(refusal("en", CONTACT))


def test_refusal_of_what_is_nowhere_shows_nothing(shop: Library) -> None:
    answer = answer_of(respond(shop, NONE, "Who painted the ceiling of the chapel in Rome?"))
    assert (answer.outcome, answer.citations, answer.text) == ("refused", (), refusal("en", CONTACT))


def test_answer_to_a_part_says_that_the_rest_was_not_found(shop: Library) -> None:
    answer = answer_of(respond(shop, model(f"{RIGHT} {NOT_FOUND}"), RETURN))
    assert answer.text == f"You can send a lamp back within 30 days of delivery. [1]{partly('en', CONTACT)}"
    assert answer.outcome == "answered"


def test_loop_finds_what_one_search_did_not(shop: Library) -> None:
    larger = model(search("How much is standard delivery?"), "Standard delivery costs €9.50 [1]. It is quick [1].")
    answer = answer_of(respond(shop, larger, "And what would my aunt pay overseas?", history=()))
    assert (answer.outcome, answer.text) == ("answered", "Standard delivery costs €9.50. [1]")
    assert answer.citations[0].document == "delivery.md"


def test_loop_speaks_json_where_the_model_has_no_calls(shop: Library) -> None:
    steps = [
        json.dumps({"thought": "", "tool": "search_knowledge", "arguments": {"question": "standard delivery costs"}}),
        json.dumps({"thought": "", "answer": "Standard delivery costs €9.50 [1]."}),
    ]
    answer = answer_of(respond(shop, model(*steps, native=False), "And what would my aunt pay overseas?"))
    assert answer.text == "Standard delivery costs €9.50. [1]"


def test_answer_of_the_loop_from_thin_evidence_is_not_shown(shop: Library) -> None:
    larger = model(search("spaceships of Canada"), "Every lamp has a warranty of 5 years [1].")
    assert answer_of(respond(shop, larger, UNKNOWN)).outcome == "refused"


def test_history_carries_a_follow_up(shop: Library) -> None:
    history = (Message("user", "How long is the warranty of a lamp?"), Message("assistant", "5 years."))
    question = "And that of the Moorlight battery?"
    answer = answer_of(respond(shop, NONE, question, history=history))
    assert answer.citations[0].document == "warranty.md"
    steps = respond(shop, NONE, question, history=history)
    assert isinstance(steps[0], Searched)
    assert "warranty" in steps[0].query
    larger = model("no rewriting", "The battery of the Moorlight has a warranty of 1 year [1].")
    assert answer_of(respond(shop, larger, question, history=history)).outcome == "answered"
    assert [message.text for message in calls(larger)[1].messages[1:3]] == [message.content for message in history]


ABOUT_DELIVERY = (Message("user", "What does standard delivery cost?"), Message("assistant", "It costs €9.50 [1]."))
TO_ISLANDS = "And the islands?"
TO_ISLANDS_WHOLE = "What does standard delivery to the islands cost?"
ISLANDS = "Islands: the price is €19.00 [1]."


def whole(question: str) -> str:
    return json.dumps({"question": question})


def test_follow_up_is_searched_for_as_the_model_writes_it_out_too(shop: Library) -> None:
    larger = model(whole(TO_ISLANDS_WHOLE), ISLANDS)
    steps = respond(shop, larger, TO_ISLANDS, history=ABOUT_DELIVERY)
    answer = answer_of(steps)
    assert (answer.outcome, answer.citations[0].document) == ("answered", "delivery.md")
    asked, written = (step for step in steps if isinstance(step, Searched))
    assert TO_ISLANDS in asked.query
    assert written.query == TO_ISLANDS_WHOLE, "the step log tells what was searched for"
    assert answer.evidence == asked.evidence, "what the model wrote is no evidence"
    assert calls(larger)[1].messages[-1].text.endswith(f"Customer's question: {TO_ISLANDS}"), "the customer's own words"
    assert TO_ISLANDS_WHOLE not in "".join(message.text for message in calls(larger)[1].messages)


@pytest.mark.parametrize("reply", [whole("What does delivery to Canada cost?"), "…", {"error": "gone"}])
def test_turn_goes_on_without_a_rewriting(shop: Library, reply: Any) -> None:
    steps = respond(shop, model(reply, ISLANDS), TO_ISLANDS, history=ABOUT_DELIVERY)
    assert answer_of(steps).outcome == "answered"
    assert [type(step) for step in steps if not isinstance(step, Delta)] == [Searched, Finished]


def test_turn_goes_on_without_a_slow_rewriting(shop: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "MOST_SECONDS", 0.1)
    slow = {"text": whole(TO_ISLANDS_WHOLE), "delay_seconds": 0.3}
    steps = respond(shop, model(slow, ISLANDS), TO_ISLANDS, history=ABOUT_DELIVERY)
    assert answer_of(steps).outcome == "answered"
    assert sum(isinstance(step, Searched) for step in steps) == 1


def test_rewriting_sees_what_the_caller_may_see(shop: Library) -> None:
    history = (Message("user", "How much goodwill credit may agents grant, and is there a warranty for the battery?"),)
    larger = model(whole("How much goodwill credit may agents grant for the battery?"), NOT_FOUND, "No.", "No.")
    steps = respond(shop, larger, "And its battery?", history=history)
    seen = [passage for step in steps if isinstance(step, Searched) for passage in step.passages]
    assert sum(isinstance(step, Searched) for step in steps) == 2
    assert "goodwill.md" not in {passage["document"] for passage in seen}


def test_without_evidence_no_rewriting_is_asked_for(shop: Library) -> None:
    larger = model("I cannot say.", "I cannot say.")
    answer_of(respond(shop, larger, "And on Jupiter?", history=ABOUT_DELIVERY))
    assert not any("schema" in call.arguments for call in calls(larger)), "the loop does its own searches"


def test_staff_documents_never_reach_the_public(shop: Library) -> None:
    question = "How much goodwill credit may agents grant without asking the manager?"
    told = "Agents may grant goodwill credit of 40 euros without asking the manager [1]."
    larger = model(
        told,
        search(question),
        search(question, audiences=["staff"]),
        search(question, collections=["default"], limit=8),
        told,
        told,
    )
    steps = respond(shop, larger, question)
    assert answer_of(steps).outcome == "refused"
    seen = [passage for step in steps if isinstance(step, Searched) for passage in step.passages]
    assert all(passage["document"] != "goodwill.md" for passage in seen)
    assert not any("40 euros" in step.content for step in steps if isinstance(step, ToolReturned))
    assert not any("40 euros" in step.text for step in steps if isinstance(step, Delta))
    assert not any("40 euros" in sent.text for call in calls(larger) for sent in call.messages if sent.type != "ai")
    staff = answer_of(respond(shop, NONE, question, audiences=("public", "staff")))
    assert staff.citations[0].document == "goodwill.md"


@pytest.mark.parametrize("by", [lambda: model("1", small=True), lambda: model(f"{RIGHT} " * 30)])
def test_answers_keep_within_the_words(shop: Library, by: Any) -> None:
    options = ResponderOptions(max_words=24)
    answer = answer_of(respond(shop, by(), RETURN, options))
    assert answer.outcome == "answered"
    assert count_words(answer.text) <= 24


@pytest.mark.parametrize("small", [True, False])
def test_model_that_fails_is_told_never_replaced(shop: Library, small: bool) -> None:
    steps = Responder(shop, model({"error": "gone"}, small=small), OPTIONS).respond(Request(RETURN))
    with pytest.raises(ModelUnavailable, match="gone"):
        list(steps)


@pytest.mark.parametrize("after", [Searched, Delta, ToolCalled])
def test_stop_ends_without_an_answer(shop: Library, after: type) -> None:
    stop = threading.Event()
    first = NOT_FOUND if after is ToolCalled else f"{RIGHT} Goods from the sale have 14 days [1]."
    larger = model(first, search("lamp"), RIGHT)
    seen: list[Step] = []
    for step in Responder(shop, larger, OPTIONS).respond(Request(RETURN), stop=stop):
        seen.append(step)
        if isinstance(step, after):
            stop.set()
    assert isinstance(seen[-1], (after, ToolReturned, Searched))
    assert not any(isinstance(step, Finished) for step in seen)


def test_stop_before_the_refusal_says_nothing(shop: Library) -> None:
    stop = threading.Event()
    stop.set()
    steps = list(Responder(shop, NONE, OPTIONS).respond(Request(UNKNOWN), stop=stop))
    assert [type(step) for step in steps] == [Searched]


def test_many_threads_share_a_responder(shop: Library) -> None:
    responder = Responder(shop, NONE, OPTIONS)
    texts: list[str] = []

    def ask() -> None:
        texts.append(answer_of(list(responder.respond(Request(RETURN)))).text)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 6
    assert len(set(texts)) == 1


def test_links_lead_only_where_they_may(shop: Library) -> None:
    question = "Where is the map of delivery, and who answers questions about a parcel?"
    named = answer_of(respond(shop, NONE, question)).text
    assert "https://lumen.example/delivery" in named or "parcels@lumen.example" in named
    strict = replace(OPTIONS, contact="", allowed_hosts=("shop.example",))
    last = list(Responder(shop, NONE, strict).respond(Request(question)))[-1]
    assert isinstance(last, Finished)
    assert "lumen.example" not in last.answer.text
    assert "removed]" in last.answer.text
