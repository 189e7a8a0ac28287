import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from agents import loop
from agents.actions import Customer, Visitor
from agents.calls import Caller
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.protocols import LONGEST_ARGUMENT, read_json_step, step_fault
from agents.tools import Tool, ToolContext
from agents.transcript import Message, step_to_data
from finetune.data.candidates import Candidate, Dropped
from finetune.data.from_transcripts import PastConversation, PastTurn, candidates
from finetune.data.steps import steps_of
from finetune.examples import ROLES, is_learned
from finetune.serving import Serving


def parcel_place(parcel: str) -> str:
    """Return where a parcel is left."""
    return f"{parcel} is in the shed."


def move_parcel(parcel: str, place: str) -> str:
    """Leave a parcel elsewhere."""
    return f"{parcel} will be left at the {place}."


PLACE, MOVE = Tool(parcel_place, effect="read"), Tool(move_parcel, effect="write")
HISTORY = (Message("user", "Hello"), Message("assistant", "Hello, how can I help?"))
ASKED = "Where is parcel P-1001?"


@pytest.fixture
def acting(serving: Serving) -> Serving:
    return replace(serving, tools=(PLACE, MOVE))


def contents(
    steps: list[Mapping[str, Any]], acting: Serving, later: list[Mapping[str, Any]] | None = None
) -> list[Any]:
    found = candidates_of(steps, later or [], acting)
    return [(one.example.messages[-1]["content"], len(one.example.messages)) for one in found]


def candidates_of(
    steps: list[Mapping[str, Any]], later: list[Mapping[str, Any]], acting: Serving, *, identified: bool = False
) -> list[Candidate]:
    found = steps_of(
        steps, later, asked=ASKED, history=HISTORY if identified else (), serving=acting, conversation="c",
        identified=identified,
    )  # fmt: skip
    return [one for one in found if isinstance(one, Candidate)]


def called(tool: str, **arguments: Any) -> Mapping[str, Any]:
    return {"kind": "tool_called", "tool": tool, "arguments": arguments}


def returned(tool: str, content: str, *, ok: bool = True) -> Mapping[str, Any]:
    return {"kind": "tool_returned", "tool": tool, "content": content, "ok": ok}


def test_each_prompt_is_byte_for_byte_what_the_loop_sends(serving: Serving, acting: Serving, tmp_path: Path) -> None:
    replies = [
        {"thought": "Look.", "tool": "parcel_place", "arguments": {"parcel": "P-1001"}},
        {"thought": "", "tool": "parcel_place", "arguments": {"parcel": "P-1002"}},
        {"thought": "", "answer": "P-1001 is in the shed."},
    ]
    chat = ScriptedChat([json.dumps(reply, separators=(",", ":")) for reply in replies])
    library: Any = None
    context = ToolContext(library=library, history=HISTORY, visitor=Visitor(Customer("known")), home=tmp_path)
    tools = (PLACE, MOVE)
    caller = Caller({tool.name: tool for tool in tools}, context, log=object())  # type: ignore[arg-type]
    writing = loop.Writing(None, InMemorySaver(), "Lumen")  # type: ignore[arg-type]
    steps = list(
        loop.run(
            ASKED, model=LoadedModel("scripted", chat, "json", context_tokens=8192), tools=tools, context=context,
            caller=caller, writing=writing, thread="t",
        )
    )  # fmt: skip
    stored = json.loads(json.dumps([step_to_data(step) for step in steps]))
    found = candidates_of(stored, [], acting, identified=True)
    assert len(found) == 2
    for one, call, reply in zip(found, chat.calls, replies, strict=False):
        *prompt, last = one.example.messages
        sent = [(ROLES[message.type], message.text.encode()) for message in call.messages]
        assert [(message["role"], message["content"].encode()) for message in prompt] == sent
        assert last["content"] == json.dumps(reply, separators=(",", ":"))
        assert [is_learned(message) for message in one.example.messages] == [False] * len(prompt) + [True]
        assert read_json_step(last["content"]).calls[0].tool == "parcel_place"
        assert (one.example.task, one.kind) == ("agent", "step")


def test_a_failed_call_is_shown_and_not_learned(acting: Serving) -> None:
    steps = [
        called("parcel_place", parcel="P-9"),
        returned("parcel_place", "not found", ok=False),
        called("parcel_place", parcel="P-1001"),
        returned("parcel_place", "shed"),
    ]
    ((reply, messages),) = contents(steps, acting)
    assert '"P-1001"' in reply
    assert messages == 5
    (one,) = candidates_of(steps, [], acting)
    failed = one.example.messages[2]
    assert '"P-9"' in failed["content"]
    assert [is_learned(message) for message in one.example.messages] == [False] * 4 + [True]


