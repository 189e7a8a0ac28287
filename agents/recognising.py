"""Who the customer is, established without a model where they have written an order's number and its e-mail address.

what they said -> find_customer -> known | why not
"""

from collections.abc import Generator

from agents.calls import Caller
from agents.errors import HandOver, ToolError, ToolRefusal
from agents.protocols import ToolCall
from agents.routing import asks_of_own, named, names_a_case, names_an_order, orders_in
from agents.tools import IDENTIFIES
from agents.transcript import Step, ToolCalled, ToolReturned

MOST_TRIED = 2
"""Of the orders' numbers in one message, the last first: they may be of two customers, and who tries many guesses."""


def is_half_known(caller: Caller, *, message: str) -> bool:
    """Say whether a message names an order, or an address for it, of somebody unknown: they are asked for the rest."""
    visitor = caller.context.visitor
    if IDENTIFIES not in caller.tools or visitor.customer is not None:
        return False
    about = visitor.said if named((message,))[1] else (message,)
    return names_an_order(message) or (names_a_case(message) and any(asks_of_own(text) for text in about))


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
    numbers = next(filter(None, map(orders_in, reversed(visitor.said))))
    for number in numbers[::-1][:MOST_TRIED]:
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
                return None
            refused = error
        else:
            yield ToolReturned(call.tool, content, True)
            return None
    return refused
