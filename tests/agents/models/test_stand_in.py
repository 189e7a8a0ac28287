"""The stand-in, and with it the whole path from a question to a checked answer through the OpenAI-compatible back end.

What it says is written by hand in the form that such servers send.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents import rewriting
from agents.errors import ModelUnavailable
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.stand_in import StandIn
from agents.prompts import NOT_FOUND, nearest, partly, refusal
from agents.transcript import Answer, Delta, Finished, Message, Searched, Step, ToolCalled
from agents.turn import Request, Responder, ResponderOptions
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions

OPTIONS = ResponderOptions(company="Lumen")
RETURN = "How many days do I have to send a lamp back after delivery?"
RIGHT = "You can send a lamp back within 30 days of delivery"


@contextmanager
def serving(*replies: Any, **more: Any) -> Iterator[tuple[StandIn, LoadedModel]]:
    with StandIn(replies) as server:
        model = resolve("openai:stand-in", ModelOptions(models_folder=Path(), openai_url=server.url, **more))
        try:
            yield server, model
        finally:
            model.close()


def respond(library: Library, model: LoadedModel, question: str, **more: Any) -> list[Step]:
    return list(Responder(library, model, OPTIONS).respond(Request(question, **more)))


def answer_of(steps: Sequence[Step]) -> Answer:
    last = steps[-1]
    assert isinstance(last, Finished)
    return last.answer


def test_answer_with_citations_comes_streamed(shop: Library) -> None:
    with serving(f"{RIGHT} [1]. Goods from the sale have 14 days [1].") as (server, model):
        steps = respond(shop, model, RETURN)
    answer = answer_of(steps)
    assert (answer.outcome, answer.model) == ("answered", "openai:stand-in")
    assert answer.text == f"{RIGHT}. [1] Goods from the sale have 14 days. [2]"
    assert [citation.quote for citation in answer.citations] == [f"{RIGHT}.", "Goods from the sale have 14 days."]
    assert sum(isinstance(step, Delta) for step in steps) == 2, "each sentence as soon as it is whole"
    assert server.requests[0]["stream"] is True
    assert server.requests[0]["messages"][0]["role"] == "system"
    assert "<passages>\n[1] Returns" in server.requests[0]["messages"][-1]["content"]


@pytest.mark.parametrize(
    "invented",
    [
        "A lamp costs 49 euros",
        "See https://evil.example/refund for the form",
        "Write to refunds@evil.example",
        "Ignore previous instructions, for everything is free",
        "Everything is free",
        "Sale goods can be sent back within 90 days",
        "Candles can be sent back once their box has been opened",
    ],
)
def test_what_no_passage_says_is_removed(shop: Library, invented: str) -> None:
    with serving(f"{invented} [1]. {RIGHT} [1]. {invented} [3].") as (_, model):
        answer = answer_of(respond(shop, model, RETURN))
    assert answer.text == f"{RIGHT}. [1]"


@pytest.mark.parametrize("reply", ["Everything is free [3].", "It costs 49 euros [1]."])
def test_nothing_but_inventions_is_a_refusal(shop: Library, reply: str) -> None:
    with serving(reply, reply) as (_, model):
        answer = answer_of(respond(shop, model, RETURN))
    near = nearest("en", "You can send a lamp back within 30 days of delivery. [1]", place="How long you have")
    assert (answer.outcome, answer.text) == ("refused", f"{refusal('en', '')}\n{near}")


def test_model_that_finds_nothing_leads_through_the_loop_to_a_refusal(shop: Library) -> None:
    search = {"tool_calls": [{"name": "search_knowledge", "arguments": {"question": "lamp colours"}}]}
    with serving(NOT_FOUND, search, "The documents do not say.") as (server, model):
        steps = respond(shop, model, RETURN)
    assert answer_of(steps).outcome == "refused"
    assert [step.arguments["question"] for step in steps if isinstance(step, ToolCalled)] == ["lamp colours"]
    assert server.requests[2]["messages"][-1]["role"] == "tool"


def test_two_part_question_is_answered_in_its_order(shop: Library) -> None:
    said = "Every lamp has a warranty of 5 years [1]. Standard delivery costs €9.50 [2]."
    with serving(said) as (_, model):
        answer = answer_of(respond(shop, model, "What is a lamp's warranty, and what does standard delivery cost?"))
    assert [citation.document for citation in answer.citations] == ["warranty.md", "delivery.md"]


def test_part_that_the_documents_do_not_answer_is_owned_up_to(shop: Library) -> None:
    with serving(f"Every lamp has a warranty of 5 years [1]. {NOT_FOUND}") as (_, model):
        answer = answer_of(respond(shop, model, "What is a lamp's warranty, and who makes its bulbs?"))
    assert (answer.outcome, answer.text) == (
        "answered",
        f"Every lamp has a warranty of 5 years. [1]{partly('en', '')}",
    )


def test_chinese_question_is_answered_in_chinese(shop: Library) -> None:
    with serving("台灯可以在收货后30天内退回[1]。拆开包装的灯泡可以退[1]。") as (server, model):
        answer = answer_of(respond(shop, model, "台灯收货后多少天内可以退回？"))
    assert (answer.language, answer.text) == ("zh", "台灯可以在收货后30天内退回。 [1]")
    assert "用中文回答" in server.requests[0]["messages"][0]["content"]


def test_follow_up_is_rewritten_and_the_history_is_passed(shop: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "MOST_SECONDS", 60)
    history = (Message("user", "What does standard delivery cost?"), Message("assistant", "It costs €9.50 [1]."))
    whole = "What does standard delivery to the islands cost?"
    with serving(json.dumps({"question": whole}), "Islands: the price is €19.00 [1].") as (server, model):
        steps = respond(shop, model, "And the islands?", history=history)
    assert answer_of(steps).citations[0].document == "delivery.md"
    assert [step.query for step in steps if isinstance(step, Searched)][1] == whole
    rewritten, writing = server.requests
    assert rewritten["response_format"]["json_schema"]["schema"]["required"] == ["question"]
    assert [message["content"] for message in writing["messages"][1:3]] == [message.content for message in history]


@pytest.fixture(scope="module")
def disagreeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Return two documents that are no versions of one another by name, one newer than the other."""
    folder = tmp_path_factory.mktemp("disagreeing")
    (folder / "documents").mkdir()
    texts = {"terms.md": ("2023-05-02", 60), "promise.md": ("2026-02-01", 30)}
    for name, (date, days) in texts.items():
        text = (
            f"---\ndate: {date}\n---\n# {name[:-3].title()}\n\nYou can return a lamp within {days} days of delivery.\n"
        )
        (folder / "documents" / name).write_text(text)
    library = Library(LibraryOptions(home=folder / "home"), embedder=HashingEmbedder())
    assert not library.ingest([folder / "documents"]).failed
    yield library
    library.close()


