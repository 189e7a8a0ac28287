import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.answering import AnswerOptions
from agents.models.scripted import ScriptedChat
from agents.prompts import NOT_FOUND
from finetune.data.candidates import Candidate, Dropped
from finetune.data.from_documents import MakingOptions, candidates, choose, is_fit, read_made
from finetune.serving import Serving
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Passage

GOOD = {
    "question": "How long do I have to send a lamp back after delivery?",
    "answer": "You can send a lamp back within 30 days of delivery.",
    "quote": "You can send a lamp back within 30 days of delivery.",
}


def returns(shop: Library) -> list[Passage]:
    return [passage for passage in shop.passages() if "30 days" in passage.text]


def made(serving: Serving, passages: list[Passage], reply: Any, **options: Any) -> list[Candidate | Dropped]:
    chat = ScriptedChat([reply if isinstance(reply, str) else json.dumps(reply)] * len(passages))
    found = list(candidates(passages, chat=chat, serving=serving, options=MakingOptions(**options)))
    assert all("question" in call.arguments["schema"]["properties"] for call in chat.calls)
    return found


def reason(found: list[Candidate | Dropped]) -> str:
    (one,) = found
    return one.reason if isinstance(one, Dropped) else "kept"


def test_a_question_that_holds_is_asked_as_it_would_be_served(shop: Library, serving: Serving) -> None:
    (one,) = made(serving, returns(shop), GOOD, refusals=0.0)
    assert isinstance(one, Candidate)
    passages = serving.read_by_writer(GOOD["question"], ())
    number = next(place for place, passage in enumerate(passages, 1) if "30 days" in passage.text)
    assert one.reply == f"You can send a lamp back within 30 days of delivery [{number}]."
    assert (one.kind, one.example.conversation) == ("answer", "documents:default/returns.md")
    assert all(passage.text in one.example.messages[-2]["content"] for passage in passages)


def test_the_same_question_without_its_passage_is_refused(shop: Library, serving: Serving) -> None:
    answer, refusal = made(serving, returns(shop), GOOD, refusals=1.0)
    assert isinstance(refusal, Candidate)
    assert (refusal.kind, refusal.reply, refusal.asked) == ("refusal", NOT_FOUND, GOOD["question"])
    prompt = refusal.example.messages[-2]["content"]
    assert "30 days of delivery" not in prompt
    assert "[1] " in prompt
    assert isinstance(answer, Candidate)
    assert answer.example.conversation == refusal.example.conversation


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"quote": "You can send a lamp back within 60 days of delivery."}, "quote not in the passage"),
        ({"answer": "You can send a lamp back within 60 days of delivery."}, "quote does not support the answer"),
        ({"answer": "Gift cards never expire."}, "quote does not support the answer"),
        ({"question": "What does the passage say about returns of lamps?"}, "question unfit"),
        ({"question": "Lamps."}, "question unfit"),
        ({"question": "台灯可以在多少天内退回？"}, "question unfit"),
        ({"answer": ""}, "model said nothing usable"),
        ({"quote": 3}, "model said nothing usable"),
    ],
)
def test_what_does_not_hold_is_left_out(shop: Library, serving: Serving, change: dict[str, Any], why: str) -> None:
    assert reason(made(serving, returns(shop), GOOD | change, refusals=0.0)) == why


def test_a_question_that_does_not_find_its_passage_is_left_out(shop: Library, serving: Serving) -> None:
    blind = Serving(lambda question, history: (), serving.answers)
    assert reason(made(blind, returns(shop), GOOD)) == "question does not find the passage"


@pytest.mark.parametrize("reply", ["", "I cannot.", "[1, 2]", '{"question": "How long?"}'])
def test_a_model_that_says_something_else_stops_nothing(shop: Library, serving: Serving, reply: str) -> None:
    assert reason(made(serving, returns(shop), reply)) == "model said nothing usable"


def test_chinese_documents_are_asked_about_in_chinese(shop: Library, serving: Serving) -> None:
    passages = [passage for passage in shop.passages() if "台灯" in passage.text]
    said = {
        "question": "台灯收货后多少天内可以退回？",
        "answer": "台灯可以在收货后 30 天内退回。",
        "quote": "台灯可以在收货后 30 天内退回",
    }
    (one,) = made(serving, passages, said, refusals=0.0)
    assert isinstance(one, Candidate)
    assert one.reply.startswith("台灯可以在收货后 30 天内退回 [")
    assert one.language == "zh"


def test_japanese_documents_are_asked_about_in_japanese(tmp_path: Path) -> None:
    told = "ランプの保証期間は2年です。"
    (tmp_path / "保証.md").write_text(f"# 保証\n\n{told}電池の保証期間は1年です。\n", encoding="utf-8")
    with closing(Library(LibraryOptions(tmp_path / "home"), embedder=HashingEmbedder())) as library:
        assert not library.ingest([tmp_path / "保証.md"]).failed

        def search(question: str, history: Any) -> tuple[Passage, ...]:
            return library.search(question, history=history).passages

        auto = Serving(search, AnswerOptions())
        reply = {"question": "ランプの保証期間は何年ですか？", "answer": told, "quote": told}
        (one,) = made(auto, list(library.passages()), reply, refusals=0.0)
        assert isinstance(one, Candidate), one
        assert (
            reason(made(replace(auto, language="en"), list(library.passages()), reply, refusals=0.0)) == "not as served"
        )


def test_a_failure_of_the_model_is_told(shop: Library, serving: Serving) -> None:
    from agents.errors import ModelUnavailable

    chat = ScriptedChat([{"text": "", "error": "It is gone."}])
    with pytest.raises(ModelUnavailable, match="It is gone"):
        list(candidates(returns(shop), chat=chat, serving=serving))


def test_passages_are_drawn_by_the_seed_from_every_document_in_turn(shop: Library) -> None:
    passages = shop.passages()
    chosen = choose(passages, MakingOptions(questions=4, seed=1))
    assert {passage.document for passage in chosen} == {"returns.md", "delivery.md", "warranty.md", "退货.md"}
    assert chosen == choose(tuple(reversed(passages)), MakingOptions(questions=4, seed=1))
    assert choose(passages, MakingOptions(questions=1)) == choose(passages, MakingOptions(questions=4))[:1]


def test_a_reply_is_read_with_what_stands_around_it() -> None:
    found = read_made(f"Sure:\n```json\n{json.dumps(GOOD)}\n```")
    assert found is not None
    assert found.question == GOOD["question"]


@pytest.mark.parametrize(("question", "language", "fit"), [
    ("How much is the delivery?", "en", True),
    ("How much?", "en", False),
    ("How much is the delivery", "en", False),
    ("According to the text, how much is it?", "en", False),
    ("这盏台灯可以退货吗", "zh", True),
    ("根据上文，多久可以退货？", "zh", False),
])  # fmt: skip
def test_questions_that_a_customer_could_ask(question: str, language: Any, fit: bool) -> None:
    assert is_fit(question, language) is fit
