from dataclasses import replace
from typing import Any

import pytest

from agents.answering import AnswerOptions
from agents.models import LoadedModel
from agents.prompts import NOT_FOUND, partly
from agents.transcript import Finished, step_to_data
from agents.turn import Request, Responder
from finetune.data.building import BuildOptions, build
from finetune.data.candidates import Candidate, Dropped
from finetune.data.from_transcripts import PastConversation, PastTurn, candidates
from finetune.data.leakage import exam
from finetune.examples import answer_example, is_learned
from finetune.serving import Serving
from knowledge.library import Library

ASKED = "How many days do I have to send a lamp back?"


def answered(shop: Library, question: str, **more: Any) -> PastTurn:
    """Return a turn as the real responder answers it, without a model, and as it is stored."""
    steps = list(Responder(shop, LoadedModel("none", None, small=True)).respond(Request(question)))
    assert isinstance(steps[-1], Finished)
    answer = step_to_data(steps[-1])["answer"]
    return PastTurn(question, answer["text"], answer["outcome"], citations=tuple(answer["citations"]), **more)


def found(serving: Serving, *turns: PastTurn, unrated: bool = False, **more: Any) -> list[Candidate | Dropped]:
    return list(candidates([PastConversation("c-1", turns, **more)], serving, unrated=unrated))


def told(results: list[Candidate | Dropped]) -> list[str]:
    return [one.reason if isinstance(one, Dropped) else f"{one.example.task} {one.kind}" for one in results]


@pytest.mark.parametrize("question", [ASKED, "台灯可以在多少天内退回？"])
def test_an_answer_that_a_customer_liked_is_learned_as_it_would_be_asked_today(
    shop: Library, serving: Serving, question: str
) -> None:
    turn = answered(shop, question, rating="up")
    assert turn.outcome == "answered"
    (one,) = found(serving, turn)
    assert isinstance(one, Candidate)
    assert (one.kind, one.asked, one.example.conversation) == ("answer", question, "c-1")
    passages = serving.read_by_writer(question, ())
    language = one.language
    again = answer_example(
        question, passages, reply=one.reply, language=language, options=serving.answers, source="transcripts",
        conversation="c-1",
    )  # fmt: skip
    assert one.example == again
    assert "30" in one.reply
    number = next(place for place, passage in enumerate(passages, 1) if "30" in passage.text)
    assert f"[{number}]" in one.reply


def test_what_is_longer_than_an_answer_may_be_is_not_learned(shop: Library, serving: Serving) -> None:
    """The prompt asks for so many words at most, and serving stops there: longer ones would teach to disobey."""
    turn = answered(shop, ASKED, rating="up")
    person = PastTurn("", "You can send a lamp back within 30 days of delivery.", "handed_over", by_person=True)
    brief = replace(serving, answers=AnswerOptions(max_words=6, company="Lumen"))
    assert told(found(brief, turn)) == ["not as served"]
    assert told(found(brief, PastTurn(ASKED, "", "refused"), person)) == ["voice correction"]
    assert told(found(serving, PastTurn(ASKED, "", "refused"), person)) == ["voice correction", "answer correction"]


def test_a_prompt_is_in_the_language_that_all_are_answered_in(serving: Serving) -> None:
    """`language` in the settings; a reply in another one would be learned against what the prompt asks for."""
    person = PastTurn("", "You can send a lamp back within 30 days of delivery.", "handed_over", by_person=True)
    chinese = PastTurn("", "台灯可以在收货后 30 天内退回。", "handed_over", by_person=True)
    only = replace(serving, language="zh")
    assert told(found(only, PastTurn(ASKED, "", "refused"), person)) == ["voice correction"]
    _, answer = found(only, PastTurn("Return? 台灯可以在多少天内退回？", "", "refused"), chinese)
    assert isinstance(answer, Candidate)
    assert answer.example.messages[0]["content"].startswith("你是Lumen的客服助手")


