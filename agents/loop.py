"""Question and tools in, steps and an answer's text out: for what takes more than one search.

    model -> (tools -> model)* -> LoopResult(text, passages)

A LangGraph graph of two nodes, run on the caller's thread. All budgets are handled inside the model's node: when steps,
time, tokens or failures run out, the model is asked once more, without tools, and the loop ends with what it says. The
text that comes out is not checked yet: whoever calls verifies its citations against `passages`.
"""

import json
import logging
import operator
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypedDict

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage

from agents.budget import HISTORY_SHARE, count_tokens, fit_result, latest
from agents.errors import AgentError, ToolError
from agents.models import LoadedModel
from agents.prompts import render
from agents.prompts import steps as prompts
from agents.protocols import Decision, ToolCall, read_json_step, read_native_step, step_schema, tool_declarations
from agents.tools import Tool, ToolContext
from agents.transcript import Step, Thought, ToolCalled, ToolReturned, searched
from knowledge.passages import Passage

Ending = Literal["answered", "steps", "time", "tokens", "failures", "garbled", "stopped"]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoopOptions:
    """How far a loop may go."""

    max_steps: int = 6
    """Replies of the model, the last one always an answer."""
    max_seconds: float = 60.0
    """Wall time; the last quarter is kept for the answer."""
    max_tokens: int = 24_000
    """Prompt and reply tokens of all steps together."""
    max_failures: int = 3
    """Tool calls that may go wrong before the model must answer."""
    context_tokens: int = 4096
    """The model's context; results of tools are cut to what still fits."""
    reply_tokens: int = 400
    """The longest single reply."""


@dataclass(frozen=True, slots=True)
class LoopResult:
    """What the loop came to."""

    text: str
    """The model's answer with its markers, unchecked; a polite sentence when there is none; "" when stopped."""
    passages: tuple[Passage, ...]
    """What the markers point at: [1] is the first."""
    evidence: float
    """The best evidence of any search, 0 without one."""
    ended: Ending
    """`answered`, or the budget that ran out."""
    tokens: int


class State(TypedDict):
    """What passes between the nodes."""

    messages: Annotated[list[BaseMessage], operator.add]
    calls: tuple[ToolCall, ...]
    steps: tuple[Step, ...]
    """What the last node did, for the caller."""
    replies: int
    tokens: int
    context_used: int
    failures: int
    faults: int
    """Unreadable replies in a row."""
    done: tuple[str, ...]
    """The calls made so far, as text."""
    text: str
    ended: Ending | None


def run(
    question: str,
    *,
    model: LoadedModel,
    tools: Sequence[Tool],
    context: ToolContext,
    options: LoopOptions = LoopOptions(),
    stop: threading.Event | None = None,
) -> Generator[Step, None, LoopResult]:
    """Yield the steps as they happen; the generator's return value is the result.

    The history before the question is taken from `context`.

    Raises:
        AgentError: a tool changes something, which nobody could approve here; or there is no model.
        ModelUnavailable: the model failed.
    """
    if model.chat is None:
        raise AgentError(
            "The loop needs a language model. Set model = auto, or: frontdesk models get smollm2-135m-instruct"
        )
    if writing := [tool.name for tool in tools if tool.effect == "write"]:
        raise AgentError(f"These tools change something and need approval, which is not there yet: {writing}.")
    loop = _Loop(model, tuple(tools), context, options, time.monotonic() + options.max_seconds, stop)
    state = loop.start(question)
    configuration: Any = {"recursion_limit": 4 * options.max_steps + 10}
    graph = _graph(loop)
    for update in graph.stream(state, configuration, stream_mode="updates"):
        for change in update.values():
            state = {**state, **change}
            yield from change["steps"]
    evidence = max((seen.retrieval.evidence for seen in context.sightings.searches), default=0.0)
    return LoopResult(state["text"], context.sightings.passages, evidence, state["ended"] or "stopped", state["tokens"])


