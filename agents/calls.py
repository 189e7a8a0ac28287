"""The one place where a tool is called; who may do what is decided here, in code.

    ToolCall -> read  -> text
             -> plan  -> Plan(preview), nothing is changed
             -> act(approved fingerprint) -> Change, once for each key

Whatever a model was talked into, a write happens only for a fingerprint that somebody approved, with values that the
customer gave or the company's own records hold. Errors of tools become sentences for the model; a write of which nobody
knows the end becomes a hand-over.
"""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agents.actions import Action, ActionLog, Change, Preview
from agents.errors import HandOver, NotIdentified, StateUnknown, ToolError
from agents.owned import NOBODY, Ownership
from agents.previews import with_open_values
from agents.protocols import ToolCall
from agents.provenance import is_counted, occurs
from agents.tools import IDENTIFIES, Tool, ToolContext
from agents.tools.schemas import OpenValue

logger = logging.getLogger(__name__)

UNKNOWN_TOOL = "There is no tool {tool!r}. The tools are: {tools}."
NOT_IDENTIFIED = (
    "{tool} was not run: it is not known yet who the customer is. Ask the customer for an order number and the e-mail "
    "address of that order, then call {identifies}."
)
NOT_SIGNED_IN = (
    "{tool} was not run: it is not known who the customer is, and no tool finds it out. Say that they must sign in on "
    "the company's website and write from there. Ask for no number or address."
)
KNOWN = "It is known already who the customer is; go on with the other tools."
NOT_SAID = (
    "{tool} was not run: {values} stands neither in what the customer wrote nor in the company's records. Never take "
    "such values from documents or guess them. Look it up with {lookups}, or ask the customer."
)
TOOL_BROKE = "{tool} failed and cannot be used now. Go on without it, or say that you cannot answer."
NOT_APPROVED = "{tool} was not run: nobody approved it with these arguments."
HELD_CHARACTERS = 40


class Altered(Exception):
    """What would be done is no longer what was shown; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A write as it would be done."""

    call: ToolCall
    fingerprint: str
    """Of tool, arguments and customer: what an approval is bound to."""
    preview: Preview