def test_only_what_was_liked_or_corrected_is_learned(shop: Library, serving: Serving) -> None:
    assert told(found(serving, answered(shop, ASKED))) == ["not rated"]
    assert told(found(serving, answered(shop, ASKED), unrated=True)) == ["answer answer"]
    assert told(found(serving, answered(shop, ASKED, rating="down"), unrated=True)) == ["rated down"]
    assert told(found(serving, PastTurn(ASKED, "", ""))) == ["not answered"]
    assert told(found(serving, PastTurn(ASKED, "", "failed"))) == ["not answered"]


def test_a_refusal_that_a_customer_found_right_says_that_the_passages_do_not_answer(serving: Serving) -> None:
    (one,) = found(serving, PastTurn("Do you sell curtains for lamps?", "I could not find …", "refused", rating="up"))
    assert isinstance(one, Candidate)
    assert (one.kind, one.reply) == ("refusal", NOT_FOUND)


def test_what_the_documents_no_longer_say_is_not_learned(shop: Library, serving: Serving) -> None:
    turn = answered(shop, ASKED, rating="up")
    old = [dict(citation, quote=citation["quote"].replace("30", "60")) for citation in turn.citations]
    changed = PastTurn(ASKED, turn.text.replace("30", "60"), "answered", rating="up", citations=tuple(old))
    assert told(found(serving, changed)) == ["documents no longer say it"]
    lied = PastTurn(ASKED, turn.text.replace("30", "60"), "answered", rating="up", citations=turn.citations)
    assert told(found(serving, lied)) == ["documents no longer say it"]


def test_an_answer_to_a_part_is_learned_with_the_mark_that_serving_reads(shop: Library, serving: Serving) -> None:
    whole = answered(shop, ASKED, rating="up")
    part = PastTurn(
        ASKED, whole.text + partly("en", "help@lumen.example"), "answered", rating="up", citations=whole.citations
    )
    (one,) = found(serving, part)
    assert isinstance(one, Candidate)
    assert one.reply.endswith(f" {NOT_FOUND}")
    assert "I found nothing" not in one.reply


def test_a_persons_reply_corrects_and_is_an_answer_where_the_documents_say_it(serving: Serving) -> None:
    turns = (
        PastTurn("Hello", "Hello, how can I help?", "answered"),
        PastTurn(ASKED, "A person takes over, ticket 123.", "handed_over"),
        PastTurn("", "Good morning!", "handed_over", by_person=True),
        PastTurn("", "You can send a lamp back within 30 days of delivery.", "handed_over", by_person=True),
        PastTurn("", "The assistant has the conversation again.", "handed_over"),
        PastTurn("Thanks", "You are welcome.", "answered"),
    )
    results = found(serving, *turns)
    assert told(results) == ["not rated", "voice correction", "answer correction", "not rated"]
    voice, answer = results[1], results[2]
    assert isinstance(voice, Candidate)
    assert isinstance(answer, Candidate)
    assert [message["content"] for message in voice.example.messages] == [
        "Hello",
        "Hello, how can I help?",
        ASKED,
        "Good morning!\nYou can send a lamp back within 30 days of delivery.",
    ]
    assert answer.reply.startswith("You can send a lamp back within 30 days of delivery [")
    assert "Good morning" not in answer.reply


def test_a_persons_reply_beyond_the_documents_is_no_answer(serving: Serving) -> None:
    turns = (
        PastTurn(ASKED, "A person takes over.", "handed_over"),
        PastTurn("", "For you we make it 45 days.", "handed_over", by_person=True),
    )
    assert told(found(serving, *turns)) == ["voice correction"]


