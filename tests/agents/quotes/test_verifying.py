import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage

from agents.models import LoadedModel
from agents.quotes import ranking, verifying
from agents.quotes.statements import Statement
from agents.transcript import Answer, Message
from agents.turn import Request, Responder, ResponderOptions
from knowledge.library import Library

WARRANTY = "How long is the warranty of a lamp?"


@dataclass
class Sure:
    """A model that copies a few words and says yes as surely as it is told."""

    first: Mapping[str, float]
    """First word -> likelihood, of what is said to a question that takes a yes or no."""
    asked: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    copied: str = "5 years"

    def stream(self, messages: Sequence[BaseMessage], **call: Any) -> Iterator[AIMessageChunk]:
        self.asked.append(messages[-1].text)
        self.calls.append(call)
        if call["max_tokens"] > 1:
            yield AIMessageChunk(self.copied)
            return
        likelihoods = [{"token": word, "logprob": log(likely)} for word, likely in self.first.items()]
        yield AIMessageChunk(
            "Yes", response_metadata={"logprobs": [{"top_logprobs": likelihoods}]} if likelihoods else {}
        )


def model_of(chat: Sure, **more: Any) -> LoadedModel:
    return LoadedModel("sure", cast(Any, chat), reads=True, tells_likelihood=True, **more)


def statement(shop: Library) -> Statement:
    return ranking.rank(shop.search(WARRANTY), language="en", embedder=shop.embedder)[0]


def answer_of(shop: Library, model: LoadedModel, **options: Any) -> Answer:
    last = list(Responder(shop, model, ResponderOptions(**options)).respond(Request(WARRANTY)))[-1]
    return cast(Answer, last.answer)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("first", "agreed"),
    [
        ({"Yes": 0.6, "No": 0.2, "Maybe": 0.2}, 0.75),
        ({"yes": 0.3, " Yes": 0.3, "no": 0.4}, 0.6),
        ({"是": 0.9, "否": 0.1}, 0.9),
        ({"不是": 0.9, "是": 0.1}, 0.1),
        ({"Maybe": 1.0}, None),
        ({}, None),
    ],
)
def test_agreement_is_yes_against_no(shop: Library, first: Mapping[str, float], agreed: float | None) -> None:
    said = verifying.agreement(WARRANTY, statement(shop), model=model_of(Sure(first)), language="en")
    assert said == (None if agreed is None else pytest.approx(agreed))


def test_the_sentence_is_asked_about_with_its_place_and_the_question_before(shop: Library) -> None:
    chat = Sure({"Yes": 0.9})
    history = (Message("user", "I have a Moorlight."), Message("assistant", "Nice."))
    verifying.agreement(
        "How long is it covered?", statement(shop), history=history, model=model_of(chat), language="en"
    )
    (asked,) = chat.asked
    assert asked.startswith("Text: Warranty: Every lamp has a warranty of 5 years.\n")
    assert "A customer asks: I have a Moorlight. How long is it covered?\n" in asked
    assert chat.calls[0]["max_tokens"] == 1
    verifying.agreement(WARRANTY, statement(shop), history=history, model=model_of(chat), language="en")
    assert f"A customer asks: {WARRANTY}\n" in chat.asked.pop()  # which stands alone: no sentence says both
    verifying.agreement("保修多久？", statement(shop), model=model_of(chat), language="zh", stop=threading.Event())
    assert "顾客的问题：保修多久？" in chat.asked[1]
    assert "stop_event" in chat.calls[-1]


def test_who_tells_no_likelihoods_is_not_asked(shop: Library) -> None:
    chat = Sure({"Yes": 0.9})
    silent = replace(model_of(chat), tells_likelihood=False)
    assert verifying.agreement(WARRANTY, statement(shop), model=silent, language="en") is None
    assert chat.asked == []


def test_who_was_tuned_to_copy_alone_is_not_asked_and_refuses_by_the_searchs_evidence() -> None:
    bare = model_of(Sure({}))
    tuned = [
        replace(bare, learned=("answer",)),
        replace(bare, learned_to_read=("en",)),
        replace(bare, reads_little=True),
        replace(bare, tells_likelihood=False),
        replace(bare, reads=False),
    ]
    assert [model.looks_twice for model in (bare, *tuned)] == [True, *[False] * 5]
    options = ResponderOptions(refuse_below=0.6)
    assert options.decides_at(bare) == 0.6
    assert all(options.decides_at(model) == options.refuse_with(model) for model in tuned)


def test_both_signals_count_and_neither_alone_is_certain() -> None:
    assert verifying.weighed(0.9, 0.9) > verifying.weighed(0.9, 0.5) > verifying.weighed(0.9, 0.1)
    assert verifying.weighed(0.9, 0.5) > verifying.weighed(0.1, 0.5)
    assert 0.0 < verifying.weighed(0.0, 0.0) < verifying.weighed(1.0, 1.0) < 1.0


def test_what_the_model_does_not_agree_to_is_refused_though_the_search_was_sure(shop: Library) -> None:
    sure, unsure = (answer_of(shop, model_of(Sure({"Yes": yes, "No": 1 - yes}))) for yes in (0.95, 0.05))
    assert (sure.outcome, unsure.outcome) == ("answered", "refused")
    assert sure.evidence > 0.5 > unsure.evidence
    assert sure.pointed == "5 years"
    assert [citation.quote for citation in unsure.citations] == ["Every lamp has a warranty of 5 years."]  # the nearest
    lenient = answer_of(shop, model_of(Sure({"Yes": 0.05, "No": 0.95})), refuse_below=0.0)
    assert lenient.outcome == "answered"


def test_a_small_model_is_not_asked_to_agree(shop: Library) -> None:
    chat = Sure({"No": 1.0})
    assert answer_of(shop, model_of(chat, small=True, reads_little=True)).outcome == "answered"
    assert all(call["max_tokens"] > 1 for call in chat.calls)


def test_what_the_model_chose_is_what_comes_nearest(shop: Library) -> None:
    first, *others = ranking.rank(shop.search(WARRANTY), language="en", embedder=shop.embedder)
    chosen = next(other for other in others if "battery" in other.text)
    chat = Sure({"No": 1.0}, copied="1 year")
    unsure = answer_of(shop, model_of(chat))
    assert [citation.quote for citation in unsure.citations] == [chosen.text]
    assert first.text not in unsure.text