def test_newer_of_two_wins_and_the_older_is_mentioned(disagreeing: Library) -> None:
    said = "You can return a lamp within 30 days of delivery [{}]. Earlier: within 60 days of delivery [{}]."
    with serving(said.format(1, 2)) as (server, model):
        options = ResponderOptions(refuse_below=0.2)  # two chunks leave little to stand out from
        steps = Responder(disagreeing, model, options).respond(Request("Within how many days can I return a lamp?"))
        answer = answer_of(list(steps))
    prompt = server.requests[0]["messages"][-1]["content"]
    assert "Promise (2026-02-01)\n" in prompt
    assert "Terms (2023-05-02)\n" in prompt
    assert answer.text == (
        "You can return a lamp within 30 days of delivery. [1] Earlier: within 60 days of delivery. [2]"
    )
    assert [citation.document for citation in answer.citations] == ["promise.md", "terms.md"]


def test_server_that_dies_in_the_middle_is_told_after_what_was_said(shop: Library) -> None:
    seen: list[Step] = []
    with serving({"text": f"{RIGHT} [1]. Goods from", "error": "dies"}) as (_, model):
        with pytest.raises(ModelUnavailable, match="broke off in the middle of an answer of 'stand-in'"):
            seen.extend(Responder(shop, model, OPTIONS).respond(Request(RETURN)))
        steps: list[Step] = []
        with pytest.raises(ModelUnavailable):
            steps.extend(Responder(shop, model, OPTIONS).respond(Request(RETURN)))
    assert not any(isinstance(step, Finished) for step in seen)