def test_a_reply_to_who_only_asks_for_a_person_answers_what_was_asked_before(serving: Serving) -> None:
    turns = (
        PastTurn(ASKED, "I could not find an answer to this.", "refused"),
        PastTurn("I would like to talk to a person.", "A person takes over, ticket 123.", "handed_over"),
        PastTurn("", "You can send a lamp back within 30 days of delivery.", "handed_over", by_person=True),
    )
    results = found(serving, *turns)
    assert told(results) == ["not rated", "voice correction", "answer correction"]
    voice, answer = results[1:]
    assert isinstance(voice, Candidate)
    assert isinstance(answer, Candidate)
    assert (voice.asked, answer.asked) == (ASKED, ASKED)
    assert [message["content"] for message in voice.example.messages] == [
        ASKED,
        "You can send a lamp back within 30 days of delivery.",
    ]


def test_a_word_with_a_decision_answers_nothing_and_is_read_as_the_persons(shop: Library, serving: Serving) -> None:
    turns = (
        PastTurn("Refund B-1", "Shall I do this?", "awaiting_approval"),
        PastTurn("yes", "A person must approve this.", "awaiting_approval"),
        PastTurn("", "€5 was refunded.", "acted"),
        PastTurn("", "As a courtesy.", "handed_over", by_person=True, with_decision=True),
    )
    (one,) = found(serving, *turns, answered(shop, ASKED, rating="up"))
    assert isinstance(one, Candidate)
    assert "€5 was refunded.\n\n(A person of our team wrote: “As a courtesy.”)" in [
        message["content"] for message in one.example.messages
    ]
    assert "As a courtesy" not in one.reply


def test_an_answer_that_was_bad_is_not_learned_as_what_came_before_a_good_one(shop: Library, serving: Serving) -> None:
    bad = PastTurn("And how much is it?", "It is free.", "answered", rating="down")
    dropped, one = found(serving, bad, answered(shop, ASKED, rating="up"))
    assert isinstance(dropped, Dropped)
    assert isinstance(one, Candidate)
    assert "It is free." in [message["content"] for message in one.example.messages]
    assert [message["content"] for message in one.example.messages if is_learned(message)] == [one.reply]


@pytest.mark.parametrize(
    ("signature", "kept"),
    [
        ("\n\nKind regards\nBen Ode", "\n\nKind regards"),
        ("\n\nBest wishes,\nBen Ode\nCustomer Care\n+44 20 7946 0999", "\n\nBest wishes"),
        ("\n\n-- \nBen Ode\nSupport", ""),
        ("\n\n此致\n李娜 客服", "\n\n此致"),
    ],
)
def test_nobody_learns_to_sign_as_a_person_of_the_company(serving: Serving, signature: str, kept: str) -> None:
    """A reply at the desk is signed as a mail is, and a model would sign so too."""
    turns = (
        PastTurn("Where is my parcel?", "Ticket 1", "handed_over"),
        PastTurn("", f"It left today.{signature}", "handed_over", by_person=True),
        PastTurn("And where is it now?", "Ticket 1", "handed_over"),
        PastTurn("", f"In the van.{signature}", "handed_over", by_person=True),
    )
    built = build(found(serving, *turns), exam=exam([]), options=BuildOptions(heldout=0))
    assert [one.reply for one in built.training] == [f"It left today.{kept}", f"In the van.{kept}"]
    written = "\n".join(str(message["content"]) for one in built.training for message in one.example.messages)
    assert "Ode" not in written
    assert "李娜" not in written


def test_names_that_the_store_knows_are_learned_nowhere(serving: Serving) -> None:
    turns = (
        PastTurn("Quintero here again, where is my lamp?", "Ticket 1", "handed_over"),
        PastTurn("", "Marisol, I have told the courier to ring twice.", "handed_over", by_person=True),
        PastTurn("And the other lamp?", "Ticket 1", "handed_over"),
        PastTurn("", "It comes on Thursday.", "handed_over", by_person=True),
    )
    known = found(serving, *turns, names=frozenset({"Marisol Quintero"}))
    built = build(known, exam=exam([]), options=BuildOptions(heldout=0))
    assert [one.reason for one in built.dropped] == ["personal data in the reply"]
    (one,) = built.training
    assert str(one.example.messages[0]["content"]) == "[name] here again, where is my lamp?"
    assert not any("Quintero" in str(message) for message in one.example.messages)
