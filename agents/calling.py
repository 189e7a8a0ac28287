"""One tool call through every gate, with somebody who says yes or no.

    call -> known customer? -> preview -> approve(preview)? -> log: begun -> function -> log: done -> Change

For replays and evaluations, where approval is a function; a conversation waits for its customer instead. A write never
runs without an approval of the very preview that was worked out for it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from agents.actions import Action, ActionLog, Change, Preview
from agents.errors import ToolError
from agents.tools import Tool, ToolContext

Approve = Callable[[Preview], bool]
NOT_KNOWN = "Nobody is signed in. First establish who the customer is, with the tools that do it."
DECLINED = "The customer did not approve this. Nothing was changed."
UNKNOWN_STATE = "Whether this was done before is not known. Hand over to a person."


class Declined(ToolError):
    """Whoever had to approve a write said no; nothing was changed."""


def call(tool: Tool, context: ToolContext, arguments: Mapping[str, Any], *, approve: Approve, log: ActionLog) -> Change:
    """Run a call if it may be run, and return what it did; the same write twice has the effect of once.

    Raises:
        Declined: a write was not approved.
        ToolError: nobody is signed in, the arguments do not fit, a rule forbids it, or the tool says so.
    """
    if tool.identified and context.visitor.customer is None:
        raise ToolError(NOT_KNOWN)
    if tool.effect == "read":
        return tool.change(context, arguments)
    if not approve(tool.plan(context, arguments)):
        raise Declined(DECLINED)
    key = context.action_key or action_key(tool, context, arguments)
    customer = context.visitor.customer
    known = log.begin(
        action := Action(
            key=key,
            state="begun",
            tool=tool.name,
            arguments=dict(arguments),
            conversation=context.conversation,
            customer=customer.id if customer else "",
        )
    )
    if known is not action:
        return _as_before(known)
    try:
        change = tool.change(replace(context, action_key=key), arguments)
    except ToolError as error:
        log.fail(key, reason=str(error))
        raise
    log.finish(key, change=change)
    return change


def action_key(tool: Tool, context: ToolContext, arguments: Mapping[str, Any]) -> str:
    """Return a key that is the same for the same write in the same conversation."""
    parts = [context.conversation, tool.name, arguments]
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _as_before(known: Action) -> Change:
    if known.state == "begun":
        raise ToolError(UNKNOWN_STATE)
    if known.state == "failed":
        raise ToolError(known.result)
    return Change(known.result, known.before, known.after)
