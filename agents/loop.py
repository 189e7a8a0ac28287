"""Question and tools in, steps and an answer's text out: for what takes more than one search.

    model -> tools -> model -> ... -> LoopResult(text, passages)
               |  reads are made at once; a write is worked out and shown
               v
            approve -> (operator ->) act -> tools -> ...        each may wait for days

A LangGraph graph, run on the caller's thread. A write stops it (`interrupt`) until somebody has decided; the checkpoint
keeps where it stopped, so another process may go on. No node that waits does anything else. All budgets are handled
inside the model's node: when steps, time, tokens or failures run out, the model is asked once more, without tools, and
the loop ends with what it says. The text that comes out is not checked yet: whoever calls verifies it.
"""

import threading
from collections.abc import Generator, Sequence
from typing import Any

from agents.calls import Caller
from agents.errors import AgentError
from agents.loop_nodes import Nodes
from agents.loop_state import Answered, Ending, LoopOptions, LoopResult, State, Writing
from agents.models import LoadedModel
from agents.tools import Tool, ToolContext
from agents.transcript import ApprovalAsked, Step

__all__ = ["Answered", "Ending", "LoopOptions", "LoopResult", "Writing", "resume", "run"]

DEFAULT_OPTIONS = LoopOptions()


def run(
    question: str,
    *,
    model: LoadedModel,
    tools: Sequence[Tool],
    context: ToolContext,
    caller: Caller | None = None,
    writing: Writing | None = None,
    thread: str = "",
    records: Sequence[str] = (),
    options: LoopOptions = DEFAULT_OPTIONS,
    stop: threading.Event | None = None,
) -> Generator[Step, None, LoopResult]:
    """Yield the steps as they happen; the generator's return value is the result.

    The history before the question is taken from `context`.

    Args:
        question: What the customer wrote.
        model: Takes the steps.
        tools: What it may call.
        context: Who asks.
        caller: Calls the tools; None makes one that can only read.
        writing: Where writes wait; without it, tools that write are refused.
        thread: Names this run, for one that may have to wait; never used twice.
        records: What the company's own tools returned earlier in the conversation.
        options: How far it may go.
        stop: Ends it when set.

    Raises:
        AgentError: a tool changes something, which nobody could approve here; or there is no model.
        ModelUnavailable: the model failed.
    """
    _check_model(model)
    changing = [tool.name for tool in tools if tool.effect == "write"]
    if changing and (writing is None or caller is None or caller.log is None):
        raise AgentError(f"These tools change something and need approval, which is not there: {changing}.")
    loop = Nodes(model, tuple(tools), caller or _reader(tools, context), context, options, writing, thread, stop)
    return (yield from _run(loop, loop.start(question, records)))


def resume(
    decision: Answered,
    *,
    model: LoadedModel,
    tools: Sequence[Tool],
    context: ToolContext,
    caller: Caller,
    writing: Writing,
    thread: str,
    options: LoopOptions = DEFAULT_OPTIONS,
    stop: threading.Event | None = None,
) -> Generator[Step, None, LoopResult]:
    """Go on where `thread` stopped for an approval; yields and returns what `run` does.

    Raises:
        AgentError: nothing waits there.
        ModelUnavailable: the model failed.
    """
    from langgraph.types import Command

    loop = Nodes(model, tuple(tools), caller, context, options, writing, thread, stop)
    snapshot = _graph(loop).get_state(_configuration(loop))
    if not snapshot.tasks:  # a step that ended and was not followed up has tasks, but nothing `next`
        raise AgentError(f"The loop {thread!r} does not wait for anything.")
    if decision == "no" and not snapshot.interrupts:
        raise AgentError(f"The loop {thread!r} waits for no answer.")
    # Killed after the answer was taken in, it goes on by itself.
    given: Any = Command(resume=decision) if snapshot.interrupts else None
    return (yield from _run(loop, given, before=dict(snapshot.values)))


def _run(loop: Nodes, given: Any, *, before: dict[str, Any] | None = None) -> Generator[Step, None, LoopResult]:
    graph, configuration = _graph(loop), _configuration(loop)
    state: dict[str, Any] = dict(before or given)
    durable: dict[str, Any] = {"durability": "sync"} if loop.writing else {}
    for update in graph.stream(given, configuration, stream_mode="updates", **durable):
        for node, change in update.items():
            if node == "__interrupt__":
                state["ended"] = "approval"
                continue
            for key, value in (change or {}).items():
                added = key in ("records", "results", "sayable")
                state[key] = [*state.get(key, ()), *value] if added else value
            yield from (change or {}).get("steps", ())
    result = loop.result(state)
    if result.ended == "approval" and state["decision"] is None and result.pending and loop.writing:
        # Only now, since the checkpoint is written: whatever a customer is shown can be gone on with.
        pending = result.pending
        loop.writing.approvals.ask(pending)
        yield ApprovalAsked(pending.key, pending.tool, pending.text, pending.operator)
    return result


def _graph(loop: Nodes) -> Any:
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(State)
    for name, node in (
        ("model", loop.ask),
        ("tools", loop.act_on_call),
        ("approve", loop.wait_for_customer),
        ("operator", loop.wait_for_operator),
        ("act", loop.act),
    ):
        graph.add_node(name, node)
    graph.add_edge(START, "model")
    everywhere: dict[Any, str] = {"model": "model", "tools": "tools", "approve": "approve", "end": END}
    graph.add_conditional_edges("model", _next, everywhere)
    graph.add_conditional_edges("tools", _next, everywhere)
    graph.add_conditional_edges("act", _next, everywhere)
    graph.add_conditional_edges("approve", _after_customer, {"operator": "operator", "act": "act"})
    graph.add_edge("operator", "act")
    return graph.compile(checkpointer=loop.writing.saver if loop.writing else None)


def _configuration(loop: Nodes) -> Any:
    # Each call, approval and write is a node of its own.
    return {"recursion_limit": 40 * loop.options.max_steps + 10, "configurable": {"thread_id": loop.thread or "once"}}


def _next(state: State) -> str:
    if state["ended"]:
        return "end"
    if state["pending"]:
        return "approve"
    return "tools" if state["calls"] else "model"


def _after_customer(state: State) -> str:
    pending = state["pending"] or {}
    return "operator" if state["decision"] == "yes" and pending["operator"] else "act"


def _check_model(model: LoadedModel) -> None:
    if model.chat is None:
        raise AgentError(
            "The loop needs a language model. Set model = auto, or: frontdesk models get smollm2-135m-instruct"
        )


def _reader(tools: Sequence[Tool], context: ToolContext) -> Caller:
    return Caller({tool.name: tool for tool in tools}, context)