def _graph(loop: "_Loop") -> Any:
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(State)
    graph.add_node("model", loop.ask)
    graph.add_node("tools", loop.act)
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", _after_model, {"tools": "tools", "model": "model", "end": END})
    graph.add_conditional_edges(
        "tools", lambda state: "end" if state["ended"] else "model", {"model": "model", "end": END}
    )
    return graph.compile()


def _after_model(state: State) -> str:
    if state["ended"]:
        return "end"
    return "tools" if state["calls"] else "model"


@dataclass(frozen=True, slots=True)
class _Reply:
    message: AIMessage
    tokens: int
    broken_off: Ending | None
    """Why the reply was not read to its end."""


@dataclass(frozen=True)
class _Loop:
    """One run: the two nodes and what they share."""

    model: LoadedModel
    tools: tuple[Tool, ...]
    context: ToolContext
    options: LoopOptions
    deadline: float
    stop: threading.Event | None
    names: Mapping[str, Tool] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", {tool.name: tool for tool in self.tools})

    def start(self, question: str) -> State:
        count, room = self.model.count_tokens, int(HISTORY_SHARE * self.options.context_tokens)
        history = latest(self.context.history, count=count, room=room)
        prompt = prompts.Steps(question, history, self.tools, self.context.language, self._json)
        return State(
            messages=render(prompt),
            calls=(),
            steps=(),
            replies=0,
            tokens=0,
            context_used=0,
            failures=0,
            faults=0,
            done=(),
            text="",
            ended=None,
        )

    def ask(self, state: State) -> dict[str, Any]:
        """The model's node: one reply, within all budgets."""
        if self._stopped:
            return self._end("stopped", "")
        spent = self._spent(state)
        reply = self._reply(state["messages"], last=spent is not None)
        counts = {
            "replies": state["replies"] + 1,
            "tokens": state["tokens"] + reply.tokens,
            "context_used": reply.tokens,
        }
        if reply.broken_off is not None:
            text = "" if reply.broken_off == "stopped" else prompts.GAVE_UP[self.context.language]
            return self._end(reply.broken_off, text) | counts
        decision = read_json_step(reply.message.text) if self._json else read_native_step(reply.message)
        return self._decided(decision, state, reply=reply.message, spent=spent) | counts

    def act(self, state: State) -> dict[str, Any]:
        """The tools' node: every call of the last reply, in order."""
        steps: list[Step] = []
        messages: list[BaseMessage] = []
        failures, done = state["failures"], list(state["done"])
        room = max(0, self._room(state)) // max(1, len(state["calls"]))
        for call in state["calls"]:
            if self._stopped:
                return self._end("stopped", "") | {"steps": tuple(steps)}
            known = len(self.context.sightings.searches)
            content, ok = self._run(call, done)
            done.append(_signature(call))
            failures += not ok
            steps += [searched(sighting.retrieval) for sighting in self.context.sightings.searches[known:]]
            steps.append(ToolReturned(call.tool, content, ok))
            fitting = fit_result(content, count=self.model.count_tokens, room=room, cut=prompts.CUT)
            messages.append(self._result(call, fitting))
        return {"messages": messages, "steps": tuple(steps), "calls": (), "failures": failures, "done": tuple(done)}

    def _decided(self, decision: Decision, state: State, *, reply: AIMessage, spent: Ending | None) -> dict[str, Any]:
        """Return the change that a decision makes to the state."""
        steps: list[Step] = [Thought(decision.thought)] if decision.thought else []
        if decision.answer:
            return {"steps": tuple(steps), "calls": (), "text": decision.answer, "ended": spent or "answered"}
        if decision.calls and spent is None:
            steps += [ToolCalled(call.tool, call.arguments) for call in decision.calls]
            return {"messages": [reply], "steps": tuple(steps), "calls": decision.calls, "faults": 0}
        if state["faults"] or spent is not None:
            logger.warning("the model %s gave no readable step: %r", self.model.name, reply.text[:200])
            return self._end(spent or "garbled", prompts.GAVE_UP[self.context.language]) | {"steps": tuple(steps)}
        mend = prompts.MEND_STEP if self._json else prompts.MEND_REPLY
        request = HumanMessage(mend[self.context.language].format(fault=decision.fault))
        shown = [reply, request] if reply.text else [request]
        return {"messages": shown, "steps": tuple(steps), "calls": (), "faults": state["faults"] + 1}

    def _spent(self, state: State) -> Ending | None:
        """Return the budget that leaves room for nothing but the answer."""
        if state["replies"] >= self.options.max_steps - 1:
            return "steps"
        if self.deadline - time.monotonic() < self.options.max_seconds / 4:
            return "time"
        if state["tokens"] >= self.options.max_tokens or (state["replies"] and self._room(state) <= 0):
            return "tokens"
        return "failures" if state["failures"] >= self.options.max_failures else None

    def _room(self, state: State) -> int:
        """Return the tokens that a tool's result may take: two replies must still fit behind it."""
        return self.options.context_tokens - state["context_used"] - 2 * self.options.reply_tokens

    def _reply(self, messages: Sequence[BaseMessage], *, last: bool) -> _Reply:
        assert self.model.chat is not None
        chat: Any = self.model.chat
        tools = () if last else self.tools
        call: dict[str, Any] = {"max_tokens": self.options.reply_tokens}
        if self.stop is not None:
            call["stop_event"] = self.stop
        if self._json:
            call["schema"] = step_schema(tools)
        elif tools:
            chat = chat.bind_tools(tool_declarations(tools))
        sent = [*messages, HumanMessage(prompts.ANSWER_NOW[self.context.language])] if last else list(messages)
        whole: AIMessageChunk | None = None
        broken_off: Ending | None = None
        for chunk in chat.stream(sent, **call):
            whole = chunk if whole is None else whole + chunk
            if self._stopped or time.monotonic() > self.deadline:
                broken_off = "stopped" if self._stopped else "time"
                break
        message = AIMessage("") if whole is None else _plain(whole)
        usage = message.usage_metadata
        tokens = usage["total_tokens"] if usage else count_tokens([*sent, message], self.model.count_tokens)
        return _Reply(message, tokens, "stopped" if self._stopped else broken_off)

    def _run(self, call: ToolCall, done: Sequence[str]) -> tuple[str, bool]:
        """Return what a call gives the model to read, and whether it went well."""
        tool = self.names.get(call.tool)
        if tool is None:
            return prompts.UNKNOWN_TOOL.format(tool=call.tool, tools=", ".join(self.names)), False
        if call.fault:
            return f"{call.tool} was not run: {call.fault}", False
        if _signature(call) in done:
            return prompts.REPEATED, False
        try:
            return tool.call(self.context, call.arguments), True
        except ToolError as error:
            return str(error), False
        except Exception:  # the tool runner: a broken tool must not end the conversation
            logger.exception("the tool %s failed", call.tool)
            return prompts.TOOL_BROKE.format(tool=call.tool), False

    def _result(self, call: ToolCall, content: str) -> BaseMessage:
        if self._json:
            return HumanMessage(prompts.TOOL_RESULT[self.context.language].format(tool=call.tool, content=content))
        return ToolMessage(content, tool_call_id=call.id, name=call.tool)

    def _end(self, ended: Ending, text: str) -> dict[str, Any]:
        return {"steps": (), "calls": (), "text": text, "ended": ended}

    @property
    def _json(self) -> bool:
        return self.model.protocol == "json"

    @property
    def _stopped(self) -> bool:
        return self.stop is not None and self.stop.is_set()


def _plain(chunk: AIMessageChunk) -> AIMessage:
    """Return the message that the chunks make, without what only the stream needed."""
    return AIMessage(
        content=chunk.text,
        tool_calls=chunk.tool_calls,
        invalid_tool_calls=chunk.invalid_tool_calls,
        usage_metadata=chunk.usage_metadata,
    )


def _signature(call: ToolCall) -> str:
    return f"{call.tool} {json.dumps(call.arguments, sort_keys=True, ensure_ascii=False, default=str)}"