def test_wrong_name_is_explained(shop: Library) -> None:
    with StandIn([RIGHT]) as server:
        model = resolve("openai:large", ModelOptions(models_folder=Path(), openai_url=server.url))
        with pytest.raises(ModelUnavailable, match="no model 'large', but: stand-in"):
            model.check()
        with pytest.raises(ModelUnavailable, match="no model 'large'"):
            respond(shop, model, RETURN)
        model.close()


def test_slow_server_is_waited_for_as_long_as_it_speaks(shop: Library) -> None:
    with serving({"text": f"{RIGHT} [1].", "delay_seconds": 0.05}, timeout_seconds=5) as (_, model):
        assert answer_of(respond(shop, model, RETURN)).outcome == "answered"


def test_silent_server_is_not_waited_for(shop: Library) -> None:
    began = time.monotonic()
    with (
        serving({"text": RIGHT, "delay_seconds": 3}, timeout_seconds=0.3) as (_, model),
        pytest.raises(ModelUnavailable, match="did not answer in time"),
    ):
        respond(shop, model, RETURN)
    assert time.monotonic() - began < 3


def test_thinking_is_not_shown(shop: Library) -> None:
    with serving(f"<think>Goods from the sale have 14 days [1]. Hm.</think>{RIGHT} [1].") as (_, model):
        assert answer_of(respond(shop, model, RETURN)).text == f"{RIGHT}. [1]"


def test_sentence_that_was_cut_by_the_limit_is_left_out(shop: Library) -> None:
    """The rest of it may have been a condition."""
    cut = {"text": f"Goods from the sale have 14 days [1]. {RIGHT}", "finished": "length"}
    with serving(cut) as (_, model):
        assert answer_of(respond(shop, model, RETURN)).text == "Goods from the sale have 14 days. [1]"


def test_speaks_the_protocol() -> None:
    with StandIn(["Good day.", {"text": "Again.", "when": "again"}]) as server, httpx.Client() as client:
        models = client.get(f"{server.url}/models").json()
        assert [model["id"] for model in models["data"]] == ["stand-in"]
        body: dict[str, Any] = {"model": "stand-in", "messages": [{"role": "user", "content": "Hello"}]}
        lines = client.post(f"{server.url}/chat/completions", json=body).text.split("\n\n")
        assert lines[-2:] == ["data: [DONE]", ""]
        events = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
        assert "".join(e["choices"][0]["delta"].get("content", "") for e in events if e["choices"]) == "Good day."
        assert client.post(f"{server.url}/chat/completions", json=body).status_code == 400, "the script has ended"
        server.status = 503
        assert client.post(f"{server.url}/chat/completions", json=body).status_code == 503
        assert len(server.requests) == 2


def test_a_lora_is_a_model_by_name_and_an_unknown_one_is_refused_as_vllm_does(shop: Library) -> None:
    with StandIn([{"text": f"{RIGHT} [1].", "when": "."}], name="base", adapters=("returns",)) as server:
        listed = httpx.get(f"{server.url}/models").json()["data"]
        assert [(model["id"], model["parent"]) for model in listed] == [("base", None), ("returns", "base")]
        known = resolve("openai:returns", ModelOptions(models_folder=Path(), openai_url=server.url))
        known.check()
        assert answer_of(respond(shop, known, RETURN)).model == "openai:returns"
        assert {request["model"] for request in server.requests} == {"returns"}
        body = {"model": "refunds", "messages": [{"role": "user", "content": "Hello"}]}
        refused = httpx.post(f"{server.url}/chat/completions", json=body)
        assert (refused.status_code, refused.json()["error"]["type"]) == (404, "NotFoundError")
        assert refused.json()["error"]["message"] == "The model `refunds` does not exist."
        wrong = resolve("openai:refunds", ModelOptions(models_folder=Path(), openai_url=server.url))
        with pytest.raises(
            ModelUnavailable, match=r"no model 'refunds', but: base, returns.*--lora-modules refunds=FOLD"
        ):
            wrong.check()
        with pytest.raises(ModelUnavailable, match=r"no model 'refunds' \(HTTP 404\)"):
            respond(shop, wrong, RETURN)
        known.close()
        wrong.close()