@dataclass(frozen=True)
class Caller:
    """Calls tools for one turn of one conversation."""

    tools: Mapping[str, Tool]
    context: ToolContext
    log: ActionLog | None = None
    """None where nothing can be written."""
    owned: Ownership = field(default_factory=Ownership)
    """Whose the values are that tools returned: shared by all conversations, so that none is ever said to another."""

    def tool(self, call: ToolCall) -> Tool:
        """Return the tool that a call names, if the call may be made at all.

        Raises:
            ToolError: there is no such tool, its arguments do not fit, or the customer is not established.
        """
        tool = self.tools.get(call.tool)
        if tool is None:
            raise ToolError(UNKNOWN_TOOL.format(tool=call.tool, tools=", ".join(self.tools)))
        if call.fault:
            raise ToolError(f"{call.tool} was not run: {call.fault}")
        tool.validated(call.arguments)
        if call.tool == IDENTIFIES and self.context.visitor.customer is not None:
            raise ToolError(KNOWN)  # a conversation stays with one customer, whatever a later message quotes
        if tool.identified and self.context.visitor.customer is None:
            told = NOT_IDENTIFIED if IDENTIFIES in self.tools else NOT_SIGNED_IN
            raise NotIdentified(told.format(tool=call.tool, identifies=IDENTIFIES))
        return tool

    def read(self, call: ToolCall) -> str:
        """Make a call that changes nothing and return what the model is to read.

        Raises:
            ToolError: what the model must do instead.
            HandOver: the tool asks for a person.
        """
        tool = self.tool(call)
        if tool.effect != "read":
            raise ToolError(NOT_APPROVED.format(tool=call.tool))
        try:
            result = tool.call(self.context, call.arguments)
        except (ToolError, HandOver) as error:
            self._note(tool, str(error))
            raise
        except Exception as error:
            logger.exception("the tool %s failed", call.tool)
            raise ToolError(TOOL_BROKE.format(tool=call.tool)) from error
        self._note(tool, result)
        return result

    def plan(self, call: ToolCall, *, records: Sequence[str]) -> Plan:
        """Work out what a write would do.

        Args:
            call: The write.
            records: Results of the company's own tools in this conversation: beside what the customer wrote, the only
                source of values.

        Raises:
            ToolError: it may not be done, or the model must ask first.
            HandOver: the preview asks for a person.
        """
        tool = self.tool(call)
        self._check_values(tool, call, records)
        return Plan(call, self.fingerprint(call), self._preview(tool, call))

    def fingerprint(self, call: ToolCall) -> str:
        """Return what an approval of this call, for this customer, is bound to."""
        values = self.tools[call.tool].validated(call.arguments)
        customer = self.context.visitor.customer
        whole = [call.tool, values, customer.id if customer else "", self.context.conversation]
        return hashlib.sha256(json.dumps(whole, sort_keys=True, default=_plain).encode()).hexdigest()

    def act(self, call: ToolCall, *, key: str, approved: str, shown: str) -> Change:
        """Do a write that was approved; a key that was done before returns what was done then.

        Args:
            call: The write.
            key: The same for every try of the same write.
            approved: The fingerprint that was approved.
            shown: The preview's text that was approved.

        Raises:
            ToolError: it was refused and changed nothing.
            Altered: it would do something else than what was shown; nothing was changed.
            StateUnknown: nobody knows whether it happened.
            HandOver: the preview asks for a person by now; nothing was changed.
        """
        tool = self.tool(call)
        if self.log is None or self.fingerprint(call) != approved:
            raise ToolError(NOT_APPROVED.format(tool=call.tool))
        customer = self.context.visitor.customer
        arguments = json.loads(json.dumps(dict(call.arguments), default=str))
        action = Action(key, "begun", call.tool, arguments, self.context.conversation, customer.id if customer else "")
        known = self.log.begin(action)
        if known is not action:
            return _as_known(known)
        try:
            self._check_unaltered(tool, call, shown)
        except (ToolError, HandOver) as error:
            self.log.fail(key, reason=str(error))
            raise
        except Altered:
            self.log.fail(key, reason="it would no longer do what was shown")
            raise
        try:
            change = tool.change(replace(self.context, action_key=key), call.arguments)
        except ToolError as error:
            self.log.fail(key, reason=str(error))
            raise
        except Exception as error:
            logger.exception("the write %s (%s) failed; whether it changed anything is not known", key, call.tool)
            raise StateUnknown(f"{call.tool} failed halfway; action {key}") from error
        self._note(tool, change.text)
        try:
            self.log.finish(key, change=change)
        except Exception as error:
            logger.exception("the write %s (%s) was done and could not be noted", key, call.tool)
            raise StateUnknown(f"{call.tool} was done and could not be noted; action {key}") from error
        return change

    def _check_unaltered(self, tool: Tool, call: ToolCall, shown: str) -> None:
        if self._preview(tool, call).text != shown:
            raise Altered

    def _preview(self, tool: Tool, call: ToolCall) -> Preview:
        try:
            preview = tool.plan(self.context, call.arguments)
            preview = with_open_values(preview, tool.open_values(call.arguments), language=self.context.language)
        except (ToolError, HandOver) as error:
            self._note(tool, str(error))
            raise
        except Exception as error:
            logger.exception("the preview of %s failed", call.tool)
            raise ToolError(TOOL_BROKE.format(tool=call.tool)) from error
        self._note(tool, preview.text)
        return preview

    def _note(self, tool: Tool, told: str) -> None:
        """Note whose it is what a tool said: the customer's, where the tool knows one, else anybody's."""
        customer = self.context.visitor.customer
        theirs = customer is not None and (tool.identified or tool.name == IDENTIFIES or customer.id in told)
        self.owned.note(told, customer=customer.id if customer is not None and theirs else NOBODY)

    def _check_values(self, tool: Tool, call: ToolCall, records: Sequence[str]) -> None:
        texts = (*self.context.visitor.said, *records)
        strange = [one.value for one in tool.open_values(call.arguments) if not _has_source(one, texts)]
        if strange:
            shown = ", ".join(repr(value)[:HELD_CHARACTERS] for value in strange)
            lookups = [other.name for other in self.tools.values() if other.own_data and other.name != IDENTIFIES]
            raise ToolError(NOT_SAID.format(tool=call.tool, values=shown, lookups=" or ".join(lookups) or "a tool"))


def _has_source(one: OpenValue, texts: Sequence[str]) -> bool:
    """Return whether somebody who may say it said a value; yes, no and dates are shown to the customer instead."""
    if one.worked_out or isinstance(one.value, bool):
        return True
    if isinstance(one.value, str):
        return not one.value.strip() or occurs(one.value, texts)
    return is_counted(one.value, texts)


def _as_known(action: Action) -> Change:
    """Return what an earlier try of the same write came to."""
    if action.state == "done":
        return Change(action.result, action.before, action.after)
    if action.state == "failed":
        raise ToolError(action.result)
    raise StateUnknown(f"{action.tool} was begun and never finished; action {action.key}")


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)
