"""Who the customer is, established without a model where they have written an order's number and its e-mail address.

what they said -> find_customer -> known | why not
"""

from collections.abc import Generator

from agents.calls import Caller
from agents.errors import HandOver, ToolError, ToolRefusal
from agents.protocols import ToolCall
from agents.routing import asks_for_no_order, named, names_a_case, worth_trying
from agents.tools import IDENTIFIES
from agents.transcript import Step, ToolCalled, ToolReturned

MOST_TRIED = 2
"""Of the orders' numbers in one message: they may be of two customers, and whoever tries many is guessing."""


def is_half_known(caller: Caller, *, message: str) -> bool:
    """Say whether a message names an order, or an address for it, of somebody unknown: they are asked for the rest."""
    unknown = IDENTIFIES in caller.tools and caller.context.visitor.customer is None
    return unknown and names_a_case(message) and not asks_for_no_order(message)


def recognise(caller: Caller, *, message: str) -> Generator[Step, None, HandOver | ToolRefusal | None]:
    """Yield the steps of finding out who it is, where this message completes what that takes.

    Returns:
        What the customer must be told, or hands over; None where they are known, or the model may know better.
    """
    visitor = caller.context.visitor
    order, email = named(visitor.said)
    new = any(named((message,)))
    if visitor.customer is not None or not (order and email and new) or IDENTIFIES not in caller.tools:
        return None
    refused: ToolRefusal | None = None
    numbers = next(filter(None, map(worth_trying, reversed(visitor.said))))
    for number in numbers[:MOST_TRIED]:
        call = ToolCall(IDENTIFIES, {"order_number": number, "email": email})
        yield ToolCalled(call.tool, call.arguments)
        try:
            content = caller.read(call)
        except HandOver as error:
            yield ToolReturned(call.tool, str(error), False)
            return error
        except ToolError as error:
            yield ToolReturned(call.tool, str(error), False)
            if not isinstance(error, ToolRefusal):  # such as a number of another form: the model may know better
                return refused
            refused = error
        else:
            yield ToolReturned(call.tool, content, True)
            return None
    return refused
