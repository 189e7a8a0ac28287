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
from agents.protocols import read_json_step
from agents.tools import Tool, ToolContext
from agents.transcript import Message, step_to_data
from finetune.examples import ROLES, is_learned
from finetune.from_transcripts import PastConversation, PastTurn, candidates
from finetune.serving import Serving
from finetune.steps import steps_of


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
    found = steps_of(steps, later or [], asked=ASKED, history=(), serving=acting, conversation="c", identified=False)
    return [(one.example.messages[-1]["content"], len(one.example.messages)) for one in found]


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
    found = list(steps_of(stored, [], asked=ASKED, history=HISTORY, serving=acting, conversation="c", identified=True))
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
    (one,) = steps_of(steps, [], asked=ASKED, history=(), serving=acting, conversation="c", identified=False)
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