def test_a_write_is_learned_only_when_it_was_done(acting: Serving) -> None:
    steps = [called("move_parcel", parcel="P-1", place="porch"), {"kind": "approval_asked", "key": "k"}]
    done = {"kind": "acted", "key": "k", "state": "done", "text": "Moved."}
    assert len(contents(steps, acting, [done])) == 1
    assert contents(steps, acting) == []
    assert contents(steps, acting, [done | {"state": "failed"}]) == []
    assert contents(steps, acting, [done | {"key": "other"}]) == []


def test_searches_alone_and_turns_that_go_on_after_a_yes_are_left_out(acting: Serving) -> None:
    assert contents([called("search_knowledge", question="x"), returned("search_knowledge", "y")], acting) == []
    steps = [{"kind": "approval_decided"}, called("parcel_place", parcel="P-1"), returned("parcel_place", "shed")]
    assert contents(steps, acting) == []
    assert contents([called("gone_tool"), returned("gone_tool", "x")], acting) == []


def test_turns_that_helped_give_steps_and_others_do_not(acting: Serving) -> None:
    steps = (called("parcel_place", parcel="P-1"), returned("parcel_place", "shed"))
    for outcome, rating, wanted in (
        ("acted", None, 1), ("answered", "up", 1), ("acted", "down", 0), ("failed", None, 0), ("handed_over", None, 0)
    ):  # fmt: skip
        turn = PastTurn(ASKED, "In the shed.", outcome, rating=rating, steps=steps)  # type: ignore[arg-type]
        found = candidates([PastConversation("c", (turn,))], acting)
        assert sum(getattr(one, "kind", "") == "step" for one in found) == wanted


def test_each_prompt_knows_the_customer_from_when_the_loop_did(acting: Serving) -> None:
    def find_customer(order_number: str, email: str) -> str:
        """Find out who it is."""
        return order_number + email

    serving = replace(acting, tools=(Tool(find_customer, effect="read"), *acting.tools))
    place = (called("parcel_place", parcel="P-1"), returned("parcel_place", "shed"))
    told = (called("find_customer", order_number="B-1001", email="a@b.example"), returned("find_customer", "Known."))
    turns = (
        PastTurn("Where is my parcel?", "In the shed.", "answered", steps=place),
        PastTurn("It is B-1001, a@b.example", "In the shed.", "answered", steps=(*told, *place)),
        PastTurn("And now?", "In the shed.", "answered", steps=place),
    )
    found = candidates([PastConversation("c", turns, identified=True)], serving)
    prompts = [one.example.messages for one in found if isinstance(one, Candidate) and one.kind == "step"]
    assert len(prompts) == 3
    assert ["find_customer" in prompt[0]["content"] for prompt in prompts] == [True, False, False]
    assert ["find_customer" in str(prompt[1:]) for prompt in prompts] == [False, False, False]
    signed_in = candidates([PastConversation("c", turns[:1], identified=True)], serving)
    (prompt,) = [one.example.messages for one in signed_in if isinstance(one, Candidate) and one.kind == "step"]
    assert "find_customer" not in prompt[0]["content"]


def test_a_step_that_the_schema_does_not_let_a_model_write_is_left_out(acting: Serving) -> None:
    """Another model wrote it, which no schema bound: llama.cpp's grammar would stop at the very same places."""
    for parcel, fits in (("P" * LONGEST_ARGUMENT, True), ("P" * (LONGEST_ARGUMENT + 1), False), (7, False)):
        steps = [{"kind": "thought", "text": "hm " * 200}, called("parcel_place", parcel=parcel)]
        steps.append(returned("parcel_place", "shed"))
        (one,) = steps_of(steps, [], asked=ASKED, history=(), serving=acting, conversation="c", identified=False)
        assert isinstance(one, Candidate) is fits
        assert fits or (isinstance(one, Dropped) and one.reason == "not as served" and "parcel" in one.detail)
    (one,) = steps_of(
        [{"kind": "thought", "text": "hm " * 200}, called("parcel_place", parcel="P-1"), returned("parcel_place", "x")],
        [], asked=ASKED, history=(), serving=acting, conversation="c", identified=False,
    )  # fmt: skip
    assert isinstance(one, Candidate)
    assert step_fault(one.reply, acting.tools) == ""
    assert read_json_step(one.reply).thought.endswith("hm…")
