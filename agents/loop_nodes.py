"""The loop's nodes: ask the model, make a call, wait for a yes, do what was approved.

    State -> node -> change of the state

The nodes that wait do nothing else: they start anew when they are resumed. Which node follows which is not known here.
"""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage

from agents import replies
from agents.approvals import KEY_CHARACTERS, Pending
from agents.budget import HISTORY_SHARE, count_tokens, fit_result, latest
from agents.calls import Altered, Caller, Plan
from agents.errors import HandOver, NotIdentified, StateUnknown, ToolError, ToolRefusal
from agents.loop_state import UNIDENTIFIED, Answered, Ending, LoopOptions, LoopResult, State, Writing
from agents.models import LoadedModel
from agents.prompts import render, without_turn_marks
from agents.prompts import steps as prompts
from agents.protocols import Decision, ToolCall, read_json_step, read_native_step, step_schema, tool_declarations
from agents.tools import Tool, ToolContext
from agents.transcript import Acted, Step, Thought, ToolCalled, ToolReturned, in_turns, searched

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Reply:
    message: AIMessage
    tokens: int
    broken_off: Ending | None
    """Why the reply was not read to its end."""


@dataclass(frozen=True)
class Nodes:
    """One run: the nodes and what they share."""

    model: LoadedModel
    tools: tuple[Tool, ...]
    caller: Caller
    context: ToolContext
    options: LoopOptions
    writing: Writing | None
    thread: str
    stop: threading.Event | None
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "deadline", time.monotonic() + self.options.max_seconds)

    def start(self, question: str, records: Sequence[str]) -> State:
        count, room = self.model.count_tokens, int(HISTORY_SHARE * self.options.context_tokens)
        history = latest(in_turns(self.context.history), count=count, room=room)
        prompt = prompts.Steps(
            question,
            history,
            self.tools,
            self.context.language,
            self._json,
            acting=self.writing is not None,
            company=self.writing.company if self.writing else "",
            customer=self.context.visitor.customer,
        )
        return State(
            messages=render(prompt),
            calls=[],
            steps=(),
            replies=0,
            tokens=0,
            context_used=0,
            failures=0,
            faults=0,
            done=[],
            failed=[],
            text="",
            ended=None,
            pending=None,
            decision=None,
            records=list(records),
            results=[],
            sayable=[],
            cause="",
        )

    def result(self, state: Mapping[str, Any]) -> LoopResult:
        """Return what a run came to, from the last state."""
        pending = state["pending"]
        return LoopResult(
            text=state["text"],
            passages=self.context.sightings.passages,
            evidence=max((seen.retrieval.evidence for seen in self.context.sightings.searches), default=0.0),
            ended=state["ended"] or "stopped",
            tokens=state["tokens"],
            records=tuple(state["records"]),
            results=tuple(state["results"]),
            sayable=tuple(state["sayable"]),
            pending=Pending(**pending) if pending else None,
            cause=state["cause"],
            thread=self.thread,
            unidentified=UNIDENTIFIED in state["failed"],
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

    def act_on_call(self, state: State) -> dict[str, Any]:
        """The tools' node: the next call of the last reply; a write is only worked out."""
        if self._stopped:
            return self._end("stopped", "")
        call = ToolCall(**state["calls"][0])
        known = len(self.context.sightings.searches)
        plan: Plan | None = None
        content, ok = "", True
        unidentified: list[str] = []
        kept: dict[str, Any] = {}
        try:
            if _signature(call) in (*state["done"], *state["failed"]):
                raise ToolError(prompts.REPEATED)
            tool = self.caller.tool(call)
            if tool.effect == "write":
                plan = self.caller.plan(call, records=state["records"])
            else:
                content = self.caller.read(call)
                own = [content] if tool.own_data else []
                kept = {"results": [] if _searches(tool) else [content], "records": own, "sayable": own}
        except ToolError as error:
            if isinstance(error, NotIdentified) and UNIDENTIFIED in state["failed"]:
                return self._end("identify", "")
            unidentified = [UNIDENTIFIED] if isinstance(error, NotIdentified) else []
            content, ok = str(error), False
            said = [content] if isinstance(error, ToolRefusal) else []
            kept = {"results": said, "sayable": said}
        except HandOver as error:
            return self._end("handed_over", "") | {"cause": str(error)}
        mark = _signature(call)
        done = [*state["done"], mark] if ok and mark not in state["done"] else state["done"]
        # What failed may be tried again once something else went well: the customer may be known by now.
        failed = [] if ok else [*state["failed"], mark, *unidentified]
        if plan is not None:
            return self._asked(plan, number=f"{state['replies']}.{len(state['calls'])}.{state['failures']}") | {
                "done": done
            }
        searches = tuple(searched(seen.retrieval) for seen in self.context.sightings.searches[known:])
        steps = (*searches, ToolReturned(call.tool, content, ok))
        if mark in state["done"]:  # it has what it asks for: the next reply is the answer
            kept["failures"] = self.options.max_failures
        return {**self._told(state, call, content, ok=ok), "steps": steps, "done": done, "failed": failed, **kept}

    def wait_for_customer(self, state: State) -> dict[str, Any]:
        """Wait for the customer's yes or no; nothing else may happen in this node, which starts anew when resumed."""
        return {"decision": self._waited(state), "steps": ()}

    def wait_for_operator(self, state: State) -> dict[str, Any]:
        """Wait for a person of the company, likewise."""
        return {"decision": self._waited(state), "steps": ()}

    def act(self, state: State) -> dict[str, Any]:
        """Do what was approved, or note that it was not."""
        pending = Pending(**(state["pending"] or {}))
        call = ToolCall(**state["calls"][0])
        settled: dict[str, Any] = {"pending": None, "decision": None}
        if state["decision"] != "yes" or not self._approved(pending.key):
            told = self._told(state, call, prompts.DECLINED, ok=True)
            ending = {} if told["calls"] else self._end("declined", "")
            return {**told, **ending, **settled, "calls": told["calls"], "steps": ()}
        try:
            change = self.caller.act(call, key=pending.key, approved=pending.fingerprint, shown=pending.text)
        except Altered:
            step = Acted(pending.key, call.tool, prompts.ALTERED, "failed")
            again = {"done": state["done"][:-1], "failures": state["failures"] + 1}  # worked out and shown anew
            return {**settled, **again, "steps": (step,)}
        except StateUnknown as error:
            step = Acted(pending.key, call.tool, "", "unknown")
            return {**self._end("handed_over", ""), **settled, "cause": str(error), "steps": (step,)}
        except HandOver as error:  # the preview, worked out once more: nothing was changed
            step = Acted(pending.key, call.tool, "", "failed")
            return {**self._end("handed_over", ""), **settled, "cause": str(error), "steps": (step,)}
        except ToolError as error:
            said = [str(error)] if isinstance(error, ToolRefusal) else []
            step = Acted(pending.key, call.tool, str(error) if said else "", "failed")
            told = self._told(state, call, str(error), ok=False)
            return {**told, **settled, "results": said, "sayable": said, "steps": (step,)}
        step = Acted(pending.key, call.tool, change.text, "done")
        told = self._told(state, call, change.text, ok=True)
        return {**told, **settled, "steps": (step,), "results": [change.text], "records": [change.text]}

    def _asked(self, plan: Plan, *, number: str) -> dict[str, Any]:
        """Return the change to the state that lets a write wait."""
        key = hashlib.sha256(f"{self.thread}\n{number}\n{plan.fingerprint}".encode()).hexdigest()[:KEY_CHARACTERS]
        customer = self.context.visitor.customer
        pending = Pending(
            key=key,
            conversation=self.context.conversation,
            thread=self.thread,
            tool=plan.call.tool,
            arguments=json.loads(json.dumps(dict(plan.call.arguments), default=str)),
            text=plan.preview.text,
            fingerprint=plan.fingerprint,
            customer=customer.id if customer else "",
            language=self.context.language,
            operator=plan.preview.operator,
        )
        return {"pending": asdict(pending), "steps": ()}

    def _approved(self, key: str) -> bool:
        """Return what the kept approval says, whatever the checkpoint says."""
        kept = self.writing.approvals.get(key) if self.writing else None
        return kept is not None and kept.stage == "approved"

    def _waited(self, state: State) -> Answered:
        from langgraph.types import interrupt

        return "yes" if interrupt({"key": (state["pending"] or {})["key"]}) == "yes" else "no"

    def _told(self, state: State, call: ToolCall, content: str, *, ok: bool) -> dict[str, Any]:
        """Return the change that hands a call's result to the model."""
        room = max(0, self._room(state)) // max(1, len(state["calls"]))
        fitting = fit_result(content, count=self.model.count_tokens, room=room, cut=prompts.CUT)
        return {
            "messages": [self._result(call, fitting)],
            "calls": state["calls"][1:],
            "failures": state["failures"] + (not ok),
        }

    def _decided(self, decision: Decision, state: State, *, reply: AIMessage, spent: Ending | None) -> dict[str, Any]:
        """Return the change that a decision makes to the state."""
        steps: list[Step] = [Thought(decision.thought)] if decision.thought else []
        if decision.answer and spent is None and not state["faults"] and self._says_an_offer_again(decision.answer):
            return self._mended(decision, state, reply=reply, mend=prompts.OFFERED) | {"steps": tuple(steps)}
        if decision.answer:
            return {"steps": tuple(steps), "calls": [], "text": decision.answer, "ended": spent or "answered"}
        if decision.calls and spent is None:
            steps += [ToolCalled(call.tool, call.arguments) for call in decision.calls]
            calls = [_plain_call(call) for call in decision.calls]
            return {"messages": [reply], "steps": tuple(steps), "calls": calls, "faults": 0}
        if state["faults"] or spent is not None:
            # Not what it said, which may be what the customer wrote.
            logger.warning(
                "the model %s gave no readable step (%s characters: %s)",
                *(self.model.name, len(reply.text), decision.fault or "another step where an answer was due"),
            )
            return self._end(spent or "garbled", prompts.GAVE_UP[self.context.language]) | {"steps": tuple(steps)}
        mend = prompts.MEND_STEP if self._json else prompts.MEND_REPLY
        return self._mended(decision, state, reply=reply, mend=mend) | {"steps": tuple(steps)}

    def _mended(self, decision: Decision, state: State, *, reply: AIMessage, mend: Mapping[str, str]) -> dict[str, Any]:
        """Return the change that asks the model for another reply."""
        request = HumanMessage(mend[self.context.language].format(fault=decision.fault))
        shown = [reply, request] if reply.text else [request]
        return {"messages": shown, "calls": [], "faults": state["faults"] + 1}

    def _says_an_offer_again(self, answer: str) -> bool:
        """Return whether an answer only repeats what a write would do: said so, nobody is asked for a yes."""
        return any(replies.repeats_an_offer(one, self.context.history) for one in replies.sentences(answer))

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
        sent = _joined(sent)
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

    def _result(self, call: ToolCall, content: str) -> BaseMessage:
        content = without_turn_marks(content)
        if self._json:
            return HumanMessage(prompts.TOOL_RESULT[self.context.language].format(tool=call.tool, content=content))
        return ToolMessage(content, tool_call_id=call.id, name=call.tool)

    def _end(self, ended: Ending, text: str) -> dict[str, Any]:
        return {"steps": (), "calls": [], "text": text, "ended": ended}

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


def _joined(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return messages in which no two of ours stand in a row: templates that know only turns refuse that."""
    joined: list[BaseMessage] = []
    for message in messages:
        if joined and isinstance(message, HumanMessage) and isinstance(joined[-1], HumanMessage):
            joined[-1] = HumanMessage(f"{joined[-1].text}\n\n{message.text}")
        else:
            joined.append(message)
    return joined


def _signature(call: ToolCall) -> str:
    return f"{call.tool} {json.dumps(call.arguments, sort_keys=True, ensure_ascii=False, default=str)}"


def _plain_call(call: ToolCall) -> dict[str, Any]:
    """Return a call as a checkpoint keeps it."""
    return {**asdict(call), "arguments": json.loads(json.dumps(dict(call.arguments), default=str))}


def _searches(tool: Tool) -> bool:
    return tool.name == "search_knowledge"
